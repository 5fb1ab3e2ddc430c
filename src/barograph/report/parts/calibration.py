"""Calibration: do probabilities mean what they say, and what is called what."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.names import CLASSES, REGIME_PRIOR
from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Chart, Column, Group, Heading, Row, Table, Words
from barograph.report.charts import Trace, axis, layout, panel_name, rgba, rounded, scatter
from barograph.report.results import Csv, Results

FEW_ROWS: Final = 100
RELIABILITY: Final = Csv(
    "reports/validation/calibration.csv", ("predictor", "class", "bin", "mean_probability", "frequency", "rows")
)
CONFUSION: Final = Csv("reports/validation/confusion.csv", ("predictor", "label", "predicted", "rows"))


def blocks(results: Results) -> list[Block]:
    """Give reliability curves by class, and confusion tables by predictor."""
    meaning = (
        "Observed frequency against predicted probability by class; on the dotted line a probability means what it "
        f"says. Points grow with their rows, those of fewer than {FEW_ROWS} are left out; the other predictors are "
        "grey."
    )
    curves = reliability(results)
    heading = Heading("Do probabilities mean what they say?")
    meant: list[Block] = [heading, Words([meaning], "subtitle"), Group(curves, "grid three")] if curves else []
    return [
        *meant,
        Heading("What is called what?"),
        Words(["Of the rows with a label (down), the percentage called each class (across)."], "subtitle"),
        Group(confusion(results), "confusions"),
    ]


def reliability(results: Results) -> list[Chart]:
    """Draw one reliability curve per class: predicted probability against observed frequency."""
    table = results[RELIABILITY]
    classes = [(name, table[table["class"] == name]) for name in CLASSES]
    return [_curves(results, name, bins) for name, bins in classes if (bins["rows"] >= FEW_ROWS).any()]


def _curves(results: Results, name: str, bins: pd.DataFrame) -> Chart:
    drawn = bins[bins["rows"] >= FEW_ROWS]
    top = float(min(1.0, drawn[["mean_probability", "frequency"]].max().max() * 1.08))
    curves = [_curve(drawn[drawn["predictor"] == key], key, results.headline) for key in results.scored]
    diagonal = scatter("lines", [0, top], [0, top], line={"color": palette.MUTED, "width": 1, "dash": "dot"})
    figure = layout(
        300,
        annotations=[panel_name("Observed frequency")],
        xaxis=axis("Predicted probability", range=[0, top], tickformat=".0%"),
        yaxis=axis(range=[0, top], tickformat=".0%"),
    )
    return Chart(
        f"reliability-{name}",
        _finding(bins, name, results.headline),
        words.count(int(drawn.loc[drawn["predictor"] == results.headline, "rows"].sum()), "row"),
        f"Reliability curve of the class {name}, one line a predictor.",
        [diagonal, *(faint for faint, _ in curves), *(bold for _, bold in curves)],
        figure,
    )


def _curve(rows: pd.DataFrame, predictor: str, headline: str) -> tuple[Trace, Trace]:
    rows = rows.sort_values("bin")
    x, y = rounded(rows["mean_probability"], 4), rounded(rows["frequency"], 4)
    colour = palette.mark(predictor).colour
    largest = max(float(rows["rows"].max()), 1.0) if len(rows) else 1.0
    sizes = [round(4 + 9 * (n / largest) ** 0.5, 1) for n in rows["rows"]]
    bold = scatter(
        "lines+markers",
        x,
        y,
        line={"color": colour, "width": 2.2},
        marker={"color": colour, "size": sizes, "opacity": 0.9},
        text=[words.count(int(n), "row") for n in rows["rows"]],
        hovertemplate="predicted %{x:.1%}<br>observed %{y:.1%}<br>%{text}<extra></extra>",
        meta={"predictor": predictor},
        visible=predictor == headline,
    )
    return scatter("lines", x, y, line={"color": palette.FAINT, "width": 1}), bold


def confusion(results: Results) -> list[Table]:
    """Give one small table per predictor: of the rows with a label, the share called each class."""
    table = results[CONFUSION]
    return [_confusion(predictor, table[table["predictor"] == predictor]) for predictor in results.scored]


def _confusion(predictor: str, rows: pd.DataFrame) -> Table:
    counts = rows.pivot_table(index="label", columns="predicted", values="rows", aggfunc="sum")
    grid = counts.reindex(index=list(CLASSES), columns=list(CLASSES)).fillna(0.0).to_numpy(float)
    shares = grid / np.maximum(grid.sum(axis=1, keepdims=True), 1)
    called = grid.sum(axis=0) / max(grid.sum(), 1)
    most, share = CLASSES[int(called.argmax())], float(called.max())
    return Table(
        f"confusion-{predictor}",
        f"calls {most} on {100 * share:.0f} % of rows",
        [Column(name) for name in CLASSES],
        [
            Row(name, [Cell(f"{100 * part:.0f}", shade=rgba(palette.BETTER, round(0.6 * part, 3))) for part in parts])
            for name, parts in zip(CLASSES, shares.tolist(), strict=True)
        ],
        first="",
        sortable=False,
        style="confusion",
        title=palette.title(predictor),
    )


def _finding(rows: pd.DataFrame, name: str, headline: str) -> str:
    off, bias = _error(rows[rows["predictor"] == headline])
    table, _ = _error(rows[rows["predictor"] == REGIME_PRIOR])
    text = f"{name.capitalize()} is off by {off:.1f} points"
    if abs(bias) > 0.6 * off and off >= 1:
        text += ", mostly too high" if bias > 0 else ", mostly too low"
    return f"{text} (regime table {table:.1f})"


def _error(rows: pd.DataFrame) -> tuple[float, float]:
    """Give the mean distance from the observed frequency, and its mean with sign, in points."""
    signed = (rows["mean_probability"] - rows["frequency"]) * rows["rows"]
    total = float(rows["rows"].sum())
    return 100 * float(signed.abs().sum()) / total, 100 * float(signed.sum()) / total
