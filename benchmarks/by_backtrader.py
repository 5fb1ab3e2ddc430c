"""The strategy of ``peers.picks`` traded by backtrader."""

from functools import partial
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from peers import FEATURES, Pick, picks


class Feed(bt.feeds.PandasData):  # type: ignore[misc]
    """Bars of a symbol and its features."""

    lines = FEATURES
    params = tuple((name, name) for name in FEATURES)


class Picking(bt.Strategy):  # type: ignore[misc]
    """Reads the features daily and sends orders every so many dates; limit orders are cancelled after a date."""

    def __init__(self, every: int, cash: float) -> None:
        self.every, self.pick = every, partial(picks, cash=cash)
        self.fills: list[tuple[str, float, float]] = []
        self.ended: list[tuple[int, str]] = []
        self.trades: list[tuple[str, float, float, float]] = []
        self.resting: list[Any] = []
        self.sent = 0

    def notify_order(self, order: Any) -> None:
        """Note fills, and how orders end."""
        if order.status == order.Completed:
            self.fills.append((order.data._name, order.executed.size, order.executed.price))
        if not order.alive():
            self.ended.append((order.ref, order.getstatusname()))

    def notify_trade(self, trade: Any) -> None:
        """Note round trips."""
        if trade.isclosed:
            self.trades.append((trade.data._name, trade.dtopen, trade.dtclose, trade.pnlcomm))

    def next(self) -> None:
        """Decide at the close."""
        for order in self.resting:
            self.cancel(order)
        self.resting = []
        features = [np.array([getattr(data, name)[0] for data in self.datas]) for name in FEATURES]
        if len(self) % self.every:
            return
        close = np.array([data.close[0] for data in self.datas])
        held = np.array([self.getposition(data).size for data in self.datas])
        for pick in self.pick(features, close, held):
            self._send(pick)

    def _send(self, pick: Pick) -> None:
        self.sent += 1
        data, send = self.datas[pick.place], self.buy if pick.shares > 0.0 else self.sell
        if pick.limit is None:
            send(data=data, size=abs(pick.shares))
        else:
            order = send(data=data, size=abs(pick.shares), exectype=bt.Order.Limit, price=pick.limit)
            self.resting.append(order)


def trade(bars: pd.DataFrame, features: pd.DataFrame, commission_bps: float, cash: float, every: int) -> Picking:
    """Run the strategy with fills at the next open, and give it as it ends."""
    engine = bt.Cerebro(stdstats=False)
    engine.broker.setcash(cash)
    engine.broker.setcommission(commission=commission_bps / 1e4)
    for symbol, rows in bars.assign(**{name: features[name] for name in FEATURES}).groupby("symbol", sort=True):
        engine.adddata(Feed(dataname=rows.set_index("date")), name=symbol)
    engine.addstrategy(Picking, every=every, cash=cash)
    done: Picking = engine.run()[0]
    return done
