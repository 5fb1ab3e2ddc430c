"""A strategy that knows the regime, on two years of the bundled prices: `python examples/regime_strategy.py`.

It buys what rose in the past quarter, sizes positions by confidence, cuts them when a crash begins, closes losers,
takes profits, and opens nothing while the VIX is high. It uses every helper of a day; it is an example, not advice.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from barograph.backtest import Day, Execution, Simulation, analytics, run
from barograph.backtest.strategies import BuyAndHold
from barograph.market import Bundled
from barograph.regimes import VixPriceRegimes


@dataclass(frozen=True)
class RegimeStrategy:
    """Rotate monthly into the strongest names, with less where there is less confidence."""

    names: int = 5
    stop_percent: float = 15.0
    profit_percent: float = 40.0
    vix_limit: float = 30.0

    def on_bar(self, day: Day) -> None:
        """Decide at the close; orders are filled at the next bar."""
        regime, before = day.context["regime"], day.memory.get("regime")
        day.memory["regime"] = regime
        if regime == "crash" and before != "crash":
            day.rebalance_to_weights(dict(zip(day.symbols, day.weights / 2, strict=True)))
            return
        busy = self._close_and_take_profits(day)
        if day.context["vix"] > self.vix_limit:
            return
        first_of_month = day.memory.get("month") != (day.date.year, day.date.month)
        if first_of_month:
            day.memory["month"] = (day.date.year, day.date.month)
            self._rotate(day, busy, cautious=regime == "high_volatility")

    def _close_and_take_profits(self, day: Day) -> set[str]:
        """Close what lost too much, sell half of what gained much, once; give the names that are traded."""
        taken, traded = day.memory.setdefault("taken", set()), set()
        for symbol in day.symbols:
            if not day.position(symbol):
                taken.discard(symbol)
                continue
            gain = day.unrealised_pnl_percent(symbol)
            if gain <= -self.stop_percent:
                day.close_position(symbol)
                traded.add(symbol)
            elif gain >= self.profit_percent and symbol not in taken:
                day.sell_percent(symbol, 50.0)
                taken.add(symbol)
                traded.add(symbol)
        return traded

    def _rotate(self, day: Day, busy: set[str], *, cautious: bool) -> None:
        """Size the strongest names by confidence, and put a part of the cash that is left into the very best."""
        score, confidence = day.signals["score"], day.signals["confidence"]
        ranked = [n for n in np.argsort(-score) if np.isfinite(score[n])]
        percent = (50.0 if cautious else 80.0) / self.names
        for n in ranked[: self.names]:
            if day.symbols[n] not in busy:
                day.size_by_confidence(day.symbols[n], percent, float(confidence[n]))
        for n in ranked[self.names :]:
            if day.symbols[n] not in busy:
                day.close_position(day.symbols[n])
        if ranked and not cautious and day.cash > 0.2 * day.portfolio_value and day.symbols[ranked[0]] not in busy:
            day.buy_percent(day.symbols[ranked[0]], 5.0)


def signals_of(bars: pd.DataFrame) -> pd.DataFrame:
    """Give the return of the past quarter as the score, and its rank among all names on the date as the confidence."""
    closes = bars.pivot(index="date", columns="symbol", values="close")
    score = closes / closes.shift(63) - 1.0
    table = pd.DataFrame({"score": score.stack(), "confidence": score.rank(axis=1, pct=True).stack()})
    return table.reset_index()


def main() -> pd.DataFrame:
    """Trade 2020 and 2021, and give the figures beside those of buying and holding all names."""
    market = Bundled(calendar="XNYS", start="2019-06-01", end="2021-12-31").load()
    regimes = VixPriceRegimes(
        crash_vix=35.0,
        high_vix=25.0,
        normal_vix=15.0,
        crash_return=-0.15,
        recovery_return=0.10,
        return_days=10,
        episode_days=63,
        memory_days=126,
        trough_margin=1.05,
    ).table(market.context)
    context = market.context[["date", "vix"]].merge(regimes[["date", "regime"]], on="date")
    signals = signals_of(market.bars)
    bars = market.bars[market.bars["date"] >= "2020-01-01"]
    execution = Execution(
        price="next_close",
        commission_bps=1.0,
        half_spread_bps=4.0,
        initial_cash=1_000_000.0,
        max_leverage=1.0,
        delisting_days=21,
    )
    runs = {
        "regime strategy": run(bars, RegimeStrategy(), execution, signals, context),
        "buy and hold": run(bars, BuyAndHold(symbols=None), execution),
    }
    return pd.DataFrame({name: figures(simulation) for name, simulation in runs.items()})


def figures(simulation: Simulation) -> dict[str, float]:
    """Give the figures of a run that the table shows."""
    returns = simulation.returns
    return {
        "return a year, %": 100.0 * analytics.cagr(returns),
        "volatility, %": 100.0 * analytics.annual_volatility(returns),
        "Sharpe ratio": analytics.sharpe_ratio(returns),
        "largest drawdown, %": 100.0 * analytics.max_drawdown(returns),
        "orders": len(simulation.orders),
        "orders rejected": int((simulation.orders["status"] == "rejected").sum()),
        "round trips": int(simulation.trades["exit_date"].notna().sum()),
    }


if __name__ == "__main__":
    print(main().round(2).to_string())
