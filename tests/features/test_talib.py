"""Values against TA-Lib called directly, on random and on real bars."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from barograph.features import compute

from .markets import random_market

REAL = Path(__file__).parents[2] / "../shared/data/us57/bars.parquet"
SYMBOLS = ["BA", "CVX", "F", "JPM", "WMT"]

Bars = dict[str, np.ndarray]
Oracle = Callable[[Bars], np.ndarray]

HLC = ("high", "low", "close")


def on(function: Callable[..., np.ndarray], *columns: str, **options: float) -> Oracle:
    return lambda bars: function(*(bars[column] for column in columns), **options)


def part(oracle: Callable[[Bars], tuple[np.ndarray, ...]], position: int) -> Oracle:
    return lambda bars: oracle(bars)[position]


def share_of_close(oracle: Oracle) -> Oracle:
    return lambda bars: oracle(bars) / bars["close"]


def distance_from(oracle: Oracle) -> Oracle:
    return lambda bars: np.log(bars["close"] / oracle(bars))


def of_log_close(function: Callable[..., np.ndarray], window: int) -> Oracle:
    return lambda bars: function(np.log(bars["close"]), window)


def shifted(values: np.ndarray, steps: int) -> np.ndarray:
    return np.append(np.full(steps, np.nan), values[:-steps])


def span_a(bars: Bars) -> np.ndarray:
    lines = [talib.MIDPRICE(bars["high"], bars["low"], window) for window in (9, 26)]
    return shifted((lines[0] + lines[1]) / 2.0, 26)


def span_b(bars: Bars) -> np.ndarray:
    return shifted(talib.MIDPRICE(bars["high"], bars["low"], 52), 26)


MACD = on(talib.MACD, "close", fastperiod=12, slowperiod=26, signalperiod=9)
STOCHASTIC = on(talib.STOCH, *HLC, fastk_period=14, slowk_period=3, slowd_period=3)
STOCHASTIC_RSI = on(talib.STOCHRSI, "close", timeperiod=14, fastk_period=14, fastd_period=3)

ORACLES: dict[str, Oracle] = {
    **{f"rsi_{window}": on(talib.RSI, "close", timeperiod=window) for window in (2, 7, 14, 28)},
    **{f"adx_{window}": on(talib.ADX, *HLC, timeperiod=window) for window in (14, 50)},
    **{f"kama_dist_{window}": distance_from(on(talib.KAMA, "close", timeperiod=window)) for window in (10, 30)},
    **{f"slope_{window}": of_log_close(talib.LINEARREG_SLOPE, window) for window in (20, 60, 120)},
    **{f"ret_{window}": on(talib.ROCP, "close", timeperiod=window) for window in (1, 5, 21, 252)},
    **{
        f"aroon_{window}_{name}": part(on(talib.AROON, "high", "low", timeperiod=window), position)
        for window in (25, 100)
        for position, name in enumerate(("down", "up"))
    },
    "natr_14": on(talib.NATR, *HLC, timeperiod=14),
    "mfi_14": on(talib.MFI, *HLC, "volume", timeperiod=14),
    "cci_20": on(talib.CCI, *HLC, timeperiod=20),
    "willr_14": on(talib.WILLR, *HLC, timeperiod=14),
    "donchian_20": lambda bars: on(talib.WILLR, *HLC, timeperiod=20)(bars) / 100.0 + 1.0,
    "donchian_252": lambda bars: on(talib.WILLR, *HLC, timeperiod=252)(bars) / 100.0 + 1.0,
    "stoch_14_3_3_k": part(STOCHASTIC, 0),
    "stoch_14_3_3_d": part(STOCHASTIC, 1),
    "stochrsi_14_14_3_k": part(STOCHASTIC_RSI, 0),
    "stochrsi_14_14_3_d": part(STOCHASTIC_RSI, 1),
    "ultosc_7_14_28": on(talib.ULTOSC, *HLC, timeperiod1=7, timeperiod2=14, timeperiod3=28),
    "ppo_20_100": on(talib.PPO, "close", fastperiod=20, slowperiod=100, matype=1),
    "trix_15": on(talib.TRIX, "close", timeperiod=15),
    "macd_12_26_9_line_pct": share_of_close(part(MACD, 0)),
    "macd_12_26_9_hist_pct": share_of_close(part(MACD, 2)),
    "macd_19_39_9_hist_pct": share_of_close(
        part(on(talib.MACD, "close", fastperiod=19, slowperiod=39, signalperiod=9), 2)
    ),
    "di_14_plus": on(talib.PLUS_DI, *HLC, timeperiod=14),
    "di_14_minus": on(talib.MINUS_DI, *HLC, timeperiod=14),
    "di_14_diff": lambda bars: (
        on(talib.PLUS_DI, *HLC, timeperiod=14)(bars) - on(talib.MINUS_DI, *HLC, timeperiod=14)(bars)
    ),
    "aroon_25_osc": on(talib.AROONOSC, "high", "low", timeperiod=25),
    "sar_dist_2_20": distance_from(on(talib.SAR, "high", "low", acceleration=0.02, maximum=0.2)),
    "bb_20_width": lambda bars: 4.0 * talib.STDDEV(bars["close"], 20) / talib.SMA(bars["close"], 20),
    "sma_dist_50": distance_from(on(talib.SMA, "close", timeperiod=50)),
    "ema_dist_100": distance_from(on(talib.EMA, "close", timeperiod=100)),
    "wma_dist_5": distance_from(on(talib.WMA, "close", timeperiod=5)),
    "dema_dist_20": lambda bars: 1.0 - talib.DEMA(bars["close"], 20) / bars["close"],
    "tema_dist_50": lambda bars: 1.0 - talib.TEMA(bars["close"], 50) / bars["close"],
    "linreg_dist_20": lambda bars: np.log(bars["close"]) - talib.LINEARREG(np.log(bars["close"]), 20),
    "linreg_dist_120": lambda bars: np.log(bars["close"]) - talib.LINEARREG(np.log(bars["close"]), 120),
    "ichimoku_9_conversion": distance_from(on(talib.MIDPRICE, "high", "low", timeperiod=9)),
    "ichimoku_26_base": distance_from(on(talib.MIDPRICE, "high", "low", timeperiod=26)),
    "ichimoku_26_span_a": distance_from(span_a),
    "ichimoku_52_span_b": distance_from(span_b),
    "ichimoku_52_cloud": lambda bars: np.log(span_a(bars) / span_b(bars)),
}


@pytest.fixture(scope="module", params=["random", "real"])
def bars(request: pytest.FixtureRequest) -> pd.DataFrame:
    """Give the bars of some symbols: drawn at random, or the whole history of real ones."""
    if request.param == "random":
        return random_market(n_days=1500).bars
    if not REAL.is_file():
        pytest.skip(f"no real market data at {REAL}")
    table = pd.read_parquet(REAL)
    table = table[table["symbol"].isin(SYMBOLS)].sort_values(["symbol", "date"], ignore_index=True)
    numbers = dict.fromkeys(["open", "high", "low", "close", "volume"], np.float64)
    return table.astype({"date": "datetime64[us]", **numbers})


@pytest.fixture(scope="module")
def series(bars: pd.DataFrame) -> list[tuple[Bars, pd.DataFrame]]:
    features = compute(bars, names=list(ORACLES))

    def each() -> Iterator[tuple[Bars, pd.DataFrame]]:
        for symbol, rows in bars.groupby("symbol"):
            arrays = {name: rows[name].to_numpy() for name in ("open", *HLC, "volume")}
            yield arrays, features[features["symbol"] == symbol]

    return list(each())


@pytest.mark.parametrize("name", ORACLES)
def test_values_agree_with_talib(series: list[tuple[Bars, pd.DataFrame]], name: str) -> None:
    assert len(series) == 5
    for arrays, features in series:
        expected = ORACLES[name](arrays)
        assert np.isfinite(expected).sum() > 1200
        np.testing.assert_allclose(features[name], expected, rtol=1e-9, atol=1e-9)
