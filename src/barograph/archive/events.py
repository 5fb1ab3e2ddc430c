"""Every event of the archive: its rows in the data, and the day from which a fold may use it."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.archive.archive import Archive, Event
from barograph.archive.detection import DEFAULT_LEVELS, SHOCK, CrashLevels, detect
from barograph.archive.schema import ARCHIVE
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.typing import Mask, Rows

CONFIGURED: Final = "configured"
_CLASS_SHARES: Final = ("share_sell", "share_hold", "share_buy")
_OF_RETURNS: Final = {"mean": "mean", "std": "std", "worst": "min", "best": "max"}
_DAYS: Final = ("start", "end", "recognised_on", "closed_on", "known_from", "retired_on")
_SEVERITY: Final = ("severity_then", "severity")
_FOUND: Final = ["event", "kind", "symbol", "regime", "event_weight", *_DAYS, *_SEVERITY, "duplicate_of"]
_OF_ROWS: Final = ["event", "kind", "regime", "event_weight", "available_from"]


@without_time_zones
def archive_tables(
    labels: pd.DataFrame, regimes: pd.DataFrame, bars: pd.DataFrame, archive: Archive, rule: object = DEFAULT_LEVELS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe every event, named or found, and collect its labelled rows: the events table and the archive table.

    Events are in order of time; a row may belong to a named event and to detected ones. `available_from` is the last
    exit date of the event's rows, for a detected event the day on which it was closed if that is later, and for an
    added one the day on which it was added if that is later. Where the data ends before all its rows are labelled, or
    before it is closed, it lies after the data's end: an event that has not been seen to its end is not yet available.
    It is null where the data has no row of it, and so are the statistics of its rows: the shares of the three classes,
    and the mean, the standard deviation (ddof 1, null of a single row), the lowest and the highest of the simple
    returns from a row's close to its exit.
    """
    parts = [_named(archive), _detected(regimes, bars, archive, rule)]
    found = pd.concat([part for part in parts if len(part)], ignore_index=True).reindex(columns=_FOUND)
    for day in _DAYS:
        found[day] = found[day].astype("datetime64[us]")
    found = found.sort_values(["start", "event"], ignore_index=True)
    known = _Known(labels)
    positions = [known.rows_of(event) for event in found.itertuples()]
    described = [_describe(known, at, event) for at, event in zip(positions, found.itertuples(), strict=True)]
    events = pd.concat([found, pd.DataFrame(described)], axis=1)
    events["coverage"] = _coverage(events, regimes["date"])
    rows = labels.iloc[np.concatenate(positions)][["symbol", "date"]].reset_index(drop=True)
    of_rows = events[_OF_ROWS].iloc[np.repeat(np.arange(len(events)), [at.size for at in positions])]
    rows = pd.concat([of_rows.reset_index(drop=True), rows], axis=1)[list(ARCHIVE.columns)]
    return events.drop(columns="known_from"), rows.sort_values(list(ARCHIVE.key), ignore_index=True)


@without_time_zones
def event_log(events: pd.DataFrame) -> pd.DataFrame:
    """List day by day which events of the events table were recognised or closed; more history only adds lines.

    The columns are `date`, `what` (`recognised` or `closed`), `event`, `kind`, `regime`, `start`, and `severity` as of
    that day.
    """
    detected = events[events["kind"] != CONFIGURED]
    changes = (("recognised", "recognised_on", "severity_then"), ("closed", "closed_on", "severity"))
    parts = [
        detected.assign(date=detected[day], what=change, severity=detected[severity])
        for change, day, severity in changes
    ]
    lines = pd.concat(parts, ignore_index=True).dropna(subset="date")
    columns = ["date", "what", "event", "kind", "regime", "start", "severity"]
    return lines.sort_values(["date", "event", "what"], ignore_index=True)[columns]


def _named(archive: Archive) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "event": name,
                "kind": CONFIGURED,
                "start": pd.Timestamp(event["start"]),
                "end": pd.Timestamp(event["end"]),
                "regime": event["regime"],
                "event_weight": event["weight"],
                "known_from": pd.Timestamp(event.get("known_from", "NaT")),
                "retired_on": pd.Timestamp(event.get("retired_on", "NaT")),
            }
            for name, event in archive.events.items()
        ]
    )


