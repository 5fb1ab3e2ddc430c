"""Execution: the account, the prices of fills and their costs."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.typing import STRICT

BasisPoints = Annotated[float, Field(ge=0.0, lt=10_000.0)]
Money = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Rate = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


@dataclass(frozen=True, config=STRICT)
class Execution:
    """Fills at the next bar, with commission, half the bid-ask spread and, where it is set, market impact.

    Without impact, fills are priced as if the portfolio were small against the volume traded, whatever its size.

    Parameters
    ----------
    price : {"next_close", "next_open", "typical", "ohlc_mean"}
        Where an order decided at a close is filled: at the next close or open of the symbol, or at a mean of its next
        bar, (high + low + close) / 3 or (open + high + low + close) / 4. A mean is the price of an order worked over
        the day; daily bars do not contain the volume-weighted price. Only ``next_close`` works on closes alone.
    commission_bps : float
        Basis points of the value traded, at the price paid or received.
    half_spread_bps : float
        Basis points by which the price paid is above, and the price received below, the bar's price. Limit orders do
        not pay it.
    initial_cash : float
        In the currency of the prices; positive.
    max_leverage : float
        Largest sum of absolute target weights, and largest gross exposure over equity to which orders may lead. 1 in
        a cash account.
    delisting_days : int
        Trading days without a bar after which a symbol counts as delisted.
    account : {"margin", "cash"}
        A margin account may sell short and borrow cash, as far as `max_leverage` allows. In a cash account nothing is
        sold short and cash is never negative: what cannot be paid, costs included, is not bought.
    maintenance_margin : float
        Of a margin account: the share of gross exposure below which equity is called. Then all positions are reduced
        by one factor, at the next bar, so that gross exposure is `max_leverage` times equity.
    cash_rate, debit_rate : float or str
        Percent per year on positive and on negative cash, by actual days over 365: a number, or the name of a column
        of the context with percent per year, as known at the date before.
    borrow_rate : float
        Percent per year of the value sold short; a table of shortable names may give others.
    lot : float or None
        Orders are rounded toward zero to multiples of so many real shares; None trades fractions. Needs the column
        ``factor`` (adjusted price over real price) in the bars.
    commission_per_share, commission_minimum, commission_per_order : float
        In the currency of the prices. A fill costs max(minimum, basis points + per share x real shares) + per order.
        Per share needs the column ``factor`` as well.
    participation : float or None
        The share of a bar's volume, in (0, 1], that all orders of a symbol may fill together; None does not limit it.
    remainder : {"carry", "cancel"}
        Whether the part of an order that `participation` cuts off works on until it fills, or is cancelled.
    impact : float or None
        The coefficient Y of the square-root law [3]_: shares Q that cross the spread during one bar of volume V cost
        Y sigma (Q / V)^0.5 of their price on average, beside the half spread. Sigma is the root mean square of the
        symbol's last 20 daily log returns. About 1 fits most markets. It needs `participation`, as the law was
        measured on orders below the volume. Limit orders pay none. None: no impact.
    schedule : {"whole", "twap", "volume_weighted"}
        Whether target weights and market orders are filled on one bar, in equal parts over `schedule_bars` bars, or in
        parts that follow the volume of these bars: on each bar its volume over that of the bar and, for each bar that
        remains, the mean of the last 20. The volume of a day is not known at its open.
    schedule_bars : int
        Bars of the symbol over which a schedule spreads an order; 1 with ``whole``.
    delisting_haircut : float
        The share of the last close that a delisted position loses. Delistings for poor performance lost about 0.3 on
        NYSE and AMEX [1]_ and 0.55 on Nasdaq [2]_.
    limit_touch : bool
        Whether a bar that touches a resting limit fills it; else the price must trade through the limit.
    first : {"stop", "target"}
        Which of a bracket's two orders fills in a bar that contains both prices.

    References
    ----------
    .. [1] Shumway, T. (1997). "The Delisting Bias in CRSP Data." Journal of Finance 52(1), 327-340.
    .. [2] Shumway, T. & Warther, V. A. (1999). "The Delisting Bias in CRSP's Nasdaq Data and Its Implications for the
       Size Effect." Journal of Finance 54(6), 2361-2379.
    .. [3] Toth, B. et al. (2011). "Anomalous Price Impact and the Critical Nature of Liquidity in Financial Markets."
       Physical Review X 1, 021006.
    """

    price: Literal["next_close", "next_open", "typical", "ohlc_mean"]
    commission_bps: BasisPoints
    half_spread_bps: BasisPoints
    initial_cash: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    max_leverage: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    delisting_days: Annotated[int, Field(ge=1)]
    account: Literal["margin", "cash"] = "margin"
    maintenance_margin: Share = 0.25
    cash_rate: Rate | str = 0.0
    debit_rate: Rate | str = 0.0
    borrow_rate: Money = 0.0
    lot: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    commission_per_share: Money = 0.0
    commission_minimum: Money = 0.0
    commission_per_order: Money = 0.0
    participation: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    remainder: Literal["carry", "cancel"] = "cancel"
    impact: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    schedule: Literal["whole", "twap", "volume_weighted"] = "whole"
    schedule_bars: Annotated[int, Field(ge=1)] = 1
    delisting_haircut: Share = 0.0
    limit_touch: bool = False
    first: Literal["stop", "target"] = "stop"

    @model_validator(mode="after")
    def _consistent(self) -> "Execution":
        if self.account == "cash" and self.max_leverage != 1.0:
            raise ValueError(f"max_leverage is {self.max_leverage:g}; a cash account has no leverage: 1 is allowed")
        if self.account == "margin" and self.max_leverage * self.maintenance_margin > 1.0:
            raise ValueError(
                f"max_leverage {self.max_leverage:g} times maintenance_margin {self.maintenance_margin:g} is above 1: "
                "a margin call would come before the leverage allowed is reached"
            )
        return self

    @model_validator(mode="after")
    def _schedule_fits(self) -> "Execution":
        if self.impact is not None and self.participation is None:
            raise ValueError(
                f"impact is {self.impact:g} and participation is null; the square-root law needs a limit on the share "
                "of a bar's volume, such as participation=0.1"
            )
        if (self.schedule == "whole") != (self.schedule_bars == 1):
            allowed = "1 is allowed" if self.schedule == "whole" else "2 or more are allowed"
            raise ValueError(f"schedule_bars is {self.schedule_bars} with schedule={self.schedule}; {allowed}")
        if self.schedule == "volume_weighted" and self.price == "next_open":
            raise ValueError("price is next_open with schedule=volume_weighted; at its open a day's volume is unknown")
        return self

    @property
    def cost_bps(self) -> float:
        """Basis points that a trade costs, commission and half spread together."""
        return self.commission_bps + self.half_spread_bps
