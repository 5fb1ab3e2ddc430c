"""Where the skill is: forest plots, reliability curves and confusion tables."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.names import BASELINES, CLASSES
from barograph.report import palette, words
from barograph.report.figures import Chart, Layout, Trace, axis, label, layout, panel_name, rgba, rounded
from barograph.report.inputs import ReportInputs, models
from barograph.report.timeline import fold_names

FEW_ROWS: Final = 100
KINDS: Final = {"regime": "regimes", "fold": "test folds", "event": "events", "sector": "sectors"}


def scored(inputs: ReportInputs) -> list[str]:
    """Give the predictors a reader may choose: the headline, the models and the regime table."""
    there = set(inputs.slices["predictor"])
    return [inputs.headline, *models(inputs), *(name for name in BASELINES if name in there)]


def forest(inputs: ReportInputs, kind: str) -> Chart | None:
    """Draw the skill of each slice of a kind with its interval; None if there is no such slice."""
    slices = inputs.slices[inputs.slices["kind"] == kind]
    own = slices[slices["predictor"] == inputs.headline]
    if own.empty:
        return None
    order = _order(inputs, kind, own)
    names = _names(inputs, kind)
    places = {name: len(order) - 1 - place for place, name in enumerate(order)}
    rows = {str(row["slice"]): row for _, row in own.iterrows()}
    ticks = [_tick(names.get(name, palette.title(name)), rows[name], kind) for name in order]
    data = [
        trace
        for predictor in scored(inputs)
        for trace in _intervals(slices[slices["predictor"] == predictor], places, predictor, inputs.headline)
    ]
    weak = sum(not bool(row["sufficient"]) for row in rows.values())
    return Chart(
        f"forest-{kind}",
        finding(inputs, kind),
        f"Log-loss skill with its {inputs.confidence:.0%} interval".replace("%", " %"),
        f"Forest plot of log-loss skill for {len(order)} {KINDS[kind]}, {weak} of them with too little evidence.",
        data,
        _forest_layout(kind, ticks, [places[name] for name in order]),
        note="Grey: too few independent episodes for a number; the interval speaks of those alone." if weak else "",
    )


def _forest_layout(kind: str, ticks: list[str], places: list[int]) -> Layout:
    across = axis("Skill, % of the baseline's log loss", rangemode="tozero", zeroline=True, zerolinecolor=palette.INK)
    down = axis(range=[-0.6, len(places) - 0.4], tickvals=places, ticktext=ticks, fixedrange=True, gridcolor="#f1f3f5")
    return layout(
        64 + (34 if kind != "fold" else 26) * len(places),
        xaxis=across,
        yaxis=down,
        margin={"l": 8, "r": 12, "t": 4, "b": 8},
    )


def finding(inputs: ReportInputs, kind: str) -> str:
    """Say in how many slices the headline beats the regime table beyond its interval."""
    own = inputs.slices[(inputs.slices["kind"] == kind) & (inputs.slices["predictor"] == inputs.headline)]
    judged = own[own["sufficient"].astype(bool)]
    evidence = [words.log_loss_skill(row).evidence for _, row in judged.iterrows()]
    better, worse = evidence.count("better"), evidence.count("worse")
    if not evidence:
        return f"None of {words.count(len(own), KINDS[kind][:-1])} carries enough evidence on its own"
    of = f"{better} of {len(evidence)}" if better else f"none of {len(evidence)}"
    text = f"Better than the regime table in {of} {KINDS[kind]}"
    if worse:
        text += f", worse in {worse}"
    if len(own) > len(judged):
        text += f"; too little evidence in {len(own) - len(judged)}"
    return text


def section_heading(inputs: ReportInputs) -> str:
    """Name the regimes in which the headline beats both baselines."""
    own = inputs.slices[(inputs.slices["kind"] == "regime") & (inputs.slices["predictor"] == inputs.headline)]
    found: dict[str, list[str]] = {"better": [], "worse": [], "none": [], "insufficient": []}
    for name in palette.regime_order(own["slice"].astype(str)):
        row = own[own["slice"].astype(str) == name].iloc[0]
        skill = words.log_loss_skill(row, words.harder_baseline(row))
        kind = skill.evidence if bool(row["sufficient"]) else "insufficient"
        found[kind].append(palette.title(name).lower())
    text = f"Skill is shown in {words.joined(found['better'])}" if found["better"] else "Skill is shown in no regime"
    if found["worse"]:
        text += f"; in {words.joined(found['worse'])} a baseline is better"
    if found["insufficient"]:
        text += f"; too little evidence in {words.joined(found['insufficient'])}"
    return text


def reliability(inputs: ReportInputs) -> list[Chart]:
    """Draw one reliability curve a class: predicted probability against observed frequency."""
    table = inputs.calibration.assign(name=inputs.calibration["class"].map(palette.class_name))
    charts = []
    for name in [name for name in CLASSES if name in set(table["name"])]:
        own = table[(table["name"] == name) & (table["rows"] >= FEW_ROWS)]
        if own.empty:
            continue
        top = float(min(1.0, own[["mean_probability", "frequency"]].max().max() * 1.08))
        data: list[Trace] = [_diagonal(top)]
        curves = [_curve(own[own["predictor"] == one], one, inputs.headline) for one in scored(inputs)]
        data += [faint for faint, _ in curves] + [bold for _, bold in curves]
        figure = layout(
            300,
            annotations=[panel_name("Observed frequency")],
            xaxis=axis("Predicted probability", range=[0, top], tickformat=".0%"),
            yaxis=axis(range=[0, top], tickformat=".0%"),
        )
        charts.append(
            Chart(
                f"reliability-{name}",
                _calibration_finding(table[table["name"] == name], name, inputs.headline),
                words.count(int(own.loc[own["predictor"] == inputs.headline, "rows"].sum()), "row"),
                f"Reliability curve of the class {name}, one line a predictor.",
                data,
                figure,
            )
        )
    return charts


@dataclass(frozen=True)
class Confusion:
    """How one predictor called the rows of each label: ``cells[label][predicted]`` as (text, shade)."""

    predictor: str
    finding: str
    cells: list[tuple[str, list[tuple[str, str]]]]


def confusion(inputs: ReportInputs) -> list[Confusion]:
    """Give one small table a predictor: of the rows with a label, the share called each class."""
    table = inputs.confusion.assign(
        label=inputs.confusion["label"].map(palette.class_name),
        predicted=inputs.confusion["predicted"].map(palette.class_name),
    )
    tables = []
    for predictor in scored(inputs):
        own = table[table["predictor"] == predictor]
        if own.empty:
            continue
        counts = own.pivot_table(index="label", columns="predicted", values="rows", aggfunc="sum")
        counts = counts.reindex(index=list(CLASSES), columns=list(CLASSES)).fillna(0.0)
        grid = counts.to_numpy(float)
        shares = grid / np.maximum(grid.sum(axis=1, keepdims=True), 1)
        cells = [
            (name, [(f"{100 * share:.0f}", rgba("#0072B2", round(0.6 * share, 3))) for share in row])
            for name, row in zip(CLASSES, shares.tolist(), strict=True)
        ]
        called = grid.sum(axis=0) / max(grid.sum(), 1)
        most, share = CLASSES[int(called.argmax())], float(called.max())
        tables.append(Confusion(predictor, f"calls {most} on {100 * share:.0f} % of rows", cells))
    return tables


def _order(inputs: ReportInputs, kind: str, own: pd.DataFrame) -> list[str]:
    names = own["slice"].astype(str)
    if kind == "regime":
        return palette.regime_order(names)
    if kind == "fold":
        return sorted(names, key=lambda name: (_fold(name), name))
    if kind == "event":
        starts = dict(zip(inputs.archive_events["event"], inputs.archive_events["start"].astype(str), strict=True))
        return sorted(names, key=lambda name: (starts.get(name, ""), name))
    ranked = own.assign(name=names).sort_values(["skill_regime_prior", "name"], ascending=[False, True])
    return ranked["name"].tolist()


def _names(inputs: ReportInputs, kind: str) -> dict[str, str]:
    if kind == "sector":
        return {name: name for name in inputs.slices["slice"].astype(str)}
    if kind != "fold":
        return {}
    names = fold_names(inputs.folds)
    return {name: names.get(_fold(name), name) for name in inputs.slices["slice"].astype(str)}


def _fold(name: str) -> int:
    """Find the number of a fold in ``2008 (fold 3)`` or ``3``; -1 if there is none."""
    found = re.search(r"(\d+)\)?$", name)
    return int(found[1]) if found else -1


def _tick(name: str, row: "pd.Series[Any]", kind: str) -> str:
    if kind == "fold":
        return label(name)
    cases = words.count(int(row["dates"]), "day")
    if kind == "regime" or not bool(row["sufficient"]):
        cases = words.count(int(row["episodes"]), "episode") + ("" if bool(row["sufficient"]) else ": too few")
    return f"{label(name)}<br><span style='font-size:10.5px;color:{palette.MUTED}'>{cases}</span>"


def _intervals(rows: pd.DataFrame, places: dict[str, int], predictor: str, headline: str) -> list[Trace]:
    colour = palette.marks([predictor])[predictor].colour
    rows = rows[rows["slice"].astype(str).isin(list(places))]
    enough = rows["sufficient"].astype(bool)
    traces = []
    for baseline, shift in (("regime_prior", 0.14), ("prior", -0.14)):
        for shown, own, text in ((rows[enough], colour, _hover), (rows[~enough], palette.FAINT, _too_little)):
            if len(shown):
                heights = [places[name] + shift for name in shown["slice"].astype(str)]
                trace = _interval_marks(shown, heights, baseline, own)
                trace["text"] = [text(row, baseline) for _, row in shown.iterrows()]
                traces.append(trace | {"meta": {"predictor": predictor}, "visible": predictor == headline})
    return traces


def _interval_marks(rows: pd.DataFrame, heights: list[float], baseline: str, colour: str) -> Trace:
    estimates = [words.log_loss_skill(row, baseline) for _, row in rows.iterrows()]
    ends = {
        "array": rounded([100 * (one.high - one.value) for one in estimates], 4),
        "arrayminus": rounded([100 * (one.value - one.low) for one in estimates], 4),
    }
    fill = colour if baseline == "regime_prior" else "#ffffff"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded([100 * one.value for one in estimates], 4),
        "y": heights,
        "error_x": {"type": "data", "symmetric": False, "color": colour, "thickness": 1.6, "width": 0} | ends,
        "marker": {"color": fill, "size": 8, "line": {"color": colour, "width": 1.6}},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _hover(row: "pd.Series[Any]", baseline: str) -> str:
    against = f"{words.log_loss_skill(row, baseline).text(' %')} against {palette.title(baseline).lower()}"
    return f"{against}<br>{words.count(int(row['rows']), 'row')}, {words.count(int(row['dates']), 'day')}"


def _too_little(row: "pd.Series[Any]", baseline: str) -> str:
    against = f"against {palette.title(baseline).lower()}"
    return f"too little evidence {against} ({words.count(int(row['episodes']), 'episode')})"


def _diagonal(top: float) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [0, top],
        "y": [0, top],
        "line": {"color": palette.MUTED, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _curve(rows: pd.DataFrame, predictor: str, headline: str) -> tuple[Trace, Trace]:
    rows = rows.sort_values("bin")
    x, y = rounded(rows["mean_probability"], 4), rounded(rows["frequency"], 4)
    base: Trace = {"type": "scatter", "x": x, "y": y}
    faint = base | {"mode": "lines", "line": {"color": palette.FAINT, "width": 1}, "hoverinfo": "skip"}
    colour = palette.marks([predictor])[predictor].colour
    largest = max(float(rows["rows"].max()), 1.0) if len(rows) else 1.0
    bold = base | {
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2.2},
        "marker": {
            "color": colour,
            "size": [round(4 + 9 * (n / largest) ** 0.5, 1) for n in rows["rows"]],
            "opacity": 0.9,
        },
        "text": [words.count(int(n), "row") for n in rows["rows"]],
        "hovertemplate": "predicted %{x:.1%}<br>observed %{y:.1%}<br>%{text}<extra></extra>",
        "meta": {"predictor": predictor},
        "visible": predictor == headline,
    }
    return faint, bold


def _calibration_finding(rows: pd.DataFrame, name: str, headline: str) -> str:
    errors = {str(one): _calibration_error(own) for one, own in rows.groupby("predictor")}
    if headline not in errors:
        return f"{name.capitalize()}: no rows"
    off, bias = errors[headline]
    text = f"{name.capitalize()} is off by {off:.1f} points"
    if abs(bias) > 0.6 * off and off >= 1:
        text += ", mostly too high" if bias > 0 else ", mostly too low"
    return text + (f" (regime table {errors['regime_prior'][0]:.1f})" if "regime_prior" in errors else "")


def _calibration_error(rows: pd.DataFrame) -> tuple[float, float]:
    """Give the mean distance from the observed frequency, and its mean with sign, in points."""
    signed = (rows["mean_probability"] - rows["frequency"]) * rows["rows"]
    total = float(rows["rows"].sum())
    return 100 * float(signed.abs().sum()) / total, 100 * float(signed.sum()) / total
