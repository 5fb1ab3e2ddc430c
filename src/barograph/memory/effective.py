"""What the drawn rows are worth: counts, weights and effective sample sizes by fold and regime."""

import numpy as np
import pandas as pd

from barograph.memory.options import Memory
from barograph.names import REGIMES


def effective_size(samples: pd.DataFrame, by: list[str]) -> "pd.Series[float]":
    """Count the rows that the weights leave: Kish's effective sample size.

    Copies of a row are one row with the sum of their weights, since a copy teaches nothing new.

    Parameters
    ----------
    samples : pandas.DataFrame
        ``fold, symbol, date, weight``, and the columns in `by`.
    by : list of str
        The columns that tell groups apart, ``fold`` among them.

    Returns
    -------
    pandas.Series
        Indexed by group: (sum of weights)² / sum of squared weights.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley, section 11.7.
    """
    keys = list(dict.fromkeys([*by, "symbol", "date"]))
    weights = samples.groupby(keys, sort=True)["weight"].sum()
    total, squares = weights.groupby(level=by).sum(), (weights**2).groupby(level=by).sum()
    return total**2 / squares


def samples_by_regime(samples: pd.DataFrame, memory: Memory) -> pd.DataFrame:
    """Describe what each fold is shown of each regime.

    Parameters
    ----------
    samples : pandas.DataFrame
        The samples table.
    memory : Memory
        How they were drawn.

    Returns
    -------
    pandas.DataFrame
        One row per fold and regime, in that order: `fold, regime`; `rows`, those of them that come from the `archive`,
        and the `distinct` ones; `share` of the fold's rows and the `target` of balancing (null without it);
        `weight_share` of the fold's weight; and the `effective_size`. A regime of which the fold's past holds nothing
        has no rows: its target went to the others pro rata to theirs.
    """
    groups = samples.groupby(["fold", "regime"])
    counts = pd.DataFrame(
        {
            "rows": groups.size(),
            "archive": samples["source"].eq("archive").groupby([samples["fold"], samples["regime"]]).sum(),
            "distinct": samples.drop_duplicates(["fold", "symbol", "date"]).groupby(["fold", "regime"]).size(),
            "weight": groups["weight"].sum(),
            "effective_size": effective_size(samples, ["fold", "regime"]),
        }
    )
    every = pd.MultiIndex.from_product([sorted(samples["fold"].unique()), REGIMES], names=["fold", "regime"])
    table = counts.reindex(every, fill_value=0).reset_index()
    whole = table.groupby("fold")[["rows", "weight"]].transform("sum")
    targets = memory.balance.targets if memory.balance else {}
    return pd.DataFrame(
        {
            **{name: table[name] for name in ("fold", "regime", "rows", "archive", "distinct")},
            "share": table["rows"] / whole["rows"],
            "target": table["regime"].map(targets).astype(np.float64) if targets else np.nan,
            "weight_share": table["weight"] / whole["weight"],
            "effective_size": table["effective_size"],
        }
    )
