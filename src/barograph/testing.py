"""Simulated markets for tests, ours and yours.

Name the module in a ``conftest.py``, and its fixtures can be asked for by every test::

    pytest_plugins = ["barograph.testing"]

    def test_my_feature(simulated_market):
        features = barograph.features.compute(simulated_market.bars, names=["my_feature"])

The fixtures are made once a session and shared: copy a frame before changing it. :func:`simulate` makes others.
"""

import pytest

from barograph.market import MarketData, Simulated

__all__ = ["market_with_signal", "simulate", "simulated_market"]


def simulate(
    *,
    seed: int = 0,
    symbols: int = 6,
    first_year: int = 2010,
    years: int = 8,
    signal: float = 0.0,
    start: str | None = None,
    end: str | None = None,
) -> MarketData:
    """Simulate a market on the trading days of New York; without arguments a small one, in a fraction of a second.

    Parameters
    ----------
    seed, symbols, first_year, years, signal, start, end
        As :class:`~barograph.market.Simulated` takes them.

    Returns
    -------
    MarketData
        The default holds all five regimes, and nothing but volatility to predict.

    Raises
    ------
    pydantic.ValidationError
        If an argument is out of its range.
    InputError
        If the history reaches beyond today, or the span holds too little.
    """
    return Simulated(
        seed=seed,
        symbols=symbols,
        first_year=first_year,
        years=years,
        signal=signal,
        calendar="XNYS",
        start=start,
        end=end,
    ).load()


@pytest.fixture(scope="session")
def simulated_market() -> MarketData:
    """Six symbols, 2010 to 2017, with nothing but volatility to predict."""
    return simulate()


@pytest.fixture(scope="session")
def market_with_signal() -> MarketData:
    """Six symbols, 2010 to 2017, with a planted signal of 0.2: returns follow the 14-day RSI of the day before."""
    return simulate(signal=0.2)
