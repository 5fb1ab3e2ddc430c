"""Trend features against plain loops and examples worked by hand."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from barograph.features import compute

from .markets import Market


def bars_of(close: list[float] | np.ndarray, **columns: list[float] | np.ndarray) -> pd.DataFrame:
    """Give bars of one symbol on business days."""
    dates = pd.bdate_range("2010-01-04", periods=len(close)).as_unit("us")
    return pd.DataFrame({"symbol": "A", "date": dates, "close": close} | columns)


def rolled(rows: pd.DataFrame, window: int, statistic: Callable[[pd.DataFrame], float]) -> np.ndarray:
    """Apply a statistic of the bars to each window of them, one after the other."""
    values = [statistic(rows.iloc[last - window + 1 : last + 1]) for last in range(window - 1, len(rows))]
    return np.append(np.full(window - 1, np.nan), values)


def line_through(y: np.ndarray) -> np.ndarray:
    """Fit a line by the normal equations; gives slope and value at the end."""
    design = np.column_stack([np.ones(y.size), np.arange(y.size) - (y.size - 1)])
    end, slope = np.linalg.solve(design.T @ design, design.T @ y)
    return np.array([slope, end])


WINDOWS: dict[str, tuple[int, Callable[[pd.DataFrame], float]]] = {
    "sma_cross_5_20": (20, lambda b: np.log(b["close"][-5:].mean() / b["close"].mean())),
    "sma_cross_20_50": (50, lambda b: np.log(b["close"][-20:].mean() / b["close"].mean())),
    "wma_dist_5": (5, lambda b: np.log(b["close"].iloc[-1] / np.average(b["close"], weights=range(1, 6)))),
    "slope_120": (120, lambda b: line_through(np.log(b["close"].to_numpy()))[0]),
    "linreg_dist_60": (60, lambda b: np.log(b["close"].iloc[-1]) - line_through(np.log(b["close"].to_numpy()))[1]),
    "r2_120": (120, lambda b: np.corrcoef(np.arange(120), np.log(b["close"]))[0, 1] ** 2),
    "low_dist_63": (63, lambda b: np.log(b["close"].iloc[-1] / min(b["close"]))),
    "donchian_252": (252, lambda b: (b["close"].iloc[-1] - min(b["low"])) / (max(b["high"]) - min(b["low"]))),
    "aroon_100_up": (101, lambda b: float(np.argmax(b["high"]))),
    "aroon_100_down": (101, lambda b: float(np.argmin(b["low"]))),
    "aroon_25_osc": (26, lambda b: 4.0 * (float(np.argmax(b["high"])) - float(np.argmin(b["low"])))),
    "ichimoku_9_conversion": (9, lambda b: np.log(2 * b["close"].iloc[-1] / (max(b["high"]) + min(b["low"])))),
    "ichimoku_26_base": (26, lambda b: np.log(2 * b["close"].iloc[-1] / (max(b["high"]) + min(b["low"])))),
    "ichimoku_26_span_a": (52, lambda b: np.log(b["close"].iloc[-1] / span_a(b[:-26]))),
    "ichimoku_52_span_b": (78, lambda b: np.log(b["close"].iloc[-1] / middle(b[:-26]))),
    "ichimoku_52_cloud": (78, lambda b: np.log(span_a(b[:-26]) / middle(b[:-26]))),
}


def middle(rows: pd.DataFrame) -> float:
    return (max(rows["high"]) + min(rows["low"])) / 2.0


def span_a(rows: pd.DataFrame) -> float:
    return (middle(rows[-9:]) + middle(rows[-26:])) / 2.0


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_agree_with_their_definition(market: Market, features: pd.DataFrame, name: str) -> None:
    rows = market.bars[market.bars["symbol"] == "S02"]
    window, statistic = WINDOWS[name]
    mine = features.loc[features["symbol"] == "S02", name]
    np.testing.assert_allclose(mine, rolled(rows, window, statistic), rtol=1e-8, atol=1e-10)


def test_kaufmans_efficiency_of_a_zigzag_is_the_net_over_the_path() -> None:
    close = np.exp(np.cumsum(np.tile([0.0, 0.03, -0.01], 40)))
    frame = compute(bars_of(close), names=["efficiency_20", "efficiency_60"])
    assert frame["efficiency_60"].iloc[-1] == pytest.approx((0.03 - 0.01) / (0.03 + 0.01))
    assert frame["efficiency_20"].iloc[-1] == pytest.approx((7 * 0.03 - 7 * 0.01) / (7 * 0.03 + 7 * 0.01))


def test_the_ichimoku_cloud_of_a_bar_is_shown_26_bars_later() -> None:
    high, low, close = np.full(200, 10.0), np.full(200, 8.0), np.full(200, 9.0)
    high[100] = 20.0
    names = ["ichimoku_9_conversion", "ichimoku_26_base", "ichimoku_26_span_a", "ichimoku_52_span_b"]
    frame = compute(bars_of(close, high=high, low=low), names=names)
    touched = {name: np.flatnonzero(frame[name].fillna(0.0) != 0.0) for name in names}
    assert touched["ichimoku_9_conversion"].tolist() == list(range(100, 109))
    assert touched["ichimoku_26_base"].tolist() == list(range(100, 126))
    assert touched["ichimoku_26_span_a"].tolist() == list(range(126, 152))
    assert touched["ichimoku_52_span_b"].tolist() == list(range(126, 178))
    assert frame["ichimoku_26_span_a"][[126, 135]].tolist() == pytest.approx(np.log([9 / 14, 9 / 11.5]))
    assert frame["ichimoku_52_span_b"][177] == pytest.approx(np.log(9 / 14))


def test_directional_indicators_by_wilders_sums() -> None:
    rise, fall = np.arange(40.0), np.zeros(40)
    frame = compute(
        bars_of(100.0 + rise, high=101.0 + rise, low=99.5 + rise - fall), names=["di_14_plus", "di_14_minus"]
    )
    assert frame["di_14_plus"].iloc[-1] == pytest.approx(100.0 * 1.0 / 2.0)
    assert frame["di_14_minus"].iloc[-1] == 0.0


def test_double_and_triple_exponential_means_follow_a_straight_line_without_lag() -> None:
    close = 50.0 + 0.25 * np.arange(400)
    frame = compute(bars_of(close), names=["dema_dist_20", "tema_dist_50", "ema_dist_100"])
    assert frame["dema_dist_20"].iloc[-1] == pytest.approx(0.0, abs=1e-9)
    assert frame["tema_dist_50"].iloc[-1] == pytest.approx(0.0, abs=1e-6)
    assert frame["ema_dist_100"].iloc[-1] == pytest.approx(-np.log(1.0 - 0.25 * 99 / 2 / close[-1]), rel=1e-3)


def test_distances_from_means_that_overshoot_exist_after_a_crash() -> None:
    close = np.append(np.full(200, 100.0), np.full(60, 1.0))
    frame = compute(bars_of(close), names=["dema_dist_20", "tema_dist_50"])
    assert frame.iloc[200:, 2:].notna().all(axis=None)
    assert (frame.iloc[210:, 2:].max() > 1.0).any(), "the mean never fell below 0: the example shows nothing"


def test_a_price_that_does_not_move_has_no_trend() -> None:
    still = np.full(300, 12.3)
    nought = ["sma_cross_5_20", "ema_dist_100", "kama_dist_30", "dema_dist_20", "tema_dist_50", "linreg_dist_60"]
    nought += ["macd_19_39_9_hist_pct", "di_14_plus", "di_14_minus", "adx_50", "aroon_25_osc", "low_dist_63"]
    nought += ["ichimoku_9_conversion", "ichimoku_26_span_a", "ichimoku_52_span_b", "ichimoku_52_cloud", "slope_120"]
    undefined = ["r2_120", "efficiency_60", "donchian_252"]
    row = compute(bars_of(still, high=still, low=still), names=nought + undefined).iloc[-1]
    assert {name: row[name] for name in nought} == pytest.approx(dict.fromkeys(nought, 0.0), abs=1e-12)
    assert row[undefined].isna().all()
