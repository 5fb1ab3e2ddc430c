"""The track record over time: rolling figures and exposure, the deepest drawdowns, and tables of its figures."""

from typing import Final

import pandas as pd

from barograph.backtest.engine.schema import DAYS
from barograph.names import UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import charts, palette, words
from barograph.report.blocks import Block, Cell, Chart, Column, Group, Row, Table
from barograph.report.cells import DASH, figures, heads, number, predictor_row
from barograph.report.charts import Trace
from barograph.report.results import Csv, Results

DRAWDOWNS: Final = Csv(
    "reports/backtest/drawdowns.csv",
    ("portfolio", "rank", "start", "trough", "end", "depth", "periods", "recovery"),
    dates=("start", "trough", "end"),
)
_BENCHMARKS: Final = (
    *("alpha", "beta", "tracking_error", "information_ratio", "up_capture", "down_capture"),
    *("index_alpha", "index_beta", "index_tracking_error", "index_information_ratio"),
    *("index_up_capture", "index_down_capture"),
)
_TAILS: Final = (
    *("value_at_risk", "value_at_risk_gaussian", "value_at_risk_cornish_fisher"),
    *("conditional_value_at_risk", "conditional_value_at_risk_gaussian", "conditional_value_at_risk_cornish_fisher"),
    *("omega", "tail_ratio", "skew", "kurtosis", "longest_drawdown_days"),
)
_TRADES: Final = (
    *("trades", "win_rate", "payoff_ratio", "profit_factor", "expectancy_percent", "holding_bars"),
    *("annual_turnover", "exposure"),
)
_TABLES: Final = (
    ("benchmark-table", "Against the universe and the index.", _BENCHMARKS),
    ("tail-table", "Tails: daily returns, in percent; VaR and CVaR of the worst 5 % of days.", _TAILS),
    ("round-trip-table", "Round trips that are closed, after costs; percent of the value at entry.", _TRADES),
)


def rolling(results: Results) -> Chart:
    """Draw the rolling Sharpe ratio and the exposure of the candidate, the strategies and the universe."""
    days, candidate = weekly(results), results.candidate
    names = [name for name in results[DAYS]["portfolio"].unique() if name != UNIVERSE]
    order = [candidate, *(name for name in names if name != candidate), UNIVERSE]
    regimes = results[REGIME_SERIES]
    regimes = regimes[pd.to_datetime(regimes["date"]).between(days["date"].min(), days["date"].max())]
    known = days["rolling_sharpe"].dropna()
    low, high = (float(known.min()) - 0.2, float(known.max()) + 0.2) if len(known) else (-1.0, 1.0)
    most = max(1.1, 1.05 * float(days["gross"].max()))
    least = min(0.0, 1.05 * float(days["net"].min()))
    data = charts.bands(regimes, low, high) + charts.bands(regimes, least, most, yaxis="y2")
    for name in reversed(order):
        data += _lines(days[days["portfolio"] == name], name, candidate, order)
    window = int(results.settings["backtest"]["rolling_days"])
    figure = charts.layout(
        460,
        showlegend=True,
        hovermode="x unified",
        xaxis=charts.axis(type="date", showgrid=False, anchor="y2", hoverformat="%d %b %Y"),
        yaxis=charts.axis(domain=[0.42, 1], range=[low, high], zeroline=True, zerolinecolor=palette.INK),
        yaxis2=charts.axis(domain=[0, 0.32], range=[least, most], tickformat=".0%", fixedrange=True),
        annotations=[
            charts.panel_name(f"Sharpe ratio of the last {window} trading days"),
            charts.panel_name("Gross exposure, of equity", 0.32),
        ],
    )
    return Chart(
        "rolling",
        rolling_finding(days, candidate, window),
        "Weekly. Names beneath show and hide the strategies; drag across to zoom both panels.",
        "Line chart of the rolling Sharpe ratio and of the exposure.",
        data,
        figure,
        legend=charts.regime_legend(regimes["regime"]),
    )


