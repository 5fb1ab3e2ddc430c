"""Beeswarms: one dot a row and feature, placed by its share of the score and coloured by the feature's value."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.report import palette, words
from barograph.report.figures import Chart, Layout, Trace, axis, label, layout, rounded
from barograph.report.inputs import ReportInputs
from barograph.report.why import Choice, explained

ROWS: Final = 300
BINS: Final = 90
DIRECTED: Final = 0.5
LOW, HIGH, MISSING = "#0072B2", "#D55E00", "#b4bcc4"


def beeswarms(inputs: ReportInputs) -> Chart | None:
    """Draw each explained model's beeswarm, of which the page shows the chosen model's; None without one."""
    table = inputs.shap_beeswarm
    chosen = [name for name in explained(inputs) if (table["model"] == name).any()]
    if not chosen:
        return None
    data: list[Trace] = []
    choices: dict[str, Choice] = {}
    counts = []
    for model in chosen:
        own = table[table["model"] == model]
        drawn = thinned(own)
        counts.append(drawn.groupby("feature").size().max())
        names = [str(name) for name in dict.fromkeys(own["feature"])]
        data += [trace | {"visible": model == chosen[0]} for trace in _dots(drawn, names, model)]
        choices[model] = Choice(_finding(model, own, names[0]), _own_axes(inputs, model, names))
    first = choices[chosen[0]]
    return Chart(
        "why-beeswarm",
        first.heading,
        f"One dot a row, at most {words.count(int(max(counts)), 'row')} a model, drawn evenly from all regimes; right "
        "of zero it speaks for buy, left for sell",
        "Beeswarm of the attributions of the chosen model's most important features.",
        data,
        _layout(first, {name: one.meta() for name, one in choices.items()}),
        legend=[("low value", LOW, "swatch"), ("high value", HIGH, "swatch"), ("missing", MISSING, "swatch")],
    )


def thinned(rows: pd.DataFrame, limit: int = ROWS) -> pd.DataFrame:
    """Keep at most so many rows a feature: every k-th by regime, date and symbol, the same ones for all features.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``regime, symbol, date, feature, ...`` of one model.
    limit : int
        Rows kept of each feature.

    Returns
    -------
    pandas.DataFrame
        Regimes keep their parts.
    """
    keys = rows[["regime", "date", "symbol"]].drop_duplicates().sort_values(["regime", "date", "symbol"])
    if len(keys) <= limit:
        return rows
    kept = keys.iloc[np.linspace(0, len(keys) - 1, limit).round().astype(int)]
    return rows.merge(kept, on=["regime", "date", "symbol"], how="inner")


def spread(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Move dots that would cover each other apart.

    Parameters
    ----------
    values : float array of shape (n,)
    low, high : float
        The ends of the axis.

    Returns
    -------
    float array of shape (n,)
        Distances from the line, within 0.4; a dot alone stays on it.
    """
    place = np.floor((values - low) / ((high - low) or 1.0) * BINS)
    order = np.argsort(place, kind="stable")
    starts = np.r_[True, np.diff(place[order]) != 0]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    rank = np.empty(len(values))
    rank[order] = np.arange(len(order)) - first
    side = np.ceil(rank / 2) * np.where(rank % 2 == 1, 1.0, -1.0)
    return side * min(0.07, 0.4 / max(float(np.abs(side).max(initial=0)), 1.0))


def _dots(rows: pd.DataFrame, names: list[str], model: str) -> list[Trace]:
    low, high = float(rows["shap"].min()), float(rows["shap"].max())
    parts = []
    for place, name in enumerate(names):
        own = rows[rows["feature"] == name]
        shap = own["shap"].to_numpy(float)
        ranks = own["value"].rank()
        span = float(ranks.max() - ranks.min()) or 1.0
        colour = (100 * (ranks - ranks.min()) / span).round()
        parts.append(pd.DataFrame({"x": shap, "y": place + spread(shap, low, high), "colour": colour}))
    dots = pd.concat(parts)
    known = dots[dots["colour"].notna()]
    missing = dots[dots["colour"].isna()]
    traces = [_points(known, model, {"color": known["colour"].astype(int).tolist(), **_scale()})]
    return traces + ([_points(missing, model, {"color": MISSING})] if len(missing) else [])


def _scale() -> Layout:
    return {"colorscale": [[0, LOW], [0.5, "#c9b8c4"], [1, HIGH]], "cmin": 0, "cmax": 100}


def _points(dots: pd.DataFrame, model: str, marker: Layout) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(dots["x"], 3),
        "y": [round(float(value), 2) for value in dots["y"]],
        "marker": {"size": 4.5, "opacity": 0.8} | marker,
        "hoverinfo": "skip",
        "meta": {"predictor": model},
    }


def _own_axes(inputs: ReportInputs, model: str, names: list[str]) -> dict[str, Any]:
    method = inputs.shap_methods[inputs.shap_methods["model"] == model]
    unit = str(method["output"].iloc[0]) if len(method) else "score"
    return {
        "xaxis.title.text": f"Share of buy minus that of sell<br>{label(unit)}",
        "yaxis.range": [len(names) - 0.4, -0.6],
        "yaxis.tickvals": list(range(len(names))),
        "yaxis.ticktext": [label(name) for name in names],
    }


def _layout(first: Choice, meta: dict[str, Any]) -> Layout:
    own = first.layout
    across = axis(own["xaxis.title.text"], zeroline=True, zerolinecolor=palette.INK, fixedrange=True, nticks=6)
    ticks = {name: own[f"yaxis.{name}"] for name in ("range", "tickvals", "ticktext")}
    figure = layout(
        96 + 30 * len(own["yaxis.ticktext"]),
        xaxis=across,
        yaxis=axis(fixedrange=True, **ticks),
        meta=meta,
    )
    figure["margin"]["t"] = 8
    return figure


def _finding(model: str, rows: pd.DataFrame, first: str) -> str:
    """Say in which direction a model's first feature speaks, if it speaks in one."""
    own = rows[rows["feature"] == first].dropna(subset=["value", "shap"])
    varies = len(own) > 2 and own["value"].nunique() > 1 and own["shap"].nunique() > 1
    rank = float(own["value"].corr(own["shap"], method="spearman")) if varies else 0.0
    if abs(rank) < DIRECTED:
        return f"{palette.title(model)}: {first} matters most, in no one direction"
    return f"{palette.title(model)}: a high {first} speaks for {'buy' if rank > 0 else 'sell'}"
