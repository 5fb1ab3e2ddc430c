"""The index, the VIX and the archive over time, and what each fold was trained and tested on."""

import math
from typing import Any

import numpy as np
import pandas as pd

from barograph.report import palette, words
from barograph.report.figures import (
    Chart,
    Layout,
    Trace,
    axis,
    bands,
    dates,
    label,
    layout,
    panel_name,
    regime_legend,
    rounded,
    segments,
)
from barograph.report.inputs import ReportInputs

ESTIMATED = "#CC79A7"
TESTED = "#0072B2"


def timeline(inputs: ReportInputs) -> Chart:
    """Draw the index with regime bands, the VIX and the archive's events on one axis of time."""
    index = inputs.context.dropna(subset=["index_close"])
    low, high = float(index["index_close"].min()) * 0.9, float(index["index_close"].max()) * 1.1
    events = _drawn_events(inputs)
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": dates(index["date"]),
        "y": rounded(index["index_close"], 6),
        "line": {"color": palette.INK, "width": 1.3},
        "hovertemplate": "%{x|%d %b %Y}<br>index %{y:,.0f}<extra></extra>",
    }
    return Chart(
        "timeline",
        heading(inputs),
        "A model may remember an event from the diamond on. Drag across to zoom all panels, double-click to return.",
        f"Line chart of the index with regimes shaded, the VIX below it and {len(events)} archive events.",
        [*bands(inputs.regimes, low, high), line, *_vix(inputs.context), *_events(events, index["date"])],
        _timeline_layout(inputs, low, high, events["row"].nunique()),
        note=_timeline_note(inputs),
        legend=_legend(inputs, drawn=bool(len(events))),
    )


def _timeline_layout(inputs: ReportInputs, low: float, high: float, events: int) -> Layout:
    height, tops, floors = _panels(events)
    index = axis(
        type="log",
        domain=[floors[0], tops[0]],
        range=[math.log10(low), math.log10(high)],
        fixedrange=True,
        tickvals=_log_ticks(low, high),
        tickformat=",~r",
    )
    figure = layout(
        height,
        xaxis=axis(
            type="date",
            range=_span(inputs),
            showgrid=False,
            anchor="y3" if events else "y2",
            hoverformat="%d %b %Y",
        ),
        yaxis=index,
        yaxis2=axis(domain=[floors[1], tops[1]], fixedrange=True, rangemode="tozero"),
        annotations=[panel_name("Index, log scale"), panel_name("VIX, points", tops[1])],
        shapes=_boundaries(inputs.folds, floors[1]),
        dragmode="zoom",
    )
    if events:
        rows: Layout = {"domain": [floors[2], tops[2]], "range": [-0.7, events - 0.3]}
        figure["yaxis3"] = axis(fixedrange=True, showgrid=False, showticklabels=False) | rows
        figure["annotations"].append(panel_name("Events of the archive", tops[2]))
    return figure


def heading(inputs: ReportInputs) -> str:
    """Say how rare the rarest of the days that matter are."""
    days = inputs.regimes["regime"].value_counts()
    crash, total = int(days.get("crash", 0)), int(days.sum())
    if crash:
        share = f"{crash:,} of {total:,} days ({100 * crash / total:.1f} %)"
        return f"Crashes are rare: {share}" if crash < 0.05 * total else f"The market crashed on {share}"
    most = str(days.index[0]) if total else "no regime"
    return f"No crash in {total:,} days; the commonest regime is {palette.title(most).lower()}"


def fold_map(inputs: ReportInputs) -> Chart:
    """Draw each fold's training and test window, and the archive events that it may use."""
    folds = inputs.folds.sort_values("fold").reset_index(drop=True)
    names = fold_names(folds)
    known = _events_by_fold(inputs, folds)
    rows = [float(row) for row in range(len(folds))]
    train = list(zip(dates(folds["train_start"]), dates(folds["train_end"]), rows, strict=True))
    windows = zip(dates(folds["test_start"]), dates(folds["test_end"]), rows, strict=True)
    test = [window for window in windows if window[1] is not None]
    data = [_bars("Trained on", train, palette.FAINT, 9), *_remembered(known), _bars("Tested on", test, TESTED, 9)]
    counts = [len(own) for own in known]
    figure = layout(
        60 + 20 * len(folds),
        annotations=[panel_name("Fold, by test year")],
        xaxis=axis(type="date"),
        yaxis=axis(
            range=[len(folds) - 0.4, -0.6],
            tickvals=list(range(len(folds))),
            ticktext=[label(names[fold]) for fold in folds["fold"]],
            showgrid=False,
            fixedrange=True,
        ),
    )
    grew = f"the archive grows from {counts[0]} to {words.count(counts[-1], 'event')}" if counts else "no folds"
    return Chart(
        "fold-map",
        f"{words.count(len(test), 'test')}, each trained on its past alone; {grew}",
        "Each fold may use the archive's events that are marked in its row, on the day they began.",
        f"Gantt chart of {len(folds)} folds with training and test windows.",
        data,
        figure,
        note="The last row is the final model, trained on everything and not scored." if len(test) < len(folds) else "",
        legend=[
            ("trained on", palette.FAINT, "swatch"),
            ("tested on", TESTED, "swatch"),
            ("archive event, in its regime's colour", palette.REGIME_COLOURS["crash"], "tick"),
        ],
    )


