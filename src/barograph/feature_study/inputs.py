"""The inputs of the structural baseline as a table of features."""

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.ensemble.structural.inputs import INPUTS, observe
from barograph.errors import InputError
from barograph.labels.barriers import Barriers


@without_time_zones
def structural_inputs(
    closes: pd.DataFrame, index_close: "pd.Series[float]", barriers: Barriers, keys: pd.DataFrame
) -> pd.DataFrame:
    """Lay the eleven inputs of :class:`~barograph.ensemble.Structural` out like the features table.

    Parameters
    ----------
    closes : pandas.DataFrame of shape (T, N)
        Closes by date, ascending, and symbol; NaN where a symbol has no bar.
    index_close : pandas.Series
        Closes of the index by date, ascending; NaN where it has none.
    barriers : Barriers
        The maker of the labels, whose horizon counts.
    keys : pandas.DataFrame
        `symbol` and `date` of the n rows wanted.

    Returns
    -------
    pandas.DataFrame
        `symbol`, `date` and eleven float32 columns, in the order of `keys`; NaN where an input is missing. A row uses
        nothing after its date.

    Raises
    ------
    InputError
        If a row's date or symbol is not among the closes.
    """
    values = observe(closes, index_close.dropna(), barriers).inputs.astype(np.float32)
    date = closes.index.get_indexer(pd.Index(keys["date"]))
    symbol = closes.columns.get_indexer(pd.Index(keys["symbol"]))
    if (lost := (date < 0) | (symbol < 0)).any():
        row = keys.iloc[int(lost.argmax())]
        raise InputError(f"structural inputs: {row['symbol']} on {row['date']:%F} is not among the closes")
    columns = dict(zip(INPUTS, values[:, date, symbol], strict=True))
    return keys[["symbol", "date"]].reset_index(drop=True).assign(**columns)
