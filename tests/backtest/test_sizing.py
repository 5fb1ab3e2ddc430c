"""Sizing: known answers, causality, and what every sizing keeps."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from barograph.backtest import Management, simulate
from barograph.backtest.sizing import (
    AsDecided,
    Confidence,
    EqualWeights,
    FractionalKelly,
    HierarchicalRiskParity,
    InverseVolatility,
    MinimumVariance,
    RiskBudgeting,
    VolatilityTarget,
)
from barograph.labels import FixedBarrier, VolatilityBarrier

from .desks import FREE, bars_of, dates_of, market, situation

BARRIERS = FixedBarrier(horizon=14, upper=0.1, lower=0.05)
SIZINGS: dict[str, Any] = {
    "as_decided": AsDecided(),
    "equal": EqualWeights(),
    "inverse_volatility": InverseVolatility(lookback=21),
    "volatility_target": VolatilityTarget(volatility=0.1, lookback=21),
    "kelly": FractionalKelly(fraction=0.1, label=VolatilityBarrier(horizon=14, width=1.0, window=20)),
    "confidence": Confidence(keep_exposure=False),
    "kept_confidence": Confidence(keep_exposure=True),
    "minimum_variance": MinimumVariance(lookback=21, most=0.5),
    "hierarchical_risk_parity": HierarchicalRiskParity(lookback=21),
    "risk_budgeting": RiskBudgeting(lookback=21),
}
KEEP_EXPOSURE = {
    "as_decided",
    "equal",
    "inverse_volatility",
    "minimum_variance",
    "hierarchical_risk_parity",
    "risk_budgeting",
}
PLACES = [5, 30, 45]


def _market(seed: int = 3) -> dict[str, np.ndarray]:
    tables = market(60, 6, seed)
    drawn = np.random.default_rng(seed).dirichlet(np.ones(3), (60, 6))
    return tables | {name: drawn[..., n] for n, name in enumerate(("p_sell", "p_hold", "p_buy"))}


def _weights(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.3, 0.3, (len(PLACES), 6)) * (rng.random((len(PLACES), 6)) < 0.7)


@pytest.mark.parametrize("name", SIZINGS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=4, deadline=None)
def test_a_sizing_chooses_no_name_turns_none_round_and_sees_no_future(name, seed):
    tables, before = _market(), _weights(seed)
    after = SIZINGS[name].size(before.copy(), situation(tables, PLACES))
    assert np.isfinite(after).all()
    assert (after * before >= 0.0).all()
    assert (after[before == 0.0] == 0.0).all()
    if name in KEEP_EXPOSURE:
        np.testing.assert_allclose(np.abs(after).sum(axis=1), np.abs(before).sum(axis=1))
    corrupted = {field: values.copy() for field, values in tables.items()}
    for values in corrupted.values():
        values[PLACES[-1] + 1 :] = 0.9
    np.testing.assert_array_equal(SIZINGS[name].size(before.copy(), situation(corrupted, PLACES)), after)
    alone = SIZINGS[name].size(before[[1]], situation(tables, [PLACES[1]]))
    np.testing.assert_array_equal(alone[0], after[1])


def _moving(*scales: float) -> dict[str, np.ndarray]:
    """Give closes whose returns alternate, so that volatility is in proportion to the scales."""
    signs = np.where(np.arange(60) % 2 == 0, 1.0, -1.0)[:, None]
    return {"close": 100.0 * np.cumprod(1.0 + signs * np.array(scales), axis=0)}


def _sized(sizing: Any, weights: list[float], tables: dict[str, np.ndarray], place: int = 59) -> np.ndarray:
    result: np.ndarray = sizing.size(np.array([weights], float), situation(tables, [place]))[0]
    return result


def test_inverse_volatility_and_equal_weights():
    tables = _moving(0.01, 0.02, 0.04)
    decided = [0.5, -0.3, 0.0]
    np.testing.assert_allclose(_sized(EqualWeights(), decided, tables), [0.4, -0.4, 0.0])
    np.testing.assert_allclose(
        _sized(InverseVolatility(lookback=20), decided, tables), [0.8 * 2 / 3, -0.8 / 3, 0.0], rtol=1e-12
    )
    # Before the lookback is full, or where a price does not move, nobody knows better.
    np.testing.assert_allclose(_sized(InverseVolatility(lookback=20), decided, tables, 10), [0.4, -0.4, 0.0])
    tables["close"][:, 1] = 100.0
    np.testing.assert_allclose(_sized(InverseVolatility(lookback=20), decided, tables), [0.4, -0.4, 0.0])


def test_a_volatility_target_is_met_by_the_decided_portfolio():
    tables = _moving(0.01, 0.02)
    forecast = np.std([0.5 * 0.01 + 0.5 * 0.02, -0.5 * 0.01 - 0.5 * 0.02] * 10, ddof=1) * np.sqrt(252.0)
    found = _sized(VolatilityTarget(volatility=0.2, lookback=20), [0.5, 0.5], tables)
    np.testing.assert_allclose(found, 0.5 * 0.2 / forecast)


@pytest.mark.parametrize(("buy", "sell"), [(0.5, 0.2), (0.4, 0.4), (0.1, 0.6)])
def test_kelly_is_where_the_expected_logarithm_of_wealth_is_largest(buy, sell):
    probabilities = {"p_buy": buy, "p_hold": 1.0 - buy - sell, "p_sell": sell}
    tables = _moving(0.01) | {name: np.full((60, 1), value) for name, value in probabilities.items()}
    grid = np.linspace(-9.0, 19.0, 280_001)
    growth = buy * np.log1p(0.1 * grid) + sell * np.log1p(-0.05 * grid)
    best = grid[np.argmax(growth)]
    kelly = FractionalKelly(fraction=0.5, label=BARRIERS)
    np.testing.assert_allclose(_sized(kelly, [0.2], tables), max(0.5 * best, 0.0), atol=1e-4)
    np.testing.assert_allclose(_sized(kelly, [-0.2], tables), min(0.5 * best, 0.0), atol=1e-4)
    assert _sized(kelly, [0.2], _moving(0.01))[0] == 0.2, "without probabilities as decided"


def test_confidence_is_the_lead_of_the_side_chosen():
    probabilities = {"p_buy": [0.6, 0.5, 0.2], "p_hold": [0.2, 0.2, 0.3], "p_sell": [0.2, 0.3, 0.5]}
    tables = _moving(0.01, 0.01, 0.01) | {name: np.tile(row, (60, 1)) for name, row in probabilities.items()}
    np.testing.assert_allclose(_sized(Confidence(keep_exposure=False), [0.5, -0.2, -0.3], tables), [0.2, 0.0, -0.09])
    kept = _sized(Confidence(keep_exposure=True), [0.5, -0.2, -0.3], tables)
    np.testing.assert_allclose(kept, np.array([0.2, 0.0, -0.09]) / 0.29)


def test_minimum_variance_leaves_no_better_neighbour_and_keeps_the_largest_share():
    tables = market(80, 4, 9)
    tables["close"] = np.where(np.isnan(tables["close"]), 50.0, tables["close"])
    sizing = MinimumVariance(lookback=60, most=0.35)
    found = _sized(sizing, [0.25] * 4, tables, 79)
    assert found.max() <= 0.35 + 1e-6
    closes = tables["close"][19:]
    returns = closes[1:] / closes[:-1] - 1.0
    from sklearn.covariance import LedoitWolf

    covariance = LedoitWolf().fit(returns).covariance_
    rng = np.random.default_rng(0)
    others = rng.dirichlet(np.ones(4), 20_000)
    others = others[others.max(axis=1) <= 0.35]
    assert found @ covariance @ found <= np.einsum("ri,ij,rj->r", others, covariance, others).min() * (1.0 + 1e-6)


def test_risk_budgeting_gives_each_name_the_same_part_of_the_variance():
    tables = market(80, 4, 9)
    tables["close"] = np.where(np.isnan(tables["close"]), 50.0, tables["close"])
    found = _sized(RiskBudgeting(lookback=60), [0.4, -0.2, 0.2, 0.2], tables, 79)
    closes = tables["close"][19:]
    covariance = np.cov(closes[1:] / closes[:-1] - 1.0, rowvar=False)
    parts = found * (covariance @ found) / (found @ covariance @ found)
    np.testing.assert_allclose(parts, 0.25, atol=2e-3)


def test_two_independent_names_have_weights_by_variance_in_a_tree():
    tables = _moving(0.01, 0.02)
    tables["close"][:, 1] = 100.0 * np.cumprod(1.0 + 0.02 * np.tile([1.0, 1.0, -1.0, -1.0], 15))
    found = _sized(HierarchicalRiskParity(lookback=40), [0.5, 0.5], tables)
    np.testing.assert_allclose(found, [0.8, 0.2], atol=1e-3)


def test_what_is_larger_than_the_account_may_hold_is_scaled_and_recorded():
    bars = bars_of(_moving(0.001, 0.002)["close"])
    weights = pd.DataFrame([[0.5, 0.5]], dates_of(bars)[[40]], ["S0", "S1"])
    management = Management(VolatilityTarget(volatility=0.5, lookback=20))
    result = simulate(bars, weights, FREE, management=management)
    np.testing.assert_allclose(result.orders["weight"], [1.0, 1.0])
    row = result.caps.iloc[0]
    assert (len(result.caps), row["step"], row["overlay"], row["limit"]) == (1, 0, "max_leverage", 2.0)
    assert row["exposure"] > 2.0


def test_turnover_is_counted_from_weights_that_have_drifted():
    bars = bars_of(np.array([[100.0, 100, 200, 200], [100.0, 100, 100, 100]]).T)
    dates = dates_of(bars)
    weights = pd.DataFrame([[0.5, 0.5]] * 2, dates[[0, 2]], ["S0", "S1"])
    result = simulate(bars, weights, FREE, management=Management(EqualWeights()))
    # The first name has drifted from a half to two thirds; to come back, a sixth is sold and a sixth bought.
    np.testing.assert_allclose(result.turnover.iloc[3], 1.0 / 6.0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: FractionalKelly(fraction=1.5, label=BARRIERS),
        lambda: FractionalKelly(fraction=0.5, label="barriers"),
        lambda: InverseVolatility(lookback=1),
        lambda: MinimumVariance(lookback=252, most=0.0),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        wrong()
