"""Where the skill is: forest plots by regime, fold, event and sector; exams, reliability and confusion beside them."""

from collections.abc import Collection, Sequence
from typing import Final

import pandas as pd

from barograph.names import REGIME_PRIOR, STRUCTURAL
from barograph.report import palette, words
from barograph.report.blocks import Chart, Controls, Group, Section, present
from barograph.report.charts import (
    SKILL_SHIFTS,
    Layout,
    Trace,
    forest_layout,
    label,
    rounded,
    scatter,
    skill_marker,
    whiskers,
)
from barograph.report.parts import calibration, cells, exam, expected
from barograph.report.results import SLICES, Results
from barograph.report.words import Evidence, Record

KINDS: Final = {"regime": "regimes", "fold": "test folds", "event": "events", "sector": "sectors"}
# Each slice of these kinds is a single case: its score describes it, and claims nothing.
_SINGLE: Final = ("fold", "event")
# Pixels a row.
_ROWS: Final = {"regime": 72, "fold": 40}
# Pixels right of the last interval, for a p-value.
_ROOM: Final = 44


def section(results: Results) -> Section:
    """Draw the skill of every slice beside what exams, reliability curves and confusion tables say."""
    controls = Controls(
        "choose",
        "Predictor shown in the charts of this section",
        palette.choices(results.scored),
        filled="against the regime table",
        hollow="against class frequencies",
        diamond="against structural volatility",
        text=f"right of zero is better. Headings speak of: {palette.title(results.headline)}. Intervals are not "
        "corrected for the number of slices.",
    )
    forests = present(*(forest(results, kind) for kind in KINDS))
    slices = [controls, Group(forests, "columns"), *cells.blocks(results)]
    blocks = [*slices, *exam.blocks(results), *calibration.blocks(results), *expected.blocks(results)]
    return Section("skill", "Where the skill is", heading(results), blocks)


def heading(results: Results) -> str:
    """Name the regimes in which the headline beats every baseline."""
    scores = {str(row["slice"]): row for row in _headline(results, "regime").to_dict("records")}
    found: dict[str, list[str]] = {"better": [], "worse": [], "none": [], "insufficient": []}
    for name in palette.regime_order(scores):
        found[words.evidence(scores[name], words.harder_baseline(scores[name]))].append(palette.title(name).lower())
    text = f"Skill against every baseline is shown in {words.joined(found['better']) or 'no regime'}"
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
    ticks = [_tick(results, kind, rows[name]) for name in order]
    return Chart(
        f"forest-{kind}",
        finding(results, kind),
        f"Log-loss skill with its {results.confidence} interval",
        f"Forest plot of log-loss skill for {len(order)} {KINDS[kind]}{_spoken(kind, rows.values())}.",
        data,
        _layout(kind, ticks),
        note=_note(kind, rows.values()),
    )


def _layout(kind: str, ticks: Sequence[str]) -> Layout:
    figure = forest_layout("Skill, % of the baseline's log loss", ticks, _ROWS.get(kind, 46), rangemode="tozero")
    return figure | {"margin": figure["margin"] | {"r": _ROOM}} if kind == "regime" else figure


def _spoken(kind: str, rows: Collection[Record]) -> str:
    return ", each a single case" if kind in _SINGLE else f", {_weak(rows)} of them with too little evidence"


def _note(kind: str, rows: Collection[Record]) -> str:
    """Say what limits the reading of a forest."""
    if kind in _SINGLE:
        return (
            f"Each {_case(kind)} is one case. Its interval comes from blocks of its own days, and describes them alone."
        )
    grey = "Grey: too few or too unequal episodes for a number; the interval speaks of those alone." * bool(_weak(rows))
    if kind != "regime":
        return grey
    exact = (
        "Beside each mark is the p-value of the exact one-sided test over episodes, of being better than the baseline."
    )
    return f"{grey} {exact}".strip()


def _weak(rows: Collection[Record]) -> int:
    return sum(not row["sufficient"] for row in rows)


def _case(kind: str) -> str:
    return KINDS[kind].removesuffix("s")


def finding(results: Results, kind: str) -> str:
    """Say in how many slices the headline beats which baseline beyond its interval; single cases are described."""
    scores = _headline(results, kind).to_dict("records")
    if kind in _SINGLE:
        return _description(results, kind, scores)
    table, structural = ([words.evidence(row, name) for row in scores] for name in (REGIME_PRIOR, STRUCTURAL))
    few = table.count("insufficient")
    judged = len(table) - few
    if not judged:
        return f"None of {words.count(len(table), KINDS[kind][:-1])} carries enough evidence on its own"
    text = f"Better than the regime table in {_decided(table, f' of {judged} {KINDS[kind]}')}"
    text += f"; than the structural volatility baseline in {_decided(structural)}"
    return f"{text}; too little evidence in {few}" if few else text


