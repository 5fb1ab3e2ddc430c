"""The closing tables for the terminal, in lines of at most 116 columns.

Hyphens replace minus and dash, so that any terminal shows them and other programs read the figures.
"""

import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from barograph.memory_study.study import TOO_FEW_CRISES
from barograph.names import REGIME_PRIOR, STRUCTURAL, UNIVERSE
from barograph.report import words
from barograph.report.blocks import Cell
from barograph.report.cells import column
from barograph.report.parts import gate
from barograph.report.results import BACKTEST, Results
from barograph.report.sections import verdict
from barograph.report.study.differences import Difference, Study
from barograph.report.study.tables import shared
from barograph.report.words import MINUS, Quantity

_WIDTH: Final = 116
_NAME: Final = 20
_COLUMN: Final = 16
_HEAD: Final = (
    ("skill, % vs", REGIME_PRIOR),
    ("skill, % vs", STRUCTURAL),
    ("AUC", "macro"),
    ("crash, % vs", REGIME_PRIOR),
    ("Sharpe ratio", "after costs"),
    ("excess Sharpe", "over universe"),
)
_COMPARED: Final = (("log_loss", "none"), ("log_loss", "expanding"), ("sharpe", "none"))
_METRICS: Final = {"log_loss": "log loss, %", "sharpe": "Sharpe ratio"}


def summary_table(results: Results) -> str:
    """Write every predictor's scores with their intervals beneath."""
    lines = [_line("predictor", [head for head, _ in _HEAD]), _line("", [head for _, head in _HEAD]), "-" * _WIDTH]
    for name, cells in _scores(results).items():
        lines += [_line(name, [cell.text for cell in cells]), _line("", [cell.small for cell in cells])]
    criteria = results[gate.CRITERIA]
    lines += [
        "-" * _WIDTH,
        f"In brackets {results.confidence} intervals. Skill is log loss saved, in % of the baseline's; "
        "p of the exact test over crashes.",
        f"gate: {gate.outcome(criteria)}, {gate.count(criteria)}",
        "",
        *_wrapped(verdict.sentence(results)),
    ]
    return _plain(lines)


def _scores(results: Results) -> dict[str, list[Cell]]:
    scores, trades = results.overall, results[BACKTEST].set_index("predictor", drop=False)
    crashes = verdict.crash_rows(results)
    in_crashes = dict(zip(crashes.index, column(crashes, "skill_regime_prior"), strict=True))
    for row in crashes.to_dict("records"):
        name, p = row["predictor"], words.chance(row["sign_flip_p_regime_prior"]).replace("below ", "<")
        if not row["sufficient"]:
            in_crashes[name] = Cell("undecided", f"p {p}")
        elif name != REGIME_PRIOR:
            in_crashes[name] = replace(in_crashes[name], text=f"{in_crashes[name].text}, p {p}")
    columns = [
        *(
            dict(zip(scores.index, column(scores, key), strict=True))
            for key in ("skill_regime_prior", "skill_structural", "auc")
        ),
        in_crashes,
        *(dict(zip(trades.index, column(trades, key), strict=True)) for key in ("sharpe", "excess_sharpe")),
    ]
    return {name: [cells.get(name, Cell("-")) for cells in columns] for name in [*scores.index, UNIVERSE]}


def closing(study: Study) -> str:
    """Write options down and their gains across, of the predictor of whom the sentences speak."""
    heads = [(calibration, *pair) for calibration in study.calibrations for pair in _COMPARED]
    columns = [
        [study.find(option, reference, metric, calibration=calibration) for option in study.options]
        for calibration, metric, reference in heads
    ]
    lines = [
        _line("option", [_METRICS[metric] for _, metric, _ in heads]),
        _line("", [f"vs {reference}" for _, _, reference in heads]),
        _line("", [calibration for calibration, _, _ in heads]),
        "-" * _WIDTH,
    ]
    gains = [[_gain(*pair) for pair in zip(column, shared(column), strict=True)] for column in columns]
    for place, option in enumerate(study.options):
        if any(column[place] for column in columns):
            figures, intervals, verdicts = zip(*(column[place] for column in gains), strict=True)
            lines += [_line(option, figures), _line("", intervals), _line("", verdicts)]
    note = (
        f"Of {study.models[0]}; log loss saved in % of the reference's; above zero the option is better. In brackets "
        f"{study.level} intervals; verdicts are corrected for the {study.comparisons} of a column."
    )
    return _plain([*lines, "-" * _WIDTH, *_wrapped(note)])


def _gain(gap: Difference | None, gain: Quantity) -> tuple[str, str, str]:
    """Give figure, interval and verdict."""
    if gap is None:
        return "-", "", ""
    if not gap.told:
        return "-", "", "too few crises" if gap.verdict == TOO_FEW_CRISES else "no figure"
    return gain.figure(sign=True), gain.interval(), gap.verdict


def _line(name: str, cells: Iterable[str]) -> str:
    short = name if len(name) <= _NAME else name[: _NAME - 1] + "~"
    fitting = (cell if len(cell) < _COLUMN else cell.replace(" ", "") for cell in cells)
    return (f"{short:<{_NAME}}" + "".join(f"{cell:>{_COLUMN}}" for cell in fitting)).rstrip()


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _plain(lines: list[str]) -> str:
    return "\n".join(lines).replace(MINUS, "-").replace("\N{EN DASH}", "-")
