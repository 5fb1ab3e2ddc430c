"""The VIX estimate against its formula written out, and against the real VIX."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.market import Bundled, estimate_vix

CONTEXT = Path(__file__).parents[2] / "../shared/data/us57/context.parquet"


def _oracle(closes: list[float]) -> list[float]:
    """Give the equation, term by term in plain Python."""
    out = [math.nan] * min(5, len(closes))
    returns = [math.log(b / a) for a, b in pairwise(closes)]
    for last in range(4, len(returns)):
        total = 0.9860
        for decay, weight in ((0.80, -0.0568), (0.94, 0.5464), (0.99, 0.2282)):
            average = returns[0] ** 2
            for r in returns[1 : last + 1]:
                average = decay * average + (1 - decay) * r * r
            total += weight * math.log(100 * math.sqrt(252 * average))
        total -= 0.0205 * 100 * min(returns[last], 0)
        total -= 0.0378 * 100 * min(sum(returns[last - 4 : last + 1]), 0)
        out.append(math.exp(total))
    return out


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.1, 0.1), min_size=0, max_size=40), st.floats(1.0, 5000.0))
def test_it_follows_the_equation(returns: list[float], first: float) -> None:
    # A return of exactly zero from the start has no logarithm; the smallest real moves are far above 1e-9.
    steps = [r if abs(r) > 1e-6 else 1e-3 for r in returns]
    closes = [first, *(first * np.exp(np.cumsum(steps)))]
    np.testing.assert_allclose(estimate_vix(closes), _oracle(closes), rtol=1e-9)


def test_it_is_defined_from_the_fifth_return_on() -> None:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, 50)))
    assert np.isnan(estimate_vix(closes)).tolist() == [True] * 5 + [False] * 45
    assert np.isnan(estimate_vix(closes[:5])).all()
    assert estimate_vix([]).shape == (0,)


def test_the_future_does_not_reach_back() -> None:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 80)))
    other = closes.copy()
    other[40:] *= 1.5
    np.testing.assert_array_equal(estimate_vix(closes)[:40], estimate_vix(other)[:40])
    assert estimate_vix(closes)[40] != estimate_vix(other)[40]


def test_an_index_that_never_moved_has_no_estimate() -> None:
    assert np.isnan(estimate_vix([100.0] * 20)).all()


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_unusable_closes_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and positive"):
        estimate_vix([100.0, bad, 101.0])


@pytest.mark.skipif(not CONTEXT.is_file(), reason="needs real market data in ../shared/data/us57")
def test_agreement_with_the_real_vix_after_the_fit() -> None:
    ours = Bundled(calendar="XNYS", start="2007-01-01", end="2022-12-31").load().context
    real = pd.read_parquet(CONTEXT, columns=["date", "vix"]).assign(date=lambda f: pd.to_datetime(f["date"]))
    both = ours.merge(real, on="date", suffixes=("", "_real"), validate="1:1").dropna()
    estimate, truth = both["vix"], both["vix_real"]
    assert len(both) > 4000
    assert np.corrcoef(estimate, truth)[0, 1] == pytest.approx(0.94, abs=0.01)
    assert np.sqrt(((estimate - truth) ** 2).mean()) == pytest.approx(3.7, abs=0.1)
    bands = [15, 25, 35]
    assert (np.digitize(estimate, bands) == np.digitize(truth, bands)).mean() == pytest.approx(0.74, abs=0.01)
