"""Money: equity and risk, where the return came from, how much luck and convention explain, costs and trades."""

import math
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.names import UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import charts, palette, words
from barograph.report.blocks import Block, Cell, Chart, Column, Row, Section, Table
from barograph.report.cells import figures, heads, predictor_row
from barograph.report.charts import Layout, Trace
from barograph.report.parts import attributed, conventions, luck, record, sizing, trades
from barograph.report.results import BACKTEST, MONTHLY, Csv, Results

EQUITY: Final = Csv("reports/backtest/equity.csv", ("date", "predictor", "equity", "drawdown"), dates=("date",))
INDEX: Final = Csv("reports/backtest/index.csv", ("date", "equity", "drawdown"), dates=("date",))
STRATEGIES: Final = Csv(
    "reports/backtest/strategies.csv", ("portfolio", *(name for name in BACKTEST.columns if name != "predictor"))
)
COST_CURVE: Final = Csv("reports/backtest/cost_curve.csv", ("predictor", "cost_bps", "sharpe"))
_METRICS: Final = (
    *("cagr", "annual_volatility", "sharpe", "excess_sharpe", "sortino", "calmar"),
    *("max_drawdown", "annual_turnover", "cost_bps_per_year"),
)
_EQUITY_TICKS: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000)
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    *("Year", "Universe", "Difference"),
)


def section(results: Results) -> Section:
    """Draw the equity and its risk, divide the return, and say what luck, conventions and costs leave of it."""
    caption = (
        f"Return, risk, turnover and cost of the backtest after costs, {results.confidence} intervals beneath; choose "
        "a heading to sort."
    )
    table = Table("money-table", caption, heads(_METRICS), rows(results))
    monthly = (
        f"Monthly returns after costs, {palette.title(results.headline)}, percent; the last columns are its year, the "
        "universe's and the difference."
    )
    columns = [Column(name) for name in _MONTHS]
    calendar = Table("months", monthly, columns, months(results), first="Year", sortable=False, style="months")
    blocks: list[Block] = [
        equity(results),
        table,
        *strategies(results),
        record.rolling(results),
        calendar,
        record.drawdowns(results),
        *record.tables(results, results[STRATEGIES]),
        *attributed.blocks(results),
        *luck.blocks(results),
        *sizing.blocks(results),
        *conventions.blocks(results),
        cost_curve(results),
        *trades.blocks(results),
    ]
    return Section("money", "Money", heading(results), blocks)


def heading(results: Results) -> str:
    """Say whether the headline beats the universe, as far as the interval goes."""
    excess = results.excess_sharpe
    if excess.evidence == "insufficient":
        return "Too little evidence to compare with the equal-weighted universe"
    text = f"difference in Sharpe ratio {excess.text(sign=True)}"
    if excess.evidence == "none":
        return f"No evidence that trading pays more than holding everything equally: {text}"
    return f"Trading {'beats' if excess.evidence == 'better' else 'falls behind'} the equal-weighted universe: {text}"


def rows(results: Results) -> list[Row]:
    """Give return, risk, turnover and cost of every predictor and the universe."""
    table = results[BACKTEST].assign(max_drawdown=-results[BACKTEST]["max_drawdown"].abs())
    cells = dict(zip(table["predictor"], figures(table, _METRICS), strict=True))
    marks = palette.marks(results.traded)
    return [predictor_row(name, results.headline, cells[name], marks[name].colour) for name in results.traded]


def strategies(results: Results) -> list[Table]:
    """Compare the strategies with the candidate and the universe; no table where there are none."""
    table = results[STRATEGIES].rename(columns={"portfolio": "predictor"})
    names = table["predictor"].tolist()
    if len(names) <= 2:
        return []
    caption = (
        f"Strategies after costs beside {palette.subject(results.candidate)} and the universe, on the same dates, "
        f"{results.confidence} intervals beneath. They see the candidate's probabilities, and begin in cash."
    )
    cells = figures(table.assign(max_drawdown=-table["max_drawdown"].abs()), _METRICS)
    marks = palette.marks(names)
    rows = [
        predictor_row(name, results.candidate, row, marks[name].colour) for name, row in zip(names, cells, strict=True)
    ]
    return [Table("strategies-table", caption, heads(_METRICS), rows, first="Strategy")]


