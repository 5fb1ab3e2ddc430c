"""Simulated facts: known when they may be, persistent, of a kind within a sector, and related to nothing."""

import numpy as np
import pandas as pd
import pytest

from barograph.market import MarketData, to_panel
from barograph.testing import simulate

QUARTERLY = {
    *("pe_ratio", "peg_ratio", "return_on_equity", "debt_to_equity", "profit_margin", "operating_margin"),
    *("eps_growth", "revenue_growth", "free_cash_flow_yield", "dividend_yield"),
}
WEEKLY = {"news_sentiment", "social_sentiment"}
MONTHLY = {"analyst_sentiment", "institutional_sentiment", "insider_sentiment"}


@pytest.fixture(scope="module")
def data() -> MarketData:
    return simulate(symbols=110, first_year=2012, years=5, facts=True)


@pytest.fixture(scope="module")
def facts(data: MarketData) -> pd.DataFrame:
    return data.facts


def test_a_market_has_facts_only_if_asked_for_and_is_the_same_with_them() -> None:
    plain, known = simulate(years=2), simulate(years=2, facts=True)
    assert plain.facts is None
    pd.testing.assert_frame_equal(plain.bars, known.bars, check_exact=True)


def test_every_field_of_every_stock_is_known_on_the_first_session(data: MarketData, facts: pd.DataFrame) -> None:
    early = facts[facts["available_from"] <= data.context["date"].iloc[0]]
    known = early.groupby("symbol")["field"].agg(set)
    assert set(known.index) == set(data.universe["symbol"])
    assert (known == QUARTERLY | WEEKLY | MONTHLY).all()
    assert facts["available_from"].max() <= data.context["date"].iloc[-1]


def test_a_report_after_the_last_session_is_not_there_yet() -> None:
    data = simulate(symbols=3, first_year=2014, years=2, facts=True)
    # The last session is the last day of a quarter, whose report comes a month later.
    assert data.context["date"].iloc[-1] == pd.Timestamp("2015-12-31") == data.facts["available_from"].max()


def test_fundamentals_are_known_20_to_45_days_after_the_quarter_on_a_weekday(facts: pd.DataFrame) -> None:
    reports = facts[facts["field"].isin(QUARTERLY)]
    days = reports.groupby(["symbol", "available_from"])["field"].nunique()
    assert (days == len(QUARTERLY)).all(), "a report has all figures"
    when = days.index.get_level_values("available_from")
    quarter_end = pd.DatetimeIndex(when).to_period("Q").start_time - pd.Timedelta(days=1)
    delay = (when - quarter_end).days
    assert (delay >= 20).all()
    assert (delay <= 45).all()
    assert len(set(delay)) > 15, "companies report on days of their own"
    assert (when.day_of_week < 5).all()
    # Of 2011 the third quarter's report, then one for every quarter from October 2011 to September 2016.
    assert (days.groupby("symbol").size() == 21).all()


def test_sentiment_is_known_at_the_end_of_the_week_or_month(facts: pd.DataFrame) -> None:
    weekly, monthly = (facts[facts["field"].isin(fields)] for fields in (WEEKLY, MONTHLY))
    assert (weekly["available_from"].dt.day_of_week == 4).all()
    assert (weekly.groupby(["symbol", "field"])["available_from"].diff().dropna() == pd.Timedelta(days=7)).all()
    assert monthly["available_from"].dt.is_month_end.all()
    # November 2011 to November 2016: the last session is 30 December.
    assert (monthly.groupby(["symbol", "field"])["available_from"].count() == 61).all()
    values = pd.concat([weekly, monthly])["value"]
    assert values.abs().max() < 1
    assert values.std() > 0.2


def test_figures_are_plausible(facts: pd.DataFrame) -> None:
    median = facts.groupby("field")["value"].median()
    expected = {"pe_ratio": (15, 26), "dividend_yield": (0.015, 0.027), "profit_margin": (0.05, 0.15)}
    for field, (low, high) in expected.items():
        assert low < median[field] < high, field
    for field in ("pe_ratio", "peg_ratio", "debt_to_equity", "dividend_yield"):
        assert (facts.loc[facts["field"] == field, "value"] > 0).all()


def test_figures_persist_and_companies_of_a_sector_resemble_each_other(data: MarketData, facts: pd.DataFrame) -> None:
    growth = facts[facts["field"] == "eps_growth"].pivot(index="available_from", columns="symbol", values="value")
    steps = np.array([growth[symbol].dropna().to_numpy() for symbol in growth])
    centred = steps - steps.mean()
    # Sector and stock hold 0.7 of the variance and stay; of the rest 0.85 is left after a quarter.
    expected = 0.7 + 0.3 * 0.85
    assert (centred[:, 1:] * centred[:, :-1]).mean() / centred.var() == pytest.approx(expected, abs=0.05)
    sector = data.universe.set_index("symbol")["gics_sector"]
    shares = []
    for field in QUARTERLY:
        level = facts[facts["field"] == field].groupby("symbol")["value"].mean()
        shares.append(level.groupby(sector).mean().var(ddof=0) / level.var(ddof=0))
    # 0.3 of a variance of 0.3 + 0.4 + about 0.2, and a tenth of the rest by chance.
    assert 0.25 < np.mean(shares) < 0.55


def test_facts_say_nothing_about_returns(data: MarketData, facts: pd.DataFrame) -> None:
    panel = to_panel(data.bars)
    returns = np.full(panel.close.shape, np.nan)
    returns[:-1] = panel.close[1:] / panel.close[:-1] - 1
    excess = returns - returns.mean(axis=1, keepdims=True)
    for field in ("pe_ratio", "eps_growth", "news_sentiment"):
        known = facts[facts["field"] == field].pivot(index="available_from", columns="symbol", values="value")
        value = known.ffill().reindex(panel.dates, method="ffill").to_numpy()[:-1]
        spread = value - value.mean(axis=1, keepdims=True)
        daily = (spread * excess[:-1]).mean(axis=1) / (spread.std(axis=1) * excess[:-1].std(axis=1))
        # 1,258 days of a rank of 110: a standard error of about 0.003 if days were independent, and persistence.
        assert abs(daily.mean()) < 0.02, field
