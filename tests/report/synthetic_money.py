"""Seeded tables of a track record, all invented."""

from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest.analytics import drawdowns
from barograph.report.parts.luck import HISTORIES
from barograph.report.parts.sizing import SIZING
from barograph.report.results import RECORD

PORTFOLIOS = ("ensemble", "momentum", "vix_guard", "universe")


def figures(rng: np.random.Generator) -> dict[str, float]:
    """Invent the figures of a row of the summary; those of Cornish and Fisher lie outside their domain."""
    return {name: np.nan if "cornish" in name else round(float(rng.uniform(0.1, 0.9)), 3) for name in RECORD}


def tables(equity: pd.DataFrame, predictors: tuple[str, ...], rng: np.random.Generator) -> dict[str, Any]:
    """Invent the tables of a record over the dates of an equity."""
    days = _days(pd.DatetimeIndex(equity["date"].unique()), rng)
    own = days[days["portfolio"] == "ensemble"]
    falls = drawdowns(own.set_index("date")["return"]).head(10)
    falls.insert(0, "rank", range(1, len(falls) + 1))
    return {
        "days": days,
        "trades": _trades(own["date"].to_numpy(), rng),
        "attribution": _attribution(),
        "drawdowns": falls.assign(portfolio="ensemble"),
        "luck": _luck((*predictors, "momentum", "vix_guard", "universe")),
        "trials": _trials(),
        "histories": _histories(),
        "conventions": _conventions(),
        "capacity": _capacity(),
        "sizing": _sizing(),
        "index": pd.DataFrame({"date": own["date"], "equity": 1.0 + np.arange(len(own)) / 1e4, "drawdown": 0.0}),
    }


