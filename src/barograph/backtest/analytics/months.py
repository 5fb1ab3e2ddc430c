"""Returns by calendar month."""

import pandas as pd

from barograph.backtest.analytics.series import values_of
from barograph.errors import InputError


def monthly_returns(returns: pd.Series) -> pd.Series:
    """Compound returns within calendar months.

    Parameters
    ----------
    returns : Series of shape (T,)
        Simple returns with dates as index.

    Returns
    -------
    Series
        By ``year`` and ``month``, in order; months without a return are absent.

    Raises
    ------
    InputError
        If the index does not consist of dates.
    """
    if not isinstance(returns.index, pd.DatetimeIndex):
        raise InputError(f"returns: the index is {returns.index.dtype}; monthly returns need dates")
    wealth = pd.Series(1.0 + values_of(returns), returns.index)
    months = [returns.index.year.rename("year"), returns.index.month.rename("month")]
    return (wealth.groupby(months).prod() - 1.0).rename("return")
