"""Inputs and pages that several tests read."""

import pytest

from barograph.report import ReportInputs, render

from .synthetic import build


@pytest.fixture(scope="session")
def inputs() -> ReportInputs:
    """Invent a small report's inputs."""
    return build()


@pytest.fixture(scope="session")
def page(inputs: ReportInputs) -> str:
    """Draw the page of those inputs."""
    return render(inputs)
