"""Seeded attributions, drift, gate and tuning of a report, all invented."""

from typing import Any

import numpy as np
import pandas as pd

from barograph.names import REGIMES

UNITS = ("probability", "log probability minus its mean over the classes")
FAMILIES = {
    "volatility": "vol_5 vol_21 vol_63 ewm_vol_32 vol_ratio_5_63 vol_of_vol_63 skew_63 kurt_63 bb_20_width jump_21 "
    "ulcer_14 natr_14 parkinson_21 garman_klass_21 yang_zhang_21 chop_14",
    "context": "vix_level vix_change_5 vix_z_63 vix_premium_21 us10y_change_21 term_slope usd_ret_21 beta_63 "
    "idio_vol_63 index_ret_1 index_ret_21 index_vol_21 index_drawdown_252 index_sma_dist_200",
    "momentum": "ret_1 ret_2 ret_5 ret_10 ret_21 ret_63 ret_126 ret_252 mom_252_21 rsi_7 rsi_14 tsi_25_13 willr_14 "
    "cci_20 stoch_14_3_3_k ultosc_7_14_28 gap_1 streak",
    "trend": "sma_dist_10 sma_dist_20 sma_dist_50 sma_dist_200 sma_cross_50_200 macd_12_26_9_line_pct "
    "macd_12_26_9_hist_pct slope_20 r2_20 efficiency_20 high_dist_252 low_dist_252 adx_14 aroon_25_up vortex_14",
    "cross_section": "rank_ret_5 rank_ret_21 rank_ret_252 rank_vol_21 rank_volume_trend_5_63 excess_ret_5 "
    "sector_excess_ret_21 sector_ret_21 breadth_50 breadth_200 dispersion_21 avg_corr_63",
    "volume": "mfi_14 cmf_20 obv_21 volume_ratio_20 volume_trend_5_63 volume_cv_21 pvo_12_26 force_13 vwap_dist_21 "
    "amihud_21_252",
    "regime": "regime_low_volatility regime_normal regime_high_volatility regime_crash regime_recovery regime_age "
    "crash_memory_63 regime_drawdown",
    "calendar": "weekday_sin weekday_cos month_sin month_cos month_position quarter_position expiry_week",
}


def families(features: int) -> dict[str, str]:
    """Give so many features their families, the first of each family in turn."""
    lists = {family: names.split() for family, names in FAMILIES.items()}
    order = [(place, family) for family, names in lists.items() for place in range(len(names))]
    chosen = sorted(order, key=lambda one: one[0])[:features]
    return {lists[family][place]: family for place, family in chosen}


def catalogue(kinds: dict[str, str]) -> pd.DataFrame:
    described = {"formula": "ln(C_t / C_(t-1))", "source": "", "lookback": 20}
    return pd.DataFrame({"name": list(kinds), "family": list(kinds.values())}).assign(**described)


def explanations(models: tuple[str, ...], folds: pd.DataFrame, kinds: dict[str, str], points: int) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    importance = _importance(models, kinds, rng)
    by_fold = _by_fold(models, folds, list(kinds), rng)
    return {
        "catalogue": catalogue(kinds),
        "shap_importance": importance,
        "shap_beeswarm": _beeswarm(importance, rng, points),
        "shap_methods": pd.DataFrame(
            {
                "model": models,
                "method": ["TreeSHAP" if place % 2 else "Sampled Shapley values" for place in range(len(models))],
                "output": [UNITS[place % 2] for place in range(len(models))],
                "rows": 1000,
                "largest_error": [10.0 ** -(3 + 2 * (place % 3)) for place in range(len(models))],
            }
        ),
        "importance_by_fold": by_fold,
        "importance_stability": _stability(by_fold),
    }


