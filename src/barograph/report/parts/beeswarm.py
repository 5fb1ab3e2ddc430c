"""Beeswarms: one dot per row and feature, placed by its share of the score and coloured by the feature's value."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.report import heat, palette, words
from barograph.report.blocks import Chart
from barograph.report.charts import Layout, Trace, axis, label, layout, rounded, scatter
from barograph.report.results import METHODS, Csv, Results

ROWS: Final = 300
BINS: Final = 90
DIRECTED: Final = 0.5
LOW, HIGH, MISSING = palette.BETTER, palette.WORSE, "#b4bcc4"
SWARM: Final = Csv(
    "reports/shap/{model}/beeswarm.csv",
    ("model", "regime", "symbol", "date", "feature", "value", "shap"),
    dates=("date",),
)


def beeswarms(results: Results) -> Chart:
    """Draw each explained model's beeswarm, of which the page shows the chosen model's."""
    table = results[SWARM]
    data: list[Trace] = []
    choices: dict[str, dict[str, Any]] = {}
    most = 0
    for model in results.ranked(table["model"]):
        rows = table[table["model"] == model]
        drawn = thinned(rows)
        most = max(most, int(drawn.groupby("feature").size().max()))
        names = [str(name) for name in dict.fromkeys(rows["feature"])]
        data += [trace | {"visible": not choices} for trace in _dots(drawn, names, model)]
        choices[model] = {"heading": _finding(model, rows, names[0]), "layout": _axes(results, model, names)}
    first = next(iter(choices.values()))
    shown = first["layout"]
    figure = layout(
        96 + 30 * len(shown["yaxis.ticktext"]),
        xaxis=axis(shown["xaxis.title.text"], zeroline=True, zerolinecolor=palette.INK, fixedrange=True, nticks=6),
        yaxis=axis(fixedrange=True, **{key: shown[f"yaxis.{key}"] for key in ("range", "tickvals", "ticktext")}),
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        meta=choices,
    )
    return Chart(
        "why-beeswarm",
        first["heading"],
        f"One dot a row, at most {words.count(most, 'row')} a model, drawn evenly from all regimes; right of zero it "
        "speaks for buy, left for sell",
        "Beeswarm of the attributions of the chosen model's most important features.",
        data,
        figure,
        legend=[("low value", LOW, "swatch"), ("high value", HIGH, "swatch"), ("missing", MISSING, "swatch")],
    )


def thinned(rows: pd.DataFrame, limit: int = ROWS) -> pd.DataFrame:
    """Keep at most so many rows per feature: every k-th by regime, date and symbol, the same ones for all features."""
    keys = rows[["regime", "date", "symbol"]].drop_duplicates().sort_values(["regime", "date", "symbol"])
    if len(keys) <= limit:
        return rows
    kept = keys.iloc[np.linspace(0, len(keys) - 1, limit).round().astype(int)]
    return rows.merge(kept, on=["regime", "date", "symbol"], how="inner")


def spread(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Move dots that would cover each other apart: distances from the line within 0.4; a dot alone stays on it."""
    place = np.floor((values - low) / ((high - low) or 1.0) * BINS)
    order = np.argsort(place, kind="stable")
    starts = np.r_[True, np.diff(place[order]) != 0]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    rank = np.empty(len(values))
    rank[order] = np.arange(len(order)) - first
    side = np.ceil(rank / 2) * np.where(rank % 2 == 1, 1.0, -1.0)
    return side * min(0.07, 0.4 / max(float(np.abs(side).max(initial=0)), 1.0))


def _dots(rows: pd.DataFrame, names: list[str], model: str) -> list[Trace]:
    """Place the dots of each feature in its row, those without a value in a trace apart."""
    low, high = float(rows["shap"].min()), float(rows["shap"].max())
    parts = []
    for place, name in enumerate(names):
        dots = rows[rows["feature"] == name]
        shap, ranks = dots["shap"].to_numpy(float), dots["value"].rank()
        span = float(ranks.max() - ranks.min()) or 1.0
        colour = (100 * (ranks - ranks.min()) / span).round()
        parts.append(pd.DataFrame({"x": shap, "y": place + spread(shap, low, high), "colour": colour}))
    dots = pd.concat(parts)
    known, missing = dots[dots["colour"].notna()], dots[dots["colour"].isna()]
    scale = {"colorscale": [[0, LOW], [0.5, "#c9b8c4"], [1, HIGH]], "cmin": 0, "cmax": 100}
    traces = [_points(known, model, {"color": known["colour"].astype(int).tolist(), **scale})]
    return traces + ([_points(missing, model, {"color": MISSING})] if len(missing) else [])


def _points(dots: pd.DataFrame, model: str, marker: Layout) -> Trace:
    heights = [round(float(value), 2) for value in dots["y"]]
    marker = {"size": 4.5, "opacity": 0.8} | marker
    return scatter("markers", rounded(dots["x"], 3), heights, marker=marker, meta={"predictor": model})


def _axes(results: Results, model: str, names: list[str]) -> Layout:
    unit = results[METHODS].set_index("model")["output"].get(model, "score")
    return {
        "xaxis.title.text": f"Share of buy minus that of sell<br>{label(unit)}",
        "yaxis.range": [len(names) - 0.4, -0.6],
    } | heat.row_names(names)


def _finding(model: str, rows: pd.DataFrame, first: str) -> str:
    """Say in which direction a model's first feature speaks, if it speaks in one."""
    known = rows[rows["feature"] == first].dropna(subset=["value", "shap"])
    value, shap = known["value"], known["shap"]
    varies = len(value) > 2 and value.nunique() > 1 and shap.nunique() > 1
    rank = float(value.rank().corr(shap.rank())) if varies else 0.0
    if abs(rank) < DIRECTED:
        return f"{palette.title(model)}: {first} matters most, in no one direction"
    return f"{palette.title(model)}: a high {first} speaks for {'buy' if rank > 0 else 'sell'}"
