"""What the engine is given, checked and laid out: bars, rates, and what may be borrowed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.engine.orders import MOMENTS
from barograph.backtest.engine.state import DUST, Market, Rules, State
from barograph.backtest.execution import Execution
from barograph.errors import InputError
from barograph.market.panel import Panel, layout_of
from barograph.names import LABEL_COLUMNS
from barograph.typing import Dates, Floats, Ints

_PRICES: Final = ("open", "high", "low", "close")
# The fields of a bar that the price of fills needs.
_NEEDED: Final = {
    "next_close": (),
    "next_open": ("open",),
    "typical": ("high", "low"),
    "ohlc_mean": ("open", "high", "low"),
}


def rules_of(execution: Execution, *, logged: bool = True) -> Rules:
    """Give the settings as plain numbers of fixed types."""
    return Rules(
        commission=execution.commission_bps / 1e4,
        per_share=float(execution.commission_per_share),
        minimum=float(execution.commission_minimum),
        per_order=float(execution.commission_per_order),
        half_spread=execution.half_spread_bps / 1e4,
        max_leverage=float(execution.max_leverage),
        maintenance=float(execution.maintenance_margin),
        haircut=float(execution.delisting_haircut),
        ruin=DUST * execution.initial_cash,
        lot=float(execution.lot or 0.0),
        participation=float(execution.participation or (np.inf if _by_volume(execution) else 0.0)),
        impact=float(execution.impact or 0.0),
        slices=int(execution.schedule_bars),
        by_volume=_by_volume(execution),
        delisting_days=int(execution.delisting_days),
        cash_account=execution.account == "cash",
        carry=execution.remainder == "carry",
        touch=execution.limit_touch,
        target_first=execution.first == "target",
        moment=MOMENTS.index(execution.price.removeprefix("next_")),
        factored=_factored(execution),
        logged=logged,
    )


def _by_volume(execution: Execution) -> bool:
    return execution.schedule == "volume_weighted"


def _factored(execution: Execution) -> bool:
    return execution.lot is not None or execution.commission_per_share > 0.0


@dataclass(frozen=True, eq=False)
class Sheet:
    """Bars by date and symbol (T, N), each field laid out when it is first read."""

    dates: Dates
    symbols: Any
    read: Callable[[str], Floats]

    @cached_property
    def open(self) -> Floats:
        """Opens."""
        return self.read("open")

    @cached_property
    def high(self) -> Floats:
        """Highs."""
        return self.read("high")

    @cached_property
    def low(self) -> Floats:
        """Lows."""
        return self.read("low")

    @cached_property
    def close(self) -> Floats:
        """Closes."""
        return self.read("close")

    @cached_property
    def volume(self) -> Floats:
        """Volumes."""
        return self.read("volume")

    @cached_property
    def factor(self) -> Floats:
        """Adjusted price over real price."""
        return self.read("factor")


def lay_out(bars: pd.DataFrame | Panel, execution: Execution) -> Sheet:
    """Give the bars by date and symbol, with their factors if the execution needs them."""
    if isinstance(bars, Panel):
        if _factored(execution):
            raise InputError(
                "bars: a panel has no factor; give a frame with a column factor for lots and per-share fees"
            )
        return Sheet(bars.dates, bars.symbols, partial(getattr, bars))
    # A copy without data: fields are laid out later, and the caller may have changed the frame by then.
    bars = bars.copy(deep=False)
    layout = layout_of(bars)
    sheet = Sheet(layout.dates, layout.symbols, lambda name: layout.grid(bars[name]))
    if _factored(execution) and "factor" not in bars:
        raise InputError(
            "bars: the column factor (adjusted price over real price) is missing; whole lots and commissions per share "
            "need it, as adjusted prices do not tell how many shares are traded"
        )
    if _factored(execution) and not (sheet.factor[~np.isnan(sheet.close)] > 0.0).all():
        raise InputError("bars: factor is missing or not positive; every bar needs a positive one")
    return sheet


def market_of(panel: Sheet, columns: Ints, execution: Execution, *, every_field: bool) -> Market:
    """Give the bars of some columns of the panel; fields that nothing reads are the closes again."""
    close = chosen(panel.close, columns)
    _refuse_negative(close, "close", panel, columns)

    def field(name: str, needed: bool = False) -> Floats:
        if not (needed or every_field or name in _NEEDED[execution.price]):
            return close
        values = chosen(getattr(panel, name), columns)
        if name in _PRICES:
            _refuse_negative(values, name, panel, columns)
        return values

    market = Market(
        open=field("open"),
        high=field("high"),
        low=field("low"),
        close=close,
        volume=field("volume", execution.participation is not None or _by_volume(execution)),
        factor=chosen(panel.factor, columns) if _factored(execution) else close,
        average=close,
        volatility=close,
        pace=close,
    )
    _check(market, panel, columns, execution)
    return _derived(market, execution)


def _derived(market: Market, execution: Execution) -> Market:
    """Give the market with the fields that follow from the bars, where a rule needs them."""
    from barograph.backtest.engine.trailing import pace_of, volatility_of

    fields = [getattr(market, name) for name in (*_NEEDED[execution.price], "close")]
    every = np.arange(market.close.shape[1])
    if len(fields) > 2:
        market = market._replace(average=chosen(sum(fields) / len(fields), every))
    if _by_volume(execution):
        market = market._replace(pace=chosen(pace_of(market.volume), every))
    if execution.impact is not None:
        volatility = volatility_of(market.close)
        volume = np.where(np.isnan(volatility), np.nan, market.volume)
        market = market._replace(volatility=chosen(volatility, every), volume=chosen(volume, every))
    return market


def set_rates(
    state: State,
    panel: Sheet,
    columns: Ints,
    execution: Execution,
    context: pd.DataFrame | None,
    shortable: pd.DataFrame | None,
) -> None:
    """Write dates and rates into the state."""
    dates, table = pd.DatetimeIndex(panel.dates), dated(context)
    state.dates["day"] = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    state.dates["cash_rate"] = _rate("cash_rate", execution.cash_rate, table, dates)
    state.dates["debit_rate"] = _rate("debit_rate", execution.debit_rate, table, dates)
    symbols = [str(name) for name in panel.symbols[columns]]
    state.holdings["borrow_rate"] = _borrow_rates(symbols, execution, shortable)


def chosen(values: Floats, columns: Ints) -> Floats:
    """Give the columns, C-contiguous and read-only: numba would compile again for arrays that are not."""
    every = len(columns) == values.shape[1] and bool((columns == np.arange(len(columns))).all())
    view = np.require(values if every else values[:, columns], np.float64, ["C"]).view()
    view.flags.writeable = False
    return view


def _check(market: Market, panel: Sheet, columns: Ints, execution: Execution) -> None:
    if execution.participation is not None and not np.isfinite(market.volume).any():
        raise InputError("execution.participation is set, but the bars have no volume; set it to null on such bars")
    if _by_volume(execution) and not np.isfinite(market.volume).any():
        raise InputError("execution.schedule is volume_weighted, but the bars have no volume; use twap on such bars")
    for name in _NEEDED[execution.price]:
        missing = np.isnan(getattr(market, name)) & ~np.isnan(market.close)
        if missing.any():
            raise InputError(
                f"execution.price is {execution.price}, but {_cell(missing, panel, columns, f'has no {name} on')}; "
                "use next_close on such bars"
            )


def _refuse_negative(values: Floats, name: str, panel: Sheet, columns: Ints) -> None:
    wrong = values <= 0.0
    if wrong.any():
        place = _cell(wrong, panel, columns, f"has the {name} {values[wrong][0]:g} on")
        raise InputError(f"bars: {place}; a positive price is required")


def _cell(wrong: Any, panel: Sheet, columns: Ints, words: str) -> str:
    t, n = np.argwhere(wrong)[0]
    return f"{panel.symbols[columns[n]]} {words} {pd.DatetimeIndex(panel.dates)[t]:%Y-%m-%d}"


def _rate(key: str, rate: float | str, table: pd.DataFrame, dates: pd.DatetimeIndex) -> Floats:
    """Give the rate known at each date as a fraction per year."""
    if not isinstance(rate, str):
        return np.full(len(dates), rate / 100.0)
    if rate not in table:
        found = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"execution.{key}: the context has no column {rate!r}; its columns are {found}")
    known: Any = table[rate].astype(np.float64).dropna()
    values = np.asarray(known.reindex(dates, method="ffill"), np.float64) / 100.0
    if np.isnan(values).any():
        raise InputError(f"execution.{key}: {rate} of the context has no value up to {dates[np.isnan(values)][0]:%F}")
    return values


def dated(context: pd.DataFrame | None) -> pd.DataFrame:
    """Give the context with its dates as the index; they must increase, and no label may be among the columns."""
    if context is None:
        return pd.DataFrame(index=pd.DatetimeIndex([]))
    table = context.set_index("date") if "date" in context else context
    if not isinstance(table.index, pd.DatetimeIndex) or not table.index.is_monotonic_increasing:
        raise InputError("context: its column or index of dates is missing or not in order; dates must increase")
    if not table.index.is_unique:
        raise InputError(f"context: {table.index[table.index.duplicated()][0]:%F} occurs more than once")
    refuse_labels(table, "context")
    return table


def refuse_labels(table: pd.DataFrame, name: str) -> None:
    """Refuse a table with a label among its columns: labels know what came later."""
    found = [column for column in LABEL_COLUMNS if column in table]
    if found:
        raise InputError(f"{name}: the column {found[0]} is a label; no strategy may see labels")


def _borrow_rates(symbols: list[str], execution: Execution, shortable: pd.DataFrame | None) -> Floats:
    """Give the borrow rate of each symbol as a fraction per year, NaN where nothing can be borrowed."""
    general = execution.borrow_rate / 100.0
    if shortable is None:
        return np.full(len(symbols), general)
    if "symbol" not in shortable or shortable["symbol"].duplicated().any():
        raise InputError("shortable: a column symbol, unique, is required")
    rates = pd.Series(general, index=shortable["symbol"].astype(str))
    if "borrow_rate" in shortable:
        given = shortable["borrow_rate"].to_numpy(np.float64)
        if not (given >= 0.0).all():
            raise InputError("shortable: borrow_rate is missing or negative; percent per year from 0 are required")
        rates[:] = given / 100.0
    return np.asarray(rates.reindex(symbols), np.float64)
