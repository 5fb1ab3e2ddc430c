"""Drift of features, regimes and predictions: each test window against the fold's past."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass as plain_dataclass
from functools import cache, partial
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.drift.comparison import ValueComparison, compare_shares, compare_values, quantile_cells
from barograph.drift.permutation import Blocks, Draw, cut_blocks, draw_blocks, possible_p_values
from barograph.drift.recall import Comparisons, recalled
from barograph.errors import InputError
from barograph.executors import ResultCache
from barograph.names import BASELINES, PROBABILITIES, REGIMES
from barograph.randomness import generator
from barograph.typing import STRICT, Dates, Floats, Ints, Rows

_WINDOW: Final = ("fold", "test_start")
_DIVERGENCE: Final = ("js", "p_value", "detectable")


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
    """The tables of :func:`measure_drift`.

    What has no value in the window or in its past is NaN and has not moved. The `detectable_...` columns are inf where
    no move could have been told from chance, however far.

    Attributes
    ----------
    features : pandas.DataFrame
        One row per fold and feature: `fold, test_start, feature, family, psi, ks, p_value, q_value, moved, alarm,
        detectable_ks, detectable_ks_single`.
    regimes : pandas.DataFrame
        One row per fold: `fold, test_start, js, p_value, q_value, moved, detectable_js`.
    regime_shares : pandas.DataFrame
        `fold, regime, reference, current`: shares of the dates of the past and of the window.
    predictions : pandas.DataFrame
        One row per fold and predictor: `fold, test_start, predictor, js, p_value, q_value, moved, detectable_js,
        detectable_js_single`.
    """

    features: pd.DataFrame
    regimes: pd.DataFrame
    regime_shares: pd.DataFrame
    predictions: pd.DataFrame


@without_time_zones
def measure_drift(
    features: pd.DataFrame,
    regimes: pd.DataFrame,
    predictions: pd.DataFrame,
    folds: pd.DataFrame,
    families: Mapping[str, str],
    settings: Drift,
    seed: int,
    cache: ResultCache | None = None,
) -> DriftResult:
    """Compare the features, regimes and predictions of every test window with their past.

    The baselines, which only copy past frequencies, NaN and folds without `test_end` are left out. A feature without
    a family, or an unknown regime, raises :class:`~barograph.errors.InputError`. Of a cache, comparisons of features
    that were made before are read.

    Notes
    -----
    The past of features and regimes ends at `train_end`; that of predictions consists of all earlier out-of-sample
    predictions. Nothing after the window enters. Effects are the population stability index and the two-sample
    Kolmogorov-Smirnov statistic of a feature's rows, and the Jensen-Shannon divergence of regime shares and of the
    joint shares of `p_hold` and `p_buy - p_sell` in 25 cells, made of the quintiles of either over both samples.

    A p-value comes from permuted blocks of dates (:func:`~barograph.drift.permutation.permutation_test`). q-values
    are Benjamini and Hochberg's [1]_, over the features, or the predictors, of a fold; regimes are a single test.
    *Moved* needs effect and q-value; *alarm* means moved in this fold and in the fold before.

    That nothing moved can also mean that little could have been told from chance. A Kolmogorov-Smirnov statistic above
    `detectable_ks` would have had a q-value of at most the level, had this feature alone moved further and the p-values
    of the others been the same: where none of them is small, a p-value of at most the level over their number. A
    statistic above `detectable_ks_single` would have had a *p-value* of at most the level, which is enough for someone
    who follows this feature alone. Both come from the same permutations as the p-value, and allow for permutations
    that draw the window itself (:func:`~barograph.drift.permutation.permutation_test`). They are those of the
    statistic at 64 quantiles, which the test takes and which can be a little smaller than `ks`; a move needs the
    population stability index as well. `detectable_js` and `detectable_js_single` are the same of the divergence, and
    at least `divergence`. There is no detectable population stability index: no test is made of it, and shares that
    rise and fall from bin to bin have a large one without being far apart.

    Every fold has another model. The p-value of predictions asks whether the window differs from earlier windows by
    more than these differ among themselves; it does not tell a new model from a new market.

    Warnings
    --------
    On simulated panels that never move (autoregressions in which symbols share half of their variance; blocks of 63
    days, windows of a year), p-values of features were below 0.05 in 4 to 6 % of cases after 17 or more years of past,
    at half-lives from 5 to 120 days; after 8 years in 3 % to 9 %, after 3 years in up to 9 % at a half-life of 60 days
    and 12 % at 120: too few blocks to estimate their dependence from. Of 50 features with a common factor any moved in
    0 to 7 % of the folds. Features that drift over many years, as levels of yields do, have no stable past to be
    compared with: chance decides whether they are found moved. A move that lasts becomes part of the past and is soon
    no longer found: alarms need a strong move.

    References
    ----------
    .. [1] Benjamini, Hochberg (1995), "Controlling the False Discovery Rate", Journal of the Royal Statistical Society
       B 57(1).
    """
    tested = folds[folds["test_end"].notna()].sort_values("fold")
    draw = _draw(settings.permutations, seed)
    divergences, shares = _regimes(regimes, tested, settings, draw)
    return DriftResult(
        features=_features(features, tested, families, settings, draw, partial(recalled, cache, (settings, seed))),
        regimes=divergences,
        regime_shares=shares,
        predictions=_predictions(predictions, tested, settings, draw),
    )


def drift_metrics(result: DriftResult) -> dict[str, dict[str, float | int | None]]:
    """Choose the figures that a person compares between two runs, as plain numbers, None where undefined.

    `features` counts pairs of fold and feature, `latest_...` those of the last fold; `regimes` and each predictor count
    folds, and `js_latest` is the divergence of the last fold. Medians of what would have been detectable are None where
    for half of the pairs, or of the folds, nothing would have been; `undetectable` counts the pairs of which no move
    could have been told from chance.
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
            "detectable_ks_median": _plain(features["detectable_ks"].median()),
            "detectable_ks_single_median": _plain(features["detectable_ks_single"].median()),
            "undetectable": int(np.isinf(features["detectable_ks"]).sum()),
            "latest_detectable_ks_median": _plain(latest["detectable_ks"].median()),
            "latest_detectable_ks_single_median": _plain(latest["detectable_ks_single"].median()),
            "latest_undetectable": int(np.isinf(latest["detectable_ks"]).sum()),
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
        "detectable_js_median": _plain(table["detectable_js"].median()),
        "detectable_js_latest": _plain(table["detectable_js"].iloc[-1]) if len(table) else None,
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _windows(
    dates: Dates, tested: pd.DataFrame, last: pd.Series, settings: Drift
) -> Iterator[tuple[dict[str, Any], Blocks]]:
    """Cut the dates, ascending, of every test window and of its past, which ends on the day in `last`."""
    for fold, end in zip(tested.to_dict(orient="records"), last, strict=True):
        past = dates <= np.datetime64(end)
        if settings.years is not None:
            past &= dates > np.datetime64(end - pd.DateOffset(years=settings.years))
        inside = (dates >= np.datetime64(fold["test_start"])) & (dates <= np.datetime64(fold["test_end"]))
        yield {name: fold[name] for name in _WINDOW}, cut_blocks(past, inside, settings.block_days)


