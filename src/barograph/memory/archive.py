"""The archive of rare events: which rows belong to which crisis, and from when they may be used."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Final, Literal

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

Regime = Literal["low_volatility", "normal", "high_volatility", "crash", "recovery"]
_CLASS_SHARES: Final = ("share_sell", "share_hold", "share_buy")


class Event(TypedDict):
    """One episode: ISO dates, both inclusive, the regime it stands for, and its weight within the archive."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]

    start: str
    end: str
    regime: Regime
    weight: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class Archive:
    """The configured events.

    Parameters
    ----------
    events : dict of str to Event
        Dates must not overlap; weights sum to one.

    Warnings
    --------
    The list was drawn up knowing which crises mattered. `available_from` keeps a fold from seeing an event early, not
    from profiting of that hindsight; a placebo that draws as many random old rows shows how much it is worth.
    """

    events: Annotated[dict[str, Event], Field(min_length=1)]

    @field_validator("events")
    @classmethod
    def _events_fit_together(cls, events: dict[str, Event]) -> dict[str, Event]:
        for name, event in events.items():
            start, end = (_day(name, event[side]) for side in ("start", "end"))
            if end < start:
                raise ValueError(f"{name} ends on {end}, before it starts on {start}")
        ordered = sorted(events.items(), key=lambda item: item[1]["start"])
        for (earlier, first), (later, second) in pairwise(ordered):
            if second["start"] <= first["end"]:
                raise ValueError(f"{later} starts on {second['start']}, before {earlier} ends on {first['end']}")
        total = sum(event["weight"] for event in events.values())
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the events' weights sum to {total:.6g}; they must sum to 1")
        return events


def archive_rows(labels: pd.DataFrame, archive: Archive) -> pd.DataFrame:
    """Collect the labelled rows of every event.

    Parameters
    ----------
    labels : pandas.DataFrame
        The labels table.
    archive : Archive

    Returns
    -------
    pandas.DataFrame
        The archive table; see :func:`event_coverage` for `available_from`.
    """
    tables = [_event_rows(labels, name, event) for name, event in archive.events.items()]
    return pd.concat(tables, ignore_index=True).sort_values(["event", "symbol", "date"], ignore_index=True)


def event_coverage(labels: pd.DataFrame, calendar: pd.Series, archive: Archive) -> pd.DataFrame:
    """Describe what the data holds of every event.

    Parameters
    ----------
    labels : pandas.DataFrame
        The labels table.
    calendar : pandas.Series of datetime64
        The trading days of the data.
    archive : Archive

    Returns
    -------
    pandas.DataFrame
        One row an event, in order of time: `event, start, end, regime, event_weight, rows, symbols, coverage` (full,
        partial or missing), `available_from` (null if missing), the label shares and the mean exit return.
        `available_from` is the last exit date of the event's rows; where the data ends before all of them are labelled,
        it lies after the data's end: an event that has not been seen to its end is not yet available.
    """
    first, last = calendar.min(), calendar.max()
    described = []
    for name, event in sorted(archive.events.items(), key=lambda item: item[1]["start"]):
        own = labels[_within(labels, event)]
        start, end = pd.Timestamp(event["start"]), pd.Timestamp(event["end"])
        full = "full" if first <= start and end <= last else "partial"
        shares = np.bincount(own["label"], minlength=3) / max(len(own), 1)
        described.append(
            {
                "event": name,
                "start": start,
                "end": end,
                "regime": event["regime"],
                "event_weight": event["weight"],
                "rows": len(own),
                "symbols": own["symbol"].nunique(),
                "coverage": full if len(own) else "missing",
                "available_from": _available_from(labels, own, event) if len(own) else pd.NaT,
                **(dict(zip(_CLASS_SHARES, shares, strict=True)) if len(own) else dict.fromkeys(_CLASS_SHARES, np.nan)),
                "mean_exit_return": own["exit_return"].mean(),
            }
        )
    return pd.DataFrame(described)


def _event_rows(labels: pd.DataFrame, name: str, event: Event) -> pd.DataFrame:
    own = labels.loc[_within(labels, event), ["symbol", "date", "exit_date"]]
    return pd.DataFrame(
        {
            "event": pd.Series(name, index=own.index, dtype="str"),
            "symbol": own["symbol"],
            "date": own["date"],
            "regime": pd.Series(event["regime"], index=own.index, dtype="str"),
            "event_weight": event["weight"],
            "available_from": _available_from(labels, own, event) if len(own) else own["exit_date"],
        }
    )


def _available_from(labels: pd.DataFrame, own: pd.DataFrame, event: Event) -> pd.Timestamp:
    end = pd.Timestamp(event["end"])
    if labels["date"].max() > end:
        return pd.Timestamp(own["exit_date"].max())
    after_the_data: pd.Timestamp = labels["exit_date"].max() + pd.Timedelta(days=1)
    return max(after_the_data, end)


def _within(labels: pd.DataFrame, event: Event) -> pd.Series:
    return labels["date"].between(pd.Timestamp(event["start"]), pd.Timestamp(event["end"]))


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{name}: {text!r} is not an ISO date such as 2008-09-01") from error
