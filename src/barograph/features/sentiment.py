"""Sentiment: what news, people, analysts, institutions and insiders were known to think, on the source's own scale."""

from functools import partial

import numpy as np

from barograph.features import registration
from barograph.features.asof import SENTIMENT
from barograph.features.fundamentals import change, level
from barograph.features.registration import Array, over_changes

feature = partial(registration.feature, family="sentiment")

for _field in SENTIMENT:
    feature(f"{_field}_asof", inputs=(_field,), lookback=0)(level)

for _field in SENTIMENT:
    feature(f"{_field}_change_{{window}}", inputs=(_field,), lookback=over_changes, windows=(21,))(change)


@feature("sentiment_mean", inputs=SENTIMENT, lookback=0, scope="panel")
def mean(*sentiments: Array) -> Array:
    """Mean of those of the five sentiments that are known; NaN where none is."""
    total, count = np.zeros(sentiments[0].shape, order="F"), np.zeros(sentiments[0].shape, order="F")
    for values in sentiments:
        known = ~np.isnan(values)
        np.add(total, values, out=total, where=known)
        count += known
    return total / count


feature("sentiment_mean_change_{window}", inputs=("sentiment_mean",), lookback=over_changes, windows=(21,))(change)
