"""Yahoo's chart service as recorded, below the HTTP layer of the real client: yfinance itself makes the frames."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yfinance.cache
import yfinance.data
from yfinance.exceptions import YFRateLimitError

from barograph.market import MarketData
from barograph.testing import simulate

PRICES = ("open", "high", "low", "close", "adj_close")
PERIODS = ("period1", "period2")
RATE_LIMIT, SERVER_ERROR, NO_NETWORK, STOPPED = "429", "500", "no network", "stopped"

# A configuration of what `record` gives.
SETTINGS: dict[str, Any] = {
    "universe": {
        "S001": {"name": "First", "sector": "Energy"},
        "S002": {"name": "Second", "sector": "Utilities"},
        "S003": {"name": "Third", "sector": "Energy"},
    },
    "index": "^GSPC",
    "vix": "^VIX",
    "series": {"us10y": "^TNX", "usd_index": "DX-Y.NYB", "etf_xlk": "XLK"},
    "batch": 4,
    "retry_delays": [5.0, 30.0],
    "overlap_days": 10,
    "allow_missing": [],
    "calendar": "XNYS",
    "start": "2010-01-04",
    "end": "2012-06-29",
}


@dataclass
class Answer:
    """What the client's HTTP library would return."""

    payload: dict[str, Any]
    status_code: int = 200
    url: str = "https://query2.finance.yahoo.com/v8/finance/chart"

    @property
    def text(self) -> str:
        return json.dumps(self.payload)

    def json(self) -> dict[str, Any]:
        return self.payload

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OSError(f"HTTP {self.status_code}")


@dataclass
class Recorded:
    """Yahoo: what it knows, what goes wrong, and what it was asked.

    `prices` holds a frame a symbol: date, open, high, low, close, adj_close, volume, of which a close may be null.
    `troubles` lists what happens to the next requests for a symbol, before Yahoo answers.
    """

    prices: dict[str, pd.DataFrame]
    zone: str = "America/New_York"
    troubles: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    def request(self, url: str, params: dict[str, Any]) -> Answer:
        symbol = url.rsplit("/", 1)[1]
        if "/chart/" not in url:
            return Answer({}, 404)
        if "period1" in params:
            days = (pd.Timestamp(params[end], unit="s", tz="UTC").tz_convert(self.zone) for end in PERIODS)
            self.requests.append((symbol, *(f"{day:%Y-%m-%d}" for day in days)))
            if waiting := self.troubles.get(symbol):
                return self._fail(waiting.pop(0))
        return self._chart(symbol, params)

    def _fail(self, trouble: str) -> Answer:
        if trouble == RATE_LIMIT:
            raise YFRateLimitError()
        if trouble == NO_NETWORK:
            raise ConnectionError("Could not resolve host")
        if trouble == STOPPED:
            raise KeyboardInterrupt
        return Answer({"status_code": 500}, 500)

    def _chart(self, symbol: str, params: dict[str, Any]) -> Answer:
        if symbol not in self.prices:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return Answer({"chart": {"result": None, "error": error}}, 404)
        meta = {
            "currency": "USD",
            "symbol": symbol,
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": self.zone,
            "gmtoffset": -18000,
            "dataGranularity": "1d",
            "validRanges": ["1d", "5d", "max"],
        }
        if "period1" not in params:
            return Answer({"chart": {"result": [{"meta": meta}], "error": None}})
        opens = self.prices[symbol]["date"].dt.tz_localize(self.zone) + pd.Timedelta(hours=9, minutes=30)
        seconds = opens.dt.as_unit("s").astype("int64")
        own = self.prices[symbol][(seconds >= params["period1"]) & (seconds < params["period2"])]
        result: dict[str, Any] = {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
        if len(own):
            columns = {name: _numbers(own[name]) for name in PRICES} | {"volume": _numbers(own["volume"], int)}
            result["timestamp"] = seconds[own.index].tolist()
            result["indicators"]["adjclose"] = [{"adjclose": columns.pop("adj_close")}]
            result["indicators"]["quote"] = [columns]
        return Answer({"chart": {"result": [result], "error": None}})

    def pay(self, symbol: str, date: str, share: float) -> None:
        frame = self.prices[symbol]
        frame.loc[frame["date"] < date, "adj_close"] *= 1 - share

    def split(self, symbol: str, date: str, ratio: float) -> None:
        """Split a share into more: Yahoo's earlier prices are all divided."""
        frame = self.prices[symbol]
        before = frame["date"] < date
        frame.loc[before, list(PRICES)] /= ratio
        frame["volume"] = frame["volume"].astype(float)
        frame.loc[before, "volume"] *= ratio


def _numbers(values: pd.Series, kind: type = float) -> list[float | int | None]:
    return [None if np.isnan(value) else kind(np.float32(value)) for value in values.astype(float)]


@contextmanager
def answering(recorded: Recorded) -> Iterator[Recorded]:
    def request(_: yfinance.data.YfData, url: str, request_method: Any, params: dict[str, Any], **rest: Any) -> Answer:
        return recorded.request(url, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yfinance.data.YfData, "_make_request", request)
        patch.setattr(yfinance.cache._TzCacheManager, "_tz_cache", yfinance.cache._TzCacheDummy())
        yfinance.data.YfData.cache_get.cache_clear()
        yield recorded
        yfinance.data.YfData.cache_get.cache_clear()


def record(symbols: int = 3, years: int = 3) -> Recorded:
    """Record a simulated market under Yahoo's names, the first stock with a dividend of 2 % in its second year."""
    data = _simulated(symbols, years)
    prices = {symbol: _unadjusted(own) for symbol, own in data.bars.groupby("symbol")}
    for symbol, column, scale in (
        ("^GSPC", "index_close", 1.0),
        ("^VIX", "vix", 1.0),
        ("^TNX", "us10y", 1.0),
        ("DX-Y.NYB", "usd_broad", 1.0),
        ("XLK", "index_close", 0.1),
    ):
        prices[symbol] = _flat(data, column, scale)
    recorded = Recorded(prices)
    recorded.pay("S001", "2011-06-15", 0.02)
    return recorded


@cache
def _simulated(symbols: int, years: int) -> MarketData:
    return simulate(symbols=symbols, years=years)


def _unadjusted(bars: pd.DataFrame) -> pd.DataFrame:
    return bars.drop(columns="symbol").assign(adj_close=bars["close"]).reset_index(drop=True)


def _flat(data: MarketData, column: str, scale: float) -> pd.DataFrame:
    level = data.context[column] * scale
    columns = dict.fromkeys(PRICES, level) | {"high": level * 1.01, "low": level * 0.99}
    return pd.DataFrame({"date": data.context["date"], **columns, "volume": 0})
