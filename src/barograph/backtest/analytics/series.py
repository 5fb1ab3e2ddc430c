"""What every figure of a series of returns starts from."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from barograph.errors import InputError
from barograph.typing import Floats

Returns: TypeAlias = "pd.Series | npt.ArrayLike"

PERIODS: Final = 252


def values_of(returns: Returns) -> Floats:
    """Give returns (T,) as numbers; refuse what is no return."""
    values: Floats = np.asarray(returns, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"returns: an array of shape {values.shape}; one dimension is required")
    bad = ~(np.isfinite(values) & (values >= -1.0))
    if bad.any():
        place = int(np.argmax(bad))
        where = returns.index[place] if isinstance(returns, pd.Series) else place
        raise InputError(f"returns: {values[place]} at {where}; finite numbers of at least -1 are required")
    return values


def pair_of(returns: Returns, benchmark: Returns) -> tuple[Floats, Floats]:
    """Give the returns of a portfolio and of a benchmark (T,), which must cover the same periods."""
    r, b = values_of(returns), values_of(benchmark)
    if len(r) != len(b):
        raise InputError(f"returns: {len(r)} periods against the benchmark's {len(b)}; they must be the same")
    indexes = [series.index for series in (returns, benchmark) if isinstance(series, pd.Series)]
    if len(indexes) == 2 and not indexes[0].equals(indexes[1]):
        raise InputError("returns: the index differs from the benchmark's; both must cover the same periods")
    return r, b


def sharpe_of(values: Floats, periods: int) -> float:
    """Give mean over standard deviation, annualised."""
    return ratio_of(values.mean() if len(values) else np.nan, deviation_of(values)) * float(np.sqrt(periods))


def deviation_of(values: Floats) -> float:
    """Give the standard deviation (ddof 1): 0 for values that never vary, NaN for fewer than two."""
    if len(values) < 2:
        return np.nan
    return float(values.std(ddof=1)) if np.ptp(values) else 0.0


def quantile_of(values: Floats, q: float) -> float:
    """Give a quantile, interpolated linearly; NaN without values."""
    return float(np.quantile(values, q)) if len(values) else np.nan


def ratio_of(numerator: float, denominator: float) -> float:
    """Divide; NaN where there is nothing to divide by."""
    return float(numerator / denominator) if denominator else np.nan


def underwater(values: Floats) -> Floats:
    """Give the distance of compounded wealth from its running maximum (T,), not positive."""
    wealth = np.concatenate([[1.0], np.cumprod(1.0 + values)])
    depth: Floats = (wealth / np.maximum.accumulate(wealth) - 1.0)[1:]
    return depth


def index_of(returns: Returns, length: int) -> pd.Index:
    """Give the index of a series, or positions from 0."""
    return returns.index if isinstance(returns, pd.Series) else pd.RangeIndex(length)
