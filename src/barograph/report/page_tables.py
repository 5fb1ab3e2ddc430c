"""The tables of the page: cells with the value they are sorted by."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from barograph.names import BASELINES, UNIVERSE
from barograph.report import palette, words
from barograph.report.inputs import ReportInputs, overall
from barograph.report.money import traded
from barograph.report.why import explained
from barograph.report.words import Estimate, aligned, log_loss_skill


@dataclass(frozen=True)
class Cell:
    """What a cell shows, what stands under it, what it is sorted by (empty: last), and a verdict under all that."""

    text: str
    small: str = ""
    sort: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Column:
    """A column's name and what it means; figures stand to the right, words to the left, on one line if ``whole``."""

    name: str
    meaning: str
    words: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Row:
    """A row and its name; ``kind`` is headline, model, baseline or universe, ``colour`` a predictor's or empty."""

    name: str
    colour: str
    kind: str
    cells: list[Cell]


PREDICTOR_COLUMNS = [
    Column("Skill against the regime table, %", "log loss saved, in percent of the regime table's"),
    Column("Skill against class frequencies, %", "log loss saved, in percent of that of past class frequencies"),
    Column("AUC", "macro one-vs-rest; 0.5 is chance"),
    Column("Brier score", "lower is better"),
    Column("Calibration error", "expected; lower is better"),
    Column("Accuracy, %", "beneath it, what always naming the majority class scores"),
    Column("Sharpe ratio", "yearly, after costs"),
    Column("Excess Sharpe", "over the equal-weighted universe"),
]

MONEY_COLUMNS = [
    Column("Return a year, %", "compound, after costs"),
    Column("Volatility, %", "of daily returns, a year"),
    Column("Sharpe ratio", "yearly, after costs"),
    Column("Excess Sharpe", "over the equal-weighted universe"),
    Column("Sortino ratio", "yearly"),
    Column("Calmar ratio", "return over the deepest drawdown"),
    Column("Deepest drawdown, %", "loss from the highest value"),
    Column("Turnover a year", "times the equity"),
    Column("Cost a year, bps", "of equity"),
]

METHOD_COLUMNS = [
    Column("Method", "how the shares are found", words=True),
    Column("Output explained", "what the shares add up to", words=True),
    Column("Rows", "rows explained"),
    Column("Largest additivity error", "furthest that base and shares are from the output, in the output's units"),
]


def predictors(inputs: ReportInputs) -> list[Row]:
    """Give the closing table's rows: scores of every predictor, and the universe's Sharpe ratio."""
    table = overall(inputs)
    scores = zip(
        _estimates([log_loss_skill(row) for _, row in table.iterrows()], table.index == "regime_prior"),
        _estimates([log_loss_skill(row, "prior") for _, row in table.iterrows()], table.index == "prior"),
        _estimates([Estimate.of(row, "auc") for _, row in table.iterrows()]),
        [_number(value, 3) for value in table["brier"]],
        [_number(value, 3) for value in table["calibration_error"]],
        [_accuracy(row) for _, row in table.iterrows()],
        strict=True,
    )
    sharpes = _sharpes(inputs)
    dash = Cell("\N{EN DASH}")
    rows = [
        _row(str(name), inputs, [*cells, *sharpes.get(str(name), [dash] * 2)])
        for name, cells in zip(table.index, scores, strict=True)
    ]
    return rows + ([_row(UNIVERSE, inputs, [dash] * 6 + sharpes[UNIVERSE])] if UNIVERSE in sharpes else [])


def money(inputs: ReportInputs) -> list[Row]:
    """Give the backtest's rows: return, risk, turnover and cost of every predictor and the universe."""
    table, sharpes = inputs.backtest.set_index("predictor"), _sharpes(inputs)
    rows, marks = [], palette.marks(traded(inputs))
    for name in traded(inputs):
        row = table.loc[name]
        cells = [
            _number(100 * row["cagr"], 1),
            _number(100 * row["annual_volatility"], 1),
            *sharpes[name],
            _number(row["sortino"], 2),
            _number(row["calmar"], 2),
            _number(-100 * abs(row["max_drawdown"]), 0),
            _number(row["annual_turnover"], 1),
            _number(row["cost_bps_per_year"], 0),
        ]
        rows.append(replace(_row(name, inputs, cells), colour=marks[name].colour))
    return rows


def methods(inputs: ReportInputs) -> list[Row]:
    """Give how each model was explained, in the order of their skill."""
    table = {str(row["model"]): row for _, row in inputs.shap_methods.iterrows()}
    rows = []
    for name in [name for name in explained(inputs) if name in table]:
        row = table[name]
        error = float(row["largest_error"])
        size = Cell("\N{EN DASH}") if not math.isfinite(error) else Cell(_scientific(error), "", repr(error))
        texts = [Cell(str(row[key]), "", str(row[key])) for key in ("method", "output")]
        rows.append(_row(name, inputs, [*texts, _number(row["rows"], 0), size]))
    return rows


def _scientific(value: float) -> str:
    """Write a very small or very large figure by its power of ten."""
    if value == 0 or 0.001 <= abs(value) < 1000:
        return words.number(value, 0 if value == 0 else 3)
    digit, power = f"{value:.0e}".split("e")
    return f"{digit}e{words.number(int(power), 0)}"


def _row(name: str, inputs: ReportInputs, cells: list[Cell]) -> Row:
    kinds = {inputs.headline: "headline", UNIVERSE: "universe"} | dict.fromkeys(BASELINES, "baseline")
    return Row(palette.title(name), palette.marks([name])[name].colour, kinds.get(name, "model"), cells)


def _estimates(column: list[Estimate], itself: Iterable[bool] = ()) -> list[Cell]:
    own = [*itself] or [False] * len(column)
    return [
        Cell("0", "itself", "0") if same else _estimate(one) for one, same in zip(aligned(column), own, strict=True)
    ]


def _estimate(estimate: Estimate) -> Cell:
    if not math.isfinite(estimate.value):
        return Cell("\N{EN DASH}")
    interval = estimate.interval() if estimate.known else "no interval"
    return Cell(estimate.figure(), interval, repr(round(estimate.value, 6)))


def _number(value: Any, decimals: int) -> Cell:
    figure = float(value)
    if not math.isfinite(figure):
        return Cell("\N{EN DASH}")
    return Cell(words.number(figure, decimals), "", repr(round(figure, 6)))


def _accuracy(row: "pd.Series[Any]") -> Cell:
    cell = _number(100 * float(row["accuracy"]), 1)
    return Cell(cell.text, f"majority {words.number(100 * float(row['majority_accuracy']), 1)}", cell.sort)


def _sharpes(inputs: ReportInputs) -> dict[str, list[Cell]]:
    table = inputs.backtest
    sharpe = _estimates([Estimate.of(row, "sharpe") for _, row in table.iterrows()])
    excess = _estimates(
        [Estimate.of(row, "excess_sharpe") for _, row in table.iterrows()], table["predictor"] == UNIVERSE
    )
    return {str(name): [one, other] for name, one, other in zip(table["predictor"], sharpe, excess, strict=True)}
