"""The information of each feature on the label, and near duplicates among features."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np

from barograph.names import CLASSES
from barograph.typing import Floats, Labels, Rows

Score = Literal["mutual_information", "f"]
BINS: Final = 10


def mutual_information(ranks: Floats, y: Labels) -> Floats:
    r"""Estimate the mutual information of each feature and the label, in nats, shape (k,).

    It may lie a little below zero where there is none, so that two features without any still differ.

    Notes
    -----
    The features' ranks (n, k) from 1 to n, ties at their mean, are cut into ten bins of equal size, ties stay in one,
    and with the entropies of the counts

    .. math:: I = H(x) + H(y) - H(x, y) - \frac{m_{xy} - m_x - m_y + 1}{2 n},

    where :math:`m` are the cells that are not empty: the correction of Miller (1955). It takes rows to be independent;
    those of one date and of neighbouring ones are not, so that a feature that is the same for all symbols looks more
    informative than it is.

    References
    ----------
    Miller, G. (1955), "Note on the bias of information estimates", Information Theory in Psychology II-B.
    """
    n, k = ranks.shape
    cells = np.floor((ranks - 0.5) / n * BINS).astype(np.intp)
    codes = (np.arange(k) * BINS + cells) * len(CLASSES) + y[:, None]
    joint = np.bincount(codes.ravel(), minlength=k * BINS * len(CLASSES)).reshape(k, BINS, len(CLASSES))
    of_feature, of_label = joint.sum(axis=2), joint.sum(axis=1)
    parts = (of_feature, of_label, joint.reshape(k, -1))
    h_x, h_y, h_xy = (_entropy(counts, n) for counts in parts)
    m_x, m_y, m_xy = ((counts > 0).sum(axis=1) for counts in parts)
    information: Floats = h_x + h_y - h_xy - (m_xy - m_x - m_y + 1) / (2 * n)
    return information


def _entropy(counts: Rows, n: int) -> Floats:
    shares = counts / n
    entropy: Floats = -(shares * np.log(np.where(counts > 0, shares, 1.0))).sum(axis=1)
    return entropy


def f_statistic(ranks: Floats, y: Labels) -> Floats:
    """Give the F statistic of the analysis of variance of each feature's ranks over the classes, shape (k,)."""
    from sklearn.feature_selection import f_classif

    statistic: Floats = f_classif(ranks, y)[0]
    return statistic


SCORES: Final[Mapping[Score, Callable[[Floats, Labels], Floats]]] = {
    "mutual_information": mutual_information,
    "f": f_statistic,
}


def near_duplicates(ranks: Floats, scores: Floats, limit: float) -> dict[int, int]:
    """Find the features that go, and for each the feature that stays with which it is correlated most.

    From the highest score down, ties in the order of the columns, a feature stays if the size of its rank correlation
    (Spearman's) with none that stays exceeds the limit. No ranks (n, k) of a feature may be constant.
    """
    standard = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    correlation = np.abs(standard.T @ standard) / len(ranks)
    twins: dict[int, int] = {}
    staying: list[int] = []
    for feature in np.argsort(-scores, kind="stable").tolist():
        near = correlation[feature, staying]
        if near.size and near.max() > limit:
            twins[feature] = staying[int(near.argmax())]
        else:
            staying.append(feature)
    return twins
