"""What a version says of dates after its training data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from barograph.dates import without_time_zones
from barograph.ensemble import Structural, combine_days
from barograph.errors import InputError
from barograph.labels import label_bars
from barograph.latest import predict_days
from barograph.market import MarketData
from barograph.names import KEY, PROBABILITIES
from barograph.serving.version import Version

_PAST_ROWS: Final = 20_000


@dataclass(frozen=True)
class Prepared:
    """A market as a version sees it: regimes, labels and features by its settings.

    Attributes
    ----------
    bars, context, regimes, labels : pandas.DataFrame
        The tables of these names.
    features : pandas.DataFrame
        The rows of the dates to predict.
    past : pandas.DataFrame
        Rows of features inside the training data, of dates at equal distances; about 20,000 at most.
    """

    bars: pd.DataFrame
    context: pd.DataFrame
    regimes: pd.DataFrame
    labels: pd.DataFrame
    features: pd.DataFrame
    past: pd.DataFrame


@without_time_zones
def prepare(version: Version, market: MarketData, dates: Sequence[pd.Timestamp]) -> Prepared:
    """Compute what a version needs to predict dates.

    Raises
    ------
    InputError
        If a date has no bar or lies inside the training data, or as :meth:`FeatureSet.stream`.
    """
    _check(version, market.bars, dates)
    assert market.context is not None  # every source has one
    regimes = version.build("regime").table(market.context)
    known = market.bars.loc[market.bars["date"] <= version.span[1], "date"]
    every = -(-len(known) // _PAST_ROWS)
    past = pd.Index(known.unique()).sort_values()[::every] if every else pd.Index([])
    kept = set(past) | set(dates)
    blocks = [
        block[block["date"].isin(kept)] for block in version.build("features").stream(replace(market, regimes=regimes))
    ]
    table = pd.concat(blocks, ignore_index=True)
    asked = table["date"].isin(set(dates))
    labels = label_bars(market.bars, version.build("label"))
    tables = (market.bars, market.context, regimes, labels)
    return Prepared(*tables, features=table[asked], past=table[table["date"].isin(set(past))])


@without_time_zones
def predict(
    version: Version, features: pd.DataFrame, bars: pd.DataFrame, context: pd.DataFrame, regimes: pd.DataFrame
) -> pd.DataFrame:
    """Predict rows of features with a version: all its models, its ensemble and the baselines beside them.

    Parameters
    ----------
    version : Version
    features : pandas.DataFrame
        ``symbol, date`` and at least the features of the models, of all symbols of each date.
    bars, context, regimes : pandas.DataFrame
        The tables of these names, with the whole history; the regimes are those of the version's rule.

    Returns
    -------
    pandas.DataFrame
        ``predictor, symbol, date, p_sell, p_hold, p_buy``, sorted by predictor, symbol and date. Of the days that the
        commit itself predicted (``data/latest/``) it is the same to the bit.

    Raises
    ------
    InputError
        If a date lies inside the training data, a model's feature is missing, or as
        :func:`barograph.ensemble.combine_days`.
    """
    _check(version, bars, features["date"].unique().tolist())
    models = {name: _predicted(version, name, features) for name in version.models}
    barriers = version.build("label")
    closes = bars.pivot(index="date", columns="symbol", values="close")
    index_close = context.set_index("date")["index_close"]
    # A label has matured when its horizon is complete: later bars would complete more labels of the same past.
    labels = label_bars(bars[bars["date"] <= version.newest], barriers)
    past = (labels, regimes, version.folds)
    combined = combine_days(version.combiner, models, Structural(barriers), closes, index_close, *past)
    members = [table.assign(predictor=name) for name, table in models.items()]
    table = pd.concat([combined, *members], ignore_index=True)
    return table.sort_values(["predictor", *KEY], ignore_index=True)[["predictor", *KEY, *PROBABILITIES]]


def _predicted(version: Version, model: str, features: pd.DataFrame) -> pd.DataFrame:
    try:
        return predict_days(version.models[model], features)
    except InputError as error:
        raise InputError(f"{version.name}: {model}: {error}") from error


def _check(version: Version, bars: pd.DataFrame, dates: Sequence[pd.Timestamp]) -> None:
    """Refuse dates without bars, and those inside the training data; the version's newest day is never inside."""
    (start, end), newest = version.span, bars["date"].max()
    for date in dates:
        if date <= end and date != version.newest:
            raise InputError(
                f"{date:%F}: is inside the training data of {version.name}, {start:%F} to {end:%F}; "
                "only later dates can be predicted"
            )
    if unknown := sorted(set(dates) - set(bars["date"].unique())):
        raise InputError(f"{unknown[0]:%F}: the market data has no bar on this date; the newest is of {newest:%F}")
