"""Agreement: do regimes, models and folds rank the features alike."""

import math
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from barograph.report import heat, palette, words
from barograph.report.blocks import Chart
from barograph.report.charts import Trace, axis, label, layout, panel_name, rounded, scatter
from barograph.report.results import ALL, SHAP, Csv, Results

FIRST: Final = 12
KEPT: Final = 10
BY_FOLD: Final = Csv("reports/shap/{model}/by_fold.csv", ("model", "fold", "feature", "importance", "kind"))
STABILITY: Final = Csv("reports/shap/{model}/stability.csv", ("model", "fold", "rank_correlation", "top_overlap"))


def matrices(results: Results) -> list[Chart]:
    """Draw the rank correlations between regimes (average of the models) and between models, where there are any."""
    table = compared(results[SHAP]).dropna(subset=["rank_correlation"])
    regimes, models = (table[table["kind"] == kind] for kind in ("regimes", "models"))
    average = f"between regimes, average of {words.count(int(regimes['model'].nunique()), 'model')}"
    charts = []
    if len(regimes):
        charts.append(_matrix("regimes", square(regimes, palette.regime_order(_names(regimes))), average))
    if len(models):
        grid = square(models, results.ranked(_names(models)))
        charts.append(_matrix("models", grid, "between models, all rows"))
    return charts


def compared(importances: pd.DataFrame) -> pd.DataFrame:
    """Compare how regimes rank a model's features, and how models do, by their shares of the attribution.

    A row of kind `regimes` compares two regimes of a `model`, a row of kind `models` two models in the regime `all`.
    Spearman's rank correlation takes ties at their mean rank and is missing where a side gives all features the same.
    """
    everywhere = importances["regime"] == ALL
    rows = []
    for model, of_model in importances[~everywhere].groupby("model", sort=False):
        rows += [("regimes", model, *pair) for pair in _rank_correlations(of_model, "regime")]
    rows += [("models", "", *pair) for pair in _rank_correlations(importances[everywhere], "model")]
    return pd.DataFrame(rows, columns=["kind", "model", "first", "second", "rank_correlation"])


def _rank_correlations(importances: pd.DataFrame, between: str) -> list[tuple[str, str, float]]:
    names = list(importances[between].unique())
    wide = importances.pivot(index="feature", columns=between, values="share")
    correlations = wide[names].corr(method="spearman").to_numpy()
    return [(names[i], names[j], float(correlations[i, j])) for i, j in combinations(range(len(names)), 2)]


def _names(pairs: pd.DataFrame) -> set[str]:
    return {*pairs["first"].astype(str), *pairs["second"].astype(str)}


