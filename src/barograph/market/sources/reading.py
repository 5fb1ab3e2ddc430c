"""Tables from parquet and csv files, as other programs write them."""

import csv
import re
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from barograph.errors import InputError
from barograph.market.conversion import adjusted, to_table
from barograph.market.schema import BARS
from barograph.market.sources.spellings import column_names

SUFFIXES: Final = (".parquet", ".csv")
# Without these a ticker such as 7203, TRUE or 2020-01-02 would be read as a number, a flag or a date.
_TEXT: Final = ("symbol", "name", "gics_sector", "field")


def read_bars(path: Path) -> pd.DataFrame:
    """Read bars from a file, or from a folder with a file for each symbol, and adjust them where they say how.

    In a folder, the name of a file without a symbol column is its symbol. Raises InputError if a file cannot be read,
    two columns mean the same, or the folder contains something else.
    """
    if path.is_file():
        return adjusted(read_table(path, "bars"), str(path))
    files = _symbol_files(path)
    tables = [_with_symbol(_read(file, "bars"), file.stem) for file in files]
    if all(table.column_names == tables[0].column_names for table in tables):
        try:
            whole = pa.concat_tables(tables, promote_options="permissive")
            return to_table(adjusted(_frame(whole), str(path)), BARS, str(path))
        except (pa.ArrowException, InputError):
            pass  # file by file below, so that the message names the file and its row
    names = [str(file) for file in files]
    bars = [to_table(adjusted(_frame(table), name), BARS, name) for table, name in zip(tables, names, strict=True)]
    return pd.concat(bars, ignore_index=True)


def read_table(path: Path, table: str) -> pd.DataFrame:
    """Read a .parquet or .csv file of a table, a key of :data:`~barograph.market.sources.spellings.SPELLINGS`.

    Known columns get the names that Barograph uses. Raises InputError if the file cannot be read, or two columns mean
    the same.
    """
    return _frame(_read(path, table))


def _symbol_files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not paths:
        raise InputError(f"{folder}: an empty folder; allowed: a file per symbol (.parquet or .csv), such as AAPL.csv")
    for path in paths:
        if not path.is_file() or path.suffix not in SUFFIXES:
            raise InputError(f"{path}: is no symbol's bars; allowed are files that end in .parquet or .csv")
    stems = [path.stem for path in paths]
    if twice := [stem for stem in stems if stems.count(stem) > 1]:
        raise InputError(f"{folder}: {twice[0]} is there twice, as .csv and as .parquet; allowed: one of them")
    return paths


def _with_symbol(table: pa.Table, symbol: str) -> pa.Table:
    if "symbol" in table.column_names:
        return table
    return table.add_column(0, "symbol", pa.repeat(pa.scalar(symbol), len(table)))


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame


def _read(path: Path, table: str) -> pa.Table:
    try:
        arrow = _read_csv(path, table) if path.suffix == ".csv" else pyarrow.parquet.read_table(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read as {path.suffix[1:]}: {reason}") from error
    # pandas writes the index of a filtered frame as a column of this name.
    index = [name for name in arrow.column_names if re.fullmatch(r"__index_level_\d+__", name)]
    arrow = arrow.drop_columns(index).replace_schema_metadata(None)
    return arrow.rename_columns(column_names(arrow.column_names, table, str(path)))


def _read_csv(path: Path, table: str) -> pa.Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    names = dict(zip(header, column_names(header, table, str(path)), strict=True))
    text = {column: pa.string() for column, name in names.items() if name in _TEXT}
    return pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=text))
