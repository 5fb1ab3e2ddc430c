"""Features as ranks, for models that draw lines or measure distances."""

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from barograph.typing import Floats, Floats32, Ints

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def fit_on_ranks(
    X: Floats32, y: Ints, sample_weight: Floats, *steps: Any, scale: Literal["normal", "uniform"]
) -> "Pipeline":
    """Fit a pipeline that turns features into ranks before its further steps, the last of which is weighted too.

    A value beyond the rows' own counts as the nearest, a missing one as the mean. The scale `normal` is the rank's
    normal score, brought to mean zero and deviation one over the weighted rows. `uniform` is the rank as a share,
    brought to mean zero: it stays within one unit, where a normal score of a flag that was seldom or never set would
    lie ten or thirty deviations off and outweigh every other feature in a distance. Everything runs on one thread, for
    the order of floating-point sums.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler
    from threadpoolctl import threadpool_limits

    ranks = QuantileTransformer(n_quantiles=100, output_distribution=scale, subsample=None)
    at_the_mean = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    pipeline: Pipeline = make_pipeline(ranks, StandardScaler(with_std=scale == "normal"), at_the_mean, *steps)
    weighted = ["standardscaler", *list(pipeline.named_steps)[3:][-1:]]
    # A feature without any value has neither ranks nor mean; the imputer fills it.
    with threadpool_limits(1), np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        pipeline.fit(X.astype(np.float64), y, **{f"{name}__sample_weight": sample_weight for name in weighted})
    return pipeline
