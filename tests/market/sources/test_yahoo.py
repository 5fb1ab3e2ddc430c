"""Yahoo through its real client on recorded answers: what is asked, what is kept, what stops the run."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import yfinance
from pydantic import ValidationError
from yfinance.exceptions import YFRateLimitError

from barograph import config
from barograph.errors import InputError
from barograph.market import MarketData, Yahoo
from barograph.market.sources.yahoo_client import says_no_data

from .recorded import NO_NETWORK, RATE_LIMIT, SERVER_ERROR, SETTINGS, STOPPED, Recorded, answering, record

NOW = pd.Timestamp("2013-03-01 12:00", tz="UTC")
SYMBOLS = ("^GSPC", "^VIX", "^TNX", "DX-Y.NYB", "XLK", "S001", "S002", "S003")
Make = Callable[..., Yahoo]


@pytest.fixture
def yahoo() -> Iterator[Recorded]:
    with answering(record()) as recorded:
        yield recorded


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(**changes: Any) -> Yahoo:
        return Yahoo(**(SETTINGS | {"cache": str(tmp_path / "cache")} | changes))

    return build


def _load(source: Yahoo, now: pd.Timestamp = NOW) -> MarketData:
    return source.load(wait=_no_wait, now=now)


def _no_wait(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s, and nothing had failed")


def _assert_same(left: MarketData, right: MarketData) -> None:
    for name in ("bars", "context", "universe"):
        pd.testing.assert_frame_equal(getattr(left, name), getattr(right, name), check_exact=True)
    assert left.notes == right.notes


def _asked(yahoo: Recorded) -> list[tuple[str, str, str]]:
    asked = sorted(yahoo.requests)
    yahoo.requests.clear()
    return asked


def test_prices_are_adjusted_and_the_context_is_complete(yahoo: Recorded, make: Make) -> None:
    data = _load(make())
    own = data.bars[data.bars["symbol"] == "S001"].reset_index(drop=True)
    raw = yahoo.prices["S001"].iloc[: len(own)]
    assert (own["date"] == raw["date"]).all()
    assert (own["date"].iloc[0], own["date"].iloc[-1]) == (pd.Timestamp("2010-01-04"), pd.Timestamp("2012-06-29"))
    factor = np.where(own["date"] < "2011-06-15", 0.98, 1.0)
    for column in ("open", "high", "low", "close"):
        np.testing.assert_allclose(own[column], raw[column] * factor, rtol=1e-6)
    np.testing.assert_allclose(own["volume"], raw["volume"], rtol=1e-6)
    assert data.universe.to_numpy().tolist() == [[s, c["name"], c["sector"]] for s, c in SETTINGS["universe"].items()]
    expected = ["index_open", "index_high", "index_low", "index_volume", "vix_open", "vix_high", "vix_low"]
    assert set(data.context.columns) == {
        *("date", "index_close", "vix", "vix_estimated", *expected, "us10y", "usd_index", "etf_xlk")
    }
    context = data.context
    np.testing.assert_allclose(context["etf_xlk"], context["index_close"] / 10, rtol=1e-6)
    np.testing.assert_allclose(context["vix_high"], context["vix"] * 1.01, rtol=1e-6)
    assert not context["vix_estimated"].any()


def test_each_symbol_is_asked_once_in_batches(yahoo: Recorded, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, download = [], yfinance.download

    def counting(symbols: list[str], **settings: Any) -> pd.DataFrame:
        sizes.append(len(symbols))
        return download(symbols, **settings)

    monkeypatch.setattr(yfinance, "download", counting)
    progress: list[int] = []
    make(batch=3).load(on_symbols=progress.append, wait=_no_wait, now=NOW)
    assert sizes == [3, 3, 2]
    assert _asked(yahoo) == sorted((symbol, "2010-01-04", "2012-06-30") for symbol in SYMBOLS)
    assert sum(progress) == len(SYMBOLS) == len(make().symbols)


def test_with_a_complete_cache_nothing_is_asked_and_no_client_needed(
    yahoo: Recorded, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _load(make())
    _asked(yahoo)
    monkeypatch.setitem(sys.modules, "yfinance", None)
    _assert_same(_load(make()), first)
    cut = _load(make(start="2010-06-01", end="2012-01-31"))
    assert cut.bars["date"].min() == pd.Timestamp("2010-06-01")
    assert cut.bars["date"].max() == pd.Timestamp("2012-01-31")
    assert _asked(yahoo) == []


def test_without_the_client_one_line_says_what_to_install(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(InputError) as caught:
        _load(make())
    assert str(caught.value) == "market=yahoo needs yfinance: pip install 'barograph[yahoo]'"


def test_an_update_asks_for_the_new_days_and_some_overlap(yahoo: Recorded, make: Make, tmp_path: Path) -> None:
    _load(make())
    _asked(yahoo)
    updated = _load(make(end="2012-09-28"))
    assert _asked(yahoo) == sorted((symbol, "2012-06-19", "2012-09-29") for symbol in SYMBOLS)
    _assert_same(updated, _load(make(end="2012-09-28", cache=str(tmp_path / "fresh"))))


@pytest.mark.parametrize(
    "change",
    [
        lambda yahoo: yahoo.pay("S002", "2012-07-16", 0.01),
        lambda yahoo: yahoo.pay("S002", "2012-07-16", 5e-5),
        lambda yahoo: yahoo.split("S002", "2012-07-16", 2),
        lambda yahoo: yahoo.prices.update(S002=yahoo.prices["S002"].drop(index=[625])),
    ],
    ids=["dividend", "tiny dividend", "split", "a day taken back"],
)
def test_a_changed_history_is_fetched_whole_for_that_symbol_alone(
    yahoo: Recorded, make: Make, tmp_path: Path, change: Callable[[Recorded], None]
) -> None:
    _load(make())
    _asked(yahoo)
    change(yahoo)
    updated = _load(make(end="2012-09-28"))
    asked = [("S002", "2010-01-04", "2012-09-29"), *((symbol, "2012-06-19", "2012-09-29") for symbol in SYMBOLS)]
    assert _asked(yahoo) == sorted(asked)
    _assert_same(updated, _load(make(end="2012-09-28", cache=str(tmp_path / "fresh"))))


def test_rounding_is_no_change(yahoo: Recorded, make: Make) -> None:
    _load(make())
    _asked(yahoo)
    yahoo.prices["S002"]["adj_close"] *= 1 + 2e-6
    _load(make(end="2012-09-28"))
    assert [asked for asked in _asked(yahoo) if asked[0] == "S002"] == [("S002", "2012-06-19", "2012-09-29")]


def test_an_earlier_start_fetches_everything_again_and_forgets_nothing(yahoo: Recorded, make: Make) -> None:
    _load(make(start="2010-06-01"))
    _asked(yahoo)
    _load(make(end="2012-03-30"))
    assert _asked(yahoo) == sorted((symbol, "2010-01-04", "2012-06-30") for symbol in SYMBOLS)
    _load(make())
    assert _asked(yahoo) == []


def test_a_failure_is_reported_after_all_attempts_and_what_came_is_kept(yahoo: Recorded, make: Make) -> None:
    prices = yahoo.prices.pop("S002")
    yahoo.troubles["^TNX"] = [RATE_LIMIT] * 3
    waits: list[float] = []
    with pytest.raises(InputError) as caught:
        make().load(wait=waits.append, now=NOW)
    message = str(caught.value)
    assert message.startswith("market=yahoo: 2 of 8 symbols failed in 3 attempts: ")
    assert "^TNX: YFRateLimitError('Too Many Requests." in message
    assert "S002: YFTzMissingError('possibly delisted; no timezone found'); what came is kept in " in message
    assert "market.allow_missing" in message
    assert "\n" not in message
    assert waits == [5.0, 30.0]
    _asked(yahoo)
    yahoo.prices["S002"] = prices
    assert set(_load(make()).bars["symbol"]) == {"S001", "S002", "S003"}
    assert {symbol for symbol, *_ in _asked(yahoo)} == {"^TNX", "S002"}


@pytest.mark.parametrize("trouble", [RATE_LIMIT, SERVER_ERROR, NO_NETWORK])
def test_a_passing_trouble_costs_one_wait(yahoo: Recorded, make: Make, trouble: str, tmp_path: Path) -> None:
    yahoo.troubles["S002"] = [trouble]
    waits: list[float] = []
    data = make().load(wait=waits.append, now=NOW)
    assert waits == [5.0]
    assert [symbol for symbol, *_ in _asked(yahoo)].count("S001") == 1
    _assert_same(data, _load(make(cache=str(tmp_path / "fresh"))))


@pytest.mark.parametrize("error", [YFRateLimitError(), ConnectionError("no route\nto host")])
def test_a_client_that_raises_is_tried_again(make: Make, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*args: Any, **settings: Any) -> None:
        raise error

    monkeypatch.setattr(yfinance, "download", fail)
    waits: list[float] = []
    with pytest.raises(InputError, match="8 of 8 symbols failed in 3 attempts: ") as caught:
        make().load(wait=waits.append, now=NOW)
    assert type(error).__name__ in str(caught.value)
    assert "\n" not in str(caught.value)
    assert waits == [5.0, 30.0]


def test_an_interrupted_run_goes_on_where_it_stopped(yahoo: Recorded, make: Make) -> None:
    yahoo.troubles["S001"] = [STOPPED]
    with pytest.raises(KeyboardInterrupt):
        _load(make())
    asked = {symbol for symbol, *_ in _asked(yahoo)}
    assert {"^GSPC", "^VIX", "^TNX", "DX-Y.NYB"} < asked
    _load(make())
    assert {symbol for symbol, *_ in _asked(yahoo)} == {"XLK", "S001", "S002", "S003"}


def test_a_symbol_that_may_be_missing_is_left_out_and_not_asked_again(yahoo: Recorded, make: Make) -> None:
    del yahoo.prices["S002"], yahoo.prices["XLK"]
    source = make(allow_missing=["S002", "XLK"])
    data = source.load(wait=lambda _: None, now=NOW)
    assert data.universe["symbol"].tolist() == ["S001", "S003"]
    assert set(data.bars["symbol"]) == {"S001", "S003"}
    assert "etf_xlk" not in data.context
    assert "Left out, as market.allow_missing says: XLK, S002." in data.notes
    yahoo.requests.clear()
    _assert_same(_load(source), data)
    assert _asked(yahoo) == []
    with pytest.raises(InputError, match="2 of 8 symbols failed"):
        make().load(wait=lambda _: None, now=NOW)


@pytest.mark.parametrize("trouble", [RATE_LIMIT, SERVER_ERROR, NO_NETWORK])
def test_a_symbol_that_may_be_missing_is_asked_again_after_a_failure_that_passes(
    yahoo: Recorded, make: Make, trouble: str, tmp_path: Path
) -> None:
    source = make(allow_missing=["S002", "XLK"])
    yahoo.troubles["XLK"] = [trouble] * 3
    data = source.load(wait=lambda _: None, now=NOW)
    assert "etf_xlk" not in data.context
    assert "Left out, as market.allow_missing says: XLK." in data.notes
    assert any(note.startswith("Asked for again in the next run: XLK: ") for note in data.notes)
    _asked(yahoo)
    _assert_same(_load(source), _load(make(cache=str(tmp_path / "fresh"))))
    assert _asked(yahoo)[0] == ("DX-Y.NYB", "2010-01-04", "2012-06-30")
    assert "etf_xlk" in _load(source).context
    assert _asked(yahoo) == []


def test_a_network_that_is_down_is_no_answer(
    yahoo: Recorded, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The client takes the failure of its first question, for the time zone, for a symbol that is gone."""

    def down(url: str, params: dict[str, Any]) -> Any:
        if url.endswith(("XLK", "S002")):
            raise ConnectionError("Could not resolve host")
        return answered(url, params)

    answered = yahoo.request
    with monkeypatch.context() as patch:
        patch.setattr(yahoo, "request", down)
        make(allow_missing=["S002", "XLK"]).load(wait=lambda _: None, now=NOW)
    _assert_same(_load(make()), _load(make(cache=str(tmp_path / "fresh"))))
    assert yfinance.config.debug.hide_exceptions is True


