"""The first stage of the structural baseline: a linear forecast of log volatility, fitted again for every year."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from barograph.ensemble.structural.inputs import INPUTS, Observations
from barograph.typing import Dates, Floats, Ints, Mask

_RIDGE: Final = 1e-6


def yearly_limits(calendar: Dates, first: int, last: int, embargo: int) -> dict[int, np.datetime64]:
    """Give, by year, the day before which a life must have ended: `embargo` trading days before the year's first."""
    limits = {}
    for year in range(first, last + 1):
        start = np.datetime64(f"{year}-01-01")
        first_day = int(np.searchsorted(calendar, start))
        limits[year] = calendar[max(first_day - embargo, 0)] if embargo else start
    return limits


def fit_years(observed: Observations, limits: Mapping[int, np.datetime64]) -> dict[int, Floats]:
    """Fit, for each year in ascending order, all rows whose life ended before the year's limit.

    A year with too few of them is left out.
    """
    left, past, fitted = _usable(observed), _LeastSquares(), {}
    for year, limit in limits.items():
        matured = left & (observed.life_end < limit)
        past.add(observed.inputs[:, matured], observed.outcome[matured])
        left &= ~matured
        if (coefficients := past.solve()) is not None:
            fitted[year] = coefficients
    return fitted


def fit_known(observed: Observations, known: Mask) -> Floats | None:
    """Fit all rows of a mask (T, N) that have inputs and an outcome; None for too few of them."""
    rows, past = known & _usable(observed), _LeastSquares()
    past.add(observed.inputs[:, rows], observed.outcome[rows])
    return past.solve()


def forecast_years(observed: Observations, fitted: Mapping[int, Floats], years: Ints) -> Floats:
    """Forecast as :func:`forecast`, each date (T,) by the coefficients of its year; NaN in a year without any."""
    forecasts = np.full(observed.outcome.shape, np.nan)
    for year, coefficients in fitted.items():
        dates = years == year
        forecasts[dates] = forecast(observed.inputs[:, dates], observed.to_barriers[dates], coefficients)
    return forecasts


def forecast(inputs: Floats, to_barriers: Floats, coefficients: Floats) -> Floats:
    """Forecast log volatility over the barriers, (T, N), from inputs (11, T, N); NaN where one is missing."""
    # Not a matrix product: how BLAS sums a row depends on how many rows there are.
    total = np.full(to_barriers.shape, coefficients[0])
    for coefficient, values in zip(coefficients[1:], inputs, strict=True):
        total += coefficient * values
    return total + to_barriers


def _usable(observed: Observations) -> Mask:
    usable: Mask = ~np.isnan(observed.inputs).any(axis=0) & ~np.isnan(observed.outcome)
    return usable


class _LeastSquares:
    """The normal equations of a fit, to which rows are added."""

    def __init__(self) -> None:
        size = 1 + len(INPUTS)
        self.rows, self.gram, self.moments = 0, np.zeros((size, size)), np.zeros(size)

    def add(self, inputs: Floats, outcome: Floats) -> None:
        """Add n rows: inputs (11, n) and outcome (n,)."""
        from threadpoolctl import threadpool_limits

        design = np.vstack([np.ones(outcome.size), inputs])
        with threadpool_limits(1):  # For the order of floating-point sums.
            self.gram += design @ design.T
            self.moments += design @ outcome
        self.rows += outcome.size

    def solve(self) -> Floats | None:
        """Give the constant, and the coefficients in the order of `INPUTS`; None unless there are more rows."""
        if self.rows <= self.moments.size:
            return None
        return np.asarray(np.linalg.solve(self.gram + _RIDGE * np.eye(self.moments.size), self.moments), np.float64)
