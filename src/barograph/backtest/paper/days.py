"""What a paper run saw on each date: taken from the tables of the market once, and kept in the journal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from barograph.errors import InputError
from barograph.names import KEY

PRICES: Final = ("open", "high", "low", "close")
# Adjusted prices differ by less between two downloads.
_SAME: Final = 1e-6


@dataclass(frozen=True)
class Tables:
    """The tables that a paper run looks at.

    Attributes
    ----------
    bars : DataFrame
        ``symbol, date, open, high, low, close, volume`` and, where the execution needs it, ``factor``.
    signals : DataFrame
        ``symbol, date`` and columns of numbers.
    context : DataFrame
        ``date`` and the columns of the context, as known on the date.
    """

    bars: pd.DataFrame
    signals: pd.DataFrame
    context: pd.DataFrame

    def following(self, date: str) -> list[str]:
        """Give the dates after this one, of the bars and of the context, that the bars reach."""
        newest = self.bars["date"].max()
        dates = pd.concat([self.bars["date"], self.context["date"]]).drop_duplicates().sort_values()
        return [f"{day:%F}" for day in dates[(dates > pd.Timestamp(date)) & (dates <= newest)]]

    def between(self, first: str, last: str) -> "Tables":
        """Give the tables of the dates from the first to the last."""
        span = pd.Timestamp(first), pd.Timestamp(last)
        return Tables(*(each[each["date"].between(*span)] for each in (self.bars, self.signals, self.context)))

    def on(self, date: str) -> dict[str, dict[str, list[Any]]]:
        """Give the rows of a date as plain values by table and column; of the context the newest up to it."""
        day = pd.Timestamp(date)
        bars, signals = (each[each["date"] == day].sort_values("symbol") for each in (self.bars, self.signals))
        known = self.context[self.context["date"] <= day].sort_values("date").tail(1)
        parts = {"bars": bars, "signals": signals, "context": known}
        return {name: _plain(table.drop(columns="date")) for name, table in parts.items()}


def tables_of(days: Sequence[Mapping[str, Any]]) -> Tables:
    """Give the tables that the days of a journal contain."""
    bars, signals, context = (_joined(days, name) for name in ("bars", "signals", "context"))
    return Tables(_numbers(bars), _numbers(signals), context)


def rescaled(seen: dict[str, Any], days: Sequence[Mapping[str, Any]], table: pd.DataFrame) -> dict[str, float]:
    """Bring the bars of a new date into the units of the journal, and give the factor of each price that is not 1.

    A dividend or a split changes all earlier adjusted prices of the table by one factor. It is found on the newest bar
    that both have.

    Raises
    ------
    InputError
        If the table's earlier bar has changed in any other way.
    """
    factors: dict[str, float] = {}
    bars = seen["bars"]
    earlier = table.set_index(KEY)
    for place, symbol in enumerate(bars["symbol"]):
        last = next((day for day in reversed(days) if symbol in day["seen"]["bars"]["symbol"]), None)
        if last is None:
            continue
        factor = _factor(symbol, last, earlier)
        if factor == 1.0:
            continue
        factors[symbol] = factor
        for name in (*PRICES, "factor"):
            if name in bars and bars[name][place] is not None:
                bars[name][place] *= factor
        if bars.get("volume") and bars["volume"][place] is not None:
            bars["volume"][place] /= factor
    return factors


def _factor(symbol: str, last: Mapping[str, Any], table: pd.DataFrame) -> float:
    """Give the journal's price over the table's on the journal's last bar of a symbol."""
    bars, date = last["seen"]["bars"], last["date"]
    place = bars["symbol"].index(symbol)
    key: Any = (symbol, pd.Timestamp(date))
    if key not in table.index:
        raise InputError(f"bars: the bar of {symbol} on {date} is gone; the journal has it")
    now: Any = table.loc[key]
    kept = {name: bars[name][place] for name in PRICES if bars.get(name)}
    ratios = {name: value / now[name] for name, value in kept.items() if value is not None}
    factor = float(ratios["close"])
    for name, ratio in ratios.items():
        if not math.isclose(ratio, factor, rel_tol=_SAME):
            raise InputError(
                f"bars: the {name} of {symbol} on {date} was {kept[name]:g} and is {now[name]:g}, the close was "
                f"{kept['close']:g} and is {now['close']:g}; the past may only change by one factor"
            )
    return factor


def _plain(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): [_value(value) for value in table[name].tolist()] for name in table}


def _value(value: Any) -> Any:
    """Give a value as JSON has it: None where it is missing."""
    if isinstance(value, str | bool) or value is None:
        return value
    return None if pd.isna(value) else float(value)


def _joined(days: Sequence[Mapping[str, Any]], name: str) -> pd.DataFrame:
    """Give the rows of all days; a column that a day lacks is missing there."""
    counts = [len(next(iter(day["seen"][name].values()), [])) for day in days]
    columns = dict.fromkeys(column for day in days for column in day["seen"][name])
    cells = {
        column: [
            value
            for day, count in zip(days, counts, strict=True)
            for value in day["seen"][name].get(column) or [None] * count
        ]
        for column in columns
    }
    dates = [day["date"] for day, count in zip(days, counts, strict=True) for _ in range(count)]
    frame = pd.DataFrame({"date": pd.to_datetime(dates).as_unit("us")} | cells)
    empty = [column for column in columns if frame[column].isna().all()]
    return frame.astype(dict.fromkeys(empty, float))


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    names = table.columns.drop(["date", "symbol"], errors="ignore")
    frame = table.astype(dict.fromkeys(names, float))
    return frame.assign(symbol=frame["symbol"].astype("str")) if "symbol" in frame else frame.assign(symbol="")
