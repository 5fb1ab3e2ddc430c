"""Each rule: spoil one row of good data and read the one line that refuses it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.market import MarketData, validate

ORIGIN = {"bars": "mine/bars.csv", "context": "mine/context.csv", "universe": "mine/universe.csv"}
Frames = dict[str, pd.DataFrame]
DAY = pd.Timestamp("2010-06-15")
ROW = "S002 2010-06-15"
RANGE = {"open": 5.0, "high": 6.0, "low": 4.0, "close": 5.0}


@pytest.fixture
def frames(good: MarketData) -> Frames:
    return {name: getattr(good, name).copy() for name in ORIGIN}


def _validate(frames: Frames, origin: Any = ORIGIN) -> MarketData:
    return validate(**frames, calendar="XNYS", origin=origin)


def _refused(frames: Frames) -> str:
    with pytest.raises(InputError) as caught:
        _validate(frames)
    message = str(caught.value)
    assert "\n" not in message
    assert "allowed" in message or "it has" in message
    return message


def _bar(frames: Frames, **values: Any) -> None:
    bars = frames["bars"]
    here = (bars["symbol"] == "S002") & (bars["date"] == DAY)
    assert here.sum() == 1
    for column, value in values.items():
        bars.loc[here, column] = value


@pytest.mark.parametrize(
    ("values", "rule", "found", "allowed"),
    [
        ({"close": np.nan}, "missing close", "close nan", "a close on every bar"),
        ({"close": np.inf}, "infinite price", "close inf", "a finite price"),
        ({"open": np.inf}, "infinite price", "open inf", "a finite price"),
        ({"close": 0.0}, "non-positive price", "close 0.0", "a price above zero"),
        ({"low": -3.5}, "non-positive price", "low -3.5", "a price above zero"),
        ({"open": 0.0}, "non-positive price", "open 0.0", "a price above zero"),
        ({"high": 1.0, "low": 2.0}, "high below low", "high 1.0, low 2.0", "high at or above low"),
        (RANGE | {"close": 6.1}, "close outside low and high", "close 6.1, low 4.0, high 6.0", "low to high"),
        (RANGE | {"open": 3.9}, "open outside low and high", "open 3.9, low 4.0, high 6.0", "low to high"),
        ({"volume": -1.0}, "volume", "volume -1.0", "finite, zero or more, or null"),
        ({"volume": np.inf}, "volume", "volume inf", "finite, zero or more, or null"),
    ],
)
def test_a_bad_bar_is_refused(frames: Frames, values: dict[str, float], rule: str, found: str, allowed: str) -> None:
    _bar(frames, **values)
    assert _refused(frames) == f"mine/bars.csv: {ROW}: {rule}: found {found}; allowed: {allowed}"


@pytest.mark.parametrize(
    "values",
    [
        *({"open": np.nan}, {"high": np.nan}, {"low": np.nan, "volume": np.nan}, {"volume": 0.0}),
        {"open": 5.0, "high": 5.0, "low": 5.0, "close": 5.0},
        {"open": 5.0, "high": 6.0, "low": 5.0, "close": 6.0 * (1 + 9e-7)},
        {"open": 5.0 * (1 - 9e-7), "high": 6.0, "low": 5.0, "close": 6.0},
    ],
)
def test_an_unusual_bar_is_kept_as_it_is(frames: Frames, values: dict[str, float]) -> None:
    _bar(frames, **values)
    pd.testing.assert_frame_equal(_validate(frames).bars, frames["bars"], check_exact=True)


def _context(frames: Frames, **columns: Any) -> None:
    frames["context"] = frames["context"].assign(**columns)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.update(bars=f["bars"].head(0)), "bars.csv: no bar in the span asked for; allowed: at least one"),
        (lambda f: f.update(bars=f["bars"].assign(vwap=1.0)), "bars.csv: unknown columns ['vwap']; allowed are ['symb"),
        (lambda f: _bar(f, date=DAY + pd.Timedelta(hours=16)), "S002: date is '2010-06-15 16:00:00'; allowed: a d"),
        (lambda f: _bar(f, **RANGE | {"close": 6.0 * (1 + 2e-6)}), "close outside low and high"),
        (lambda f: f.update(universe=f["universe"].head(0)), "universe.csv: empty universe: no row; allowed: a"),
        (lambda f: f.update(universe=f["universe"].head(1)), "S002: a traded symbol without a row, so without sector"),
        (lambda f: _context(f, vix=np.nan), "context.csv: vix has no value; allowed: values, or no such column"),
        (lambda f: _context(f, vix_estimated=1.0), "vix_estimated is of type float64; allowed: true or false on every"),
        (
            lambda f: _context(f, date=20100104 + np.arange(len(f["context"]))),
            "row 1: date is '20100104'; allowed: a d",
        ),
        (lambda f: _context(f, date=f["context"]["date"].dt.tz_localize("UTC")), "date has the time zone UTC"),
        *(
            (lambda f, name=name: _context(f, **{name: 1.0}), f"the column {name} has the name of another table's")
            for name in ("close", "regime", "drawdown", "label", "symbol")
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_in_one_line(
    frames: Frames, spoil: Callable[[Frames], None], message: str
) -> None:
    spoil(frames)
    assert message in _refused(frames)


def test_several_bad_rows_are_counted(frames: Frames) -> None:
    frames["bars"].loc[[10, 20, 30], "volume"] = -1.0
    assert "found volume -1.0 (and 2 more); allowed" in _refused(frames)


@pytest.mark.parametrize(
    ("table", "row", "key"),
    [("bars", ROW, "symbol and date"), ("context", "2010-06-15", "date"), ("universe", "S002", "symbol")],
)
def test_a_duplicate_key_is_refused(frames: Frames, table: str, row: str, key: str) -> None:
    frame = frames[table]
    here = pd.Series(True, index=frame.index)
    if "symbol" in frame:
        here &= frame["symbol"] == "S002"
    if "date" in frame:
        here &= frame["date"] == DAY
    frames[table] = pd.concat([frame, frame[here]])
    expected = f"mine/{table}.csv: {row}: a duplicate key: found such a row; allowed: one row for each {key}"
    assert _refused(frames) == expected


@pytest.mark.parametrize("day", ["2010-07-04", "2010-07-05", "2010-06-12"])
@pytest.mark.parametrize("table", ["bars", "context"])
def test_a_day_without_trading_is_refused(frames: Frames, table: str, day: str) -> None:
    row = "S002 " if table == "bars" else ""
    if table == "bars":
        _bar(frames, date=pd.Timestamp(day))
    else:
        frames["context"] = pd.concat([frames["context"], frames["context"].tail(1).assign(date=pd.Timestamp(day))])
    expected = f"mine/{table}.csv: {row}{day}: not a trading day: found such a row; allowed: the sessions of XNYS"
    assert _refused(frames) == expected


@pytest.mark.parametrize("table", ["bars", "context"])
def test_a_future_date_is_refused(frames: Frames, table: str) -> None:
    future = frames[table].tail(1).assign(date=pd.Timestamp("2101-03-01"))
    frames[table] = pd.concat([frames[table], future])
    message = _refused(frames)
    assert message.startswith(f"mine/{table}.csv: ")
    assert "2101-03-01: a date after today: found such a row; allowed: up to 20" in message


def test_a_bar_on_a_date_that_the_context_lacks_is_refused(frames: Frames) -> None:
    frames["context"] = frames["context"][frames["context"]["date"] != DAY]
    frames["bars"] = frames["bars"].query("symbol == 'S002'")
    frames["universe"] = frames["universe"].query("symbol == 'S002'")
    assert _refused(frames) == (
        f"mine/bars.csv: {ROW}: date missing in the context: found such a row; allowed: the dates of mine/context.csv"
    )


@pytest.mark.parametrize(
    ("column", "values", "rule", "allowed"),
    [
        ("index_close", [np.nan, np.inf, 0.0, -1.0], "index close", "finite and positive"),
        ("vix", [np.inf, 0.0, -1.0], "VIX", "finite and positive, or null"),
        ("us10y", [-np.inf, np.inf], "infinite value", "a finite number or null"),
    ],
)
def test_an_unusable_value_of_the_context_is_refused(
    frames: Frames, column: str, values: list[float], rule: str, allowed: str
) -> None:
    for value in values:
        frames["context"].loc[frames["context"]["date"] == DAY, column] = value
        expected = f"mine/context.csv: 2010-06-15: {rule}: found {column} {value}; allowed: {allowed}"
        assert _refused(frames) == expected


def test_a_missing_vix_stays_null(frames: Frames) -> None:
    frames["context"].loc[[0, 7], "vix"] = np.nan
    assert _validate(frames).context["vix"].isna().to_numpy().nonzero()[0].tolist() == [0, 7]


def test_a_short_history_is_refused(frames: Frames) -> None:
    first = frames["context"]["date"].iloc[-300]
    for name in ("bars", "context"):
        frames[name] = frames[name][frames[name]["date"] >= first]
    assert len(_validate(frames).context) == 300
    for name in ("bars", "context"):
        frames[name] = frames[name][frames[name]["date"] > first]
    assert _refused(frames) == "mine/context.csv: too short a history: 299 dates; allowed: at least 300"


@pytest.mark.parametrize("column", ["gics_sector", "name"])
@pytest.mark.parametrize("value", ["", "  ", None])
def test_a_traded_symbol_without_sector_or_name_is_refused(frames: Frames, column: str, value: str | None) -> None:
    frames["universe"].loc[1, column] = value
    message = _refused(frames)
    assert message.startswith(f"mine/universe.csv: S002: a traded symbol without {column}: found {column} ")
    assert message.endswith("; allowed: a text")


def test_universe_rows_without_bars_are_left_out_with_a_note(frames: Frames) -> None:
    spare = pd.DataFrame({"symbol": ["ZZ", "AA"], "name": ["", "A"], "gics_sector": ["", None]})
    frames["universe"] = pd.concat([spare, frames["universe"]])
    data = _validate(frames)
    assert data.universe["symbol"].tolist() == ["S001", "S002"]
    assert data.notes == ["mine/universe.csv: 2 symbols without bars are ignored: AA, ZZ."]


def test_sessions_missing_in_the_context_are_noted(frames: Frames) -> None:
    for name in ("bars", "context"):
        frames[name] = frames[name][~frames[name]["date"].isin([DAY, pd.Timestamp("2010-06-16")])]
    assert _validate(frames).notes == [
        "mine/context.csv lacks 2 sessions of XNYS within its span, the first 2010-06-15."
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("bars", column) for column in ("symbol", "date", "open", "high", "low", "close", "volume")),
        *(("context", column) for column in ("date", "index_close", "vix", "vix_estimated")),
        *(("universe", column) for column in ("symbol", "name", "gics_sector")),
    ],
)
def test_a_missing_column_is_refused(frames: Frames, table: str, column: str) -> None:
    frames[table] = frames[table].drop(columns=column)
    assert _refused(frames) == f"mine/{table}.csv: lacks the columns ['{column}']; it has {list(frames[table].columns)}"


def test_a_column_that_stands_twice_is_refused(frames: Frames) -> None:
    frames["context"].insert(2, "us10y", 1.0, allow_duplicates=True)
    with pytest.raises(InputError, match=r"mine/context.csv: has the columns .'us10y'. more than once"):
        _validate(frames)


@pytest.mark.parametrize(
    ("table", "column", "value", "expected"),
    [
        ("bars", "close", "1O.5", "row 5: close is '1O.5'; allowed: a number or null"),
        ("bars", "date", "2010-02-30", "row 5: date is '2010-02-30'; allowed: a date as 2020-03-16"),
        ("bars", "date", None, "row 5: date is 'nan'; allowed: a date as 2020-03-16"),
        ("bars", "symbol", None, "row 5: symbol is 'nan'; allowed: a name"),
        ("bars", "symbol", "", "row 5: symbol is ''; allowed: a name"),
        ("context", "us10y", "n.a.", "row 5: us10y is 'n.a.'; allowed: a number or null"),
        ("context", "date", "08/01/2010", "row 5: date is '08/01/2010'; allowed: a date as 2020-03-16"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(
    frames: Frames, table: str, column: str, value: str | None, expected: str
) -> None:
    text = frames[table][column].astype("str").copy()
    text.iloc[4] = value
    frames[table][column] = text
    own = frames[table].iloc[4]
    keys = " ".join(str(own[key]).split()[0] for key in ("symbol", "date") if key in own and key != column)
    place = f"row 5 {keys}" if keys else "row 5"
    assert _refused(frames) == f"mine/{table}.csv: " + expected.replace("row 5", place, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.sample(frac=1, random_state=1),
        lambda f: f.astype({c: "datetime64[ns]" for c in f if c == "date"}),
        lambda f: f.astype({c: "str" for c in f if c == "date"}),
        lambda f: f.assign(date=f["date"].dt.date) if "date" in f else f,
        lambda f: f.astype({c: object for c in f if c in ("symbol", "gics_sector", "close")}),
        lambda f: f.astype({c: "category" for c in f if c == "symbol"}),
        lambda f: f.astype({c: "Float64" for c in f if c in ("open", "us10y")}),
        lambda f: f.astype({c: "int64" for c in f if c == "volume"}),
    ],
)
def test_other_types_and_orders_come_out_the_same(
    good: MarketData, frames: Frames, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    data = _validate({name: change(frame) for name, frame in frames.items()})
    for name in ORIGIN:
        pd.testing.assert_frame_equal(getattr(data, name), getattr(good, name), check_exact=True)


def test_an_origin_in_one_word_names_the_tables(frames: Frames) -> None:
    _bar(frames, close=-1.0)
    with pytest.raises(InputError, match=f"^somewhere/bars: {ROW}: non-positive price: found close -1.0; allowed"):
        _validate(frames, origin="somewhere")


def test_the_frames_given_are_left_alone(frames: Frames) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=2) for name, frame in frames.items()}
    before = {name: frame.copy() for name, frame in shuffled.items()}
    _validate(shuffled)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(shuffled[name], frame)
