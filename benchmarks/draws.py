"""The archive and the draw of the samples as one would write them with pandas: what Barograph is measured against."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from barograph.archive import Detection
from barograph.folds import Fold
from barograph.memory import Memory, balanced_counts

ROW = ["symbol", "date"]


def archive_rows(labels: pd.DataFrame, regimes: pd.DataFrame, bars: pd.DataFrame, named: pd.DataFrame,
                 settings: Detection) -> pd.DataFrame:  # fmt: skip
    """Collect the rows of named events and of those that a loop over the dates finds."""
    spans = [(event.event, None, event.start, event.end) for event in named.itertuples()]
    spans += [*_episodes(regimes, settings), *_shocks(bars, regimes, settings)]
    by_date = dict(list(labels[ROW].groupby("date")))
    found = []
    for event, symbol, start, end in spans:
        for day in pd.date_range(start, end):
            if day in by_date:
                own = by_date[day]
                found.append((own if symbol is None else own[own["symbol"] == symbol]).assign(event=event))
    return pd.concat(found, ignore_index=True)


def _episodes(regimes: pd.DataFrame, settings: Detection) -> Iterator[tuple[str, None, pd.Timestamp, pd.Timestamp]]:
    for regime in ("crash", "recovery", "high_volatility"):
        runs: list[list[int]] = []
        for at, day in enumerate(regimes.itertuples()):
            if day.regime == regime and (regime != "high_volatility" or day.vix >= settings.extreme_vix):
                if not runs or at - runs[-1][-1] > settings.gap_days + 1:
                    runs.append([])
                runs[-1].append(at)
        for run in runs:
            if len(run) >= settings.min_days:
                start, end = regimes["date"].iloc[run[0]], regimes["date"].iloc[run[-1]]
                yield f"{regime}_{start:%Y_%m_%d}", None, start, end


def _shocks(
    bars: pd.DataFrame, regimes: pd.DataFrame, settings: Detection
) -> Iterator[tuple[str, str, pd.Timestamp, pd.Timestamp]]:
    shocks, known = settings.shocks, set(regimes["date"])
    if shocks is None:
        return
    for symbol, own in bars.groupby("symbol"):
        returns = np.log(own["close"]).diff()
        limit = shocks.sigmas * returns.rolling(shocks.window).std().shift()
        usual = own["volume"].rolling(shocks.window).mean().shift()
        large = (returns.abs() >= limit) & ~(own["volume"] < shocks.volume_ratio * usual)
        dates, last = own["date"].to_list(), -shocks.days
        for at, hit in enumerate(large):
            if hit and at - last >= shocks.days:
                last = at
                if dates[at] in known:
                    end = dates[min(at + shocks.days - 1, len(dates) - 1)]
                    yield f"shock_{symbol}_{dates[at]:%Y_%m_%d}", str(symbol), dates[at], end


def samples(labels: pd.DataFrame, events: pd.DataFrame, archive: pd.DataFrame, folds: list[Fold],
            memory: Memory) -> pd.DataFrame:  # fmt: skip
    """Draw window and archive rows with groupby and sample: the same counts, other rows."""
    return pd.concat([_fold(labels, events, archive, fold, memory) for fold in folds], ignore_index=True)


def _fold(labels: pd.DataFrame, events: pd.DataFrame, archive: pd.DataFrame, fold: Fold,
          memory: Memory) -> pd.DataFrame:  # fmt: skip
    cutoff, share = pd.Timestamp(fold.cutoff), memory.archive
    matured = labels[labels["exit_date"] < cutoff]
    usable = events[(events["available_from"] < cutoff) & events["kind"].isin(share.kinds if share else [])]
    names = usable.loc[usable["kind"] == "configured", "event"]
    usable = usable[~usable["duplicate_of"].isin(names)]
    usable = usable.assign(found=usable["kind"] != "configured")
    usable = usable.sort_values(["found", "severity", "event"], ascending=[True, False, True])
    if share:
        usable = usable[usable["rows"].where(usable["found"], 0).cumsum() <= share.max_rows]
    order = usable[["event", "event_weight"]].assign(order=np.arange(len(usable)))
    owned = archive[["event", *ROW]].merge(order, on="event").sort_values("order").drop_duplicates(ROW)
    rows = matured.merge(owned, on=ROW, how="left")
    of_event = rows[rows["event"].notna()]
    targets = dict(zip(order["event"], order["event_weight"], strict=True))
    budget = round(share.share * memory.rows) if share else 0
    counts = balanced_counts(of_event["event"].value_counts().to_dict(), targets, budget, max_copies=1)
    parts = [own.sample(counts[str(name)], random_state=7) for name, own in of_event.groupby("event")]
    left = memory.rows - sum(counts.values())
    window = rows[rows["event"].isna()]
    parts.append(window.sample(min(left, len(window)), random_state=7))
    return pd.concat(parts).sort_values(ROW).assign(fold=fold.number)
