"""How much of the record is convention, and how much capital it carries."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.report import charts, palette, words
from barograph.report.blocks import Block, Chart, Column, Heading, Row, Table, Words
from barograph.report.cells import number, word
from barograph.report.results import Csv, Results

_FIGURES: Final = ("sharpe", "max_drawdown", "cagr", "cost_bps_per_year", "exposure")
CONVENTIONS: Final = Csv("reports/backtest/conventions.csv", ("convention", *_FIGURES, "remark"))
CAPACITY: Final = Csv("reports/backtest/capacity.csv", ("capital", *_FIGURES, "remark"))
# Of the exposure of the smallest account, what a larger one must hold.
_FILLED: Final = 0.9
_COLUMNS: Final = [
    Column("Sharpe ratio", "yearly, after costs"),
    Column("Deepest drawdown, %", "loss from the highest value"),
    Column("Return a year, %", "compound, after costs"),
    Column("Cost a year, bps", "of equity"),
    Column("Remark", words=True),
]


def blocks(results: Results) -> list[Block]:
    """Show the candidate under other conventions, and with other amounts of capital."""
    table = results[CONVENTIONS]
    rows = []
    for row in table.to_dict("records"):
        name = str(row["convention"])
        cells = [
            number(float(row["sharpe"]), 2),
            number(-100 * abs(float(row["max_drawdown"])), 1),
            number(100 * float(row["cagr"]), 1),
            number(float(row["cost_bps_per_year"]), 0),
            word("" if pd.isna(row["remark"]) else _short(str(row["remark"])), name),
        ]
        rows.append(Row(_title(name), cells, "headline" if name == table["convention"].iloc[0] else "model"))
    caption = (
        f"{words.capitalised(palette.subject(results.candidate))}: the same decisions, filled by other rules. A dash: "
        "the data do not allow it, as the remark says."
    )
    shown = Table("convention-table", caption, _COLUMNS, rows, first="Convention", sortable=False)
    return [Heading(heading(table), "conventions"), shown, *capacity(results)]


def heading(table: pd.DataFrame) -> str:
    """Give the range of Sharpe ratio and drawdown over the conventions that could be traded."""
    known = table[table["sharpe"].notna()]
    ratios = [words.number(value, 2) for value in (known["sharpe"].min(), known["sharpe"].max())]
    falls = [words.number(-100 * value, 0) for value in (known["max_drawdown"].max(), known["max_drawdown"].min())]
    return (
        f"Under other honest conventions its Sharpe ratio lies between {ratios[0]} and {ratios[1]}, its deepest "
        f"drawdown between {falls[0]} and {falls[1]} %"
    )


def capacity(results: Results) -> list[Block]:
    """Draw the Sharpe ratio against capital, or say why it is not known."""
    table = results[CAPACITY]
    known = table[table["sharpe"].notna()]
    if len(known) < 2:
        why = "no accounts are configured" if table.empty else "the bars have no volume, so that impact is not known"
        refused = table["remark"].dropna().astype(str)
        if len(refused) and "volume" not in refused.iloc[0]:
            why = refused.iloc[0]
        return [Words([f"Its capacity cannot be said: {why}."], "lead", tag="Capacity")]
    backtest = results.settings["backtest"]
    figure = charts.layout(
        320,
        xaxis=charts.axis("Capital at the start, in the currency of the prices", type="log"),
        yaxis=charts.axis(zeroline=True, zerolinecolor=palette.INK),
        annotations=[charts.panel_name("Sharpe ratio, yearly")],
    )
    line = charts.scatter(
        "lines+markers",
        charts.rounded(known["capital"]),
        charts.rounded(known["sharpe"], 4),
        line={"color": palette.mark(results.candidate).colour, "width": 2.2},
        customdata=known[["cost_bps_per_year", "exposure"]].to_numpy(float).tolist(),
        hovertemplate="%{x:,.0f}: %{y:.2f}<br>costs %{customdata[0]:.0f} bps a year, exposure %{customdata[1]:.0%}"
        "<extra></extra>",
    )
    return [
        Chart(
            "capacity",
            capacity_finding(known),
            f"Square-root law of impact with coefficient {backtest['impact']:g}, at most "
            f"{100 * backtest['participation']:g} % of a day's volume.",
            "Line chart of the Sharpe ratio against the capital.",
            [line],
            figure,
        )
    ]


def capacity_finding(known: pd.DataFrame) -> str:
    """Say at which capital half of the smallest account's Sharpe ratio is gone, or orders no longer fill."""
    ratio, held, capital = (known[name].to_numpy(float) for name in ("sharpe", "exposure", "capital"))
    if ratio[0] <= 0:
        return "Capacity: there is no Sharpe ratio to lose"
    beyond = (ratio < ratio[0] / 2) | (held < _FILLED * held[0])
    if not beyond.any():
        return f"At {_money(capital[-1])} more than half of its Sharpe ratio is left"
    gone = int(np.argmax(beyond))
    limit = f"between {_money(capital[gone - 1])} and {_money(capital[gone])}"
    if held[gone] < _FILLED * held[0]:
        return f"Capacity ends {limit}: beyond, a tenth of its positions or more can no longer be filled"
    return f"Half of its Sharpe ratio is gone {limit}"


def _money(amount: float) -> str:
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if amount >= size:
            return f"{amount / size:,.0f} {name}"
    return f"{amount:,.0f}"


def _title(convention: str) -> str:
    return convention[:1].upper() + convention[1:].replace("_", " ")


def _short(remark: str) -> str:
    """Leave out the advice after a refusal, which concerns settings, not this table."""
    return remark.partition("; ")[0].removeprefix("execution.").replace("_", " ")
