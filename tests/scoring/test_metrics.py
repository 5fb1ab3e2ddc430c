"""The registry: a resample scores as its rows repeated; an estimate keeps its columns."""

import numpy as np
import pandas as pd
import pytest

from barograph.names import BASELINES
from barograph.randomness import generator
from barograph.scoring import METRICS, Estimate, Forecasts, Metric, Part, Resamples

DAYS = 12


def _forecasts() -> Forecasts:
    rng = generator(0, "metrics")
    predictors = [*BASELINES, "model"]
    probabilities = rng.dirichlet([2, 3, 2], size=(len(predictors), 10 * DAYS))
    return Forecasts(predictors, probabilities, rng.integers(3, size=10 * DAYS), np.arange(10 * DAYS) % DAYS, DAYS, 5)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_resample_scores_as_its_rows_repeated(metric: Metric) -> None:
    given, rows, dates = _forecasts(), np.arange(5, 115), np.array([0, 2, 3, 7])
    rows = rows[np.isin(given.date[rows], dates)]
    counts = np.array([[1.0, 1, 1, 1], [2, 0, 3, 1], [0, 4, 0, 0]])
    found = metric.score(Resamples(given, rows, dates, counts))
    for draw, scores in zip(counts, found.T, strict=True):
        repeated = np.repeat(rows, draw[np.searchsorted(dates, given.date[rows])].astype(int))
        again = Forecasts(
            given.predictors, given.probabilities[:, repeated], given.label[repeated], given.date[repeated], DAYS, 5
        )
        np.testing.assert_allclose(scores, metric.score(Part(again, np.arange(repeated.size))), rtol=1e-12, atol=1e-15)


def test_an_estimate_keeps_its_columns() -> None:
    columns = {"auc": 0.6, "auc_low": 0.5, "auc_high": 0.7}
    assert Estimate.of(columns, "auc") == Estimate.of(pd.Series(columns), "auc") == (0.6, 0.5, 0.7)
    assert Estimate(0.6, 0.5, 0.7).columns("auc") == columns
    assert np.isnan(Estimate.of(dict.fromkeys(columns), "auc")).all()
