"""Where the skill is: forest plots by regime, fold, event and sector; exams, reliability and confusion beside them."""

import re
from collections.abc import Callable
from typing import Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.blocks import Chart, Controls, Group, Section
from barograph.report.charts import Layout, Trace, axis, label, layout, scatter, whiskers
from barograph.report.parts import calibration, exam
from barograph.report.results import SLICES, Results
from barograph.report.words import Record

KINDS: Final = {"regime": "regimes", "fold": "test folds", "event": "events", "sector": "sectors"}


def section(results: Results) -> Section:
    """Draw the skill of every slice beside what exams, reliability curves and confusion tables say."""
    controls = Controls(
        "choose",
        "Predictor shown in the charts of this section",
        results.choices(results.scored),
        filled="against the regime table",
        hollow="against class frequencies",
        text=f"right of zero is better. Headings speak of: {palette.title(results.headline)}. Intervals are not "
        "corrected for the number of slices.",
    )
    forests = [chart for kind in KINDS if (chart := forest(results, kind)) is not None]
    blocks = [controls, Group(forests, "columns"), *exam.blocks(results), *calibration.blocks(results)]
    return Section("skill", "Where the skill is", heading(results), blocks)


def heading(results: Results) -> str:
    """Name the regimes in which the headline beats both baselines."""
    scores = {str(row["slice"]): row for row in _headline(results, "regime").to_dict("records")}
    found: dict[str, list[str]] = {"better": [], "worse": [], "none": [], "insufficient": []}
    for name in palette.regime_order(scores):
        row = scores[name]
        skill = words.log_loss_skill(row, words.harder_baseline(row))
        kind = skill.evidence if bool(row["sufficient"]) else "insufficient"
        found[kind].append(palette.title(name).lower())
    text = f"Skill is shown in {words.joined(found['better'])}" if found["better"] else "Skill is shown in no regime"
    if found["worse"]:
        text += f"; in {words.joined(found['worse'])} a baseline is better"
    if found["insufficient"]:
        text += f"; too little evidence in {words.joined(found['insufficient'])}"
    return text


def forest(results: Results, kind: str) -> Chart | None:
    """Draw the skill of each slice of a kind with its interval; None if there is no such slice."""
    slices = results[SLICES][results[SLICES]["kind"] == kind]
    scores = slices[slices["predictor"] == results.headline]
    if scores.empty:
        return None
    order = _order(results, kind, scores)
    names = _names(results, kind)
    places = {name: len(order) - 1 - place for place, name in enumerate(order)}
    rows = {str(row["slice"]): row for row in scores.to_dict("records")}
    ticks = [_tick(names.get(name, palette.title(name)), rows[name], kind) for name in order]
    data = [
        trace | {"meta": {"predictor": predictor}, "visible": predictor == results.headline}
        for predictor in results.scored
        for trace in _intervals(slices[slices["predictor"] == predictor], places, predictor)
    ]
    weak = sum(not bool(row["sufficient"]) for row in rows.values())
    return Chart(
        f"forest-{kind}",
        finding(results, kind),
        f"Log-loss skill with its {results.confidence} interval",
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


def finding(results: Results, kind: str) -> str:
    """Say in how many slices the headline beats the regime table beyond its interval."""
    scores = _headline(results, kind)
    judged = scores[scores["sufficient"].astype(bool)]
    evidence = [words.log_loss_skill(row).evidence for row in judged.to_dict("records")]
    better, worse = evidence.count("better"), evidence.count("worse")
    if not evidence:
        return f"None of {words.count(len(scores), KINDS[kind][:-1])} carries enough evidence on its own"
    of = f"{better} of {len(evidence)}" if better else f"none of {len(evidence)}"
    text = f"Better than the regime table in {of} {KINDS[kind]}"
    if worse:
        text += f", worse in {worse}"
    if len(scores) > len(judged):
        text += f"; too little evidence in {len(scores) - len(judged)}"
    return text


def _headline(results: Results, kind: str) -> pd.DataFrame:
    table = results[SLICES]
    return table[(table["kind"] == kind) & (table["predictor"] == results.headline)]


def _order(results: Results, kind: str, scores: pd.DataFrame) -> list[str]:
    names = scores["slice"].astype(str)
    if kind == "regime":
        return palette.regime_order(names)
    if kind == "fold":
        return sorted(names, key=lambda name: (_fold(name), name))
    if kind == "event":
        starts = dict(zip(results.named_events["event"], results.named_events["start"].astype(str), strict=True))
        return sorted(names, key=lambda name: (starts.get(name, ""), name))
    ranked = scores.assign(name=names).sort_values(["skill_regime_prior", "name"], ascending=[False, True])
    return ranked["name"].tolist()


def _names(results: Results, kind: str) -> dict[str, str]:
    if kind == "sector":
        return {name: name for name in results[SLICES]["slice"].astype(str)}
    if kind != "fold":
        return {}
    return {name: results.fold_names.get(_fold(name), name) for name in results[SLICES]["slice"].astype(str)}


def _fold(name: str) -> int:
    """Find the number of a fold in ``2008 (fold 3)`` or ``3``; -1 if there is none."""
    found = re.search(r"(\d+)\)?$", name)
    return int(found[1]) if found else -1


def _tick(name: str, row: Record, kind: str) -> str:
    if kind == "fold":
        return label(name)
    cases = words.count(int(row["dates"]), "day")
    if kind == "regime" or not bool(row["sufficient"]):
        cases = words.count(int(row["episodes"]), "episode") + ("" if bool(row["sufficient"]) else ": too few")
    return f"{label(name)}<br><span style='font-size:10.5px;color:{palette.MUTED}'>{cases}</span>"


def _intervals(rows: pd.DataFrame, places: dict[str, int], predictor: str) -> list[Trace]:
    """Mark the skill against both baselines, in grey where there is too little evidence."""
    colour = palette.marks([predictor])[predictor].colour
    rows = rows[rows["slice"].astype(str).isin(list(places))]
    enough = rows["sufficient"].astype(bool)
    return [
        _marks(shown, places, baseline, drawn, text)
        for baseline in ("regime_prior", "prior")
        for shown, drawn, text in ((rows[enough], colour, _hover), (rows[~enough], palette.FAINT, _too_little))
        if len(shown)
    ]


def _marks(
    rows: pd.DataFrame, places: dict[str, int], baseline: str, colour: str, text: Callable[[Record, str], str]
) -> Trace:
    skills = [words.log_loss_skill(row, baseline) for row in rows.to_dict("records")]
    against_table = baseline == "regime_prior"
    marker = {"color": colour if against_table else "#ffffff", "size": 8, "line": {"color": colour, "width": 1.6}}
    heights = [places[name] + (0.14 if against_table else -0.14) for name in rows["slice"].astype(str)]
    says = [text(row, baseline) for row in rows.to_dict("records")]
    return scatter("markers", [], heights, marker=marker, text=says, hovertemplate="%{text}<extra></extra>") | whiskers(
        [(100 * value, 100 * low, 100 * high) for value, low, high in (skill.estimate for skill in skills)], colour
    )


def _hover(row: Record, baseline: str) -> str:
    against = f"{words.log_loss_skill(row, baseline).text(' %')} against {palette.title(baseline).lower()}"
    return f"{against}<br>{words.count(int(row['rows']), 'row')}, {words.count(int(row['dates']), 'day')}"


def _too_little(row: Record, baseline: str) -> str:
    against = f"against {palette.title(baseline).lower()}"
    return f"too little evidence {against} ({words.count(int(row['episodes']), 'episode')})"
