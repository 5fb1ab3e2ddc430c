"""The market with events: the regime rule and the archive find the eight crises on their dates, and calm elsewhere."""

from typing import Final

import numpy as np
import pandas as pd
import pytest

from barograph import config
from barograph.archive import Archive, archive_tables
from barograph.labels import label_bars
from barograph.market import MarketData
from barograph.regimes import VixPriceRegimes
from barograph.testing import simulate
from tests.settings import compose

CALM: Final = ("low_volatility", "normal")
# What the S&P 500 did from the close before the event to its last, and how far a look-alike may be from it.
INDEX: Final = {
    "financial_crisis_2008": (-0.38, 0.12),
    "debt_ceiling_2011": (-0.08, 0.08),
    "china_devaluation_2015": (-0.09, 0.08),
    "volmageddon_2018": (-0.04, 0.09),
    "covid_crash_2020": (-0.34, 0.10),
    "covid_recovery_2020": (0.39, 0.17),
    "inflation_bear_2022": (-0.19, 0.10),
    "banking_crisis_2023": (0.05, 0.09),
}


@pytest.fixture(scope="module", params=range(4))
def data(request: pytest.FixtureRequest) -> MarketData:
    return simulate(seed=request.param, symbols=3, first_year=2006, years=18, events=True)


@pytest.fixture(scope="module")
def archive() -> Archive:
    built: Archive = config.build(compose()["archive"], "archive")
    assert set(built.events) == set(INDEX)
    return built


def _regimes(data: MarketData) -> pd.Series:
    rule: VixPriceRegimes = config.build(compose()["regime"], "regime")
    names = rule.label(data.context["index_close"].to_numpy(), data.context["vix"].to_numpy())
    return pd.Series(names, index=data.context["date"])


def test_the_rule_gives_each_event_its_regime_on_most_of_its_dates(data: MarketData, archive: Archive) -> None:
    regimes = _regimes(data)
    shares = [(regimes[event["start"] : event["end"]] == event["regime"]).mean() for event in archive.events.values()]
    assert min(shares) > 0.6, dict(zip(archive.events, shares, strict=True))
    assert np.mean(shares) > 0.85


def test_outside_the_events_the_market_is_calm_or_normal(data: MarketData, archive: Archive) -> None:
    regimes = _regimes(data)
    inside = np.zeros(len(regimes), dtype=bool)
    for event in archive.events.values():
        inside |= (regimes.index >= event["start"]) & (regimes.index <= event["end"])
    assert regimes[~inside].isin(CALM).mean() > 0.98
    # What an event leaves behind fades within three weeks; a few days of their own remain.
    after = pd.Series(inside).rolling(16, min_periods=1).max().to_numpy() > 0
    assert regimes[~after].isin(CALM).mean() > 0.998
    assert all((regimes[~inside] == name).mean() > 0.1 for name in CALM)


def test_the_index_goes_the_way_it_went(data: MarketData, archive: Archive) -> None:
    close = data.context.set_index("date")["index_close"]
    for name, event in archive.events.items():
        expected, tolerance = INDEX[name]
        inside = (close.index >= event["start"]) & (close.index <= event["end"])
        first = int(inside.argmax())
        change = close[inside].iloc[-1] / close.iloc[first - 1] - 1
        assert change == pytest.approx(expected, abs=tolerance), name


def test_the_archive_holds_every_event_in_full(data: MarketData, archive: Archive) -> None:
    labels = label_bars(data.bars, config.build(compose()["label"], "label"))
    rule: VixPriceRegimes = config.build(compose()["regime"], "regime")
    close, vix = (data.context[name].to_numpy() for name in ("index_close", "vix"))
    regimes = pd.concat([data.context["date"], rule.describe(close, vix)], axis=1)
    events, rows = archive_tables(labels, regimes, data.bars, archive, VixPriceRegimes())
    named = events[events["kind"] == "configured"].set_index("event")
    assert set(named.index) == set(INDEX)
    assert (named["coverage"] == "full").all()
    for name, event in archive.events.items():
        sessions = data.context["date"].between(event["start"], event["end"]).sum()
        assert (rows["event"] == name).sum() == 3 * sessions, name
    found = events[events["kind"] == "episode"]
    same = set(found["duplicate_of"].dropna())
    assert "financial_crisis_2008" in same
    # Crash and recovery of 2020 touch, and may be found as one.
    assert same & {"covid_crash_2020", "covid_recovery_2020"}


def test_stocks_fall_together_in_the_crash() -> None:
    bars = simulate(symbols=20, first_year=2019, years=2, events=True).bars
    close = bars.pivot(index="date", columns="symbol", values="close")
    assert (close.loc["2020-03-23"] / close.loc["2020-02-19"] - 1 < -0.1).mean() > 0.9


def test_a_history_without_an_event_has_none() -> None:
    data = simulate(symbols=1, first_year=2012, years=3, events=True)
    assert _regimes(data).isin(CALM).all()
