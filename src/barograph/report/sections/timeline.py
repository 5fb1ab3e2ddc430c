"""The index, the VIX and the archive over time, and what each fold was trained and tested on."""

from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.folds.schema import FOLDS
from barograph.market.schema import CONTEXT
from barograph.memory.schema import SAMPLES
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import charts, heat, palette, words
from barograph.report.blocks import Chart, Section
from barograph.report.charts import Layout, Trace
from barograph.report.results import Results

ESTIMATED: Final = "#CC79A7"
TESTED: Final = "#0072B2"


def section(results: Results) -> Section:
    """Draw the market with its regimes and events, and the folds beneath."""
    blocks = [timeline(results), fold_map(results)]
    return Section("timeline-section", "Timeline", heading(results), blocks)


def timeline(results: Results) -> Chart:
    """Draw the index with regime bands, the VIX and the archive's events on one axis of time."""
    context = results[CONTEXT]
    index, events = context.dropna(subset=["index_close"]), _drawn_events(results)
    low, high = float(index["index_close"].min()) * 0.9, float(index["index_close"].max()) * 1.1
    line = charts.scatter(
        "lines",
        charts.dates(index["date"]),
        charts.rounded(index["index_close"], 6),
        line={"color": palette.INK, "width": 1.3},
        hovertemplate="%{x|%d %b %Y}<br>index %{y:,.0f}<extra></extra>",
    )
    drawn = _events(events, index["date"]) if len(events) else []
    legend = [*charts.regime_legend(results[REGIME_SERIES]["regime"]), ("a new test fold", palette.MUTED, "dots")]
    legend += [("VIX, estimated", ESTIMATED, "line")] if context["vix_estimated"].any() else []
    return Chart(
        "timeline",
        heading(results),
        "A model may remember an event from the diamond on. Drag across to zoom all panels, double-click to return.",
        f"Line chart of the index with regimes shaded, the VIX below it and {len(events)} archive events.",
        [*charts.bands(results[REGIME_SERIES], low, high), line, *_vix(context), *drawn],
        _timeline_layout(results, low, high, events["row"].nunique()),
        note=_timeline_note(results),
        legend=[*legend, ("usable from", palette.INK, "diamond")] if len(events) else legend,
        titled=False,
    )


def _timeline_layout(results: Results, low: float, high: float, events: int) -> Layout:
    height, tops, floors = _panels(events)
    first, last = results[CONTEXT]["date"].min(), results[CONTEXT]["date"].max()
    last = max([last, *results.named_events["available_from"].dropna()])
    span = charts.dates([first, last + (last - first) * 0.01])
    line = {"color": palette.MUTED, "width": 0.7, "dash": "dot"}
    figure = charts.layout(
        height,
        xaxis=charts.axis(
            type="date", range=span, showgrid=False, anchor="y3" if events else "y2", hoverformat="%d %b %Y"
        ),
        yaxis=charts.log_axis(low, high, _index_ticks(low, high), domain=[floors[0], tops[0]], tickformat=",~r"),
        yaxis2=charts.axis(domain=[floors[1], tops[1]], fixedrange=True, rangemode="tozero"),
        annotations=[charts.panel_name("Index, log scale"), charts.panel_name("VIX, points", tops[1])],
        shapes=[
            {"type": "line", "xref": "x", "yref": "paper", "x0": day, "x1": day, "y0": floors[1], "y1": 1, "line": line}
            for day in charts.dates(results[FOLDS]["test_start"].dropna())
        ],
        dragmode="zoom",
    )
    if events:
        rows: Layout = {"domain": [floors[2], tops[2]], "range": [-0.7, events - 0.3]}
        figure["yaxis3"] = charts.axis(fixedrange=True, showgrid=False, showticklabels=False) | rows
        figure["annotations"].append(charts.panel_name("Events of the archive", tops[2]))
    return figure


def _index_ticks(low: float, high: float) -> list[float]:
    """Give ticks at 1, 2 and 5 of each power of ten, and others where fewer than two of them are inside."""
    ticks = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]
    few = sum(low <= tick <= high for tick in ticks) < 2
    return [float(f"{tick:.2g}") for tick in np.geomspace(low, high, 4)] if few else ticks


