"""Skill in many small cells, per symbol and per sector and regime, corrected for how many of them are looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.names import BASELINES
from barograph.randomness import generator
from barograph.scoring import (
    METRICS,
    Forecasts,
    Metric,
    Part,
    Resamples,
    Validation,
    episode_bootstrap_counts,
    estimates,
    weigh,
)
from barograph.scoring.bootstrap import can_resample
from barograph.scoring.estimate import interval_columns
from barograph.scoring.evidence import independent_cases
from barograph.scoring.pairing import Paired, pair, require
from barograph.scoring.significance import student_p_values
from barograph.scoring.slices import episode_numbers, fold_numbers, regimes_of
from barograph.typing import Floats, Ints, Rows

# Below so many cases a mean is usually not taken for nearly normal, which interval and test do.
FEWEST_CASES: Final = 30
_SYMBOLS: Final = "symbols"
_SKILLS: Final[Sequence[Metric]] = [METRICS[f"skill_{baseline}"] for baseline in BASELINES]
_COUNTS: Final = [
    *("predictor", "rows", "dates", "cases", "episodes", "effective_episodes", "more_episodes", "sufficient")
]


@dataclass(frozen=True)
class Cells:
    """The tables of :func:`score_cells`: one row per cell and predictor.

    Attributes
    ----------
    symbols : pandas.DataFrame
        `symbol`, `gics_sector`, then the columns below; by symbol.
    sectors_by_regime : pandas.DataFrame
        `gics_sector`, `regime`, then the columns below; by sector, regimes from calm to crisis. Pairs without rows are
        left out.

    Notes
    -----
    `predictor`, `rows`, `dates`; `cases`, the sum of the uniqueness of the rows' labels; `episodes`,
    `effective_episodes` and `more_episodes` as :class:`~barograph.scoring.Evidence`, of a symbol's folds or of a
    regime's episodes; `sufficient`; and, for each baseline, the skill against it with interval, p-value and q-value:
    `skill_<baseline>` followed by ``_low``, ``_high``, ``_p_value`` and ``_q_value``.
    """

    symbols: pd.DataFrame
    sectors_by_regime: pd.DataFrame


class _Cell(NamedTuple):
    """The rows of a cell, ascending, their dates, and the number of each date's independent case."""

    names: tuple[str, ...]
    rows: Rows
    dates: Rows
    case: Ints


@without_time_zones
def score_cells(
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    universe: pd.DataFrame,
    settings: Validation,
    seed: int,
) -> Cells:
    """Score every predictor per symbol, and per sector and regime, on the rows that all predictors share.

    Parameters
    ----------
    predictions, regimes, universe, settings, seed
        As :func:`~barograph.validation.validate` takes them.
    labels : pandas.DataFrame
        The table of this name, with `uniqueness`.

    Raises
    ------
    InputError
        As :func:`~barograph.validation.validate`, or if a scored row's uniqueness is missing or not in (0, 1].

    Notes
    -----
    Skill is 1 - LL / LL(baseline), with LL the mean log loss. Its interval comes from a bootstrap of cases: of a symbol
    of whole folds, for each of which a model is frozen; of a sector in a regime of the regime's episodes first, and of
    blocks of `block_days` dates within each. Cells of the same dates have the same resamples.
    The p-value is two-sided, by :func:`~barograph.scoring.significance.student_p_values`.

    The q-value corrects it for the number of cells that a reader looks at [1]_, whose figures may depend on each other
    as long as they do so positively [2]_. A family of tests is the sufficient cells of one table, for one predictor and
    one baseline. Choosing a predictor, too, is a selection, for which nothing is corrected. Neither is an interval:
    that of the best cell of many lies too high.

    Neighbouring labels overlap, so that a row is less than a case. The uniqueness of a label is the mean over its life
    of 1 / the number of its symbol's labels that are alive, and its sum over rows, `cases`, is the number of labels
    without overlap that would be worth as much [3]_. Symbols move together, which uniqueness does not know: in a sector
    it is an upper bound. `sufficient` needs at least 30 cases beside folds or episodes that can decide, see
    :func:`~barograph.scoring.weigh`; other cells have no q-value.

    References
    ----------
    .. [1] Benjamini, Hochberg (1995), "Controlling the False Discovery Rate: a Practical and Powerful Approach to
       Multiple Testing", Journal of the Royal Statistical Society B 57(1).
    .. [2] Benjamini, Yekutieli (2001), "The Control of the False Discovery Rate in Multiple Testing under Dependency",
       Annals of Statistics 29(4).
    .. [3] López de Prado (2018), "Advances in Financial Machine Learning", Wiley, chapter 4.
    """
    from threadpoolctl import threadpool_limits

    paired = pair(predictions, labels, regimes, universe)
    forecasts, uniqueness = paired.forecasts(settings.calibration_bins), _uniqueness(paired, labels)
    tables = {
        _SYMBOLS: (["symbol", "gics_sector"], _symbols(paired)),
        "sectors_by_regime": (["gics_sector", "regime"], _sectors_by_regime(paired, settings)),
    }
    scored = {}
    for table, (names, cells) in tables.items():
        # One thread, for the order of floating-point sums, and since matrices this narrow lose by more.
        with threadpool_limits(1):
            found = {
                cell.names: list(_score(cell, counts, uniqueness, forecasts, settings))
                for cell, counts in _drawn(cells, settings, seed, table)
            }
        rows = [dict(zip(names, cell.names, strict=True)) | row for cell in cells for row in found[cell.names]]
        scored[table] = _corrected(pd.DataFrame(rows), names)
    return Cells(**scored)


