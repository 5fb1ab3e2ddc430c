"""The archive's settings: events that are named, and how others are found."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, NotRequired

from pydantic import Field, field_validator, with_config
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.archive.detection import Detection
from barograph.typing import STRICT

Regime = Literal["low_volatility", "normal", "high_volatility", "crash", "recovery"]


@with_config(STRICT)
class Event(TypedDict):
    """An episode: ISO dates, both inclusive, the regime that it represents, and its weight within the archive.

    `known_from` is the day on which somebody added it to the list: no fold tested before may use it, and its weight is
    beside those of the list. From `retired_on` on no fold is shown it, nor is the model that goes into service.
    """

    start: str
    end: str
    regime: Regime
    weight: Annotated[float, Field(gt=0, le=1)]
    known_from: NotRequired[str]
    retired_on: NotRequired[str]


@dataclass(frozen=True, config=STRICT)
class Archive:
    """Rare events: those that are named, and those that are found.

    Parameters
    ----------
    events : dict of str to Event
        Dates must not overlap; the weights of those that nobody added later sum to one.
    detection : Detection or None
        How further events are found; None finds none.
    detected_weight : float
        Weight within the archive of a detected event of severity 1; it grows with the severity.
    same_event_days : int
        A detected event of which most days lie within so many calendar days of a named event is the same, and not
        drawn where the named one is.

    Warnings
    --------
    The list was drawn up knowing which crises mattered. `available_from` keeps a fold from seeing an event early, not
    from profiting of that hindsight; a placebo that draws as many random old rows shows how much it is worth, and
    detected events have none of it.
    """

    events: Annotated[dict[str, Event], Field(min_length=1)]
    detection: Detection | None
    detected_weight: Annotated[float, Field(gt=0, le=1)]
    same_event_days: Annotated[int, Field(ge=0)]

    @field_validator("events")
    @classmethod
    def _events_fit_together(cls, events: dict[str, Event]) -> dict[str, Event]:
        for name, event in events.items():
            start, end = (_day(name, event[side]) for side in ("start", "end"))
            if end < start:
                raise ValueError(f"{name} ends on {end}, before it starts on {start}")
            known, retired = (_day(name, event.get(side, end.isoformat())) for side in ("known_from", "retired_on"))
            if min(known, retired) < start:
                raise ValueError(f"{name} starts on {start}; it cannot be known or retired before")
        ordered = sorted(events.items(), key=lambda item: item[1]["start"])
        for (earlier, first), (later, second) in pairwise(ordered):
            if second["start"] <= first["end"]:
                raise ValueError(f"{later} starts on {second['start']}, before {earlier} ends on {first['end']}")
        total = sum(event["weight"] for event in events.values() if "known_from" not in event)
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the events' weights sum to {total:.6g}; they must sum to 1 (added ones apart)")
        return events


def _day(name: str, text: object) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        day = None
    # Other ISO forms, such as 20080901, do not sort as text by time.
    if day is None or day.isoformat() != text:
        raise ValueError(f"{name}: {text!r} is not an ISO date such as 2008-09-01")
    return day
