"""Folders as users have them, whole and broken."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.market import Files, MarketData, estimate_vix

US57 = Path(__file__).parents[3] / "../shared/data/us57"


@pytest.fixture
def folder(tmp_path: Path, good: MarketData) -> Path:
    for name in ("bars", "context", "universe"):
        getattr(good, name).to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def _load(root: Path | str, start: str | None = None, end: str | None = None) -> MarketData:
    return Files(root=str(root), calendar="XNYS", start=start, end=end).load()


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _refused(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        _load(root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_relative_root_is_taken_from_the_current_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch, good: MarketData
) -> None:
    monkeypatch.chdir(folder.parent)
    pd.testing.assert_frame_equal(_load(folder.name).bars, good.bars)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert _refused(tmp_path / "none").startswith(f"{tmp_path / 'none'}: no such folder; allowed: a folder of bars")


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "context.csv").unlink()
    assert _refused(folder) == (
        f"{folder}/context.parquet: no such file, nor context.csv; the folder has ['bars.csv', 'universe.csv']"
    )


def test_two_files_of_one_table_are_refused(folder: Path, good: MarketData) -> None:
    good.bars.to_parquet(folder / "bars.parquet")
    assert _refused(folder) == f"{folder}: bars is there twice, as ['bars.parquet', 'bars.csv']; allowed: one of them"


def test_a_date_in_another_notation_is_refused_with_its_row(folder: Path, good: MarketData) -> None:
    row = good.context["date"].tolist().index(pd.Timestamp("2010-06-15")) + 1
    _edit(folder / "context.csv", "2010-06-15,", "15.06.2010,")
    message = _refused(folder)
    assert message.startswith(f"{folder}/context.csv: row {row}: date is '15.06.2010'; allowed: a date as 2020-03-16")


def test_text_among_numbers_is_refused_with_its_row(folder: Path) -> None:
    lines = (folder / "bars.csv").read_text().splitlines()
    cells = lines[9].split(",")
    lines[9] = ",".join([*cells[:5], "n/a?", *cells[6:]])
    (folder / "bars.csv").write_text("\n".join(lines))
    assert _refused(folder) == f"{folder}/bars.csv: row 9 S001 {cells[1]}: close is 'n/a?'; allowed: a number or null"


BROKEN = "symbol,date\nS001\nS001,2010-01-04,3\n"


@pytest.mark.parametrize(("name", "text"), [("bars.csv", BROKEN), ("bars.parquet", BROKEN), ("bars.csv", "")])
def test_a_broken_file_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / "bars.csv").unlink()
    (folder / name).write_text(text)
    assert _refused(folder).startswith(f"{folder}/{name}: cannot be read as {Path(name).suffix[1:]}: ")


@pytest.mark.parametrize(
    "tickers", [("NA", "nan"), ("FALSE", "TRUE"), ("0700", "7203"), ("1E5", "2E5"), ("2020-01-02", "2020-01-03")]
)
def test_tickers_that_look_like_something_else_stay_text(folder: Path, tickers: tuple[str, str]) -> None:
    for name in ("bars.csv", "universe.csv"):
        _edit(folder / name, "S001,", f"{tickers[0]},")
        _edit(folder / name, "S002,", f"{tickers[1]},")
    data = _load(folder)
    assert set(data.bars["symbol"]) == set(tickers)
    assert data.universe["symbol"].tolist() == list(tickers)


def test_empty_cells_are_null(folder: Path, good: MarketData) -> None:
    columns = ["open", "high", "low", "volume"]
    good.bars.assign(**dict.fromkeys(columns, None)).to_csv(folder / "bars.csv", index=False)
    bars = _load(folder).bars
    assert bars[columns].isna().all(axis=None)
    assert (bars[columns].dtypes == "float64").all()


def test_a_context_without_vix_gets_the_estimate_whatever_the_start(folder: Path, good: MarketData) -> None:
    good.context.drop(columns=["vix", "vix_estimated"]).to_csv(folder / "context.csv", index=False)
    data = _load(folder, start="2010-02-01")
    expected = estimate_vix(good.context["index_close"])[good.context["date"] >= "2010-02-01"]
    assert data.context["vix"].to_list() == pytest.approx(list(expected), rel=1e-12)
    assert data.context["vix_estimated"].all()
    assert list(data.context.columns) == ["date", "index_close", "vix", "vix_estimated", "us10y", "usd_broad"]


def test_a_bad_index_close_is_refused_before_the_estimate(folder: Path, good: MarketData) -> None:
    context = good.context.drop(columns=["vix", "vix_estimated"])
    context.loc[3, "index_close"] = -1.0
    context.to_csv(folder / "context.csv", index=False)
    assert _refused(folder).startswith(f"{folder}/context.csv: 2010-01-07: index close: found index_close -1.0")


def test_flags_given_are_kept(folder: Path, good: MarketData) -> None:
    flags = good.context.index < 100
    good.context.assign(vix_estimated=flags).to_csv(folder / "context.csv", index=False)
    assert _load(folder).context["vix_estimated"].tolist() == flags.tolist()


def test_bars_outside_the_span_may_be_bad(folder: Path) -> None:
    lines = (folder / "bars.csv").read_text().splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([*cells[:5], "-1", *cells[6:]])
    (folder / "bars.csv").write_text("\n".join(lines))
    assert "non-positive price" in _refused(folder)
    assert _load(folder, start="2010-01-05").bars["date"].min() == pd.Timestamp("2010-01-05")


@pytest.mark.skipif(not US57.is_dir(), reason="needs real market data in ../shared/data/us57")
def test_real_data_passes_every_rule() -> None:
    data = _load(US57)
    assert data.bars.shape == (262599, 7)
    assert len(data.context) == 8313
    assert data.context["vix"].isna().sum() == 4
    assert not data.context["vix_estimated"].any()
    assert {"vix_open", "us2y", "us10y", "usd_broad", "wti"} < set(data.context.columns)
    assert data.context["date"].iloc[0] < data.bars["date"].min()
    assert data.bars["date"].max() < data.context["date"].iloc[-1]
    assert len(data.universe) == 57
    assert data.notes == []


def _one_a_symbol(folder: Path, good: MarketData, suffix: str = "csv") -> Path:
    (folder / "bars.csv").unlink()
    bars = folder / "bars"
    bars.mkdir()
    for symbol, own in good.bars.groupby("symbol"):
        own = own.drop(columns="symbol")
        if suffix == "csv":
            own.to_csv(bars / f"{symbol}.csv", index=False)
        else:
            own.to_parquet(bars / f"{symbol}.parquet", index=False)
    return bars


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_bars_may_be_one_file_a_symbol(folder: Path, good: MarketData, suffix: str) -> None:
    bars = _one_a_symbol(folder, good, suffix)
    (bars / ".DS_Store").write_text("")
    pd.testing.assert_frame_equal(_load(folder).bars, good.bars)


def test_a_symbol_column_counts_for_more_than_the_files_name(folder: Path, good: MarketData) -> None:
    bars = _one_a_symbol(folder, good)
    whole = good.bars[good.bars["symbol"] == "S002"].rename(columns={"symbol": "Ticker"})
    whole.to_csv(bars / "second.csv", index=False)
    (bars / "S002.csv").unlink()
    pd.testing.assert_frame_equal(_load(folder).bars, good.bars)


def test_files_of_a_folder_may_differ_in_their_columns(folder: Path, good: MarketData) -> None:
    bars = _one_a_symbol(folder, good)
    own = good.bars[good.bars["symbol"] == "S002"].drop(columns="symbol")
    doubled = own.assign(open=own["open"] * 2, high=own["high"] * 2, low=own["low"] * 2, close=own["close"] * 2)
    doubled.assign(**{"Adj Close": own["close"]}).to_csv(bars / "S002.csv", index=False)
    pd.testing.assert_frame_equal(_load(folder).bars, good.bars)
    own.drop(columns="volume").to_csv(bars / "S002.csv", index=False)
    assert _refused(folder).startswith(f"{bars}/S002.csv: lacks the columns ['volume']; it has ['symbol', 'date', 'op")


def test_tickers_from_file_names_stay_text(folder: Path, good: MarketData) -> None:
    bars = _one_a_symbol(folder, good)
    (bars / "S001.csv").rename(bars / "7203.T.csv")
    (bars / "S002.csv").rename(bars / "NA.csv")
    _edit(folder / "universe.csv", "S001,", "7203.T,")
    _edit(folder / "universe.csv", "S002,", "NA,")
    assert set(_load(folder).bars["symbol"]) == {"7203.T", "NA"}


def test_what_is_wrong_in_a_symbols_file_is_named_with_file_and_row(folder: Path, good: MarketData) -> None:
    bars = _one_a_symbol(folder, good)
    lines = (bars / "S002.csv").read_text().splitlines()
    cells = lines[7].split(",")
    lines[7] = ",".join([*cells[:4], "n/a?", *cells[5:]])
    (bars / "S002.csv").write_text("\n".join(lines))
    assert _refused(folder) == f"{bars}/S002.csv: row 7 S002 {cells[0]}: close is 'n/a?'; allowed: a number or null"
    (bars / "S002.csv").write_text("\n".join([*lines[:7], f",{lines[7].split(',', 1)[1]}".replace("n/a?", "60")]))
    assert _refused(folder).startswith(f"{bars}/S002.csv: row 7 S002: date is ")


def test_what_else_lies_in_the_folder_of_bars_is_refused(folder: Path, good: MarketData) -> None:
    bars = _one_a_symbol(folder, good)
    (bars / "S003.txt").write_text("")
    assert _refused(folder) == f"{bars}/S003.txt: is no symbol's bars; allowed are files that end in .parquet or .csv"
    (bars / "S003.txt").unlink()
    good.bars[good.bars["symbol"] == "S001"].to_parquet(bars / "S001.parquet")
    assert _refused(folder) == f"{bars}: S001 is there twice, as .csv and as .parquet; allowed: one of them"
    for path in bars.iterdir():
        path.unlink()
    assert _refused(folder).startswith(f"{bars}: an empty folder; allowed: a file per symbol")
    good.bars.to_csv(folder / "bars.csv", index=False)
    assert _refused(folder) == f"{folder}: bars is there twice, as ['bars.csv', 'bars']; allowed: one of them"


SPELLINGS = {
    "bars": [
        {"symbol": "Ticker", "date": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close"},
        {"symbol": "SYMBOL", "date": "timestamp", "volume": "Volume"},
        {"symbol": "tic", "date": "Datetime", "close": "CLOSE", "volume": "Vol."},
    ],
    "context": [
        {"date": "DATE", "index_close": "Index Close", "vix": "VIX", "us10y": "US 10Y", "usd_broad": "usd-broad"},
        {"date": "Date", "index_close": "indexClose", "vix": "VIX Close"},
    ],
    "universe": [
        {"symbol": "Symbol", "name": "Security", "gics_sector": "GICS Sector"},
        {"symbol": "ticker", "name": "Company Name", "gics_sector": "sector"},
    ],
}


@pytest.mark.parametrize(("table", "names"), [(table, names) for table in SPELLINGS for names in SPELLINGS[table]])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_common_spellings_are_understood(
    folder: Path, good: MarketData, table: str, names: dict[str, str], suffix: str
) -> None:
    frame = getattr(good, table).rename(columns=names)
    (folder / f"{table}.csv").unlink()
    getattr(frame, f"to_{suffix}")(folder / f"{table}.{suffix}", index=False)
    pd.testing.assert_frame_equal(getattr(_load(folder), table), getattr(good, table))


def test_midnights_are_dates_and_other_hours_are_refused(folder: Path) -> None:
    text = (folder / "bars.csv").read_text()
    (folder / "bars.csv").write_text(re.sub(r"(\d{4}-\d\d-\d\d)", r"\1 00:00:00", text))
    assert _load(folder).bars["date"].iloc[0] == pd.Timestamp("2010-01-04")
    (folder / "bars.csv").write_text(re.sub(r"(\d{4}-\d\d-\d\d)", r"\1 16:00:00", text))
    assert "row 1 S001: date is '2010-01-04 16:00:00'; allowed: a date as 2020-03-16" in _refused(folder)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("bars", ",close,", ",last,", "lacks the columns ['close']; it has ['symbol', 'date', 'open'"),
        ("bars", ",close,", ",Adj Close,", "lacks the columns ['close']; it has ['symbol', 'date', 'op"),
        ("bars", ",close,volume", ",close,Close", "the columns 'close' and 'Close' both mean close; allowed: one of"),
        ("bars", "symbol,date,open", "symbol,Datetime,Date", "the columns 'Datetime' and 'Date' both mean date;"),
        ("bars", "open,high", "Adj Close,adjusted_close", "the columns 'Adj Close' and 'adjusted_close' both mean adj"),
        ("bars", "symbol,date,open", "symbol,date,Ticker", "the columns 'symbol' and 'Ticker' both mean symbol;"),
        ("universe", "Health Care", "", "S002: a traded symbol without gics_sector"),
    ],
)
def test_what_is_wrong_is_refused_with_its_file(folder: Path, table: str, old: str, new: str, message: str) -> None:
    _edit(folder / f"{table}.csv", old, new)
    assert _refused(folder).startswith(f"{folder}/{table}.csv: {message}")


def test_an_unknown_column_of_bars_is_refused_with_the_allowed_ones(folder: Path, good: MarketData) -> None:
    good.bars.assign(Dividends=0.0).to_csv(folder / "bars.csv", index=False)
    assert _refused(folder) == (
        f"{folder}/bars.csv: unknown columns ['Dividends'];"
        " allowed are ['symbol', 'date', 'open', 'high', 'low', 'close', 'volume']"
    )


def test_an_adjusted_close_adjusts_the_whole_bar(folder: Path, good: MarketData) -> None:
    lines = [
        "Date,Open,High,Low,Close,Adj Close,Volume",
        "2010-01-04,100,110,90,105,21,1000",
        "2010-01-05,21,22,20,21,21,5000",
    ]
    _one_a_symbol(folder, good)
    (folder / "bars/S001.csv").write_text("\n".join(lines) + "\n")
    own = _load(folder).bars.query("symbol == 'S001'")
    expected = [[20.0, 22.0, 18.0, 21.0, 1000.0], [21.0, 22.0, 20.0, 21.0, 5000.0]]
    np.testing.assert_allclose(own[["open", "high", "low", "close", "volume"]], expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("0,21", "non-positive price: found close 0.0"),
        (",21", "missing close: found close nan"),
        ("105,", "missing close: found close nan"),
        ("105,-1", "non-positive price: found close -1.0"),
        ("inf,21", "infinite price: found close inf"),
    ],
)
def test_a_bar_that_cannot_be_adjusted_is_refused(folder: Path, good: MarketData, cells: str, message: str) -> None:
    _one_a_symbol(folder, good)
    (folder / "bars/S001.csv").write_text(
        f"Date,Open,High,Low,Close,Adj Close,Volume\n2010-01-04,100,110,90,{cells},7\n"
    )
    assert _refused(folder).startswith(f"{folder}/bars: S001 2010-01-04: {message}")


def test_a_column_that_begins_empty_may_go_on_otherwise(folder: Path, good: MarketData) -> None:
    """A csv is read in blocks of a megabyte, of which the first does not decide what the others hold."""
    own = good.bars[good.bars["symbol"] == "S001"]
    symbols = [f"S{number:03d}" for number in range(1, 31)]
    bars = pd.concat([own.assign(symbol=symbol, volume=np.nan) for symbol in symbols], ignore_index=True)
    bars.loc[bars.index[-1], "volume"] = 1.5
    bars.to_csv(folder / "bars.csv", index=False)
    assert (folder / "bars.csv").stat().st_size > 1 << 20
    pd.DataFrame({"symbol": symbols, "name": "x", "gics_sector": "x"}).to_csv(folder / "universe.csv", index=False)
    pd.testing.assert_frame_equal(_load(folder).bars, bars)
    bars.assign(volume=[*[None] * (len(bars) - 1), "many"]).to_csv(folder / "bars.csv", index=False)
    assert f"row {len(bars)} S030 2011-12-30: volume is 'many'; allowed: a number or null" in _refused(folder)
