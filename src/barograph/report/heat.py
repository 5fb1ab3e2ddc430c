"""Heat maps: numbered rows and columns with names beside them, so that several may share one pair of axes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.report import palette
from barograph.report.charts import Layout, Trace, axis, label, layout, rounded

ROW: Final = 25


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


def signed(grid: pd.DataFrame, **more: Any) -> Trace:
    """Draw a grid of differences as cells: blue below zero, white at it, vermilion above."""
    values = np.abs(grid.to_numpy(float))
    full = float(np.nanmax(values, initial=0.0, where=np.isfinite(values))) or 1.0
    scale = {"colorscale": [list(stop) for stop in palette.DIVERGING], "zmin": -full, "zmax": full}
    return cells(grid) | scale | more


def names(values: Sequence[str]) -> Layout:
    """Give the ticks that put names beside numbered rows."""
    return {"tickvals": list(range(len(values))), "ticktext": [label(value) for value in values]}


def grid_layout(rows: Sequence[str], columns: Sequence[str], **more: object) -> Layout:
    """Give the layout of a heat map: first row on top, columns named above, one word a line."""
    shared = {"showgrid": False, "fixedrange": True}
    above = [label(name).replace(" ", "<br>") for name in columns]
    across = {"side": "top", "range": [-0.5, len(columns) - 0.5]} | names(columns) | {"ticktext": above}
    down = {"range": [len(rows) - 0.5, -0.5]} | names(rows)
    margin = {"l": 8, "r": 8, "t": 8, "b": 8}
    height = 80 + ROW * len(rows)
    return layout(height, xaxis=axis() | shared | across, yaxis=axis() | shared | down, margin=margin) | more


@dataclass(frozen=True)
class Choice:
    """What a chart of one model at a time shows of a model: a heading, and the parts of the layout that it changes."""

    heading: str
    layout: dict[str, Any]

    @classmethod
    def of(cls, heading: str, rows: Sequence[object]) -> "Choice":
        """Give the choice that names the rows of a heat map anew."""
        return cls(heading, {f"yaxis.{key}": value for key, value in names([str(row) for row in rows]).items()})


def meta(choices: Mapping[str, Choice]) -> Layout:
    """Give the form that the page's script reads from a layout."""
    return {name: {"heading": choice.heading, "layout": choice.layout} for name, choice in choices.items()}


def chosen_layout(choices: Mapping[str, Choice], columns: Sequence[str]) -> Layout:
    """Give the layout of a heat map of one model at a time, whose rows have other names in each; the first is shown."""
    rows = next(iter(choices.values())).layout["yaxis.ticktext"]
    figure = grid_layout(rows, columns, meta=meta(choices))
    figure["yaxis"]["ticktext"] = rows
    return figure
