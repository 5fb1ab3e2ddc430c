"""Drawing a fold's training rows from the window and the archive."""

from collections.abc import Iterator
from dataclasses import dataclass as plain_dataclass
from typing import Annotated, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.folds import Fold, WalkForward
from barograph.memory.archive import Regime
from barograph.memory.balancing import Balance, balanced_counts, draw_copies
from barograph.randomness import generator
from barograph.tables import REGIMES

_STRICT: Final = ConfigDict(strict=True, extra="forbid")
_WINDOW_ONLY: Final = ("low_volatility", "normal")
PLACEBO: Final = "placebo"
Rows = NDArray[np.intp]


@dataclass(frozen=True, config=_STRICT)
class Window:
    """The recent past that a model is shown.

    Parameters
    ----------
    years : int or None
        Calendar years before the test window; None for all history.
    half_life : float or None
        Years after which a window row weighs half as much; None for no decay.
    """

    years: Annotated[int, Field(ge=1)] | None
    half_life: Annotated[float, Field(gt=0)] | None


@dataclass(frozen=True, config=_STRICT)
class ArchiveShare:
    """The part of the row budget that comes from the archive.

    Parameters
    ----------
    share : float
        Of the budget; events share it by their weights, each row at most once.
    placebo : bool
        Draw as many rows at random from the same past outside any event instead.
    """

    share: Annotated[float, Field(gt=0, lt=1)]
    placebo: bool


@dataclass(frozen=True, config=_STRICT)
class Weights:
    """How much a row counts.

    Parameters
    ----------
    regime : dict of str to float
        Factor of every regime.
    uniqueness : bool
        Multiply by the label's average uniqueness.
    """

    regime: dict[Regime, Annotated[float, Field(gt=0)]]
    uniqueness: bool

    def __post_init__(self) -> None:
        """Refuse a list of factors that leaves a regime out."""
        if missing := [regime for regime in REGIMES if regime not in self.regime]:
            raise ValueError(f"regime lacks {missing}; every regime needs a factor")


@dataclass(frozen=True, config=_STRICT)
class Memory:
    """What a model is shown: a window, an archive, balanced and weighted, within one budget of rows.

    Parameters
    ----------
    rows : int
        The budget, the same for every option so that size never passes for memory.
    window : Window
    archive : ArchiveShare or None
    balance : Balance or None
    weights : Weights or None
    """

    rows: Annotated[int, Field(ge=100)]
    window: Window
    archive: ArchiveShare | None
    balance: Balance | None
    weights: Weights | None


@plain_dataclass(frozen=True)
class _Past:
    """All labelled rows as arrays, in the order of the labels table, with what the draw looks at."""

    symbol: NDArray[np.object_]
    date: NDArray[np.datetime64]
    exit_date: NDArray[np.datetime64]
    uniqueness: NDArray[np.float64]
    regime: NDArray[np.object_]
    event: NDArray[np.object_]
    event_regime: NDArray[np.object_]
    events: pd.DataFrame

    def is_event(self) -> NDArray[np.bool_]:
        dates = self.date[self.event != ""]
        return np.isin(self.date, np.unique(dates))


@plain_dataclass(frozen=True)
class _Drawn:
    """Row positions by the source that they were drawn from."""

    window: Rows
    archive: Rows


