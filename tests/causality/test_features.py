"""Every registered feature passes the point-in-time audit, and the audit catches one that must not pass."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from barograph.features import catalogue, compute, feature, registration
from barograph.features.audit import audit
from barograph.features.inputs import RELEASE_LAG
from tests.features.markets import Market, random_market, random_signals, regimes_of


@pytest.fixture
def planted() -> Iterator[str]:
    @feature("planted_leak", family="planted", inputs=("close",), lookback=0)
    def planted_leak(close: np.ndarray) -> np.ndarray:
        return np.append(close[1:] / close[:-1] - 1.0, np.nan)

    yield "planted_leak"
    del registration._REGISTERED["planted_leak"]


def features_of(
    bars: pd.DataFrame, context: pd.DataFrame, universe: pd.DataFrame, **published: pd.DataFrame
) -> pd.DataFrame:
    return compute(bars, context, universe, regimes=regimes_of(context), **published)


def audited(market: Market) -> pd.DataFrame:
    tables = market._asdict()
    del tables["regimes"]
    tables = {name: table for name, table in tables.items() if table is not None}
    return audit(features_of, tables, release_lag=RELEASE_LAG).set_index("feature")


def test_of_all_features_a_planted_one_alone_looks_ahead(planted: str) -> None:
    table = audited(random_market(late_listing=200))
    assert set(table.index) == {entry.name for entry in catalogue()}
    assert table.index[table["leaks"]].tolist() == [planted], table[table["leaks"]].to_string()


def test_no_signal_looks_ahead_whether_it_is_known_early_or_late() -> None:
    market = random_market(n_symbols=2, n_days=300)
    signals = random_signals(["S00", "S01"], market.context["date"])
    assert (signals["available_from"] < signals["date"]).any()
    assert (signals["available_from"] > signals["date"]).any()

    def of_signals(bars: pd.DataFrame, signals: pd.DataFrame) -> pd.DataFrame:
        return compute(bars, names=["signal_mine", "signal_other"], signals=signals)

    table = audit(of_signals, {"bars": market.bars, "signals": signals}, release_lag=RELEASE_LAG)
    assert table["leaks"].tolist() == [False, False]


def test_a_fact_used_before_it_is_available_would_be_found() -> None:
    market = random_market(n_symbols=2, n_days=300)

    def too_early(bars: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
        known = facts["available_from"] - pd.Timedelta(days=1)
        return compute(bars, names=["pe_ratio_asof", "days_since_report"], facts=facts.assign(available_from=known))

    tables = {"bars": market.bars, "facts": market.facts}
    assert audit(too_early, tables, release_lag={}, cuts=60)["leaks"].all()


def test_using_a_yield_on_its_own_day_would_be_found() -> None:
    market = random_market(n_symbols=2)

    def without_lag(bars: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
        return compute(bars, context, names=["term_slope", "usd_ret_21", "vix_level"], release_lag={})

    tables = {"bars": market.bars, "context": market.context}
    table = audit(without_lag, tables, release_lag=RELEASE_LAG).set_index("feature")
    assert table["leaks"].to_dict() == {"term_slope": True, "usd_ret_21": True, "vix_level": False}
