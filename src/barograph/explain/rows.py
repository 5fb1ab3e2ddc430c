"""The rows that are explained."""

from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.names import REGIMES
from barograph.randomness import generator
from barograph.typing import STRICT

ROW: Final = ("regime", "symbol", "date")


@dataclass(frozen=True, config=STRICT)
class Explain:
    """The extent of the explanations.

    Parameters
    ----------
    rows : int
        Rows drawn in every regime; a regime with fewer gives all of its rows.
    top : int
        How many of a model's most important features keep their single attributions.
    """

    rows: Annotated[int, Field(ge=1)]
    top: Annotated[int, Field(ge=1)]


@without_time_zones
def explained_rows(features: pd.DataFrame, regimes: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Draw the rows that all models explain.

    At most `rows` per regime come from all of its dates, without replacement, those of the training included:
    attributions describe how a model uses its inputs, not whether it is right. The columns are `regime, symbol, date`
    and the features; regimes go from calm to crisis, within a regime rows keep the order of the features table. Rows
    without a regime are left out; :class:`~barograph.errors.InputError` if no row has any.
    """
    regime = regimes.set_index("date")["regime"].reindex(features["date"]).to_numpy()
    found = set(regime[pd.notna(regime)])
    if not found:
        raise InputError("data/regimes.parquet: no date of data/features.parquet has a regime; at least one must")
    drawn = []
    for name in [*(known for known in REGIMES if known in found), *sorted(found - set(REGIMES))]:
        at = np.flatnonzero(regime == name)
        drawn.append(np.sort(generator(seed, "explain", name).permutation(at)[:rows]))
    chosen = np.concatenate(drawn)
    values = features.drop(columns=["symbol", "date"]).iloc[chosen]
    key = features[["symbol", "date"]].iloc[chosen]
    key.insert(0, ROW[0], regime[chosen])
    return pd.concat([key, values], axis=1).reset_index(drop=True)
