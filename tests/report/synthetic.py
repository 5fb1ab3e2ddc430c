"""Seeded results for a report: a small market, its folds, scores and a backtest, all invented."""

import re
from collections.abc import Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest.engine.schema import DAYS, TRADES
from barograph.folds.schema import FOLDS
from barograph.market.schema import CONTEXT
from barograph.memory.schema import SAMPLES
from barograph.names import BASELINES, CLASSES, REGIMES
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import Results, results
from barograph.report.parts import (
    agreement,
    alarms,
    attributed,
    beeswarm,
    calibration,
    cells,
    conventions,
    exam,
    expected,
    gate,
    luck,
    record,
    replayed,
    sizing,
)
from barograph.report.results import Csv
from barograph.report.sections import money, moved
from barograph.selection.schema import SELECTION
from barograph.tables import Table

from . import synthetic_cells, synthetic_money, synthetic_why

MODELS = ("lightgbm", "logistic_regression", "random_forest")
EIGHT = (*MODELS, "extra_trees", "xgboost", "gradient_boosting", "neural_network", "svm")
SOURCES: dict[str, Table | Csv] = {
    "context": CONTEXT,
    "regimes": REGIME_SERIES,
    "folds": FOLDS,
    "samples": SAMPLES,
    "selection": SELECTION,
    "slices": results.SLICES,
    "calibration": calibration.RELIABILITY,
    "confusion": calibration.CONFUSION,
    "symbols": cells.SYMBOLS,
    "sectors_by_regime": cells.SECTORS,
    "exam": exam.EXAM,
    "expected": expected.EXPECTED,
    "backtest": results.BACKTEST,
    "equity": money.EQUITY,
    "monthly": results.MONTHLY,
    "strategies": money.STRATEGIES,
    "cost_curve": money.COST_CURVE,
    "index": money.INDEX,
    "days": DAYS,
    "trades": TRADES,
    "attribution": attributed.ATTRIBUTION,
    "drawdowns": record.DRAWDOWNS,
    "luck": luck.LUCK,
    "trials": luck.TRIALS,
    "histories": luck.HISTORIES,
    "conventions": conventions.CONVENTIONS,
    "capacity": conventions.CAPACITY,
    "sizing": sizing.SIZING,
    "criteria": gate.CRITERIA,
    "shap_importance": results.SHAP,
    "shap_beeswarm": beeswarm.SWARM,
    "shap_methods": results.METHODS,
    "importance_by_fold": agreement.BY_FOLD,
    "importance_stability": agreement.STABILITY,
    "drift_features": alarms.FEATURES,
    "drift_regimes": moved.REGIMES,
    "drift_shares": moved.SHARES,
    "drift_predictions": moved.PREDICTIONS,
}
# The structural baseline's skill against the regime table, in every slice.
STRUCTURAL_SKILL = 0.004
SECTORS = ("Energy", "Financials", "Health Care", "Information Technology", "Utilities")


