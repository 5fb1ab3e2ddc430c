"""Skill in small cells: per symbol, and per sector and regime, where a test corrected for their number decides."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from barograph.names import BASELINES, REGIME_PRIOR, STRUCTURAL
from barograph.report import heat, palette, words
from barograph.report.blocks import Block, Cell, Chart, Column, Group, Heading, Row, Table, Words, present
from barograph.report.cells import DASH, column, heads, number, word
from barograph.report.charts import SKILL_SHIFTS, Trace, forest_layout, label, scatter, skill_marker, whiskers
from barograph.report.results import Csv, Results
from barograph.report.words import Evidence, Record
from barograph.scoring.evidence import SIGNIFICANT

_ENDS: Final = 5
# Pixels of a mark whose test decides, and of the others.
_LARGE: Final = 10
_SMALL: Final = 6
_FIGURES: Final = (
    *("predictor", "rows", "dates", "cases", "episodes", "effective_episodes", "sufficient"),
    *(f"skill_{baseline}{end}" for baseline in BASELINES for end in ("", "_low", "_high", "_p_value", "_q_value")),
)
SYMBOLS: Final = Csv("reports/validation/symbols.csv", ("symbol", "gics_sector", *_FIGURES))
SECTORS: Final = Csv("reports/validation/sectors_by_regime.csv", ("gics_sector", "regime", *_FIGURES))
_Q: Final = f"skill_{REGIME_PRIOR}_q_value"
_COLUMNS: Final = [
    Column("Sector", "of the symbol", words=True),
    Column("Cases", "labels without overlap that the rows are worth: the sum of their uniqueness"),
    Column("Test folds", "in each of which a model is frozen"),
    *heads(("skill_regime_prior",)),
    Column("q", "significance of that skill, two-sided, corrected for the number of symbols"),
    *heads(("skill_prior", "skill_structural")),
]
_SELECTED: Final = (
    "The strongest and the weakest were selected by looking at all: their figures are too extreme (the winner's "
    "curse), and no interval is corrected for that."
)
_OVERLAP: Final = (
    "Neighbouring labels overlap, so that cases are the sum of the labels' uniqueness, fewer than rows; symbols that "
    "move together are fewer still."
)


class _Looked(NamedTuple):
    """The headline's cells of one table: what they are called, one of them and several."""

    rows: Sequence[Record]
    one: str
    several: str

    @property
    def judged(self) -> Sequence[Record]:
        return [row for row in self.rows if row["sufficient"]]


def blocks(results: Results) -> list[Block]:
    """Draw the ends of the symbols' ranking and the map of sectors and regimes, and list all symbols."""
    symbols, sectors = by_symbol(results), by_sector(results)
    corrected = (
        "Where many cells are looked at, some shine by luck: here a test corrected for their number decides "
        f"(Benjamini-Hochberg, q at most {SIGNIFICANT:g}), not the interval."
    )
    return [
        Heading("Which symbols, and which sectors in which regime?", "cells"),
        Words([corrected], "subtitle"),
        Group(present(forest(results, symbols), grid(results, sectors)), "columns"),
        Words([f"{_SELECTED} {_OVERLAP}"], "note"),
        Group([table(results, symbols)], summary="Every symbol"),
    ]


def by_symbol(results: Results) -> _Looked:
    """Rank the symbols by the headline's skill, those with too little evidence last."""
    rows = results[SYMBOLS][results[SYMBOLS]["predictor"] == results.headline]
    ranked = rows.sort_values(
        ["sufficient", "skill_regime_prior", "symbol"], ascending=[False, False, True], kind="stable"
    )
    named = ranked.assign(name=ranked["symbol"].astype(str))
    return _Looked(named.to_dict("records"), "symbol", "symbols")


def by_sector(results: Results) -> _Looked:
    """Give the headline's cells of sectors and regimes."""
    rows = results[SECTORS][results[SECTORS]["predictor"] == results.headline]
    regime = rows["regime"].astype(str).map(palette.title).str.lower()
    named = rows.assign(name=rows["gics_sector"].astype(str) + " in " + regime)
    return _Looked(named.to_dict("records"), "pair of sector and regime", "pairs of sector and regime")


def verdict(row: Record, baseline: str = REGIME_PRIOR) -> Evidence:
    """Say what a cell shows against a baseline once its test is corrected for the number of cells."""
    found, q = words.evidence(row, baseline), float(row[f"skill_{baseline}_q_value"])
    return found if found == "insufficient" or q <= SIGNIFICANT else "none"


def finding(looked: _Looked) -> str:
    """Say in how many cells skill is shown after correction, in how many beyond volatility, and name the ends."""
    judged, few = looked.judged, len(looked.rows) - len(looked.judged)
    if not judged:
        return f"None of {words.count(len(looked.rows), looked.one, looked.several)} carries enough evidence"
    verdicts = [verdict(row) for row in judged]
    better, worse = verdicts.count("better"), verdicts.count("worse")
    beyond = sum(verdict(row, STRUCTURAL) == "better" for row in judged)
    text = f"Skill is shown in {better or 'none'} of {words.count(len(judged), looked.one, looked.several)}"
    text += f", beyond volatility in {beyond or 'none'},"
    if worse:
        text += f" the regime table is better in {worse},"
    text = f"{text} after correction for {len(judged)}; {_ends(judged)}"
    return f"{text}; too little evidence in {few}" if few else text


