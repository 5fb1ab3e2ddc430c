"""The file of names that can be sold short."""

from pathlib import Path
from typing import Final

import pandas as pd

from barograph.errors import InputError

_COLUMNS: Final = ["symbol", "borrow_rate"]


def read_shortable(path: Path) -> pd.DataFrame | None:
    """Read the names that can be sold short.

    Parameters
    ----------
    path : Path
        A ``.csv`` with the columns ``symbol, borrow_rate``, in percent of the value sold short per year.

    Returns
    -------
    DataFrame or None
        None where the file has no rows: every name can be borrowed, at the execution's rate.

    Raises
    ------
    InputError
        If there is no such file, a column is missing, a symbol occurs twice or a rate is not a number from 0.
    """
    if path.suffix != ".csv" or not path.is_file():
        raise InputError(f"{path}: no such file of names that can be sold short; allowed: one that ends in .csv")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not a table: {str(error).splitlines()[0]}") from error
    if list(table) != _COLUMNS:
        raise InputError(f"{path}: the columns are {list(table)}; {_COLUMNS} are required")
    if (twice := table["symbol"].duplicated()).any():
        raise InputError(f"{path}: {table['symbol'][twice].iloc[0]} occurs more than once")
    rates = pd.to_numeric(table["borrow_rate"], errors="coerce")
    if (wrong := ~rates.between(0.0, float("inf"), inclusive="left")).any():
        symbol, found = table[wrong].iloc[0]
        raise InputError(f"{path}: the borrow_rate of {symbol} is {found!r}; percent per year from 0 are required")
    return None if table.empty else table.assign(borrow_rate=rates)
