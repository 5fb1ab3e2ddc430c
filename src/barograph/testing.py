"""Simulated markets for tests, ours and yours.

Name the module in a ``conftest.py``, and its fixtures can be asked for by every test::

    pytest_plugins = ["barograph.testing"]

    def test_my_feature(simulated_market):
        features = barograph.features.compute(simulated_market.bars, names=["my_feature"])

    def test_my_strategy(bull_market):
        signal = bull_market.signals  # right in 80 % of cases

========================== ============================================================================================
fixture                    six symbols on the trading days of New York, 2010 to 2017, and
========================== ============================================================================================
``simulated_market``       nothing but volatility to predict
``market_with_signal``     a planted signal of 0.2: returns follow the 14-day RSI of the day before
``market_with_facts``      fundamentals and sentiment, each with the day from which it is known, related to nothing
``market_with_events``     2006 to 2023: look-alikes of the eight archive events on their dates, calm between them
``bull_market``            about +20 % a year, VIX near 15; ``ml`` is right in 80 % of cases
``bear_market``            about -7.5 % a year, VIX near 28; ``ml`` is right in 65 % of cases
``high_volatility_market`` VIX above 30; ``ml`` is right in 60 % of cases
``low_volatility_market``  VIX below 15; ``ml`` is right in 85 % of cases
``trending_market``        returns follow each other; ``ml`` is right in 82 % of cases
``mean_reverting_market``  returns undo each other; ``ml`` is right in 68 % of cases
========================== ============================================================================================

The signals ``ml`` ARE ORACLES: drawn from the next five sessions' returns, which no one knows on their date. They are
for tests of what a strategy makes of a signal of known quality, and for nothing else.

The fixtures are made once a session and shared: copy a frame before changing it. :func:`simulate` and
:func:`simulate_preset` make others.
"""

import pytest

from barograph.market import MarketData, Simulated, SimulatedPreset
from barograph.market.simulation import BadData, PresetName
from barograph.market.sources.simulated import Drift

__all__ = [
    "bear_market",
    "bull_market",
    "high_volatility_market",
    "low_volatility_market",
    "market_with_events",
    "market_with_facts",
    "market_with_signal",
    "mean_reverting_market",
    "simulate",
    "simulate_preset",
    "simulated_market",
    "trending_market",
]


def simulate(
    *,
    seed: int = 0,
    symbols: int = 6,
    first_year: int = 2010,
    years: int = 8,
    signal: float = 0.0,
    start: str | None = None,
    end: str | None = None,
    events: bool = False,
    facts: bool = False,
    drift: Drift | None = None,
    bad_data: BadData | None = None,
) -> MarketData:
    """Simulate a market on the trading days of New York; without arguments a small one, in a fraction of a second.

    Parameters
    ----------
    seed, symbols, first_year, years, signal, start, end, events, facts, drift, bad_data
        As :class:`~barograph.market.Simulated` takes them.

    Returns
    -------
    MarketData
        By default with all five regimes, and nothing but volatility to predict.

    Raises
    ------
    pydantic.ValidationError
        If an argument is out of its range.
    InputError
        If the history reaches beyond today, the span contains too little, or bad data is asked for.
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
        events=events,
        facts=facts,
        drift=drift,
        bad_data=bad_data,
    ).load()


def simulate_preset(
    preset: PresetName,
    *,
    seed: int = 0,
    symbols: int = 6,
    first_year: int = 2010,
    years: int = 8,
    signals: bool = True,
    start: str | None = None,
    end: str | None = None,
) -> MarketData:
    """Simulate a market of one kind on the trading days of New York, with the signal ``ml`` unless told otherwise.

    Parameters
    ----------
    preset, seed, symbols, first_year, years, signals, start, end
        As :class:`~barograph.market.SimulatedPreset` takes them.

    Returns
    -------
    MarketData

    Raises
    ------
    pydantic.ValidationError
        If an argument is out of its range.
    InputError
        If the history reaches beyond today, or the span contains too little.
    """
    return SimulatedPreset(
        preset=preset,
        seed=seed,
        symbols=symbols,
        first_year=first_year,
        years=years,
        signals=signals,
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


@pytest.fixture(scope="session")
def market_with_facts() -> MarketData:
    """Six symbols, 2010 to 2017, with point-in-time fundamentals and sentiment, related to nothing."""
    return simulate(facts=True)


@pytest.fixture(scope="session")
def market_with_events() -> MarketData:
    """Six symbols, 2006 to 2023, with look-alikes of the eight archive events on their dates."""
    return simulate(first_year=2006, years=18, events=True)


@pytest.fixture(scope="session")
def bull_market() -> MarketData:
    """Six symbols, 2010 to 2017: about +20 % a year, VIX near 15, and an oracle that is right in 80 % of cases."""
    return simulate_preset("bull")


@pytest.fixture(scope="session")
def bear_market() -> MarketData:
    """Six symbols, 2010 to 2017: about -7.5 % a year, VIX near 28, and an oracle that is right in 65 % of cases."""
    return simulate_preset("bear")


@pytest.fixture(scope="session")
def high_volatility_market() -> MarketData:
    """Six symbols, 2010 to 2017: VIX above 30, and an oracle that is right in 60 % of cases."""
    return simulate_preset("high_volatility")


@pytest.fixture(scope="session")
def low_volatility_market() -> MarketData:
    """Six symbols, 2010 to 2017: VIX below 15, and an oracle that is right in 85 % of cases."""
    return simulate_preset("low_volatility")


@pytest.fixture(scope="session")
def trending_market() -> MarketData:
    """Six symbols, 2010 to 2017: returns follow each other, and an oracle is right in 82 % of cases."""
    return simulate_preset("trending")


@pytest.fixture(scope="session")
def mean_reverting_market() -> MarketData:
    """Six symbols, 2010 to 2017: returns undo each other, and an oracle is right in 68 % of cases."""
    return simulate_preset("mean_reverting")
