"""What sizing and overlays know when target weights are decided."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from barograph.backtest.strategies.choice import filled
from barograph.errors import InputError
from barograph.typing import Floats, Ints


@dataclass(frozen=True, eq=False)
class Known:
    """What is the same for all rows of a run; N symbols, T dates, of which a row may read those up to its date.

    Attributes
    ----------
    portfolio : str
        The name of what is traded: a predictor or a strategy.
    symbols : ndarray of shape (N,)
    max_leverage : float
        Of the execution.
    sectors : ndarray of shape (N,) or None
        The sector of each symbol, None where it has none; None without a universe.
    memory : dict
        What was worked out for a date, such as the last correlation matrix.
    """

    portfolio: str
    symbols: Any
    max_leverage: float
    sectors: Any
    memory: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Situation:
    """What is known at the closes at which R rows of target weights are decided.

    Attributes
    ----------
    known : Known
    places : ndarray of shape (R,)
        The place of each row's date among the dates of the bars.
    read : callable
        Gives a field of the bars (T, N), a column of the signals (T, N), or of the context (T,). Rows after a row's
        place are later than its date.
    columns : set of str
        What `read` can give.
    equity : ndarray of shape (R,) or None
        At those closes; None where no overlay needs it.
    """

    known: Known
    places: Ints
    read: Callable[[str], Floats]
    columns: frozenset[str]
    equity: Floats | None = None

    def part(self, rows: Ints) -> "Situation":
        """Give the situation of some of the rows."""
        return replace(self, places=self.places[rows], equity=None if self.equity is None else self.equity[rows])

    def returns(self, row: int, lookback: int) -> Floats:
        """Give the simple returns (at most `lookback`, N) up to a row's date; a gap's return is 0, NaN before a bar."""
        return self.returns_at(int(self.places[row]), lookback)

    def returns_at(self, place: int, lookback: int) -> Floats:
        """Give the simple returns (at most `lookback`, N) up to the date at a place."""
        closes = filled(self.read("close")[max(0, place - lookback) : place + 1])
        returns: Floats = closes[1:] / closes[:-1] - 1.0
        return returns

    def updated(self, row: int, every: int) -> int:
        """Give the place of the last date, counted by `every` from the first, at or before a row's."""
        return int(self.places[row]) // every * every

    def value(self, name: str, row: int) -> Any:
        """Give the values (N,) of a column on a row's date."""
        return self.read(name)[self.places[row]]

    def once(self, key: Any, made: Callable[[], Any]) -> Any:
        """Give what was made for a key last, and make it anew for another key of the same kind ``key[0]``."""
        memory = self.known.memory
        if memory.get(key[0], (None,))[0] != key:
            memory[key[0]] = (key, made())
        return memory[key[0]][1]

    def sectors(self) -> Any:
        """Give the sectors (N,).

        Raises
        ------
        InputError
            Without a universe.
        """
        if self.known.sectors is None:
            raise InputError("sectors: no universe was given; a table with symbol and gics_sector is required")
        return self.known.sectors
