"""Drawing a fold's training rows from the window and the archive."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.folds import Fold, WalkForward
from barograph.memory.balancing import Balance, balanced_counts, draw_copies
from barograph.memory.options import ArchiveShare, Memory, Window
from barograph.randomness import generator

PLACEBO: Final = "placebo"
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
Names = NDArray[np.object_]


@dataclass(frozen=True)
class _Labelled:
    """All labelled rows as arrays, in the order of the labels table, with what the draw looks at."""

    symbol: Names
    date: NDArray[np.datetime64]
    exit_date: NDArray[np.datetime64]
    uniqueness: NDArray[np.float64]
    regime: Names
    event: Names
    events: pd.DataFrame


@dataclass(frozen=True)
class _Pools:
    """What a fold may draw: no row is in both pools.

    `event` and `regime` say under which names an archive row is shown, and `shares` how many rows of each event the
    archive's part of the budget holds.
    """

    window: Mask
    archive: Mask
    event: Names
    regime: Names
    shares: dict[str, int]


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
        The tables of these names; the regimes' dates, up to the last exit, are the trading calendar.
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
    folds = walk.over(labels, regimes)
    rows = _labelled(known, regimes, archive)
    drawn = (_draw_fold(rows, fold, memory, generator(seed, "samples", fold.number)) for fold in folds)
    return fold_table(folds, known, memory.window), drawn


def _labelled(labels: pd.DataFrame, regimes: pd.DataFrame, archive: pd.DataFrame) -> _Labelled:
    by_date = regimes.set_index("date")["regime"]
    rows = labels.merge(archive[["symbol", "date", "event"]], on=["symbol", "date"], how="left")
    return _Labelled(
        symbol=rows["symbol"].to_numpy(object),
        date=rows["date"].to_numpy("datetime64[D]"),
        exit_date=rows["exit_date"].to_numpy("datetime64[D]"),
        uniqueness=rows["uniqueness"].to_numpy(),
        regime=by_date.reindex(rows["date"]).to_numpy(object),
        event=rows["event"].fillna("").to_numpy(object),
        events=archive.groupby("event")[["event_weight", "available_from", "regime"]].first(),
    )


def _draw_fold(rows: _Labelled, fold: Fold, memory: Memory, rng: np.random.Generator) -> pd.DataFrame:
    pools = _pools(rows, fold, memory, rng)
    if not (pools.window.any() or pools.archive.any()):
        raise InputError(f"fold {fold.number}: no labelled row matures before {fold.cutoff}; give more history")
    shared = _draw_archive(pools, rng)
    if memory.balance:
        drawn = _draw_balanced(pools, shared, memory.balance, memory.rows, rng)
    else:
        window = np.flatnonzero(pools.window)
        chosen = rng.choice(window, min(memory.rows - shared.size, window.size), replace=False)
        drawn = np.concatenate([shared, chosen])
    return _sample_table(rows, pools, fold, np.sort(drawn), memory)


def _pools(rows: _Labelled, fold: Fold, memory: Memory, rng: np.random.Generator) -> _Pools:
    matured = fold.matured(rows.exit_date)
    start = _window_start(fold, memory.window, pd.Timestamp(rows.date.min()))
    window = matured & (rows.date >= start.to_datetime64())
    usable = rows.events[rows.events["available_from"] < pd.Timestamp(fold.cutoff)]
    if memory.archive is None or usable.empty:
        return _Pools(window, np.zeros_like(window), rows.event, rows.regime, {})
    archive = matured & np.isin(rows.event, usable.index.to_numpy(object))
    shares = _shares(rows.event[archive], usable["event_weight"], memory.archive, memory.rows)
    if not memory.archive.placebo:
        regime = rows.regime.copy()
        regime[archive] = usable["regime"].reindex(rows.event[archive]).to_numpy(object)
        return _Pools(window & ~archive, archive, rows.event, regime, shares)
    in_some_event = np.isin(rows.date, np.unique(rows.date[rows.event != ""]))
    outside = np.flatnonzero(matured & ~in_some_event)
    size = min(sum(shares.values()), outside.size)
    archive = np.zeros_like(matured)
    archive[rng.choice(outside, size, replace=False)] = True
    return _Pools(window & ~archive, archive, np.full_like(rows.event, PLACEBO), rows.regime, {PLACEBO: size})


def _shares(event: Names, weights: pd.Series, archive: ArchiveShare, budget: int) -> dict[str, int]:
    """Share the archive's part of the budget among the events by weight, each row at most once."""
    names, counts = np.unique(event.astype(str), return_counts=True)
    available = dict(zip(names.tolist(), counts.tolist(), strict=True))
    targets = dict(zip(map(str, weights.index), weights.tolist(), strict=True))
    return balanced_counts(available, targets, round(archive.share * budget), max_copies=1)


