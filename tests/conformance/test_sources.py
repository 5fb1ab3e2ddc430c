"""What every market source promises, asked of each of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import exchange_calendars
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from barograph import tables
from barograph.errors import InputError
from barograph.market import Bundled, Files, MarketData, Simulated, SimulatedPreset, Yahoo, schema, validate
from barograph.market.sources.simulated import Drift
from barograph.testing import simulate
from tests.market.sources.recorded import SETTINGS as YAHOO
from tests.market.sources.recorded import answering, record

Source = Bundled | Files | Simulated | SimulatedPreset | Yahoo
Make = Callable[..., Source]
TABLES = ("bars", "context", "universe")
OPTIONAL = ("facts", "signals")
PRICES = ("open", "high", "low", "close")
FILES = ("files_csv", "files_parquet", "files_csv_a_symbol", "files_parquet_a_symbol")
DRIFT: Drift = {"date": "2014-03-03", "signal": -0.1, "volatility": 1.5}
SIMULATED: dict[str, Make] = {
    "simulated": partial(Simulated, signal=0.1),
    "simulated_events": partial(Simulated, signal=0.1, events=True, facts=True),
    "simulated_drift": partial(Simulated, signal=0.1, drift=DRIFT),
    "simulated_bull": partial(SimulatedPreset, preset="bull", signals=True),
    "simulated_mean_reverting": partial(SimulatedPreset, preset="mean_reverting", signals=False),
}

# What is refused at construction depends on the class, not on the layout of files or the kind of market.
CLASSES = ("bundled", "files_csv", "simulated", "simulated_bull", "yahoo")
of_each_class = pytest.mark.parametrize("case", CLASSES, indirect=True)


@dataclass(frozen=True)
class Case:
    """A source under test, and what it gives without limits."""

    make: Make
    data: MarketData


def _folder(root: Path, data: MarketData, layout: str) -> Path:
    root.mkdir()
    suffix, _, one_a_symbol = layout.partition("_")
    for name in TABLES:
        frame = getattr(data, name).sample(frac=1, random_state=0)
        if name == "bars" and one_a_symbol:
            (root / "bars").mkdir()
            for symbol, own in frame.groupby("symbol"):
                _write(_spelled(own.drop(columns="symbol")), root / f"bars/{symbol}.{suffix}")
        else:
            _write(frame, root / f"{name}.{suffix}")
    return root


def _write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def _spelled(bars: pd.DataFrame) -> pd.DataFrame:
    """Write bars as other programs do, half of each price taken back by the adjustment."""
    doubled = bars.assign(**{column: bars[column] * 2 for column in PRICES}, adjusted=bars["close"])
    return doubled.rename(columns=str.capitalize).rename(columns={"Date": "Datetime", "Adjusted": "Adj Close"})


@pytest.fixture(scope="module", params=["bundled", *FILES, *SIMULATED, "yahoo"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    kind = request.param

    def make(start: str | None = None, end: str | None = None, calendar: str = "XNYS") -> Source:
        if kind == "bundled":
            return Bundled(calendar=calendar, start=start, end=end)
        if kind in SIMULATED:
            simulated = partial(SIMULATED[kind], seed=3, symbols=4, first_year=2012, years=5)
            return simulated(calendar=calendar, start=start, end=end)
        if kind == "yahoo":
            return Yahoo(**YAHOO | {"cache": str(folder / "cache"), "calendar": calendar, "start": start, "end": end})
        return Files(root=str(folder), calendar=calendar, start=start, end=end)

    folder = tmp_path_factory.mktemp("market")
    if kind.startswith("files"):
        folder = _folder(folder / "files", simulate(symbols=3, years=4), kind.removeprefix("files_"))
    with ExitStack() as stack:
        if kind == "yahoo":
            stack.enter_context(answering(record()))
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr("barograph.market.sources.yahoo.last_complete_session", lambda *_: pd.Timestamp("2024-06-28"))
        yield Case(make, make().load())


def _assert_same(left: MarketData, right: MarketData) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(left, name), getattr(right, name), check_exact=True)
    for name in OPTIONAL:
        assert (getattr(left, name) is None) == (getattr(right, name) is None)
        if getattr(left, name) is not None:
            pd.testing.assert_frame_equal(getattr(left, name), getattr(right, name), check_exact=True)


def _cut(frame: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    return frame[(frame["date"] >= start) & (frame["date"] <= end)].reset_index(drop=True)


def test_tables_are_sorted_unique_and_survive_writing(case: Case, tmp_path: Path) -> None:
    for name in (*TABLES, *OPTIONAL):
        table, frame = getattr(schema, name.upper()), getattr(case.data, name)
        if frame is None:
            assert name in OPTIONAL
            continue
        key = list(table.key)
        assert list(frame.columns)[: len(table.columns)] == list(table.columns)
        assert isinstance(frame.index, pd.RangeIndex)
        assert not frame.duplicated(key).any()
        pd.testing.assert_frame_equal(frame, frame.sort_values(key).reset_index(drop=True))
        tables.write(table, frame, tmp_path)
        pd.testing.assert_frame_equal(tables.read(table, tmp_path), frame, check_exact=True)


def test_dates_are_sessions(case: Case) -> None:
    dates = case.data.context["date"]
    known = exchange_calendars.get_calendar("XNYS", start="1989-01-01", end="2024-12-31").sessions
    assert set(dates) <= set(known)
    assert set(case.data.bars["date"]) <= set(dates)


def test_every_traded_symbol_has_name_and_sector(case: Case) -> None:
    universe = case.data.universe
    assert set(universe["symbol"]) == set(case.data.bars["symbol"])
    assert (universe[["name", "gics_sector"]].apply(lambda column: column.str.len()) > 0).all(axis=None)


def test_validating_again_changes_nothing(case: Case) -> None:
    data = case.data
    again = validate(
        data.bars, data.context, data.universe, calendar="XNYS", origin="again", facts=data.facts, signals=data.signals
    )
    _assert_same(again, data)
    assert again.notes == []


def test_loading_twice_gives_the_same(case: Case) -> None:
    again = case.make().load()
    _assert_same(again, case.data)
    assert again.notes == case.data.notes


def test_start_and_end_cut_inclusively_and_change_no_row(case: Case) -> None:
    dates = case.data.context["date"]
    start, end = dates.iloc[200].strftime("%Y-%m-%d"), dates.iloc[-100].strftime("%Y-%m-%d")
    cut = case.make(start=start, end=end).load()
    for name in ("bars", "context"):
        pd.testing.assert_frame_equal(getattr(cut, name), _cut(getattr(case.data, name), start, end), check_exact=True)
    assert (cut.context["date"].iloc[0], cut.context["date"].iloc[-1]) == (dates.iloc[200], dates.iloc[-100])
    for name in OPTIONAL:
        if getattr(case.data, name) is not None:
            whole = getattr(case.data, name)
            known = whole[whole["available_from"] <= end].reset_index(drop=True)
            pd.testing.assert_frame_equal(getattr(cut, name), known, check_exact=True)


def test_notes_are_single_lines(case: Case) -> None:
    assert all(note and "\n" not in note for note in case.data.notes)


def test_vix_is_flagged_if_and_only_if_estimated(case: Case) -> None:
    flags = case.data.context["vix_estimated"]
    estimated = isinstance(case.make(), Bundled)
    assert (flags == estimated).all()
    assert any("estimated" in note for note in case.data.notes) == estimated


@pytest.mark.parametrize("bad", ["01.02.2020", "2020-1-1", "20200101", "yesterday", ""])
def test_what_is_no_date_is_refused(bad: str) -> None:
    with pytest.raises(ValidationError, match=f"start\n.*{bad!r} is not a date; allowed: year-month-day"):
        Bundled(calendar="XNYS", start=bad, end=None)


@of_each_class
@pytest.mark.parametrize("key", ["start", "end"])
def test_a_malformed_date_is_refused_at_construction(case: Case, key: str) -> None:
    with pytest.raises(ValidationError, match=f"{key}\n.*'2020-13-01' is not a date; allowed: year-month-day"):
        case.make(**{key: "2020-13-01"})


@of_each_class
def test_an_inverted_span_is_refused_at_construction(case: Case) -> None:
    with pytest.raises(ValidationError, match="start 2015-01-02 is after end 2015-01-01"):
        case.make(start="2015-01-02", end="2015-01-01")


def test_a_span_of_less_than_300_dates_is_refused(case: Case) -> None:
    start = case.data.context["date"].iloc[-299].strftime("%Y-%m-%d")
    with pytest.raises(InputError, match="too short a history: 299 dates; allowed: at least 300"):
        case.make(start=start).load()


def test_a_span_outside_the_data_is_refused(case: Case) -> None:
    with pytest.raises(InputError, match="too short a history: 0 dates"):
        case.make(start="2023-06-01").load()


@of_each_class
def test_an_unknown_calendar_is_refused(case: Case) -> None:
    with pytest.raises(ValidationError, match="calendar 'NOWHERE' is unknown"):
        case.make(calendar="NOWHERE")


def test_prices_are_as_validated(case: Case) -> None:
    bars = case.data.bars
    assert np.isfinite(bars["close"]).all()
    assert (bars[["open", "high", "low", "close"]].min() > 0).all() or bars["open"].isna().all()
    assert not (bars["high"] < bars[["open", "close", "low"]].max(axis=1)).any()
    assert not (bars["low"] > bars[["open", "close", "high"]].min(axis=1)).any()
