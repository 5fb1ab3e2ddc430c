"""The ways to select features: all, without near duplicates, the best, by elimination."""

from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.folds import expanding_splits
from barograph.losses import log_loss
from barograph.names import CLASSES
from barograph.selection.scores import SCORES, Score, near_duplicates
from barograph.selection.selection import Past
from barograph.typing import STRICT, Floats, Mask, Rows

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

KEPT: Final = "kept"
NEAR_DUPLICATE: Final = "near duplicate of "
NOT_BEST: Final = "not among the k best"
ELIMINATED: Final = "eliminated"
CONSTANT: Final = "constant"
MISSING: Final = "missing"
_LEAF: Final = 20

Correlation = Annotated[float, Field(gt=0, lt=1)]
RowCount = Annotated[int, Field(ge=100)]


@dataclass(frozen=True, config=STRICT)
class KeepAll:
    """Every feature is kept, also a feature without a value."""

    rows: ClassVar[int] = 0

    def select(self, past: Past) -> pd.DataFrame:
        """Keep all; see :class:`barograph.selection.Selection`."""
        return pd.DataFrame({"feature": past.rows.X.columns, "kept": True, "score": np.nan, "reason": KEPT})


@dataclass(frozen=True, config=STRICT)
class NearDuplicates:
    """Of features that are nearly the same the most informative is kept.

    Parameters
    ----------
    max_correlation : float
        The largest rank correlation, of either sign, of two features that are both kept.
    rows : int
        The most rows of a fold's past that are looked at.

    See Also
    --------
    barograph.selection.scores : Which features are near duplicates, and how informative each is.
    """

    max_correlation: Correlation
    rows: RowCount

    def select(self, past: Past) -> pd.DataFrame:
        """Select; see :class:`barograph.selection.Selection`. Features without a value, or with but one, go first."""
        return _Draft.of(past, "mutual_information", self.max_correlation).table()


@dataclass(frozen=True, config=STRICT)
class Univariate:
    """The features with the highest scores, each looked at alone; what scikit-learn's `SelectKBest` does.

    Parameters
    ----------
    k : int
        The number of features kept.
    score : {"mutual_information", "f"}
        Of a feature and the label; both of the feature's ranks, lest a few extreme values decide.
    max_correlation : float or None
        Near duplicates go first, as in :class:`NearDuplicates`, the less informative by this score; None keeps them.
    rows : int
        The most rows of a fold's past that are looked at.
    """

    k: Annotated[int, Field(ge=1)]
    score: Score
    max_correlation: Correlation | None
    rows: RowCount

    def select(self, past: Past) -> pd.DataFrame:
        """Select; see :class:`barograph.selection.Selection`."""
        draft = _Draft.of(past, self.score, self.max_correlation)
        best = draft.left[np.argsort(-draft.scores[draft.left], kind="stable")]
        draft.drop(best[self.k :], NOT_BEST)
        return draft.table()


@dataclass(frozen=True, config=STRICT)
class Recursive:
    """Recursive elimination: the features that a random forest splits on least go, as long as its log loss gains.

    The number that stays is the best on average in test windows inside the fold's past, one after the other and purged.

    Parameters
    ----------
    min_features : int
        The fewest that may stay.
    step : float
        The share of the features that goes at a time.
    trees : int
        In each forest.
    splits : int
        Test windows inside the past.
    first_share : float
        Share of the dates before the first of them.
    max_correlation : float or None
        Near duplicates go first, as in :class:`NearDuplicates`; None keeps them, and they share what they explain.
    rows : int
        The most rows of a fold's past that are looked at.

    References
    ----------
    Guyon, I. et al. (2002), "Gene selection for cancer classification using support vector machines", Machine
    Learning 46.
    """

    min_features: Annotated[int, Field(ge=1)]
    step: Annotated[float, Field(gt=0, lt=1)]
    trees: Annotated[int, Field(ge=10)]
    splits: Annotated[int, Field(ge=1)]
    first_share: Annotated[float, Field(gt=0, lt=1)]
    max_correlation: Correlation | None
    rows: RowCount

    def select(self, past: Past) -> pd.DataFrame:
        """Select; see :class:`barograph.selection.Selection`. A past that cannot be split so raises InputError."""
        draft = _Draft.of(past, "mutual_information", self.max_correlation)
        if draft.left.size > self.min_features:
            draft.drop(draft.left[~self._supported(past, draft.left)], ELIMINATED)
        return draft.table()

    def _supported(self, past: Past, left: Rows) -> Mask:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.feature_selection import RFECV

        dates, exits = (past.rows.lives[name].to_numpy() for name in ("date", "exit_date"))
        splits = expanding_splits(dates, exits, splits=self.splits, first_share=self.first_share, embargo=past.embargo)
        forest = RandomForestClassifier(self.trees, min_samples_leaf=_LEAF, n_jobs=-1, random_state=past.seed)
        search = RFECV(forest, step=self.step, min_features_to_select=self.min_features, cv=splits, scoring=_gain)
        search.fit(past.rows.X.to_numpy()[:, left], past.rows.y)
        supported: Mask = search.support_
        return supported


def _gain(forest: "RandomForestClassifier", X: NDArray[np.float32], y: NDArray[np.int8]) -> float:
    probabilities = np.zeros((len(X), len(CLASSES)))
    # One thread: parallel sums would vary in order.
    probabilities[:, forest.classes_] = forest.set_params(n_jobs=1).predict_proba(X)
    return -log_loss(probabilities, y)


@plain_dataclass(frozen=True)
class _Draft:
    """A selection in the making: names, scores and, filled in as features go, reasons."""

    names: list[str]
    scores: Floats
    reasons: NDArray[np.object_]

    @classmethod
    def of(cls, past: Past, score: Score, max_correlation: float | None) -> "_Draft":
        """Score the features, a missing value counting as the median, and drop the useless and the redundant."""
        X = past.rows.X
        filled = X.fillna(X.median())
        reasons = np.where(X.isna().all(), MISSING, np.where(filled.min() == filled.max(), CONSTANT, KEPT))
        draft = cls(X.columns.tolist(), np.full(X.shape[1], np.nan), reasons.astype(object))
        usable = draft.left
        if not usable.size:
            return draft
        ranks = filled.iloc[:, usable].rank().to_numpy()
        draft.scores[usable] = SCORES[score](ranks, past.rows.y)
        twins = near_duplicates(ranks, draft.scores[usable], max_correlation) if max_correlation is not None else {}
        for feature, twin in twins.items():
            draft.drop(usable[[feature]], f"{NEAR_DUPLICATE}{draft.names[usable[twin]]}")
        return draft

    @property
    def left(self) -> Rows:
        """The positions of the features that have not gone."""
        return np.flatnonzero(self.reasons == KEPT)

    def drop(self, features: Rows, reason: str) -> None:
        self.reasons[features] = reason

    def table(self) -> pd.DataFrame:
        columns: dict[str, Any] = {"feature": self.names, "kept": self.reasons == KEPT}
        return pd.DataFrame(columns | {"score": self.scores, "reason": self.reasons})
