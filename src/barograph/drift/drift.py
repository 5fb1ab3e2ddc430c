"""What moved: features, regimes and predictions of each test window against the fold's past."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from functools import cache
from typing import Annotated, Final, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.drift.comparison import ValueComparison, compare_shares, compare_values, quantile_cells
from barograph.drift.permutation import Blocks, Draw, cut_blocks, draw_blocks
from barograph.errors import InputError
from barograph.names import BASELINES, PROBABILITIES, REGIMES
from barograph.randomness import generator
from barograph.typing import STRICT, Dates, Rows

_WINDOW: Final = ("fold", "test_start")


@dataclass(frozen=True, config=STRICT)
class Drift:
    """How drift is measured and when it counts.

    Parameters
    ----------
    years : int or None
        Calendar years of the past that a window is compared with; None for all of it.
    block_days : int
        Trading days permuted together, with all symbols of a date.
    permutations : int
        Random choices of blocks behind a p-value, which is at least 1 / (1 + permutations): too few, and no feature
        can move alone among many.
    bins : int
        Quantile bins of the population stability index.
    psi : float
        A feature whose population stability index is smaller has not moved.
    divergence : float
        In bits; regimes or predictions whose Jensen-Shannon divergence is smaller have not moved.
    level : float
        Largest q-value at which something has moved: the false discovery rate within a fold.
    """

    years: Annotated[int, Field(ge=1)] | None
    block_days: Annotated[int, Field(ge=1)]
    permutations: Annotated[int, Field(ge=99)]
    bins: Annotated[int, Field(ge=2)]
    psi: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    divergence: Annotated[float, Field(ge=0, le=1)]
    level: Annotated[float, Field(gt=0, lt=1)]


@plain_dataclass(frozen=True)
class DriftResult:
    """What :func:`measure_drift` finds.

    Attributes
    ----------
    features : pandas.DataFrame
        One row per fold and feature: `fold, test_start, feature, family, psi, ks, p_value, q_value, moved, alarm`.
    regimes : pandas.DataFrame
        One row per fold: `fold, test_start, js, p_value, q_value, moved`.
    regime_shares : pandas.DataFrame
        `fold, regime, reference, current`: shares of the dates of the past and of the window.
    predictions : pandas.DataFrame
        One row per fold and predictor: `fold, test_start, predictor, js, p_value, q_value, moved`.
    """

    features: pd.DataFrame
    regimes: pd.DataFrame
    regime_shares: pd.DataFrame
    predictions: pd.DataFrame


def measure_drift(
    features: pd.DataFrame,
    regimes: pd.DataFrame,
    predictions: pd.DataFrame,
    folds: pd.DataFrame,
    families: Mapping[str, str],
    settings: Drift,
    seed: int,
) -> DriftResult:
    """Compare every test window with its past.

    Parameters
    ----------
    features : pandas.DataFrame
        `symbol, date` and one column per feature; NaN is left out.
    regimes : pandas.DataFrame
        `date, regime`.
    predictions : pandas.DataFrame
        `predictor, date, p_sell, p_hold, p_buy`; the baselines, which only copy past frequencies, are left out.
    folds : pandas.DataFrame
        `fold, train_end, test_start, test_end`; a fold without `test_end` has no test window and is left out.
    families : mapping of str to str
        The family of every feature.
    settings : Drift
    seed : int
        Of the permutations.

    Returns
    -------
    DriftResult
        What has no value in the window or in its past is NaN and has not moved.

    Raises
    ------
    InputError
        If a feature has no family, or a regime is unknown.

    Notes
    -----
    The past of features and regimes ends at `train_end`; that of predictions consists of all earlier out-of-sample
    ones. Nothing after the window enters. Effects are the population stability index and the two-sample
    Kolmogorov-Smirnov statistic of a feature's rows, and the Jensen-Shannon divergence of regime shares and of the
    joint shares of `p_hold` and `p_buy - p_sell` in 25 cells, made of the quintiles of either over both samples.

    A p-value comes from permuted blocks of dates (:func:`~barograph.drift.permutation.permutation_p_value`), the
    Kolmogorov-Smirnov statistic being taken there at 64 quantiles. q-values are Benjamini and Hochberg's [1]_, over the
    features, or the predictors, of a fold; regimes are a single test. *Moved* needs effect and q-value; *alarm* means
    moved in this fold and in the one before.

    A fold's predictions come from a model of its own. Their p-value asks whether the window differs from earlier ones
    by more than these, each from its own model too, differ among themselves; it does not tell a new model from a new
    market.

    Warnings
    --------
    On simulated panels that never move (autoregressions in which symbols share half of their variance; blocks of 63
    days, windows of a year), p-values of features were below 0.05 in 4 to 6 % of cases after 17 or more years of past,
    at half-lives from 5 to 120 days; after 8 years in 3 % to 9 %, after 3 years in up to 9 % at a half-life of 60 days
    and 12 % at 120: too few blocks to estimate their dependence from. Of 50 features with a common factor any moved in
    0 to 7 % of the folds. What drifts over many years, as levels of yields do, has no stable past to be compared
    with and may be found moved or not by chance. A move that lasts becomes part of the past and is soon no longer
    found: alarms need a strong one.

    References
    ----------
    .. [1] Benjamini, Hochberg (1995), "Controlling the False Discovery Rate", Journal of the Royal Statistical Society
       B 57(1).
    """
    tested = folds[folds["test_end"].notna()].sort_values("fold")
    draw = _draw(settings.permutations, seed)
    divergences, shares = _regimes(regimes, tested, settings, draw)
    return DriftResult(
        features=_features(features, tested, families, settings, draw),
        regimes=divergences,
        regime_shares=shares,
        predictions=_predictions(predictions, tested, settings, draw),
    )


def drift_metrics(result: DriftResult) -> dict[str, dict[str, float | int | None]]:
    """Choose the figures that a person compares between two runs.

    Parameters
    ----------
    result : DriftResult

    Returns
    -------
    dict
        `features`: pairs of fold and feature `tested`, of these `moved` and `alarms`, `moved_share`, and the last
        fold's `latest_moved` and `latest_alarms`. `regimes` and each predictor: folds `tested`, of these `moved`,
        `js_mean` and the last fold's `js_latest`. Plain numbers; None where undefined.
    """
    features = result.features
    latest = features[features["fold"] == features["fold"].max()]
    tested, moved = int(features["p_value"].notna().sum()), int(features["moved"].sum())
    found: dict[str, dict[str, float | int | None]] = {
        "features": {
            "tested": tested,
            "moved": moved,
            "alarms": int(features["alarm"].sum()),
            "moved_share": moved / tested if tested else None,
            "latest_moved": int(latest["moved"].sum()),
            "latest_alarms": int(latest["alarm"].sum()),
        },
        "regimes": _divergences(result.regimes),
    }
    for predictor, table in result.predictions.groupby("predictor"):
        found[str(predictor)] = _divergences(table)
    return found


def _divergences(table: pd.DataFrame) -> dict[str, float | int | None]:
    return {
        "tested": int(table["p_value"].notna().sum()),
        "moved": int(table["moved"].sum()),
        "js_mean": _plain(table["js"].mean()),
        "js_latest": _plain(table["js"].iloc[-1]) if len(table) else None,
    }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


class _Window(NamedTuple):
    """A test window beside its past."""

    key: dict[str, object]
    blocks: Blocks


def _windows(dates: Dates, tested: pd.DataFrame, last: pd.Series, settings: Drift) -> list[_Window]:
    """Cut the dates, ascending, of every test window and of its past, which ends on the day in `last`."""
    windows = []
    for fold, end in zip(tested.to_dict(orient="records"), last, strict=True):
        past = dates <= np.datetime64(end)
        if settings.years is not None:
            past &= dates > np.datetime64(end - pd.DateOffset(years=settings.years))
        inside = (dates >= np.datetime64(fold["test_start"])) & (dates <= np.datetime64(fold["test_end"]))
        key = {name: fold[name] for name in _WINDOW}
        windows.append(_Window(key, cut_blocks(past, inside, settings.block_days)))
    return windows


def _draw(permutations: int, seed: int) -> Draw:
    @cache
    def draw(blocks: int, chosen: int) -> Rows:
        return draw_blocks(blocks, chosen, permutations, generator(seed, "drift", blocks, chosen))

    return draw


def _features(
    features: pd.DataFrame, tested: pd.DataFrame, families: Mapping[str, str], settings: Drift, draw: Draw
) -> pd.DataFrame:
    names = [str(name) for name in features.columns if name not in ("symbol", "date")]
    if unknown := [name for name in names if name not in families]:
        raise InputError(f"features: {unknown[0]} has no family; the catalogue must name one for every feature")
    dates, date = np.unique(features["date"].to_numpy(), return_inverse=True)
    windows = _windows(dates, tested, tested["train_end"], settings)
    rows = []
    for name in names:
        values = features[name].to_numpy()
        known = np.flatnonzero(~np.isnan(values))
        order = known[np.argsort(values[known], kind="stable")]
        ordered, ordered_date = values[order], date[order]
        for window in windows:
            block = window.blocks.of_date[ordered_date]
            used = np.flatnonzero(block >= 0)
            found = compare_values(ordered[used], block[used], window.blocks, draw, settings.bins)
            rows.append(window.key | {"feature": name, "family": families[name]} | found._asdict())
    table = pd.DataFrame(rows, columns=[*_WINDOW, "feature", "family", *ValueComparison._fields])
    table = _judge(table, "psi", settings.psi, settings.level)
    before = table.groupby("feature")["moved"].shift(fill_value=False)
    table = table.assign(alarm=table["moved"] & before)
    return table.sort_values("fold", kind="stable", ignore_index=True)


def _regimes(
    regimes: pd.DataFrame, tested: pd.DataFrame, settings: Drift, draw: Draw
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the divergences, and the shares behind them."""
    ordered = regimes.sort_values("date")
    codes = pd.Index(REGIMES).get_indexer(pd.Index(ordered["regime"]))
    if (codes < 0).any():
        row = ordered.iloc[int(np.argmin(codes))]
        raise InputError(f"regimes: {row['regime']} on {row['date']:%F} is unknown; allowed are {list(REGIMES)}")
    rows, shares = [], []
    for window in _windows(ordered["date"].to_numpy(), tested, tested["train_end"], settings):
        found = compare_shares(codes, window.blocks.of_date, len(REGIMES), window.blocks, draw)
        rows.append(window.key | {"js": found.js, "p_value": found.p_value})
        both = zip(REGIMES, found.reference, found.current, strict=True)
        shares += [(window.key["fold"], *of_regime) for of_regime in both]
    table = pd.DataFrame(rows, columns=[*_WINDOW, "js", "p_value"])
    return _judge(table, "js", settings.divergence, settings.level), pd.DataFrame(
        shares, columns=["fold", "regime", "reference", "current"]
    )


