"""The desk of a run: it sizes and limits rows of target weights, and keeps what it did."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from barograph.backtest.engine.brakes import Guard
from barograph.backtest.engine.columns import Columns
from barograph.backtest.engine.day import BAR_FIELDS
from barograph.backtest.engine.market import Sheet, chosen
from barograph.backtest.engine.state import ROWS, State
from barograph.backtest.execution import Execution
from barograph.backtest.management import Act, Management, caps_table
from barograph.backtest.situation import Known, Situation
from barograph.typing import Floats, Ints


@dataclass
class Desk:
    """Management bound to the tables of a run; `acts` grows with each decision."""

    management: Management
    known: Known
    read: Callable[[str], Floats]
    names: frozenset[str]
    acts: list[Act] = field(default_factory=list)

    def situation(self, places: Ints, equity: Floats | None) -> Situation:
        """Give what is known at the closes at the places (R,)."""
        return Situation(self.known, places, self.read, self.names, equity)

    def decide(self, weights: Floats, places: Ints, equity: Floats | None = None) -> Floats:
        """Give the rows that are traded for rows of decided weights (R, N)."""
        decided, acts = self.management.decide(weights, self.situation(places, equity))
        self.acts += acts
        return decided

    def caps(self, guard: Guard, state: State, rows: Floats, dates: pd.DatetimeIndex) -> pd.DataFrame:
        """Give the record of overlays and brakes, and of the limits that the rows (R, N) exceed in the end."""
        sent = state.rows["sent"][: int(state.counts[ROWS])]
        at = self.situation(sent, state.dates["equity"][sent])
        acts = [*self.acts, *self.management.braked(guard), *self.management.unmet(rows[: len(sent)], at)]
        return caps_table(acts, dates)


def desk_of(
    management: Management, panel: Sheet, columns: Ints, execution: Execution, of_symbols: Columns, of_dates: Columns
) -> Desk:
    """Bind the management to the symbols traded and to what may be read of them."""
    kept: dict[str, Floats] = {}

    def read(name: str) -> Floats:
        if name not in kept:
            if name in BAR_FIELDS:
                kept[name] = chosen(getattr(panel, name), columns)
            else:
                kept[name] = (
                    chosen(of_symbols.value(name), columns) if name in of_symbols.names else of_dates.value(name)
                )
        return kept[name]

    known = management.known(panel.symbols[columns], execution.max_leverage)
    return Desk(management, known, read, frozenset([*BAR_FIELDS, *of_symbols.names, *of_dates.names]))
