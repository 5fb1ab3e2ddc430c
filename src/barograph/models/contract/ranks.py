"""Features as ranks, for models that draw lines or measure distances."""

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from barograph.typing import Floats, Ints

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def fit_on_ranks(
    values: NDArray[np.float32], classes: Ints, weights: Floats, *steps: Any, scale: Literal["normal", "uniform"]
) -> "Pipeline":
    """Fit a pipeline that turns features into ranks before its further steps.

    Everything runs on one thread, for the order of floating-point sums.

    Parameters
    ----------
    values : float32 array of shape (n, k)
        NaN stands for a missing value, which counts as the mean.
    classes : int array of shape (n,)
    weights : array of shape (n,)
    *steps
        Further steps of scikit-learn's; the last one is given the weights as well.
    scale : {"normal", "uniform"}
        What becomes of a feature's rank among the rows; values beyond them count as the nearest. `normal` is the
        rank's normal score, brought to mean zero and deviation one over the weighted rows. `uniform` is the rank as a
        share, brought to mean zero: it stays within one unit, where a normal score of a flag that was seldom or never
        set would lie ten or thirty deviations off and outweigh every other feature in a distance.

    Returns
    -------
    sklearn.pipeline.Pipeline
    """
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler
    from threadpoolctl import threadpool_limits

    ranks = QuantileTransformer(n_quantiles=100, output_distribution=scale, subsample=None)
    at_the_mean = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    pipeline: Pipeline = make_pipeline(ranks, StandardScaler(with_std=scale == "normal"), at_the_mean, *steps)
    weighted = ["standardscaler", *list(pipeline.named_steps)[3:][-1:]]
    # A feature without any value has neither ranks nor mean; the imputer stands in.
    with threadpool_limits(1), np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        pipeline.fit(values.astype(np.float64), classes, **{f"{name}__sample_weight": weights for name in weighted})
    return pipeline
