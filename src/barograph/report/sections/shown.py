"""What the models were shown: rows by source and regime, how many of them count, replays, features and searches."""

from typing import Final

import pandas as pd

from barograph.memory import effective_size
from barograph.memory.schema import SAMPLES
from barograph.report import palette, words
from barograph.report.blocks import Cell, Chart, Column, Row, Section, Table, Words, present
from barograph.report.cells import DASH
from barograph.report.charts import Trace, axis, day, label, layout, panel_name, regime_legend, scatter
from barograph.report.parts import kept, replayed, tuned
from barograph.report.results import Results

SOURCES: Final = {"window": "", "archive": "/"}
_COLUMNS: Final = [
    Column("Period", words=True, whole=True),
    Column("Regime", words=True),
    Column("Weight"),
    Column("Rows"),
    Column("Usable from"),
]


def section(results: Results) -> Section:
    """Draw the rows of each fold, and tell of the archive, of replays, of the features kept and of the searches."""
    found = found_note(results)
    blocks = present(shown(results), _archive(results), Words([found], "note") if found else None)
    for part in (replayed, kept, tuned):
        blocks += part.blocks(results)
    return Section("shown-section", "What the models were shown", heading(results), blocks)


def heading(results: Results) -> str:
    """Say how much of what the models saw is archive, and how many rows the weights leave."""
    samples = results[SAMPLES]
    share = float((samples["source"] == "archive").mean())
    origin = f"{100 * share:.0f} % of rows come from the archive" if share else "Nothing comes from the archive"
    rows, equal = int(samples.groupby("fold").size().median()), float(effective_size(samples, ["fold"]).median())
    return f"{origin}; a fold of {rows:,} rows weighs as much as {round(equal, -1):,.0f} equal ones"


def shown(results: Results) -> Chart:
    """Draw the rows per fold by regime and source, with the effective sample size."""
    samples = results[SAMPLES]
    counts = samples.groupby(["fold", "source", "regime"]).size()
    folds = sorted(samples["fold"].unique())
    ticks = [label(results.fold_name(fold)) for fold in folds]
    bars = [
        _bar(ticks, rows, source, regime)
        for source in SOURCES
        for regime in palette.regime_order(samples["regime"].astype(str))
        if any(rows := [int(counts.get((fold, source, regime), 0)) for fold in folds])
    ]
    sizes = effective_size(samples, ["fold"]).loc[folds]
    figure = layout(
        430,
        barmode="stack",
        bargap=0.25,
        xaxis=axis("Fold, by test year", type="category", showgrid=False),
        annotations=[panel_name("Rows")],
        yaxis=axis(tickformat=",d", rangemode="tozero"),
    )
    return Chart(
        "shown",
        heading(results),
        "Rows a model is fitted on in each fold. In the effective sample size (Kish) copies of a row count once, and "
        "unequal weights cost.",
        f"Stacked bars of training rows by regime and source for {len(folds)} folds, with the effective sample size.",
        [*bars, _effective(ticks, sizes)],
        figure,
        note="Labels that overlap in time say less still; that is not counted here.",
        legend=[
            *regime_legend(samples["regime"].astype(str)),
            ("from the archive", palette.MUTED, "hatched"),
            ("effective sample size", palette.INK, "line"),
        ],
        titled=False,
    )


def _bar(ticks: list[str], rows: list[int], source: str, regime: str) -> Trace:
    pattern = {"fillmode": "overlay", "shape": SOURCES[source], "fgcolor": "#ffffff", "size": 6, "solidity": 0.3}
    marker = {"color": palette.regime_colour(regime), "line": {"width": 0}}
    return {
        "type": "bar",
        "x": ticks,
        "y": rows,
        "name": f"{palette.title(regime)}, {source}",
        "marker": marker | ({"pattern": pattern} if SOURCES[source] else {}),
        "hovertemplate": f"%{{x}}<br>{label(palette.title(regime))}, {source}: %{{y:,}} rows<extra></extra>",
    }


def _effective(ticks: list[str], sizes: "pd.Series[float]") -> Trace:
    edge = {"color": palette.INK, "width": 1.6}
    return scatter(
        "lines+markers",
        ticks,
        [round(size) for size in sizes],
        name="Effective sample size",
        line=edge,
        marker={"color": "#ffffff", "size": 7, "line": edge},
        hovertemplate="%{x}<br>worth %{y:,} rows<extra></extra>",
    )


def _archive(results: Results) -> Table | None:
    """List the archive's named events; None without any."""
    events = results.named_events.sort_values(["start", "event"])
    if events.empty:
        return None
    caption = "The archive: an event is used only by folds whose test begins after the day it became usable."
    rows = []
    for event in events.to_dict("records"):
        covered = event["coverage"] != "missing"
        cells = [
            Cell(f"{day(event['start'])} to {day(event['end'])}"),
            Cell(palette.title(str(event["regime"]))),
            Cell(words.number(float(event["event_weight"]), 2)),
            Cell(f"{int(event['rows']):,}" if covered else "not in the data"),
            Cell(day(event["available_from"])) if covered else DASH,
        ]
        rows.append(Row(palette.title(str(event["event"])), cells))
    return Table("archive-table", caption, _COLUMNS, rows, first="Event", sortable=False)


def found_note(results: Results) -> str:
    """Say how many events were found beside the named ones; empty where none were."""
    found = results.found_events
    if found.empty:
        return ""
    same = int(found["duplicate_of"].notna().sum())
    as_named = "a named event" if same == 1 else "named events"
    twins = f", {same} of them {as_named} under another name" if same else ""
    return (
        f"Beside them {words.count(len(found), 'episode')} found by rule{twins}; reports/archive/events.csv lists them."
    )
