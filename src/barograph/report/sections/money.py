"""Money: equity, drawdown, months, turnover, cost, and what is left of the Sharpe ratio as trading gets dearer."""

import math
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.names import UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import charts, palette, words
from barograph.report.blocks import Cell, Chart, Column, Row, Section, Table, present
from barograph.report.cells import column, heads, predictor_row
from barograph.report.charts import Layout, Trace
from barograph.report.metrics import shown
from barograph.report.results import BACKTEST, MONTHLY, Csv, Results
from barograph.report.words import Quantity

EQUITY: Final = Csv("reports/backtest/equity.csv", ("date", "predictor", "equity", "drawdown"), dates=("date",))
COST_CURVE: Final = Csv("reports/backtest/cost_curve.csv", ("predictor", "cost_bps", "sharpe"))
_METRICS: Final = (
    *("cagr", "annual_volatility", "sharpe", "excess_sharpe", "sortino", "calmar"),
    *("max_drawdown", "annual_turnover", "cost_bps_per_year"),
)
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
    "Year",
    "Universe",
    "Difference",
]


def section(results: Results) -> Section:
    """Draw the equity and what costs leave of it, with tables of the backtest and of the months."""
    caption = (
        f"Return, risk, turnover and cost of the backtest after costs, {results.confidence} intervals beneath; choose "
        "a heading to sort."
    )
    table = Table("money-table", caption, heads(_METRICS), rows(results))
    return Section(
        "money", "Money", heading(results), present(equity(results), table, cost_curve(results), _monthly(results))
    )


def heading(results: Results) -> str:
    """Say whether the headline beats the universe, as far as the interval goes."""
    trades = results.headline_trades
    if trades is None:
        return f"{palette.title(results.headline)} was not traded"
    excess = Quantity.of(trades, "excess_sharpe")
    if excess.evidence == "insufficient":
        return "Too little evidence to compare with the equal-weighted universe"
    text = f"difference in Sharpe ratio {excess.text(sign=True)}"
    if excess.evidence == "none":
        return f"No evidence that trading pays more than holding everything equally: {text}"
    return f"Trading {'beats' if excess.evidence == 'better' else 'falls behind'} the equal-weighted universe: {text}"


def rows(results: Results) -> list[Row]:
    """Give return, risk, turnover and cost of every predictor and the universe."""
    table = results[BACKTEST].set_index("predictor", drop=False)
    table = table.assign(max_drawdown=-table["max_drawdown"].abs())
    cells = dict(zip(table.index, zip(*(column(table, shown(key)) for key in _METRICS), strict=True), strict=True))
    marks = palette.marks(results.traded)
    return [predictor_row(name, results.headline, cells[name], marks[name].colour) for name in results.traded]


def weekly(equity: pd.DataFrame) -> pd.DataFrame:
    """Thin equity out to one row per week: the last equity and the deepest drawdown, negative whatever its sign was."""
    stamps = pd.to_datetime(equity["date"])
    week = (stamps - stamps.dt.day_of_week * pd.Timedelta(days=1)).rename("week")
    ordered = equity.assign(date=stamps, drawdown=-equity["drawdown"].abs()).sort_values(["predictor", "date"])
    grouped = ordered.groupby(["predictor", week], sort=True)
    return grouped.agg(date=("date", "last"), equity=("equity", "last"), drawdown=("drawdown", "min")).reset_index()


def equity(results: Results) -> Chart | None:
    """Draw equity (log) over its drawdown with the regimes behind; None where nothing was traded."""
    if results[EQUITY].empty:
        return None
    lines, regimes = weekly(results[EQUITY]), results[REGIME_SERIES]
    regimes = regimes[pd.to_datetime(regimes["date"]).between(lines["date"].min(), lines["date"].max())]
    low, high = float(lines["equity"].min()) * 0.92, float(lines["equity"].max()) * 1.08
    low = max(low, high / 1e4)
    deepest = float(lines["drawdown"].min()) * 1.05
    data = charts.bands(regimes, low, high) + charts.bands(regimes, deepest, 0.0, yaxis="y2")
    order = results.traded
    for name in sorted(order, key=lambda name: (name in (results.headline, UNIVERSE), name == results.headline)):
        data += _lines(lines[lines["predictor"] == name], name, results, order)
    return Chart(
        "equity",
        _drawdown_finding(results),
        "After costs, weekly (the drawdown is the week's deepest). Names beneath show and hide the other predictors; "
        "drag across to zoom both panels.",
        "Line chart of equity and drawdown of the predictors and the equal-weighted universe.",
        data,
        _equity_layout(low, high, deepest),
        legend=charts.regime_legend(regimes["regime"].astype(str)),
    )