def weekly(results: Results) -> pd.DataFrame:
    """Thin the days out to the last of each week."""
    days = results[DAYS].assign(date=pd.to_datetime(results[DAYS]["date"]))
    week = (days["date"] - days["date"].dt.day_of_week * pd.Timedelta(days=1)).rename("week")
    return days.sort_values(["portfolio", "date"]).groupby(["portfolio", week]).tail(1).reset_index(drop=True)


def rolling_finding(days: pd.DataFrame, candidate: str, window: int) -> str:
    """Say on how many weeks the candidate's rolling Sharpe ratio was above the universe's."""
    wide = days.pivot(index="date", columns="portfolio", values="rolling_sharpe")[[candidate, UNIVERSE]].dropna()
    if wide.empty:
        return f"Too few days for a window of {window}"
    ahead = float((wide[candidate] > wide[UNIVERSE]).mean())
    lowest, highest = (words.number(float(value), 1) for value in (wide[candidate].min(), wide[candidate].max()))
    return (
        f"Over {window} trading days its Sharpe ratio was between {lowest} and {highest}, and above the universe's in "
        f"{100 * ahead:.0f} % of the weeks"
    )


def _lines(days: pd.DataFrame, name: str, candidate: str, order: list[str]) -> list[Trace]:
    bold, mark = name in (candidate, UNIVERSE), palette.marks(order)[name]
    shared = {
        "line": {"color": mark.colour, "width": 2.2 if name == candidate else 1.4, "dash": mark.dash},
        "name": charts.title(name),
        "legendgroup": f"p-{name}",
        "legendrank": 1000 + order.index(name),
        "visible": True if bold else "legendonly",
    }
    dates = charts.dates(days["date"])
    ratio, gross = charts.rounded(days["rolling_sharpe"], 3), charts.rounded(days["gross"], 3)
    return [
        charts.scatter("lines", dates, ratio, hovertemplate="%{y:.2f}", **shared),
        charts.scatter("lines", dates, gross, hovertemplate="%{y:.0%}", yaxis="y2", **shared | {"showlegend": False}),
    ]


def drawdowns(results: Results) -> Table:
    """List the candidate's deepest drawdowns."""
    table = results[DRAWDOWNS]
    own = table[table["portfolio"] == results.candidate]
    rows = []
    for row in own.to_dict("records"):
        open_ = pd.isna(row["end"])
        cells = [
            number(-100 * abs(float(row["depth"])), 1),
            *(Cell(day := charts.day(row[name]), "", day) for name in ("start", "trough")),
            Cell("not yet", "", "9999") if open_ else Cell(day := charts.day(row["end"]), "", day),
            number(float(row["periods"]), 0),
            DASH if open_ else number(float(row["recovery"]), 0),
        ]
        rows.append(Row(str(int(row["rank"])), cells))
    columns = [
        Column("Depth, %", "loss from the highest value"),
        *(Column(name, meaning) for name, meaning in (("From", "the first day below"), ("Deepest", "day"))),
        Column("Back", "the first day at the highest value again"),
        Column("Days", "trading days below"),
        Column("Recovery", "trading days from the deepest to back"),
    ]
    caption = f"The deepest drawdowns of {palette.subject(results.candidate)}, after costs."
    return Table("drawdown-table", caption, columns, rows, first="Rank")


def tables(results: Results, strategies: pd.DataFrame) -> list[Block]:
    """Fold away the tables of figures: benchmarks, tails and round trips, of predictors and of strategies."""
    ours = strategies.rename(columns={"portfolio": "predictor"})
    beside = ours[~ours["predictor"].isin([results.candidate, UNIVERSE])]
    whole = pd.concat([results.backtest_by_rank, beside], ignore_index=True)
    names = whole["predictor"].tolist()
    marks = palette.marks(names)
    shown = []
    for id, caption, keys in _TABLES:
        cells = figures(whole, keys)
        rows = [
            predictor_row(name, results.headline, row, marks[name].colour)
            for name, row in zip(names, cells, strict=True)
        ]
        shown.append(Table(id, f"{caption} Choose a heading to sort.", heads(keys), rows, first="Portfolio"))
    return [Group(shown, summary="Benchmarks, tails and round trips in figures")]
