"""Where the skill is: forest plots by regime, fold, event and sector; exams, reliability and confusion beside them."""

from typing import Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.blocks import Chart, Controls, Group, Section, present
from barograph.report.charts import Trace, forest_layout, label, scatter, whiskers
from barograph.report.parts import calibration, exam
from barograph.report.results import SLICES, Results
from barograph.report.words import Record

KINDS: Final = {"regime": "regimes", "fold": "test folds", "event": "events", "sector": "sectors"}


def section(results: Results) -> Section:
    """Draw the skill of every slice beside what exams, reliability curves and confusion tables say."""
    controls = Controls(
        "choose",
        "Predictor shown in the charts of this section",
        palette.choices(results.scored),
        filled="against the regime table",
        hollow="against class frequencies",
        text=f"right of zero is better. Headings speak of: {palette.title(results.headline)}. Intervals are not "
        "corrected for the number of slices.",
    )
    forests = present(*(forest(results, kind) for kind in KINDS))
    blocks = [controls, Group(forests, "columns"), *exam.blocks(results), *calibration.blocks(results)]
    return Section("skill", "Where the skill is", heading(results), blocks)


def heading(results: Results) -> str:
    """Name the regimes in which the headline beats both baselines."""
    scores = {str(row["slice"]): row for row in _headline(results, "regime").to_dict("records")}
    found: dict[str, list[str]] = {"better": [], "worse": [], "none": [], "insufficient": []}
    for name in palette.regime_order(scores):
        found[words.evidence(scores[name], words.harder_baseline(scores[name]))].append(palette.title(name).lower())
    text = f"Skill is shown in {words.joined(found['better']) or 'no regime'}"
    if found["worse"]:
        text += f"; in {words.joined(found['worse'])} a baseline is better"
    if found["insufficient"]:
        text += f"; too little evidence in {words.joined(found['insufficient'])}"
    return text


def forest(results: Results, kind: str) -> Chart | None:
    """Draw the skill of each slice of a kind with its interval; None if there is no such slice."""
    slices = results[SLICES][results[SLICES]["kind"] == kind]
    scores = _headline(results, kind)
    if scores.empty:
        return None
    order = _order(results, kind, scores)
    places = {name: len(order) - 1 - place for place, name in enumerate(order)}
    rows = {str(row["slice"]): row for row in scores.to_dict("records")}
    data = [
        trace | {"meta": {"predictor": predictor}, "visible": predictor == results.headline}
        for predictor in results.scored
        for trace in _intervals(slices[slices["predictor"] == predictor], places, predictor)
    ]
    weak = sum(not row["sufficient"] for row in rows.values())
    ticks = [_tick(results, kind, rows[name]) for name in order]
    return Chart(
        f"forest-{kind}",
        finding(results, kind),
        f"Log-loss skill with its {results.confidence} interval",
        f"Forest plot of log-loss skill for {len(order)} {KINDS[kind]}, {weak} of them with too little evidence.",
        data,
        forest_layout("Skill, % of the baseline's log loss", ticks, 26 if kind == "fold" else 34, rangemode="tozero"),
        note="Grey: too few or too unequal episodes for a number; the interval speaks of those alone." if weak else "",
    )


def finding(results: Results, kind: str) -> str:
    """Say in how many slices the headline beats the regime table beyond its interval."""
    evidence = [words.evidence(row) for row in _headline(results, kind).to_dict("records")]
    better, worse, few = (evidence.count(each) for each in ("better", "worse", "insufficient"))
    judged = len(evidence) - few
    if not judged:
        return f"None of {words.count(len(evidence), KINDS[kind][:-1])} carries enough evidence on its own"
    text = f"Better than the regime table in {better or 'none'} of {judged} {KINDS[kind]}"
    if worse:
        text += f", worse in {worse}"
    return f"{text}; too little evidence in {few}" if few else text


def _headline(results: Results, kind: str) -> pd.DataFrame:
    table = results[SLICES]
    return table[(table["kind"] == kind) & (table["predictor"] == results.headline)]


def _order(results: Results, kind: str, scores: pd.DataFrame) -> list[str]:
    names = scores["slice"].astype(str)
    if kind == "regime":
        return palette.regime_order(names)
    if kind == "fold":
        return sorted(names, key=_fold)
    if kind == "event":
        starts = dict(zip(results.named_events["event"], results.named_events["start"].astype(str), strict=True))
        return sorted(names, key=lambda name: (starts.get(name, ""), name))
    return scores.sort_values(["skill_regime_prior", "slice"], ascending=[False, True])["slice"].tolist()


def _fold(name: str) -> int:
    """Read the number of a fold from ``2008 (fold 3)``."""
    return int(name.removesuffix(")").rpartition(" ")[2])


def _tick(results: Results, kind: str, row: Record) -> str:
    name, sufficient = str(row["slice"]), bool(row["sufficient"])
    if kind == "fold":
        return label(results.fold_name(_fold(name)))
    cases = words.count(int(row["dates"]), "day")
    if kind == "regime" or not sufficient:
        cases = _episodes(row) + ("" if sufficient else ": too few")
    title = label(name if kind == "sector" else palette.title(name))
    return f"{title}<br><span style='font-size:10.5px;color:{palette.MUTED}'>{cases}</span>"


def _episodes(row: Record) -> str:
    return words.cases(int(row["episodes"]), float(row["effective_episodes"]))


def _intervals(rows: pd.DataFrame, places: dict[str, int], predictor: str) -> list[Trace]:
    """Mark the skill against both baselines, in grey where there is too little evidence."""
    rows = rows[rows["slice"].isin(list(places))]
    enough = rows["sufficient"].astype(bool)
    return [
        _marks(shown, places, baseline, colour)
        for baseline in ("regime_prior", "prior")
        for shown, colour in ((rows[enough], palette.mark(predictor).colour), (rows[~enough], palette.FAINT))
        if len(shown)
    ]


def _marks(rows: pd.DataFrame, places: dict[str, int], baseline: str, colour: str) -> Trace:
    records = rows.to_dict("records")
    fill, shift = (colour, 0.14) if baseline == "regime_prior" else ("#ffffff", -0.14)
    drawn = scatter(
        "markers",
        [],
        [places[row["slice"]] + shift for row in records],
        marker={"color": fill, "size": 8, "line": {"color": colour, "width": 1.6}},
        text=[_hover(row, baseline) for row in records],
        hovertemplate="%{text}<extra></extra>",
    )
    estimates = [words.log_loss_skill(row, baseline).estimate for row in records]
    return drawn | whiskers([(100 * value, 100 * low, 100 * high) for value, low, high in estimates], colour)


def _hover(row: Record, baseline: str) -> str:
    against = f"against {palette.title(baseline).lower()}"
    if not row["sufficient"]:
        return f"too little evidence {against} ({_episodes(row)})"
    skill = words.log_loss_skill(row, baseline).text(" %")
    return f"{skill} {against}<br>{words.count(int(row['rows']), 'row')}, {words.count(int(row['dates']), 'day')}"
