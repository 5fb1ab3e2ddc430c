"""Heat maps: numbered rows and columns with names beside them, so that several may share one pair of axes."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.report import palette
from barograph.report.figures import Layout, Trace, axis, label, layout, rounded

ROW: Final = 25


def cells(grid: pd.DataFrame, *, digits: int = 5, top: float | None = None, **more: Any) -> Trace:
    """Draw a grid as coloured cells with their numbers in them.

    Parameters
    ----------
    grid : pandas.DataFrame
        One row and one column a cell's place; what is missing stays white.
    digits : int
        Significant digits kept, more than are written, lest a number be rounded twice.
    top : float, optional
        The value of the full colour; the largest by default.
    **more
        Parts of plotly's trace, such as ``texttemplate``.

    Returns
    -------
    dict
    """
    values = grid.to_numpy(float)
    known = values[np.isfinite(values)]
    full = top if top is not None else float(known.max()) if len(known) else 1.0
    trace: Trace = {
        "type": "heatmap",
        "x": list(range(grid.shape[1])),
        "y": list(range(grid.shape[0])),
        "z": [rounded(row, digits) for row in values],
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


def narrow(values: Sequence[str]) -> Layout:
    """Give the ticks that put names above numbered columns, one word a line."""
    ticks = names(values)
    return ticks | {"ticktext": [text.replace(" ", "<br>") for text in ticks["ticktext"]]}


def grid_layout(rows: Sequence[str], columns: Sequence[str], **more: object) -> Layout:
    """Give the layout of a heat map: first row on top, columns named above."""
    shared = {"showgrid": False, "fixedrange": True}
    across = {"side": "top", "range": [-0.5, len(columns) - 0.5]} | narrow(columns)
    down = {"range": [len(rows) - 0.5, -0.5]} | names(rows)
    base = layout(
        80 + ROW * len(rows),
        xaxis=axis() | shared | across,
        yaxis=axis() | shared | down,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    return base | more
