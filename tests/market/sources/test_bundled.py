"""The bundled data: what it holds, and that it stays on this machine."""

import socket
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.market import Bundled, MarketData, to_panel

GICS = {
    *("Communication Services", "Consumer Discretionary", "Consumer Staples", "Energy", "Financials", "Health Care"),
    *("Industrials", "Information Technology", "Materials", "Real Estate", "Utilities"),
}


@pytest.fixture(scope="module")
def data() -> MarketData:
    return Bundled(calendar="XNYS", start=None, end=None).load()


def test_it_holds_20_stocks_over_33_years(data: MarketData) -> None:
    panel = to_panel(data.bars)
    assert panel.close.shape == (8313, 20)
    assert np.isfinite(panel.close).all()
    assert (data.context["date"].iloc[0], data.context["date"].iloc[-1]) == (
        pd.Timestamp("1990-01-02"),
        pd.Timestamp("2022-12-28"),
    )
    assert set(data.universe["gics_sector"]) < GICS


def test_known_closes(data: MarketData) -> None:
    context = data.context.set_index("date")["index_close"]
    # The S&P 500's lows of the two crises, as published.
    assert context["2009-03-09"] == pytest.approx(676.53, abs=0.01)
    assert context["2020-03-23"] == pytest.approx(2237.40, abs=0.01)
    apple = data.bars.query("symbol == 'AAPL'").set_index("date")["close"]
    # A split of 4 to 1 came into force on 2020-08-31; adjusted closes know nothing of it.
    assert apple["2020-08-31"] / apple["2020-08-28"] == pytest.approx(1.034, abs=0.001)


def test_what_it_lacks_is_null_and_noted(data: MarketData) -> None:
    assert data.bars[["open", "high", "low", "volume"]].isna().all(axis=None)
    assert data.context["vix"].isna().to_numpy().nonzero()[0].tolist() == [0, 1, 2, 3, 4]
    assert len(data.notes) == 2
    assert "without open, high, low or volume" in data.notes[0]


def test_no_network_is_touched(monkeypatch: pytest.MonkeyPatch, data: MarketData) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a source touched the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    again = Bundled(calendar="XNYS", start=None, end=None).load()
    pd.testing.assert_frame_equal(again.bars, data.bars)
