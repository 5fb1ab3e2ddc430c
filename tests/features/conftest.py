"""Markets, their features, and a catalogue that a test may add to."""

from collections.abc import Iterator

import pandas as pd
import pytest

from barograph.features import compute, registration

from .markets import Market, random_market


@pytest.fixture(scope="session")
def market() -> Market:
    return random_market()


@pytest.fixture(scope="session")
def features(market: Market) -> pd.DataFrame:
    """Everything the catalogue has on the random market, with no release lag."""
    return compute(market.bars, market.context, market.universe, regimes=market.regimes, release_lag={})


@pytest.fixture
def open_catalogue() -> Iterator[None]:
    """Forget, after the test, what it registered."""
    before = dict(registration._REGISTERED)
    yield
    registration._REGISTERED.clear()
    registration._REGISTERED.update(before)
