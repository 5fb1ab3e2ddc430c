"""A simulated market with a planted signal of known strength, for tests, controls and first steps."""

from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.market.calendar import sessions
from barograph.market.data import MarketData
from barograph.market.loading import STRICT, CalendarCode, IsoDate, assemble, check_span
from barograph.market.simulation import (
    SECTORS,
    Economy,
    complete_bars,
    simulate_closes,
    simulate_economy,
)
from barograph.randomness import generator


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

    More years, more symbols or a later end leave the earlier rows as they are.

    Parameters
    ----------
    seed : int
        Zero or more; the same seed gives the same market.
    symbols : int
        Stocks, 1 to 999, named S001, S002, ...; sectors go round the eleven of GICS.
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

    References
    ----------
    .. [1] J. W. Wilder, *New Concepts in Technical Trading Systems*, 1978 (the RSI).
    .. [2] J. D. Hamilton, "A New Approach to the Economic Analysis of Nonstationary Time Series and the Business
       Cycle", *Econometrica* 57, 1989 (Markov switching).
    """

    seed: Annotated[int, Field(ge=0)]
    symbols: Annotated[int, Field(ge=1, le=999)]
    first_year: Annotated[int, Field(ge=1950, le=2100)]
    years: Annotated[int, Field(ge=2, le=100)]
    signal: Annotated[float, Field(ge=0, lt=1)]
    calendar: CalendarCode
    start: IsoDate | None
    end: IsoDate | None

    def __post_init__(self) -> None:
        """Refuse an inverted span."""
        check_span(self.start, self.end)

    def load(self) -> MarketData:
        """Draw and validate.

        Returns
        -------
        MarketData

        Raises
        ------
        InputError
            If the history reaches beyond today, or the span holds too little.
        """
        first, last = pd.Timestamp(self.first_year, 1, 1), pd.Timestamp(self.first_year + self.years - 1, 12, 31)
        dates = sessions(self.calendar, first, last)
        economy = simulate_economy(self.seed, len(dates))
        names = [f"S{number:03d}" for number in range(1, self.symbols + 1)]
        universe = pd.DataFrame(
            {
                "symbol": names,
                "name": [f"Simulated {name}" for name in names],
                "gics_sector": [SECTORS[number % len(SECTORS)] for number in range(self.symbols)],
            }
        )
        return assemble(
            self._bars(economy, dates, names),
            _context(self.seed, economy, dates),
            universe,
            calendar=self.calendar,
            start=self.start,
            end=self.end,
            origin="simulated",
        )

    def _bars(self, economy: Economy, dates: pd.DatetimeIndex, names: list[str]) -> pd.DataFrame:
        closes = simulate_closes(self.seed, economy, self.symbols, self.signal)
        stocks = [complete_bars(self.seed, number, economy, closes[:, number]) for number in range(self.symbols)]
        columns: dict[str, NDArray[np.generic]] = {
            "symbol": np.repeat(np.array(names), len(dates)),
            "date": np.tile(dates.to_numpy(), len(names)),
        }
        for column in ("open", "high", "low", "close", "volume"):
            columns[column] = np.concatenate([getattr(stock, column) for stock in stocks])
        return pd.DataFrame(columns)


def _context(seed: int, economy: Economy, dates: pd.DatetimeIndex) -> pd.DataFrame:
    steps = generator(seed, "simulated", "macro").standard_normal((len(dates), 2))
    return pd.DataFrame(
        {
            "date": dates,
            "index_close": 1000.0 * np.cumprod(1 + economy.index_return),
            "vix": economy.vix,
            "us10y": 4.0 * np.exp(0.01 * np.cumsum(steps[:, 0])),
            "usd_broad": 100.0 * np.exp(0.003 * np.cumsum(steps[:, 1])),
        }
    )
