"""Counts, weights and effective sizes of the drawn rows by fold and regime."""

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.memory.options import Memory
from barograph.names import KEY, REGIMES


@without_time_zones
def effective_size(samples: pd.DataFrame, by: list[str]) -> "pd.Series[float]":
    """Count the rows that the weights leave, by group: Kish's (sum of weights)² / sum of squared weights.

    Copies of a row are one row with the sum of their weights, since a copy teaches nothing new. The columns in `by`,
    ``fold`` among them, tell groups apart.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley, section 11.7.
    """
    weights = samples.groupby(list(dict.fromkeys([*by, *KEY])), sort=True)["weight"].sum()
    total, squares = weights.groupby(level=by).sum(), (weights**2).groupby(level=by).sum()
    return total**2 / squares


@without_time_zones
def samples_by_regime(samples: pd.DataFrame, memory: Memory) -> pd.DataFrame:
    """Describe the rows that each fold is shown of each regime, a row per fold and regime in that order.

    `rows`, those of them that come from the `archive`, and the `distinct` ones; `share` of the fold's rows and the
    `target` of balancing (null without it); `weight_share` of the fold's weight; and the `effective_size`. A regime
    that does not occur in the fold's past has no rows: its target went to the others pro rata to theirs.
    """
    by = ["fold", "regime"]
    flags = {"archive": samples["source"] == "archive", "distinct": ~samples.duplicated(["fold", *KEY])}
    counts = samples.assign(rows=1, **flags).groupby(by)[["rows", *flags, "weight"]].sum()
    counts["effective_size"] = effective_size(samples, by)
    every = pd.MultiIndex.from_product([sorted(samples["fold"].unique()), REGIMES], names=by)
    table = counts.reindex(every, fill_value=0).reset_index()
    whole = table.groupby("fold")[["rows", "weight"]].transform("sum")
    targets = memory.balance.targets if memory.balance else {}
    table["share"] = table["rows"] / whole["rows"]
    table["target"] = table["regime"].map(targets).astype(np.float64) if targets else np.nan
    table["weight_share"] = table["weight"] / whole["weight"]
    return table[[*by, "rows", "archive", "distinct", "share", "target", "weight_share", "effective_size"]]
