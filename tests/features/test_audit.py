"""The audit must catch what looks ahead, and only that."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.features.audit import audit, ends_of_periods, telling_dates

from .markets import Market, random_market

Result = Callable[..., pd.DataFrame]


def column(make: Callable[[pd.DataFrame], pd.Series]) -> Result:
    """Turn a function of the bars into one that gives a frame with a column `x`."""
    return lambda bars: bars[["symbol", "date"]].assign(x=make(bars))


def by_symbol(bars: pd.DataFrame, make: Callable[[pd.Series], pd.Series]) -> pd.Series:
    return bars.groupby("symbol")["close"].transform(make)


LEAKS: dict[str, tuple[Result, str]] = {
    "tomorrow": (column(lambda b: by_symbol(b, lambda c: c.shift(-1))), "corruption"),
    "centred mean": (column(lambda b: by_symbol(b, lambda c: c.rolling(5, center=True).mean())), "corruption"),
    "whole-sample scaling": (column(lambda b: b["close"] / b["close"].mean()), "corruption"),
    "tomorrow's range": (column(lambda b: (b["high"] / b["low"]).shift(-1)), "corruption"),
    "length of the sample": (column(lambda b: b.groupby("symbol").cumcount() / len(b)), "extension"),
}


REVEALED = {
    "corruption": {"corruption": True, "extension": True},
    "extension": {"corruption": False, "extension": True},
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found(market: Market, leak: str) -> None:
    function, test = LEAKS[leak]
    table = audit(function, {"bars": market.bars}, release_lag={})
    assert table["leaks"].tolist() == [True]
    assert table[["corruption", "extension"]].notna().iloc[0].to_dict() == REVEALED[test]
    assert table["first_leak"].iloc[0] < market.bars["date"].max()


def test_the_first_leaking_date_is_named(market: Market) -> None:
    dates = pd.DatetimeIndex(market.bars["date"].unique())
    table = audit(LEAKS["tomorrow"][0], {"bars": market.bars}, release_lag={}, cuts=1).iloc[0]
    assert table["corruption"] == dates[300]
    chosen = ends_of_periods(dates).union(telling_dates({"bars": market.bars}))
    assert table["extension"] == table["first_leak"] == chosen[0]


def test_ends_of_periods_are_last_dates_and_the_one_before_the_longest_gap() -> None:
    dates = pd.bdate_range("2010-01-04", "2015-12-31").as_unit("us")
    dates = dates[(dates < "2012-09-11") | (dates > "2012-09-16")]
    chosen = ends_of_periods(dates)
    after = dates[dates.get_indexer(chosen) + 1]
    assert pd.Timestamp("2012-09-10") in chosen
    for period, least in (("W", 2), ("M", 2), ("Q", 2), ("Y", 2)):
        assert (chosen.to_period(period) != after.to_period(period)).sum() >= least
    assert len(chosen) <= 9


def by_next_bar(period: str) -> Result:
    """Tell whether a bar is its period's last, by the date of the next one."""

    def last(bars: pd.DataFrame) -> pd.DataFrame:
        dates = bars["date"].drop_duplicates().sort_values(ignore_index=True)
        number = dates.dt.to_period(period).astype("int64")
        known = dict(zip(dates, number.shift(-1).fillna(number) != number, strict=True))
        return bars[["symbol", "date"]].assign(x=bars["date"].map(known).astype(float))

    return last


@pytest.mark.parametrize("period", ["W", "M", "Q", "Y"])
def test_what_only_the_next_bars_date_tells_is_a_leak(period: str) -> None:
    market = random_market(1, 1500)
    table = audit(by_next_bar(period), {"bars": market.bars}, release_lag={}, cuts=1)
    assert table["extension"].notna().all()


