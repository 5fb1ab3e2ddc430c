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
from barograph.market.loading import IsoDate, Source
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


@with_config(STRICT)
class Drift(TypedDict):
    """A change of the market for good: from `date` on the planted strength is `signal`, volatility is multiplied."""

    date: IsoDate
    signal: Annotated[float, Field(gt=-1, lt=1)]
    volatility: Annotated[float, Field(gt=0, le=10)]


@dataclass(frozen=True, config=STRICT)
class SimulatedSource(Source):
    """The seed, size and years of every simulated market; see :class:`Simulated`."""

    seed: Annotated[int, Field(ge=0)]
    symbols: Annotated[int, Field(ge=1, le=9999)]
    first_year: Annotated[int, Field(ge=1950, le=2100)]
    years: Annotated[int, Field(ge=2, le=100)]

    def history(self) -> pd.DatetimeIndex:
        """List the sessions of the simulated years."""
        first, last = pd.Timestamp(self.first_year, 1, 1), pd.Timestamp(self.first_year + self.years - 1, 12, 31)
        return sessions(self.calendar, first, last)


@dataclass(frozen=True, config=STRICT)
class Simulated(SimulatedSource):
    r"""A market drawn from a seed, on real trading days, with crises and, if asked for, something to learn.

    A Markov chain moves between calm, normal, turbulent, crash and rebound; crashes come about once in two to three
    years. Each state has its volatility (9, 15, 26, 50 and 32 % a year), approached gradually, so that volatility
    clusters and can be forecast, and falls raise it. A crash opens with a fall of the index by 8 % and ends with a rise
    by 8 % into the rebound; the drift of the other days makes up for both, so that the expected index return is 0.04 %
    a day whatever the state. The VIX is 1.12 times the volatility ahead, with noise. Stocks have a beta of 0.7 to 1.3
    to the index, a sector part and a specific part, which grows less than the index's in turbulence: correlations
    rise in crashes. Yields and the dollar index are random walks, related to nothing.

    **The planted signal.** Let :math:`s_{i,t} = \mathrm{clip}((50 - \mathrm{RSI}_{14,i,t}) / 12, -2, 2)`, with Wilder's
    RSI of the stock's closes up to *t* (the feature ``rsi_14``). The specific part of the next close-to-close return is

    .. math:: \sigma_{i,t+1}\,(k\,s_{i,t} + \sqrt{1 - k^2}\,\varepsilon_{i,t+1}),

    where *k* is `signal`, :math:`\sigma` the specific daily standard deviation (1.0 to 1.9 % at normal volatility) and
    :math:`\varepsilon` standard normal, cut at 4. Stocks that fell tend to rise. The score has a standard deviation of
    0.96, 0.83, 0.74 and 0.62 at *k* of 0, 0.1, 0.2 and 0.4, so that its correlation with the specific return a day
    ahead is 0, 0.08, 0.15 and 0.25; with the whole return over 14 days it is about 0, 0.16, 0.25 and 0.37. Nothing else
    predicts a return, and at a signal of 0 nothing does, while volatility, and so the chance of a hold, can always be
    forecast.

    **Events.** With `events` the crises are not drawn: look-alikes of the eight events of ``archive=eight_events``
    come on their dates, 2008 to 2023, with the index and the VIX near the S&P 500's and the CBOE's, and between them
    the market is calm or normal. Within an event the index leans back to its path, which can be forecast: an event is
    there to be recognised, not to be traded.

    **Facts.** With `facts` there are ten fundamentals a quarter, known 20 to 45 days after it, and five sentiments, two
    a week and three a month, all persistent and none related to a return.

    **Drift.** From its date on, the planted strength is the drift's, negative for the opposite relation, and the
    volatility of the states (of a leg, in an event) is multiplied: of index, sectors and VIX, approached gradually; of
    a stock's specific part by the square root. Rows before the date are those of the market without drift.

    More years, more symbols or a later end leave the earlier rows as they are.

    Parameters
    ----------
    seed : int
        Zero or more; the same seed gives the same market.
    symbols : int
        Stocks, 1 to 9,999, named S001, S002, ..., S1000, ...; sectors go round the eleven of GICS.
    first_year, years : int
        The simulated history begins with the first session of `first_year` and has `years` calendar years, at least 2.
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    start, end : str or None
        ISO dates, inclusive, to keep only this part of the history; None keeps everything.
    signal : float
        *k* above, in [0, 1); 0.1 is a strong signal by the standards of real markets.
    events : bool
        See above; an event outside the history is not there.
    facts : bool
        See above.
    drift : dict or None
        `date` (ISO, within the history), `signal` in (-1, 1), `volatility` above 0, 1 for none.
    bad_data : str or None
        The kind of bad data to plant in a row, for tests of the checks that refuse it: :meth:`load` always raises then.

    References
    ----------
    .. [1] J. W. Wilder, *New Concepts in Technical Trading Systems*, 1978 (the RSI).
    .. [2] J. D. Hamilton, "A New Approach to the Economic Analysis of Nonstationary Time Series and the Business
       Cycle", *Econometrica* 57, 1989 (Markov switching).
    """

    signal: Annotated[float, Field(ge=0, lt=1)]
    events: bool = False
    facts: bool = False
    drift: Drift | None = None
    bad_data: BadData | None = None

    def __post_init__(self) -> None:
        """Refuse an inverted span, and a drift outside the history."""
        super().__post_init__()
        first, last = f"{self.first_year}-01-01", f"{self.first_year + self.years - 1}-12-31"
        if self.drift is not None and not first <= self.drift["date"] <= last:
            raise InputError(f"drift.date {self.drift['date']} lies outside the history; allowed: {first} to {last}")

    def load(self) -> MarketData:
        """Draw and validate.

        Returns
        -------
        MarketData
            With facts where `facts` asks for them, without signals.

        Raises
        ------
        InputError
            If the history reaches beyond today, the span contains too little, or bad data is asked for.
        """
        dates = self.history()
        signal, scale = self._strengths(dates)
        economy = simulate_events(self.seed, dates, scale) if self.events else simulate_economy(self.seed, scale)
        closes = simulate_closes(self.seed, economy, self.symbols, signal)
        tables = to_tables(self.seed, economy, closes, dates)
        if self.bad_data is not None:
            tables = plant_bad_data(*tables, kind=self.bad_data, seed=self.seed, start=self.start, end=self.end)
        facts = simulate_facts(self.seed, self.symbols, dates) if self.facts else None
        return self.assemble(*tables, origin="simulated", facts=facts)

    def _strengths(self, dates: pd.DatetimeIndex) -> tuple[Floats, Floats]:
        signal, scale = np.full(len(dates), self.signal), np.ones(len(dates))
        if self.drift is not None:
            after = dates >= pd.Timestamp(self.drift["date"])
            signal[after], scale[after] = self.drift["signal"], self.drift["volatility"]
        return signal, scale
