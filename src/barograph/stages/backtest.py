"""Backtest: trade the forecasts of predictors and the signals with costs, beside the equal-weighted universe."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from barograph import tables
from barograph.backtest import (
    Management,
    Portfolios,
    backtest,
    compare_sizing,
    known_context,
    metrics,
    read_shortable,
    record_metrics,
    rerun,
    trade_strategies,
)
from barograph.backtest.engine.schema import CAPS, DAYS, FILLS, ORDERS, POSITIONS, TRADES
from barograph.features.schema import FEATURES
from barograph.market.schema import BARS, CONTEXT, UNIVERSE
from barograph.names import ENSEMBLE, SIGNAL_PREFIX
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage
from barograph.stages.track_record import write_track_record
from barograph.stages.words import estimate


@stage(
    "backtest",
    "execution",
    "features.release_lag",
    "gate.candidate",
    "model_names",
    "overlays",
    "risk",
    "seed",
    "shortable",
    "sizing",
    "sizings",
    "strategies",
    "strategy",
    "validation",
)
def main(stage: Stage) -> str:
    """Simulate the portfolio of every predictor and every signal, and strategies beside the candidate."""
    keys = ("strategy", "execution", "validation", "backtest")
    strategy, execution, validation, analysis = (stage.build(key) for key in keys)
    predictions, bars, signals, seed = read_predictors(stage), stage.read(BARS), _signals(stage), stage.settings["seed"]
    context = known_context(stage.read(CONTEXT), stage.read(REGIME_SERIES), stage.settings["features.release_lag"])
    management = Management(stage.build("sizing"), stage.build_each("risk"), stage.read(UNIVERSE))
    settings: dict[str, Any] = {"context": context, "management": management}
    result = backtest(predictions, bars, strategy, execution, validation, seed, signals, **settings)
    for name in ("summary", "equity", "monthly", "cost_curve", "index"):
        stage.write_csv(f"reports/backtest/{name}.csv", getattr(result, name))
    equity = result.equity[result.equity["predictor"] == ENSEMBLE]
    day = equity["date"].dt
    equity = equity.assign(year=day.year + (day.day_of_year - 1) / 366)
    stage.write_csv("reports/backtest/ensemble_equity.csv", equity[["date", "year", "equity"]])
    candidate = predictions[predictions["predictor"] == stage.settings["gate.candidate"]]
    compared = (candidate, bars, strategy, execution, validation, seed, stage.build_each("sizings"))
    sizing = compare_sizing(*compared, stage.build_each("overlays"), **settings)
    stage.write_csv("reports/backtest/sizing.csv", sizing)
    given: tuple[Any, ...] = (candidate, bars, strategy, stage.build_each("strategies"), execution, validation, seed)
    known: dict[str, Any] = {"signals": signals, "shortable": read_shortable(Path(stage.settings["shortable"]))}
    known |= {"features": _features(stage), "window": analysis.rolling_days}
    portfolios = trade_strategies(*given, **known | settings)
    _write(stage, portfolios)
    record = write_track_record(stage, result, portfolios, analysis, validation)
    for name, table in rerun(candidate, bars, strategy, execution, analysis, **settings).items():
        stage.write_csv(f"reports/backtest/{name}.csv", table)
    scores = record_metrics(metrics(result), record, stage.settings["gate.candidate"])
    stage.write_json("reports/metrics/backtest.json", scores)
    ours = scores[ENSEMBLE]
    return (
        f"ensemble's Sharpe ratio after costs {estimate(ours, 'sharpe', '.2f')}, "
        f"in excess of the universe {estimate(ours, 'excess_sharpe', '+.2f')}"
    )


def _write(stage: Stage, portfolios: Portfolios) -> None:
    for table in (ORDERS, FILLS, TRADES, POSITIONS, CAPS, DAYS):
        stage.write(table, getattr(portfolios, Path(table.path).stem))
    stage.write_csv("reports/backtest/strategies.csv", portfolios.summary)
    for name in ("rejections", "choices"):
        stage.write_csv(f"reports/backtest/{name}.csv", getattr(portfolios, name))


def _features(stage: Stage) -> pd.DataFrame | None:
    """Read all features for strategies of the user; those of Barograph read none, and the table may be large."""
    used = re.findall(r"'_target_': '(\w+)", repr(stage.settings["strategies"]))
    return stage.read(FEATURES) if set(used) - {"barograph"} else None


def _signals(stage: Stage) -> pd.DataFrame:
    """Read the features that are signals, and no others."""
    path = stage.root / FEATURES.path
    columns = pq.read_schema(path).names if path.is_file() else []
    names = [name for name in columns if name.startswith(SIGNAL_PREFIX)]
    return tables.read(FEATURES, stage.root, columns=[*FEATURES.key, *names])


if __name__ == "__main__":
    main()
