"""Money: equity, drawdown, months, turnover, cost, and what is left of the Sharpe ratio as trading gets dearer."""

import math

import numpy as np
import pandas as pd

from barograph.names import UNIVERSE
from barograph.report import palette, words
from barograph.report.figures import (
    Chart,
    Layout,
    Trace,
    axis,
    bands,
    dates,
    label,
    layout,
    panel_name,
    regime_legend,
    rgba,
    rounded,
)
from barograph.report.inputs import ReportInputs, overall
from barograph.report.words import Estimate


def traded(inputs: ReportInputs) -> list[str]:
    """Give the predictors that were traded: the headline first, then signals by name, and the universe last."""
    there = set(inputs.backtest["predictor"])
    scored = overall(inputs).index
    return [name for name in [*scored, *sorted(there - {*scored, UNIVERSE}), UNIVERSE] if name in there]


def heading(inputs: ReportInputs) -> str:
    """Say whether the headline beats the universe, as far as the interval goes."""
    own = inputs.backtest[inputs.backtest["predictor"] == inputs.headline]
    if own.empty:
        return f"{palette.title(inputs.headline)} was not traded"
    excess = Estimate.of(own.iloc[0], "excess_sharpe")
    if excess.evidence == "insufficient":
        return "Too little evidence to compare with the equal-weighted universe"
    text = f"difference in Sharpe ratio {excess.text(sign=True)}"
    if excess.evidence == "none":
        return f"No evidence that trading pays more than holding everything equally: {text}"
    return f"Trading {'beats' if excess.evidence == 'better' else 'falls behind'} the equal-weighted universe: {text}"


def weekly(equity: pd.DataFrame) -> pd.DataFrame:
    """Thin equity out to one row a week: the last equity and the deepest drawdown.

    Parameters
    ----------
    equity : pandas.DataFrame
        ``date, predictor, equity, drawdown``, daily.

    Returns
    -------
    pandas.DataFrame
        The same columns; drawdowns are negative whatever their sign was.
    """
    stamps = pd.to_datetime(equity["date"])
    week = (stamps - stamps.dt.day_of_week * pd.Timedelta(days=1)).rename("week")
    ordered = equity.assign(date=stamps, drawdown=-equity["drawdown"].abs()).sort_values(["predictor", "date"])
    grouped = ordered.groupby(["predictor", week], sort=True)
    return grouped.agg(date=("date", "last"), equity=("equity", "last"), drawdown=("drawdown", "min")).reset_index()


def equity(inputs: ReportInputs) -> Chart | None:
    """Draw equity (log) over its drawdown with the regimes behind; None where nothing was traded."""
    if inputs.equity.empty:
        return None
    lines = weekly(inputs.equity)
    first, last = lines["date"].min(), lines["date"].max()
    stamps = pd.to_datetime(inputs.regimes["date"])
    regimes = inputs.regimes[(stamps >= first) & (stamps <= last)]
    low, high = float(lines["equity"].min()) * 0.92, float(lines["equity"].max()) * 1.08
    low = max(low, high / 1e4)
    deepest = float(lines["drawdown"].min()) * 1.05
    data = bands(regimes, low, high) + bands(regimes, deepest, 0.0, yaxis="y2")
    order = traded(inputs)
    marks = palette.marks(order)
    for name in sorted(order, key=lambda one: (one in (inputs.headline, UNIVERSE), one == inputs.headline)):
        data += _lines(lines[lines["predictor"] == name], name, inputs, order.index(name), marks[name])
    figure = layout(
        560,
        showlegend=True,
        hovermode="x unified",
        xaxis=axis(type="date", showgrid=False, anchor="y2", hoverformat="%d %b %Y"),
        yaxis=axis(
            type="log",
            domain=[0.38, 1],
            range=[math.log10(low), math.log10(high)],
            fixedrange=True,
            tickvals=_ticks(low, high),
        ),
        annotations=[panel_name("Equity, start = 1, log scale"), panel_name("Drawdown", 0.32)],
        yaxis2=axis(domain=[0, 0.32], range=[deepest, 0], tickformat=".0%", fixedrange=True),
    )
    return Chart(
        "equity",
        _drawdown_finding(inputs),
        "After costs, weekly (the drawdown is the week's deepest). Names beneath show and hide the other predictors; "
        "drag across to zoom both panels.",
        "Line chart of equity and drawdown of the predictors and the equal-weighted universe.",
        data,
        figure,
        legend=regime_legend(regimes["regime"].astype(str)),
    )


def cost_curve(inputs: ReportInputs) -> Chart | None:
    """Draw the Sharpe ratio against the cost of a trade; None where it was not computed."""
    table = inputs.cost_curve
    if table.empty:
        return None
    data = []
    marks = palette.marks(traded(inputs))
    for name in [name for name in reversed(traded(inputs)) if name in set(table["predictor"])]:
        own = table[table["predictor"] == name].sort_values("cost_bps")
        data.append(_cost_line(own, name, inputs.headline, marks[name]))
    shapes: list[Layout] = []
    if inputs.cost_bps is not None:
        line = {"color": palette.MUTED, "width": 1, "dash": "dot"}
        at = {"x0": inputs.cost_bps, "x1": inputs.cost_bps, "y0": 0, "y1": 1}
        shapes.append({"type": "line", "xref": "x", "yref": "paper", "line": line} | at)
    figure = layout(
        380,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "traceorder": "reversed"},
        annotations=[panel_name("Sharpe ratio, yearly")],
        xaxis=axis("Cost per trade, basis points of its value"),
        yaxis=axis(zeroline=True, zerolinecolor=palette.INK),
        shapes=shapes,
    )
    return Chart(
        "cost-curve",
        _cost_finding(inputs),
        "Sharpe ratio of each predictor had every trade cost so much. Dotted: the cost charged above."
        if shapes
        else "Sharpe ratio of each predictor had every trade cost so much.",
        "Line chart of the Sharpe ratio against the cost per trade.",
        data,
        figure,
        note=_cost_note(inputs),
    )