def _draw(permutations: int, seed: int) -> Draw:
    @cache
    def draw(blocks: int, chosen: int) -> Rows:
        return draw_blocks(blocks, chosen, permutations, generator(seed, "drift", blocks, chosen))

    return draw


def _features(
    features: pd.DataFrame,
    tested: pd.DataFrame,
    families: Mapping[str, str],
    settings: Drift,
    draw: Draw,
    recall: Callable[..., list[Comparisons]],
) -> pd.DataFrame:
    names = [str(name) for name in features.columns if name not in ("symbol", "date")]
    if unknown := [name for name in names if name not in families]:
        raise InputError(f"features: {unknown[0]} has no family; the catalogue must name one for every feature")
    dates, date = np.unique(features["date"].to_numpy(), return_inverse=True)
    windows = list(_windows(dates, tested, tested["train_end"], settings))

    def in_windows(chosen: Sequence[Blocks], name: str) -> Comparisons:
        values = features[name].to_numpy()
        known = np.flatnonzero(~np.isnan(values))
        order = known[np.argsort(values[known])]  # which of equal values comes first changes nothing
        ordered, ordered_date = values[order].astype(np.float64), date[order]
        return [
            compare_values(ordered, blocks.of_date[ordered_date], blocks, draw, settings.bins, settings.level)
            for blocks in chosen
        ]

    def compared(numbers: list[int]) -> list[Comparisons]:
        chosen = [windows[number][1] for number in numbers]
        with ThreadPoolExecutor() as threads:  # nearly all of the work leaves the interpreter free
            by_feature = list(threads.map(partial(in_windows, chosen), names))
        return [list(of_window) for of_window in zip(*by_feature, strict=True)]

    found = recall(features, tested.to_dict("records"), compared)
    rows = [
        window | {"feature": name, "family": families[name]} | comparison._asdict()
        for number, name in enumerate(names)
        for (window, _), comparisons in zip(windows, found, strict=True)
        for comparison in [comparisons[number]]
    ]
    table = _judged(rows, ["feature", "family", *ValueComparison._fields], "psi", settings.psi, settings)
    before = table.groupby("feature")["moved"].shift(fill_value=False)
    detectable = {f"detectable_ks{kind}": table.pop(f"detectable{kind}") for kind in ("", "_single")}
    return table.assign(alarm=table["moved"] & before, **detectable)


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
    for window, blocks in _windows(ordered["date"].to_numpy(), tested, tested["train_end"], settings):
        found = compare_shares(codes, blocks.of_date, len(REGIMES), blocks, draw, settings.level)
        rows.append(window | {name: getattr(found, name) for name in _DIVERGENCE})
        both = zip(REGIMES, found.reference, found.current, strict=True)
        shares += [(window["fold"], *of_regime) for of_regime in both]
    divergences = _judged_divergences(rows, [], settings).drop(columns="detectable_js_single")
    return divergences, pd.DataFrame(shares, columns=["fold", "regime", "reference", "current"])


