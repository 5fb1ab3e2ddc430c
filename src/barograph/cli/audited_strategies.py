"""`barograph audit --strategy`: find every strategy whose weights, orders, fills or positions know what came later."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph import config
from barograph.backtest import Execution, TopK, managed
from barograph.backtest import run as traded_by
from barograph.backtest.strategies import decide_weights
from barograph.cli.audit import CUTS, count_of, table_of
from barograph.cli.audited_market import SIMULATED, Rule, troubled_market
from barograph.errors import InputError
from barograph.features import FeatureSet
from barograph.features.audit import audit
from barograph.names import KEY, PROBABILITIES
from barograph.randomness import generator

_FOLDER: Final = Path("strategy")
# Prices that change by more on a day would ruin a portfolio that sells short.
_NOISE: Final = 0.02
# The part of the market's dates that is traded: it contains all of its troubles.
_SPAN: Final = (0.25, 0.75)
# Rare, as optimisers are slow.
_REBALANCE_DAYS: Final = 21
# What an order says when it is sent; what becomes of it is later known.
_AS_SENT: Final = ["kind", "at", "until", "shares", "value", "weight", "limit", "stop", "trail", "reason"]


def run() -> tuple[str, bool]:
    """Audit every strategy, sizing and overlay in conf/, a user's among them, on a simulated market.

    Predictions are random; sizings and overlays are those of a strategy of scores. Returns the text, a line for the
    target weights, orders, fills and positions of each, and whether all are clean. Raises InputError if there is no
    strategy, or one cannot be built or traded.
    """
    names = sorted(path.stem for path in (config.CONF / _FOLDER).glob("*.yaml"))
    if not names:
        raise InputError(f"{config.CONF / _FOLDER}: no strategy; a file such as top_k.yaml is required")
    settings = config.compose()
    given = config.build(settings["features"], "features"), config.build(settings["regime"], "regime").table
    execution, found = config.build(settings["execution"], "execution"), []
    tables, features = inputs(*given)
    for name in names:
        composed = config.compose([f"+strategy@strategies.audited={name}"])["strategies"]["audited"]
        strategy = config.build(composed, f"strategy={name}")
        found.append(audited(strategy, execution, tables, features).assign(kind=name, named=f"strategy={name}"))
    for option, strategy in options().items():
        found.append(audited(strategy, execution, tables, features).assign(kind=option, named=option))
    every = pd.concat(found, ignore_index=True)
    leaks = [
        f"{leak.feature} of {leak.named} knew what came later: its value of {leak.first_leak:%F} changed"
        for leak in every[every["leaks"]].itertuples()
    ]
    return "\n".join([table_of(every), "", *leaks, count_of(every)]), not every["leaks"].any()


def options() -> dict[str, Any]:
    """Give a strategy of scores under each sizing and each overlay in conf/, a user's among them, by option."""
    universe, strategy = troubled_market().universe, TopK(k=4, rebalance_days=_REBALANCE_DAYS)
    found = {}
    for group, key in {"sizing": "sizings", "overlay": "overlays"}.items():
        for name in sorted(path.stem for path in (config.CONF / group).glob("*.yaml")):
            composed = config.compose([f"+{group}@{key}.audited={name}"])[key]["audited"]
            built = config.build(composed, f"{group}={name}")
            given = {"sizing": built} if group == "sizing" else {"overlays": {name: built}}
            found[f"{group}={name}"] = managed(strategy, **given, universe=universe, portfolio="audited")
    return {option: each for option, each in found.items() if each is not strategy}


def inputs(given: FeatureSet, regimes: Rule) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Give the tables whose future is changed, and the features, which are audited themselves."""
    market = troubled_market()
    assert market.context is not None
    regime = regimes(market.context)
    context = market.context[["date", "vix", "index_close"]].merge(regime[["date", "regime"]], on="date")
    random = generator(SIMULATED.seed, "audit", "predictions").dirichlet(np.ones(len(PROBABILITIES)), len(market.bars))
    predictions = market.bars[KEY].join(pd.DataFrame(random, columns=list(PROBABILITIES)))
    features = given.compute(replace(market, regimes=regime))
    first, last = context["date"].quantile(_SPAN, interpolation="lower")
    every = {"predictions": predictions, "bars": market.bars, "context": context, "features": features}
    tables = {name: table[table["date"].between(first, last)].reset_index(drop=True) for name, table in every.items()}
    return tables, tables.pop("features")


def audited(
    strategy: Any, execution: Execution, tables: dict[str, pd.DataFrame], features: pd.DataFrame
) -> pd.DataFrame:
    """Audit what a strategy decides and trades, by symbol and date; see :func:`barograph.features.audit.audit`."""

    def traded(predictions: pd.DataFrame, bars: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
        known = features[features["date"] <= bars["date"].max()]
        result = traded_by(bars, strategy, execution, predictions, context, features=known)
        parts: dict[str, Any] = {}
        if not hasattr(strategy, "on_bar"):
            parts["target_weights"] = _long(decide_weights(strategy, predictions, context))
        fills = result.fills.groupby(["symbol", "date"])
        parts |= {
            "orders": _as_sent(result.orders),
            "fills": fills["shares"].sum(),
            "fill_prices": fills["price"].last(),
            "positions": _long(result.positions),
        }
        return pd.DataFrame(parts).rename_axis(["symbol", "date"]).reset_index()

    return audit(traded, tables, release_lag={}, cuts=CUTS, noise=_NOISE)


def _long(wide: pd.DataFrame) -> pd.Series:
    """Give the values by symbol and date; a name that is not held is the same as one that is not there."""
    values: Any = wide.rename_axis(index="date", columns="symbol").stack()
    held: pd.Series = values[values != 0.0].swaplevel()
    return held


def _as_sent(orders: pd.DataFrame) -> pd.Series:
    """Give what was sent of each symbol on each date as one text; names that a rebalance leaves out are not named."""
    sent = orders[(orders["weight"] != 0.0) | (orders["reason"] != "rebalance")]
    # The shares of an order for a value or a weight are found when it is filled.
    sent = sent.assign(shares=sent["shares"].where(sent["value"].isna() & sent["weight"].isna()))
    text = pd.Series(
        [" ".join(map(str, row)) for row in sent[_AS_SENT].itertuples(index=False)], sent.index, dtype="str"
    )
    texts: pd.Series = text.groupby([sent["symbol"], sent["sent"].rename("date")]).agg("; ".join)
    return texts
