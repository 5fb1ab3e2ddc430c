"""Parts of charts that several sections share, as plain dictionaries of plotly's JSON."""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.names import PRIOR, REGIME_PRIOR, STRUCTURAL
from barograph.report import palette

Trace = dict[str, Any]
Layout = dict[str, Any]

_FONT: Final = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_SMALL: Final = {"size": 12, "color": palette.MUTED}
_HOLLOW: Final = "#ffffff"
# Where in its row a forest plot marks the skill against each baseline, from top to bottom.
SKILL_SHIFTS: Final = {REGIME_PRIOR: 0.24, PRIOR: 0.0, STRUCTURAL: -0.24}


def layout(height: int, **axes_and_more: object) -> Layout:
    """Give the layout that every chart starts from: white, light grid, no title (the page writes it)."""
    base: Layout = {
        "height": height,
        "autosize": True,
        "margin": {"l": 8, "r": 12, "t": 26, "b": 8},
        "font": {"family": _FONT, "size": 12, "color": palette.INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": "#ffffff",
            "bordercolor": palette.FAINT,
            "font": {"color": palette.INK, "family": _FONT, "size": 12},
            "align": "left",
        },
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.08, "yanchor": "top", "font": {"size": 12}},
    }
    return base | axes_and_more


def axis(title: str = "", **more: object) -> Layout:
    """Give an axis with its title, a light grid and no box."""
    base: Layout = {
        "title": {"text": title, "font": _SMALL, "standoff": 8},
        "automargin": True,
        "showgrid": True,
        "gridcolor": palette.GRID,
        "zeroline": False,
        "linecolor": palette.FAINT,
        "tickfont": {"size": 12, "color": palette.INK},
        "ticks": "",
    }
    return base | more


def log_axis(low: float, high: float, ticks: Iterable[float], *, most: float = math.inf, **more: Any) -> Layout:
    """Give a logarithmic axis with the ticks inside it, with every second one where they are more than `most`."""
    inside = [tick for tick in ticks if low <= tick <= high]
    drawn = inside[::2] if len(inside) > most else inside
    return axis(type="log", range=[math.log10(low), math.log10(high)], tickvals=drawn, fixedrange=True, **more)


def forest_layout(title: str, ticks: Sequence[str], row: int, **across: Any) -> Layout:
    """Give the layout of a forest plot: so many pixels for each tick, the first on top, and a line at zero."""
    names: Layout = {"tickvals": list(reversed(range(len(ticks)))), "ticktext": list(ticks)}
    return layout(
        64 + row * max(2, len(ticks)),
        xaxis=axis(title, zeroline=True, zerolinecolor=palette.INK, **across),
        yaxis=axis(range=[-0.6, len(ticks) - 0.4], fixedrange=True, gridcolor="#f1f3f5", **names),
        margin={"l": 8, "r": 12, "t": 4, "b": 8},
    )


def skill_marker(baseline: str, colour: str, size: int | list[int] = 8) -> dict[str, Any]:
    """Give the marker of the skill against a baseline: filled, hollow, and for the structural one a hollow diamond."""
    return {
        "color": colour if baseline == REGIME_PRIOR else _HOLLOW,
        "size": size,
        "opacity": 1,
        "symbol": "diamond" if baseline == STRUCTURAL else "circle",
        "line": {"color": colour, "width": 1.6},
    }


def panel_name(text: str, top: float = 1.0) -> Layout:
    """Name a panel and its unit above its upper left corner, where a turned axis title would cost width."""
    corner = {"x": 0, "y": top, "xanchor": "left", "yanchor": "bottom", "xshift": 2, "yshift": 3}
    return {"xref": "paper", "yref": "paper", "text": text, "showarrow": False, "font": _SMALL} | corner


