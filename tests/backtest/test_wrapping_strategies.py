"""Strategies that follow others, with answers known by construction."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from barograph.backtest import Threshold, TopK, analytics
from barograph.backtest.strategies import (
    BuyAndHold,
    Combination,
    Momentum,
    RegimeSwitch,
    StopLoss,
    Switch,
    VixGuard,
    WalkForwardGrid,
    choices,
)
from barograph.errors import InputError
from tests.backtest.days import Market, Scripted, follow

NAN = np.nan
FLAT = {"A": [1.0] * 6, "B": [1.0] * 6}


def test_an_exposure_takes_its_share_of_the_strategy() -> None:
    regimes = ["normal", "normal", "crash", "crash", "normal", None]
    base = Scripted([0.6, 0.4], None, None, [0.2, 0.8], None, [1.0, 0.0])
    switch = RegimeSwitch(strategy=base, regimes={"normal": 1.0, "crash": 0.5})
    decided, _ = follow(switch, Market(FLAT, regime=regimes))
    assert decided == [[0.6, 0.4], None, [0.3, 0.2], [0.1, 0.4], [0.2, 0.8], None]


def test_a_regimes_strategy_is_taken_over_with_the_weights_it_has() -> None:
    market = Market({"A": [1, 1, 1, 3], "B": [1, 1, 1, 1]}, regime=["normal", "normal", "normal", "crash"])
    switch = RegimeSwitch(strategy=None, regimes={"normal": Scripted([0.0, 1.0]), "crash": Scripted([0.5, 0.5])})
    assert follow(switch, market)[0] == [[0.0, 1.0], None, None, pytest.approx([0.75, 0.25])]


def test_regimes_with_the_same_exposure_do_not_trade() -> None:
    switch = RegimeSwitch(strategy=Scripted([0.6, 0.4]), regimes={"normal": 1.0, "low_volatility": 1})
    decided, _ = follow(switch, Market(FLAT, regime=["normal", "low_volatility"] * 3))
    assert decided == [[0.6, 0.4], None, None, None, None, None]


def test_a_regime_that_is_not_named_is_refused() -> None:
    switch = RegimeSwitch(strategy=BuyAndHold(symbols=None), regimes={"normal": 1.0})
    with pytest.raises(InputError, match=r"^regimes: 'crash' is not among them; there are \['normal'\]$"):
        follow(switch, Market(FLAT, regime=["normal", "crash", *["normal"] * 4]))


def test_nothing_is_opened_or_enlarged_while_the_vix_is_high() -> None:
    script = Scripted([0.4, 0.0], None, [0.2, 0.3], [0.5, 0.3], None, None)
    guard = VixGuard(strategy=script, level=30.0)
    decided, _ = follow(guard, Market(FLAT, vix=[30.0, 31.0, 31.0, 40.0, 40.0, 20.0]))
    assert decided == [[0.4, 0.0], None, [0.2, 0.0], [0.2, 0.0], None, [0.5, 0.3]]


def test_short_positions_are_guarded_and_may_be_closed() -> None:
    script = Scripted([-0.4, 0.2], None, [-0.5, -0.2], [0.0, 0.0])
    decided, _ = follow(VixGuard(strategy=script, level=30.0), Market(FLAT, vix=[NAN, 31, 31, 31, 20, 20]))
    assert decided == [[-0.4, 0.2], None, [-0.4, 0.0], [0.0, 0.0], [0.0, 0.0], None]


def test_a_guard_that_held_nothing_back_trades_nothing_later() -> None:
    decided, _ = follow(VixGuard(strategy=Scripted([0.4, 0.0]), level=30.0), Market(FLAT, vix=[9, 31, 31, 9, 9, 9]))
    assert decided == [[0.4, 0.0], None, None, None, None, None]


def test_a_position_that_lost_too_much_is_closed_alone() -> None:
    # Bought at 100 on the second date; 90 is the first close that has lost a tenth.
    market = Market({"A": [100, 100, 91, 90, 95, 95], "B": [1] * 6})
    decided, _ = follow(StopLoss(strategy=Scripted([0.5, 0.5]), loss=0.1), market)
    assert decided[0] == [0.5, 0.5]
    assert decided[1:3] == [None, None]
    assert decided[3] == pytest.approx([0.0, NAN], nan_ok=True)
    assert decided[4:] == [None, None]


def test_a_stopped_name_waits_until_the_strategy_has_let_go_of_it() -> None:
    market = Market({"A": [100, 100, 80, 80, 80, 80, 80], "B": [1] * 7})
    script = Scripted([0.5, 0.5], None, None, [0.7, 0.3], [0.0, 1.0], [0.5, 0.5])
    decided, _ = follow(StopLoss(strategy=script, loss=0.1), market)
    assert decided[2] == pytest.approx([0.0, NAN], nan_ok=True)
    assert decided[3:6] == [[0.0, 0.3], [0.0, 1.0], [0.5, 0.5]]


def test_a_short_position_is_stopped_when_its_price_rises() -> None:
    market = Market({"A": [100, 100, 109, 110.5, 100], "B": [1] * 5})
    decided, _ = follow(StopLoss(strategy=Scripted([-0.5, 0.0]), loss=0.1), market)
    assert decided[2] is None
    assert decided[3] == pytest.approx([0.0, NAN], nan_ok=True)


def test_a_stop_is_repeated_until_the_position_is_gone() -> None:
    class Unfilled(Scripted):
        """An account whose position does not go away."""

    stop = StopLoss(strategy=Scripted([1.0, 0.0]), loss=0.1)
    market = Market({"A": [100, 100, 80, 80], "B": [1] * 4})
    decided, sleeve = follow(stop, market)
    assert decided[3] is None
    sleeve.weights, sleeve.entry_price = np.array([1.0, 0.0]), np.array([100.0, NAN])
    assert stop.weights(sleeve).tolist() == pytest.approx([0.0, NAN], nan_ok=True)


def test_fixed_shares_are_mixed_and_netted() -> None:
    market = Market(FLAT)
    strategies = {"one": Scripted([1.0, 0.0], None, [0.0, 1.0]), "other": Scripted(None, [-1.0, 0.5])}
    decided, _ = follow(Combination(strategies=strategies, shares={"one": 0.75, "other": 0.25}, lookback=2), market)
    assert decided == [[0.75, 0.0], [0.5, 0.125], [-0.25, 0.875], None, None, None]


def test_positions_that_drifted_beyond_the_equity_are_scaled_down() -> None:
    # Sold at 1 and worth 2: a short position of 1 and a long one of 0.5, of an equity of 0.5.
    market = Market({"A": [1, 1, 2], "B": [1, 1, 1]})
    strategies = {"short": Scripted([-0.5, 0.5]), "other": Scripted(None, None, [0.0, 0.0])}
    decided, _ = follow(Combination(strategies=strategies, shares={"short": 1.0, "other": 0.0}, lookback=2), market)
    assert decided[2] == pytest.approx([-2 / 3, 1 / 3])


def test_shares_follow_the_inverse_of_volatility() -> None:
    # After the closes of the fourth date, on paper: one earned +0.1, -0.1, the other +0.02, -0.02.
    market = Market({"A": [1, 1, 1.1, 0.99], "B": [1, 1, 1.02, 0.9996]})
    strategies = {"one": Scripted([1.0, 0.0], None, None, [1.0, 0.0]), "other": Scripted([0.0, 1.0])}
    decided, _ = follow(Combination(strategies=strategies, shares=None, lookback=2), market)
    assert decided[0] == [0.5, 0.5]
    assert decided[3] == pytest.approx([1 / 6, 5 / 6])


def test_the_best_of_late_is_followed() -> None:
    market = Market({"A": [1, 1, 1.1, 1.2, 1.2, 1.2], "B": [1, 1, 1, 1, 2, 3]})
    strategies = {"one": Scripted([1.0, 0.0]), "other": Scripted([0.0, 1.0])}
    decided, _ = follow(Switch(strategies=strategies, lookback=2, choose_days=1, cost_bps=0.0), market)
    # Returns of the first two dates on paper are known on the third.
    assert decided == [[0.5, 0.5], None, [1.0, 0.0], None, [0.0, 1.0], None]


def test_all_are_followed_until_the_lookback_is_full() -> None:
    market = Market({"A": [1, 1, 1.1, 1.2, 1.2], "B": [1, 1, 1, 1, 1]})
    strategies = {"one": Scripted([1.0, 0.0]), "other": Scripted([0.0, 1.0])}
    decided, _ = follow(Switch(strategies=strategies, lookback=3, choose_days=1, cost_bps=0.0), market)
    assert decided == [[0.5, 0.5], None, None, [1.0, 0.0], None]


def test_a_choice_lasts_until_the_next() -> None:
    market = Market({"A": [1, 1, 1.1, 1.2, 1.2, 1.2], "B": [1, 1, 1, 1, 2, 3]})
    strategies = {"one": Scripted([1.0, 0.0], *[None] * 4, [0.9, 0.0]), "other": Scripted([0.0, 1.0])}
    decided, _ = follow(Switch(strategies=strategies, lookback=2, choose_days=3, cost_bps=0.0), market)
    assert decided == [[0.5, 0.5], None, None, [1.0, 0.0], None, [0.9, 0.0]]


def test_costs_decide_between_strategies_that_earn_the_same() -> None:
    busy = Scripted(*([1.0, 0.0], [0.0, 1.0]) * 3)
    strategies = {"busy": busy, "calm": Scripted([1.0, 0.0])}
    free, charged = (
        follow(Switch(strategies=strategies, lookback=3, choose_days=1, cost_bps=cost), Market(FLAT))[0][-1]
        for cost in (0.0, 10.0)
    )
    assert free == [0.5, 0.5]
    assert charged is None or charged == [1.0, 0.0]


def yearly(days: int = 600, seed: int = 5) -> Market:
    closes = np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0005, 0.02, (days, 4)), axis=0))
    return Market({f"S{n}": closes[:, n] for n in range(4)}, start="2019-01-01")


def grid(min_days: int = 100) -> WalkForwardGrid:
    momentum = Momentum(lookback=20, skip=0, k=1, rebalance_days=5)
    return WalkForwardGrid(strategy=momentum, grid={"k": [2, 3], "lookback": [5, 40]}, min_days=min_days, cost_bps=10.0)


def test_a_grid_follows_what_did_best_before_the_fold() -> None:
    market, strategy = yearly(), grid()
    decided, sleeve = follow(strategy, market)
    found = choices(sleeve.memory)
    years = pd.Series(market.dates.year)
    assert found["fold"].tolist() == [2019, 2020, 2021]
    assert found["parameters"][0] == "as given"
    assert found["days"].tolist() == [0, *(int((years < year).sum()) - 1 for year in (2020, 2021))]
    for row in found.iloc[1:].itertuples():
        first = int((years < row.fold).sum())
        cut = Market(
            {str(name): market.bars["close"][:first, n] for n, name in enumerate(market.symbols)}, start="2019-01-01"
        )
        known = {
            name: analytics.sharpe_ratio(follow(each, cut, cost_bps=10.0)[1].returns)
            for name, each in strategy.candidates.items()
        }
        assert row.sharpe == pytest.approx(max(known.values()))
        assert row.parameters == max(known, key=known.__getitem__)
        alone, _ = follow(strategy.candidates[row.parameters], market, cost_bps=10.0)
        last = int((years <= row.fold).sum())
        assert decided[first + 1 : last] == alone[first + 1 : last]


def test_a_fold_without_enough_dates_before_it_keeps_the_parameters() -> None:
    found = choices(follow(grid(min_days=300), yearly())[1].memory)
    assert (found["parameters"] == "as given").tolist() == [True, True, False]
    assert found["sharpe"].isna().tolist() == [True, True, False]


def test_the_candidates_are_every_combination() -> None:
    assert list(grid().candidates) == ["k=2, lookback=5", "k=2, lookback=40", "k=3, lookback=5", "k=3, lookback=40"]
    assert grid().candidates["k=3, lookback=5"] == Momentum(lookback=5, skip=0, k=3, rebalance_days=5)


def test_what_comes_later_does_not_change_a_choice() -> None:
    whole = follow(grid(), yearly())[1].memory
    market = yearly()
    cut = Market(
        {str(name): market.bars["close"][:400, n] for n, name in enumerate(market.symbols)}, start="2019-01-01"
    )
    early = choices(follow(grid(), cut)[1].memory)
    pd.testing.assert_frame_equal(early, choices(whole).iloc[: len(early)])


def test_wrapped_strategies_keep_their_memories_apart() -> None:
    """Two that count dates at different paces, one of them wrapped twice, decide as they do alone."""
    scores = np.random.default_rng(0).random((30, 3)).round(2).tolist()
    market = Market(dict.fromkeys("ABC", [1.0] * 30), signals={"score": scores}, vix=[10.0] * 30)
    often, seldom = TopK(k=1, rebalance_days=2), TopK(k=2, rebalance_days=3)
    alone = [follow(each, market)[0] for each in (often, seldom)]
    nested = Combination(
        strategies={"often": VixGuard(strategy=often, level=20.0), "seldom": StopLoss(strategy=seldom, loss=0.5)},
        shares={"often": 0.5, "seldom": 0.5},
        lookback=2,
    )
    decided, _ = follow(nested, market)
    last = [np.zeros(3), np.zeros(3)]
    for t, row in enumerate(decided):
        last = [np.array(each[t]) if each[t] is not None else before for each, before in zip(alone, last, strict=True)]
        assert (row is None) == (t % 2 != 0 and t % 3 != 0)
        if row is not None:
            assert row == pytest.approx((0.5 * (last[0] + last[1])).tolist())


@dataclass(frozen=True)
class OrdersAlone:
    """Decides no weights."""

    k: int

    def on_bar(self, day):
        pass


class NoDataclass:
    """Has no parameters that could be replaced."""

    def weights(self, day):
        return None if day else 0


HELD = BuyAndHold(symbols=None)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: StopLoss(strategy=HELD, loss=20.0), "less than 1"),
        (lambda: StopLoss(strategy=HELD, loss=0.0), "greater than 0"),
        (lambda: StopLoss(strategy=OrdersAlone(k=1), loss=0.1), r"OrdersAlone\(k=1\) cannot be wrapped; a"),
        (lambda: VixGuard(strategy=None, level=30.0), "None cannot be wrapped"),
        (lambda: VixGuard(strategy=HELD, level=-1.0), "greater than 0"),
        (lambda: RegimeSwitch(strategy=None, regimes={"crash": 0.5}), "regimes.crash is a share of a strategy, but"),
        (lambda: RegimeSwitch(strategy=HELD, regimes={"crash": -0.5}), "-0.5 is no exposure; a finite number"),
        (lambda: RegimeSwitch(strategy=HELD, regimes={"crash": True}), "True cannot be wrapped"),
        (lambda: RegimeSwitch(strategy=HELD, regimes={}), "at least 1 item"),
        (lambda: Combination(strategies={"a": HELD}, shares={"b": 1.0}, lookback=2), r"they are needed for \['a'\]"),
        (lambda: Combination(strategies={"a": HELD}, shares={"a": 1.1}, lookback=2), "shares sum to 1.1; at most 1"),
        (lambda: Combination(strategies={}, shares=None, lookback=2), "at least 1 item"),
        (lambda: Switch(strategies={"a": HELD}, lookback=0, choose_days=1, cost_bps=0.0), "greater than or equal to 1"),
        (
            lambda: WalkForwardGrid(strategy=HELD, grid={"k": [1]}, min_days=9, cost_bps=0.0),
            r"grid.k: no such parameter; allowed are \['symbols'\]",
        ),
        (
            lambda: WalkForwardGrid(
                strategy=Threshold(threshold=0.1, rebalance_days=1),
                grid={"threshold": [0.2, 2.0]},
                min_days=9,
                cost_bps=0.0,
            ),
            r"grid.threshold: Input should be less than or equal to 1, found 2.0",
        ),
        (
            lambda: WalkForwardGrid(strategy=NoDataclass(), grid={"k": [1]}, min_days=9, cost_bps=0.0),
            "NoDataclass is no dataclass; its parameters cannot be replaced",
        ),
    ],
)
def test_wrong_settings_are_refused(build, message) -> None:
    with pytest.raises(ValidationError, match=message):
        build()
