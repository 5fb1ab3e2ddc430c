"""What a strategy is: target weights of all signals at once, or weights day by day."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from pydantic import AfterValidator

from barograph.typing import Floats

if TYPE_CHECKING:
    from barograph.backtest.engine.day import Day


class Strategy(Protocol):
    """Turns one predictor's scores into target weights."""

    def target_weights(self, signals: pd.DataFrame, context: pd.DataFrame | None = None) -> pd.DataFrame:
        """Decide the portfolio.

        Parameters
        ----------
        signals : DataFrame
            Of a model ``symbol, date, p_sell, p_hold, p_buy``; of a signal ``symbol, date, score``, NaN where it has no
            score. Unique in symbol and date. A date's decision may use the rows up to that date only.
        context : DataFrame or None
            One row per date: ``vix``, ``regime`` and others. A strategy without use for it may leave the parameter out.

        Returns
        -------
        DataFrame of shape (dates, symbols)
            One row per rebalance date, as :func:`barograph.backtest.simulate` takes them.
        """


class View(Protocol):
    """The part of a day that weights are decided on; a :class:`~barograph.backtest.Day` has more.

    Arrays have one value per symbol, NaN where there is none, and nothing in them is later than `date`.
    """

    @property
    def date(self) -> pd.Timestamp:
        """The trading day at whose close is decided."""

    @property
    def symbols(self) -> Any:
        """All symbols of the run, shape (N,)."""

    @property
    def bars(self) -> Any:
        """The date's ``open``, ``high``, ``low``, ``close`` and ``volume``, shape (N,) each."""

    @property
    def signals(self) -> Mapping[str, Floats]:
        """The date's predictions by column, shape (N,) each."""

    @property
    def features(self) -> Mapping[str, Floats]:
        """The date's features by name, shape (N,) each."""

    @property
    def context(self) -> Mapping[str, Any]:
        """The newest row of the context by column, one value each."""

    @property
    def weights(self) -> Floats:
        """The positions' shares of equity at the close, shape (N,)."""

    @property
    def entry_price(self) -> Floats:
        """The average price paid for each position, shape (N,)."""

    @property
    def memory(self) -> dict[str, Any]:
        """What the strategy keeps until the next date."""

    def history(self, name: str, bars: int | None = None) -> Any:
        """Give the last `bars` dates of a series, today's included, shape (at most bars, N)."""


class ByWeights(ABC):
    """Base of the strategies that decide weights day by day, ours and yours.

    Such a strategy can be wrapped by others, such as :class:`~barograph.backtest.strategies.StopLoss`. It keeps what it
    has to remember in ``day.memory`` and nothing in itself.
    """

    @abstractmethod
    def weights(self, day: View) -> Floats | None:
        """Decide at the close of a date.

        Parameters
        ----------
        day : View
            The date's bars, signals, features and context, their history, and the positions' weights.

        Returns
        -------
        ndarray of shape (N,) or None
            The target weight of each symbol, a share of equity; NaN leaves the symbol's position as it is. None trades
            nothing.
        """

    reason: ClassVar[str] = ""

    def on_bar(self, day: "Day") -> None:
        """Send orders for the weights; they are filled at the next bar."""
        decided = self.weights(day)
        if decided is None:
            return
        named = ~np.isnan(decided)
        if named.all():
            day.rebalance_to_weights(decided)
            return
        from barograph.backtest.engine.orders import Order

        for place in np.flatnonzero(named):
            day.send(Order(symbol=str(day.symbols[place]), weight=float(decided[place]), reason=self.reason))


def decides_weights(strategy: Any) -> Any:
    """Give a strategy that can be wrapped.

    Raises
    ------
    ValueError
        If it has no method ``weights``.
    """
    if not callable(getattr(strategy, "weights", None)):
        raise ValueError(f"{strategy!r} cannot be wrapped; a strategy with a method weights(day) is needed")
    return strategy


Wrapped = Annotated[Any, AfterValidator(decides_weights)]
"""A setting that takes a strategy with a method ``weights(day)``."""


def decide_weights(strategy: Strategy, signals: pd.DataFrame, context: pd.DataFrame | None) -> pd.DataFrame:
    """Give a strategy's target weights, whether or not its ``target_weights`` takes the context."""
    takes = inspect.signature(strategy.target_weights).parameters.values()
    positional = [each for each in takes if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if len(positional) > 1 or any(each.kind is each.VAR_POSITIONAL for each in takes):
        return strategy.target_weights(signals, context)
    return strategy.target_weights(signals)
