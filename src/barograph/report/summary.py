"""The closing table for the terminal."""

from typing import Final

from barograph.names import UNIVERSE
from barograph.report.blocks import Cell
from barograph.report.cells import column
from barograph.report.metrics import shown
from barograph.report.parts import gate
from barograph.report.results import BACKTEST, Results
from barograph.report.sections import verdict
from barograph.report.words import MINUS, count

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


def summary_table(results: Results) -> str:
    """Write the closing table: every predictor's scores with their intervals beneath.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        Lines of at most 116 columns, without a line break at the end. Hyphens replace minus and dash, so that any
        terminal shows it and other programs read its figures.
    """
    lines = [_line("predictor", [head for head, _ in _HEAD]), _line("", [head for _, head in _HEAD]), "-" * WIDTH]
    for name, cells in _rows(results).items():
        lines += [_line(name, [cell.text for cell in cells]), _line("", [cell.small for cell in cells])]
    note = f"In brackets {results.confidence} intervals. Skill is log loss saved, in % of the baseline's."
    lines += ["-" * WIDTH, note]
    criteria = results[gate.CRITERIA]
    if len(criteria):
        lines.append(f"gate: {gate.outcome(criteria)}, {gate.count(criteria)}")
    return plain("\n".join([*lines, "", *wrapped(verdict.sentence(results))]))


def plain(text: str) -> str:
    """Write minus and dash as hyphens."""
    return text.replace(MINUS, "-").replace("\N{EN DASH}", "-")


def _rows(results: Results) -> dict[str, list[Cell]]:
    scores, trades = results.overall, results[BACKTEST].set_index("predictor", drop=False)
    crashes = verdict.crash_rows(results)
    tables = {"skill_prior": scores, "skill_regime_prior": scores, "auc": scores}
    columns = [dict(zip(table.index, column(table, shown(key)), strict=True)) for key, table in tables.items()]
    columns.append(dict(zip(crashes.index, column(crashes, shown("skill_regime_prior")), strict=True)))
    for key in ("sharpe", "excess_sharpe"):
        columns.append(dict(zip(trades.index, column(trades, shown(key)), strict=True)))
    for row in crashes[~crashes["sufficient"].astype(bool)].to_dict("records"):
        columns[3][row["predictor"]] = Cell("insufficient", count(int(row["episodes"]), "episode"))
    names = [*scores.index, *([UNIVERSE] if UNIVERSE in trades.index else [])]
    return {name: [cells.get(name, Cell("-")) for cells in columns] for name in names}


def _line(name: str, cells: list[str]) -> str:
    short = name if len(name) <= _NAME else name[: _NAME - 1] + "~"
    return (f"{short:<{_NAME}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)).rstrip()


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
