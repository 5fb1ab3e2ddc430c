"""Which rows are explained."""

from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.names import REGIMES
from barograph.randomness import generator
from barograph.typing import STRICT

ROW: Final = ("regime", "symbol", "date")


@dataclass(frozen=True, config=STRICT)
class Explain:
    """How much is explained.

    Parameters
    ----------
    rows : int
        Rows drawn in every regime; a regime with fewer gives what there is.
    top : int
        How many of a model's features, the most important ones, keep their single attributions.
    """

    rows: Annotated[int, Field(ge=1)]
    top: Annotated[int, Field(ge=1)]


def explained_rows(features: pd.DataFrame, regimes: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Draw the rows that all models explain.

    They come from every date, those that a model was trained on included: attributions describe what a model does with
    its inputs, not whether it is right.

    Parameters
    ----------
    features, regimes : pandas.DataFrame
        The tables of these names; a date without a regime is not explained.
    rows : int
        At most as many rows per regime, without replacement.
    seed : int

    Returns
    -------
    pandas.DataFrame
        `regime`, `symbol`, `date`, then the features; regimes from calm to crisis, within one in the order of the
        features table. A regime without rows is absent.

    Raises
    ------
    InputError
        If no row has a regime.
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