def _ends(judged: Sequence[Record]) -> str:
    ranked = sorted(judged, key=lambda row: (-float(row["skill_regime_prior"]), str(row["name"])))
    strongest, weakest = (f"{row['name']} {_skill(row)}" for row in (ranked[0], ranked[-1]))
    return f"strongest {strongest}, weakest {weakest}" if len(ranked) > 1 else strongest


def forest(results: Results, looked: _Looked) -> Chart | None:
    """Draw the strongest and the weakest symbols with their intervals; None without symbols."""
    if not looked.rows:
        return None
    strongest, weakest, between = _shown(looked)
    gap = [f"<span style='color:{palette.MUTED}'>{between} more in the table</span>"] if between else []
    ticks = [*map(_tick, strongest), *gap, *map(_tick, weakest)]
    names = [*(row["name"] for row in strongest), *[""] * len(gap), *(row["name"] for row in weakest)]
    places = {str(name): len(ticks) - 1 - place for place, name in enumerate(names) if name}
    drawn = results[SYMBOLS][results[SYMBOLS]["symbol"].isin(list(places))]
    data = [
        trace | {"meta": {"predictor": predictor}, "visible": predictor == results.headline}
        for predictor in results.scored
        for trace in _intervals(drawn[drawn["predictor"] == predictor], places, predictor, len(looked.judged))
    ]
    ends = f"the {_ENDS} strongest and the {_ENDS} weakest of " if between else ""
    return Chart(
        "forest-symbol",
        finding(looked),
        f"Log-loss skill with its {results.confidence} interval, {ends}{words.count(len(looked.rows), 'symbol')}",
        f"Forest plot of log-loss skill for {len(places)} of {words.count(len(looked.rows), 'symbol')}.",
        data,
        forest_layout("Skill, % of the baseline's log loss", ticks, 54, rangemode="tozero"),
        note="Large marks: the corrected test decides.",
    )


def _shown(looked: _Looked) -> tuple[Sequence[Record], Sequence[Record], int]:
    """Give the strongest, the weakest, and the number between; where few have evidence, the first of all."""
    if len(looked.judged) < 2 * _ENDS:
        first = looked.rows[: 2 * _ENDS]
        return first, [], len(looked.rows) - len(first)
    return looked.judged[:_ENDS], looked.judged[-_ENDS:], len(looked.rows) - 2 * _ENDS


def _tick(row: Record) -> str:
    cases = _few(row) if not row["sufficient"] else f"{label(row['gics_sector'])}, {_cases(row)}"
    return f"{label(row['name'])}<br><span style='font-size:10.5px;color:{palette.MUTED}'>{cases}</span>"


def _intervals(rows: pd.DataFrame, places: dict[str, int], predictor: str, tests: int) -> list[Trace]:
    """Mark a predictor's skill against every baseline, in grey where there is too little evidence."""
    enough = rows["sufficient"].astype(bool)
    return [
        _marks(shown.to_dict("records"), places, baseline, colour, tests)
        for baseline in SKILL_SHIFTS
        for shown, colour in ((rows[enough], palette.mark(predictor).colour), (rows[~enough], palette.FAINT))
        if len(shown)
    ]


def _marks(rows: Sequence[Record], places: dict[str, int], baseline: str, colour: str, tests: int) -> Trace:
    decided = [verdict(row, baseline) in ("better", "worse") for row in rows]
    drawn = scatter(
        "markers",
        [],
        [places[str(row["symbol"])] + SKILL_SHIFTS[baseline] for row in rows],
        marker=skill_marker(baseline, colour, [_LARGE if one else _SMALL for one in decided]),
        text=[_hover(row, baseline, tests) for row in rows],
        hovertemplate="%{text}<extra></extra>",
    )
    estimates = [words.log_loss_skill(row, baseline).estimate for row in rows]
    return drawn | whiskers([(100 * value, 100 * low, 100 * high) for value, low, high in estimates], colour)


def grid(results: Results, looked: _Looked) -> Chart | None:
    """Draw the skill of each sector in each regime as a map; cells with too little evidence are grey."""
    if not looked.rows:
        return None
    every = results[SECTORS]
    sectors = sorted(every["gics_sector"].astype(str).unique())
    regimes = palette.regime_order(every["regime"].astype(str))
    data = [
        _cells(every[every["predictor"] == predictor], sectors, regimes, len(looked.judged))
        | {"meta": {"predictor": predictor}, "visible": predictor == results.headline}
        for predictor in results.scored
    ]
    weak = len(looked.rows) - len(looked.judged)
    if weak:
        data.insert(0, _grey([row for row in looked.rows if not row["sufficient"]], sectors, regimes))
    decided = any(verdict(row) in ("better", "worse") for row in looked.judged)
    notes = ["Bold, with an asterisk: the corrected test decides."] if decided else []
    notes += ["Grey: too few or too unequal episodes, or too few cases, for a number."] if weak else []
    return Chart(
        "cells-sector-regime",
        finding(looked),
        "Skill against the regime table, % of its log loss",
        f"Heat map of log-loss skill in {len(sectors)} sectors by {len(regimes)} regimes, {weak} cells of them grey.",
        data,
        heat.grid_layout(sectors, [palette.title(name) for name in regimes]),
        note=" ".join(notes),
    )