def _uniqueness(paired: Paired, labels: pd.DataFrame) -> Floats:
    require(labels, "labels", ("uniqueness",))
    uniqueness = labels["uniqueness"].to_numpy(dtype=np.float64)[paired.label_row]
    wrong = ~((uniqueness > 0) & (uniqueness <= 1))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"labels: {paired.symbol[at]} on {paired.dates[paired.date[at]]} has the uniqueness {uniqueness[at]}; "
            "it must be above 0 and at most 1"
        )
    return uniqueness


def _symbols(paired: Paired) -> list[_Cell]:
    cells = []
    for symbol in sorted(set(paired.symbol)):
        rows = np.flatnonzero(paired.symbol == symbol)
        dates = np.unique(paired.date[rows])
        cells.append(_Cell((symbol, paired.sector[rows[0]]), rows, dates, fold_numbers(paired, dates)))
    return cells


def _sectors_by_regime(paired: Paired, settings: Validation) -> list[_Cell]:
    cells, regime = [], paired.regime[paired.date]
    for sector in sorted(set(paired.sector)):
        inside = paired.sector == sector
        for name in regimes_of(regime[inside]):
            rows = np.flatnonzero(inside & (regime == name))
            dates = np.unique(paired.date[rows])
            case = episode_numbers(paired.trading_day[dates], settings.episode_gap_days)
            cells.append(_Cell((sector, name), rows, dates, case))
    return cells


def _drawn(cells: Sequence[_Cell], settings: Validation, seed: int, table: str) -> Iterator[tuple[_Cell, Floats]]:
    """Give each cell the resamples of its dates, drawn once for all cells of the same dates; these come together."""
    alike: dict[bytes, list[_Cell]] = {}
    for cell in cells:
        alike.setdefault(cell.dates.tobytes(), []).append(cell)
    for same in alike.values():
        rng = generator(seed, "validation", table)
        block, resamples, whole = settings.block_days, settings.resamples, table == _SYMBOLS
        drawn = episode_bootstrap_counts(same[0].case, block, resamples, rng, whole=whole)
        counts = drawn.astype(np.float64)
        for cell in same:
            yield cell, counts


def _score(
    cell: _Cell, counts: Floats, uniqueness: Floats, forecasts: Forecasts, settings: Validation
) -> Iterator[dict[str, Any]]:
    """Give a row of the table for every predictor."""
    evidence = weigh(np.bincount(cell.case), settings.min_episodes)
    cases, worth = float(uniqueness[cell.rows].sum()), independent_cases(cell.case, settings.block_days)
    sufficient = evidence.sufficient and cases >= FEWEST_CASES
    counted = cases, evidence.episodes, evidence.effective, evidence.more, sufficient
    part, resampled = Part(forecasts, cell.rows), Resamples(forecasts, cell.rows, cell.dates, counts)
    columns: list[dict[str, float]] = [{} for _ in forecasts.predictors]
    for metric in _SKILLS:
        values, samples = metric.score(part), metric.score(resampled).T
        if not can_resample(cell.case, settings.block_days):
            samples = np.full_like(samples, np.nan)
        judged = estimates(values, samples, settings.level, worth)
        p_values = student_p_values(values, samples, worth).tolist()
        for row, estimate, p_value in zip(columns, judged, p_values, strict=True):
            row |= estimate.columns(metric.key) | {f"{metric.key}_p_value": p_value}
    for predictor, figures in zip(forecasts.predictors, columns, strict=True):
        yield dict(zip(_COUNTS, (predictor, cell.rows.size, cell.dates.size, *counted), strict=True)) | figures


def _corrected(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Add the q-values of each predictor's sufficient cells, and put the columns in order."""
    from statsmodels.stats.multitest import multipletests

    columns = [*names, *_COUNTS]
    for metric in _SKILLS:
        p_value, q_value = (f"{metric.key}_{name}_value" for name in ("p", "q"))
        table[q_value] = np.nan
        tested = table[table["sufficient"] & table[p_value].notna()]
        for _, family in tested.groupby("predictor"):
            table.loc[family.index, q_value] = multipletests(family[p_value].to_numpy(), method="fdr_bh")[1]
        columns += [*interval_columns(metric.key), p_value, q_value]
    return table[columns]