def months(inputs: ReportInputs) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the headline's monthly returns in percent, a row a year, then the year and the universe's year."""
    table = inputs.monthly
    own, universe = (table[table["predictor"] == name] for name in (inputs.headline, UNIVERSE))
    grid = own.pivot_table(index="year", columns="month", values="return", aggfunc="sum")
    rows = []
    for year, returns in grid.reindex(columns=range(1, 13)).iterrows():
        total = _compound(returns)
        base = _compound(universe.loc[universe["year"] == year, "return"])
        cells = [_month(value, 0.08) for value in returns]
        rows.append((str(year), [*cells, _month(total, 0.35), _month(base, 0.35), _month(total - base, 0.2)]))
    return rows


def _compound(returns: "pd.Series[float]") -> float:
    known = returns.dropna().to_numpy(float)
    return float(np.prod(1 + known) - 1) if len(known) else math.nan


def _month(value: float, full: float) -> tuple[str, str]:
    if not math.isfinite(value):
        return "", "transparent"
    colour = "#0072B2" if value >= 0 else "#D55E00"
    return words.number(100 * value, 1), rgba(colour, round(0.55 * min(abs(value) / full, 1), 3))


def _lines(rows: pd.DataFrame, name: str, inputs: ReportInputs, rank: int, mark: palette.Mark) -> list[Trace]:
    bold = name in (inputs.headline, UNIVERSE)
    line = {"color": mark.colour, "width": 2.4 if name == inputs.headline else 1.6 if bold else 1, "dash": mark.dash}
    start = float(rows["equity"].iloc[0]) if len(rows) else 1.0
    shared: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": dates(rows["date"]),
        "line": line,
        "name": label(palette.title(name)),
        "legendgroup": f"p-{name}",
        "legendrank": 1000 + rank,
        "visible": True if bold else "legendonly",
    }
    return [
        shared | {"y": rounded(rows["equity"], 4), "hovertemplate": "%{y:.2f}", "meta": {"start": start}},
        shared | {"y": rounded(rows["drawdown"], 3), "yaxis": "y2", "showlegend": False, "hovertemplate": "%{y:.0%}"},
    ]


def _cost_line(rows: pd.DataFrame, name: str, headline: str, mark: palette.Mark) -> Trace:
    bold = name in (headline, UNIVERSE)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": rounded(rows["cost_bps"], 4),
        "y": rounded(rows["sharpe"], 4),
        "name": label(palette.title(name)),
        "line": {"color": mark.colour, "width": 2.6 if name == headline else 1.8 if bold else 1.1, "dash": mark.dash},
        "hovertemplate": f"{label(palette.title(name))}<br>%{{x:.0f}} bps: %{{y:.2f}}<extra></extra>",
    }


def _drawdown_finding(inputs: ReportInputs) -> str:
    table = inputs.backtest.set_index("predictor")
    own = _loss(table, inputs.headline)
    text = f"At worst {palette.subject(inputs.headline)} lost {own} of its highest value"
    return f"{text}, the universe {_loss(table, UNIVERSE)}" if UNIVERSE in table.index else text


def _loss(table: pd.DataFrame, name: str) -> str:
    losses = table.loc[table.index == name, "max_drawdown"].to_numpy(float)
    return f"{100 * abs(losses[0]):.0f} %" if len(losses) else "nothing"


def _cost_finding(inputs: ReportInputs) -> str:
    table = inputs.cost_curve
    own = table[table["predictor"] == inputs.headline].sort_values("cost_bps")
    universe = table[table["predictor"] == UNIVERSE].sort_values("cost_bps")
    if len(own) < 2 or universe.empty:
        return "What is left of the Sharpe ratio as trading gets dearer"
    x = own["cost_bps"].to_numpy(float)
    base = np.interp(x, universe["cost_bps"].to_numpy(float), universe["sharpe"].to_numpy(float))
    gap = own["sharpe"].to_numpy(float) - base
    if gap[0] <= 0:
        return f"Even at {x[0]:.0f} basis points a trade its Sharpe ratio is not above the universe's"
    lead = f"Its lead in Sharpe ratio{_doubt(inputs)}"
    below = np.flatnonzero(gap <= 0)
    if not len(below):
        return f"{lead} lasts beyond {x[-1]:.0f} basis points a trade"
    after = int(below[0])
    cross = x[after - 1] + (x[after] - x[after - 1]) * gap[after - 1] / (gap[after - 1] - gap[after])
    return f"{lead} is gone at {cross:.0f} basis points a trade"


def _doubt(inputs: ReportInputs) -> str:
    own = inputs.backtest[inputs.backtest["predictor"] == inputs.headline]
    known = len(own) and Estimate.of(own.iloc[0], "excess_sharpe").evidence in ("better", "worse")
    return "" if known else ", which its interval does not support,"


def _cost_note(inputs: ReportInputs) -> str:
    own = inputs.backtest[inputs.backtest["predictor"] == inputs.headline]
    if own.empty:
        return ""
    excess = Estimate.of(own.iloc[0], "excess_sharpe")
    if not excess.known:
        return ""
    return (
        "The curves are point estimates. At the cost charged above the difference from the universe is "
        f"{excess.text(sign=True)}."
    )


def _ticks(low: float, high: float) -> list[float]:
    steps: list[float] = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000]
    inside = [tick for tick in steps if low <= tick <= high]
    return inside[:: 2 if len(inside) > 9 else 1]
