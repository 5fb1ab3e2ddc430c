"""Backtest: trade the forecasts of predictors and the signals with costs, beside the equal-weighted universe."""

import pandas as pd
import pyarrow.parquet as pq

from barograph import tables
from barograph.backtest import backtest, metrics
from barograph.features.schema import FEATURES
from barograph.market.schema import BARS
from barograph.names import ENSEMBLE, SIGNAL_PREFIX
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage
from barograph.stages.words import estimate


@stage("model_names", "strategy", "execution", "validation", "seed")
def main(stage: Stage) -> str:
    """Simulate the portfolio of every predictor and every signal."""
    strategy, execution, validation = (stage.build(key) for key in ("strategy", "execution", "validation"))
    given = (read_predictors(stage), stage.read(BARS), strategy, execution, validation)
    result = backtest(*given, stage.settings["seed"], _signals(stage))
    for name in ("summary", "equity", "monthly", "cost_curve"):
        stage.write_csv(f"reports/backtest/{name}.csv", getattr(result, name))
    equity = result.equity[result.equity["predictor"] == ENSEMBLE]
    day = equity["date"].dt
    equity = equity.assign(year=day.year + (day.day_of_year - 1) / 366)
    stage.write_csv("reports/backtest/ensemble_equity.csv", equity[["date", "year", "equity"]])
    scores = metrics(result)
    stage.write_json("reports/metrics/backtest.json", scores)
    ours = scores[ENSEMBLE]
    return (
        f"ensemble's Sharpe ratio after costs {estimate(ours, 'sharpe', '.2f')}, "
        f"in excess of the universe {estimate(ours, 'excess_sharpe', '+.2f')}"
    )


def _signals(stage: Stage) -> pd.DataFrame:
    """Read the features that are signals, and no others."""
    path = stage.root / FEATURES.path
    columns = pq.read_schema(path).names if path.is_file() else []
    names = [name for name in columns if name.startswith(SIGNAL_PREFIX)]
    return tables.read(FEATURES, stage.root, columns=[*FEATURES.key, *names])


if __name__ == "__main__":
    main()
