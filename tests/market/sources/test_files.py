"""Folders as users have them, whole and broken."""

from pathlib import Path

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
    assert _refused(tmp_path / "none").startswith(f"{tmp_path / 'none'}: no such folder; allowed: one with bars")


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "context.csv").unlink()
    assert _refused(folder) == (
        f"{folder}/context.parquet: no such file, nor context.csv; the folder has ['bars.csv', 'universe.csv']"
    )


def test_two_files_of_one_table_are_refused(folder: Path, good: MarketData) -> None:
    good.bars.to_parquet(folder / "bars.parquet")
    assert _refused(folder) == f"{folder}: bars stands twice, as ['bars.parquet', 'bars.csv']; allowed: one of them"


def test_a_missing_column_is_refused_with_the_file(folder: Path) -> None:
    _edit(folder / "bars.csv", ",close,", ",last,")
    message = _refused(folder)
    assert message.startswith(f"{folder}/bars.csv: lacks the columns ['close']; it has ['symbol', 'date', 'open'")


def test_a_bad_row_is_refused_with_the_file(folder: Path) -> None:
    _edit(folder / "universe.csv", "Health Care", "")
    assert _refused(folder).startswith(f"{folder}/universe.csv: S002: a traded symbol without gics_sector")


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


@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet"])
def test_a_broken_file_is_refused(folder: Path, name: str) -> None:
    (folder / "bars.csv").unlink()
    (folder / name).write_text("symbol,date\nS001\nS001,2010-01-04,3\n")
    assert _refused(folder).startswith(f"{folder}/{name}: cannot be read as {Path(name).suffix[1:]}: ")


def test_an_empty_file_is_refused(folder: Path) -> None:
    (folder / "universe.csv").write_text("")
    assert _refused(folder).startswith(f"{folder}/universe.csv: cannot be read as csv: ")


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
