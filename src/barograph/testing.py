"""Simulated markets for tests, ours and yours.

Name the module in a ``conftest.py``, and its fixtures can be asked for by every test::

    pytest_plugins = ["barograph.testing"]

    def test_my_feature(simulated_market):
        features = barograph.features.compute(simulated_market.bars, names=["my_feature"])

    def test_my_strategy(bull_market):
        signal = bull_market.signals  # right in 80 % of cases

``pytest --fixtures`` lists them: each has six symbols on the trading days of New York, 2010 to 2017 unless it says
otherwise.

The signals ``ml`` ARE ORACLES: drawn from the next five sessions' returns, which no one knows on their date. They are
for tests of what a strategy makes of a signal of known quality, and for nothing else.

The fixtures are made once a session and shared: copy a frame before changing it. :func:`simulate` and
:func:`simulate_preset` make others.
"""

from collections.abc import Callable
from typing import Any, Final

import pytest

from barograph.market import MarketData, Simulated, SimulatedPreset
from barograph.market.simulation import PresetName

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

_HISTORY: Final[dict[str, Any]] = {"seed": 0, "symbols": 6, "first_year": 2010, "years": 8}
_SMALL: Final = _HISTORY | {"calendar": "XNYS", "start": None, "end": None}


def simulate(**settings: Any) -> MarketData:
    """Simulate a market on the trading days of New York; without arguments a small one, in a fraction of a second.

    Parameters
    ----------
    **settings
        As :class:`~barograph.market.Simulated` takes them. By default six symbols, 2010 to 2017, drawn from seed 0,
        with no signal: all five regimes, and nothing but volatility to predict.

    Raises
    ------
    pydantic.ValidationError
        If a setting is unknown or out of its range.
    InputError
        If the history reaches beyond today, the span contains too little, or bad data is asked for.
    """
    return Simulated(**(_SMALL | {"signal": 0.0} | settings)).load()


def simulate_preset(preset: PresetName, **settings: Any) -> MarketData:
    """Simulate a market of one kind on the trading days of New York, with the signal ``ml`` unless told otherwise.

    Parameters
    ----------
    preset, **settings
        As :class:`~barograph.market.SimulatedPreset` takes them; by default as of :func:`simulate`, with `signals`.

    Raises
    ------
    pydantic.ValidationError
        If a setting is unknown or out of its range.
    InputError
        If the history reaches beyond today, or the span contains too little.
    """
    return SimulatedPreset(preset=preset, **(_SMALL | {"signals": True} | settings)).load()


def _fixture(description: str, make: Callable[..., MarketData], **settings: Any) -> Any:
    def market() -> MarketData:
        return make(**settings)

    market.__doc__ = description
    return pytest.fixture(scope="session")(market)


simulated_market = _fixture("Nothing but volatility to predict.", simulate)
market_with_signal = _fixture(
    "A planted signal of 0.2: returns follow the 14-day RSI of the day before.", simulate, signal=0.2
)
market_with_facts = _fixture(
    "Fundamentals and sentiment, each with the day from which it is known, related to nothing.", simulate, facts=True
)
market_with_events = _fixture(
    "2006 to 2023: look-alikes of the eight archive events on their dates, calm between them.",
    simulate,
    first_year=2006,
    years=18,
    events=True,
)
bull_market = _fixture(
    "About +20 % a year, VIX near 15; `ml` is right in 80 % of cases.", simulate_preset, preset="bull"
)
bear_market = _fixture(
    "About -7.5 % a year, VIX near 28; `ml` is right in 65 % of cases.", simulate_preset, preset="bear"
)
high_volatility_market = _fixture(
    "VIX above 30; `ml` is right in 60 % of cases.", simulate_preset, preset="high_volatility"
)
low_volatility_market = _fixture(
    "VIX below 15; `ml` is right in 85 % of cases.", simulate_preset, preset="low_volatility"
)
trending_market = _fixture(
    "Returns follow each other; `ml` is right in 82 % of cases.", simulate_preset, preset="trending"
)
mean_reverting_market = _fixture(
    "Returns undo each other; `ml` is right in 68 % of cases.", simulate_preset, preset="mean_reverting"
)
