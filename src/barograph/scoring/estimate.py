"""A figure and its interval in a single type."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class Estimate(NamedTuple):
    """A figure and the ends of its interval, NaN where undefined."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, row: "Mapping[Any, Any] | pd.Series[Any]", key: str) -> "Estimate":
        """Read `key`, `key_low` and `key_high` from a row; None counts as NaN."""
        value, low, high = (np.nan if row[name] is None else float(row[name]) for name in interval_columns(key))
        return cls(value, low, high)

    def columns(self, key: str) -> dict[str, float]:
        """Spread over the columns `key`, `key_low` and `key_high`."""
        return dict(zip(interval_columns(key), self, strict=True))


UNDEFINED = Estimate(np.nan, np.nan, np.nan)


def interval_columns(key: str) -> tuple[str, str, str]:
    """Name the columns of a figure, and of the lower and the upper end of its interval."""
    return key, f"{key}_low", f"{key}_high"