def _days(dates: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    market, frames = rng.normal(0.0004, 0.01, len(dates)), []
    for name in PORTFOLIOS:
        earned = pd.Series(market + (0 if name == "universe" else rng.normal(0.0001, 0.003, len(dates))))
        ratio = earned.rolling(252).mean() / earned.rolling(252).std() * 252**0.5
        costs = dict.fromkeys(("turnover", "commission", "slippage", "interest", "borrow"), 0.0)
        plain = {"portfolio": name, "date": dates, "return": earned, "gross": 0.9, "net": 0.8, "fold": 0}
        rolled = {"rolling_volatility": 0.16, "rolling_beta": 1.0, "rolling_max_drawdown": -0.1}
        frames.append(pd.DataFrame(plain).assign(rolling_sharpe=ratio, **rolled, **costs))
    return pd.concat(frames, ignore_index=True)


def _trades(dates: Any, rng: np.random.Generator) -> pd.DataFrame:
    count = 60
    entry = rng.integers(0, len(dates) - 30, count)
    result = rng.normal(1.0, 5.0, count)
    frame = pd.DataFrame(
        {
            "portfolio": "ensemble",
            "trade": range(count),
            "symbol": [f"S{k % 20}" for k in range(count)],
            "shares": np.where(np.arange(count) % 9, 10.0, -10.0),
            "entry_date": dates[entry],
            "exit_date": pd.Series(dates[entry + 20]).where(np.arange(count) > 4),
            "exit_reason": np.where(np.arange(count) % 20, "rebalance", "stop_loss"),
            "bars": 20,
            "pnl_percent": result,
            "mae_percent": -np.abs(result),
            "contribution": result / 500,
        }
    )
    return frame.assign(exit_reason=frame["exit_reason"].where(np.arange(count) > 4, ""))


def _attribution() -> pd.DataFrame:
    parts = {
        "symbol": {f"S{k}": 0.004 - 0.0004 * k for k in range(20)},
        "sector": {"Energy": 0.003, "Utilities": 0.005, "Health Care": -0.004},
        "side": {"long": 0.006, "short": -0.002},
        "exit_reason": {"rebalance": 0.003, "stop_loss": 0.0005, "still open": 0.0005},
        "regime": {"normal": 0.008, "crash": -0.004},
        "event": {"no event": 0.005, "crash_2001": -0.002, "recovery_2003": 0.001},
        "cost": {"before costs": 0.01, "commission": -0.002, "slippage": -0.004, "interest": 0.0},
    }
    rows = [
        ("ensemble", by, part, value, 0 if part == "interest" else 100)
        for by, values in parts.items()
        for part, value in values.items()
    ]
    return pd.DataFrame(rows, columns=["portfolio", "by", "part", "contribution", "cases"])


def _luck(names: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (name, 9.0, np.nan if name in ("universe", "prior") else 0.4, 0.9, 0.97, 0.6, 4.0, np.inf if place else 120.0)
        for place, name in enumerate(names)
    ]
    ends = ["probabilistic_sharpe", "probabilistic_sharpe_universe", "min_track_record_years"]
    heads = ["portfolio", "track_record_years", "deflated_active", "deflated_sharpe", *ends]
    return pd.DataFrame(rows, columns=[*heads, "min_track_record_years_universe"])


def _trials() -> pd.DataFrame:
    counts = {"tuning": 8, "predictors": 7, "strategies": 3, "further": 5, "trials": 50}
    return pd.DataFrame([counts | {"correlation": 0.8, "independent_trials": 10.8, "sharpe_deviation": 0.1} | _BEST])


_BEST = {"expected_maximum": 0.23, "overfitting": 0.61}


def _histories() -> pd.DataFrame:
    rows = []
    for name in PORTFOLIOS:
        for method, figures_of in (("days", ("cagr", "sharpe", "max_drawdown")), ("trades", ("cagr",))):
            if name != "universe" or method == "days":
                rows += [(name, method, figure, 0.1, 0.1, 0.02, 0.3, np.nan) for figure in figures_of]
        rows.append((name, "days", "loses", *[np.nan] * 4, 0.02))
        if name != "universe":
            rows.append((name, "days", "behind_universe", *[np.nan] * 4, 0.25))
    return pd.DataFrame(rows, columns=list(HISTORIES.columns))


def _conventions() -> pd.DataFrame:
    rows = [
        ("as traded", 0.77, -0.54, 0.16, 205.0, None),
        ("filled at next_open", np.nan, np.nan, np.nan, np.nan, "execution.price is next_open, but A has no open; no"),
        ("a bar later", 0.71, -0.58, 0.15, 204.0, None),
        ("target first", 0.77, -0.54, 0.16, 205.0, "changes nothing: it never came to that"),
    ]
    names = ["convention", "sharpe", "max_drawdown", "cagr", "cost_bps_per_year", "remark"]
    return pd.DataFrame(rows, columns=names).assign(exposure=1.0)


def _capacity() -> pd.DataFrame:
    rows = [(1e6, 0.8), (1e8, 0.6), (1e10, 0.2)]
    table = pd.DataFrame(rows, columns=["capital", "sharpe"])
    return table.assign(max_drawdown=-0.5, cagr=0.1, cost_bps_per_year=[200.0, 300.0, 900.0], exposure=1.0, remark=None)


def _sizing() -> pd.DataFrame:
    rows = [
        ("candidate", "candidate", 0.6, 0.1, -0.2, 0.4, np.nan, np.nan, np.nan, np.nan),
        ("sizing", "kelly", 0.7, 0.2, -0.1, 0.5, 0.1, -0.1, 0.3, np.nan),
        ("overlay", "sector", 0.5, 0.0, -0.3, 0.3, -0.1, -0.19, -0.01, 0.2),
    ]
    names = ["kind", "option", "sharpe", "excess_sharpe", "excess_sharpe_low", "excess_sharpe_high"]
    names += ["difference", "difference_low", "difference_high", "capped_days"]
    table = pd.DataFrame(rows, columns=names).assign(max_drawdown=-0.4, annual_turnover=12.0, average_exposure=0.9)
    return table.reindex(columns=list(SIZING.columns))
