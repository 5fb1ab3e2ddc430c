"""The tables of a report on attributions."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from barograph.explain.attribution import Attribution
from barograph.explain.rows import ROW
from barograph.names import CLASSES
from barograph.typing import Rows

ALL: Final = "all"
_SELL, _BUY = CLASSES.index("sell"), CLASSES.index("buy")


def importance(attributions: Mapping[str, Attribution], rows: pd.DataFrame) -> pd.DataFrame:
    """Average the shares of every model's features, over all rows and in every regime, the most important first.

    In the table, `mean_abs` is the mean over rows and classes of the shares' size; `share` is its part of the regime's
    sum (0 where a model uses no feature); `mean_signed` is the mean share of buy minus that of sell. In the regime
    `all` every explained row has the same weight, and so does every regime with as many rows.
    """
    features = rows.columns.drop(list(ROW))
    parts = []
    for model, attribution in attributions.items():
        for regime, at in _regimes(rows):
            phi = attribution.phi[at]
            mean_abs = np.abs(phi).mean(axis=(0, 2))
            table = pd.DataFrame({"model": model, "regime": regime, "feature": features, "mean_abs": mean_abs})
            table["share"] = mean_abs / (mean_abs.sum() or 1.0)
            table["mean_signed"] = (phi[:, :, _BUY] - phi[:, :, _SELL]).mean(axis=0)
            parts.append(table.assign(rows=len(at)).sort_values("mean_abs", ascending=False, kind="stable"))
    return pd.concat(parts, ignore_index=True)


def beeswarm(
    attributions: Mapping[str, Attribution], rows: pd.DataFrame, importances: pd.DataFrame, top: int
) -> pd.DataFrame:
    """Keep the single shares of every model's `top` features, the most important of :func:`importance` in regime `all`.

    In the table, `value` is the feature's and `shap` its share of buy minus that of sell.
    """
    features = rows.columns.drop(list(ROW))
    overall = importances[importances["regime"] == ALL]
    parts = []
    for model, attribution in attributions.items():
        for feature in overall.loc[overall["model"] == model, "feature"].head(top):
            phi = attribution.phi[:, features.get_loc(feature)]
            shares = rows[list(ROW)].assign(feature=feature, value=rows[feature], shap=phi[:, _BUY] - phi[:, _SELL])
            shares.insert(0, "model", model)
            parts.append(shares)
    return pd.concat(parts, ignore_index=True)


def agreement(importances: pd.DataFrame) -> pd.DataFrame:
    """Compare how regimes rank a model's features, and how models do, by the `mean_abs` of :func:`importance`.

    A row of kind `regimes` compares two regimes of a `model`, a row of kind `models` two models in the regime `all`.
    Spearman's rank correlation takes ties at their mean rank and is missing where a side gives all features the same.
    """
    rows = []
    for model, of_model in importances[importances["regime"] != ALL].groupby("model", sort=False):
        rows += [("regimes", model, "", *pair) for pair in _rank_correlations(of_model, "regime")]
    overall = importances[importances["regime"] == ALL]
    rows += [("models", "", ALL, *pair) for pair in _rank_correlations(overall, "model")]
    return pd.DataFrame(rows, columns=["kind", "model", "regime", "first", "second", "rank_correlation"])


def methods(attributions: Mapping[str, Attribution]) -> pd.DataFrame:
    """List how each model was explained, with the largest deviation of the shares' sum from the output."""
    rows = [
        (model, found.method, found.unit, len(found.phi), found.largest_error) for model, found in attributions.items()
    ]
    return pd.DataFrame(rows, columns=["model", "method", "output", "rows", "largest_error"])


def _regimes(rows: pd.DataFrame) -> Iterator[tuple[str, Rows]]:
    yield ALL, np.arange(len(rows))
    regime = rows["regime"].to_numpy()
    for name in rows["regime"].unique():
        yield name, np.flatnonzero(regime == name)


def _rank_correlations(importances: pd.DataFrame, between: str) -> list[tuple[str, str, float]]:
    names = list(importances[between].unique())
    wide = importances.pivot(index="feature", columns=between, values="mean_abs")
    correlations = wide[names].corr(method="spearman").to_numpy()
    return [(names[i], names[j], float(correlations[i, j])) for i, j in combinations(range(len(names)), 2)]
