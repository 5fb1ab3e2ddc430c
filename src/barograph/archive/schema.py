"""The tables of rare events and of their rows."""

from typing import Final

import pyarrow as pa

from barograph.tables import DATE, FLOAT, TEXT, Table

_EVENT_STATISTICS = (
    *("share_sell", "share_hold", "share_buy"),
    *("mean_exit_return", "std_exit_return", "worst_exit_return", "best_exit_return"),
)
ARCHIVE: Final = Table(
    "data/archive.parquet",
    ("event", "symbol", "date"),
    {
        "event": TEXT,
        "symbol": TEXT,
        "date": DATE,
        "kind": TEXT,
        "regime": TEXT,
        "event_weight": FLOAT,
        "available_from": DATE,
    },
)
EVENTS: Final = Table(
    "data/events.parquet",
    ("event",),
    {
        "event": TEXT,
        "kind": TEXT,
        "symbol": TEXT,
        "regime": TEXT,
        "event_weight": FLOAT,
        **dict.fromkeys(("start", "end", "recognised_on", "closed_on", "retired_on", "available_from"), DATE),
        "severity_then": FLOAT,
        "severity": FLOAT,
        "duplicate_of": TEXT,
        "rows": pa.int64(),
        "symbols": pa.int64(),
        "coverage": TEXT,
        **dict.fromkeys(_EVENT_STATISTICS, FLOAT),
    },
    nullable=frozenset(
        {
            *("symbol", "recognised_on", "closed_on", "retired_on", "available_from", "severity_then", "severity"),
            *("duplicate_of", *_EVENT_STATISTICS),
        }
    ),
)