def fold_names(folds: pd.DataFrame) -> dict[Any, str]:
    """Name each fold by the years of its test window; the one without an end is the final model."""
    names: dict[Any, str] = {}
    for row in folds.itertuples():
        start, end = pd.Timestamp(row.test_start), pd.Timestamp(row.test_end)  # type: ignore[arg-type]
        names[row.fold] = "Final model" if pd.isna(end) else words.years(start, end)
    repeated = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {fold: f"{name} (fold {fold})" if name in repeated else name for fold, name in names.items()}


def _span(inputs: ReportInputs) -> list[str | None]:
    """Give the first date and a little more than the last one, of the data and of the events' days of recognition."""
    first, last = pd.Timestamp(inputs.context["date"].min()), pd.Timestamp(inputs.context["date"].max())
    last = max([last, *pd.to_datetime(inputs.archive_events["available_from"]).dropna()])
    return dates([first, last + (last - first) * 0.01])


def _panels(events: int) -> tuple[int, list[float], list[float]]:
    """Give the chart's height and the panels' tops and floors, as shares of the drawing area."""
    pixels, gap = [280, 110] + ([22 * events + 8] if events else []), 34
    area = sum(pixels) + gap * (len(pixels) - 1)
    tops = [1 - (sum(pixels[:place]) + gap * place) / area for place in range(len(pixels))]
    floors = [max(0.0, top - size / area) for top, size in zip(tops, pixels, strict=True)]
    return area + 60, [round(top, 4) for top in tops], [round(floor, 4) for floor in floors]


def _legend(inputs: ReportInputs, *, drawn: bool) -> list[tuple[str, str, str]]:
    entries = regime_legend(inputs.regimes["regime"].astype(str))
    entries.append(("a new test fold", palette.MUTED, "dots"))
    if inputs.context["vix_estimated"].astype(bool).any():
        entries.append(("VIX, estimated", ESTIMATED, "line"))
    return entries + ([("usable from", palette.INK, "diamond")] if drawn else [])


def _vix(context: pd.DataFrame) -> list[Trace]:
    traces: list[Trace] = []
    estimated = context["vix_estimated"].astype(bool)
    for flag, name, colour in ((False, "VIX", "#34495E"), (True, "VIX, estimated", ESTIMATED)):
        chosen = estimated == flag
        if not chosen.any():
            continue
        # Days of the other kind become gaps, except the neighbours that join the pieces.
        keep = chosen | (chosen.shift(1, fill_value=False) if flag else False)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": dates(context["date"][keep]),
                "y": rounded(context["vix"].where(chosen)[keep], 4),
                "yaxis": "y2",
                "line": {"color": colour, "width": 1.1},
                "hovertemplate": "%{x|%d %b %Y}<br>" + name + " %{y:.1f}<extra></extra>",
            }
        )
    return traces


def _drawn_events(inputs: ReportInputs) -> pd.DataFrame:
    """Give each named event a `row` of its own, the latest at the bottom, and all found ones the row beneath."""
    named = inputs.archive_events
    named = named[named["coverage"] != "missing"].sort_values(["start", "event"], ascending=[False, True])
    found = inputs.found_events[inputs.found_events["rows"] > 0]
    beneath = int(len(found) > 0)
    events = pd.concat(
        [
            named.assign(row=range(beneath, beneath + len(named)), named=True, duplicate_of=None),
            found.assign(row=0, named=False),
        ]
    )
    return events.reset_index(drop=True)