def _predictions(predictions: pd.DataFrame, tested: pd.DataFrame, settings: Drift, draw: Draw) -> pd.DataFrame:
    rows = []
    followed = predictions[~predictions["predictor"].isin(BASELINES)]
    for predictor, predicted in followed.groupby("predictor"):
        dates, date = np.unique(predicted["date"].to_numpy(), return_inverse=True)
        p_sell, p_hold, p_buy = (predicted[name].to_numpy(dtype=np.float64) for name in PROBABILITIES)
        for window in _windows(dates, tested, tested["test_start"] - pd.Timedelta(days=1), settings):
            block = window.blocks.of_date[date]
            used = block >= 0
            cell, cells = quantile_cells(p_hold[used], (p_buy - p_sell)[used])
            found = compare_shares(cell, block[used], cells, window.blocks, draw)
            rows.append(window.key | {"predictor": str(predictor), "js": found.js, "p_value": found.p_value})
    table = pd.DataFrame(rows, columns=[*_WINDOW, "predictor", "js", "p_value"])
    table = _judge(table, "js", settings.divergence, settings.level)
    return table.sort_values("fold", kind="stable", ignore_index=True)


def _judge(table: pd.DataFrame, effect: str, least: float, level: float) -> pd.DataFrame:
    """Add q-values within each fold, and whether the effect is large enough and significant."""
    from statsmodels.stats.multitest import multipletests

    known = table["p_value"].notna()
    q = pd.Series(np.nan, index=table.index)
    for _, tested in table[known].groupby("fold"):
        q[tested.index] = multipletests(tested["p_value"].to_numpy(), method="fdr_bh")[1]
    return table.assign(q_value=q, moved=(table[effect] >= least) & (q <= level))
