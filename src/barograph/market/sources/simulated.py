"""A simulated market with a planted signal of known strength, for tests, controls and first steps."""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, with_config
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.errors import InputError
from barograph.market.calendar import sessions
from barograph.market.data import MarketData
from barograph.market.loading import CalendarCode, IsoDate, assemble, check_span
from barograph.market.simulation import (
    BadData,
    plant_bad_data,
    simulate_closes,
    simulate_economy,
    simulate_events,
    simulate_facts,
    to_tables,
)
from barograph.typing import STRICT, Floats

Seed = Annotated[int, Field(ge=0)]
Symbols = Annotated[int, Field(ge=1, le=9999)]
FirstYear = Annotated[int, Field(ge=1950, le=2100)]
Years = Annotated[int, Field(ge=2, le=100)]


@with_config(STRICT)
class Drift(TypedDict):
    """A change of the market for good: from `date` on the planted strength is `signal`, volatility is multiplied."""

    date: IsoDate
    signal: Annotated[float, Field(gt=-1, lt=1)]
    volatility: Annotated[float, Field(gt=0, le=10)]


@dataclass(frozen=True, config=STRICT)
class Simulated:
    r"""A market drawn from a seed, on real trading days, with crises and, if asked for, something to learn.

    A Markov chain moves between calm, normal, turbulent, crash and rebound; crashes come about once in two to three
    years. Each state has its volatility (9, 15, 26, 50 and 32 % a year), approached gradually, so that volatility
    clusters and can be forecast, and falls raise it. A crash opens with a fall of the index by 8 % and ends with a rise
    by 8 % into the rebound; the drift of the other days makes up for both, so that the expected index return is 0.04 %
    a day whatever the state. The VIX is 1.12 times the volatility ahead, with noise. Stocks have a beta of 0.7 to 1.3
    to the index, a sector part and a part of their own, which grows less than the index's in turbulence: correlations
    rise in crashes. Yields and the dollar index are random walks, related to nothing.

    **The planted signal.** Let :math:`s_{i,t} = \mathrm{clip}((50 - \mathrm{RSI}_{14,i,t}) / 12, -2, 2)`, with Wilder's
    RSI of the stock's own closes up to *t* (the feature ``rsi_14``). The own part of the next close-to-close return is

    .. math:: \sigma_{i,t+1}\,(k\,s_{i,t} + \sqrt{1 - k^2}\,\varepsilon_{i,t+1}),

    where *k* is `signal`, :math:`\sigma` the own daily standard deviation (1.0 to 1.9 % at normal volatility) and
    :math:`\varepsilon` standard normal, cut at 4. Stocks that fell tend to rise. The score has a standard deviation of
    0.96, 0.83, 0.74 and 0.62 at *k* of 0, 0.1, 0.2 and 0.4, so that its correlation with the own return a day ahead is
    0, 0.08, 0.15 and 0.25; with the whole return over 14 days it is about 0, 0.16, 0.25 and 0.37. Nothing else predicts
    a return, and at a signal of 0 nothing does, while volatility, and so the chance of a hold, can always be forecast.

    **Events.** With `events` the crises are not drawn: look-alikes of the eight events of ``archive=eight_events``
    stand on their dates, 2008 to 2023, with the index and the VIX near the S&P 500's and the CBOE's, and between them
    the market is calm or normal. Within an event the index leans back to its path, which can be forecast: an event is
    there to be recognised, not to be traded.

    **Facts.** With `facts` there are ten fundamentals a quarter, known 20 to 45 days after it, and five sentiments, two
    a week and three a month, all persistent and none related to a return.

    **Drift.** From its date on, the planted strength is the drift's, negative for the opposite relation, and the
    volatility of the states (of a leg, in an event) is multiplied: of index, sectors and VIX, approached gradually; of
    a stock's own part by the square root. Rows before the date are those of the market without drift.

    More years, more symbols or a later end leave the earlier rows as they are.

    Parameters
    ----------
    seed : int
        Zero or more; the same seed gives the same market.
    symbols : int
        Stocks, 1 to 9,999, named S001, S002, ..., S1000, ...; sectors go round the eleven of GICS.
    first_year : int
        The simulated history begins with its first session.
    years : int
        Calendar years of history, at least 2.
    signal : float
        *k* above, in [0, 1); 0.1 is a strong signal by the standards of real markets.
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    start, end : str or None
        ISO dates, inclusive: keep only this part of the history; None keeps everything.
    events : bool
        See above; an event outside the history is not there.
    facts : bool
        See above.
    drift : dict or None
        `date` (ISO, within the history), `signal` in (-1, 1), `volatility` above 0, 1 for none.
    bad_data : str or None
        The kind of bad data to plant in one row, for tests of what refuses it: :meth:`load` always raises then.

    References
    ----------
    .. [1] J. W. Wilder, *New Concepts in Technical Trading Systems*, 1978 (the RSI).
    .. [2] J. D. Hamilton, "A New Approach to the Economic Analysis of Nonstationary Time Series and the Business
       Cycle", *Econometrica* 57, 1989 (Markov switching).
    """

    seed: Seed
    symbols: Symbols
    first_year: FirstYear
    years: Years
    signal: Annotated[float, Field(ge=0, lt=1)]
    calendar: CalendarCode
    start: IsoDate | None
    end: IsoDate | None
    events: bool = False
    facts: bool = False
    drift: Drift | None = None
    bad_data: BadData | None = None

    def __post_init__(self) -> None:
        """Refuse an inverted span, and a drift outside the history."""
        check_span(self.start, self.end)
        first, last = f"{self.first_year}-01-01", f"{self.first_year + self.years - 1}-12-31"
        if self.drift is not None and not first <= self.drift["date"] <= last:
            raise InputError(f"drift.date {self.drift['date']} lies outside the history; allowed: {first} to {last}")

    def load(self) -> MarketData:
        """Draw and validate.

        Returns
        -------
        MarketData

        Raises
        ------
        InputError
            If the history reaches beyond today, the span holds too little, or bad data is asked for.
        """
        dates = history(self.calendar, self.first_year, self.years)
        signal, scale = self._strengths(dates)
        economy = simulate_events(self.seed, dates, scale) if self.events else simulate_economy(self.seed, scale)
        closes = simulate_closes(self.seed, economy, self.symbols, signal)
        tables = to_tables(self.seed, economy, closes, dates)
        if self.bad_data is not None:
            tables = plant_bad_data(*tables, kind=self.bad_data, seed=self.seed, start=self.start, end=self.end)
        return assemble(
            *tables,
            calendar=self.calendar,
            start=self.start,
            end=self.end,
            origin="simulated",
            facts=simulate_facts(self.seed, self.symbols, dates) if self.facts else None,
        )

    def _strengths(self, dates: pd.DatetimeIndex) -> tuple[Floats, Floats]:
        signal, scale = np.full(len(dates), self.signal), np.ones(len(dates))
        if self.drift is not None:
            after = dates >= pd.Timestamp(self.drift["date"])
            signal[after], scale[after] = self.drift["signal"], self.drift["volatility"]
        return signal, scale


def history(calendar: str, first_year: int, years: int) -> pd.DatetimeIndex:
    """List the sessions of whole calendar years."""
    return sessions(calendar, pd.Timestamp(first_year, 1, 1), pd.Timestamp(first_year + years - 1, 12, 31))