def weekly(equity: pd.DataFrame) -> pd.DataFrame:
    """Thin equity out to one row per week: the last equity and the deepest drawdown, negative whatever its sign was."""
    stamps = pd.to_datetime(equity["date"])
    week = (stamps - stamps.dt.day_of_week * pd.Timedelta(days=1)).rename("week")
    ordered = equity.assign(date=stamps, drawdown=-equity["drawdown"].abs()).sort_values(["predictor", "date"])
    grouped = ordered.groupby(["predictor", week], sort=True)
    return grouped.agg(date=("date", "last"), equity=("equity", "last"), drawdown=("drawdown", "min")).reset_index()


def equity(results: Results) -> Chart:
    """Draw equity (log) over its drawdown with the regimes behind."""
    lines, regimes = weekly(results[EQUITY]), results[REGIME_SERIES]
    regimes = regimes[pd.to_datetime(regimes["date"]).between(lines["date"].min(), lines["date"].max())]
    low, high = float(lines["equity"].min()) * 0.92, float(lines["equity"].max()) * 1.08
    low = max(low, high / 1e4)
    deepest = float(lines["drawdown"].min()) * 1.05
    data = charts.bands(regimes, low, high) + charts.bands(regimes, deepest, 0.0, yaxis="y2")
    order = results.traded
    for name in sorted(order, key=lambda name: (name in (results.headline, UNIVERSE), name == results.headline)):
        data += _lines(lines[lines["predictor"] == name], name, results.headline, order)
    data += _index(results)
    figure = charts.layout(
        560,
        showlegend=True,
        hovermode="x unified",
        xaxis=charts.axis(type="date", showgrid=False, anchor="y2", hoverformat="%d %b %Y"),
        yaxis=charts.log_axis(low, high, _EQUITY_TICKS, most=9, domain=[0.38, 1]),
        annotations=[charts.panel_name("Equity, start = 1, log scale"), charts.panel_name("Drawdown", 0.32)],
        yaxis2=charts.axis(domain=[0, 0.32], range=[deepest, 0], tickformat=".0%", fixedrange=True),
    )
    lost = 100 * results[BACKTEST].set_index("predictor")["max_drawdown"].abs()
    return Chart(
        "equity",
        f"At worst {palette.subject(results.headline)} lost {lost[results.headline]:.0f} % of its highest value, the "
        f"universe {lost[UNIVERSE]:.0f} %",
        "After costs, weekly (the drawdown is the week's deepest). Names beneath show and hide the other predictors; "
        "drag across to zoom both panels.",
        "Line chart of equity and drawdown of the predictors and the equal-weighted universe.",
        data,
        figure,
        legend=charts.regime_legend(regimes["regime"]),
    )


def _lines(rows: pd.DataFrame, name: str, headline: str, order: list[str]) -> list[Trace]:
    bold, mark = name in (headline, UNIVERSE), palette.marks(order)[name]
    shared = {
        "line": {"color": mark.colour, "width": 2.4 if name == headline else 1.6 if bold else 1, "dash": mark.dash},
        "name": charts.title(name),
        "legendgroup": f"p-{name}",
        "legendrank": 1000 + order.index(name),
        "visible": True if bold else "legendonly",
    }
    days, start = charts.dates(rows["date"]), float(rows["equity"].iloc[0])
    value, fall = charts.rounded(rows["equity"], 4), charts.rounded(rows["drawdown"], 3)
    return [
        charts.scatter("lines", days, value, hovertemplate="%{y:.2f}", meta={"start": start}, **shared),
        charts.scatter("lines", days, fall, hovertemplate="%{y:.0%}", yaxis="y2", **shared | {"showlegend": False}),
    ]


