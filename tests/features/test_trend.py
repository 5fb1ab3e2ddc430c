"""Trend features against plain loops and examples worked by hand."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from barograph.features import compute

from .markets import Market, bars_of


def rolled(rows: pd.DataFrame, window: int, statistic: Callable[[pd.DataFrame], float]) -> np.ndarray:
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
    "linreg_dist_60": (60, lambda b: np.log(b["close"].iloc[-1]) - line_through(np.log(b["close"].to_numpy()))[1]),
    "r2_120": (120, lambda b: np.corrcoef(np.arange(120), np.log(b["close"]))[0, 1] ** 2),
    "low_dist_63": (63, lambda b: np.log(b["close"].iloc[-1] / min(b["close"]))),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_agree_with_their_definition(market: Market, features: pd.DataFrame, name: str) -> None:
    rows = market.bars[market.bars["symbol"] == "S02"]
    window, statistic = WINDOWS[name]
    mine = features.loc[features["symbol"] == "S02", name]
    np.testing.assert_allclose(mine, rolled(rows, window, statistic), rtol=1e-8, atol=1e-10)


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


def test_distances_from_means_that_overshoot_exist_after_a_crash() -> None:
    close = np.append(np.full(200, 100.0), np.full(60, 1.0))
    frame = compute(bars_of(close), names=["dema_dist_20", "tema_dist_50"])
    assert frame.iloc[200:, 2:].notna().all(axis=None)
    assert (frame.iloc[210:, 2:].max() > 1.0).any(), "the mean never fell below 0: the example shows nothing"