def _draw_archive(pools: _Pools, rng: np.random.Generator) -> Rows:
    drawn = [
        rng.choice(np.flatnonzero(pools.archive & (pools.event == event)), count, replace=False)
        for event, count in pools.shares.items()
    ]
    return np.concatenate([np.empty(0, np.intp), *drawn])


def _draw_balanced(pools: _Pools, shared: Rows, balance: Balance, budget: int, rng: np.random.Generator) -> Rows:
    drawable = pools.window | pools.archive
    names, sizes = np.unique(pools.regime[drawable].astype(str), return_counts=True)
    available = dict(zip(names.tolist(), sizes.tolist(), strict=True))
    drawn = []
    for regime, count in balanced_counts(available, balance.targets, budget).items():
        own = drawable & (pools.regime == regime)
        drawn.append(_draw_regime(own, pools.window, shared[own[shared]], count, rng))
    return np.concatenate(drawn)


def _draw_regime(own: Mask, window: Mask, shared: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Take the archive's share, then window rows, then further archive rows; copies only when all are shown."""
    everything = np.flatnonzero(own)
    if count >= everything.size:
        return draw_copies(everything, count, rng)
    first = rng.choice(shared, min(count, shared.size), replace=False)
    recent = np.flatnonzero(own & window)
    second = rng.choice(recent, min(count - first.size, recent.size), replace=False)
    rest = np.setdiff1d(np.flatnonzero(own & ~window), first)
    return np.concatenate([first, second, rng.choice(rest, count - first.size - second.size, replace=False)])


def _sample_table(rows: _Labelled, pools: _Pools, fold: Fold, drawn: Rows, memory: Memory) -> pd.DataFrame:
    archived = pools.archive[drawn]
    event = pools.event[drawn]
    event[~archived] = None
    return pd.DataFrame(
        {
            "fold": fold.number,
            "symbol": rows.symbol[drawn],
            "date": rows.date[drawn].astype("datetime64[us]"),
            "copy": np.arange(drawn.size) - np.searchsorted(drawn, drawn, side="left"),
            "source": np.where(archived, "archive", "window"),
            "event": event,
            "regime": pools.regime[drawn],
            "weight": _weight(rows, pools, fold, drawn, memory),
        }
    )


def _weight(rows: _Labelled, pools: _Pools, fold: Fold, drawn: Rows, memory: Memory) -> NDArray[np.float64]:
    weight = np.ones(drawn.size)
    if memory.weights:
        weight *= pd.Series(pools.regime[drawn]).map(memory.weights.regime).to_numpy(np.float64)
        if memory.weights.uniqueness:
            weight *= rows.uniqueness[drawn]
    if memory.window.half_life:
        years = (fold.cutoff - rows.date[drawn]) / np.timedelta64(1, "D") / 365.25
        weight *= np.where(pools.archive[drawn], 1.0, 0.5 ** (years / memory.window.half_life))
    return weight


def _window_start(fold: Fold, window: Window, first: pd.Timestamp) -> pd.Timestamp:
    if window.years is None:
        return first
    return max(first, pd.Timestamp(fold.test_start) - pd.DateOffset(years=window.years))
