"""Almgren and Chriss's schedule: the example of their paper, an optimiser that knows no formula, and the limits."""

import re
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from barograph.backtest import almgren_chriss
from barograph.errors import InputError

PAGE = Path(__file__).parents[2] / "docs/execution.md"
PAPER: dict[str, Any] = {
    **{"shares": 1e6, "horizon": 5.0, "n_steps": 5, "volatility": 0.95, "eta": 2.5e-6, "gamma": 2.5e-7},
    **{"epsilon": 1 / 16, "risk_aversion": 1e-6},
}


def test_the_example_of_the_paper() -> None:
    found = almgren_chriss(**PAPER)
    assert round(found.expected_cost) == 911_227
    assert found.variance == pytest.approx(3.6413e11, rel=2e-5)
    assert found.kappa == pytest.approx(0.61, abs=5e-3)
    rate = np.arccosh(1.0 + 0.5 * 1e-6 * 0.95**2 / (2.5e-6 - 1.25e-7))
    np.testing.assert_allclose(
        found.holdings, 1e6 * np.sinh(rate * np.arange(5, -1, -1)) / np.sinh(5 * rate), atol=1e-6
    )


def cost(holdings: Any, tau: float, given: dict[str, float]) -> tuple[float, float]:
    """Give expected cost and variance step by step, from the model's price rather than from the closed form."""
    lost, variance, moved = 0.0, 0.0, 0.0
    for before, after in pairwise(holdings):
        n = before - after
        lost += n * moved + given["epsilon"] * abs(n) + given["eta"] * n * n / tau
        moved += given["gamma"] * n
        variance += given["volatility"] ** 2 * tau * after**2
    return lost, variance


@settings(max_examples=40, deadline=None)
@given(
    steps=st.integers(2, 6),
    volatility=st.floats(0.1, 3.0),
    eta=st.floats(0.5, 3.0),
    gamma=st.floats(0.0, 0.4),
    aversion=st.floats(0.0, 2.0),
    side=st.sampled_from([-1.0, 1.0]),
)
def test_no_other_schedule_is_better(
    steps: int, volatility: float, eta: float, gamma: float, aversion: float, side: float
) -> None:
    given = {"volatility": volatility, "eta": eta, "gamma": gamma, "epsilon": 0.25}
    found = almgren_chriss(side, 2.0, steps, risk_aversion=aversion, **given)
    tau = 2.0 / steps

    def worth(inner: Any) -> float:
        lost, variance = cost([side, *inner, 0.0], tau, given)
        return lost + aversion * variance

    # With impact to all later trades, a step's permanent impact moves the price that the next one is filled at.
    assert cost(found.holdings, tau, given)[1] == pytest.approx(found.variance, rel=1e-12)
    assert cost(found.holdings, tau, given)[0] == pytest.approx(found.expected_cost, rel=1e-12)
    best = minimize(worth, side * np.linspace(1, 0, steps + 1)[1:-1], tol=1e-12)
    assert worth(found.holdings[1:-1]) <= best.fun + 1e-9


def test_without_aversion_the_parts_are_equal_and_with_much_all_goes_at_once() -> None:
    even = almgren_chriss(**PAPER | {"risk_aversion": 0.0})
    np.testing.assert_allclose(even.holdings, np.linspace(1e6, 0.0, 6))
    assert even.kappa == 0.0
    nearly = almgren_chriss(**PAPER | {"risk_aversion": 1e-22})
    np.testing.assert_allclose(nearly.holdings, even.holdings, rtol=1e-6)
    hasty = almgren_chriss(**PAPER | {"risk_aversion": 1e6, "n_steps": 100})
    assert np.isfinite(hasty.holdings).all()
    assert hasty.holdings[1] < 1e-8 * hasty.holdings[0]


def test_buying_mirrors_selling() -> None:
    sold, bought = almgren_chriss(**PAPER), almgren_chriss(**PAPER | {"shares": -1e6})
    np.testing.assert_array_equal(bought.holdings, -sold.holdings)
    assert astuple(bought)[1:] == astuple(sold)[1:]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"eta": -1.0}, "eta is -1.0; a finite number from 0"),
        ({"volatility": np.nan}, "volatility is nan"),
        ({"n_steps": 0}, "n_steps 0"),
        ({"horizon": 0.0}, "horizon 0.0"),
        ({"gamma": 5e-6}, r"eta is 2.5e-06; more than gamma x horizon / n_steps / 2 = 2.5e-06"),
    ],
)
def test_what_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        almgren_chriss(**PAPER | changed)


def test_the_page_runs_and_gives_its_figures() -> None:
    block = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(block, names)
    best = names["best"]
    assert ", ".join(f"{shares:,.0f}" for shares in best.holdings) in block
    for figure in (f"{best.expected_cost:,.0f}", f"{best.variance / 1e11:.4f}e11", f"{best.kappa:.3f} per day"):
        assert figure in block
