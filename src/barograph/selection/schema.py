"""The table of the features that each fold keeps."""

from typing import Final

import pyarrow as pa

from barograph.tables import BOOL, FLOAT, TEXT, Table

SELECTION: Final = Table(
    "data/selection.parquet",
    ("fold", "feature"),
    {"fold": pa.int32(), "feature": TEXT, "kept": BOOL, "score": FLOAT, "reason": TEXT},
    nullable=frozenset({"score"}),
)
