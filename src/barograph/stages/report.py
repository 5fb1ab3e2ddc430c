"""Report: one offline page, and the closing table for the terminal."""

import sys
from importlib.metadata import version
from typing import Any, Final

import pandas as pd

from barograph import config
from barograph.archive.schema import ARCHIVE
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS, CONTEXT
from barograph.memory.schema import SAMPLES
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import ReportInputs, render, summary_table
from barograph.selection.schema import SELECTION
from barograph.stages.digests import md5, study_digest
from barograph.stages.stage import Stage, stage

_LIBRARIES: Final = (
    *("dvc", "keras", "lightgbm", "numpy", "optuna", "pandas", "scikit-learn", "shap", "skfolio", "ta-lib"),
    "xgboost" if sys.platform == "darwin" else "xgboost-cpu",
)
_HASHED: Final = (
    BARS,
    CONTEXT,
    FEATURES,
    LABELS,
    SAMPLES,
    ENSEMBLE_PREDICTIONS,
)
_STUDY: Final = "studies/published"
_DATES: Final = ["start", "end", "recognised_on", "available_from"]


@stage(
    "market",
    "regime",
    "features",
    "label",
    "archive",
    "exam",
    "folds",
    "memory",
    "selection",
    "models",
    "ensemble",
    "tuning",
    "validation",
    "drift",
    "explain",
    "gate",
    "strategy",
    "execution",
    "seed",
)
def main(stage: Stage) -> str:
    """Gather what the stages wrote and draw it."""
    execution, validation = stage.build("execution"), stage.build("validation")
    catalogue = stage.read_csv("reports/features/catalogue.csv")
    events = stage.read_csv("reports/archive/events.csv", dates=_DATES)
    inputs = ReportInputs(
        context=stage.read(CONTEXT),
        regimes=stage.read(REGIME_SERIES),
        folds=stage.read(FOLDS),
        samples=stage.read(SAMPLES),
        archive=stage.read(ARCHIVE),
        archive_events=events[events["kind"] == "configured"].reset_index(drop=True),
        found_events=events[events["kind"] == "episode"].reset_index(drop=True),
        slices=stage.read_csv("reports/validation/slices.csv"),
        calibration=stage.read_csv("reports/validation/calibration.csv"),
        confusion=stage.read_csv("reports/validation/confusion.csv"),
        backtest=stage.read_csv("reports/backtest/summary.csv"),
        equity=stage.read_csv("reports/backtest/equity.csv", dates=["date"]),
        monthly=stage.read_csv("reports/backtest/monthly.csv"),
        cost_curve=stage.read_csv("reports/backtest/cost_curve.csv"),
        criteria=stage.read_csv("reports/gate/criteria.csv"),
        shap_importance=stage.read_csv("reports/shap/importance.csv"),
        shap_beeswarm=stage.read_csv("reports/shap/beeswarm.csv", dates=["date"]),
        shap_agreement=stage.read_csv("reports/shap/agreement.csv"),
        shap_methods=stage.read_csv("reports/shap/methods.csv"),
        importance_by_fold=stage.read_csv("reports/shap/by_fold.csv"),
        importance_stability=stage.read_csv("reports/shap/stability.csv"),
        drift_features=stage.read_csv("reports/drift/features.csv"),
        drift_regimes=stage.read_csv("reports/drift/regimes.csv"),
        drift_shares=stage.read_csv("reports/drift/regime_shares.csv"),
        drift_predictions=stage.read_csv("reports/drift/predictions.csv"),
        selection=stage.read(SELECTION),
        selection_stability=stage.read_json("reports/selection/summary.json")["stability"],
        tuning={name: _tuned(stage, name) for name in stage.settings["models"]},
        catalogue=catalogue[catalogue["computed"]],
        exam=stage.read_csv("reports/validation/exam.csv", dates=["start", "end"]),
        replay=_replay(stage),
        data_digest=study_digest(stage, stage.settings["memory"]["rows"]),
        **_published(stage),
        provenance=_provenance(stage),
        left_out=_left_out(catalogue),
        candidate=stage.settings["gate"]["candidate"],
        cost_bps=execution.commission_bps + execution.half_spread_bps,
        confidence=validation.level,
    )
    stage.write_text("reports/index.html", render(inputs))
    stage.write_text("reports/summary.txt", summary_table(inputs) + "\n\nThe whole report: reports/index.html\n")
    return "reports/index.html, and the closing table in reports/summary.txt"


def _provenance(stage: Stage) -> dict[str, Any]:
    bars, source = stage.read(BARS), stage.read_json("data/market/source.json")
    first, last = bars["date"].min(), bars["date"].max()
    return {
        "source": source["source"]["_target_"].rpartition(".")[2],
        "coverage": f"{bars['symbol'].nunique()} symbols, {first:%F} to {last:%F}, {len(bars):,} bars",
        "notes": source["notes"],
        "params_changed": config.changes(config.compose(), stage.settings),
        "hashes": {table.path: md5(stage, table) for table in _HASHED},
        "versions": {library: version(library) for library in _LIBRARIES},
        "commands": ["make setup", "dvc repro"],
    }


def _replay(stage: Stage) -> dict[str, dict[str, pd.DataFrame]]:
    """Gather what replay did, a model; nothing where nothing was replayed."""
    scored = {part: stage.read_csv(f"reports/validation/replay_{part}.csv") for part in ("groups", "improvement")}
    return {
        name: {"folds": stage.read_csv(f"reports/replay/{name}.csv")}
        | {part: table[table["model"] == name] for part, table in scored.items()}
        for name in stage.settings["models"]
        if name in set(scored["groups"]["model"])
    }


def _published(stage: Stage) -> dict[str, Any]:
    """Read the memory study that `make ablation` published, if there is one."""
    if not (stage.root / _STUDY / "facts.json").is_file():
        return {}
    facts = stage.read_json(f"{_STUDY}/facts.json")
    return {"study": stage.read_csv(f"{_STUDY}/headline.csv"), "study_facts": facts}


def _tuned(stage: Stage, name: str) -> dict[str, Any]:
    found = stage.read_json(f"data/tuning/{name}.json")
    sweep = stage.settings["models"][name].get("sweep", {})
    return found | {"start": {key: sweep[key]["start"] for key in found["params"] if key in sweep}}


def _left_out(catalogue: pd.DataFrame) -> dict[str, str]:
    lacking = catalogue[catalogue["lacks"].notna()]
    return dict(zip(lacking["name"], lacking["lacks"], strict=True))


if __name__ == "__main__":
    main()
