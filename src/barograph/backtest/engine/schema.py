"""The tables of a backtest: of each portfolio its orders, fills, trades, positions and days."""

from typing import Final

import pyarrow as pa

from barograph.tables import DATE, FLOAT, TEXT, Table

_INT: Final = pa.int64()

ROLLING: Final = ("rolling_sharpe", "rolling_volatility", "rolling_beta", "rolling_max_drawdown")

ORDERS: Final = Table(
    "data/backtest/orders.parquet",
    ("portfolio", "order"),
    {
        **{"portfolio": TEXT, "order": _INT, "parent": _INT, "symbol": TEXT, "sent": DATE},
        **dict.fromkeys(("kind", "at", "until"), TEXT),
        **dict.fromkeys(("shares", "value", "weight", "limit", "stop", "trail"), FLOAT),
        **{"status": TEXT, "code": TEXT, "filled_shares": FLOAT, "average_price": FLOAT},
        **{"first_fill": DATE, "last_event": DATE, "reason": TEXT},
    },
    nullable=frozenset({"shares", "value", "weight", "limit", "stop", "trail", "average_price", "first_fill"}),
)
FILLS: Final = Table(
    "data/backtest/fills.parquet",
    ("portfolio", "fill"),
    {
        **{"portfolio": TEXT, "fill": _INT, "date": DATE, "symbol": TEXT},
        **dict.fromkeys(("shares", "price", "commission", "slippage"), FLOAT),
        **{"order": _INT, "reason": TEXT},
    },
)
TRADES: Final = Table(
    "data/backtest/trades.parquet",
    ("portfolio", "trade"),
    {
        **{"portfolio": TEXT, "trade": _INT, "symbol": TEXT, "shares": FLOAT},
        **{"entry_date": DATE, "entry_price": FLOAT, "entry_reason": TEXT},
        **{"exit_date": DATE, "exit_price": FLOAT, "exit_reason": TEXT, "bars": _INT},
        **dict.fromkeys(("pnl", "pnl_percent", "mae_percent", "mfe_percent", "costs"), FLOAT),
        **{"contribution": FLOAT, "entry_regime": TEXT, "exit_regime": TEXT},
    },
    nullable=frozenset({"exit_date", "entry_regime", "exit_regime", "pnl_percent", "mae_percent", "mfe_percent"}),
    extra=FLOAT,
)
POSITIONS: Final = Table(
    "data/backtest/positions.parquet",
    ("portfolio", "symbol", "date"),
    {"portfolio": TEXT, "symbol": TEXT, "date": DATE, "shares": FLOAT},
)
CAPS: Final = Table(
    "data/backtest/caps.parquet",
    ("portfolio", "date", "step", "subject", "outcome"),
    {
        **{"portfolio": TEXT, "date": DATE, "step": _INT, "overlay": TEXT, "subject": TEXT},
        **{"exposure": FLOAT, "limit": FLOAT, "outcome": TEXT},
    },
)
DAYS: Final = Table(
    "data/backtest/days.parquet",
    ("portfolio", "date"),
    {
        **{"portfolio": TEXT, "date": DATE, "fold": _INT},
        **dict.fromkeys(("return", "gross", "net", "turnover", "commission", "slippage", "interest", "borrow"), FLOAT),
        **dict.fromkeys(ROLLING, FLOAT),
    },
    nullable=frozenset(ROLLING),
)