def _importance(models: tuple[str, ...], kinds: dict[str, str], rng: np.random.Generator) -> pd.DataFrame:
    names = list(kinds)
    base = {"volatility": 1.0, "context": 0.9, "momentum": 0.35, "trend": 0.4, "cross_section": 0.4, "volume": 0.2}
    common = np.array([base.get(kinds[name], 0.1) for name in names]) * rng.gamma(0.6, 1.0, len(names))
    frames = []
    for model in models:
        own = common * np.exp(rng.normal(0, 0.5, len(names)))
        for regime in ("all", *REGIMES):
            more = np.array([2.2 if regime == "crash" and kinds[name] == "context" else 1.0 for name in names])
            value = own * more * np.exp(rng.normal(0, 0.15, len(names))) * 0.01
            columns: dict[str, Any] = {"model": model, "regime": regime, "feature": names, "mean_abs": value}
            columns |= {"share": value / value.sum(), "mean_signed": value * rng.uniform(-0.2, 0.2, len(names))}
            frames.append(pd.DataFrame(columns | {"rows": 1000 if regime == "all" else 200}))
    return pd.concat(frames, ignore_index=True)


def _beeswarm(importance: pd.DataFrame, rng: np.random.Generator, points: int) -> pd.DataFrame:
    frames = []
    days = pd.bdate_range("2008-01-01", periods=points)
    regimes = rng.choice(REGIMES, points)
    for model, own in importance[importance["regime"] == "all"].groupby("model"):
        for place, row in enumerate(own.nlargest(12, "share").itertuples()):
            value = rng.normal(0, 1, points) * 0.03
            slope = (1.0, -1.0, 0.0)[place % 3]
            shap = float(row.mean_abs) * (slope * value / 0.03 + rng.normal(0, 0.5, points))  # type: ignore[arg-type]
            value[:: max(points // 20, 1)] = np.nan
            columns = {"model": model, "regime": regimes, "symbol": "S1", "date": days}
            frames.append(pd.DataFrame(columns | {"feature": row.feature, "value": value, "shap": shap}))
    return pd.concat(frames, ignore_index=True)


def _by_fold(
    models: tuple[str, ...], folds: pd.DataFrame, features: list[str], rng: np.random.Generator
) -> pd.DataFrame:
    frames = []
    for model in models:
        own = rng.gamma(0.5, 1.0, len(features))
        for fold in folds["fold"]:
            value = own * np.exp(rng.normal(0, 0.3, len(features)))
            columns = {"model": model, "fold": fold, "feature": features, "importance": value, "kind": "gain"}
            frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _stability(by_fold: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for model, own in by_fold.groupby("model"):
        wide = own.pivot_table(index="feature", columns="fold", values="importance")
        for before, fold in zip(wide.columns[:-1], wide.columns[1:], strict=True):
            tops = [set(wide[one].nlargest(10).index) for one in (before, fold)]
            rank = wide[before].corr(wide[fold], method="spearman")
            rows.append((model, fold, rank, len(tops[0] & tops[1]) / 10))
    return pd.DataFrame(rows, columns=["model", "fold", "rank_correlation", "top_overlap"])


def drift(predictors: tuple[str, ...], folds: pd.DataFrame, kinds: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Invent what `reports/drift` holds; the fourth fold and its successor move most."""
    rng = np.random.default_rng(13)
    tested = folds.dropna(subset=["test_end"])
    frames, regimes, shares, predictions = [], [], [], []
    names = list(kinds)
    for place, (fold, start) in enumerate(zip(tested["fold"], tested["test_start"], strict=True)):
        strength = 0.6 if place in (3, 4) else 0.08
        kind = np.array([{"volatility": 1.6, "context": 1.4}.get(kinds[name], 0.5) for name in names])
        psi = rng.gamma(1.2, strength / 1.2, len(names)) * kind
        q = np.clip(np.exp(-psi * 18) * rng.uniform(0.2, 2, len(names)), 0, 1)
        columns: dict[str, Any] = {"fold": fold, "test_start": start, "feature": names, "family": list(kinds.values())}
        columns |= {"psi": psi, "ks": np.sqrt(psi) / 3, "p_value": q / 3, "q_value": q, "moved": (psi > 0.25)}
        columns |= {"detectable_ks": np.where(psi < 0.01, np.inf, 0.167), "detectable_ks_single": 0.1}
        frames.append(pd.DataFrame(columns))
        reference = rng.dirichlet([20, 40, 20, 3, 3])
        current = rng.dirichlet([1, 4, 6, 6, 2] if place == 3 else [20, 40, 15, 1, 1])
        js = float(np.abs(reference - current).sum() / 4)
        regimes.append((fold, start, js, 0.01, 0.01 if js > 0.1 else 0.4, js > 0.1, 0.1 if place else np.inf))
        shares += [(fold, *row) for row in zip(REGIMES, reference, current, strict=True)]
        for name in predictors:
            js = float(rng.gamma(2, 0.05 if place in (3, 4) else 0.01))
            predictions.append((fold, start, name, js, 0.01, 0.01 if js > 0.08 else 0.4, js > 0.08, 0.08))
    features = pd.concat(frames, ignore_index=True)
    before = features.groupby("feature")["moved"].shift(1, fill_value=False).astype(bool)
    return {
        "drift_features": features.assign(alarm=features["moved"] & before),
        "drift_regimes": pd.DataFrame(
            regimes, columns=["fold", "test_start", "js", "p_value", "q_value", "moved", "detectable_js"]
        ),
        "drift_shares": pd.DataFrame(shares, columns=["fold", "regime", "reference", "current"]),
        "drift_predictions": pd.DataFrame(
            predictions,
            columns=["fold", "test_start", "predictor", "js", "p_value", "q_value", "moved", "detectable_js"],
        ),
    }


def criteria() -> pd.DataFrame:
    """Invent a gate that rejects: three criteria of five pass, one of which the majority class would pass too."""
    rows = [
        ("skill", "Skill against the regime table, lower end", 0.023, "above", 0.0, "pass", -0.006, "fail"),
        ("calibration", "Expected calibration error", 0.0204, "at_most", 0.03, "pass", 0.01, "pass"),
        ("auc", "Macro AUC", 0.607, "at_least", 0.55, "pass", 0.5, "fail"),
        ("excess_sharpe", "Excess Sharpe ratio over the universe", -0.06, "at_least", 0.0, "fail", 0.0, "pass"),
        ("accuracy", "Accuracy above the majority class's", 0.004, "at_least", 0.01, "fail", 0.0, "fail"),
        ("champion", "Loss against the champion, p-value", np.nan, "below", 0.05, "not_applicable", np.nan, None),
    ]
    names = ["criterion", "description", "figure", "rule", "threshold", "verdict", "majority_figure"]
    frame = pd.DataFrame(rows, columns=[*names, "majority_verdict"])
    return frame.assign(majority_verdict=frame["majority_verdict"].fillna("not_applicable"))


def selection(folds: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Invent what each fold keeps: the last feature never, the third in the first two folds, the others always."""
    table = pd.MultiIndex.from_product([folds["fold"], names], names=["fold", "feature"]).to_frame(index=False)
    reason = np.where(table["feature"] == names[-1], f"near duplicate of {names[0]}", "kept")
    reason = np.where((table["feature"] == names[2]) & (table["fold"] > 1), f"near duplicate of {names[1]}", reason)
    return table.assign(kept=reason == "kept", score=0.01, reason=reason)


def tuning(models: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Invent searches: the last model has nothing to search, the first one's best is no better than its start."""
    found: dict[str, dict[str, Any]] = {}
    for place, model in enumerate(models):
        params = {"min_child_samples": 143, "colsample_bytree": 0.3174802103936399, "reg_lambda": 10.0}
        found[model] = {
            "model": model,
            "params": params,
            "start": {"min_child_samples": 100, "colsample_bytree": 0.5, "reg_lambda": 10.0},
            "log_loss": 1.031 - 0.001 * place,
            "start_log_loss": 1.031,
            "rows": 12_000,
            "splits": 3,
            "importance": {"min_child_samples": 0.62, "colsample_bytree": 0.3, "reg_lambda": 0.08},
            "trials": {"complete": 18, "pruned": 12, "failed": 0},
        }
    nothing = {"log_loss": None, "start_log_loss": None, "rows": None, "splits": None, "importance": None}
    counts = {"complete": 0, "pruned": 0, "failed": 0}
    found[models[-1]] = {"model": models[-1], "params": {}, "start": {}, "trials": counts} | nothing
    return found