def heading(results: Results) -> str:
    """Say how rare the rarest of the days that matter are."""
    days = results[REGIME_SERIES]["regime"].value_counts()
    crash, total = int(days.get("crash", 0)), int(days.sum())
    if crash:
        share = f"{crash:,} of {total:,} days ({100 * crash / total:.1f} %)"
        return f"Crashes are rare: {share}" if crash < 0.05 * total else f"The market crashed on {share}"
    return f"No crash in {total:,} days; the commonest regime is {palette.title(days.index[0]).lower()}"


def fold_map(results: Results) -> Chart:
    """Draw each fold's training and test window, and the archive events that it may use."""
    folds = results[FOLDS].sort_values("fold").reset_index(drop=True)
    known = _events_by_fold(results, folds)
    rows = [float(row) for row in range(len(folds))]
    train = list(zip(charts.dates(folds["train_start"]), charts.dates(folds["train_end"]), rows, strict=True))
    windows = zip(charts.dates(folds["test_start"]), charts.dates(folds["test_end"]), rows, strict=True)
    test = [window for window in windows if window[1] is not None]
    remembered = [_remembered(known)] if any(map(len, known)) else []
    data = [_bars("trained on", train, palette.FAINT), *remembered, _bars("tested on", test, TESTED)]
    counts = [len(events) for events in known]
    names = [results.fold_name(fold) for fold in folds["fold"]]
    figure = charts.layout(
        60 + 20 * len(folds),
        annotations=[charts.panel_name("Fold, by test year")],
        xaxis=charts.axis(type="date"),
        yaxis=charts.axis(range=[len(folds) - 0.4, -0.6], showgrid=False, fixedrange=True, **heat.names(names)),
    )
    grew = f"the archive grows from {counts[0]} to {words.count(counts[-1], 'event')}"
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


def _panels(events: int) -> tuple[int, list[float], list[float]]:
    """Give the chart's height and the panels' tops and floors, as shares of the drawing area."""
    pixels, gap = [280, 110] + ([22 * events + 8] if events else []), 34
    area = sum(pixels) + gap * (len(pixels) - 1)
    tops = [1 - (sum(pixels[:place]) + gap * place) / area for place in range(len(pixels))]
    floors = [max(0.0, top - size / area) for top, size in zip(tops, pixels, strict=True)]
    return area + 60, [round(top, 4) for top in tops], [round(floor, 4) for floor in floors]


def _vix(context: pd.DataFrame) -> list[Trace]:
    traces: list[Trace] = []
    estimated = context["vix_estimated"].astype(bool)
    for flag, name, colour in ((False, "VIX", "#34495E"), (True, "VIX, estimated", ESTIMATED)):
        chosen = estimated == flag
        if not chosen.any():
            continue
        # Days of the other kind become gaps, except the neighbours that join the pieces.
        keep = chosen | (chosen.shift(1, fill_value=False) if flag else False)
        days, values = charts.dates(context["date"][keep]), charts.rounded(context["vix"].where(chosen)[keep], 4)
        hover = "%{x|%d %b %Y}<br>" + name + " %{y:.1f}<extra></extra>"
        line = {"color": colour, "width": 1.1}
        traces.append(charts.scatter("lines", days, values, yaxis="y2", line=line, hovertemplate=hover))
    return traces


def _drawn_events(results: Results) -> pd.DataFrame:
    """Give each named event a `row` for itself, the latest at the bottom, and all found ones the row beneath."""
    named, found = results.named_events, results.found_events
    named = named[named["coverage"] != "missing"].sort_values(["start", "event"], ascending=[False, True])
    found = found[found["rows"] > 0]
    beneath = int(len(found) > 0)
    rows = range(beneath, beneath + len(named))
    both = [named.assign(row=rows, named=True, duplicate_of=None), found.assign(row=0, named=False)]
    return pd.concat(both).reset_index(drop=True)


def _events(events: pd.DataFrame, days: "pd.Series[Any]") -> list[Trace]:
    """Draw each event from its first day to its last, dotted on to the day from which it may be used."""
    starts, ends, known = (charts.dates(events[key]) for key in ("start", "end", "available_from"))
    hidden = {"showlegend": False, "yaxis": "y3"}
    traces = []
    for regime in palette.regime_order(events["regime"]):
        places = np.flatnonzero(events["regime"] == regime)
        x, y = charts.segments((starts[place], ends[place], float(events["row"][place])) for place in places)
        traces.append(
            charts.scatter("lines", x, y, line={"color": palette.regime_colour(regime), "width": 9}, **hidden)
        )
    x, y = charts.segments(zip(ends, known, events["row"].astype(float).tolist(), strict=True))
    traces.append(charts.scatter("lines", x, y, line={"color": palette.MUTED, "width": 1, "dash": "dot"}, **hidden))
    return [*traces, _event_names(events, days), _recognition(events)]


