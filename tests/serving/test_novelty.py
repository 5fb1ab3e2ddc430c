"""Novelty is the share of past rows that are less extreme."""

import numpy as np
import pandas as pd

from barograph.serving.novelty import novelty

PAST = pd.DataFrame({"a": np.arange(101.0), "b": np.arange(101.0)})


def _of(**values):
    return novelty(pd.DataFrame(values), PAST, list(values))


def test_the_median_is_least_and_what_lies_outside_is_most_novel():
    found = _of(a=[50.0, 75.5, 200.0, -5.0], b=[50.0, 75.5, 200.0, -5.0])
    assert found[0] == 0.0
    assert found[2] == found[3] == 1.0
    np.testing.assert_allclose(found[1], 0.5, atol=0.02)


def test_a_past_row_drawn_at_random_has_a_uniform_novelty():
    past = pd.DataFrame(np.random.default_rng(0).normal(size=(4000, 7)), columns=list("abcdefg"))
    rows = pd.DataFrame(np.random.default_rng(1).normal(size=(4000, 7)), columns=list("abcdefg"))
    found = novelty(rows, past, list("abcdefg"))
    np.testing.assert_allclose(np.quantile(found, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.03)


def test_missing_values_are_left_out():
    found = _of(a=[np.nan, np.nan], b=[200.0, np.nan])
    assert found[0] == 1.0
    assert np.isnan(found[1])


def test_scale_does_not_matter():
    stretched = novelty(pd.DataFrame({"a": [np.exp(70.0)]}), np.exp(PAST), ["a"])
    assert stretched == _of(a=[70.0])


def test_without_a_past_it_is_undefined():
    assert np.isnan(novelty(PAST, PAST.head(0), ["a"])).all()