def build(
    first: int = 2000,
    last: int = 2008,
    models: tuple[str, ...] = MODELS,
    features: int = 30,
    points: int = 60,
    **changes: Any,
) -> Results:
    """Invent the results of the years from ``first`` to ``last``; ``changes`` are those of :func:`replaced`."""
    rng = np.random.default_rng(7)
    days = pd.bdate_range(f"{first}-01-03", f"{last}-12-30").as_unit("us")
    context, regimes = _market(days, rng)
    events = _events(first, last)
    folds = _folds(first, last)
    predictors = ("ensemble", *models, "regime_prior", "prior", "structural")
    equity = _equity(days[days.year >= first + 3], predictors, rng)
    kinds = synthetic_why.families(features)
    fields: dict[str, Any] = {
        "context": context,
        "regimes": regimes,
        "folds": folds,
        "samples": _samples(folds, events, rng),
        "archive_events": events,
        "found_events": _found(first),
        "slices": _slices(predictors, folds, events, rng),
        "symbols": synthetic_cells.symbols(predictors),
        "sectors_by_regime": synthetic_cells.sectors_by_regime(predictors, SECTORS),
        "calibration": _calibration(predictors, rng),
        "confusion": _confusion(predictors, rng),
        "backtest": _backtest((*predictors, "universe"), rng),
        "equity": equity,
        "strategies": _backtest(("ensemble", "momentum", "vix_guard", "universe"), rng).rename(
            columns={"predictor": "portfolio"}
        ),
        "monthly": _monthly(equity),
        "cost_curve": _cost_curve((*predictors, "universe")),
        "left_out": {"mfi_14": "the source has no volume"},
        "criteria": synthetic_why.criteria(),
        "tuning": synthetic_why.tuning(models),
        "selection": synthetic_why.selection(folds, list(kinds)),
        "selection_stability": 0.93,
    }
    fields |= synthetic_money.tables(equity, predictors, np.random.default_rng(11))
    fields |= synthetic_why.explanations(models, folds, kinds, points)
    fields |= synthetic_why.drift(("ensemble", *models), folds, kinds)
    provenance = {
        "source": "bundled: 20 large US stocks",
        "coverage": f"20 symbols, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}",
        "notes": ["The stocks are survivors.", "VIX is estimated from the index where it is missing."],
        "params_changed": {"memory.window.years": (5, 7), "regime.crash_vix": (35.0, 30.0)},
        "hashes": {"data/market/bars.parquet": "0123456789abcdef0123456789abcdef"},
        "versions": {"pandas": "3.1.1", "scikit-learn": "1.9.0"},
        "commands": ["git checkout 1a2b3c4", "dvc repro"],
    }
    settings: dict[str, Any] = {
        "gate": {"candidate": "ensemble"},
        "validation": {"level": 0.95},
        "drift": {"level": 0.05},
    }
    settings["backtest"] = {"rolling_days": 252, "impact": 1.0, "participation": 0.1}
    return replaced(Results(Invented(fields), settings, cost_bps=10.0, provenance=provenance), **changes)


