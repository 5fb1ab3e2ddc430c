"""The schema of every table, and the only code that reads and writes them.

Tables are parquet files with a fixed place, key and column types. In memory they are pandas frames whose dates are
``datetime64[us]`` (midnight, no time zone) and whose strings have pandas' ``str`` type; on disk dates are ``date32``.
Writing is atomic (a temporary name, then a rename) and byte-stable: the same frame gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from barograph.errors import InputError

CLASSES: Final = ("sell", "hold", "buy")
PROBABILITIES: Final = ("p_sell", "p_hold", "p_buy")
REGIMES: Final = ("low_volatility", "normal", "high_volatility", "crash", "recovery")

_DATE, _TEXT, _FLOAT, _BOOL = pa.date32(), pa.string(), pa.float64(), pa.bool_()


@dataclass(frozen=True)
class Table:
    """Where a table lies and what it holds.

    Attributes
    ----------
    path : str
        Relative to the project's root; ``{model}`` stands for a model's key.
    key : tuple of str
        The columns by which the table is sorted and unique.
    columns : mapping of str to pyarrow.DataType
        Key columns first; all must be present.
    nullable : frozenset of str
        The columns that may hold nulls.
    extra : pyarrow.DataType or None
        The type of further columns, or None where there may be none.
    """

    path: str
    key: tuple[str, ...]
    columns: Mapping[str, pa.DataType]
    nullable: frozenset[str] = frozenset()
    extra: pa.DataType | None = None


BARS: Final = Table(
    "data/market/bars.parquet",
    ("symbol", "date"),
    {"symbol": _TEXT, "date": _DATE} | dict.fromkeys(("open", "high", "low", "close", "volume"), _FLOAT),
    nullable=frozenset({"open", "high", "low", "volume"}),
)
CONTEXT: Final = Table(
    "data/market/context.parquet",
    ("date",),
    {"date": _DATE, "index_close": _FLOAT, "vix": _FLOAT, "vix_estimated": _BOOL},
    nullable=frozenset({"vix"}),
    extra=_FLOAT,
)
UNIVERSE: Final = Table(
    "data/market/universe.parquet",
    ("symbol",),
    {"symbol": _TEXT, "name": _TEXT, "gics_sector": _TEXT},
)
FACTS: Final = Table(
    "data/market/facts.parquet",
    ("symbol", "field", "available_from"),
    {"symbol": _TEXT, "field": _TEXT, "available_from": _DATE, "value": _FLOAT},
)
SIGNALS: Final = Table(
    "data/market/signals.parquet",
    ("symbol", "name", "date"),
    {"symbol": _TEXT, "name": _TEXT, "date": _DATE, "value": _FLOAT, "available_from": _DATE},
)
FEATURES: Final = Table(
    "data/features.parquet", ("symbol", "date"), {"symbol": _TEXT, "date": _DATE}, extra=pa.float32()
)
LABELS: Final = Table(
    "data/labels.parquet",
    ("symbol", "date"),
    {
        "symbol": _TEXT,
        "date": _DATE,
        "label": pa.int8(),
        "exit_date": _DATE,
        "exit_reason": _TEXT,
        "exit_return": _FLOAT,
        "uniqueness": _FLOAT,
    },
)
REGIME_SERIES: Final = Table(
    "data/regimes.parquet",
    ("date",),
    {
        "date": _DATE,
        "regime": _TEXT,
        "rule": _TEXT,
        "vix": _FLOAT,
        "index_return_10": _FLOAT,
        "drawdown": _FLOAT,
    },
    nullable=frozenset({"index_return_10"}),
)
ARCHIVE: Final = Table(
    "data/archive.parquet",
    ("event", "symbol", "date"),
    {
        "event": _TEXT,
        "symbol": _TEXT,
        "date": _DATE,
        "regime": _TEXT,
        "event_weight": _FLOAT,
        "available_from": _DATE,
    },
)
FOLDS: Final = Table(
    "data/folds.parquet",
    ("fold",),
    {"fold": pa.int32()} | dict.fromkeys(("train_start", "train_end", "test_start", "test_end"), _DATE),
    nullable=frozenset({"test_end"}),
)
SAMPLES: Final = Table(
    "data/samples.parquet",
    ("fold", "symbol", "date", "copy"),
    {
        "fold": pa.int32(),
        "symbol": _TEXT,
        "date": _DATE,
        "copy": pa.int32(),
        "source": _TEXT,
        "event": _TEXT,
        "regime": _TEXT,
        "weight": _FLOAT,
    },
    nullable=frozenset({"event"}),
)
_PROBABILITY_COLUMNS = {"fold": pa.int32()} | dict.fromkeys(PROBABILITIES, _FLOAT)
PREDICTIONS: Final = Table(
    "data/predictions/{model}.parquet",
    ("symbol", "date"),
    {"symbol": _TEXT, "date": _DATE} | _PROBABILITY_COLUMNS,
)
IMPORTANCE: Final = Table(
    "data/importance/{model}.parquet",
    ("fold", "feature"),
    {"fold": pa.int32(), "feature": _TEXT, "importance": _FLOAT, "kind": _TEXT},
)
ENSEMBLE_PREDICTIONS: Final = Table(
    "data/ensemble/predictions.parquet",
    ("predictor", "symbol", "date"),
    {"predictor": _TEXT, "symbol": _TEXT, "date": _DATE} | _PROBABILITY_COLUMNS,
)


def read(table: Table, root: Path, *, columns: Sequence[str] | None = None, model: str = "") -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    table : Table
    root : Path
        The project's root.
    columns : sequence of str, optional
        Only these columns, in this order.
    model : str, optional
        The model's key, for tables that exist once a model.

    Returns
    -------
    pandas.DataFrame
        With a range index, sorted by the table's key.

    Raises
    ------
    InputError
        If the file is missing or lacks a column.
    """
    path = root / table.path.format(model=model)
    if not path.is_file():
        raise InputError(f"{path}: no such table; run the stage that writes it (dvc repro)")
    schema = pq.read_schema(path)
    missing = [name for name in columns or table.columns if name not in schema.names]
    if missing:
        raise InputError(f"{path}: lacks the columns {missing}; it has {schema.names}")
    return _to_pandas(pq.read_table(path, columns=list(columns) if columns is not None else None))


