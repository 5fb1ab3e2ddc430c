"""The tables of a report on a model's attributions."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.explain.attribution import Attribution
from barograph.explain.rows import ROW
from barograph.names import CLASSES
from barograph.typing import Rows

ALL: Final = "all"
_SELL, _BUY = CLASSES.index("sell"), CLASSES.index("buy")


@without_time_zones
def importance(attribution: Attribution, rows: pd.DataFrame) -> pd.DataFrame:
    """Average the shares of a model's features, over all rows and in every regime, the most important first.

    In the table, `mean_abs` is the mean over rows and classes of the shares' size; `share` is its part of the regime's
    sum (0 where a model uses no feature); `mean_signed` is the mean share of buy minus that of sell. In the regime
    `all` every explained row has the same weight, and so does every regime with as many rows.
    """
    features = rows.columns.drop(list(ROW))
    parts = []
    for regime, at in _regimes(rows):
        phi = attribution.phi[at]
        mean_abs = np.abs(phi).mean(axis=(0, 2))
        table = pd.DataFrame({"regime": regime, "feature": features, "mean_abs": mean_abs})
        table["share"] = mean_abs / (mean_abs.sum() or 1.0)
        table["mean_signed"] = (phi[:, :, _BUY] - phi[:, :, _SELL]).mean(axis=0)
        parts.append(table.assign(rows=len(at)).sort_values("mean_abs", ascending=False, kind="stable"))
    return pd.concat(parts, ignore_index=True)


@without_time_zones
def beeswarm(attribution: Attribution, rows: pd.DataFrame, importances: pd.DataFrame, top: int) -> pd.DataFrame:
    """Keep the single shares of a model's `top` features, the most important of :func:`importance` in regime `all`.

    In the table, `value` is the feature's and `shap` its share of buy minus that of sell.
    """
    features = rows.columns.drop(list(ROW))
    parts = []
    for feature in importances.loc[importances["regime"] == ALL, "feature"].head(top):
        phi = attribution.phi[:, features.get_loc(feature)]
        shap = phi[:, _BUY] - phi[:, _SELL]
        parts.append(rows[list(ROW)].assign(feature=feature, value=rows[feature], shap=shap))
    return pd.concat(parts, ignore_index=True)


def method(attribution: Attribution) -> pd.DataFrame:
    """Tell in a row how a model was explained, with the largest deviation of the shares' sum from the output."""
    row = (attribution.method, attribution.unit, len(attribution.phi), attribution.largest_error)
    return pd.DataFrame([row], columns=["method", "output", "rows", "largest_error"])


def _regimes(rows: pd.DataFrame) -> Iterator[tuple[str, Rows]]:
    yield ALL, np.arange(len(rows))
    regime = rows["regime"].to_numpy()
    for name in rows["regime"].unique():
        yield name, np.flatnonzero(regime == name)