@pytest.mark.parametrize(
    ("reason", "final"),
    [
        ("YFTzMissingError('possibly delisted; no timezone found')", True),
        ("YFPricesMissingError('possibly delisted; no price data found (1d 2010-01-04 -> 2012-06-30)')", True),
        ("YFPricesMissingError('No data found, symbol may be delisted')", True),
        ('YFPricesMissingError("Data doesn\'t exist for startDate = 1, endDate = 2")', True),
        ("HTTPError('HTTP Error 404: ')", True),
        ("YFPricesMissingError('possibly delisted; no price data found (1d)(Yahoo status_code = 500)')", False),
        ("YFPricesMissingError('Internal error')", False),
        ("YFDataException('*** YAHOO! FINANCE IS CURRENTLY DOWN! ***')", False),
        ("HTTPError('HTTP Error 401: ')", False),
        ("OSError('connection reset by peer')", False),
        ("Timeout('no data found within 404 ms')", False),
        ("no rows", False),
    ],
)
def test_only_the_clients_word_that_there_is_no_data_counts(reason: str, final: bool) -> None:
    assert says_no_data(reason) is final


def test_nothing_is_printed_and_the_clients_logger_is_left_as_it_was(
    yahoo: Recorded,
    make: Make,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    logger = logging.getLogger("yfinance")
    before = (list(logger.handlers), logger.propagate)
    yahoo.troubles["S002"] = [SERVER_ERROR]
    make().load(wait=lambda _: None, now=NOW)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert not [warning for warning in recwarn if "yfinance" in warning.filename]
    assert (logger.handlers, logger.propagate) == before


def test_impossible_ranges_become_null_and_are_counted(yahoo: Recorded, make: Make) -> None:
    prices = yahoo.prices["S002"]
    prices.loc[0, "open"] = 0.0
    prices.loc[1, "high"] = prices.loc[1, "close"] * 0.9
    prices.loc[1, "low"] = prices.loc[1, "close"] * 0.8
    yahoo.prices["^GSPC"].loc[0, "open"] = 0.0
    data = _load(make())
    own = data.bars[data.bars["symbol"] == "S002"].reset_index(drop=True)
    assert own.loc[0, ["open", "high", "low"]].isna().tolist() == [True, False, False]
    assert own.loc[1, ["open", "high", "low"]].isna().all()
    assert own.loc[2:, ["open", "high", "low"]].notna().all(axis=None)
    assert "2 bars with an impossible open, high or low have nulls there, the first S002 2010-01-04." in data.notes
    assert np.isnan(data.context["index_open"].iloc[0])
    assert not any("impossible" in note for note in _load(make(start="2010-01-06")).notes)


def test_days_without_a_close_are_no_bars(yahoo: Recorded, make: Make) -> None:
    row = 100
    yahoo.prices["S002"].loc[row, ["open", "high", "low", "close", "adj_close", "volume"]] = np.nan
    day = yahoo.prices["S002"].loc[row, "date"]
    bars = _load(make()).bars
    assert sorted(bars.loc[bars["date"] == day, "symbol"]) == ["S001", "S003"]


@pytest.mark.filterwarnings("ignore")
def test_a_zone_in_the_answer_is_dropped_and_the_day_kept(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's frames have carried a zone in some versions: midnight of the exchange."""
    with answering(record()):
        expected = _load(make())
        aware = yfinance.download

        def zoned(*args: Any, **settings: Any) -> pd.DataFrame:
            return aware(*args, **settings, ignore_tz=False)

        monkeypatch.setattr(yfinance, "download", zoned)
        assert zoned(["S001"], start="2010-01-04", end="2010-02-01", progress=False).index.tz is not None
        _assert_same(_load(make(cache=make().cache + "_zoned")), expected)


def test_a_null_end_is_the_last_complete_session_and_noted(yahoo: Recorded, make: Make) -> None:
    friday_open = pd.Timestamp("2012-06-29 15:00", tz="America/New_York")
    data = _load(make(end=None), friday_open)
    assert data.bars["date"].max() == pd.Timestamp("2012-06-28")
    assert "The data end on 2012-06-28 because of the day of the run; market.end pins them." in data.notes
    later = _load(make(end=None), pd.Timestamp("2012-06-30 12:00", tz="UTC"))
    assert later.bars["date"].max() == pd.Timestamp("2012-06-29")
    assert not any("pins" in note for note in _load(make()).notes)


def test_an_end_that_is_not_over_is_refused(yahoo: Recorded, make: Make) -> None:
    noon = pd.Timestamp("2012-06-29 12:00", tz="America/New_York")
    with pytest.raises(InputError, match=r"^market\.end: 2012-06-29 is not over; allowed: up to 2012-06-28, or null$"):
        _load(make(), noon)
    with pytest.raises(
        InputError, match=r"^market\.start: 2012-06-29 is not over; allowed: up to 2012-06-28, or null$"
    ):
        _load(make(start="2012-06-29", end=None), noon)
    assert _load(make(end="2012-07-01"), NOW).bars["date"].max() == pd.Timestamp("2012-06-29")


def test_a_bar_that_is_late_is_asked_for_again_for_a_week(yahoo: Recorded, make: Make) -> None:
    whole = yahoo.prices["S002"]
    yahoo.prices["S002"] = whole[whole["date"] != "2012-06-29"]
    evening, next_week = (pd.Timestamp(day, tz="UTC") for day in ("2012-06-30", "2012-07-03"))
    assert (_load(make(), evening).bars["date"] == "2012-06-29").sum() == 2
    _asked(yahoo)
    yahoo.prices["S002"] = whole
    assert (_load(make(), next_week).bars["date"] == "2012-06-29").sum() == 3
    assert _asked(yahoo) == [("S002", "2012-06-18", "2012-06-30")]


def test_a_symbol_that_has_left_the_market_is_complete_at_its_end(yahoo: Recorded, make: Make) -> None:
    prices = yahoo.prices["S002"]
    yahoo.prices["S002"] = prices[prices["date"] <= "2011-12-30"]
    _load(make())
    _asked(yahoo)
    _load(make())
    assert _asked(yahoo) == []
    data = _load(make(end="2012-09-28"))
    assert data.bars.loc[data.bars["symbol"] == "S002", "date"].max() == pd.Timestamp("2011-12-30")
    assert ("S002", "2011-12-20", "2012-09-29") in _asked(yahoo)


def test_a_damaged_file_of_the_cache_is_named(yahoo: Recorded, make: Make) -> None:
    source = make()
    _load(source)
    path = Path(source.cache) / "^GSPC.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"\^GSPC\.parquet: no history that can be read; delete the file") as caught:
        _load(source)
    assert "\n" not in str(caught.value)


def test_a_write_that_breaks_leaves_the_kept_history(
    yahoo: Recorded, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make()
    expected = _load(source)

    def break_off(table: Any, where: Path, **settings: Any) -> None:
        where.write_bytes(b"PAR1 half")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(pyarrow.parquet, "write_table", break_off)
        with pytest.raises(OSError, match="disk full"):
            _load(make(end="2012-09-28"))
    _asked(yahoo)
    _assert_same(_load(source), expected)
    assert _asked(yahoo) == []


def test_a_market_round_the_clock_has_weekends(make: Make) -> None:
    days = pd.date_range("2020-01-01", "2021-06-30", unit="us")
    level = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.03, len(days))))
    coin = pd.DataFrame({"date": days, "open": level, "high": level * 1.02, "low": level * 0.98, "close": level})
    coin = coin.assign(adj_close=level, volume=1000)
    universe = {"BTC-USD": {"name": "Bitcoin", "sector": "Crypto"}, "ETH-USD": {"name": "Ether", "sector": "Crypto"}}
    settings = {"universe": universe, "index": "BTC-USD", "vix": None, "series": {}, "calendar": "24/7"}
    span = {"start": "2020-01-01", "end": "2021-06-30"}
    now = pd.Timestamp("2022-01-01", tz="UTC")
    with answering(Recorded({"BTC-USD": coin, "ETH-USD": coin.copy()}, zone="UTC")):
        data = _load(make(**settings, **span), now)
        assert data.context["date"].tolist() == days.tolist()
        assert data.context["vix_estimated"].all()
        with pytest.raises(InputError, match=r"2020-01-01: not a trading day.*the sessions of XNYS"):
            _load(make(**settings | {"calendar": "XNYS"}, **span), now)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"allow_missing": ["^GSPC"]}, r"allow_missing: '\^GSPC'; allowed are symbols of the universe and the series"),
        ({"allow_missing": ["^VIX"]}, r"allow_missing: '\^VIX'"),
        ({"allow_missing": ["AAPL"]}, "allow_missing: 'AAPL'"),
        ({"allow_missing": ["S001"], "index": "S001"}, "allow_missing: 'S001'"),
        ({"series": {"vix": "^VXN"}}, "series: 'vix' comes from the index or the VIX"),
        ({"series": {"index_open": "^DJI"}}, "series: 'index_open'"),
        ({"series": {"US10Y": "^TNX"}}, "series"),
        ({"universe": {}}, "universe"),
        ({"universe": {"S001": {"name": "First"}}}, r"universe\.S001\.sector"),
        ({"batch": 0}, "batch"),
        ({"overlap_days": 0}, "overlap_days"),
        ({"retry_delays": [-1.0]}, "retry_delays"),
        ({"start": "2012-01-03", "end": "2012-01-02"}, "start 2012-01-03 is after end"),
    ],
)
def test_a_bad_setting_is_refused_at_construction(make: Make, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make(**changes)


def test_the_universe_of_the_configuration_is_balanced() -> None:
    source = config.build(config.compose(["market=yahoo"])["market"], "market")
    sectors = pd.Series([company["sector"] for company in source.universe.values()])
    assert len(source.universe) == 77
    assert sectors.nunique() == 11
    assert (sectors.value_counts() == 7).all()
    assert not set(source.universe) & {source.index, source.vix, *source.series.values()}
    funds = [symbol for column, symbol in source.series.items() if column.startswith("etf_")]
    assert len(funds) == 11
    assert sorted(source.allow_missing) == sorted(funds)