def _cells(rows: pd.DataFrame, sectors: list[str], regimes: list[str], tests: int) -> Trace:
    """Colour and number a predictor's cells that have enough evidence."""
    enough = rows[rows["sufficient"].astype(bool)]
    records = enough.to_dict("records")
    quantities = words.aligned([words.log_loss_skill(row) for row in records])
    figures = [quantity.figure(sign=True) for quantity in quantities]
    texts = [
        f"<b>{figure}*</b>" if verdict(row) in ("better", "worse") else figure
        for figure, row in zip(figures, records, strict=True)
    ]
    hovers = [_hover(row, REGIME_PRIOR, tests) for row in records]
    shown = enough.assign(skill=100 * enough["skill_regime_prior"], text=texts, hover=hovers)
    return heat.signed(
        _pivot(shown, "skill", sectors, regimes),
        palette.GAINS,
        text=_texts(shown, "text", sectors, regimes),
        texttemplate="%{text}",
        customdata=_texts(shown, "hover", sectors, regimes),
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
    )


def _grey(rows: Sequence[Record], sectors: list[str], regimes: list[str]) -> Trace:
    shown = pd.DataFrame(rows).assign(known=1.0, hover=[_few(row) for row in rows])
    return heat.cells(
        _pivot(shown, "known", sectors, regimes),
        colorscale=[[0, palette.FAINT], [1, palette.FAINT]],
        texttemplate="few",
        customdata=_texts(shown, "hover", sectors, regimes),
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
    )


def _pivot(rows: pd.DataFrame, values: str, sectors: list[str], regimes: list[str]) -> pd.DataFrame:
    return rows.pivot(index="gics_sector", columns="regime", values=values).reindex(index=sectors, columns=regimes)


def _texts(rows: pd.DataFrame, values: str, sectors: list[str], regimes: list[str]) -> list[list[str]]:
    texts = _pivot(rows, values, sectors, regimes).astype(object)
    return texts.where(texts.notna(), "").to_numpy().tolist()


def table(results: Results, looked: _Looked) -> Table:
    """List the headline's skill for every symbol."""
    frame = pd.DataFrame(looked.rows, columns=[*results[SYMBOLS].columns, "name"])
    skills = zip(*(column(frame, f"skill_{baseline}") for baseline in SKILL_SHIFTS), strict=True)
    rows = [_row(row, *cells) for row, cells in zip(looked.rows, skills, strict=True)]
    caption = (
        f"{palette.title(results.headline)} for each symbol, the strongest first, beneath the figures their "
        f"{results.confidence} intervals; choose a heading to sort."
    )
    return Table("symbol-table", caption, _COLUMNS, rows, first="Symbol")


def _row(row: Record, regime_prior: Cell, *others: Cell) -> Row:
    facts: list[Any] = [
        word(str(row["gics_sector"])),
        number(float(row["cases"]), 0, words.count(int(row["rows"]), "row")),
        number(float(row["episodes"]), 0, _worth(row)),
    ]
    if not row["sufficient"]:
        return Row(str(row["name"]), [*facts, Cell("too few"), DASH, *[DASH] * len(others)], "weak")
    return Row(str(row["name"]), [*facts, regime_prior, number(float(row[_Q]), 3), *others])


def _worth(row: Record) -> str:
    """Say what folds of different length are worth, where that is less than their number."""
    return words.cases(int(row["episodes"]), float(row["effective_episodes"]), "fold").partition(", ")[2]


def _hover(row: Record, baseline: str, tests: int) -> str:
    against = f"against {palette.title(baseline).lower()}"
    if not row["sufficient"]:
        return f"{_few(row)} {against}"
    q = words.number(float(row[f"skill_{baseline}_q_value"]), 3)
    counted = f"{words.count(int(row['rows']), 'row')}, {_cases(row)}"
    return f"{_skill(row, baseline)} {against}<br>q {q}, corrected for {tests}<br>{counted}"


def _skill(row: Record, baseline: str = REGIME_PRIOR) -> str:
    return words.log_loss_skill(row, baseline).text(" %", sign=True)


def _cases(row: Record) -> str:
    return words.count(round(float(row["cases"])), "case")


def _few(row: Record) -> str:
    noun = "episode" if "regime" in row else "fold"
    worth = words.cases(int(row["episodes"]), float(row["effective_episodes"]), noun)
    return f"too few: {worth}, {_cases(row)}"