def _detected(regimes: pd.DataFrame, bars: pd.DataFrame, archive: Archive, rule: object) -> pd.DataFrame:
    if archive.detection is None:
        return pd.DataFrame()
    if not isinstance(rule, CrashLevels):
        raise InputError(
            f"regime: {type(rule).__name__} lacks crash_vix or crash_return, by which the severity of detected events "
            "is measured; name both, or set archive.detection to null"
        )
    found = detect(regimes, bars, archive.detection, rule)
    same = pd.Series(None, index=found.index, dtype="str")
    for name, event in sorted(archive.events.items(), key=_of_the_list_first):
        inside = (found["kind"] != SHOCK) & _mostly_within(found, event, archive.same_event_days)
        same[inside & same.isna()] = name
    return found.assign(event_weight=archive.detected_weight * found["severity"], duplicate_of=same)


def _of_the_list_first(named: tuple[str, Event]) -> tuple[str, str]:
    return named[1].get("known_from", ""), named[1]["start"]


def _mostly_within(found: pd.DataFrame, event: Event, margin: int) -> Mask:
    """Tell which found events have more than half of their calendar days inside the named event and its margin."""
    start, end = (found[side].to_numpy("datetime64[D]") for side in ("start", "end"))
    first = np.maximum(start, np.datetime64(event["start"]) - margin)
    last = np.minimum(end, np.datetime64(event["end"]) + margin)
    inside: Mask = 2 * (last - first).astype(np.int64) + 2 > (end - start).astype(np.int64) + 1
    return inside


class _Known:
    """The labelled rows: their positions by symbol, the last labelled day, and the day after the last exit."""

    def __init__(self, labels: pd.DataFrame) -> None:
        self.labels = labels
        self.dates = labels["date"].to_numpy()
        self.of_symbol = {name: np.asarray(at) for name, at in labels.groupby("symbol").indices.items()}
        self.last = pd.Timestamp(labels["date"].max())
        self.after = pd.Timestamp(labels["exit_date"].max()) + pd.Timedelta(days=1)

    def rows_of(self, event: Any) -> Rows:
        """Give the positions of the event's rows."""
        everywhere = np.arange(self.dates.size)
        at = everywhere if pd.isna(event.symbol) else self.of_symbol.get(event.symbol, everywhere[:0])
        inside: Mask = (self.dates[at] >= event.start.to_datetime64()) & (self.dates[at] <= event.end.to_datetime64())
        return at[inside]

    def last_of(self, event: Any) -> pd.Timestamp:
        """Give the last labelled day of the event's symbol, or of all."""
        return self.last if pd.isna(event.symbol) else pd.Timestamp(self.dates[self.of_symbol[event.symbol][-1]])


def _describe(known: _Known, at: Rows, event: Any) -> dict[str, Any]:
    rows = known.labels.iloc[at]
    shares = np.bincount(rows["label"], minlength=len(_CLASS_SHARES)) / max(at.size, 1)
    return {
        "rows": at.size,
        "symbols": rows["symbol"].nunique(),
        "available_from": _available_from(known, rows, event) if at.size else pd.NaT,
        **(dict(zip(_CLASS_SHARES, shares, strict=True)) if at.size else dict.fromkeys(_CLASS_SHARES, np.nan)),
        **{f"{name}_exit_return": rows["exit_return"].agg(way) for name, way in _OF_RETURNS.items()},
    }


def _available_from(known: _Known, rows: pd.DataFrame, event: Any) -> pd.Timestamp:
    unfinished = event.kind != CONFIGURED and pd.isna(event.closed_on)
    if unfinished or known.last_of(event) <= event.end:
        return pd.Timestamp(max(known.after, event.end))
    days = [day for day in (rows["exit_date"].max(), event.closed_on, event.known_from) if not pd.isna(day)]
    return pd.Timestamp(max(days))


def _coverage(events: pd.DataFrame, calendar: pd.Series) -> NDArray[np.str_]:
    inside = (events["start"] >= calendar.min()) & (events["end"] <= calendar.max())
    return np.select([events["rows"] == 0, inside], ["missing", "full"], "partial")
