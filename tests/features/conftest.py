"""Markets, their features, and a catalogue that a test may add to."""

from collections.abc import Iterator

import pandas as pd
import pytest

from barograph.features import registration

from .markets import Market, everything, random_market


@pytest.fixture(scope="session")
def market() -> Market:
    return random_market()


@pytest.fixture(scope="session")
def features(market: Market) -> pd.DataFrame:
    """Everything the catalogue has on the random market, with no release lag."""
    return everything(market)


@pytest.fixture
def open_catalogue() -> Iterator[None]:
    registration.import_families()
    before = dict(registration._REGISTERED)
    yield
    registration._REGISTERED.clear()
    registration._REGISTERED.update(before)
