"""Market data from a folder of the user's own."""

import re
from pathlib import Path
from typing import Annotated, Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.market.data import MarketData
from barograph.market.loading import STRICT, CalendarCode, IsoDate, assemble, check_span

_SUFFIXES: Final = (".parquet", ".csv")
# Without these a ticker such as 7203, TRUE or 2020-01-02 would be read as a number, a flag or a date.
_TEXT: Final = dict.fromkeys(("symbol", "name", "gics_sector"), pa.string())


@dataclass(frozen=True, config=STRICT)
class Files:
    """A folder with ``bars``, ``context`` and ``universe``, each as ``.parquet`` or ``.csv``.

    Bars have the columns symbol, date, open, high, low, close, volume (all but the first two and close may be empty);
    the context date, index_close, if known vix, and any further numeric columns; the universe symbol, name,
    gics_sector. Dates in CSV are written 2020-03-16. Without a vix column the VIX is estimated, and flagged as such.

    Parameters
    ----------
    root : str
        The folder; a relative one is taken from the current directory.
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    start, end : str or None
        ISO dates, inclusive, for bars and context; None keeps everything. Nothing else cuts the context, which may
        begin before the bars.
    """

    root: Annotated[str, Field(min_length=1)]
    calendar: CalendarCode
    start: IsoDate | None
    end: IsoDate | None

    def __post_init__(self) -> None:
        """Refuse an inverted span."""
        check_span(self.start, self.end)

    def load(self) -> MarketData:
        """Read and validate.

        Returns
        -------
        MarketData

        Raises
        ------
        InputError
            If a file or column is missing, or the data break a rule of :func:`~barograph.market.validate`.
        """
        root = Path(self.root)
        if not root.is_dir():
            raise InputError(f"{root}: no such folder; allowed: one with bars, context and universe (.parquet or .csv)")
        paths = {table: _find(root, table) for table in ("bars", "context", "universe")}
        return assemble(
            **{table: _read(path) for table, path in paths.items()},
            calendar=self.calendar,
            start=self.start,
            end=self.end,
            origin={table: str(path) for table, path in paths.items()},
        )


def _find(root: Path, table: str) -> Path:
    found = [path for suffix in _SUFFIXES if (path := root / f"{table}{suffix}").is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{root}: {table} stands twice, as {[path.name for path in found]}; allowed: one of them")
    present = sorted(path.name for path in root.iterdir())
    raise InputError(f"{root / table}.parquet: no such file, nor {table}.csv; the folder has {present}")


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".csv":
            arrow = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=_TEXT))
        else:
            arrow = pyarrow.parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read as {path.suffix[1:]}: {reason}") from error
    # pandas writes the index of a filtered frame as a column of this name.
    index = [name for name in arrow.column_names if re.fullmatch(r"__index_level_\d+__", name)]
    frame: pd.DataFrame = arrow.drop_columns(index).replace_schema_metadata(None).to_pandas(date_as_object=False)
    return frame
