"""Small random markets for the tests of features."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from barograph.features import compute
from barograph.features.asof import FUNDAMENTALS, SENTIMENT
from barograph.market import MarketData


class Market(NamedTuple):
    """The tables that features read, all but the last two of them there."""

    bars: pd.DataFrame
    context: pd.DataFrame
    universe: pd.DataFrame
    regimes: pd.DataFrame
    facts: pd.DataFrame | None = None
    signals: pd.DataFrame | None = None

    @property
    def data(self) -> MarketData:
        """The same as the features take it."""
        return MarketData(*self)


def bars_of(close: list[float] | np.ndarray, **columns: list[float] | np.ndarray) -> pd.DataFrame:
    dates = pd.bdate_range("2010-01-04", periods=len(close)).as_unit("us")
    return pd.DataFrame({"symbol": "A", "date": dates, "close": close} | columns)


def random_market(n_symbols: int = 5, n_days: int = 600, seed: int = 1, late_listing: int = 0) -> Market:
    """Draw a fat-tailed random walk a symbol; the first is listed `late_listing` days after the others."""
    random = np.random.default_rng(seed)
    dates = pd.bdate_range("2003-01-02", periods=n_days).as_unit("us")
    context = _context(dates, random)
    index_returns = np.diff(np.log(context["index_close"]), prepend=np.log(context["index_close"].iloc[0]))
    bars = []
    for number in range(n_symbols):
        frame = _bars(f"S{number:02d}", dates, index_returns, random)
        bars.append(frame.iloc[late_listing if number == 0 else 0 :])
    names = [frame["symbol"].iloc[0] for frame in bars]
    universe = pd.DataFrame(
        {"symbol": names, "name": names, "gics_sector": [("Energy", "Utilities")[i % 2] for i in range(n_symbols)]}
    )
    return Market(
        pd.concat(bars, ignore_index=True), context, universe, regimes_of(context), random_facts(names, dates, seed)
    )


def random_facts(symbols: list[str], dates: pd.DatetimeIndex, seed: int) -> pd.DataFrame:
    """Draw quarterly fundamentals and weekly sentiment, the first of them from well before the first date."""
    random = np.random.default_rng([seed, 5])
    tables = []
    for symbol in symbols:
        for fields, days in ((FUNDAMENTALS, 91), (SENTIMENT, 7)):
            for field in fields:
                known = np.arange(-2 * days, (dates[-1] - dates[0]).days, days) + random.integers(0, days)
                value = random.uniform(0.1, 1.0, known.size)
                columns = {"symbol": symbol, "field": field, "available_from": dates[0] + pd.to_timedelta(known, "D")}
                tables.append(pd.DataFrame(columns | {"value": value}))
    facts = pd.concat(tables, ignore_index=True)
    facts["available_from"] = facts["available_from"].astype("datetime64[us]")
    return facts.sort_values(["symbol", "field", "available_from"], ignore_index=True)


def random_signals(symbols: list[str], dates: pd.Series, seed: int = 1) -> pd.DataFrame:
    """Draw two signals on some of the dates, known up to three days before their date or after it."""
    random = np.random.default_rng([seed, 6])
    tables = []
    for symbol in symbols:
        for name in ("mine", "other"):
            date = dates[random.random(len(dates)) < 0.4]
            known = date + pd.to_timedelta(random.integers(-3, 4, len(date)), "D")
            columns = {"symbol": symbol, "name": name, "date": date, "value": random.normal(size=len(date))}
            tables.append(pd.DataFrame(columns | {"available_from": known}))
    return pd.concat(tables, ignore_index=True)


def everything(market: Market) -> pd.DataFrame:
    bars, context, universe, regimes, facts, signals = market
    return compute(bars, context, universe, regimes=regimes, release_lag={}, facts=facts, signals=signals)


def regimes_of(context: pd.DataFrame) -> pd.DataFrame:
    """Regimes by the level of the VIX alone: a causal stand-in."""
    vix = context["vix"].ffill().fillna(20.0).to_numpy()
    names = ["low_volatility", "normal", "high_volatility", "crash"]
    index = context["index_close"]
    return pd.DataFrame(
        {
            "date": context["date"],
            "regime": pd.Series(np.array(names)[np.digitize(vix, [15, 20, 28])], dtype="str"),
            "rule": "level",
            "vix": vix,
            "index_return_10": index / index.shift(10) - 1.0,
            "drawdown": index / index.cummax() - 1.0,
        }
    )


def close_only(market: Market) -> Market:
    """Give the market as a source without open, high, low, volume, yields, dollar and facts gives it."""
    bars = market.bars.assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)
    context = market.context[["date", "index_close", "vix", "vix_estimated"]]
    return market._replace(bars=bars, context=context, facts=None)


def _context(dates: pd.DatetimeIndex, random: np.random.Generator) -> pd.DataFrame:
    n = len(dates)
    context = pd.DataFrame(
        {
            "date": dates,
            "index_close": 1000.0 * np.exp(np.cumsum(random.standard_t(4, n) * 0.007)),
            "vix": 20.0 * np.exp(0.3 * np.cumsum(random.normal(0, 0.1, n)) - 0.1),
            "vix_estimated": False,
            "us10y": 4.0 + np.cumsum(random.normal(0, 0.02, n)),
            "us2y": 3.0 + np.cumsum(random.normal(0, 0.02, n)),
            "usd_broad": 100.0 * np.exp(np.cumsum(random.normal(0, 0.003, n))),
        }
    )
    random = random.spawn(1)[0]
    return context.assign(
        vix_high=context["vix"] * np.exp(np.abs(random.normal(0, 0.03, n))),
        vix_low=context["vix"] * np.exp(-np.abs(random.normal(0, 0.03, n))),
        vix9d=context["vix"] * np.exp(random.normal(0, 0.05, n)),
        vix3m=context["vix"] * np.exp(random.normal(0.05, 0.05, n)),
        wti=60.0 * np.exp(np.cumsum(random.normal(0, 0.02, n))),
        usd_index=90.0 * np.exp(np.cumsum(random.normal(0, 0.004, n))),
    )


def _bars(symbol: str, dates: pd.DatetimeIndex, index_returns: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    n = len(dates)
    close = random.uniform(10, 200) * np.exp(np.cumsum(index_returns + random.standard_t(4, n) * 0.01))
    open_ = np.append(close[0], close[:-1]) * np.exp(random.normal(0, 0.004, n))
    return pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * n, dtype="str"),
            "date": dates,
            "open": open_,
            "high": np.maximum(open_, close) * np.exp(np.abs(random.normal(0, 0.006, n))),
            "low": np.minimum(open_, close) * np.exp(-np.abs(random.normal(0, 0.006, n))),
            "close": close,
            "volume": np.round(1e6 * np.exp(random.normal(0, 0.4, n))),
        }
    )