def fold_table(folds: list[Fold], labels: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Tabulate the folds.

    Parameters
    ----------
    folds : list of Fold
    labels : pandas.DataFrame
        The labels table.
    window : Window

    Returns
    -------
    pandas.DataFrame
        The folds table: `train_start` is the first date of the window, `train_end` the last day on which a training
        row's label may have become known; `test_end` is null for the final model's fold.
    """
    first = labels["date"].min()
    return pd.DataFrame(
        {
            "fold": [fold.number for fold in folds],
            "train_start": [_window_start(fold, window, first) for fold in folds],
            "train_end": [pd.Timestamp(fold.cutoff) - pd.Timedelta(days=1) for fold in folds],
            "test_start": [pd.Timestamp(fold.test_start) for fold in folds],
            "test_end": [pd.Timestamp(fold.test_end) for fold in folds],
        }
    )


def draw_samples(
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    archive: pd.DataFrame,
    *,
    memory: Memory,
    walk: WalkForward,
    seed: int,
) -> tuple[pd.DataFrame, Iterator[pd.DataFrame]]:
    """Draw every fold's training rows.

    Parameters
    ----------
    labels, regimes, archive : pandas.DataFrame
        The tables of these names; the regimes' dates are the trading calendar.
    memory : Memory
    walk : WalkForward
    seed : int

    Returns
    -------
    folds : pandas.DataFrame
        The folds table.
    samples : iterator of pandas.DataFrame
        The samples table, a fold at a time.

    Raises
    ------
    InputError
        If no year can be tested, or a fold has no row to train on.
    """
    known = labels[labels["date"].isin(regimes["date"])]
    folds = walk.folds(regimes["date"].to_numpy(), known["date"].min())
    past = _past(known, regimes, archive)
    drawn = (_draw_fold(past, fold, memory, generator(seed, "samples", fold.number)) for fold in folds)
    return fold_table(folds, known, memory.window), drawn


def _past(labels: pd.DataFrame, regimes: pd.DataFrame, archive: pd.DataFrame) -> _Past:
    by_date = regimes.set_index("date")["regime"]
    rows = labels.merge(archive[["symbol", "date", "event", "regime"]], on=["symbol", "date"], how="left")
    return _Past(
        symbol=rows["symbol"].to_numpy(object),
        date=rows["date"].to_numpy("datetime64[D]"),
        exit_date=rows["exit_date"].to_numpy("datetime64[D]"),
        uniqueness=rows["uniqueness"].to_numpy(),
        regime=by_date.reindex(rows["date"]).to_numpy(object),
        event=rows["event"].fillna("").to_numpy(object),
        event_regime=rows["regime"].fillna("").to_numpy(object),
        events=archive.groupby("event")[["event_weight", "available_from", "regime"]].first(),
    )


def _draw_fold(past: _Past, fold: Fold, memory: Memory, rng: np.random.Generator) -> pd.DataFrame:
    matured = fold.matured(past.exit_date)
    start = _window_start(fold, memory.window, pd.Timestamp(past.date.min()))
    in_window = matured & (past.date >= start.to_datetime64())
    in_archive = np.zeros_like(matured)
    usable = past.events[past.events["available_from"] < pd.Timestamp(fold.cutoff)]
    if memory.archive and len(usable):
        in_archive = matured & np.isin(past.event, usable.index.to_numpy(object))
    if memory.archive and memory.archive.placebo:
        size = sum(_event_counts(past, in_archive, usable, memory).values())
        pool = np.flatnonzero(matured & ~past.is_event())
        chosen = np.sort(rng.choice(pool, min(size, pool.size), replace=False))
        in_archive = np.zeros_like(matured)
        in_archive[chosen] = True
    in_window &= ~in_archive
    if not (in_window.any() or in_archive.any()):
        raise InputError(f"fold {fold.number}: no labelled row matures before {fold.cutoff}; give more history")
    if memory.balance:
        drawn = _draw_balanced(past, in_window, in_archive, usable, memory, memory.balance, rng)
    else:
        drawn = _draw_unbalanced(past, in_window, in_archive, usable, memory, rng)
    return _sample_table(past, fold, drawn, memory)


def _event_counts(past: _Past, in_archive: NDArray[np.bool_], usable: pd.DataFrame, memory: Memory) -> dict[str, int]:
    """Share the archive's part of the budget among the events by weight, each row at most once."""
    share = memory.archive.share if memory.archive else 0.0
    names, counts = np.unique(past.event[in_archive].astype(str), return_counts=True)
    available = dict(zip(names.tolist(), counts.tolist(), strict=True))
    weights = usable["event_weight"].to_dict()
    return balanced_counts(available, weights, round(share * memory.rows), max_copies=1)


def _draw_archive(
    past: _Past, in_archive: NDArray[np.bool_], counts: dict[str, int], rng: np.random.Generator
) -> Rows:
    pools = {event: np.flatnonzero(in_archive & (past.event == event)) for event in counts}
    return np.concatenate(
        [np.empty(0, np.intp), *(rng.choice(pools[event], counts[event], replace=False) for event in counts)]
    )


def _draw_unbalanced(
    past: _Past,
    in_window: NDArray[np.bool_],
    in_archive: NDArray[np.bool_],
    usable: pd.DataFrame,
    memory: Memory,
    rng: np.random.Generator,
) -> _Drawn:
    if memory.archive and memory.archive.placebo:
        archive = np.flatnonzero(in_archive)
    else:
        archive = _draw_archive(past, in_archive, _event_counts(past, in_archive, usable, memory), rng)
    pool = np.flatnonzero(in_window)
    window = rng.choice(pool, min(memory.rows - archive.size, pool.size), replace=False)
    return _Drawn(window, archive)


def _draw_balanced(
    past: _Past,
    in_window: NDArray[np.bool_],
    in_archive: NDArray[np.bool_],
    usable: pd.DataFrame,
    memory: Memory,
    balance: Balance,
    rng: np.random.Generator,
) -> _Drawn:
    regime = _shown_regime(past, in_archive)
    drawable = in_window | in_archive
    names, sizes = np.unique(regime[drawable].astype(str), return_counts=True)
    available = dict(zip(names.tolist(), sizes.tolist(), strict=True))
    counts = balanced_counts(available, balance.targets, memory.rows)
    quotas = {} if memory.archive and memory.archive.placebo else _event_counts(past, in_archive, usable, memory)
    window, archive = [], []
    for name, count in counts.items():
        own = drawable & (regime == name)
        wanted = {event: quota for event, quota in quotas.items() if usable.at[event, "regime"] == name}
        rows = _draw_regime(past, own & in_window, own & in_archive, wanted, count, rng)
        archived = in_archive[rows]
        window.append(rows[~archived])
        archive.append(rows[archived])
    return _Drawn(np.concatenate(window), np.concatenate(archive))


def _draw_regime(
    past: _Past,
    in_window: NDArray[np.bool_],
    in_archive: NDArray[np.bool_],
    quotas: dict[str, int],
    count: int,
    rng: np.random.Generator,
) -> Rows:
    """Take the archive's quota, then window rows, then further archive rows; copies only when all are shown."""
    everything = np.flatnonzero(in_window | in_archive)
    if count >= everything.size:
        return draw_copies(everything, count, rng)
    if sum(quotas.values()) > count:
        quotas = balanced_counts(quotas, quotas, count, max_copies=1)
    first = _draw_archive(past, in_archive, quotas, rng)
    pool = np.flatnonzero(in_window)
    second = rng.choice(pool, min(count - first.size, pool.size), replace=False)
    rest = np.setdiff1d(np.flatnonzero(in_archive), first)
    third = rng.choice(rest, count - first.size - second.size, replace=False)
    return np.concatenate([first, second, third])


def _shown_regime(past: _Past, in_archive: NDArray[np.bool_]) -> NDArray[np.object_]:
    return np.where(in_archive & (past.event_regime != ""), past.event_regime, past.regime)


def _sample_table(past: _Past, fold: Fold, drawn: _Drawn, memory: Memory) -> pd.DataFrame:
    rows = np.concatenate([drawn.window, drawn.archive])
    archived = np.repeat([False, True], [drawn.window.size, drawn.archive.size])
    order = np.argsort(rows, kind="stable")
    rows, archived = rows[order], archived[order]
    in_archive = np.zeros(past.date.size, bool)
    in_archive[drawn.archive] = True
    placebo = memory.archive is not None and memory.archive.placebo
    regime = _shown_regime(past, in_archive)[rows]
    event = np.where(archived, PLACEBO if placebo else past.event[rows], None)
    first = np.searchsorted(rows, rows, side="left")
    return pd.DataFrame(
        {
            "fold": fold.number,
            "symbol": past.symbol[rows],
            "date": past.date[rows].astype("datetime64[us]"),
            "copy": np.arange(rows.size) - first,
            "source": np.where(archived, "archive", "window"),
            "event": event,
            "regime": regime,
            "weight": _weight(past, rows, archived, regime, fold, memory),
        }
    )


def _weight(
    past: _Past,
    rows: Rows,
    archived: NDArray[np.bool_],
    regime: NDArray[np.object_],
    fold: Fold,
    memory: Memory,
) -> NDArray[np.float64]:
    weight = np.ones(rows.size)
    if memory.weights:
        weight *= pd.Series(regime).map(memory.weights.regime).to_numpy(np.float64)
        if memory.weights.uniqueness:
            weight *= past.uniqueness[rows]
    if memory.window.half_life:
        years = (fold.cutoff - past.date[rows]) / np.timedelta64(1, "D") / 365.25
        weight *= np.where(archived, 1.0, 0.5 ** (years / memory.window.half_life))
    return weight


def _window_start(fold: Fold, window: Window, first: pd.Timestamp) -> pd.Timestamp:
    if window.years is None:
        return first
    return max(first, pd.Timestamp(fold.test_start) - pd.DateOffset(years=window.years))