def _events(events: pd.DataFrame, days: "pd.Series[Any]") -> list[Trace]:
    if events.empty:
        return []
    middle = pd.Timestamp(days.min()) + (pd.Timestamp(days.max()) - pd.Timestamp(days.min())) * 0.5
    traces: list[Trace] = []
    starts, ends, known = dates(events["start"]), dates(events["end"]), dates(events["available_from"])
    for regime in palette.regime_order(events["regime"]):
        own = [place for place in range(len(events)) if events["regime"][place] == regime]
        x, y = segments([(starts[place], ends[place], float(events["row"][place])) for place in own])
        line = {"color": palette.regime_colour(regime), "width": 9}
        traces.append(_line(x, y, line))
    x, y = segments([(ends[place], known[place], float(row)) for place, row in enumerate(events["row"])])
    traces.append(_line(x, y, {"color": palette.MUTED, "width": 1, "dash": "dot"}))
    named = events[events["named"]]
    left = [pd.Timestamp(start) > middle for start in named["start"]]
    names = [label(palette.title(str(name))) for name in named["event"]]
    anchors = [starts[at] if side else known[at] or ends[at] for at, side in zip(named.index, left, strict=True)]
    if not events["named"].all():
        names, left, anchors = [*names, "Found by rule, not named"], [*left, False], [*anchors, dates([days.min()])[0]]
    traces.append(
        {
            "type": "scatter",
            "mode": "text",
            "x": anchors,
            "y": sorted(set(events["row"]), key=lambda row: (row == 0 and len(names) > len(named), row)),
            "yaxis": "y3",
            "text": [f"{name}   " if side else f"   {name}" for name, side in zip(names, left, strict=True)],
            "textposition": ["middle left" if side else "middle right" for side in left],
            "textfont": {"size": 11, "color": palette.INK},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    )
    return [*traces, _recognition(events, [label(palette.title(str(name))) for name in events["event"]])]


def _recognition(events: pd.DataFrame, names: list[str]) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": dates(events["available_from"]),
        "y": events["row"].tolist(),
        "yaxis": "y3",
        "marker": {
            "symbol": "diamond",
            "size": 8.5,
            "color": [palette.regime_colour(str(name)) for name in events["regime"]],
            "line": {"color": palette.INK, "width": 1.3},
        },
        "text": names,
        "customdata": [
            [start, end, f"{int(rows):,}"]
            for start, end, rows in zip(dates(events["start"]), dates(events["end"]), events["rows"], strict=True)
        ],
        "cliponaxis": False,
        "hovertemplate": "<b>%{text}</b><br>%{customdata[0]} to %{customdata[1]}, %{customdata[2]} rows"
        "<br>usable from %{x|%d %b %Y}<extra></extra>",
    }


def _line(x: list[str | None], y: list[float | None], line: Layout) -> Trace:
    hidden = {"hoverinfo": "skip", "showlegend": False, "yaxis": "y3"}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line} | hidden


def _bars(name: str, rows: list[tuple[str | None, str | None, float]], colour: str, width: int) -> Trace:
    x, y = segments(rows)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width},
        "hovertemplate": name.lower() + ": %{x|%d %b %Y}<extra></extra>",
    }


def _remembered(known: list[pd.DataFrame]) -> list[Trace]:
    rows = [(event, place) for place, own in enumerate(known) for event in own.itertuples()]
    if not rows:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": dates([event.start for event, _ in rows]),
            "y": [place for _, place in rows],
            "marker": {
                "symbol": "line-ns",
                "size": 9,
                "line": {"width": 2.5, "color": [palette.regime_colour(str(event.regime)) for event, _ in rows]},
                "color": palette.INK,
            },
            "text": [label(palette.title(str(event.event))) for event, _ in rows],
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]


def _events_by_fold(inputs: ReportInputs, folds: pd.DataFrame) -> list[pd.DataFrame]:
    events = _drawn_events(inputs)
    available, own = pd.to_datetime(events["available_from"]), events["named"] | events["duplicate_of"].isna()
    shown = inputs.samples[["fold", "event"]].dropna().drop_duplicates()
    known = []
    for row in folds.itertuples():
        used = events["event"].isin(shown.loc[shown["fold"] == row.fold, "event"])
        known.append(events[used | (own & (available <= pd.Timestamp(row.train_end)))])  # type: ignore[arg-type]
    return known


def _boundaries(folds: pd.DataFrame, low: float) -> list[Layout]:
    line = {"color": palette.MUTED, "width": 0.7, "dash": "dot"}
    return [
        {"type": "line", "xref": "x", "yref": "paper", "x0": day, "x1": day, "y0": low, "y1": 1, "line": line}
        for day in dates(folds["test_start"])
        if day is not None
    ]


def _log_ticks(low: float, high: float) -> list[float]:
    steps = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]
    inside = [tick for tick in steps if low <= tick <= high]
    return inside if len(inside) >= 2 else [float(f"{tick:.2g}") for tick in np.geomspace(low, high, 4)]


def _timeline_note(inputs: ReportInputs) -> str:
    notes = []
    estimated = float(inputs.context["vix_estimated"].astype(bool).mean())
    if estimated > 0:
        share = f"{100 * estimated:.0f} % of days" if estimated >= 0.01 else "less than 1 % of days"
        notes.append(f"The VIX is estimated from the index on {'every day' if estimated == 1 else share}.")
    events = inputs.archive_events
    for coverage, meaning in (("partial", "Partly covered by the data"), ("missing", "Not covered, so not remembered")):
        names = [palette.title(str(name)) for name in events.loc[events["coverage"] == coverage, "event"]]
        if names:
            notes.append(f"{meaning}: {words.joined(names)}.")
    return " ".join(notes)
