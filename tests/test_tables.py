"""Writing tables: at once and block by block, the same bytes, nothing half-written."""

import weakref
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph import tables
from barograph.errors import InputError
from barograph.features.schema import FEATURES

WIDE = tables.Table("data/wide.parquet", ("symbol", "date"), FEATURES.columns, extra=pa.float32())


def wide(symbols: str = "ABCD", days: int = 30) -> pd.DataFrame:
    """Two columns of numbers, one of them with nulls in the middle, and one without any value."""
    dates = pd.bdate_range("2010-01-04", periods=days).as_unit("us")
    key = pd.MultiIndex.from_product([list(symbols), dates], names=["symbol", "date"]).to_frame(index=False)
    values = np.random.default_rng(0).normal(size=len(key))
    return key.astype({"symbol": "str"}).assign(
        a=values.astype(np.float32), b=np.where(abs(values) < 1, values, np.nan).astype(np.float32), c=np.float32("nan")
    )


def cut(frame: pd.DataFrame, *rows: int) -> list[pd.DataFrame]:
    edges = [0, *rows, len(frame)]
    return [frame.iloc[start:stop] for start, stop in pairwise(edges)]


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(st.integers(0, 120), max_size=5).map(sorted), group=st.integers(1, 140))
def test_blocks_give_the_same_bytes_as_the_whole(
    tmp_path_factory: pytest.TempPathFactory, rows: list[int], group: int
) -> None:
    frame, folder = wide(), tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_ROWS_A_GROUP", group)
        whole = tables.write(WIDE, frame.sample(frac=1.0, random_state=3), folder / "whole")
        blocks = tables.write_blocks(WIDE, iter(cut(frame, *rows)), folder / "blocks")
    assert whole.read_bytes() == blocks.read_bytes()
    groups = pq.ParquetFile(blocks).metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)][:-1] == [group] * ((120 - 1) // group)
    pd.testing.assert_frame_equal(tables.read(WIDE, folder / "blocks"), frame)


def test_groups_of_the_usual_size_are_the_same_too(tmp_path: Path) -> None:
    frame = wide(days=40_000)
    whole = tables.write(WIDE, frame, tmp_path / "whole")
    blocks = tables.write_blocks(WIDE, cut(frame, 70_001, 103_334, 150_000), tmp_path / "blocks")
    assert pq.ParquetFile(whole).num_row_groups == 3
    assert whole.read_bytes() == blocks.read_bytes()


def test_a_table_without_rows_is_the_same_by_both_ways(tmp_path: Path) -> None:
    empty = wide().iloc[:0]
    whole, blocks = tables.write(WIDE, empty, tmp_path / "a"), tables.write_blocks(WIDE, [empty, empty], tmp_path / "b")
    assert whole.read_bytes() == blocks.read_bytes()
    assert len(tables.read(WIDE, tmp_path / "b")) == 0


def test_rows_of_a_block_are_sorted_as_write_sorts_them(tmp_path: Path) -> None:
    first, second = cut(wide(), 60)
    tables.write_blocks(WIDE, [first.iloc[::-1], second], tmp_path)
    pd.testing.assert_frame_equal(tables.read(WIDE, tmp_path), wide())


def test_the_first_key_counts_before_the_second(tmp_path: Path) -> None:
    frame = wide("AB")
    late, early = frame.iloc[15:30], frame.iloc[30:45]
    tables.write(WIDE, pd.concat([early, late]), tmp_path)
    pd.testing.assert_frame_equal(tables.read(WIDE, tmp_path), pd.concat([late, early], ignore_index=True))


def swapped(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return cut(frame, 60)[::-1]


def overlapping(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[:60], frame.iloc[59:]]


def of_other_columns(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[:60], frame.iloc[60:].rename(columns={"b": "d"})]


def with_a_repeat(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[:60], pd.concat([frame.iloc[60:], frame.iloc[[70]]])]


def with_a_null_key(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[:60], frame.iloc[60:].assign(date=frame["date"].where(frame.index != 77))]


def none(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return []


def interrupted(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    yield frame.iloc[:60]
    raise InputError("bars: stopped in the middle")


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (swapped, r"begins at \('A', .*ends at \('D', "),
        (overlapping, r"begins at \('B', .*ends at \('B', "),
        (of_other_columns, r"\['symbol', 'date', 'a', 'd', 'c'\]; the first has \['symbol', 'date', 'a', 'b', 'c'\]"),
        (with_a_repeat, "'C'.* occurs more than once"),
        (with_a_null_key, "date is null"),
        (none, "no block"),
        (interrupted, "stopped in the middle"),
    ],
)
@pytest.mark.parametrize("before", [b"what was there", None])
def test_what_fails_leaves_the_folder_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    blocks: Callable[[pd.DataFrame], list[pd.DataFrame]],
    message: str,
    before: bytes | None,
) -> None:
    monkeypatch.setattr(tables, "_ROWS_A_GROUP", 20)
    path = tmp_path / WIDE.path
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before)
    with pytest.raises(InputError, match=message):
        tables.write_blocks(WIDE, blocks(wide()), tmp_path)
    assert [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()] == ([] if before is None else [before])


def test_a_block_is_let_go_of_when_its_rows_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks wait for their row group to be full and written, and no longer: a few, however many there are."""
    monkeypatch.setattr(tables, "_ROWS_A_GROUP", 20)
    alive: list[int] = []
    counts = []

    def blocks() -> Iterator[pd.DataFrame]:
        for number, symbol in enumerate("ABCDEFGHIJKLMNOPQRST"):
            values = np.full((3, 30), number, np.float32)
            alive.append(number)
            weakref.finalize(values, alive.remove, number)
            counts.append(len(alive))
            key = wide(symbol)[["symbol", "date"]]
            yield key.join(pd.DataFrame(values.T, columns=["a", "b", "c"], copy=False))

    tables.write_blocks(WIDE, blocks(), tmp_path)
    assert max(counts) <= 6


def test_rows_are_read_by_position_in_the_order_asked_for(tmp_path: Path) -> None:
    table = tables.Table("t.parquet", ("date",), {"date": tables.DATE, "a": tables.FLOAT, "b": tables.FLOAT})
    days = pd.date_range("2020-01-01", periods=9).astype("datetime64[us]")
    tables.write(table, pd.DataFrame({"date": days, "a": np.arange(9.0), "b": -np.arange(9.0)}), tmp_path)
    whole = tables.read(table, tmp_path)
    found = tables.read_rows(table, tmp_path, np.array([7, 2, 2]), ["b", "date"])
    pd.testing.assert_frame_equal(found, whole.iloc[[7, 2, 2]][["b", "date"]].reset_index(drop=True))
    with pytest.raises(InputError, match=r"lacks the columns \['c'\]"):
        tables.read_rows(table, tmp_path, np.array([0]), ["c"])
