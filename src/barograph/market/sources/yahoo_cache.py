"""Earlier answers of Yahoo: a parquet file for each symbol."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from barograph.errors import InputError
from barograph.files import replacing
from barograph.market.sources.yahoo_client import COLUMNS

_SCHEMA: Final = pa.schema([("date", pa.date32()), *((name, pa.float64()) for name in COLUMNS)])


@dataclass(frozen=True)
class History:
    """The bars of a symbol.

    Attributes
    ----------
    rows : pandas.DataFrame
        date, open, high, low, close, volume, in order of time; none where the symbol may be missing and is.
    first, last : pandas.Timestamp
        The days, inclusive, for which Yahoo's answer is complete; the rows may begin later and end earlier.
    """

    rows: pd.DataFrame
    first: pd.Timestamp
    last: pd.Timestamp

    def within(self, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
        """Give the rows of a span, both ends included."""
        return self.rows[self.rows["date"].between(first, last)].reset_index(drop=True)


def read_history(folder: Path, symbol: str) -> History | None:
    """Read the history kept of a symbol, None where there is none; raises InputError if the file is damaged."""
    path = _path(folder, symbol)
    if not path.is_file():
        return None
    try:
        table = pyarrow.parquet.read_table(path)
        kept = table.schema.metadata or {}
        first, last = (pd.Timestamp(kept[end].decode()).as_unit("us") for end in (b"first", b"last"))
        rows: pd.DataFrame = table.cast(_SCHEMA).to_pandas(date_as_object=False)
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: no history that can be read; delete the file to have it fetched again") from error
    return History(rows.assign(date=rows["date"].astype("datetime64[us]")), first, last)


def write_history(folder: Path, symbol: str, history: History) -> None:
    """Keep the bars of a symbol, under a temporary name first."""
    span = {"first": f"{history.first:%Y-%m-%d}", "last": f"{history.last:%Y-%m-%d}"}
    table = pa.Table.from_pandas(history.rows, schema=_SCHEMA, preserve_index=False).replace_schema_metadata(span)
    with replacing(_path(folder, symbol)) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd")


def _path(folder: Path, symbol: str) -> Path:
    return folder / f"{quote(symbol, safe='^=.-')}.parquet"
