"""Drawing a fold's training rows from the window and the archive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.archive.detection import SHOCK
from barograph.archive.events import CONFIGURED
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.folds import Fold, tabulate_folds
from barograph.memory.balancing import Balance, balanced_counts, draw_copies
from barograph.memory.options import ArchiveShare, Memory, Window
from barograph.memory.weighting import row_weights
from barograph.names import KEY
from barograph.randomness import generator
from barograph.typing import Dates, Floats, Mask, Rows

PLACEBO: Final = "placebo"
Names = NDArray[np.object_]


@dataclass(frozen=True)
class Labelled:
    """All labelled rows as arrays, in the order of the labels table, with the facts that a draw depends on.

    `events` are the archive's events; where a row belongs to several, the first counts. Entry i of `entry_row` and
    `entry_event` says that a row belongs to an event, both by position.
    """

    symbol: Names
    date: Dates
    exit_date: Dates
    uniqueness: Floats
    regime: Names
    events: pd.DataFrame
    entry_row: Rows
    entry_event: Rows


@dataclass(frozen=True)
class _Pools:
    """The rows that a fold may draw, none of them in both pools.

    `event` and `regime` are the names under which an archive row is shown, `shares` the rows of each event in the
    archive's part of the budget.
    """

    window: Mask
    archive: Mask
    event: Names
    regime: Names
    shares: dict[str, int]


@without_time_zones
def draw_samples(
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    events: pd.DataFrame,
    archive: pd.DataFrame,
    *,
    memory: Memory,
    folds: Sequence[Fold],
    seed: int,
) -> tuple[pd.DataFrame, Iterator[pd.DataFrame]]:
    """Draw every fold's training rows; rows of dates without a regime are not drawn.

    Returns
    -------
    folds : pandas.DataFrame
        The folds table: as :func:`barograph.folds.tabulate_folds`, and `train_start`, the first date of the window.
    samples : iterator of pandas.DataFrame
        The samples table, a fold at a time.

    Raises
    ------
    InputError
        If a fold has no row to train on.
    """
    known = labels[labels["date"].isin(regimes["date"])]
    rows = labelled_rows(known, regimes, events, archive)
    drawn = (draw_fold(rows, fold, memory, generator(seed, "samples", fold.number)) for fold in folds)
    starts = [_window_start(fold, memory.window, known["date"].min()) for fold in folds]
    return tabulate_folds(folds).assign(train_start=starts), drawn


def labelled_rows(labels: pd.DataFrame, regimes: pd.DataFrame, events: pd.DataFrame, archive: pd.DataFrame) -> Labelled:
    """Lay out the tables of these names as arrays; every date of the labels has a regime."""
    by_date = regimes.set_index("date")["regime"]
    named = events["kind"] == CONFIGURED
    ordered = events.assign(named=named).sort_values(["named", "severity", "event"], ascending=[False, False, True])
    entry_row = pd.MultiIndex.from_frame(labels[KEY]).get_indexer(pd.MultiIndex.from_frame(archive[KEY]))
    labelled = entry_row >= 0
    return Labelled(
        symbol=labels["symbol"].to_numpy(object),
        date=labels["date"].to_numpy("datetime64[D]"),
        exit_date=labels["exit_date"].to_numpy("datetime64[D]"),
        uniqueness=labels["uniqueness"].to_numpy(),
        regime=by_date.reindex(labels["date"]).to_numpy(object),
        events=ordered.reset_index(drop=True),
        entry_row=entry_row[labelled],
        entry_event=pd.Index(ordered["event"]).get_indexer(archive["event"])[labelled],
    )


def draw_fold(rows: Labelled, fold: Fold, memory: Memory, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a fold's part of the samples table; raise an InputError if no row matures in time."""
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


def _pools(rows: Labelled, fold: Fold, memory: Memory, rng: np.random.Generator) -> _Pools:
    matured = fold.matured(rows.exit_date)
    start = _window_start(fold, memory.window, pd.Timestamp(rows.date.min()))
    window = matured & (rows.date >= start.to_datetime64())
    # What the window forgets; all history forgets nothing, so there an event's rows are set apart within it.
    before = matured if memory.window.years is None else matured & ~window
    usable = _usable(rows.events, fold, memory.archive) if memory.archive else np.zeros(len(rows.events), bool)
    event = _event_of_rows(rows, usable)
    archive = before & (event >= 0)
    names = np.append(rows.events["event"].to_numpy(object), "")[event]
    if memory.archive is None or not archive.any():
        return _Pools(window, np.zeros_like(window), names, rows.regime, {})
    weights = rows.events.loc[usable].set_index("event")["event_weight"]
    shares = _shares(names[archive], weights, memory.archive, memory.rows)
    if not memory.archive.placebo:
        regime = rows.regime.copy()
        regime[archive] = rows.events["regime"].to_numpy(object)[event[archive]]
        return _Pools(window & ~archive, archive, names, regime, shares)
    outside = np.flatnonzero(before & ~_in_known_event(rows, fold))
    size = min(sum(shares.values()), outside.size)
    archive = np.zeros_like(matured)
    archive[rng.choice(outside, size, replace=False)] = True
    return _Pools(window & ~archive, archive, np.full_like(names, PLACEBO), rows.regime, {PLACEBO: size})