def _decided(evidence: Sequence[Evidence], of: str = "") -> str:
    better, worse = evidence.count("better"), evidence.count("worse")
    return f"{better or 'none'}{of}" + (f", worse in {worse}" if worse else "")


def _description(results: Results, kind: str, scores: Sequence[Record]) -> str:
    """Count the single cases, here by point figures, without a claim."""
    above, beyond = (sum(row[f"skill_{name}"] > 0 for row in scores) for name in (REGIME_PRIOR, STRUCTURAL))
    yearly = kind == "fold" and all(results.fold_name(_fold(str(row["slice"]))).isdigit() for row in scores)
    case = "year" if yearly else _case(kind)
    return (
        f"In {above or 'none'} of {words.count(len(scores), case)} the score is above the regime table's, in "
        f"{beyond or 'none'} above the structural volatility baseline's; "
        f"{'an' if case == 'event' else 'a'} {case} is one case, and shows nothing alone"
    )


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
    if kind == "regime":
        few = "" if sufficient else f"<br>too few: {words.needed(int(row['more_episodes']))}"
        cases = f"{_episodes(row)}; p at best {words.chance(float(row['attainable_p']))}{few}"
    title = label(name if kind == "sector" else palette.title(name))
    return f"{title}<br><span style='font-size:10.5px;color:{palette.MUTED}'>{cases}</span>"


def _episodes(row: Record) -> str:
    return words.cases(int(row["episodes"]), float(row["effective_episodes"]))


def _intervals(rows: pd.DataFrame, places: dict[str, int], predictor: str) -> list[Trace]:
    """Mark the skill against every baseline: grey where there is too little evidence, muted where it is no claim."""
    rows = rows[rows["slice"].isin(list(places))]
    single, enough = rows["kind"].isin(_SINGLE), rows["sufficient"].astype(bool)
    coloured = (
        (rows[single], palette.MUTED),
        (rows[~single & enough], palette.mark(predictor).colour),
        (rows[~single & ~enough], palette.FAINT),
    )
    marks = [
        _marks(shown, places, baseline, colour) for baseline in SKILL_SHIFTS for shown, colour in coloured if len(shown)
    ]
    tested = rows[rows["kind"] == "regime"].to_dict("records")
    return [*marks, *(_exact_tests(tested, places, baseline) for baseline in SKILL_SHIFTS if tested)]


def _exact_tests(records: Sequence[Record], places: dict[str, int], baseline: str) -> Trace:
    """Write the p-value of the exact test right of the mark's interval."""
    skills = [words.log_loss_skill(row, baseline) for row in records]
    return scatter(
        "text",
        rounded([100 * (skill.estimate.high if skill.known else skill.estimate.value) for skill in skills], 4),
        [places[row["slice"]] + SKILL_SHIFTS[baseline] for row in records],
        text=[f"\N{NO-BREAK SPACE}p {words.chance(float(row[f'sign_flip_p_{baseline}']))}" for row in records],
        textposition="middle right",
        textfont={"size": 10, "color": palette.MUTED},
        cliponaxis=False,
    )


def _marks(rows: pd.DataFrame, places: dict[str, int], baseline: str, colour: str) -> Trace:
    records = rows.to_dict("records")
    drawn = scatter(
        "markers",
        [],
        [places[row["slice"]] + SKILL_SHIFTS[baseline] for row in records],
        marker=skill_marker(baseline, colour),
        text=[_hover(row, baseline) for row in records],
        hovertemplate="%{text}<extra></extra>",
    )
    estimates = [words.log_loss_skill(row, baseline).estimate for row in records]
    return drawn | whiskers([(100 * value, 100 * low, 100 * high) for value, low, high in estimates], colour)


def _hover(row: Record, baseline: str) -> str:
    against = f"against {palette.title(baseline).lower()}"
    exact = ""
    if row["kind"] == "regime":
        exact = words.exact_test(float(row[f"sign_flip_p_{baseline}"]), float(row["attainable_p"]))
        if not row["sufficient"]:
            counted = f"{_episodes(row)}; {words.needed(int(row['more_episodes']))}"
            return f"too little evidence {against}<br>{counted}<br>{exact}"
    skill, size = words.log_loss_skill(row, baseline), words.count(int(row["rows"]), "row")
    figure = skill.text(" %") if skill.known else f"{skill.figure()} %, without interval,"
    text = f"{figure} {against}<br>{size}, {words.count(int(row['dates']), 'day')}"
    return "<br>".join(filter(None, (text, exact, "one case: no claim" * (row["kind"] in _SINGLE))))
