"""Market data from a folder of the user."""

from pathlib import Path
from typing import Annotated, Final

import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.data import MarketData
from barograph.market.loading import Source
from barograph.market.sources.reading import SUFFIXES, read_bars, read_table
from barograph.market.validation import check_signals
from barograph.typing import STRICT

_OPTIONAL: Final = ("facts", "signals")


@dataclass(frozen=True, config=STRICT)
class Files(Source):
    """A folder with ``bars``, ``context`` and ``universe``, each as ``.parquet`` or ``.csv``.

    Bars have the columns symbol, date, open, high, low, close, volume (all but the first two and close may be empty);
    the context date, index_close, if known vix, and any further numeric columns; the universe symbol, name,
    gics_sector. Dates in CSV are written 2020-03-16. Without a vix column the VIX is estimated, and flagged as such.

    Instead of a file, ``bars`` may be a folder with a file for each symbol, such as ``AAPL.csv``: where a file has no
    symbol column, its symbol is the file's name. Columns may be written in any case and with any separators, and under
    the names that are common elsewhere: Ticker, Datetime (at midnight), Sector and others of
    :data:`~barograph.market.sources.spellings.SPELLINGS`.

    Bars with a column adj_close beside close are adjusted by it: open, high and low are multiplied by adj_close /
    close, the close becomes the adjusted one, and the volume stays as it is.

    Where the folder has ``facts`` and ``signals``, as ``.parquet`` or ``.csv``, they are read too: facts have the
    columns symbol, field, available_from, value, and signals symbol, name, date, value, available_from.

    Parameters
    ----------
    root : str
        The folder; a relative one is taken from the current directory.
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    start, end : str or None
        ISO dates, inclusive, for bars and context; None keeps everything. Nothing else cuts the context, which may
        begin before the bars. Of facts and signals `end` removes the rows that became available after it.
    """

    root: Annotated[str, Field(min_length=1)]

    def load(self) -> MarketData:
        """Read and validate.

        Returns
        -------
        MarketData
            With facts and signals where the folder has them.

        Raises
        ------
        InputError
            If a file or column is missing, two columns mean the same, the span contains too little, or the data break
            a rule of :func:`~barograph.market.validate`.
        """
        root = Path(self.root)
        if not root.is_dir():
            raise InputError(
                f"{root}: no such folder; allowed: a folder of bars, context and universe (.parquet or .csv)"
            )
        paths = {table: _find(root, table) for table in ("bars", "context", "universe")}
        paths |= {table: _find(root, table) for table in _OPTIONAL if _candidates(root, table)}
        return self.assemble(
            read_bars(paths["bars"]),
            read_table(paths["context"], "context"),
            read_table(paths["universe"], "universe"),
            origin={table: str(path) for table, path in paths.items()},
            **{table: read_table(paths[table], table) for table in _OPTIONAL if table in paths},
        )


@without_time_zones
def read_signals(path: Path, universe: pd.DataFrame) -> tuple[pd.DataFrame | None, list[str]]:
    """Read and validate a file of signals.

    Parameters
    ----------
    path : Path
        A ``.parquet`` or ``.csv`` with the columns symbol, name, date, value, available_from.
    universe : pandas.DataFrame
        Its symbols are kept.

    Returns
    -------
    signals : pandas.DataFrame or None
        None where no row is left.
    notes : list of str
        The symbols that were left out.

    Raises
    ------
    InputError
        If there is no such file, or it breaks a rule of :func:`~barograph.market.validate`.
    """
    if path.suffix not in SUFFIXES or not path.is_file():
        raise InputError(f"{path}: no such file of signals; allowed: one that ends in .parquet or .csv")
    return check_signals(read_table(path, "signals"), universe, str(path))


def _candidates(root: Path, table: str) -> list[Path]:
    return [path for suffix in SUFFIXES if (path := root / f"{table}{suffix}").is_file()]


def _find(root: Path, table: str) -> Path:
    found = _candidates(root, table)
    if table == "bars" and (root / table).is_dir():
        found.append(root / table)
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{root}: {table} is there twice, as {[path.name for path in found]}; allowed: one of them")
    present = sorted(path.name for path in root.iterdir())
    raise InputError(f"{root / table}.parquet: no such file, nor {table}.csv; the folder has {present}")
