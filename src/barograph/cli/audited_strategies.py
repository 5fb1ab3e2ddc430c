"""`barograph audit --strategy`: find every strategy whose weights, fills or positions know what came later."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph import config
from barograph.backtest import simulate
from barograph.cli.audit import CUTS, count_of, table_of
from barograph.cli.audited_market import SIMULATED, troubled_market
from barograph.errors import InputError
from barograph.features.audit import audit
from barograph.names import KEY, PROBABILITIES
from barograph.randomness import generator

_FOLDER: Final = Path("strategy")
# Prices that change by more on a day would ruin a portfolio that sells short.
_NOISE: Final = 0.02


def run() -> tuple[str, bool]:
    """Audit every strategy in conf/strategy/, a user's among them, on a simulated market and random predictions.

    Returns the text, a line for the target weights, fills and positions of each strategy, and whether all are clean.
    Raises InputError if there is no strategy, or one cannot be built or traded.
    """
    names = sorted(path.stem for path in (config.CONF / _FOLDER).glob("*.yaml"))
    if not names:
        raise InputError(f"{config.CONF / _FOLDER}: no strategy; a file such as top_k.yaml is required")
    bars = troubled_market().bars
    drawn = generator(SIMULATED.seed, "audit", "predictions").dirichlet(np.ones(len(PROBABILITIES)), len(bars))
    tables = {"predictions": bars[KEY].join(pd.DataFrame(drawn, columns=list(PROBABILITIES))), "bars": bars}
    found = pd.concat([_audited(name, tables) for name in names], ignore_index=True)
    leaks = [
        f"{leak.feature} of strategy={leak.kind} knew what came later: its value of {leak.first_leak:%F} changed"
        for leak in found[found["leaks"]].itertuples()
    ]
    return "\n".join([table_of(found), "", *leaks, count_of(found)]), not found["leaks"].any()


def _audited(name: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    settings = config.compose([f"strategy={name}"])
    strategy, execution = (
        config.build(settings["strategy"], "strategy"),
        config.build(settings["execution"], "execution"),
    )

    def traded(predictions: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
        weights = strategy.target_weights(predictions)
        result = simulate(bars, weights, execution)
        fills = result.fills.set_index(["symbol", "date"])
        parts: dict[str, Any] = {
            "target_weights": _long(weights),
            "fills": fills["shares"],
            "fill_prices": fills["price"],
            "positions": _long(result.positions),
        }
        return pd.DataFrame(parts).rename_axis(["symbol", "date"]).reset_index()

    return audit(traded, tables, release_lag={}, cuts=CUTS, noise=_NOISE).assign(kind=name)


def _long(wide: pd.DataFrame) -> pd.Series:
    """Give the values by symbol and date; a name that is not held is the same as one that is not there."""
    values: Any = wide.rename_axis(index="date", columns="symbol").stack()
    held: pd.Series = values[values != 0.0].swaplevel()
    return held
