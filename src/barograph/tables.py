"""The only code that reads and writes tables; a table's schema is defined in the package that writes it.

Tables are parquet files with a fixed place, key and column types. In memory they are pandas frames whose dates are
``datetime64[us]`` (midnight, no time zone) and whose strings have pandas' ``str`` type; on disk dates are ``date32``.
Writing is atomic (a temporary name, then a rename) and byte-stable: the same frame gives the same bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.files import replacing
from barograph.typing import Rows

DATE, TEXT, FLOAT, BOOL = pa.date32(), pa.string(), pa.float64(), pa.bool_()
_ROWS_A_GROUP: Final = 1 << 16


@dataclass(frozen=True)
class Table:
    """Where a table lies, relative to the project's root, and its columns: the key, by which it is sorted, first.

    Braces in `path` are filled in when it is read or written: ``{model}`` with a model's key, ``{option}`` with a
    study's option. Only the columns in `nullable` may contain nulls. Further columns have the type `extra`; None allows
    none.
    """

    path: str
    key: tuple[str, ...]
    columns: Mapping[str, pa.DataType]
    nullable: frozenset[str] = frozenset()
    extra: pa.DataType | None = None


def read(table: Table, root: Path, *, columns: Sequence[str] | None = None, **names: str) -> pd.DataFrame:
    """Read a table, or only these of its columns in this order; `names` fill the braces in its path.

    Raises
    ------
    InputError
        If the file is missing or lacks a column.
    """
    return _to_pandas(_arrow(table, root / table.path.format(**names), columns))


def read_rows(table: Table, root: Path, rows: Rows, columns: Sequence[str]) -> pd.DataFrame:
    """Read these rows of a table, by position, and of them these columns, in this order; raises as :func:`read`."""
    return _to_pandas(_arrow(table, root / table.path, columns).take(rows))


def _arrow(table: Table, path: Path, columns: Sequence[str] | None) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path}: no such table; run the stage that writes it (dvc repro)")
    schema = pq.read_schema(path)
    missing = [name for name in columns or table.columns if name not in schema.names]
    if missing:
        raise InputError(f"{path}: lacks the columns {missing}; it has {schema.names}")
    return pq.read_table(path, columns=list(columns) if columns is not None else None)


@without_time_zones
def write(table: Table, frame: pd.DataFrame, root: Path, **names: str) -> Path:
    """Write a table, whatever the order of its rows, and give its path; `names` fill the braces in it.

    Raises
    ------
    InputError
        If a column is missing or unknown, a key repeats, or a value is null where none may be.
    """
    return write_blocks(table, [frame], root, **names)


def write_blocks(table: Table, blocks: Iterable[pd.DataFrame], root: Path, **names: str) -> Path:
    """Write a table that is too large for memory, block by block of its rows.

    The bytes are the same however the rows are cut into blocks. Each block begins after the keys of the one before.

    Raises
    ------
    InputError
        If there is no block, one has other columns than the first or does not begin after the one before, or `write`
        would refuse it. Whatever is raised, by `blocks` too, leaves behind the file that was there before.
    """
    path = root / table.path.format(**names)
    with replacing(path) as temporary:
        groups = _groups(_in_order(table, blocks, str(path)))
        first = next(groups, None)
        if first is None:
            raise InputError(f"{path}: there is no block to write; at least one is required")
        # Encoding takes about as long as making the next blocks, and does not need the interpreter.
        text = [column.name for column in first.schema if column.type == TEXT]
        with (
            pq.ParquetWriter(temporary, first.schema, compression="zstd", use_dictionary=text) as writer,
            ThreadPoolExecutor(1) as thread,
        ):
            written = thread.submit(writer.write_table, first, _ROWS_A_GROUP)
            for group in groups:
                written.result()
                written = thread.submit(writer.write_table, group, _ROWS_A_GROUP)
            written.result()
    return path


def _in_order(table: Table, blocks: Iterable[pd.DataFrame], path: str) -> Iterator[pa.Table]:
    """Give each block as `write` would write it, checked against the block before."""
    schema, last = None, None
    for block in blocks:
        arrow = _to_arrow(table, block, path)
        if schema is not None and arrow.schema != schema:
            raise InputError(f"{path}: a block has the columns {arrow.schema.names}; the first has {schema.names}")
        schema = arrow.schema
        if arrow.num_rows:
            first = _key(table, arrow, 0)
            if last is not None and not first > last:
                raise InputError(
                    f"{path}: a block begins at {first}, the one before ends at {last}; keys must increase"
                )
            last = _key(table, arrow, arrow.num_rows - 1)
        yield arrow


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Give the rows of the tables in tables of `_ROWS_A_GROUP` rows, the last of which may have fewer."""
    waiting: list[pa.Table] = []
    rows, groups = 0, 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        while rows >= _ROWS_A_GROUP:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, _ROWS_A_GROUP)
            waiting = [joined.slice(_ROWS_A_GROUP)]
            rows, groups = rows - _ROWS_A_GROUP, groups + 1
    if waiting and (rows or not groups):
        yield pa.concat_tables(waiting)


def _key(table: Table, arrow: pa.Table, row: int) -> tuple[Any, ...]:
    return tuple(arrow.column(name)[row].as_py() for name in table.key)


def _to_pandas(arrow: pa.Table) -> pd.DataFrame:
    for index, column in enumerate(arrow.schema):
        if column.type == DATE:
            arrow = arrow.set_column(index, column.name, arrow.column(index).cast(pa.timestamp("us")))
    frame: pd.DataFrame = arrow.replace_schema_metadata(None).to_pandas()
    return frame


def _to_arrow(table: Table, frame: pd.DataFrame, path: str) -> pa.Table:
    missing = [name for name in table.columns if name not in frame.columns]
    further = [name for name in frame.columns if name not in table.columns]
    if missing or (further and table.extra is None):
        raise InputError(f"{path}: columns missing {missing}, unknown {further}; allowed are {list(table.columns)}")
    types = dict(table.columns) | dict.fromkeys(further, table.extra)
    keys = list(table.key)
    ordered = frame.loc[:, list(types)]
    if not _strictly_increasing(ordered, keys):
        ordered = ordered.sort_values(keys, kind="stable")
        repeated = ordered.duplicated(keys)
        if repeated.any():
            row = ordered.loc[repeated, keys].iloc[0].to_dict()
            raise InputError(f"{path}: the key {row} occurs more than once; it must be unique")
    schema = pa.schema([pa.field(name, kind) for name, kind in types.items()])
    arrow = pa.Table.from_pandas(ordered, schema=schema, preserve_index=False).replace_schema_metadata(None)
    for name in table.columns:
        if name not in table.nullable and arrow.column(name).null_count:
            row = ordered.loc[ordered[name].isna(), keys].iloc[0].to_dict()
            raise InputError(f"{path}: {name} is null at {row}; a value is required")
    return arrow


def _strictly_increasing(frame: pd.DataFrame, keys: list[str]) -> bool:
    greater, same = np.zeros(max(len(frame) - 1, 0), bool), np.ones(max(len(frame) - 1, 0), bool)
    for name in keys:
        before, after = frame[name].array[:-1], frame[name].array[1:]
        greater |= same & np.asarray(after > before, dtype=bool)
        same &= np.asarray(after == before, dtype=bool)
    return bool(greater.all())
