"""Movement and direction: how much of the skill is in whether a price moves, and how much in which way."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from barograph.names import BASELINES, PRIOR, REGIME_PRIOR
from barograph.report import charts, palette, words
from barograph.report.blocks import Chart, Controls, Group, Section, Words, present
from barograph.report.charts import Trace, forest_layout, scatter, whiskers
from barograph.report.results import SLICES, Results
from barograph.report.words import Quantity, Record

# What is called nearly all, of the skill that both parts make.
NEARLY_ALL: Final = 0.9
_TABLE: Final = "the regime table"
_AXIS: Final = f"Skill, % of {_TABLE}'s log loss"


class Part(NamedTuple):
    """A part of the skill against the regime table: its name within a sentence, and its size."""

    name: str
    size: Quantity


def section(results: Results) -> Section:
    """Split the skill of every predictor, and of one by regime, into movement and direction."""
    controls = Controls(
        "choose-split",
        "Predictor shown by regime",
        palette.choices(_shown(results)),
        filled="whether a price moves",
        hollow="its direction, where it moves",
        text=f"both in % of {_TABLE}'s log loss, so that they add up to the skill; right of zero is better. Intervals "
        "are not corrected for the number of regimes and predictors.",
    )
    drawn = Group(present(by_predictor(results), by_regime(results)), "columns")
    return Section("movement", "Movement and direction", heading(results), [Words(prose(results)), controls, drawn])


def heading(results: Results) -> str:
    """Say in which part the headline's skill is, as far as the intervals go."""
    row = results.headline_scores
    first, second = parts = _parts(row)
    better = [part for part in parts if _evidence(row, part) == "better"]
    if any(_evidence(row, part) == "insufficient" for part in parts):
        return "There is too little evidence to say whether the skill is in movement or in direction"
    if len(better) == 2:
        return _both(first, second)
    if not better:
        return words.capitalised(f"{_rest(first)}; {_rest(second)}")
    other = second if better[0] is first else first
    return f"Skill is shown in {better[0].name}: {better[0].size.text(' %')} of {_TABLE}'s log loss; {_rest(other)}"


def prose(results: Results) -> list[str]:
    """Say what the parts are, that they add up, and what the direction is worth on its own scale."""
    row = results.headline_scores
    movement, direction = (part.size for part in _parts(row))
    whole, alone = words.log_loss_skill(row), Quantity.of(row, f"direction_skill_{REGIME_PRIOR}", 100)
    frequent = _parts(row, PRIOR)
    return [
        "A price moves if it reaches a barrier in time, upwards or downwards. By the chain rule of probability the log "
        "loss is what a forecast loses about whether it moves, and, where it does, about the direction.",
        f"Of {palette.subject(results.headline)}'s skill against {_TABLE}, {whole.text(' %')}, the first part is "
        f"{movement.text(' %')}, the second {direction.text(' %')}. Of what {_TABLE} loses about the direction alone, "
        f"the second part is {alone.text(' %')}. Against the class frequencies of the past the parts are "
        f"{' and '.join(part.size.text(' %') for part in frequent)}. In brackets {results.confidence} intervals, from "
        f"{words.count(int(row['episodes']), 'fold')}.",
    ]


def by_predictor(results: Results) -> Chart | None:
    """Draw both parts for every predictor; None where there is none beside the regime table."""
    names = _shown(results)
    rows = [results.overall.loc[name].to_dict() for name in names]
    if not rows:
        return None
    data = [
        _marks([row], [len(rows) - 1 - place], nth, palette.mark(row["predictor"]).colour)
        for place, row in enumerate(rows)
        for nth in (0, 1)
    ]
    return Chart(
        "movement-predictors",
        _compared(rows),
        f"Parts of the log-loss skill with {results.confidence} intervals",
        f"Forest plot of the two parts of the skill for {words.count(len(rows), 'predictor')}.",
        data,
        forest_layout(_AXIS, [charts.title(name) for name in names], 34, rangemode="tozero"),
    )


def by_regime(results: Results) -> Chart | None:
    """Draw both parts in every regime, of one predictor at a time; None where there is no regime."""
    table = results[SLICES][results[SLICES]["kind"] == "regime"]
    own = {str(row["slice"]): row for row in table[table["predictor"] == results.headline].to_dict("records")}
    if not own:
        return None
    order = palette.regime_order(own)
    data = []
    for predictor in _shown(results):
        found = {str(row["slice"]): row for row in table[table["predictor"] == predictor].to_dict("records")}
        marks = _in_regimes([found[name] for name in order if name in found], order, palette.mark(predictor).colour)
        data += [mark | {"meta": {"predictor": predictor}, "visible": predictor == results.headline} for mark in marks]
    weak = any(not row["sufficient"] for row in own.values())
    return Chart(
        "movement-regimes",
        _in_which(own),
        f"Parts of the log-loss skill with {results.confidence} intervals",
        f"Forest plot of the two parts of the skill for {words.count(len(order), 'regime')}.",
        data,
        forest_layout(_AXIS, [_tick(own[name]) for name in order], 34, rangemode="tozero"),
        note="Grey: too few or too unequal episodes for a number; the interval speaks of those alone." if weak else "",
    )