def _predictions(predictions: pd.DataFrame, tested: pd.DataFrame, settings: Drift, draw: Draw) -> pd.DataFrame:
    rows = []
    followed = predictions[~predictions["predictor"].isin(BASELINES)]
    for predictor, predicted in followed.groupby("predictor"):
        dates, date = np.unique(predicted["date"].to_numpy(), return_inverse=True)
        p_sell, p_hold, p_buy = (predicted[name].to_numpy(dtype=np.float64) for name in PROBABILITIES)
        for window, blocks in _windows(dates, tested, tested["test_start"] - pd.Timedelta(days=1), settings):
            block = blocks.of_date[date]
            used = block >= 0
            cell, cells = quantile_cells(p_hold[used], (p_buy - p_sell)[used])
            found = compare_shares(cell, block[used], cells, blocks, draw, settings.level)
            rows.append(window | {"predictor": str(predictor)} | {name: getattr(found, name) for name in _DIVERGENCE})
    return _judged_divergences(rows, ["predictor"], settings)


def _judged_divergences(rows: list[dict[str, Any]], columns: Sequence[str], settings: Drift) -> pd.DataFrame:
    """Judge divergences; a detectable one is also large enough to be called a move."""
    table = _judged(rows, [*columns, *_DIVERGENCE], "js", settings.divergence, settings)
    detectable = {
        f"detectable_js{kind}": table.pop(f"detectable{kind}").clip(lower=settings.divergence)
        for kind in ("", "_single")
    }
    return table.assign(**detectable)


def _judged(
    rows: list[dict[str, Any]], columns: Sequence[str], effect: str, least: float, settings: Drift
) -> pd.DataFrame:
    """Make a table by fold, with q-values within each fold, what has moved, and what would have been significant.

    A test's `detectable` become `detectable`, with the other tests of the fold as they are, and `detectable_single`.
    """
    from statsmodels.stats.multitest import multipletests

    table = pd.DataFrame(rows, columns=[*_WINDOW, *columns])
    table = table.sort_values("fold", kind="stable", ignore_index=True)
    known = table["p_value"].notna()
    of_tests = table.pop("detectable")
    found = pd.DataFrame(np.nan, index=table.index, columns=["q_value", "detectable", "detectable_single"])
    possible = possible_p_values(settings.permutations, settings.level)
    for _, tested in table[known].groupby("fold"):
        p_values, smallest = tested["p_value"].to_numpy(), np.stack(list(of_tests[tested.index]))
        q_values = multipletests(p_values, method="fdr_bh")[1]
        places = significant_places(p_values, possible, settings.level)
        alone = smallest[np.arange(places.size), places]
        found.loc[tested.index] = np.column_stack([q_values, alone, smallest[:, -1]])
    moved = (table[effect] >= least) & (found["q_value"] <= settings.level)
    return table.assign(q_value=found.pop("q_value"), moved=moved, **found)


def significant_places(p_values: Floats, possible: Floats, level: float) -> Ints:
    r"""Count with how many of the possible p-values each test would be significant, the other tests as they are.

    Benjamini and Hochberg reject a test among n if, for some *k*, its p-value is at most :math:`k/n` times the level,
    and those of at least *k* tests are, its own among them.

    Parameters
    ----------
    p_values : ndarray, shape (n,)
        Of the tests that are corrected together.
    possible : ndarray, shape (c,)
        Ascending, all that a p-value can be up to the level.
    level : float
        The false discovery rate.

    Returns
    -------
    ndarray, shape (n,)
        From 0 to c; comparisons are those of statsmodels, to the bit.
    """
    ranks = np.arange(1, p_values.size + 1)
    small = p_values[:, None] / (ranks / p_values.size) <= level
    enough = small.sum(axis=0) - small + 1 >= ranks
    largest = p_values.size - 1 - enough[:, ::-1].argmax(axis=1)
    places: Ints = (possible[:, None] / (ranks / p_values.size) <= level).sum(axis=0)[largest]
    return places
