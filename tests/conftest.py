"""What all tests share."""

import barograph  # noqa: F401  pins kernels and threads before anything numerical is imported

# isort: split
from pathlib import Path

import pandas as pd
import pytest

ROUNDS = [0, *(pytest.param(number, marks=pytest.mark.long) for number in (1, 2))]
"""Rounds of a property's examples, of which `make test` runs the first and `make test-long` the others."""
US57 = Path(__file__).parents[1] / "../shared/data/us57"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: the baseline of the pipeline, which others wait for, causality, the pipeline."""
    first = ("test_baseline.py", "causality", "pipeline")
    items.sort(key=lambda item: next((k for k, part in enumerate(first) if part in item.path.parts), len(first)))


@pytest.fixture(scope="session")
def real_context() -> pd.DataFrame:
    """Real S&P 500 and VIX closes, 1990-2022, where the folder with real data is present."""
    path = US57 / "context.parquet"
    if not path.is_file():
        pytest.skip(f"no real market data at {US57}")
    context = pd.read_parquet(path)
    return context.assign(date=pd.to_datetime(context["date"]).astype("datetime64[us]"))