def _parts(row: Record, baseline: str = REGIME_PRIOR) -> tuple[Part, Part]:
    movement, direction = (Quantity.of(row, f"{part}_{baseline}", 100) for part in ("movement", "direction"))
    return Part("whether a price moves", movement), Part("its direction", direction)


def _shown(results: Results) -> list[str]:
    """List the predictors, without the regime table, which all are compared to."""
    return [name for name in results.scored if name != REGIME_PRIOR]


def _evidence(row: Record, part: Part) -> words.Evidence:
    return part.size.evidence if row["sufficient"] else "insufficient"


def _both(first: Part, second: Part) -> str:
    """Tell of two parts that are both better: which is larger is said where their intervals are apart."""
    larger, smaller = sorted((first, second), key=lambda part: -part.size.estimate.value)
    if larger.size.estimate.low <= smaller.size.estimate.high:
        told = [f"{part.name}, {part.size.text(' %')}" for part in (first, second)]
        return f"Skill is shown in {', and in '.join(told)}"
    share = larger.size.estimate.value / (larger.size.estimate.value + smaller.size.estimate.value)
    return (
        f"{'Nearly all' if share >= NEARLY_ALL else 'Most'} of the skill is in {larger.name}: "
        f"{larger.size.text(' %')} of {_TABLE}'s log loss; {smaller.name} adds {smaller.size.text(' %')}"
    )


def _rest(part: Part) -> str:
    """Tell of a part in which no skill is shown."""
    size = part.size.text(" %", sign=True)
    if part.size.evidence == "worse":
        return f"in {part.name} {_TABLE} is better: {size}"
    return f"there is no evidence of skill in {part.name}: {size}"


def _compared(rows: Sequence[Record]) -> str:
    """Count the predictors that beat the regime table in either part; baselines are not counted."""
    judged = [row for row in rows if row["predictor"] not in BASELINES]
    movement, direction = (
        sum(_evidence(row, _parts(row)[nth]) == "better" for row in judged) or "none" for nth in (0, 1)
    )
    return (
        f"Of {words.count(len(judged), 'predictor')}, {movement} beat {_TABLE} in whether a price moves, {direction} "
        "in its direction"
    )


def _in_which(regimes: Mapping[str, Record]) -> str:
    """Name the regimes in which the headline beats the regime table in either part."""
    found = []
    for nth in (0, 1):
        shown = [name for name, row in regimes.items() if _evidence(row, _parts(row)[nth]) == "better"]
        found.append(words.joined(_named(shown)) or "no regime")
    few = [name for name, row in regimes.items() if not row["sufficient"]]
    text = f"Whether a price moves: skill in {found[0]}; its direction: in {found[1]}"
    return f"{text}; too little evidence in {words.joined(_named(few))}" if few else text


def _named(regimes: Sequence[str]) -> list[str]:
    return [palette.title(name).lower() for name in palette.regime_order(regimes)]


def _tick(row: Record) -> str:
    cases = words.cases(int(row["episodes"]), float(row["effective_episodes"]))
    few = "" if row["sufficient"] else ": too few"
    return f"{charts.title(row['slice'])}<br><span style='font-size:10.5px;color:{palette.MUTED}'>{cases}{few}</span>"


def _in_regimes(rows: Sequence[Record], order: Sequence[str], colour: str) -> list[Trace]:
    """Mark both parts in every regime, in grey where there is too little evidence."""
    places = {name: len(order) - 1 - place for place, name in enumerate(order)}
    return [
        _marks(some, [places[str(row["slice"])] for row in some], nth, colour if enough else palette.FAINT)
        for nth in (0, 1)
        for enough in (True, False)
        if (some := [row for row in rows if bool(row["sufficient"]) == enough])
    ]


def _marks(rows: Sequence[Record], places: Sequence[int], nth: int, colour: str) -> Trace:
    """Mark a part, filled above for the movement and hollow beneath for the direction, with its interval."""
    fill, shift = ((colour, 0.14), ("#ffffff", -0.14))[nth]
    drawn = scatter(
        "markers",
        [],
        [place + shift for place in places],
        marker={"color": fill, "size": 8, "line": {"color": colour, "width": 1.6}},
        text=[_hover(row, _parts(row)[nth]) for row in rows],
        hovertemplate="%{text}<extra></extra>",
    )
    estimates = [_parts(row)[nth].size.estimate for row in rows]
    return drawn | whiskers([(100 * value, 100 * low, 100 * high) for value, low, high in estimates], colour)


def _hover(row: Record, part: Part) -> str:
    if _evidence(row, part) == "insufficient":
        return f"{part.name}: too little evidence"
    return f"{part.name}: {part.size.text(' %')}<br>{words.count(int(row['rows']), 'row')}"