def _equity_layout(low: float, high: float, deepest: float) -> Layout:
    span: Layout = {"range": [math.log10(low), math.log10(high)], "tickvals": _ticks(low, high)}
    return charts.layout(
        560,
        showlegend=True,
        hovermode="x unified",
        xaxis=charts.axis(type="date", showgrid=False, anchor="y2", hoverformat="%d %b %Y"),
        yaxis=charts.axis(type="log", domain=[0.38, 1], fixedrange=True, **span),
        annotations=[charts.panel_name("Equity, start = 1, log scale"), charts.panel_name("Drawdown", 0.32)],
        yaxis2=charts.axis(domain=[0, 0.32], range=[deepest, 0], tickformat=".0%", fixedrange=True),
    )


def _lines(rows: pd.DataFrame, name: str, results: Results, order: list[str]) -> list[Trace]:
    bold, mark = name in (results.headline, UNIVERSE), palette.marks(order)[name]
    width = 2.4 if name == results.headline else 1.6 if bold else 1
    shared = {
        "line": {"color": mark.colour, "width": width, "dash": mark.dash},
        "name": charts.title(name),
        "legendgroup": f"p-{name}",
        "legendrank": 1000 + order.index(name),
        "visible": True if bold else "legendonly",
    }
    days, start = charts.dates(rows["date"]), float(rows["equity"].iloc[0]) if len(rows) else 1.0
    value, fall = charts.rounded(rows["equity"], 4), charts.rounded(rows["drawdown"], 3)
    return [
        charts.scatter("lines", days, value, hovertemplate="%{y:.2f}", meta={"start": start}, **shared),
        charts.scatter("lines", days, fall, hovertemplate="%{y:.0%}", yaxis="y2", **shared | {"showlegend": False}),
    ]


def _drawdown_finding(results: Results) -> str:
    losses = results[BACKTEST].set_index("predictor")["max_drawdown"].abs()
    lost = {name: f"{100 * loss:.0f} %" for name, loss in losses.items()}
    ours = lost.get(results.headline, "nothing")
    text = f"At worst {palette.subject(results.headline)} lost {ours} of its highest value"
    return f"{text}, the universe {lost[UNIVERSE]}" if UNIVERSE in lost else text


def cost_curve(results: Results) -> Chart | None:
    """Draw the Sharpe ratio against the cost of a trade; None where it was not computed."""
    table = results[COST_CURVE]
    if table.empty:
        return None
    marks = palette.marks(results.traded)
    order = [name for name in reversed(results.traded) if (table["predictor"] == name).any()]
    shapes: list[Layout] = []
    if results.cost_bps is not None:
        at = {"x0": results.cost_bps, "x1": results.cost_bps, "y0": 0, "y1": 1, "xref": "x", "yref": "paper"}
        shapes = [{"type": "line", "line": {"color": palette.MUTED, "width": 1, "dash": "dot"}} | at]
    figure = charts.layout(
        380,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "traceorder": "reversed"},
        annotations=[charts.panel_name("Sharpe ratio, yearly")],
        xaxis=charts.axis("Cost per trade, basis points of its value"),
        yaxis=charts.axis(zeroline=True, zerolinecolor=palette.INK),
        shapes=shapes,
    )
    charged = " Dotted: the cost charged above." if shapes else ""
    return Chart(
        "cost-curve",
        _cost_finding(results),
        f"Sharpe ratio of each predictor had every trade cost so much.{charged}",
        "Line chart of the Sharpe ratio against the cost per trade.",
        [_cost_line(table[table["predictor"] == name], name, results.headline, marks[name]) for name in order],
        figure,
        note=_cost_note(results),
    )