def _usable(events: pd.DataFrame, fold: Fold, archive: ArchiveShare) -> Mask:
    """Tell which events a fold may draw from: known in time, of the kinds asked for, the most severe within the cap."""
    cutoff = pd.Timestamp(fold.cutoff)
    usable = events["kind"].isin(archive.kinds) & (events["available_from"] < cutoff)
    retired = events["retired_on"].notna() & (fold.final | (events["retired_on"] <= pd.Timestamp(fold.test_start)))
    named = events.loc[usable & (events["kind"] == CONFIGURED), "event"]
    usable &= ~retired
    usable &= ~events["duplicate_of"].isin(named)
    found = usable & (events["kind"] != CONFIGURED)
    too_many = events["rows"].where(found, 0).cumsum() > archive.max_rows
    return np.asarray(usable & ~(found & too_many))


def _event_of_rows(rows: Labelled, usable: Mask) -> Rows:
    """Give the position of the first usable event that each row belongs to, -1 where it belongs to none."""
    entries = np.flatnonzero(usable[rows.entry_event])
    last_to_first = entries[np.argsort(-rows.entry_event[entries], kind="stable")]
    event = np.full(rows.date.size, -1, np.intp)
    event[rows.entry_row[last_to_first]] = rows.entry_event[last_to_first]
    return event


def _in_known_event(rows: Labelled, fold: Fold) -> Mask:
    """Tell which rows are of an event that this fold knows, or on a date of such an event of the whole market."""
    events = rows.events
    known = (events["available_from"] < pd.Timestamp(fold.cutoff)).to_numpy()
    market = known & (events["kind"] != SHOCK).to_numpy()
    dates = np.unique(rows.date[_event_of_rows(rows, market) >= 0])
    inside: Mask = (_event_of_rows(rows, known) >= 0) | np.isin(rows.date, dates)
    return inside


def _shares(event: Names, weights: pd.Series, archive: ArchiveShare, budget: int) -> dict[str, int]:
    """Share the archive's part of the budget among the events by weight, each row at most once."""
    targets = dict(zip(map(str, weights.index), weights.tolist(), strict=True))
    return balanced_counts(_counts(event), targets, round(archive.share * budget), max_copies=1)


def _counts(names: Names) -> dict[str, int]:
    values, counts = np.unique(names.astype(str), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _draw_archive(pools: _Pools, rng: np.random.Generator) -> Rows:
    archived = np.flatnonzero(pools.archive)
    members = pd.Series(archived).groupby(pools.event[archived]).indices
    drawn = [rng.choice(archived[members[event]], n, replace=False) for event, n in pools.shares.items() if n]
    return np.concatenate([np.empty(0, np.intp), *drawn])


def _draw_balanced(pools: _Pools, shared: Rows, balance: Balance, budget: int, rng: np.random.Generator) -> Rows:
    drawable = pools.window | pools.archive
    drawn = []
    for regime, count in balanced_counts(_counts(pools.regime[drawable]), balance.targets, budget).items():
        of_regime = drawable & (pools.regime == regime)
        drawn.append(_draw_regime(of_regime, pools.window, shared[of_regime[shared]], count, rng))
    return np.concatenate(drawn)


def _draw_regime(drawable: Mask, window: Mask, shared: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Take the archive's share, then window rows, then further archive rows; copies only when all are shown."""
    everything = np.flatnonzero(drawable)
    if count >= everything.size:
        return draw_copies(everything, count, rng)
    first = rng.choice(shared, min(count, shared.size), replace=False)
    recent = np.flatnonzero(drawable & window)
    second = rng.choice(recent, min(count - first.size, recent.size), replace=False)
    rest = np.setdiff1d(np.flatnonzero(drawable & ~window), first)
    return np.concatenate([first, second, rng.choice(rest, count - first.size - second.size, replace=False)])


def _sample_table(rows: Labelled, pools: _Pools, fold: Fold, drawn: Rows, memory: Memory) -> pd.DataFrame:
    archived = pools.archive[drawn]
    event, regime = pools.event[drawn], pools.regime[drawn]
    event[~archived] = None
    age = np.where(archived, np.timedelta64(0, "D"), fold.cutoff - rows.date[drawn])
    half_life = memory.window.half_life
    return pd.DataFrame(
        {
            "fold": fold.number,
            "symbol": rows.symbol[drawn],
            "date": rows.date[drawn].astype("datetime64[us]"),
            "copy": np.arange(drawn.size) - np.searchsorted(drawn, drawn, side="left"),
            "source": np.where(archived, "archive", "window"),
            "event": event,
            "regime": regime,
            "weight": row_weights(regime, rows.uniqueness[drawn], age, weights=memory.weights, half_life=half_life),
        }
    )


def _window_start(fold: Fold, window: Window, first: pd.Timestamp) -> pd.Timestamp:
    if window.years is None:
        return first
    return max(first, pd.Timestamp(fold.test_start) - pd.DateOffset(years=window.years))
