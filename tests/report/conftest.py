"""Inputs and pages that several tests read."""

import pytest

from barograph.report import Results, render

from .synthetic import build


@pytest.fixture(scope="session")
def results() -> Results:
    return build()


@pytest.fixture(scope="session")
def page(results: Results) -> str:
    return render(results)
