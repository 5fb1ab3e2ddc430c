"""Backtest: trade the out-of-sample signals with costs, beside the equal-weighted universe."""

from barograph import tables
from barograph.backtest import backtest, metrics
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage


@stage("models", "strategy", "execution", "validation", "seed")
def main(stage: Stage) -> str:
    """Simulate every predictor's portfolio."""
    result = backtest(
        read_predictors(stage),
        stage.read(tables.BARS),
        stage.build("strategy"),
        stage.build("execution"),
        stage.build("validation"),
        stage.settings["seed"],
    )
    for name in ("summary", "equity", "monthly", "cost_curve"):
        stage.write_csv(f"reports/backtest/{name}.csv", getattr(result, name))
    scores = metrics(result)
    stage.write_json("reports/metrics/backtest.json", scores)
    ours = scores["ensemble"]
    return (
        f"ensemble's Sharpe after costs {ours['sharpe']:.2f}, in excess of the universe {ours['excess_sharpe']:+.2f} "
        f"[{ours['excess_sharpe_low']:+.2f}, {ours['excess_sharpe_high']:+.2f}]"
    )


if __name__ == "__main__":
    main()