def _cost_line(rows: pd.DataFrame, name: str, headline: str, mark: palette.Mark) -> Trace:
    rows, title = rows.sort_values("cost_bps"), charts.title(name)
    width = 2.6 if name == headline else 1.8 if name == UNIVERSE else 1.1
    return charts.scatter(
        "lines",
        charts.rounded(rows["cost_bps"], 4),
        charts.rounded(rows["sharpe"], 4),
        name=title,
        line={"color": mark.colour, "width": width, "dash": mark.dash},
        hovertemplate=f"{title}<br>%{{x:.0f}} bps: %{{y:.2f}}<extra></extra>",
    )


def _cost_finding(results: Results) -> str:
    table = results[COST_CURVE]
    ours = table[table["predictor"] == results.headline].sort_values("cost_bps")
    universe = table[table["predictor"] == UNIVERSE].sort_values("cost_bps")
    if len(ours) < 2 or universe.empty:
        return "What is left of the Sharpe ratio as trading gets dearer"
    x = ours["cost_bps"].to_numpy(float)
    base = np.interp(x, universe["cost_bps"].to_numpy(float), universe["sharpe"].to_numpy(float))
    gap = ours["sharpe"].to_numpy(float) - base
    if gap[0] <= 0:
        return f"Even at {x[0]:.0f} basis points a trade its Sharpe ratio is not above the universe's"
    trades = results.headline_trades
    known = trades is not None and Quantity.of(trades, "excess_sharpe").evidence in ("better", "worse")
    lead = f"Its lead in Sharpe ratio{'' if known else ', which its interval does not support,'}"
    below = np.flatnonzero(gap <= 0)
    if not len(below):
        return f"{lead} lasts beyond {x[-1]:.0f} basis points a trade"
    after = int(below[0])
    cross = x[after - 1] + (x[after] - x[after - 1]) * gap[after - 1] / (gap[after - 1] - gap[after])
    return f"{lead} is gone at {cross:.0f} basis points a trade"


def _cost_note(results: Results) -> str:
    trades = results.headline_trades
    if trades is None or not (excess := Quantity.of(trades, "excess_sharpe")).known:
        return ""
    return (
        "The curves are point estimates. At the cost charged above the difference from the universe is "
        f"{excess.text(sign=True)}."
    )


def _monthly(results: Results) -> Table | None:
    caption = (
        f"Monthly returns after costs, {palette.title(results.headline)}, percent; the last columns are its year, the "
        "universe's and the difference."
    )
    rows, columns = months(results), [Column(name) for name in _MONTHS]
    return Table("months", caption, columns, rows, first="Year", sortable=False, style="months") if rows else None


def months(results: Results) -> list[Row]:
    """Give the headline's monthly returns in percent by year, then the year and the universe's year."""
    table = results[MONTHLY]
    ours, universe = (table[table["predictor"] == name] for name in (results.headline, UNIVERSE))
    grid = ours.pivot_table(index="year", columns="month", values="return", aggfunc="sum")
    rows = []
    for year, returns in grid.reindex(columns=range(1, 13)).iterrows():
        total, base = _compound(returns), _compound(universe.loc[universe["year"] == year, "return"])
        cells = [_month(value, 0.08) for value in returns]
        rows.append(Row(str(year), [*cells, _month(total, 0.35), _month(base, 0.35), _month(total - base, 0.2)]))
    return rows


def _compound(returns: "pd.Series[Any]") -> float:
    known = returns.dropna().to_numpy(float)
    return float(np.prod(1 + known) - 1) if len(known) else math.nan


def _month(value: float, full: float) -> Cell:
    if not math.isfinite(value):
        return Cell("")
    colour = palette.BETTER if value >= 0 else palette.WORSE
    return Cell(words.number(100 * value, 1), shade=charts.rgba(colour, round(0.55 * min(abs(value) / full, 1), 3)))


def _ticks(low: float, high: float) -> list[float]:
    steps: list[float] = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000]
    inside = [tick for tick in steps if low <= tick <= high]
    return inside[:: 2 if len(inside) > 9 else 1]