def scatter(mode: str, x: Sequence[Any], y: Sequence[Any], **more: Any) -> Trace:
    """Draw lines, markers or text; without a hovertemplate it says nothing when pointed at."""
    silent = {} if "hovertemplate" in more else {"hoverinfo": "skip"}
    return {"type": "scatter", "mode": mode, "x": x, "y": y} | silent | more


def regime_legend(regimes: Iterable[str]) -> list[tuple[str, str, str]]:
    """Give the legend's entries of these regimes."""
    return [(palette.title(name), palette.regime_colour(name), "swatch") for name in palette.regime_order(regimes)]


def dates(values: "Iterable[Any] | pd.Series[Any]") -> list[str | None]:
    """Write dates as ``YYYY-MM-DD``; missing ones become None."""
    series = pd.to_datetime(pd.Series(values))
    text = series.dt.strftime("%Y-%m-%d")
    return [None if missing else str(value) for value, missing in zip(text, series.isna(), strict=True)]


def day(value: Any) -> str:
    """Write a date as ``YYYY-MM-DD``, an en dash for a missing one."""
    return dates([value])[0] or "\N{EN DASH}"


def rounded(values: "Iterable[float] | pd.Series[float]", digits: int = 5) -> list[float | None]:
    """Keep so many significant digits; what is not finite becomes None."""
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in map(float, values)]


def runs(dates_: "pd.Series[Any]", values: "pd.Series[Any]") -> pd.DataFrame:
    """Close up equal neighbours, in order of time, to ``value, start, end``: a run ends where the next one begins."""
    stamps, names = pd.to_datetime(dates_).reset_index(drop=True), values.astype(str).reset_index(drop=True)
    first = names.ne(names.shift())
    starts = stamps[first].reset_index(drop=True)
    ends = starts.shift(-1).fillna(stamps.iloc[-1]) if len(stamps) else starts
    return pd.DataFrame({"value": names[first].reset_index(drop=True), "start": starts, "end": ends})


def bands(regimes: pd.DataFrame, low: float, high: float, **axes: str) -> list[Trace]:
    """Shade the regimes (``date, regime``) behind a line from low to high, one filled trace per regime."""
    spells = runs(regimes["date"], regimes["regime"])
    traces: list[Trace] = []
    for name, spell in ((name, spells[spells["value"] == name]) for name in palette.regime_order(spells["value"])):
        x: list[str | None] = []
        for start, end in zip(dates(spell["start"]), dates(spell["end"]), strict=True):
            x += [start, end, end, start, None]
        filled = {"fill": "toself", "fillcolor": rgba(palette.regime_colour(name), 0.28), "line": {"width": 0}}
        y = [low, low, high, high, None] * len(spell)
        traces.append(scatter("lines", x, y, showlegend=False, **filled, **axes))
    return traces


def whiskers(values: Sequence[tuple[float, float, float]], colour: str) -> Trace:
    """Give the x and the horizontal error bars of (value, low, high)."""
    ends = {
        "array": rounded([high - value for value, _, high in values], 4),
        "arrayminus": rounded([value - low for value, low, _ in values], 4),
    }
    bars = {"type": "data", "symmetric": False, "color": colour, "thickness": 1.6, "width": 0} | ends
    return {"x": rounded([value for value, _, _ in values], 4), "error_x": bars}


def rgba(colour: str, alpha: float) -> str:
    """Give ``#rrggbb`` an opacity."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def label(text: object) -> str:
    """Escape what plotly would take for markup or for a template."""
    return html.escape(str(text), quote=False).replace("%{", "% {")


def title(name: object) -> str:
    """Give a key's name as a chart may write it."""
    return label(palette.title(str(name)))


def segments(rows: Iterable[tuple[str | None, str | None, float]]) -> tuple[list[str | None], list[float | None]]:
    """Turn (start, end, height) into the x and y of one trace with gaps."""
    x: list[str | None] = []
    y: list[float | None] = []
    for start, end, height in rows:
        x += [start, end, None]
        y += [height, height, None]
    return x, y
