"""The event driver: one callback per date, with arrays over symbols."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any, Protocol

import numpy as np
import pandas as pd

from barograph.backtest.engine.columns import columns_of, context_of
from barograph.backtest.engine.day import Day
from barograph.backtest.engine.desk import desk_of
from barograph.backtest.engine.market import lay_out, market_of, rules_of, set_rates
from barograph.backtest.engine.result import Simulation, simulation_of
from barograph.backtest.engine.session import Session
from barograph.backtest.engine.simulate import simulate
from barograph.backtest.engine.state import new_state
from barograph.backtest.execution import Execution
from barograph.backtest.management import Managed, Management
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.panel import Panel


class EventStrategy(Protocol):
    """Decides at the close of each date."""

    def on_bar(self, day: Day) -> None:
        """Look at the day, and send orders for later dates."""


@without_time_zones
def run(
    bars: pd.DataFrame | Panel,
    strategy: Any,
    execution: Execution,
    signals: pd.DataFrame | None = None,
    context: pd.DataFrame | None = None,
    *,
    features: pd.DataFrame | None = None,
    shortable: pd.DataFrame | None = None,
) -> Simulation:
    """Let a strategy trade, date by date.

    At the close of each date the strategy's ``on_bar(day)`` sees the :class:`Day` and sends orders, which work from the
    next date on. A strategy that has ``target_weights(signals, context)`` instead, or
    ``target_weights(signals)``, is traded by :func:`simulate`. The
    strategy is copied before the run; what it keeps from date to date is in the copy or in ``day.memory``.

    Parameters
    ----------
    bars : DataFrame or Panel
        Columns ``symbol, date, open, high, low, close, volume``, or the panel made of them; ``factor`` (adjusted price
        over real price) where `execution` needs it.
    strategy : object with ``on_bar`` or ``target_weights``
        Or one with sizing and overlays, which :func:`barograph.backtest.managed` composes.
    execution : Execution
        Account, prices and costs.
    signals, features : DataFrame, optional
        ``symbol, date`` and columns of numbers, unique in symbol and date. Rows of a symbol or date without bars are
        never seen.
    context : DataFrame, optional
        A row per date, in a column or index of dates: ``vix``, ``regime`` and any other. On each date the last row
        at or before it is seen.
    shortable : DataFrame, optional
        As in :func:`simulate`.

    Returns
    -------
    Simulation

    Raises
    ------
    InputError
        If the strategy raises anything (its name, the date and the error in one line), reaches for a column that is not
        there or for a label, sends an order that the bars cannot tell how to fill, or loses all equity.
    """
    kept = deepcopy(strategy)
    inner, management = (kept.strategy, kept.management) if isinstance(kept, Managed) else (kept, Management())
    name = type(inner).__name__
    if not hasattr(inner, "on_bar"):
        decide = deepcopy(inner).target_weights
        given = (signals, context)[: len(signature(decide).parameters)]
        tables: dict[str, Any] = {"context": context, "shortable": shortable, "signals": signals}
        return simulate(bars, _called(name, "", partial(decide, *given)), execution, **tables, management=management)
    panel = lay_out(bars, execution)
    everything = np.arange(len(panel.symbols))
    market = market_of(panel, everything, execution, every_field=True)
    rows = len(panel.dates) if management.brakes else 16
    state = new_state(rules_of(execution), market, execution.initial_cash, rows=rows, orders=64, fills=64)
    set_rates(state, panel, everything, execution, context, shortable)
    seen = columns_of("signals", signals, panel), columns_of("features", features, panel), context_of(context, panel)
    desk = desk_of(management, panel, everything, execution, seen[0], seen[2])
    guard = management.guard(pd.DatetimeIndex(panel.dates), len(panel.symbols))
    session = Session(panel, execution, state, *seen, desk, guard)
    _play(session, deepcopy(kept), name)

    def again() -> Simulation:
        other = replace(execution, first="target" if execution.first == "stop" else "stop")
        return run(bars, kept, other, signals, context, features=features, shortable=shortable)

    ledger = session.ledger()
    caps = partial(desk.caps, guard, session.state, session.traded(), session.dates)
    return simulation_of(session.state, ledger, execution.initial_cash, again, session.memory, caps)


def _play(session: Session, strategy: EventStrategy, name: str) -> None:
    dates = session.dates
    for t in range(len(dates)):
        session.play(t, f"strategy {name} ruins")
        day = Day(session, t)
        _called(name, f" on {dates[t]:%Y-%m-%d}", partial(strategy.on_bar, day))
        session.keep_row()
    session.play(len(dates), "")


def _called(name: str, when: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except InputError as error:
        raise InputError(f"strategy {name}{when}: {error}") from error
    except Exception as error:
        text = " ".join(str(error).split())
        raise InputError(f"strategy {name}{when}: {type(error).__name__}: {text}") from error
