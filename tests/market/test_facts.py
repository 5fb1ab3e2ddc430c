"""Facts and signals of a source: what is refused, what is left out, and what a span keeps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.errors import InputError
from barograph.market import Files, MarketData, read_signals, validate
from barograph.market.loading import Source
from barograph.market.schema import FACTS, SIGNALS

Frame = pd.DataFrame
ORIGIN = {name: f"mine/{name}.csv" for name in ("bars", "context", "universe", "facts", "signals")}


def facts() -> Frame:
    rows = [
        ("S002", "pe_ratio", "2010-05-01", 12.0),
        ("S001", "pe_ratio", "2010-05-02", 20.0),
        ("S001", "pe_ratio", "2009-11-02", 18.0),
        ("S001", "eps_growth", "2010-05-02", -0.1),
    ]
    table = pd.DataFrame(rows, columns=["symbol", "field", "available_from", "value"])
    return table.assign(available_from=pd.to_datetime(table["available_from"]))


def signals() -> Frame:
    rows = [
        ("S002", "mine", "2010-05-03", 1.0, "2010-05-04"),
        ("S001", "mine", "2010-05-06", -1.0, "2010-05-04"),
        ("S001", "b_2", "2010-05-03", 0.5, "2010-05-03"),
    ]
    table = pd.DataFrame(rows, columns=["symbol", "name", "date", "value", "available_from"])
    return table.assign(**{name: pd.to_datetime(table[name]) for name in ("date", "available_from")})


def checked(good: MarketData, **given: Frame) -> MarketData:
    return validate(good.bars, good.context, good.universe, calendar="XNYS", origin=ORIGIN, **given)


def spoilt(frame: Frame, **changes: Any) -> Frame:
    frame = frame.copy()
    for column, value in changes.items():
        frame[column] = frame[column].astype(object)
        frame.loc[1, column] = value
    return frame


def test_a_source_need_not_have_them(good: MarketData) -> None:
    data = checked(good)
    assert data.facts is None
    assert data.signals is None


def test_good_ones_are_sorted_and_typed_and_stay_as_they_are(good: MarketData, tmp_path: Path) -> None:
    data = checked(good, facts=facts(), signals=signals())
    assert data.notes == []
    assert data.facts["value"].tolist() == [-0.1, 18.0, 20.0, 12.0]
    assert data.signals["value"].tolist() == [0.5, -1.0, 1.0]
    for table, frame in ((FACTS, data.facts), (SIGNALS, data.signals)):
        tables.write(table, frame, tmp_path)
        pd.testing.assert_frame_equal(tables.read(table, tmp_path), frame, check_exact=True)
    again = checked(good, facts=data.facts, signals=data.signals)
    pd.testing.assert_frame_equal(again.facts, data.facts)
    pd.testing.assert_frame_equal(again.signals, data.signals)


BAD: dict[str, list[tuple[Callable[[Frame], Frame], str]]] = {
    "facts": [
        (
            lambda t: t.drop(columns="field"),
            "lacks the columns ['field']; it has ['symbol', 'available_from', 'value']",
        ),
        (
            lambda t: t.assign(unit="USD"),
            "unknown columns ['unit']; allowed are ['symbol', 'field', 'available_from', ",
        ),
        (
            lambda t: pd.concat([t, t.iloc[[1]]]),
            "S001 pe_ratio 2010-05-02: a duplicate key: found such a row; allowed: ",
        ),
        (
            lambda t: spoilt(t, value=np.inf),
            "S001 pe_ratio 2010-05-02: value: found value inf; allowed: a finite number",
        ),
        (lambda t: spoilt(t, value=None), "S001 pe_ratio 2010-05-02: value: found value nan; allowed: a finite number"),
        (lambda t: spoilt(t, value="high"), "row 2 S001: value is 'high'; allowed: a number or null"),
        (
            lambda t: spoilt(t, available_from="soon"),
            "row 2 S001: available_from is 'soon'; allowed: a date as 2020-03-16",
        ),
        (lambda t: spoilt(t, available_from=pd.Timestamp("2010-05-02 09:30")), "row 2 S001: available_from is '2010-"),
        (lambda t: spoilt(t, available_from=pd.Timestamp("2999-01-01")), "S001 pe_ratio 2999-01-01: available"),
        (lambda t: spoilt(t, field="P/E"), "S001 P/E 2010-05-02: field: found field P/E; allowed: [a-z]"),
        (lambda t: spoilt(t, field="us10y"), "S001 us10y 2010-05-02: field: found field us10y; allowed: no col"),
        (lambda t: spoilt(t, field="signal_a"), "S001 signal_a 2010-05-02: field: found field signal_a; all"),
        (lambda t: spoilt(t, symbol=None), "row 2: symbol is 'None'; allowed: a name"),
    ],
    "signals": [
        (
            lambda t: pd.concat([t, t.iloc[[1]].assign(value=3.0, available_from=t["date"].iloc[0])]),
            "S001 mine 2010-05-06: a duplicate key: found such a row",
        ),
        (lambda t: spoilt(t, value=np.nan), "S001 mine 2010-05-06: value: found value nan; allowed: a finite number"),
        (
            lambda t: spoilt(t, name="My signal"),
            "S001 My signal 2010-05-06: name: found name My signal; allowed: [a-z][",
        ),
        (lambda t: spoilt(t, available_from=pd.Timestamp("2999-01-01")), "S001 mine 2010-05-06: available aft"),
        (lambda t: spoilt(t.astype({"date": str}), date="06.05.2010"), "row 2 S001: date is '06.05.2010'; allowed: a"),
    ],
}


@pytest.mark.parametrize(("table", "spoil", "message"), [(table, *case) for table in BAD for case in BAD[table]])
def test_bad_ones_are_refused_in_one_line(good: MarketData, table: str, spoil: Any, message: str) -> None:
    frame = facts() if table == "facts" else signals()
    with pytest.raises(InputError) as caught:
        checked(good, **{table: spoil(frame)})
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"mine/{table}.csv: {message}")


def test_symbols_without_bars_are_left_out_with_a_note(good: MarketData) -> None:
    data = checked(
        good,
        facts=pd.concat([facts(), facts().replace("S001", "ZZZ").iloc[1:3]]),
        signals=signals().replace({"S001": "AAA", "S002": "BBB"}),
    )
    assert set(data.facts["symbol"]) == {"S001", "S002"}
    assert data.signals is None
    assert data.notes == [
        "mine/facts.csv: 1 symbols without bars are ignored: ZZZ.",
        "mine/signals.csv: 2 symbols without bars are ignored: AAA, BBB.",
    ]


def test_a_table_without_rows_is_none(good: MarketData) -> None:
    data = checked(good, facts=facts().iloc[:0], signals=signals().iloc[:0])
    assert (data.facts, data.signals) == (None, None)


def test_the_end_removes_what_became_available_later_and_the_start_removes_nothing(good: MarketData) -> None:
    given = {"origin": ORIGIN, "facts": facts(), "signals": signals()}

    def spanned(start: str | None, end: str | None, **changes: Frame) -> MarketData:
        source = Source(calendar="XNYS", start=start, end=end)
        return source.assemble(good.bars, good.context, good.universe, **(given | changes))

    early = spanned(None, "2011-05-01")
    assert len(early.facts) == 4
    short = spanned(
        None,
        "2011-05-01",
        facts=facts().assign(available_from=facts()["available_from"] + pd.Timedelta(days=365)),
        signals=signals().assign(available_from=pd.to_datetime(["2011-05-01", "2011-05-02", "2010-05-03"])),
    )
    assert sorted(short.facts["value"]) == [12.0, 18.0]
    assert sorted(short.signals["value"]) == [0.5, 1.0]
    late = spanned("2010-06-01", None)
    assert len(late.facts) == 4
    assert late.bars["date"].min() == pd.Timestamp("2010-06-01")


@pytest.fixture
def folder(tmp_path: Path, good: MarketData) -> Path:
    for name in ("bars", "context", "universe"):
        getattr(good, name).to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def load(root: Path) -> MarketData:
    return Files(root=str(root), calendar="XNYS", start=None, end=None).load()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_reads_them_where_they_stand(folder: Path, good: MarketData, suffix: str) -> None:
    assert (load(folder).facts, load(folder).signals) == (None, None)
    for name, frame in (("facts", facts()), ("signals", signals())):
        if suffix == "csv":
            frame.to_csv(folder / f"{name}.csv", index=False)
        else:
            frame.to_parquet(folder / f"{name}.parquet", index=False)
    data, expected = load(folder), checked(good, facts=facts(), signals=signals())
    pd.testing.assert_frame_equal(data.facts, expected.facts, check_exact=True)
    pd.testing.assert_frame_equal(data.signals, expected.signals, check_exact=True)


def test_a_bad_file_is_named(folder: Path) -> None:
    facts().assign(value=[1.0, 2.0, np.nan, 3.0]).to_csv(folder / "facts.csv", index=False)
    with pytest.raises(InputError, match=f"^{folder}/facts.csv: S001 pe_ratio 2009-11-02: value: found value nan"):
        load(folder)
    facts().to_csv(folder / "facts.csv", index=False)
    facts().to_parquet(folder / "facts.parquet", index=False)
    with pytest.raises(InputError, match="facts is there twice"):
        load(folder)


def test_a_file_of_signals_alone(tmp_path: Path, good: MarketData) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("symbol,date,name,value,available_from\n")
    assert read_signals(path, good.universe) == (None, [])
    signals().to_csv(path, index=False)
    read, notes = read_signals(path, good.universe)
    assert read["value"].tolist() == [0.5, -1.0, 1.0]
    assert notes == []
    path.write_text("symbol,date,name,value,available_from\nS001,2010-05-03,Mine,1,2010-05-03\n")
    with pytest.raises(InputError, match=f"^{path}: S001 Mine 2010-05-03: name: "):
        read_signals(path, good.universe)
    with pytest.raises(InputError, match=f"^{tmp_path}/none.csv: no such file of signals; allowed: one that ends in"):
        read_signals(tmp_path / "none.csv", good.universe)
