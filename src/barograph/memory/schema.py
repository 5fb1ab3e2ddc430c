"""The tables of the rows that a model is shown, in folds and in crisis exams."""

from typing import Final

import pyarrow as pa

from barograph.tables import DATE, FLOAT, TEXT, Table

SAMPLES: Final = Table(
    "data/samples.parquet",
    ("fold", "symbol", "date", "copy"),
    {
        "fold": pa.int32(),
        "symbol": TEXT,
        "date": DATE,
        "copy": pa.int32(),
        "source": TEXT,
        "event": TEXT,
        "regime": TEXT,
        "weight": FLOAT,
    },
    nullable=frozenset({"event"}),
)
EXAMS: Final = Table(
    "data/exams.parquet",
    ("exam",),
    {"exam": TEXT, "regime": TEXT}
    | dict.fromkeys(("start", "end", "left_out_from", "left_out_to"), DATE)
    | {"fold": pa.int32(), "rows": pa.int64()},
)
EXAM_SAMPLES: Final = Table(
    "data/exam_samples.parquet",
    ("exam", *SAMPLES.key[1:]),
    {"exam": TEXT} | {name: kind for name, kind in SAMPLES.columns.items() if name != "fold"},
    nullable=SAMPLES.nullable,
)
