"""Ten classic indicators, by Barograph, by a loop of TA-Lib over symbols, by pandas and by polars."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
import talib

from barograph.features import compute

NAMES = [
    *("rsi_14", "sma_dist_50", "macd_12_26_9_hist_pct", "bb_20_position", "natr_14"),
    *("vol_21", "stoch_14_3_3_k", "willr_14", "ret_21", "obv_21"),
]


def by_barograph(bars: pd.DataFrame) -> pd.DataFrame:
    """Compute them as features."""
    return compute(bars, names=NAMES).iloc[:, 2:]


def by_talib(bars: pd.DataFrame) -> pd.DataFrame:
    """Call TA-Lib once a symbol and indicator."""
    result = np.empty((len(NAMES), len(bars)))
    columns = [bars[name].to_numpy() for name in ("high", "low", "close", "volume")]
    starts = np.flatnonzero(bars["symbol"].ne(bars["symbol"].shift()))
    for start, stop in zip(starts, [*starts[1:], len(bars)], strict=True):
        high, low, close, volume = (values[start:stop] for values in columns)
        own = result[:, start:stop]
        own[0] = talib.RSI(close, 14)
        own[1] = np.log(close / talib.SMA(close, 50))
        own[2] = talib.MACD(close, 12, 26, 9)[2] / close
        upper, middle, _ = talib.BBANDS(close, 20, 2.0, 2.0)
        own[3] = (close - middle) / (upper - middle)
        own[4] = talib.NATR(high, low, close, 14)
        own[5, 0] = np.nan
        own[5, 1:] = talib.STDDEV(np.log(close[1:] / close[:-1]), 21) * np.sqrt(252.0 * 21 / 20)
        own[6] = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)[0]
        own[7] = talib.WILLR(high, low, close, 14)
        own[8] = talib.ROCP(close, 21)
        own[9] = talib.MOM(talib.OBV(close, volume), 21) / talib.SUM(volume, 21)
    return pd.DataFrame(result.T, columns=NAMES, copy=False)


def by_pandas(bars: pd.DataFrame) -> pd.DataFrame:
    """Use groupby, rolling and ewm; columns that need several steps are grouped again."""
    symbol = bars["symbol"]

    def grouped(values: pd.Series) -> pd.api.typing.SeriesGroupBy:
        return values.groupby(symbol, sort=False)

    def rolled(values: pd.Series, window: int, statistic: str, **options: int) -> pd.Series:
        return getattr(grouped(values).rolling(window), statistic)(**options).reset_index(level=0, drop=True)

    def smoothed(values: pd.Series, **options: float) -> pd.Series:
        return grouped(values).ewm(adjust=False, **options).mean().reset_index(level=0, drop=True)

    high, low, close, volume = bars["high"], bars["low"], bars["close"], bars["volume"]
    before = grouped(close).shift()
    change, growth = close - before, np.log(close / before)
    line = smoothed(close, span=12) - smoothed(close, span=26)
    true_range = np.maximum(high, before) - np.minimum(low, before)
    highest, lowest = rolled(high, 14, "max"), rolled(low, 14, "min")
    columns = [
        100.0
        - 100.0 / (1.0 + smoothed(change.clip(lower=0), alpha=1 / 14) / smoothed(-change.clip(upper=0), alpha=1 / 14)),
        np.log(close / rolled(close, 50, "mean")),
        (line - smoothed(line, span=9)) / close,
        (close - rolled(close, 20, "mean")) / (2.0 * rolled(close, 20, "std", ddof=0)),
        100.0 * smoothed(true_range, alpha=1 / 14) / close,
        rolled(growth, 21, "std") * np.sqrt(252.0),
        rolled(100.0 * (close - lowest) / (highest - lowest), 3, "mean"),
        -100.0 * (highest - close) / (highest - lowest),
        close / grouped(close).shift(21) - 1.0,
        rolled(np.sign(growth) * volume, 21, "sum") / rolled(volume, 21, "sum"),
    ]
    return pd.DataFrame(dict(zip(NAMES, columns, strict=True)))


def by_polars(bars: pd.DataFrame) -> pd.DataFrame:
    """Use expressions over symbols, on all cores."""
    high, low, close, volume = (pl.col(name) for name in ("high", "low", "close", "volume"))
    before = close.shift()
    change, growth = close - before, (close / before).log()

    def smoothed(values: pl.Expr, **options: float) -> pl.Expr:
        return values.ewm_mean(adjust=False, **options)

    line = smoothed(close, span=12) - smoothed(close, span=26)
    true_range = pl.max_horizontal(high, before) - pl.min_horizontal(low, before)
    highest, lowest = high.rolling_max(14), low.rolling_min(14)
    gain, loss = smoothed(change.clip(lower_bound=0), alpha=1 / 14), smoothed(-change.clip(upper_bound=0), alpha=1 / 14)
    expressions = [
        100.0 - 100.0 / (1.0 + gain / loss),
        (close / close.rolling_mean(50)).log(),
        (line - smoothed(line, span=9)) / close,
        (close - close.rolling_mean(20)) / (2.0 * close.rolling_std(20, ddof=0)),
        100.0 * smoothed(true_range, alpha=1 / 14) / close,
        growth.rolling_std(21) * np.sqrt(252.0),
        (100.0 * (close - lowest) / (highest - lowest)).rolling_mean(3),
        -100.0 * (highest - close) / (highest - lowest),
        close / close.shift(21) - 1.0,
        (growth.sign() * volume).rolling_sum(21) / volume.rolling_sum(21),
    ]
    frame = pl.from_pandas(bars[["symbol", "high", "low", "close", "volume"]])
    named = [expression.over("symbol").alias(name) for expression, name in zip(expressions, NAMES, strict=True)]
    return frame.select(named).to_pandas()


LIBRARIES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "barograph": by_barograph,
    "TA-Lib loop": by_talib,
    "pandas": by_pandas,
    "polars": by_polars,
}


def check(bars: pd.DataFrame) -> None:
    """Refuse to compare libraries that do not compute the same, once their exponential means have settled.

    Raises
    ------
    SystemExit
        If a library's last values of three symbols differ from Barograph's.
    """
    some = bars[bars["symbol"].isin(bars["symbol"].unique()[:3])].reset_index(drop=True)
    expected = by_barograph(some).iloc[-100:]
    for name, run in LIBRARIES.items():
        error = (run(some).iloc[-100:] - expected).abs().max() / expected.std()
        if not (error < 1e-6).all():
            raise SystemExit(f"{name} computes something else: {error[error >= 1e-6].to_dict()}")