def _event_names(events: pd.DataFrame, days: "pd.Series[Any]") -> Trace:
    """Write the named events' names on the side where there is room, and one name for all found ones."""
    named = events[events["named"]]
    names, rows = [charts.title(name) for name in named["event"]], named["row"].tolist()
    left = (named["start"] > days.min() + (days.max() - days.min()) * 0.5).tolist()
    anchors = charts.dates(named["start"].where(left, named["available_from"].fillna(named["end"])))
    if len(named) < len(events):
        names, rows, left = [*names, "Found by rule, not named"], [*rows, 0], [*left, False]
        anchors += charts.dates([days.min()])
    return charts.scatter(
        "text",
        anchors,
        rows,
        yaxis="y3",
        text=[f"{name}   " if side else f"   {name}" for name, side in zip(names, left, strict=True)],
        textposition=["middle left" if side else "middle right" for side in left],
        textfont={"size": 11, "color": palette.INK},
        showlegend=False,
    )


def _recognition(events: pd.DataFrame) -> Trace:
    colours = [palette.regime_colour(str(name)) for name in events["regime"]]
    spans = zip(charts.dates(events["start"]), charts.dates(events["end"]), events["rows"], strict=True)
    return charts.scatter(
        "markers",
        charts.dates(events["available_from"]),
        events["row"].tolist(),
        yaxis="y3",
        marker={"symbol": "diamond", "size": 8.5, "color": colours, "line": {"color": palette.INK, "width": 1.3}},
        text=[charts.title(name) for name in events["event"]],
        customdata=[[start, end, f"{int(rows):,}"] for start, end, rows in spans],
        cliponaxis=False,
        hovertemplate="<b>%{text}</b><br>%{customdata[0]} to %{customdata[1]}, %{customdata[2]} rows"
        "<br>usable from %{x|%d %b %Y}<extra></extra>",
    )


def _bars(name: str, rows: list[tuple[str | None, str | None, float]], colour: str) -> Trace:
    x, y = charts.segments(rows)
    hover = name + ": %{x|%d %b %Y}<extra></extra>"
    return charts.scatter("lines", x, y, line={"color": colour, "width": 9}, hovertemplate=hover)


def _remembered(known: list[pd.DataFrame]) -> Trace:
    drawn = pd.concat([events.assign(place=place) for place, events in enumerate(known)])
    colours = [palette.regime_colour(regime) for regime in drawn["regime"]]
    return charts.scatter(
        "markers",
        charts.dates(drawn["start"]),
        drawn["place"].tolist(),
        marker={"symbol": "line-ns", "size": 9, "line": {"width": 2.5, "color": colours}, "color": palette.INK},
        text=[charts.title(event) for event in drawn["event"]],
        hovertemplate="%{text}<extra></extra>",
    )


def _events_by_fold(results: Results, folds: pd.DataFrame) -> list[pd.DataFrame]:
    """Give the events that each fold may use: those it was shown, and those that were available before its end."""
    events, samples = _drawn_events(results), results[SAMPLES]
    available = pd.to_datetime(events["available_from"])
    distinct = events["named"] | events["duplicate_of"].isna()
    shown = samples[["fold", "event"]].dropna().drop_duplicates()
    known = []
    for fold, end in zip(folds["fold"], pd.to_datetime(folds["train_end"]), strict=True):
        used = events["event"].isin(shown.loc[shown["fold"] == fold, "event"])
        known.append(events[used | (distinct & (available <= end))])
    return known


def _timeline_note(results: Results) -> str:
    notes = []
    estimated = float(results[CONTEXT]["vix_estimated"].astype(bool).mean())
    if estimated > 0:
        share = f"{100 * estimated:.0f} % of days" if estimated >= 0.01 else "less than 1 % of days"
        notes.append(f"The VIX is estimated from the index on {'every day' if estimated == 1 else share}.")
    events = results.named_events
    for coverage, meaning in (("partial", "Partly covered by the data"), ("missing", "Not covered, so not remembered")):
        names = [palette.title(str(name)) for name in events.loc[events["coverage"] == coverage, "event"]]
        if names:
            notes.append(f"{meaning}: {words.joined(names)}.")
    return " ".join(notes)
