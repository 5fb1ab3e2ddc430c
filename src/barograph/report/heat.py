"""Heat maps: numbered rows and columns with names beside them, so that several may share one pair of axes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from barograph.report import palette
from barograph.report.blocks import Chart
from barograph.report.charts import Layout, Trace, axis, label, layout, rounded

ROW: Final = 25


class Choice(NamedTuple):
    """What a chart shows while one model is chosen: its heading, the names of its rows, and its cells."""

    heading: str
    rows: Sequence[str]
    cells: Trace


def cells(grid: pd.DataFrame, *, top: float | None = None, **more: Any) -> Trace:
    """Draw a grid as coloured cells with their numbers in them; missing cells stay white, `top` has the full colour."""
    values = grid.to_numpy(float)
    known = values[np.isfinite(values)]
    full = top if top is not None else float(known.max()) if len(known) else 1.0
    trace: Trace = {
        "type": "heatmap",
        "x": list(range(grid.shape[1])),
        "y": list(range(grid.shape[0])),
        "z": [rounded(row) for row in values],
        "colorscale": [list(stop) for stop in palette.SEQUENTIAL],
        "zmin": 0,
        "zmax": full or 1.0,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
        "texttemplate": "%{z:.0f}",
        "textfont": {"size": 11},
    }
    return trace | more


def signed(grid: pd.DataFrame, stops: Sequence[tuple[float, str]] = palette.DIVERGING, **more: Any) -> Trace:
    """Draw a grid of differences as cells, white at zero; by default blue below it and vermilion above."""
    values = np.abs(grid.to_numpy(float))
    full = float(np.nanmax(values, initial=0.0, where=np.isfinite(values))) or 1.0
    return cells(grid, colorscale=[list(stop) for stop in stops], zmin=-full, zmax=full, **more)


def names(values: Sequence[str]) -> Layout:
    """Give the ticks that put names beside numbered rows."""
    return {"tickvals": list(range(len(values))), "ticktext": [label(value) for value in values]}


def row_names(values: Sequence[str]) -> Layout:
    """Give the changes of a layout that name its rows anew."""
    return {f"yaxis.{key}": value for key, value in names(values).items()}


def grid_layout(rows: Sequence[str], columns: Sequence[str], **more: object) -> Layout:
    """Give the layout of a heat map: first row on top, columns named above, one word a line."""
    shared = {"showgrid": False, "fixedrange": True}
    above = [label(name).replace(" ", "<br>") for name in columns]
    across = {"side": "top", "range": [-0.5, len(columns) - 0.5]} | names(columns) | {"ticktext": above}
    down = {"range": [len(rows) - 0.5, -0.5]} | names(rows)
    margin = {"l": 8, "r": 8, "t": 8, "b": 8}
    height = 80 + ROW * len(rows)
    return layout(height, xaxis=axis() | shared | across, yaxis=axis() | shared | down, margin=margin) | more


def chosen(id: str, subtitle: str, alternative: str, choices: Mapping[str, Choice], columns: Sequence[str]) -> Chart:
    """Draw what each model shows, of which the page's script shows the chosen model's, at first the first one's."""
    first = next(iter(choices.values()))
    traces = [
        choice.cells | {"meta": {"predictor": model}, "visible": choice is first} for model, choice in choices.items()
    ]
    meta = {model: {"heading": choice.heading, "layout": row_names(choice.rows)} for model, choice in choices.items()}
    return Chart(id, first.heading, subtitle, alternative, traces, grid_layout(first.rows, columns, meta=meta))
