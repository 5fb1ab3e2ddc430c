"""The steps of a paper run: each plays the journal again, adds a day to it, and says what is to be traded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.engine import Simulation
from barograph.backtest.paper.days import Tables, rescaled, tables_of
from barograph.backtest.paper.journal import Event
from barograph.backtest.paper.orders import names_of, working
from barograph.errors import InputError

Trade = Callable[[Tables, list[str]], Simulation]
# Half of the smallest coin.
_CENT: Final = 0.005
_FILL: Final = ("symbol", "shares", "price", "commission", "slippage", "reason")


@dataclass(frozen=True)
class Comparison:
    """A paper run beside a backtest over the same days.

    Attributes
    ----------
    days, fills : int
        Of the paper run.
    differs : str or None
        The first day on which equity or fills differ by a cent or more.
    equity : float
        The backtest's, at the last close.
    """

    days: int
    fills: int
    differs: str | None
    equity: float


def begin(portfolio: str, start: str, settings: Mapping[str, Any], code: str, tables: Tables) -> Event:
    """Give the first event of a journal.

    Raises
    ------
    InputError
        If the bars have no such date.
    """
    dates = tables.bars["date"]
    if not (dates == pd.Timestamp(start)).any():
        raise InputError(f"paper: {start} has no bars; they reach from {dates.min():%F} to {dates.max():%F}")
    return {"event": "init", "portfolio": portfolio, "start": start, "settings": settings, "code": code}


def tick(events: Sequence[Event], tables: Tables, date: str | None, trade: Trade) -> Event:
    """Give the event of the next day: what was seen, filled and sent on it.

    Parameters
    ----------
    events : sequence of dict
        The journal.
    tables : Tables
        Those of the market; the day is taken from them, all earlier days from the journal.
    date : str or None
        The day; None: the next one.
    trade : callable
        Runs the strategy over tables, with the emergency stop released on the dates given.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the day is in the journal, is not the next, or has no bars; if the table's past changed by more than one
        factor; or if the strategy no longer does what the journal says.
    """
    days = days_of(events)
    date = _next(events[0]["start"], days, tables, date)
    seen = tables.on(date)
    factors = rescaled(seen, days, tables.bars)
    day = {"event": "day", "date": date, "factors": factors, "seen": seen}
    book = trade(tables_of([*days, day]), releases(events))
    found = _results(book)
    _refuse_changes(days, found)
    held = book.positions.iloc[-1]
    caps = book.caps[book.caps["date"] == pd.Timestamp(date)].drop(columns="date")
    return (
        day
        | found[date]
        | {
            "positions": {str(name): float(held[name]) for name in held.index[held != 0.0]},
            "orders": working(book),
            "caps": caps.astype(object).where(caps.notna(), None).to_dict("records"),
        }
    )


def take_over(events: Sequence[Event], code: str, trade: Trade) -> Event:
    """Give the event that lets other code go on with a journal, if it does on every day what the journal says.

    Raises
    ------
    InputError
        If it does not.
    """
    days = days_of(events)
    if days:
        _refuse_changes(days, _results(trade(tables_of(days), releases(events))))
    return {"event": "code", "code": code}


def compare(events: Sequence[Event], tables: Tables, trade: Trade) -> Comparison:
    """Compare a journal with a backtest of the tables as they are now, over the same days."""
    days = days_of(events)
    book = trade(tables.between(days[0]["date"], days[-1]["date"]), releases(events))
    found = _results(book)
    differs = (day["date"] for day in days if not _agree(day, found.get(day["date"])))
    fills = sum(len(day["fills"]) for day in days)
    return Comparison(len(days), fills, next(differs, None), float(book.equity.iloc[-1]))


def days_of(events: Sequence[Event]) -> list[Event]:
    """Give the days of a journal."""
    return [event for event in events if event["event"] == "day"]


def releases(events: Sequence[Event]) -> list[str]:
    """Give the dates at whose close the emergency stop is released: of each release the day after it.

    One that no day has followed yet counts from the day after the last: at the next close, whenever that is.
    """
    found, last, pending = [], "", False
    for event in events:
        if event["event"] == "release":
            pending = True
        elif event["event"] == "day":
            last = event["date"]
            found += [last] if pending else []
            pending = False
    if pending and last:
        found.append(f"{calendar_date.fromisoformat(last) + timedelta(days=1):%F}")
    return found


def stopped_on(events: Sequence[Event], stops: Sequence[str]) -> str | None:
    """Give the day on which one of these overlays stopped the run; None while it trades.

    A stop that has been released counts until the next day has followed.
    """
    released, stopped = set(releases(events)), None
    for day in days_of(events):
        stopped = None if day["date"] in released else stopped
        if any(cap["overlay"] in stops and cap["outcome"] == "applied" for cap in day["caps"]):
            stopped = stopped or day["date"]
    return stopped


def _next(start: str, days: Sequence[Event], tables: Tables, date: str | None) -> str:
    last = days[-1]["date"] if days else None
    following = tables.following(last) if last else [start]
    if date is not None and last is not None and date <= last:
        known = date in {day["date"] for day in days}
        raise InputError(f"paper: {date} {'is in the journal' if known else 'is over'}; the last day is {last}")
    if not following:
        raise InputError(f"paper: the bars have no day after {last}; update them (dvc repro)")
    if date not in (None, following[0]):
        raise InputError(f"paper: {date} leaves a gap; the day after {last or 'the start'} is {following[0]}")
    if not (tables.bars["date"] == pd.Timestamp(following[0])).any():
        raise InputError(f"paper: {following[0]} has no bars, but the context has it; complete the bars first")
    return following[0]


def _results(book: Simulation) -> dict[str, dict[str, Any]]:
    """Give fills and account of each date."""
    found: dict[str, dict[str, Any]] = {
        f"{date:%F}": {"fills": [], "equity": float(equity), "cash": float(cash)}
        for date, equity, cash in zip(book.equity.index, book.equity, book.cash, strict=True)
    }
    names = names_of(book.orders)
    for fill in book.fills.to_dict("records"):
        plain = {name: _plain(fill[name]) for name in _FILL}
        found[f"{fill['date']:%F}"]["fills"].append(plain | {"order": names[fill["order"]]})
    return found


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, float) else str(value)


def _refuse_changes(days: Sequence[Event], found: Mapping[str, Mapping[str, Any]]) -> None:
    for day in days:
        now = found[day["date"]]
        if any(day[name] != now[name] for name in ("fills", "equity", "cash")):
            raise InputError(
                f"paper: on {day['date']} the strategy would have {len(now['fills'])} fills and the equity "
                f"{now['equity']:.2f}, the journal has {len(day['fills'])} and {day['equity']:.2f}; a strategy that "
                "decides otherwise than it did needs a new run"
            )


def _agree(day: Event, found: Mapping[str, Any] | None) -> bool:
    """Whether a backtest has the same fills and equity, to the cent; the units of shares may differ."""
    if found is None or len(found["fills"]) != len(day["fills"]) or abs(found["equity"] - day["equity"]) >= _CENT:
        return False
    pairs = zip(day["fills"], found["fills"], strict=True)
    return all(a["symbol"] == b["symbol"] and np.allclose(_money(a), _money(b), rtol=0, atol=_CENT) for a, b in pairs)


def _money(fill: Mapping[str, Any]) -> tuple[float, float]:
    return fill["shares"] * fill["price"], fill["commission"]