def _index(results: Results) -> list[Trace]:
    """Give the lines of the index, where it is known; it is no predictor and takes a grey of its own."""
    if results[INDEX].empty:
        return []
    rows = weekly(results[INDEX].assign(predictor="index"))
    style = {"line": {"color": palette.MUTED, "width": 1.4, "dash": "dot"}, "legendgroup": "p-index"}
    days = charts.dates(rows["date"])
    named = {"name": "Index, without dividends", "legendrank": 2000} | style
    value, fall = charts.rounded(rows["equity"], 4), charts.rounded(rows["drawdown"], 3)
    return [
        charts.scatter("lines", days, value, hovertemplate="%{y:.2f}", **named),
        charts.scatter("lines", days, fall, hovertemplate="%{y:.0%}", yaxis="y2", **named | {"showlegend": False}),
    ]


def cost_curve(results: Results) -> Chart:
    """Draw the Sharpe ratio against the cost of a trade."""
    table, marks = results[COST_CURVE], palette.marks(results.traded)
    lines = [
        _cost_line(table[table["predictor"] == name], name, results.headline, marks[name])
        for name in reversed(results.traded)
    ]
    at: Layout = {"x0": results.cost_bps, "x1": results.cost_bps, "y0": 0, "y1": 1, "xref": "x", "yref": "paper"}
    figure = charts.layout(
        380,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "traceorder": "reversed"},
        annotations=[charts.panel_name("Sharpe ratio, yearly")],
        xaxis=charts.axis("Cost per trade, basis points of its value"),
        yaxis=charts.axis(zeroline=True, zerolinecolor=palette.INK),
        shapes=[{"type": "line", "line": {"color": palette.MUTED, "width": 1, "dash": "dot"}} | at],
    )
    note = (
        "The curves are point estimates. At the cost charged above the difference from the universe is "
        f"{results.excess_sharpe.text(sign=True)}."
    )
    return Chart(
        "cost-curve",
        _cost_finding(results),
        "Sharpe ratio of each predictor had every trade cost so much. Dotted: the cost charged above.",
        "Line chart of the Sharpe ratio against the cost per trade.",
        lines,
        figure,
        note=note if results.excess_sharpe.known else "",
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
    curves = results[COST_CURVE].set_index(["cost_bps", "predictor"])["sharpe"].unstack()
    costs, gap = curves.index.to_numpy(float), (curves[results.headline] - curves[UNIVERSE]).to_numpy(float)
    if len(costs) < 2 or not np.isfinite(gap).all():
        return "What is left of the Sharpe ratio as trading gets dearer"
    if gap[0] <= 0:
        return f"Even at {costs[0]:.0f} basis points a trade its Sharpe ratio is not above the universe's"
    known = results.excess_sharpe.evidence in ("better", "worse")
    lead = f"Its lead in Sharpe ratio{'' if known else ', which its interval does not support,'}"
    below = np.flatnonzero(gap <= 0)
    if not len(below):
        return f"{lead} lasts beyond {costs[-1]:.0f} basis points a trade"
    after = int(below[0])
    cross = costs[after - 1] + (costs[after] - costs[after - 1]) * gap[after - 1] / (gap[after - 1] - gap[after])
    return f"{lead} is gone at {cross:.0f} basis points a trade"


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
    known = 1 + returns.dropna().to_numpy(float)
    return float(known.prod()) - 1 if len(known) else math.nan


def _month(value: float, full: float) -> Cell:
    if not math.isfinite(value):
        return Cell("")
    colour = palette.BETTER if value >= 0 else palette.WORSE
    return Cell(words.number(100 * value, 1), shade=charts.rgba(colour, round(0.55 * min(abs(value) / full, 1), 3)))
