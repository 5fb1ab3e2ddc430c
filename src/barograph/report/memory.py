"""What the models were shown: rows by source and regime, and how many of them count."""

from typing import Any, Final

import pandas as pd

from barograph.memory import effective_size
from barograph.report import palette, words
from barograph.report.figures import Chart, Trace, axis, label, layout, panel_name, regime_legend
from barograph.report.inputs import ReportInputs
from barograph.report.timeline import fold_names

SOURCES: Final = {"window": "", "archive": "/"}


def shown(inputs: ReportInputs) -> Chart | None:
    """Draw the rows a fold by regime and source, with the effective sample size; None without samples."""
    samples = inputs.samples
    if samples.empty:
        return None
    counts = samples.groupby(["fold", "source", "regime"]).size()
    names = fold_names(inputs.folds)
    folds = sorted(samples["fold"].unique())
    ticks = [label(names.get(fold, f"fold {fold}")) for fold in folds]
    data: list[Trace] = []
    for source in SOURCES:
        for regime in palette.regime_order(samples["regime"].astype(str)):
            rows = [int(counts.get((fold, source, regime), 0)) for fold in folds]
            if any(rows):
                data.append(_bar(ticks, rows, source, regime))
    data.append(_effective(ticks, effective_size(samples, ["fold"]).loc[folds].tolist()))
    figure = layout(
        430,
        barmode="stack",
        bargap=0.25,
        showlegend=False,
        xaxis=axis("Fold, by test year", type="category", showgrid=False),
        annotations=[panel_name("Rows")],
        yaxis=axis(tickformat=",d", rangemode="tozero"),
    )
    return Chart(
        "shown",
        heading(inputs),
        "Rows a model is fitted on in each fold. In the effective sample size (Kish) copies of a row count once, and "
        "unequal weights cost.",
        f"Stacked bars of training rows by regime and source for {len(folds)} folds, with the effective sample size.",
        data,
        figure,
        note="Labels that overlap in time say less still; that is not counted here.",
        legend=[
            *regime_legend(samples["regime"].astype(str)),
            ("from the archive", palette.MUTED, "hatched"),
            ("effective sample size", palette.INK, "line"),
        ],
    )


def heading(inputs: ReportInputs) -> str:
    """Say how much of what the models saw is archive, and how many rows the weights leave."""
    samples = inputs.samples
    if samples.empty:
        return "No samples were drawn"
    sizes, effective = samples.groupby("fold").size(), effective_size(samples, ["fold"])
    share = float((samples["source"] == "archive").mean())
    what = f"{100 * share:.0f} % of rows come from the archive" if share else "Nothing comes from the archive"
    typical = int(sizes.median())
    return (
        f"{what}; a fold of {typical:,} rows weighs as much as {round(float(effective.median()), -1):,.0f} equal ones"
    )


def archive_rows(inputs: ReportInputs) -> list[tuple[str, list[str]]]:
    """Give the archive's events as rows of a table: name, period, regime, weight, rows, usable from."""
    rows = []
    for event in inputs.archive_events.sort_values(["start", "event"]).itertuples():
        covered = event.coverage != "missing"
        weight = getattr(event, "event_weight", float("nan"))
        cells = [
            f"{_day(event.start)} to {_day(event.end)}",
            palette.title(str(event.regime)),
            words.number(float(weight), 2),
            f"{int(event.rows):,}" if covered else "not in the data",  # type: ignore[arg-type]
            _day(event.available_from) if covered else "\N{EN DASH}",
        ]
        rows.append((palette.title(str(event.event)), cells))
    return rows


def found_note(inputs: ReportInputs) -> str:
    """Say how many events were found beside the named ones; empty where none were."""
    found = inputs.found_events
    if found.empty:
        return ""
    same = int(found["duplicate_of"].notna().sum())
    as_named = "a named event" if same == 1 else "named events"
    twins = f", {same} of them {as_named} under another name" if same else ""
    return (
        f"Beside them {words.count(len(found), 'episode')} found by rule{twins}; reports/archive/events.csv lists them."
    )


def _day(value: Any) -> str:
    stamp = pd.Timestamp(value)
    return "\N{EN DASH}" if pd.isna(stamp) else stamp.strftime("%Y-%m-%d")


def _bar(ticks: list[str], rows: list[int], source: str, regime: str) -> Trace:
    colour = palette.regime_colour(regime)
    pattern = {"fillmode": "overlay", "shape": SOURCES[source], "fgcolor": "#ffffff", "size": 6, "solidity": 0.3}
    return {
        "type": "bar",
        "x": ticks,
        "y": rows,
        "name": f"{palette.title(regime)}, {source}",
        "marker": {"color": colour, "line": {"width": 0}} | ({"pattern": pattern} if SOURCES[source] else {}),
        "hovertemplate": f"%{{x}}<br>{label(palette.title(regime))}, {source}: %{{y:,}} rows<extra></extra>",
    }


def _effective(ticks: list[str], sizes: list[float]) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": ticks,
        "y": [round(size) for size in sizes],
        "name": "Effective sample size",
        "line": {"color": palette.INK, "width": 1.6},
        "marker": {"color": "#ffffff", "size": 7, "line": {"color": palette.INK, "width": 1.6}},
        "hovertemplate": "%{x}<br>worth %{y:,} rows<extra></extra>",
    }
