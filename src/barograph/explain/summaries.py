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
    """Average the shares of every model's features, over all rows and in every regime.

    Parameters
    ----------
    attributions : mapping of str to Attribution
        By model, all of these rows.
    rows : pandas.DataFrame
        What :func:`barograph.explain.explained_rows` drew.

    Returns
    -------
    pandas.DataFrame
        `model, regime, feature, mean_abs, share, mean_signed, rows`, the most important feature first. `mean_abs` is
        the mean over rows and classes of the shares' size; `share` its part of the regime's sum (0 where a model uses
        no feature); `mean_signed` the mean share of buy minus that of sell. In the regime `all` every explained row
        weighs the same, and so every regime with as many rows.
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
    """Keep the single shares of every model's most important features.

    Parameters
    ----------
    attributions, rows
        As for :func:`importance`.
    importances : pandas.DataFrame
        What :func:`importance` gave.
    top : int
        How many features a model, by the regime `all`.

    Returns
    -------
    pandas.DataFrame
        `model, regime, symbol, date, feature, value, shap`: the feature's value, and its share of buy minus that of
        sell.
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
    """Compare how regimes rank a model's features, and how models do.

    Parameters
    ----------
    importances : pandas.DataFrame
        What :func:`importance` gave.

    Returns
    -------
    pandas.DataFrame
        `kind, model, regime, first, second, rank_correlation`: Spearman's rank correlation of `mean_abs`, ties at their
        mean rank, missing where a side gives all features the same. Kind `regimes`: two regimes of a `model`. Kind
        `models`: two models in the regime `all`.
    """
    columns = ["kind", "model", "regime", "first", "second", "rank_correlation"]
    parts = []
    for model, of_model in importances[importances["regime"] != ALL].groupby("model", sort=False):
        parts += [("regimes", model, "", *pair) for pair in _rank_correlations(of_model, "regime")]
    overall = importances[importances["regime"] == ALL]
    parts += [("models", "", ALL, *pair) for pair in _rank_correlations(overall, "model")]
    return pd.DataFrame(parts, columns=columns)


def methods(attributions: Mapping[str, Attribution]) -> pd.DataFrame:
    """Say of every model how it was explained.

    Parameters
    ----------
    attributions : mapping of str to Attribution

    Returns
    -------
    pandas.DataFrame
        `model, method, output, rows, largest_error`; the last is :attr:`Attribution.largest_error`.
    """
    columns = ["model", "method", "output", "rows", "largest_error"]
    table = [
        (model, found.method, found.unit, len(found.phi), found.largest_error) for model, found in attributions.items()
    ]
    return pd.DataFrame(table, columns=columns)


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
