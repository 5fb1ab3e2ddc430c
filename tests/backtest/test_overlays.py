"""Overlays: every one only reduces, twice as once, sees no future, and leaves its reason."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from barograph.backtest import Management, simulate
from barograph.backtest.risk import (
    BetaLimit,
    ClusterLimit,
    CorrelationLimit,
    GrossLimit,
    LiquidityLimit,
    NetLimit,
    Overlay,
    SectorLimit,
    SingleNameLimit,
    StrategyLimit,
)
from barograph.errors import InputError

from .desks import FREE, OVERLAYS, bars_of, dates_of, market, situation

PLACES = [5, 25, 26, 40, 59]
MARKET = market()


def _weights(seed: int, rows: int = len(PLACES)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 0.4, (rows, 6)) * (rng.random((rows, 6)) < 0.7)


@pytest.mark.parametrize("name", OVERLAYS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_an_overlay_only_reduces_and_twice_is_once(name, seed):
    overlay, at, before = OVERLAYS[name], situation(MARKET, PLACES), _weights(seed)
    after, breaches = overlay.limit(before.copy(), at)
    assert (np.abs(after) <= np.abs(before)).all()
    assert (after * before >= 0.0).all()
    again, _ = overlay.limit(after, at)
    np.testing.assert_array_equal(again, after)
    changed = {PLACES[row] for row in np.flatnonzero((after != before).any(axis=1))}
    applied = [breach for breach in breaches if breach.outcome == "applied"]
    assert changed == {int(place) for breach in applied for place in breach.places}
    for breach in applied:
        assert np.isfinite(breach.exposures).all()


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_acts_on_a_row_alone_as_among_others(name):
    before = _weights(1)
    together, _ = OVERLAYS[name].limit(before, situation(MARKET, PLACES))
    for row, place in enumerate(PLACES):
        alone, _ = OVERLAYS[name].limit(before[[row]], situation(MARKET, [place]))
        np.testing.assert_array_equal(alone[0], together[row])


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_sees_no_future(name):
    before = _weights(2, 3)
    known, _ = OVERLAYS[name].limit(before, situation(MARKET, PLACES[:3]))
    corrupted = {field: values.copy() for field, values in MARKET.items()}
    for values in corrupted.values():
        values[PLACES[2] + 1 :] = 7.0
    found, _ = OVERLAYS[name].limit(before, situation(corrupted, PLACES[:3]))
    np.testing.assert_array_equal(found, known)


def _limited(overlay, weights, tables=MARKET, place=40, **more):
    after, breaches = overlay.limit(np.array([weights], float), situation(tables, [place], **more))
    return after[0], breaches


def test_a_name_is_capped_and_the_record_says_which():
    after, (breach,) = _limited(SingleNameLimit(most=0.2), [0.5, -0.3, 0.2, 0.1, 0.0, 0.0])
    np.testing.assert_allclose(after, [0.2, -0.2, 0.2, 0.1, 0.0, 0.0])
    assert list(breach.subjects) == ["S0", "S1"]
    np.testing.assert_allclose(breach.exposures, [0.5, 0.3])
    np.testing.assert_allclose(breach.limits, 0.2)


def test_a_sector_is_scaled_by_one_factor_and_a_name_without_sector_is_free():
    overlay = SectorLimit(most=0.3, sectors={"Utilities": 0.1})
    after, (breach,) = _limited(overlay, [0.2, -0.2, 0.1, 0.1, 0.2, 0.9])
    np.testing.assert_allclose(after, [0.1, -0.1, 0.05, 0.05, 0.1, 0.9])
    assert list(breach.subjects) == ["Energy", "Utilities"]
    with pytest.raises(InputError, match=r"no name is in the sector 'Enrgy'; there are Energy, Utilities"):
        _limited(SectorLimit(most=0.3, sectors={"Enrgy": 0.1}), [0.1] * 6)


@pytest.mark.parametrize(
    ("low", "high", "before", "after"),
    [
        (-0.1, 0.2, [0.6, 0.2, -0.2], [0.3, 0.1, -0.2]),
        (-0.1, 0.2, [0.2, 0.1, -0.6], [0.2, 0.1, -0.4]),
        (-1.0, 1.0, [0.6, 0.2, -0.2], [0.6, 0.2, -0.2]),
        (-0.5, -0.3, [0.4, 0.0, -0.1], [0.0, 0.0, -0.1]),
    ],
)
def test_net_exposure_is_brought_back_by_the_side_in_excess(low, high, before, after):
    found, _ = _limited(NetLimit(low=low, high=high), before, market(names=3))
    np.testing.assert_allclose(found, after, atol=1e-12)


def test_beta_is_that_of_a_regression_on_the_index():
    tables = market()
    index = np.diff(tables["index_close"][20:41]) / tables["index_close"][20:40]
    closes = np.full((60, 6), np.nan)
    closes[20:41, 0] = 50.0 * np.cumprod(np.append(1.0, 1.0 + 2.0 * index))
    after, (breach,) = _limited(
        BetaLimit(most=0.5, lookback=20, every=1), [0.5, 0.25, 0, 0, 0, 0], tables | {"close": closes}
    )
    # The second name has no returns: its beta counts as 1.
    np.testing.assert_allclose(breach.exposures, 2.0 * 0.5 + 0.25)
    np.testing.assert_allclose(after[:2], np.array([0.5, 0.25]) * 0.5 / 1.25)
    with pytest.raises(InputError, match="context has no column 'index_close'"):
        _limited(BetaLimit(most=0.5, lookback=20, every=1), [0.5] * 6, {"close": closes})


def _paired() -> dict[str, np.ndarray]:
    """Give names of which the first two and the next two move alike, and the last two alone."""
    moves = 0.01 * np.random.default_rng(5).standard_normal((60, 6))
    moves[:, 1], moves[:, 3] = moves[:, 0], -moves[:, 2]
    return {"close": 50.0 * np.exp(np.cumsum(moves, axis=0))}


def test_names_that_move_together_share_a_cap():
    overlay = ClusterLimit(most=0.3, correlation=0.8, lookback=30, every=5)
    after, (breach,) = _limited(overlay, [0.4, 0.2, 0.4, 0.2, 0.4, 0.0], _paired())
    np.testing.assert_allclose(after, [0.2, 0.1, 0.4, 0.2, 0.4, 0.0])
    assert list(breach.subjects) == ["S0"]
    early, none = _limited(overlay, [0.4, 0.2, 0.4, 0.2, 0.4, 0.0], _paired(), place=20)
    assert not none, "before the lookback is full no name is known to move with another"
    np.testing.assert_allclose(early, [0.4, 0.2, 0.4, 0.2, 0.4, 0.0])


def test_average_correlation_warns_limits_and_counts_sides():
    rule = {"warn": 0.5, "start": 0.6, "full": 1.0, "least": 0.2, "most": 1.0, "lookback": 30, "every": 1}
    overlay = CorrelationLimit(**rule)
    after, breaches = _limited(overlay, [0.5, 0.5, 0, 0, 0, 0], _paired())
    np.testing.assert_allclose(after[:2], 0.1)
    assert [breach.outcome for breach in breaches] == ["applied", "warning"]
    np.testing.assert_allclose(breaches[1].exposures, 1.0)
    opposite, none = _limited(overlay, [0.5, -0.5, 0, 0, 0, 0], _paired())
    assert not none
    np.testing.assert_allclose(opposite[:2], [0.5, -0.5])
    # The third and the fourth move against each other: long one, short the other is one bet.
    hedged, _ = _limited(overlay, [0, 0, 0.5, -0.5, 0, 0], _paired())
    np.testing.assert_allclose(np.abs(hedged[2:4]), 0.1, rtol=1e-2)


def test_correlations_are_kept_between_updates():
    tables = _paired()
    jumped = {"close": tables["close"].copy()}
    jumped["close"][41:, 0] *= 1.5  # after the update of date 40, before the next one
    overlay = CorrelationLimit(warn=0.5, start=0.6, full=1.0, least=0.2, most=1.0, lookback=30, every=20)
    same = [_limited(overlay, [0.5, 0.5, 0, 0, 0, 0], each, place=59)[0] for each in (tables, jumped)]
    np.testing.assert_array_equal(*same)


def test_a_position_is_capped_by_the_value_traded_and_unknown_volume_is_refused():
    tables = {"close": np.full((30, 2), 10.0), "volume": np.full((30, 2), 5_000.0)}
    tables["volume"][25, 0] = np.nan  # does not count
    overlay = LiquidityLimit(participation=0.2, days=3, lookback=10)
    after, (breach,) = _limited(overlay, [0.5, 0.01], tables, place=29)
    np.testing.assert_allclose(after, [0.2 * 3 * 50_000.0 / 1e6, 0.01])
    assert list(breach.subjects) == ["S0"]
    tables["volume"][:, 1] = np.nan
    with pytest.raises(InputError, match="S1 has no volume in 10 dates; its value is unknown"):
        _limited(overlay, [0.5, 0.01], tables, place=29)
    _limited(overlay, [0.5, 0.0], tables, place=29)


def test_strategies_have_limits_by_name():
    overlay = StrategyLimit(strategies={"momentum": 0.5})
    after, _ = _limited(overlay, [1.0] + [0.0] * 5, portfolio="momentum")
    assert after[0] == 0.5
    assert _limited(overlay, [1.0] + [0.0] * 5, portfolio="ensemble")[0][0] == 1.0


def test_the_order_is_that_of_the_documents():
    shuffled = {name: OVERLAYS[name] for name in sorted(OVERLAYS, reverse=True)}
    order = [name for name, _ in Management(overlays=shuffled).limits]
    assert order == list(OVERLAYS)


def test_a_contradiction_ends_in_the_later_limit_and_is_recorded():
    closes = np.full((5, 2), 10.0)
    bars = bars_of(closes)
    weights = pd.DataFrame([[0.8, 0.1]], dates_of(bars)[:1], ["S0", "S1"])
    overlays = {"gross": GrossLimit(most=0.4), "net": NetLimit(low=0.6, high=1.0), "name": SingleNameLimit(most=0.7)}
    result = simulate(bars, weights, FREE, management=Management(overlays=overlays))
    caps = result.caps
    assert caps[["step", "overlay", "subject", "outcome"]].values.tolist() == [
        [1, "name", "S0", "applied"],
        [2, "net", "portfolio", "unmet"],
        [3, "gross", "portfolio", "applied"],
    ]
    np.testing.assert_allclose(caps["exposure"], [0.8, 0.4, 0.8])
    np.testing.assert_allclose(caps["limit"], [0.7, 0.6, 0.4])
    np.testing.assert_allclose(result.positions.iloc[-1] * 10.0 / 1e6, [0.35, 0.05])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: NetLimit(low=0.5, high=0.2),
        lambda: CorrelationLimit(warn=0.5, start=0.7, full=0.6, least=0.1, most=1.0, lookback=20, every=1),
        lambda: GrossLimit(most=-0.1),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        wrong()


def test_sectors_need_a_universe_and_an_overlay_a_method():
    bars = bars_of(np.full((4, 1), 10.0))
    weights = pd.DataFrame([[0.5]], dates_of(bars)[:1], ["S0"])
    with pytest.raises(InputError, match=r"^overlay s: sectors: no universe was given"):
        simulate(bars, weights, FREE, management=Management(overlays={"s": SectorLimit(most=0.1, sectors={})}))
    with pytest.raises(InputError, match="overlay x: str has neither a method limit nor record"):
        Management(overlays={"x": "limit"})


class Wrong(Overlay):
    """An overlay of a user's that does what it may not."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def limit(self, weights: Any, at: Any) -> Any:  # noqa: ARG002
        return self.made(weights), []


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda weights: 2.0 * weights, "the weight of S0 is 1 after it and 0.5 before; an overlay may only reduce"),
        (lambda weights: -weights, "the weight of S0 is -0.5 after it and 0.5 before; an overlay may only reduce"),
        (lambda weights: weights * np.nan, "the weight of S0 is nan; a finite weight is required"),
        (lambda weights: weights[0], r"it gives the shape \(1,\); \(1, 1\) is required"),
        (lambda weights: weights["S0"], "IndexError: "),
    ],
)
def test_an_overlay_that_does_what_it_may_not_is_named(made, message):
    bars = bars_of(np.full((4, 1), 10.0))
    weights = pd.DataFrame([[0.5]], dates_of(bars)[:1], ["S0"])
    with pytest.raises(InputError, match=f"^overlay mine: {message}"):
        simulate(bars, weights, FREE, management=Management(overlays={"mine": Wrong(made)}))
