"""The strategy that Barograph and backtrader trade, and orders traded by vectorbt."""

from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from barograph.backtest import Execution

SizeType = Literal["targetpercent", "amount"]
FEATURES = ("momentum", "volatility", "reversal")
FULL = 30
SLOT = 0.01


class Pick(NamedTuple):
    """An order of the strategy that both engines trade: shares, and the price of a limit order for one day."""

    place: int
    shares: float
    limit: float | None


def picks(features: list[Any], close: Any, held: Any, cash: float) -> list[Pick]:
    """Decide on ten orders: buy the best by three features, a part of them by limits that may not be reached.

    With fewer than ``FULL`` positions all ten open one, else six close the worst. A position costs one hundredth of the
    initial cash, so that what is bought can be paid.
    """
    momentum, volatility, reversal = features
    ranked = np.argsort(momentum - volatility + reversal, kind="stable")
    mine = held[ranked] != 0.0
    wanted, worst = ranked[~mine][::-1], ranked[mine]
    full = len(worst) >= FULL
    markets, limits = (2, 2) if full else (6, 4)
    sold = [Pick(int(n), -float(held[n]), None) for n in worst[: 6 if full else 0]]
    bought = [Pick(int(n), SLOT * cash / float(close[n]), None) for n in wanted[:markets]]
    resting = [
        Pick(int(n), SLOT * cash / float(close[n]), 0.98 * float(close[n])) for n in wanted[markets : markets + limits]
    ]
    return sold + bought + resting


def vectorbt(
    close: pd.DataFrame,
    size: pd.DataFrame,
    execution: Execution,
    *,
    size_type: SizeType = "targetpercent",
    call_seq: Literal["auto", "default"] = "auto",
) -> Any:
    """Trade at the closes of the rows, all symbols from one purse; ``auto`` sells first."""
    from vectorbt import Portfolio

    return Portfolio.from_orders(
        close,
        size=size,
        size_type=size_type,
        fees=execution.commission_bps / 1e4,
        slippage=execution.half_spread_bps / 1e4,
        init_cash=execution.initial_cash,
        cash_sharing=True,
        group_by=True,
        call_seq=call_seq,
        freq="D",
    )
