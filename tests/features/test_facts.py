"""Facts: as of which day each value counts, and the features made of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.features import available, catalogue, compute, feature
from barograph.features.asof import FUNDAMENTALS, SENTIMENT
from barograph.market import MarketData

from .markets import Market, close_only, random_facts, random_market

NAN = float("nan")
FAMILIES = {"fundamentals", "sentiment"}


def bars_of(**days: list[str]) -> pd.DataFrame:
    tables = [pd.DataFrame({"symbol": symbol, "date": pd.to_datetime(dates)}) for symbol, dates in days.items()]
    return pd.concat(tables, ignore_index=True).assign(open=5.0, high=5.0, low=5.0, close=5.0, volume=1.0)


def facts_of(field: str, *rows: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["symbol", "available_from", "value"])
    return table.assign(field=field, available_from=pd.to_datetime(table["available_from"]))


def column(bars: pd.DataFrame, facts: pd.DataFrame, name: str, **others: Any) -> list[float]:
    values: list[float] = compute(bars, names=[name], facts=facts, **others)[name].tolist()
    return values


def test_a_fact_counts_from_the_close_of_its_day_until_the_next() -> None:
    week = ["2020-01-03", "2020-01-06", "2020-01-07", "2020-01-08", "2020-01-09"]
    facts = facts_of("pe_ratio", ("A", "2020-01-08", 12.0), ("A", "2020-01-06", 10.0))
    assert column(bars_of(A=week), facts, "pe_ratio_asof") == pytest.approx([NAN, 10, 10, 12, 12], nan_ok=True)


def test_a_fact_of_a_weekend_counts_on_the_next_bar_and_the_newest_of_several_wins() -> None:
    facts = facts_of("pe_ratio", ("A", "2020-01-04", 1.0), ("A", "2020-01-05", 2.0), ("A", "2020-01-07", 3.0))
    bars = bars_of(A=["2020-01-03", "2020-01-06", "2020-01-07"])
    assert column(bars, facts, "pe_ratio_asof") == pytest.approx([NAN, 2, 3], nan_ok=True)


def test_facts_stay_with_their_symbol() -> None:
    days = ["2020-01-06", "2020-01-07"]
    facts = facts_of("pe_ratio", ("A", "2020-01-09", 1.0), ("C", "2020-01-01", 3.0), ("X", "2019-12-30", 9.0))
    got = column(bars_of(A=days, B=days, C=days), facts, "pe_ratio_asof")
    assert got == pytest.approx([NAN, NAN, NAN, NAN, 3, 3], nan_ok=True)


@pytest.mark.parametrize(
    ("field", "last", "first_stale"),
    [("pe_ratio", "2021-02-04", "2021-02-05"), ("news_sentiment", "2020-01-31", "2020-02-01")],
)
def test_a_value_lapses_400_days_after_it_became_known_or_30_if_it_is_a_sentiment(
    field: str, last: str, first_stale: str
) -> None:
    bars = bars_of(A=["2020-01-01", last, first_stale])
    assert column(bars, facts_of(field, ("A", "2020-01-01", 7.0)), f"{field}_asof") == pytest.approx(
        [7, 7, NAN], nan_ok=True
    )


def test_a_newer_value_ends_the_age_of_the_older() -> None:
    bars = bars_of(A=["2020-01-01", "2020-01-11", "2020-01-12", "2020-01-15"])
    facts = facts_of("eps_growth", ("A", "2020-01-01", 0.1), ("A", "2020-01-12", 0.1))
    assert column(bars, facts, "days_since_report") == [0, 10, 0, 3]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_the_join_agrees_with_looking_each_row_up(seed: int) -> None:
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-01")
    drawn = {
        symbol: sorted(random.choice(300, random.integers(1, 40), replace=False).tolist()) for symbol in ("B", "A", "C")
    }
    bars = bars_of(
        **{symbol: [f"{start + pd.Timedelta(days=day):%F}" for day in days] for symbol, days in drawn.items()}
    )
    rows = {(str(random.choice(["A", "B", "D"])), int(random.integers(-60, 330))) for _ in range(30)}
    facts = facts_of(
        "news_sentiment", *((symbol, f"{start + pd.Timedelta(days=day):%F}", random.normal()) for symbol, day in rows)
    )
    got = column(bars, facts, "news_sentiment_asof")
    published = list(facts.itertuples(index=False))
    for symbol, date, value in zip(bars["symbol"], bars["date"], got, strict=True):
        known = [fact for fact in published if fact.symbol == symbol and fact.available_from <= date]
        newest = max(known, key=lambda fact: fact.available_from, default=None)
        fresh = newest and (date - newest.available_from).days <= 30
        assert value == newest.value if fresh else np.isnan(value)


def test_the_earnings_yield_keeps_losses_below_profits_and_has_no_infinity() -> None:
    bars = bars_of(**{symbol: ["2020-01-06"] for symbol in "ABC"})
    facts = facts_of("pe_ratio", *((symbol, "2020-01-01", pe) for symbol, pe in zip("ABC", (20, -4, 0), strict=True)))
    assert column(bars, facts, "earnings_yield") == pytest.approx([0.05, -0.25, NAN], nan_ok=True)


def test_a_change_compares_what_was_known_with_what_was_known_a_year_before() -> None:
    days = [f"{day:%F}" for day in pd.bdate_range("2020-01-01", periods=254)]
    facts = facts_of("profit_margin", ("A", days[0], 0.10), ("A", days[1], 0.14), ("A", days[253], 0.20))
    got = column(bars_of(A=days), facts, "profit_margin_change_252")
    assert np.isnan(got[:252]).all()
    assert got[252:] == pytest.approx([0.04, 0.06])


def test_the_rank_within_the_sector_looks_at_no_other_sector() -> None:
    symbols = "ABCDEF"
    bars = bars_of(**{symbol: ["2020-01-06"] for symbol in symbols})
    universe = pd.DataFrame({"symbol": list(symbols), "name": list(symbols), "gics_sector": [*("x" * 4), "y", "y"]})
    returns = dict(zip(symbols, (0.3, 0.1, 0.3, NAN, -9.0, 9.0), strict=True))
    facts = facts_of("return_on_equity", *((s, "2020-01-01", v) for s, v in returns.items() if not np.isnan(v)))
    got = column(bars, facts, "sector_rank_return_on_equity", universe=universe)
    # Three of x: 0.1 comes first, the other two share places 2 and 3. Two of y.
    assert got == pytest.approx([2 / 3, 1 / 6, 2 / 3, NAN, 0.25, 0.75], nan_ok=True)


def test_the_mean_sentiment_is_that_of_those_known() -> None:
    days = ["2020-01-06", "2020-01-07", "2020-01-08"]
    starts = dict(zip(SENTIMENT, ("2020-01-07", "2020-01-07", "2020-01-08", "2020-01-09", "2020-01-09"), strict=True))
    tables = [facts_of(field, ("A", start, 0.1 * n)) for n, (field, start) in enumerate(starts.items())]
    assert column(bars_of(A=days), pd.concat(tables), "sentiment_mean") == pytest.approx([NAN, 0.05, 0.1], nan_ok=True)


def test_a_source_without_facts_lacks_their_features_and_says_which_fields(market: Market) -> None:
    mine = {entry.name for entry in catalogue() if entry.family in FAMILIES}
    names, left_out = available(close_only(market).data)
    assert mine <= set(left_out)
    assert not mine & set(names)
    assert left_out["days_since_report"] == ["eps_growth"]
    assert left_out["earnings_yield"] == left_out["pe_ratio_asof"] == ["pe_ratio"]
    assert left_out["sentiment_mean_change_21"] == list(SENTIMENT)
    some = facts_of("pe_ratio", ("S00", "2003-01-02", 10.0))
    allowed = available(MarketData(market.bars, universe=market.universe, facts=some))[0]
    assert mine & set(allowed) == {"pe_ratio_asof", "earnings_yield", "sector_rank_earnings_yield"}


OWNERS = {
    "pe_ratio": "a field of the facts",
    "pe_ratio_age": "the age of a fact",
    "index_log_return": "a series derived from prices",
    "schedule": "the days or their schedule",
    "rsi_14": "a feature",
    "signal_mine": "a signal",
}


@pytest.mark.parametrize(("column", "owner"), OWNERS.items())
def test_a_column_of_the_context_may_not_have_the_name_of_an_input_or_feature(
    market: Market, column: str, owner: str
) -> None:
    context = market.context.assign(**{column: 0.1})
    message = f"^context: the column '{column}' has the name of {owner}; allowed are other names$"
    with pytest.raises(InputError, match=message):
        compute(market.bars, context)
    with pytest.raises(InputError, match=message):
        available(MarketData(market.bars, context))


@pytest.mark.parametrize(("field", "owner"), list(OWNERS.items())[1:-1])
def test_a_field_may_not_have_the_name_of_an_input_or_feature(market: Market, field: str, owner: str) -> None:
    facts = pd.concat([market.facts, facts_of(field, ("S00", "2003-01-06", 1.0))])
    with pytest.raises(InputError, match=f"^facts: the field '{field}' has the name of {owner}; allowed are other"):
        compute(market.bars, facts=facts)


@pytest.mark.usefixtures("open_catalogue")
def test_nor_like_a_feature_of_the_users_own(market: Market) -> None:
    context = market.context.assign(mine_now=0.1)
    assert "rsi_14" in available(MarketData(market.bars, context))[0]
    feature("mine_now", family="mine", inputs=("close",), lookback=0)(lambda close: close)
    with pytest.raises(InputError, match=r"^context: the column 'mine_now' has the name of a feature; "):
        available(MarketData(market.bars, context))


def test_prices_and_volumes_play_no_part(market: Market) -> None:
    names = [entry.name for entry in catalogue() if entry.family in FAMILIES]
    bars = market.bars.copy()
    bars.loc[bars["date"] < bars["date"].iloc[400], ["open", "high", "low", "close", "volume"]] *= 0.37
    first, second = (compute(table, None, market.universe, names, facts=market.facts) for table in (market.bars, bars))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_the_order_of_facts_and_further_symbols_and_fields_change_nothing(market: Market) -> None:
    names = [entry.name for entry in catalogue() if entry.family in FAMILIES]
    more = [market.facts, random_facts(["AAA", "ZZZ"], pd.DatetimeIndex(market.context["date"]), 9)]
    more.append(market.facts.assign(field="short_interest"))
    mixed = pd.concat(more).sample(frac=1.0, random_state=0)
    first, second = (compute(market.bars, None, market.universe, names, facts=f) for f in (market.facts, mixed))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.usefixtures("open_catalogue")
def test_a_field_of_the_users_own_is_an_input(market: Market) -> None:
    @feature("short_interest_double", family="mine", inputs=("short_interest",), lookback=0)
    def double(values: np.ndarray) -> np.ndarray:
        return 2.0 * values

    facts = facts_of("short_interest", ("S01", "2003-01-06", 0.25))
    got = compute(market.bars, names=["short_interest_double"], facts=facts)["short_interest_double"]
    known = (market.bars["symbol"] == "S01") & market.bars["date"].between("2003-01-06", "2004-02-10")
    assert got.notna().tolist() == known.tolist()
    assert (got[known] == 0.5).all()
    with pytest.raises(InputError, match=r"'short_interest_double' cannot be computed: .* \['short_interest'\]"):
        compute(market.bars, names=["short_interest_double"], facts=market.facts)


@pytest.mark.usefixtures("open_catalogue")
@pytest.mark.parametrize("name", [*FUNDAMENTALS[:2], SENTIMENT[0], "eps_growth_age", "signal_mine"])
def test_no_feature_may_have_the_name_of_a_fact_or_signal(name: str) -> None:
    with pytest.raises(InputError, match="choose another name"):
        feature(name, family="mine", inputs=("close",), lookback=0)(lambda close: close)


@pytest.mark.usefixtures("open_catalogue")
def test_a_function_of_dates_alone_cannot_read_facts(market: Market) -> None:
    feature("of_dates", family="mine", inputs=("pe_ratio",), lookback=0, scope="date")(lambda values: values)
    assert available(market.data)[1]["of_dates"] == ["pe_ratio"]


def test_a_table_without_its_columns_is_refused(market: Market) -> None:
    with pytest.raises(InputError, match=r"facts: lacks the columns \['available_from'\]"):
        compute(market.bars, facts=market.facts.drop(columns="available_from"))


def test_every_field_has_its_level(market: Market) -> None:
    names = {entry.name for entry in catalogue() if entry.family in FAMILIES}
    assert {f"{field}_asof" for field in (*FUNDAMENTALS, *SENTIMENT)} <= names


def test_a_market_of_one_symbol_listed_late_has_its_facts_at_once() -> None:
    market = random_market(n_symbols=2, late_listing=300)
    got = compute(market.bars, None, market.universe, ["pe_ratio_asof", "news_sentiment_asof"], facts=market.facts)
    assert got.notna().all(axis=None)
