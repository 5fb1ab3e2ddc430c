"""Labels: touches, horizons, and a slow oracle that shares no code."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.labels import FixedBarrier, VolatilityBarrier, label_bars, triple_barrier

closes = st.lists(st.floats(-0.08, 0.08), min_size=2, max_size=60).map(lambda r: 100 * np.cumprod(1 + np.array(r)))


def _slow(close, horizon, upper, lower):
    answers = []
    for t in range(len(close)):
        if t + horizon >= len(close):
            answers.append((-1, -1, None))
            continue
        answer = (1, t + horizon)
        for s in range(t + 1, t + horizon + 1):
            change = close[s] / close[t] - 1.0
            if change >= upper - 1e-12:
                answer = (2, s)
                break
            if change <= -lower + 1e-12:
                answer = (0, s)
                break
        answers.append((*answer, close[answer[1]] / close[t] - 1.0))
    return answers


@given(close=closes, horizon=st.integers(1, 20), upper=st.floats(0.01, 0.2), lower=st.floats(0.01, 0.2))
@settings(max_examples=60, deadline=None)
def test_agrees_with_a_loop(close, horizon, upper, lower):
    label, exit_index, exit_return = triple_barrier(close, horizon=horizon, upper=upper, lower=lower)
    for t, (side, index, change) in enumerate(_slow(close, horizon, upper, lower)):
        assert (label[t], exit_index[t]) == (side, index)
        assert np.isnan(exit_return[t]) if change is None else exit_return[t] == pytest.approx(change)


def test_reaching_a_barrier_exactly_counts_and_the_first_one_wins():
    label, exit_index, exit_return = triple_barrier([100, 95, 110, 100], horizon=2, upper=0.10, lower=0.05)
    assert label.tolist() == [0, 2, -1, -1]
    assert exit_index.tolist() == [1, 2, -1, -1]
    assert exit_return[:2] == pytest.approx([-0.05, 110 / 95 - 1])
    assert label.dtype == np.int8


@given(step=st.integers(1, 500_000), upward=st.booleans())
@settings(max_examples=300, deadline=None)
def test_an_exact_move_in_cents_reaches_its_barrier_and_a_cent_less_does_not(step, upward):
    start, end = 20 * step, (22 if upward else 19) * step
    short = end + (-1 if upward else 1)
    for cents, side in ((end, 2 if upward else 0), (short, 1)):
        label, _, _ = triple_barrier([start / 100, cents / 100], horizon=1, upper=0.10, lower=0.05)
        assert label[0] == side


def test_a_barrier_is_reached_from_one_part_in_a_trillion_away():
    for distance, edge, side in (({"upper": 0.1}, 1.1 * (1 - 1e-12), 2), ({"lower": 0.05}, 0.95 * (1 + 1e-12), 0)):
        beyond = np.nextafter(edge, 1.0)
        assert [triple_barrier([1.0, price], horizon=1, **distance)[0][0] for price in (edge, beyond)] == [side, 1]


def test_an_early_touch_without_a_complete_horizon_is_no_label():
    label, _, _ = triple_barrier([100, 120, 120], horizon=5)
    assert label.tolist() == [-1, -1, -1]


def test_barriers_may_differ_by_bar_and_nan_means_no_label():
    label, _, _ = triple_barrier([100, 103, 106, 109, 112], horizon=1, upper=np.array([0.02, 0.05, np.nan, 0.01, 0.01]))
    assert label.tolist() == [2, 1, -1, 2, -1]


@pytest.mark.parametrize(
    ("close", "options", "message"),
    [
        ([100, np.inf], {}, "row 1"),
        ([100, 0], {}, "row 1"),
        ([100, 101], {"horizon": 0}, "horizon"),
        ([100, 101], {"upper": -0.1}, "upper"),
        ([100, 101], {"lower": 0.0}, "lower"),
    ],
)
def test_bad_input_is_refused(close, options, message):
    with pytest.raises(InputError, match=message):
        triple_barrier(np.array(close, float), **options)


def _bars(rng: np.random.Generator, days: int = 300, symbols: str = "AB") -> pd.DataFrame:
    dates = pd.bdate_range("2010-01-04", periods=days).astype("datetime64[us]")
    paths = {symbol: 100 * np.exp(np.cumsum(rng.normal(0, 0.02, days))) for symbol in symbols}
    return pd.concat(
        [pd.DataFrame({"symbol": symbol, "date": dates, "close": path}) for symbol, path in paths.items()],
        ignore_index=True,
    )


def test_volatility_barriers_use_the_volatility_known_at_the_close():
    bars = _bars(np.random.default_rng(1), symbols="A")
    close = bars["close"].to_numpy()
    barriers = VolatilityBarrier(horizon=14, width=1.5, window=20)
    upper, lower = barriers.distances(close)
    expected = np.std(np.diff(np.log(close[80:101])), ddof=1) * np.sqrt(14) * 1.5
    assert upper[100] == lower[100] == pytest.approx(expected)
    assert np.isnan(upper[:20]).all()
    changed = close.copy()
    changed[101:] *= 3
    assert np.array_equal(barriers.distances(changed)[0][:101], upper[:101], equal_nan=True)


def test_a_price_that_does_not_move_has_no_volatility_barrier():
    bars = _bars(np.random.default_rng(1), symbols="A")
    bars.loc[50:90, "close"] = 100.0
    labelled = label_bars(bars, VolatilityBarrier(horizon=5, width=1.0, window=20))
    assert not set(bars["date"][71:90]) & set(labelled["date"])
    assert set(bars["date"][111:200]) <= set(labelled["date"])


def test_more_history_changes_no_row():
    bars = _bars(np.random.default_rng(2))
    barriers = VolatilityBarrier(horizon=14, width=1.0, window=20)
    short = label_bars(bars[bars["date"] < "2010-10-01"].reset_index(drop=True), barriers)
    whole = label_bars(bars, barriers)
    both = short.merge(whole, on=["symbol", "date"], suffixes=("", "_later"))
    assert len(both) == len(short) > 200
    for column in ("label", "exit_date", "exit_reason", "exit_return", "uniqueness"):
        assert (both[column] == both[f"{column}_later"]).all(), column


def test_the_horizon_counts_the_symbols_own_bars():
    bars = _bars(np.random.default_rng(3), symbols="A")
    gappy = bars.drop(index=range(100, 160)).reset_index(drop=True)
    labelled = label_bars(gappy, FixedBarrier(horizon=5, upper=0.9, lower=0.9))
    row = labelled[labelled["date"] == bars["date"][98]].iloc[0]
    assert row["exit_date"] == bars["date"][163]
    assert row["exit_reason"] == "time"


def test_exit_reasons_match_labels():
    labelled = label_bars(_bars(np.random.default_rng(4)), FixedBarrier(horizon=14, upper=0.05, lower=0.05))
    assert set(zip(labelled["label"], labelled["exit_reason"], strict=True)) == {
        (0, "lower"),
        (1, "time"),
        (2, "upper"),
    }
    assert (labelled["exit_date"] > labelled["date"]).all()