class Invented:
    """Frames by the names of :data:`SOURCES`, and what files are put together from several of them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        nothing = {"exam": pd.DataFrame(columns=list(exam.EXAM.columns)), "replay": {}, "tuning": {}}
        nothing |= {"expected": pd.DataFrame(columns=list(expected.EXPECTED.columns))}
        self.fields = fields = nothing | fields
        self.frames = {source.path: fields[name] for name, source in SOURCES.items()}
        named = fields["archive_events"].assign(kind="configured", duplicate_of=None)
        found = fields["found_events"].assign(kind="episode", coverage="full")
        left_out = pd.DataFrame(list(fields["left_out"].items()), columns=["name", "lacks"])
        described = [fields["catalogue"].assign(computed=True, lacks=None), left_out.assign(computed=False)]
        self.frames[results.EVENTS.path] = pd.concat([named, found], ignore_index=True)
        self.frames[results.CATALOGUE.path] = pd.concat(described, ignore_index=True)
        for source, part in ((replayed.GROUPS, "groups"), (replayed.IMPROVEMENT, "improvement")):
            shown = [one[part].assign(model=name) for name, one in fields["replay"].items()]
            self.frames[source.path] = pd.concat(shown) if shown else pd.DataFrame(columns=list(source.columns))
        self.frames |= {f"reports/replay/{name}.csv": one["folds"] for name, one in fields["replay"].items()}
        self.frames["study/headline.csv"] = fields.get("study", pd.DataFrame())

    def read(self, table: Table) -> pd.DataFrame:
        return self.frames[table.path]

    def read_csv(self, path: str, *, dates: Sequence[str] = ()) -> pd.DataFrame:
        shap = re.fullmatch(r"reports/shap/(.+)/(\w+\.csv)", path)
        frame = self.frames[f"reports/shap/{{model}}/{shap[2]}" if shap else path]
        if shap:
            frame = frame[frame["model"] == shap[1]]
        return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates if name in frame})

    def read_json(self, path: str) -> dict[str, Any]:
        if path == "reports/selection/summary.json":
            return {"stability": self.fields["selection_stability"]}
        if path == "study/facts.json":
            return dict(self.fields["study_facts"])
        if path == "study/elsewhere.json":
            return {"differences": self.fields["elsewhere"].to_dict("records"), "facts": self.fields["study_facts"]}
        return dict(self.fields["tuning"][path.removeprefix("data/tuning/").removesuffix(".json")])


def replaced(told: Results, **changes: Any) -> Results:
    plain = {one.name for one in fields_of(Results)} - {"study", "replication"}
    files = Invented(told.files.fields | {name: value for name, value in changes.items() if name not in plain})
    tuning = files.fields["tuning"]
    models: dict[str, Any] = {name: {} for name in files.fields["replay"]}
    for name, one in tuning.items():
        models[name] = {"sweep": {key: {"start": value} for key, value in one["start"].items()}}
    settings = dict(told.settings) | {"models": models}
    if "candidate" in changes:
        settings["gate"] = {"candidate": changes["candidate"]}
    given = {name: value for name, value in changes.items() if name in plain}
    study = "study" if "study" in files.fields else ""
    elsewhere = "study/elsewhere.json" if "elsewhere" in files.fields else ""
    changed = {"files": files, "settings": settings, "study": study, "replication": elsewhere, "_read": {}}
    return replace(told, **changed | given)


def field(told: Results, name: str) -> Any:
    return told.files.fields[name]


def with_scores(told: Results, kind: str, slice_: str, /, **values: Any) -> Results:
    slices = told[results.SLICES].copy()
    chosen = (slices["kind"] == kind) & (slices["slice"] == slice_) & (slices["predictor"] == told.headline)
    assert chosen.sum() == 1
    for name, value in values.items():
        slices.loc[chosen, name] = value
    return replaced(told, slices=slices)


def _market(days: pd.DatetimeIndex, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    calm = np.sin(np.arange(len(days)) / 260) + rng.normal(0, 0.1, len(days)).cumsum() * 0.02
    vix = 12 + 14 * np.clip(calm + 0.55, 0, None) ** 1.9
    index = 1000 * np.exp(np.cumsum(rng.normal(0.0003, vix / 100 / 16) - 0.0006 * (vix > 35)))
    context = pd.DataFrame(
        {"date": days, "index_close": index, "vix": vix, "vix_estimated": days < days[len(days) // 5]}
    )
    names = np.select([vix > 35, vix > 25, vix > 15], ["crash", "high_volatility", "normal"], "low_volatility")
    after = pd.Series(vix > 35).rolling(100, min_periods=1).max().to_numpy().astype(bool)
    names = np.where(after & (vix < 33) & (vix > 25), "recovery", names)
    return context, pd.DataFrame({"date": days, "regime": pd.Series(names, dtype="str")})


def _events(first: int, last: int) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for place, year in enumerate(range(first + 1, last + 1, 2)):
        start = pd.Timestamp(year, 3, 1)
        regime = ("crash", "high_volatility", "recovery")[place % 3]
        span = (start, start + pd.Timedelta(days=40), start + pd.Timedelta(days=70))
        rows.append((f"{regime}_{year}", span[0], span[1], regime, 0.2, 500, span[2], "full"))
    far = pd.Timestamp(last + 5, 1, 3)
    rows.append(("banking_crisis", far, far, "high_volatility", 0.1, 0, pd.NaT, "missing"))
    names = ["event", "start", "end", "regime", "event_weight", "rows", "available_from", "coverage"]
    return pd.DataFrame(rows, columns=names)


def _folds(first: int, last: int) -> pd.DataFrame:
    rows = []
    for fold, year in enumerate(range(first + 3, last + 2)):
        start = pd.Timestamp(year, 1, 1)
        end = pd.Timestamp(year, 12, 31) if year <= last else pd.NaT
        rows.append((fold, pd.Timestamp(first, 1, 3), start - pd.Timedelta(days=30), start, end))
    return pd.DataFrame(rows, columns=["fold", "train_start", "train_end", "test_start", "test_end"])


def _samples(folds: pd.DataFrame, events: pd.DataFrame, rng: np.random.Generator, rows: int = 400) -> pd.DataFrame:
    frames = []
    for fold, start, end in zip(folds["fold"], folds["train_start"], folds["train_end"], strict=True):
        n = rows // 5
        window = pd.DataFrame(
            {
                "symbol": [f"S{k % 20}" for k in range(rows - n)],
                "date": pd.date_range(start, periods=rows - n, freq="D"),
                "source": "window",
                "event": None,
                "regime": rng.choice(REGIMES, rows - n, p=[0.25, 0.45, 0.2, 0.05, 0.05]),
            }
        )
        usable = events[pd.to_datetime(events["available_from"]) < end]
        archive = window.head(n if len(usable) else 0).assign(source="archive", regime="crash")
        if len(usable):
            archive = archive.assign(event=rng.choice(usable["event"], n))
        both = pd.concat([window, archive], ignore_index=True)
        frames.append(both.assign(fold=fold, copy=range(len(both)), weight=rng.uniform(0.3, 2, len(both))))
    return pd.concat(frames, ignore_index=True)


def _found(first: int) -> pd.DataFrame:
    starts = pd.to_datetime([f"{first + 1}-09-10", f"{first + 4}-05-02"])
    return pd.DataFrame(
        {
            "event": ["crash_found", "recovery_found"],
            "start": starts,
            "end": starts + pd.Timedelta(days=20),
            "regime": ["crash", "recovery"],
            "rows": [100, 120],
            "available_from": starts + pd.Timedelta(days=50),
            "duplicate_of": [None, "recovery_named"],
        }
    )


def _slices(
    predictors: tuple[str, ...], folds: pd.DataFrame, events: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    tested = folds.dropna(subset=["test_end"])
    years = [f"{day.year} (fold {fold})" for fold, day in zip(tested["fold"], tested["test_start"], strict=True)]
    kinds = [
        ("overall", ["overall"], 0.006),
        ("regime", list(REGIMES), 0.012),
        ("event", events.loc[events["coverage"] != "missing", "event"].tolist(), 0.03),
        ("sector", list(SECTORS), 0.012),
        ("fold", years, 0.015),
    ]
    rows = []
    for kind, names, half in kinds:
        for name in names:
            shift = {"crash": -0.02, "normal": 0.03}.get(name, 0.02) + (rng.normal(0, 0.01) if kind != "overall" else 0)
            for place, predictor in enumerate(predictors):
                score = {"regime_prior": 0.0, "prior": -0.012, "structural": STRUCTURAL_SKILL}.get(
                    predictor, shift - 0.006 * place
                )
                rows.append(_scores(kind, name, predictor, score, half))
    return pd.DataFrame(rows)


def _scores(kind: str, name: str, predictor: str, score: float, half: float) -> dict[str, object]:
    few = name == "crash" or kind == "event"
    row: dict[str, object] = {"kind": kind, "slice": name, "predictor": predictor, "rows": 30_000, "dates": 1_500}
    row |= {
        "episodes": 1 if kind == "event" else 2 if few else 9,
        "effective_episodes": 1.0 if kind == "event" else 1.6 if few else 9.0,
        "more_episodes": 4 if kind == "event" else 3 if few else 0,
        "sufficient": not few,
        "attainable_p": np.nan,
        **{f"sign_flip_p_{baseline}": np.nan for baseline in BASELINES},
        "log_loss": 1.0 - score,
        "brier": 0.6 - score / 2,
    }
    if kind == "regime":
        row |= {"attainable_p": 0.25 if few else 2**-9, "sign_flip_p_prior": 0.5, "sign_flip_p_regime_prior": 0.0625}
        row["sign_flip_p_structural"] = 0.75
    for key, value, width in (
        ("skill_regime_prior", score, half if predictor != "regime_prior" else 0.0),
        ("skill_prior", score + 0.012, half if predictor != "prior" else 0.0),
        ("skill_structural", score - STRUCTURAL_SKILL, half if predictor != "structural" else 0.0),
        ("auc", 0.5 + max(score, 0) * 2, 0.012),
    ):
        row |= {key: value, f"{key}_low": value - width, f"{key}_high": value + width}
    row |= {"calibration_error": 0.02, "accuracy": 0.5, "majority_accuracy": 0.49, "balanced_accuracy": 0.36}
    return row | {"macro_f1": 0.31} | _parts_of_skill(row)


def _parts_of_skill(row: dict[str, object]) -> dict[str, float]:
    """Put most of the skill in the movement, the rest in the direction, with intervals apart."""
    parts: dict[str, float] = {}
    for baseline in BASELINES:
        value, high = (float(str(row[f"skill_{baseline}{end}"])) for end in ("", "_high"))
        for part, share in (("movement", 0.85), ("direction", 0.15), ("direction_skill", 0.45)):
            size, half = share * value, share * (high - value)
            parts |= {f"{part}_{baseline}": size, f"{part}_{baseline}_low": size - half}
            parts[f"{part}_{baseline}_high"] = size + half
    return parts


def _calibration(predictors: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for predictor in predictors:
        for name, centre in zip(CLASSES, (0.2, 0.5, 0.3), strict=True):
            for place in range(10):
                mean = float(np.clip(centre + (place - 4.5) * 0.035, 0.01, 0.95))
                seen = float(np.clip(mean * 0.85 + centre * 0.15 + rng.normal(0, 0.01), 0, 1))
                rows.append((predictor, name, place, mean, seen, 200 + 300 * min(place, 9 - place)))
    return pd.DataFrame(rows, columns=["predictor", "class", "bin", "mean_probability", "frequency", "rows"])


def _confusion(predictors: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        (predictor, label, predicted, int(rng.integers(200, 900)) * (3 if predicted == "hold" else 1))
        for predictor in predictors
        for label in CLASSES
        for predicted in CLASSES
    ]
    return pd.DataFrame(rows, columns=["predictor", "label", "predicted", "rows"])


def _equity(days: pd.DatetimeIndex, predictors: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    frames = []
    market = rng.normal(0.0004, 0.011, len(days))
    for place, name in enumerate(("universe", *predictors)):
        returns = (
            market if name == "universe" else 0.8 * market + rng.normal(0.00015 - 0.00004 * place, 0.003, len(days))
        )
        equity = np.cumprod(1 + returns)
        drawdown = equity / np.maximum.accumulate(equity) - 1
        frames.append(pd.DataFrame({"date": days, "predictor": name, "equity": equity, "drawdown": drawdown}))
    return pd.concat(frames, ignore_index=True)


def _monthly(equity: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, own in equity.groupby("predictor"):
        last = own.set_index("date")["equity"].resample("ME").last()
        returns = last.pct_change().fillna(last.iloc[0] - 1)
        days = pd.DatetimeIndex(returns.index)
        rows += list(zip([name] * len(days), days.year, days.month, returns, strict=True))
    return pd.DataFrame(rows, columns=["predictor", "year", "month", "return"])


def _backtest(predictors: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(predictors):
        sharpe = 0.55 if name == "universe" else 0.62 - 0.05 * place
        gap = sharpe - 0.55
        gaps = (0.0, 0.0) if name == "universe" else (gap - 0.25, gap + 0.25)
        ratios = (sharpe, sharpe - 0.4, sharpe + 0.4, gap, *gaps, 0.8, 0.3)
        rows.append((name, 0.09, 0.15, *ratios, -0.42 + 0.01 * place, 12.0, 85.0))
    names = ["predictor", "cagr", "annual_volatility", "sharpe", "sharpe_low", "sharpe_high", "excess_sharpe"]
    names += ["excess_sharpe_low", "excess_sharpe_high", "sortino", "calmar", "max_drawdown", "annual_turnover"]
    table = pd.DataFrame(rows, columns=[*names, "cost_bps_per_year"])
    further = np.random.default_rng(3)
    return pd.concat([table, pd.DataFrame([synthetic_money.figures(further) for _ in rows])], axis=1)


def _cost_curve(predictors: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (name, float(cost), 0.58 if name == "universe" else 0.8 - 0.06 * place - 0.018 * cost)
        for place, name in enumerate(predictors)
        for cost in (0, 2, 5, 10, 20, 30)
    ]
    return pd.DataFrame(rows, columns=["predictor", "cost_bps", "sharpe"])
