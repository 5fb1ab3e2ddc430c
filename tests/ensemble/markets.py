"""Markets with their labels, regimes and folds: the bundled one as the settings make it, and a small one, made up."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from barograph.config import build
from barograph.folds import WalkForward, tabulate_folds
from barograph.labels import VolatilityBarrier, label_bars
from barograph.labels.barriers import Barriers
from barograph.names import PROBABILITIES
from tests.settings import compose

BARRIERS = VolatilityBarrier(horizon=14, width=1.0, window=20)


class Market(NamedTuple):
    """The arguments of `Structural.walk`, in its order."""

    closes: pd.DataFrame
    index_close: pd.Series
    rows: pd.DataFrame
    labels: pd.DataFrame
    regimes: pd.DataFrame
    folds: pd.DataFrame


@cache
def _data():
    return build(compose()["market"], "market").load()


def bundled(label: str) -> tuple[Barriers, Market]:
    """Give the label maker of an option of `conf/label` and the market; rows are those that have a label."""
    settings, data = compose([f"label={label}"]), _data()
    barriers = build(settings["label"], "label")
    labels, regimes = label_bars(data.bars, barriers), build(settings["regime"], "regime").table(data.context)
    folds = tabulate_folds(build(settings["folds"], "folds").over(labels, regimes))
    closes = data.bars.pivot(index="date", columns="symbol", values="close")
    index_close = data.context.set_index("date")["index_close"]
    return barriers, Market(closes, index_close, rows_tested(labels, folds), labels, regimes, folds)


def small_market(*, years: int = 8, symbols: int = 4, flat: bool = False, freq: str = "B") -> Market:
    """Make closes from 2000 on whose volatility persists; with `flat` the last symbol does not move for 300 bars."""
    rng = np.random.default_rng(5)
    dates = pd.date_range("2000-01-03", f"{1999 + years}-12-31", freq=freq).astype("datetime64[us]")
    log_volatility = np.zeros(len(dates))
    for day, shock in enumerate(rng.normal(0, 0.1, len(dates) - 1)):
        log_volatility[day + 1] = 0.98 * log_volatility[day] + shock
    noise = rng.standard_t(5, (len(dates), symbols + 1))
    paths = 50 * np.exp(np.cumsum(0.01 * np.exp(log_volatility)[:, None] * noise, axis=0))
    closes = pd.DataFrame(paths[:, :-1], dates, pd.Index([f"S{i}" for i in range(symbols)], dtype="str"))
    if flat:
        closes.iloc[-600:-300, -1] = closes.iloc[-601, -1]
    index_close = pd.Series(paths[:, -1], dates)
    regimes = pd.DataFrame({"date": dates, "regime": np.where(log_volatility > 0, "high_volatility", "normal")})
    return over(closes, index_close, regimes)


def over(closes: pd.DataFrame, index_close: pd.Series, regimes: pd.DataFrame) -> Market:
    """Label closes, and lay out folds of which the first tests the sixth year."""
    bars = closes.rename_axis("date").reset_index().melt("date", var_name="symbol", value_name="close").dropna()
    labels = label_bars(bars, BARRIERS)
    folds = tabulate_folds(WalkForward(min_years=4).over(labels, regimes))
    return Market(closes, index_close, rows_tested(labels, folds), labels, regimes, folds)


def rows_tested(labels: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Give the rows of the labels that lie in a test window, and its fold."""
    windows = folds.dropna(subset="test_end").itertuples()
    parts = [labels[labels["date"].between(each.test_start, each.test_end)].assign(fold=each.fold) for each in windows]
    return pd.concat(parts, ignore_index=True)[["symbol", "date", "fold"]]


def losses(predicted: pd.DataFrame, labels: pd.DataFrame) -> pd.Series:
    """Give the log loss of each row, by date."""
    known = predicted.merge(labels, on=["symbol", "date"], validate="one_to_one")
    stated = known[list(PROBABILITIES)].to_numpy()[np.arange(len(known)), known["label"]]
    return pd.Series(-np.log(stated), known["date"])
