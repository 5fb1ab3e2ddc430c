"""Where the return came from: bars by sector, regime, event and symbol, and a table of the rest."""

from typing import Any, Final

import pandas as pd

from barograph.report import charts, palette, words
from barograph.report.blocks import Block, Chart, Column, Group, Heading, Row, Table, Words
from barograph.report.cells import number, word
from barograph.report.results import Csv, Results

ATTRIBUTION: Final = Csv("reports/backtest/attribution.csv", ("portfolio", "by", "part", "contribution", "cases"))
_DRAWN: Final = {"sector": "sector", "regime": "regime", "event": "event", "symbol": "symbol"}
_LISTED: Final = {"side": "Side", "exit_reason": "Exit", "cost": "Cost"}
_MOST: Final = 15
_NO_EVENT: Final = "no event"


def blocks(results: Results) -> list[Block]:
    """Divide the candidate's return."""
    table = results[ATTRIBUTION]
    own = table[table["portfolio"] == results.candidate]
    if own.empty:
        return []
    total = float(own.loc[own["by"] == "regime", "contribution"].sum())
    lead = (
        f"Daily returns added up, in percentage points a year; the parts of each chart add up to "
        f"{words.number(100 * total, 1)}. What grew by compounding is not in it."
    )
    drawn: list[Block] = [_bars(own[own["by"] == by], by) for by in _DRAWN if _drawable(own[own["by"] == by])]
    return [Heading(heading(own), "attribution"), Words([lead], "subtitle"), Group(drawn), _rest(own)]


def _drawable(parts: pd.DataFrame) -> bool:
    return bool((parts["part"] != _NO_EVENT).any())


def heading(own: pd.DataFrame) -> str:
    """Name the sector and the regime that gave most, and what costs took."""
    best = {by: own[own["by"] == by].sort_values("contribution").iloc[-1] for by in ("sector", "regime")}
    costs = own[(own["by"] == "cost") & (own["part"] != "before costs")]["contribution"].sum()
    total = own.loc[own["by"] == "regime", "contribution"].sum()
    sector, regime = (_points(row["contribution"]) for row in best.values())
    return (
        f"Of {_points(total)} points a year {best['sector']['part']} gave {sector}, and days in the regime "
        f"{palette.title(str(best['regime']['part'])).lower()} {regime}; costs had taken {_points(-costs)}"
    )


def _points(contribution: float) -> str:
    return words.number(100 * float(contribution), 1)


def _bars(parts: pd.DataFrame, by: str) -> Chart:
    others = parts[parts["part"] == _NO_EVENT]
    ordered = parts.drop(others.index).sort_values("contribution", kind="stable")
    shown = ordered if len(ordered) <= _MOST else pd.concat([ordered.head(5), ordered.tail(_MOST - 5)])
    values = 100 * shown["contribution"].to_numpy(float)
    names = [_name(part, by) for part in shown["part"]]
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": charts.rounded(values, 4),
        "y": list(range(len(names))),
        "marker": {"color": [palette.BETTER if value >= 0 else palette.WORSE for value in values]},
        "customdata": [int(cases) for cases in shown["cases"]],
        "hovertemplate": f"%{{x:.2f}} points a year<br>%{{customdata}} {_cases(by)}<extra></extra>",
    }
    figure = charts.layout(
        70 + 22 * len(names),
        xaxis=charts.axis("Percentage points a year", zeroline=True, zerolinecolor=palette.INK, automargin=False),
        yaxis=charts.axis(
            tickvals=list(range(len(names))),
            ticktext=[charts.label(name) for name in names],
            showgrid=False,
            automargin=False,
        ),
        margin={"l": 16 + 7 * max(map(len, names)), "r": 12, "t": 8, "b": 46},
    )
    left = len(ordered) - len(shown)
    between = f" The {left} in between are left out." if left else ""
    between += f" Days without an event gave {_points(others['contribution'].sum())}." if len(others) else ""
    return Chart(
        f"attribution-{by}",
        _finding(ordered, by),
        f"By {_DRAWN[by]}, percentage points a year.{between}",
        f"Bar chart of the return by {_DRAWN[by]}.",
        [trace],
        figure,
    )


def _finding(ordered: pd.DataFrame, by: str) -> str:
    """Name the part that gave most, and the one that cost most where one did."""
    most, least = ordered.iloc[-1], ordered.iloc[0]
    said = []
    if most["contribution"] > 0:
        said.append(f"{_name(most['part'], by)} gave most, {_points(most['contribution'])} points a year")
    if least["contribution"] < 0:
        said.append(f"{_name(least['part'], by)} cost most, {_points(-least['contribution'])}")
    return "; ".join(said) or "Nothing was gained or lost"


def _name(part: object, by: str) -> str:
    return str(part) if by in ("symbol", "sector") else palette.title(str(part))


def _cases(by: str) -> str:
    return "days" if by in ("regime", "event", "cost") else "round trips"


def _rest(own: pd.DataFrame) -> Table:
    """List the divisions by side, exit and cost."""
    rows = []
    for by, title in _LISTED.items():
        parts = own[(own["by"] == by) & (own["cases"] > 0)]
        for place, row in enumerate(parts.to_dict("records")):
            cells = [
                word(palette.title(str(row["part"]))),
                number(100 * float(row["contribution"]), 2),
                number(float(row["cases"]), 0, _cases(by)),
            ]
            rows.append(Row(title, cells, span=len(parts) if place == 0 else 0))
    columns = [Column("Part", words=True), Column("Points a year"), Column("Cases")]
    caption = "The same return by side, exit and cost."
    return Table("attribution-table", caption, columns, rows, first="By", sortable=False)
