"""Inputs and pages that several tests read."""

import pytest

from barograph.report import Results, render

from .synthetic import build


@pytest.fixture(scope="session")
def results() -> Results:
    """Invent a small report's results."""
    return build()


@pytest.fixture(scope="session")
def page(results: Results) -> str:
    """Draw the page of those results."""
    return render(results)
