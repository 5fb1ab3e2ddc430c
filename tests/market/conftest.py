"""A small good market to spoil."""

import pytest

from barograph.market import MarketData
from barograph.testing import simulate


@pytest.fixture(scope="session")
def good() -> MarketData:
    """Two symbols over two years; copy a frame before changing it."""
    return simulate(symbols=2, years=2)
