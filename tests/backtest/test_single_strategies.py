"""Strategies that stand alone, with answers known by construction."""

import numpy as np
import pytest
from pydantic import ValidationError
from statsmodels.tsa.stattools import coint

from barograph.backtest import Threshold, TopK
from barograph.backtest.strategies import Breakout, BuyAndHold, MeanReversion, Momentum, Pairs
from barograph.errors import InputError
from tests.backtest.days import Market, follow
from tests.backtest.test_strategy import draw

NAN = np.nan


@pytest.mark.parametrize(
    "strategy",
    [
        TopK(k=2, rebalance_days=1),
        TopK(k=3, rebalance_days=4),
        Threshold(threshold=0.1, rebalance_days=1),
        Threshold(threshold=-0.2, rebalance_days=3),
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", range(5))
def test_day_by_day_a_strategy_decides_its_target_weights(strategy: TopK | Threshold, seed: int) -> None:
    predictions = draw(seed)
    wide = predictions.pivot(index="date", columns="symbol", values=["p_sell", "p_hold", "p_buy"])
    signals = {name: wide[name].to_numpy() for name in ("p_sell", "p_hold", "p_buy")}
    closes = dict.fromkeys(wide["p_buy"].columns, np.ones(len(wide)))
    decided, _ = follow(strategy, Market(closes, signals=signals))
    target = strategy.target_weights(predictions)
    rows = [dict(zip(closes, row, strict=True)) for row in decided if row is not None]
    assert [t for t, row in enumerate(decided) if row is not None] == wide.index.get_indexer(target.index).tolist()
    assert rows == target.to_dict("records")


def test_rebalances_are_counted_from_the_first_date_with_a_score() -> None:
    scores = [[NAN, NAN], [0.1, 0.2], [NAN, NAN], [0.3, NAN], [0.3, 0.2]]
    decided, _ = follow(TopK(k=1, rebalance_days=2), Market({"A": [1] * 5, "B": [1] * 5}, signals={"score": scores}))
    assert decided == [None, [0.0, 1.0], None, None, [1.0, 0.0]]


def test_buy_and_hold_buys_once_what_there_is() -> None:
    market = Market({"A": [NAN, 1, 1], "B": [NAN, 2, 2], "C": [NAN, NAN, 1]})
    assert follow(BuyAndHold(symbols=None), market)[0] == [None, [0.5, 0.5, 0.0], None]
    assert follow(BuyAndHold(symbols=["B", "C"]), market)[0] == [None, [0.0, 1.0, 0.0], None]
    with pytest.raises(InputError, match=r"^symbols: X has no bars"):
        follow(BuyAndHold(symbols=["A", "X"]), market)


def test_momentum_ranks_the_return_before_the_month_that_is_skipped() -> None:
    # From the close four dates ago to the close of the date before: A 1.2, B 1.5, C 0.9; the last day means nothing.
    market = Market({"A": [10, 11, 11, 12, 99], "B": [2, 9, 9, 3, 1], "C": [10, 9, 9, 9, 500]})
    momentum = Momentum(lookback=4, skip=1, k=1, rebalance_days=1)
    assert follow(momentum, market)[0] == [None, None, None, None, [0.0, 1.0, 0.0]]
    two = Momentum(lookback=4, skip=1, k=2, rebalance_days=4)
    assert follow(two, market)[0][-1] == [0.5, 0.5, 0.0]
    assert follow(Momentum(lookback=4, skip=0, k=1, rebalance_days=1), market)[0][-1] == [0.0, 0.0, 1.0]


def test_momentum_leaves_out_names_without_a_past_or_a_bar() -> None:
    market = Market({"A": [1, 1, 2], "B": [NAN, 1, 9], "C": [1, 9, NAN], "D": [1, NAN, 1]})
    assert follow(Momentum(lookback=2, skip=1, k=4, rebalance_days=1), market)[0][-1] == [0.5, 0.0, 0.0, 0.5]


def test_equal_momentum_shares_the_place() -> None:
    market = Market({"A": [1, 2], "B": [3, 6], "C": [1, 1]})
    assert follow(Momentum(lookback=1 + 1, skip=1, k=1, rebalance_days=1), market)[0][-1] is None
    assert follow(Momentum(lookback=2, skip=0, k=1, rebalance_days=1), Market({"A": [1, 5, 2], "B": [3, 1, 6]}))[0][
        -1
    ] == [0.5, 0.5]


def test_mean_reversion_holds_from_the_fall_to_the_average() -> None:
    # Mean and deviation of 10, 10, 10, 6 are 9 and 2: a score of -1.5.
    market = Market({"A": [10, 10, 10, 6, 7, 9, 9], "B": [5] * 7})
    decided, _ = follow(MeanReversion(lookback=4, entry=1.5, exit=0.0, k=2), market)
    # Scores of the next days: 7 against 8.25 is negative; 9 against 8 is positive.
    assert decided == [None, None, None, [0.5, 0.0], None, [0.0, 0.0], None]
    assert follow(MeanReversion(lookback=4, entry=1.51, exit=0.0, k=2), market)[0] == [None] * 7


def test_mean_reversion_may_sell_below_the_average() -> None:
    # The score of 6.5 in 10, 10, 6, 6.5 is -0.75.
    market = Market({"A": [10, 10, 10, 6, 6.5], "B": [5] * 5})
    early, late = (MeanReversion(lookback=4, entry=1.5, exit=level, k=2) for level in (0.8, 0.7))
    assert follow(early, market)[0][3:] == [[0.5, 0.0], [0.0, 0.0]]
    assert follow(late, market)[0][3:] == [[0.5, 0.0], None]


def test_more_names_than_places_share_equally() -> None:
    fallen = [10, 10, 10, 6]
    market = Market({"A": fallen, "B": fallen, "C": fallen, "D": [1] * 4})
    assert follow(MeanReversion(lookback=4, entry=1.5, exit=0.0, k=2), market)[0][-1] == pytest.approx(
        [1 / 3, 1 / 3, 1 / 3, 0.0]
    )


def test_a_name_that_is_gone_gives_its_place_up() -> None:
    market = Market({"A": [10, 10, 10, 6, *[NAN] * 6], "B": [5] * 10})
    decided, _ = follow(MeanReversion(lookback=4, entry=1.5, exit=0.0, k=1), market)
    assert decided[3] == [1.0, 0.0]
    assert [row for row in decided[4:] if row is not None] == [[0.0, 0.0]]


def test_breakout_needs_a_close_beyond_the_channel_of_the_dates_before() -> None:
    closes = {"A": [10, 11, 12, 12.5, 13.1, 12, 11.4, 11.4]}
    high = np.array([[11], [12], [13], [13], [13.2], [13], [12], [12]])
    low = np.array([[9], [10], [11], [12], [12.5], [11.5], [11.3], [11]])
    decided, _ = follow(Breakout(entry=3, exit=2, k=1), Market(closes, high=high, low=low))
    assert decided == [None, None, None, None, [1.0], None, [0.0], None]


def test_bars_without_high_and_low_count_with_their_close() -> None:
    market = Market({"A": [1, 2, 3, 2, 1]}, high=np.full((5, 1), NAN), low=np.full((5, 1), NAN))
    assert follow(Breakout(entry=2, exit=1, k=1), market)[0] == [None, None, [1.0], [0.0], None]


def cointegrated(days: int = 400, seed: int = 3) -> dict[str, np.ndarray]:
    """Make B a random walk, A follow it with a hedge ratio of 1.5 and a spread that returns, and C walk alone."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0.0, 0.02, (days, 2)), axis=0)
    spread = np.zeros(days)
    for t in range(1, days):
        spread[t] = 0.8 * spread[t - 1] + rng.normal(0.0, 0.01)
    return {"A": np.exp(2.0 + 1.5 * walk[:, 0] + spread), "B": np.exp(walk[:, 0]), "C": np.exp(walk[:, 1])}


PAIRS = Pairs(lookback=300, formation_days=1, candidates=3, pairs=2, p_value=0.01, entry=2.0, exit=0.5)


def test_pairs_find_what_belongs_together() -> None:
    closes = cointegrated()
    (pair,) = PAIRS.form(np.column_stack(list(closes.values()))[:300])
    a, b = np.log(closes["A"][:300]), np.log(closes["B"][:300])
    y, x = (a, b) if pair.first == 0 else (b, a)
    (intercept, ratio), *_ = np.linalg.lstsq(np.column_stack([np.ones(300), x]), y)
    assert {pair.first, pair.second} == {0, 1}
    assert (pair.intercept, pair.ratio) == pytest.approx((intercept, ratio))
    assert pair.deviation == pytest.approx(np.std(y - intercept - ratio * x, ddof=1))
    assert pair.statistic == pytest.approx(coint(y, x, maxlag=1, autolag=None)[0])
    assert pair.statistic <= coint(x, y, maxlag=1, autolag=None)[0]


def test_pairs_are_those_of_the_engle_granger_test() -> None:
    closes = cointegrated(seed=11)
    window = np.column_stack([closes["A"], closes["C"]])[:300]
    y, x = np.log(window).T
    p = min(coint(y, x, maxlag=1, autolag=None)[1], coint(x, y, maxlag=1, autolag=None)[1])
    for limit, found in ((p * 0.99, 0), (min(p * 1.01, 0.999), 1)):
        strategy = Pairs(lookback=300, formation_days=1, candidates=3, pairs=2, p_value=limit, entry=2.0, exit=0.5)
        pairs = strategy.form(window)
        assert len(pairs) <= found
    assert not PAIRS.form(window[:299]), "the window is not full"


def test_a_spread_is_sold_above_and_closed_near_its_mean() -> None:
    closes = cointegrated()
    market = {name: values[:300].tolist() for name, values in closes.items()}
    (pair,) = PAIRS.form(np.column_stack(list(closes.values()))[:300])
    first, second = ("A", "B") if pair.first == 0 else ("B", "A")
    for spread in (0.0, 2.1, 1.0, 0.4, -2.1, -0.6, 2.5):
        market[second].append(1.0)
        market[first].append(float(np.exp(pair.intercept + spread * pair.deviation)))
        market["C"].append(1.0)
    strategy = Pairs(lookback=300, formation_days=299, candidates=3, pairs=2, p_value=0.01, entry=2.0, exit=0.5)
    decided, _ = follow(strategy, Market({name: values[-(300 + 7) :] for name, values in market.items()}))
    sold = np.zeros(3)
    sold[pair.first], sold[pair.second] = -0.5 / (1 + pair.ratio), 0.5 * pair.ratio / (1 + pair.ratio)
    assert np.abs(sold).sum() == pytest.approx(0.5)
    after = decided[300:]
    expected = [None, sold, None, np.zeros(3), -sold, None, sold]
    assert [None if row is None else "traded" for row in after] == [
        None if row is None else "traded" for row in expected
    ]
    for row, known in zip(after, expected, strict=True):
        if known is not None:
            assert row == pytest.approx(known.tolist())


def test_names_that_move_against_each_other_make_no_pair() -> None:
    closes = cointegrated()
    window = np.column_stack([closes["A"], 1.0 / closes["B"]])[:300]
    assert coint(*np.log(window).T, maxlag=1, autolag=None)[1] < 0.01
    assert not PAIRS.form(window)


def test_prices_that_never_differ_make_no_pair() -> None:
    same = np.exp(np.cumsum(np.random.default_rng(0).normal(0.0, 0.02, 300)))
    assert not PAIRS.form(np.column_stack([same, 2 * same, np.ones(300)]))


@pytest.mark.parametrize(
    ("strategy", "given", "message"),
    [
        (Momentum, {"lookback": 20, "skip": 20, "k": 1, "rebalance_days": 1}, "skip is 20; it must be less than"),
        (MeanReversion, {"lookback": 20, "entry": 1.0, "exit": 1.0, "k": 1}, "exit is 1; it must be less than"),
        (MeanReversion, {"lookback": 20, "entry": 0.0, "exit": -1.0, "k": 1}, "greater than 0"),
        (Breakout, {"entry": 0, "exit": 1, "k": 1}, "greater than or equal to 1"),
        (Breakout, {"entry": 5, "exit": 1, "k": 1, "stop": 2}, "stop"),
        (Pairs, {**vars(PAIRS), "exit": 2.0}, "exit is 2; it must be less than entry, 2"),
        (Pairs, {**vars(PAIRS), "p_value": 5.0}, "less than 1"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(strategy, given, message) -> None:
    with pytest.raises(ValidationError, match=message):
        strategy(**given)
