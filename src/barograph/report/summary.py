"""The closing table for the terminal."""

import math
from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from barograph.names import UNIVERSE
from barograph.report import gate
from barograph.report.inputs import ReportInputs, overall
from barograph.report.verdict import crash_row, verdict
from barograph.report.words import MINUS, Estimate, aligned, log_loss_skill

WIDTH: Final = 116
_NAME: Final = 20
_COLUMN: Final = 16
_HEAD: Final = (
    ("skill, % vs", "prior"),
    ("skill, % vs", "regime_prior"),
    ("AUC", "macro"),
    ("crash, % vs", "regime_prior"),
    ("Sharpe ratio", "after costs"),
    ("excess Sharpe", "over universe"),
)


def summary_table(inputs: ReportInputs) -> str:
    """Write the closing table: every predictor's scores with their intervals beneath.

    Parameters
    ----------
    inputs : ReportInputs

    Returns
    -------
    str
        Lines of at most 116 columns, without a line break at the end. Hyphens stand for minus and dash, so that any
        terminal shows it and other programs read its figures.
    """
    lines = [_line("predictor", [head for head, _ in _HEAD]), _line("", [head for _, head in _HEAD]), "-" * WIDTH]
    for name, cells in _rows(inputs).items():
        lines += [_line(name, [top for top, _ in cells]), _line("", [under for _, under in cells])]
    level = f"{100 * inputs.confidence:g} %"
    lines += ["-" * WIDTH, f"In brackets {level} intervals. Skill is log loss saved, in % of the baseline's."]
    if len(inputs.criteria):
        lines.append(f"gate: {gate.outcome(inputs.criteria)}, {gate.count(inputs.criteria)}")
    lines.append("")
    return plain("\n".join(lines + wrapped(verdict(inputs).sentence)))


def plain(text: str) -> str:
    """Write minus and dash as hyphens."""
    return text.replace(MINUS, "-").replace("\N{EN DASH}", "-")


def _rows(inputs: ReportInputs) -> dict[str, list[tuple[str, str]]]:
    scores, money = overall(inputs), inputs.backtest.set_index("predictor", drop=False)
    names = [*scores.index, *(name for name in [UNIVERSE] if name in money.index)]
    crashes = {name: crash_row(inputs, name) for name in names}
    columns = [
        _column(scores, lambda row: log_loss_skill(row, "prior"), itself="prior"),
        _column(scores, log_loss_skill, itself="regime_prior"),
        _column(scores, lambda row: Estimate.of(row, "auc")),
        _crashes({name: row for name, row in crashes.items() if row is not None}),
        _column(money, lambda row: Estimate.of(row, "sharpe")),
        _column(money, lambda row: Estimate.of(row, "excess_sharpe"), itself=UNIVERSE),
    ]
    return {name: [column.get(name, ("-", "")) for column in columns] for name in names}


def _column(
    table: pd.DataFrame, take: Callable[["pd.Series[Any]"], Estimate], itself: str = ""
) -> dict[str, tuple[str, str]]:
    estimates = aligned([take(row) for _, row in table.iterrows()])
    cells = {str(name): _cell(one) for name, one in zip(table.index, estimates, strict=True)}
    return cells | ({itself: ("0", "itself")} if itself in cells else {})


def _crashes(rows: dict[str, "pd.Series[Any]"]) -> dict[str, tuple[str, str]]:
    cells = _column(pd.DataFrame(rows).T, log_loss_skill) if rows else {}
    for name, row in rows.items():
        if not bool(row["sufficient"]):
            cells[name] = ("insufficient", f"{int(row['episodes'])} episode" + ("" if row["episodes"] == 1 else "s"))
        elif name == "regime_prior":
            cells[name] = ("0", "itself")
    return cells


def _cell(estimate: Estimate) -> tuple[str, str]:
    if not math.isfinite(estimate.value):
        return "-", ""
    return estimate.figure(), estimate.interval() if estimate.known else "no interval"


def _line(name: str, cells: list[str]) -> str:
    short = name if len(name) <= _NAME else name[: _NAME - 1] + "~"
    text = f"{short:<{_NAME}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)
    return text.rstrip()


def wrapped(sentence: str) -> list[str]:
    """Break a sentence into lines that fit."""
    lines, line = [], ""
    for word in sentence.split(" "):
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]
