r"""Shares of margins that are smooth in the features' ranks: integrated gradients.

With :math:`z` a row's ranks, brought to mean 0 over the training rows (a missing value is 0 too), and
:math:`f` a margin, feature i's share is

.. math:: \phi_i = z_i \int_0^1 \frac{\partial f}{\partial z_i}(t z) \, dt

and the shares sum to :math:`f(z) - f(0)`. A missing value has no share. For a linear margin this is its coefficient
times :math:`z_i`, which is its Shapley value. The integral is taken by Gauss-Legendre quadrature: exact to rounding
where the margin is smooth; for a network with kinks, such as those of rectified units, to about a hundredth of the
margins' deviation.

References
----------
.. [1] Sundararajan, M., Taly, A., & Yan, Q. (2017). Axiomatic attribution for deep networks. ICML, 3319-3328.
.. [2] Strumbelj, E., & Kononenko, I. (2014). Explaining prediction models and individual predictions with feature
   contributions. Knowledge and Information Systems 41, 647-665. Equation 10 on linear models.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barograph.typing import Floats

if TYPE_CHECKING:
    import keras
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

Shares: TypeAlias = tuple[Floats, Floats]
# Nodes of the quadrature along the path, for a smooth margin and for a margin with kinks.
_SMOOTH: Final = 64
_KINKED: Final = 128
_SMALLEST: Final = 1e-37  # as a probability


def line(pipeline: "Pipeline", X: NDArray[np.float32]) -> Shares:
    """Give shares (n, k, c) and base (c,) of a logistic regression's scores; of two classes c is 1."""
    regression = pipeline[-1]
    ranks = np.asarray(pipeline[:-1].transform(X), np.float64)
    return ranks[:, :, None] * regression.coef_.T, regression.intercept_


def kernel(margins: "Pipeline", link: "LogisticRegression", X: NDArray[np.float32]) -> Shares:
    r"""Give shares (n, k, c) and base (c,) of the link's score of a support vector machine's margins.

    The score is a sum of Gaussian bumps, :math:`b + \sum_j a_j \exp(-\gamma |z - l_j|^2)` over the landmarks
    :math:`l_j` of the Nystroem map, and its gradient is in closed form. Of two classes c is 1.
    """
    from threadpoolctl import threadpool_limits

    nystroem, svm = margins[-2], margins[-1]
    ranks = np.asarray(margins[:-2].transform(X.astype(np.float64)), np.float64)
    landmarks = np.asarray(nystroem.components_, np.float64)
    gamma = 1 / ranks.shape[1] if nystroem.gamma is None else nystroem.gamma
    heights = link.coef_ @ svm.coef_ @ nystroem.normalization_
    with threadpool_limits(1):
        shares = _bumps(ranks, landmarks, gamma, heights)
    at_mean = np.exp(-gamma * (landmarks**2).sum(axis=1))
    return shares, link.intercept_ + link.coef_ @ svm.intercept_ + heights @ at_mean


def _bumps(ranks: Floats, landmarks: Floats, gamma: float, heights: Floats) -> Floats:
    lengths, overlap, sizes = (ranks**2).sum(axis=1), ranks @ landmarks.T, (landmarks**2).sum(axis=1)
    weighed = [height[:, None] * landmarks for height in heights]
    mean = np.zeros((*ranks.shape, len(heights)))
    for t, weight in _nodes(_SMOOTH):
        near = np.exp(-gamma * (t**2 * lengths[:, None] - 2 * t * overlap + sizes))
        for margin, height in enumerate(heights):
            mean[:, :, margin] += 2 * gamma * weight * (near @ weighed[margin] - t * ranks * (near @ height)[:, None])
    return ranks[:, :, None] * mean


def network(ranks: "Pipeline", layers: "keras.Model", X: NDArray[np.float32]) -> Shares:
    """Give shares (n, k, c) and base (c,) of a network's log probabilities, without their mean over the classes."""
    import tensorflow as tf

    def score(at: "tf.Tensor") -> "tf.Tensor":
        log = tf.math.log(tf.maximum(layers(at, training=False), _SMALLEST))
        return log - tf.reduce_mean(log, axis=1, keepdims=True)

    z = tf.constant(ranks.transform(X.astype(np.float64)))
    base = score(tf.zeros_like(z[:1])).numpy()[0].astype(np.float64)

    def gradients(at: "tf.Tensor") -> "tf.Tensor":
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(at)
            scores = tf.unstack(score(at), axis=1)
        return tf.stack([tape.gradient(values, at) for values in scores], axis=2)

    traced = tf.function(gradients)
    mean = np.zeros((*X.shape, base.size))
    for t, weight in _nodes(_KINKED):
        mean += weight * traced(z * t).numpy()
    return z.numpy()[:, :, None] * mean, base


def _nodes(count: int) -> Iterator[tuple[float, float]]:
    places, weights = np.polynomial.legendre.leggauss(count)
    yield from zip(((1 + places) / 2).tolist(), (weights / 2).tolist(), strict=True)