def test_what_a_function_keeps_from_a_longer_history_does_not_hide_a_leak(market: Market) -> None:
    kept: dict[int, pd.Series] = {}

    def caching(bars: pd.DataFrame) -> pd.DataFrame:
        tomorrow = by_symbol(bars, lambda close: close.shift(-1))
        answer = kept.setdefault(0, tomorrow)
        return bars[["symbol", "date"]].assign(x=answer.reindex(bars.index))

    assert audit(caching, {"bars": market.bars}, release_lag={})["leaks"].all()


def test_what_keeps_the_longest_history_it_has_seen_is_a_leak(market: Market) -> None:
    kept: dict[int, pd.Series] = {}

    def longest(bars: pd.DataFrame) -> pd.DataFrame:
        tomorrow = by_symbol(bars, lambda close: close.shift(-1))
        if len(tomorrow) > len(kept.get(0, [])):
            kept[0] = tomorrow.set_axis(pd.MultiIndex.from_frame(bars[["symbol", "date"]]))
        found = kept[0].reindex(pd.MultiIndex.from_frame(bars[["symbol", "date"]]))
        return bars[["symbol", "date"]].assign(x=found.to_numpy())

    table = audit(longest, {"bars": market.bars}, release_lag={})
    assert table["leaks"].all()


def test_telling_dates_are_those_of_unusual_values() -> None:
    dates = pd.bdate_range("2020-01-01", periods=20, unit="us")
    value = pd.Series(np.linspace(1.0, 2.0, 20))
    value[[3, 5]], value[[7, 8]], value[11], value[14], value[16] = 0.0, np.nan, 9.0, -4.0, value[15]
    table = pd.DataFrame({"symbol": "A", "date": dates, "x": value}).drop(index=[18])
    expected = dates[[0, 3, 5, 7, 8, 11, 12, 14, 15, 16, 17, 19]]
    assert set(telling_dates({"bars": table})) >= set(expected) - {dates[12], dates[15]}
    assert len(telling_dates({"bars": table})) <= 14


def test_what_looks_back_only_is_clean(market: Market) -> None:
    clean = column(lambda b: by_symbol(b, lambda c: c.shift(3) / c.expanding().max()))
    table = audit(clean, {"bars": market.bars}, release_lag={})
    assert table["leaks"].tolist() == [False]
    assert table[["corruption", "extension", "first_leak"]].isna().all(axis=None)


def test_a_value_used_before_its_release_is_a_leak(market: Market) -> None:
    def spot(context: pd.DataFrame) -> pd.DataFrame:
        return context[["date"]].assign(early=context["us10y"], late=context["us10y"].shift(3), other=context["vix"])

    table = audit(spot, {"context": market.context}, release_lag={"us10y": 2}).set_index("feature")
    assert table["leaks"].to_dict() == {"early": True, "late": False, "other": False}


def test_rows_that_exist_because_of_the_future_are_a_leak(market: Market) -> None:
    def rising(context: pd.DataFrame) -> pd.DataFrame:
        ahead = context["index_close"].shift(-1) > context["index_close"]
        return context.loc[ahead, ["date"]].assign(event="up")

    assert audit(rising, {"context": market.context}, release_lag={})["leaks"].all()


def test_text_columns_are_compared_too(market: Market) -> None:
    def regimes(context: pd.DataFrame) -> pd.DataFrame:
        high = context["vix"] > context["vix"].shift(1)
        return context[["date"]].assign(now=np.where(high, "up", "down"), ahead=np.where(high.shift(-1), "up", "down"))

    table = audit(regimes, {"context": market.context}, release_lag={}, cuts=12).set_index("feature")
    assert table["leaks"].to_dict() == {"now": False, "ahead": True}


def test_what_cannot_be_audited_is_refused(market: Market) -> None:
    random = np.random.default_rng(0)
    noise = column(lambda b: pd.Series(random.normal(size=len(b))))
    with pytest.raises(InputError, match="deterministic"):
        audit(noise, {"bars": market.bars}, release_lag={})
    with pytest.raises(InputError, match="3 dates do not allow 4 cuts"):
        audit(column(lambda b: b["close"]), {"bars": random_market(1, 3).bars}, release_lag={})