def _matrix(kind: str, grid: pd.DataFrame, subtitle: str) -> Chart:
    names = [palette.title(name) for name in grid.index]
    return Chart(
        f"agreement-{kind}",
        _finding(kind, grid),
        f"Rank correlation of the features' importance {subtitle}; 1 is the same order, 0 no relation",
        f"Matrix of rank correlations between {len(names)} {kind}.",
        [heat.cells(grid, top=1.0, texttemplate="%{z:.2f}", hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>")],
        heat.grid_layout(names, names),
    )


def square(rows: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Lay pairs out as a symmetric grid with an empty diagonal; pairs that occur more than once are averaged."""
    mean = rows.groupby(["first", "second"])["rank_correlation"].mean().unstack().reindex(index=order, columns=order)
    return mean.combine_first(mean.T).reindex(index=order, columns=order)


def _finding(kind: str, grid: pd.DataFrame) -> str:
    """Name the pair that agrees least, and the middle of all."""
    values = np.where(np.tril(np.ones(grid.shape, dtype=bool), -1), grid.to_numpy(float), np.nan)
    pairs = values[np.isfinite(values)]
    least = [palette.title(grid.index[place]) for place in divmod(int(np.nanargmin(values)), values.shape[1])]
    pair = words.joined([name.lower() for name in least] if kind == "regimes" else least)
    low, middle = (words.number(float(value), 2) for value in (pairs.min(), np.median(pairs)))
    if len(pairs) == 1:
        return words.capitalised(f"{pair} agree to {low}")
    return f"{kind.capitalize()} agree to {middle} (median); {pair} agree least ({low})"


def over_folds(results: Results) -> Chart:
    """Draw each model's measure of importance over the folds, of which the page shows the chosen model's."""
    table = results[BY_FOLD]
    folds = sorted(table["fold"].unique())
    choices = {}
    for model in results.ranked(table["model"]):
        rows = table[table["model"] == model]
        grid, kind = importance_shares(rows).reindex(columns=folds).head(FIRST), str(rows["kind"].iloc[0])
        hover = f"%{{y}} %{{x}}: %{{z:.1f}} % of {label(kind)}<extra></extra>"
        cells = heat.cells(100 * grid, hovertemplate=hover)
        choices[model] = heat.Choice(_steadiness(results, model, kind), list(grid.index), cells)
    return heat.chosen(
        "why-folds",
        "The model's own measure of importance, % of its sum in each fold; the first features by their average; white "
        "where a fold did not keep the feature",
        "Heat map of the chosen model's most important features by fold.",
        choices,
        [results.fold_name(fold) for fold in folds],
    )


def importance_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Give one model's importance as shares of each fold's sum: features by folds, the first on average first.

    A negative importance counts as none. A feature that a fold has not kept is missing in it, and counts as none in the
    average.
    """
    wide = rows.pivot_table(index="feature", columns="fold", values="importance", aggfunc="first").clip(lower=0)
    total = wide.sum().where(lambda total: total > 0)
    parts, mean = wide / total, (wide.fillna(0.0) / total).mean(axis=1).rename("mean").reset_index()
    order = mean.sort_values(["mean", "feature"], ascending=[False, True], kind="stable")["feature"]
    return parts.loc[order]


def _steadiness(results: Results, model: str, kind: str) -> str:
    overlaps = results[STABILITY].loc[results[STABILITY]["model"] == model, "top_overlap"].dropna()
    name = palette.title(model)
    if overlaps.empty:
        return f"{name} over the folds, by {kind}"
    kept = words.number(KEPT * float(overlaps.median()), 0)
    return f"{name} keeps {kept} of its {KEPT} first features from fold to fold (median, by {kind})"


def stability(results: Results) -> Chart | None:
    """Draw how far each fold's order of features is that of the fold before; None where no fold has one before it."""
    table = results[STABILITY].dropna(subset=["rank_correlation"])
    if table.empty:
        return None
    folds = sorted(table["fold"].unique())
    columns = [label(results.fold_name(fold)) for fold in folds]
    by_model = {model: table[table["model"] == model].set_index("fold") for model in results.ranked(table["model"])}
    lowest = math.floor(10 * float(table["rank_correlation"].min()) - 0.2) / 10
    figure = layout(
        350,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.26, "yanchor": "top"},
        annotations=[panel_name("Rank correlation with the fold before")],
        xaxis=axis(type="category", showgrid=False, categoryarray=columns),
        yaxis=axis(range=[lowest, 1.02]),
    )
    return Chart(
        "why-stability",
        _stability_finding(table),
        "Each model's own importance of the features that this fold or the one before keeps, by test year; choose a "
        "name to show or hide its line",
        "Line chart of the rank correlation of importance between neighbouring folds.",
        [_line(model, columns, rows["rank_correlation"].reindex(folds)) for model, rows in by_model.items()],
        figure,
    )


def _line(model: str, columns: list[str], correlations: "pd.Series[float]") -> Trace:
    mark, name = palette.mark(model), label(palette.title(model))
    return scatter(
        "lines+markers",
        columns,
        rounded(correlations, 3),
        name=name,
        line={"color": mark.colour, "width": 1.6, "dash": mark.dash},
        marker={"color": mark.colour, "symbol": mark.symbol, "size": 6},
        hovertemplate=f"{name}, %{{x}}: %{{y:.2f}}<extra></extra>",
    )


def _stability_finding(table: pd.DataFrame) -> str:
    medians = table.groupby("model")["rank_correlation"].median()
    least, most = str(medians.idxmin()), str(medians.idxmax())
    low, high = (words.number(float(medians[name]), 2) for name in (least, most))
    if low == high:
        return f"From fold to fold the order of features correlates to {low} (median)"
    return (
        f"From fold to fold {palette.title(most)} keeps its order of features best ({high}, median), "
        f"{palette.title(least)} least ({low})"
    )