def write(table: Table, frame: pd.DataFrame, root: Path, *, model: str = "") -> Path:
    """Write a table, sorted by its key.

    Parameters
    ----------
    table : Table
    frame : pandas.DataFrame
        Exactly the table's columns, plus further ones where the table allows them; in any order of rows.
    root : Path
        The folder that stands for the project's root.
    model : str, optional
        The model's key, for tables that exist once a model.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If a column is missing or unknown, a key repeats, or a null stands where none may.
    """
    path = root / table.path.format(model=model)
    arrow = _to_arrow(table, frame, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    text = [column.name for column in arrow.schema if column.type == _TEXT]
    pq.write_table(arrow, temporary, compression="zstd", use_dictionary=text, row_group_size=1 << 20)
    temporary.replace(path)
    return path


def _to_pandas(arrow: pa.Table) -> pd.DataFrame:
    for index, column in enumerate(arrow.schema):
        if column.type == _DATE:
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
        raise InputError(f"{path}: the key {row} stands more than once; it must be unique")
    schema = pa.schema([pa.field(name, kind) for name, kind in types.items()])
    arrow = pa.Table.from_pandas(ordered, schema=schema, preserve_index=False).replace_schema_metadata(None)
    for name in table.columns:
        if name not in table.nullable and arrow.column(name).null_count:
            row = ordered.loc[ordered[name].isna(), keys].iloc[0].to_dict()
            raise InputError(f"{path}: {name} is null at {row}; a value is required")
    return arrow


def _strictly_increasing(frame: pd.DataFrame, keys: list[str]) -> bool:
    return len(keys) == 1 and bool(frame[keys[0]].is_monotonic_increasing and frame[keys[0]].is_unique)
