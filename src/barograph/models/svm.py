"""A support vector machine by scikit-learn, calibrated to probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.folds import expanding_splits
from barograph.models.contract.canonical import archived, unarchived
from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.contract.settings import Count, ModelParams, ModelSettings, Positive
from barograph.models.contract.spaces import settled
from barograph.models.contract.storage import Format, register_format
from barograph.typing import STRICT, Floats, Floats32, Ints, Rows

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

MARGINS: Final = "margins.skops"
LINK: Final = "link.skops"
_FIRST_SHARE: Final = 0.7


class SVMParams(ModelParams, total=False):
    """scikit-learn's parameters that may be set; an absent one keeps the library's default.

    `C` is per unit of weight, and weights have mean one. `gamma` is in units of one over the number of features, so
    that it means the same for more of them: the kernel is exp(-gamma d²), with d² the mean squared distance of two
    rows' ranks, each of which runs from 0 to 1.
    """

    C: Positive
    gamma: Positive
    n_components: Count


@plain_dataclass(frozen=True)
class MarginClassifier:
    """A machine that gives a margin a class (of two classes one margin), and the link from margins to probabilities."""

    margins: "Pipeline"
    link: "LogisticRegression"

    def predict_proba(self, X: Floats32, /) -> Floats:
        """Give probabilities, shape (n, classes seen)."""
        return np.asarray(self.link.predict_proba(_margins(self.margins, X)), np.float64)


@dataclass(frozen=True, config=STRICT)
class SVM(ModelSettings):
    """A support vector machine on ranks: one class against the rest, Gaussian kernel, squared hinge loss.

    The kernel is approximated on `n_components` training rows [1]_, and the margins are turned into probabilities by a
    multinomial logistic regression, Platt's scaling [2]_ for several classes. It is fitted on margins out of sample:
    those that a machine fitted on the first 70 % of the dates gives to the rest, purged, whose classes are weighted to
    the shares of all rows. Then the machine is fitted again on all rows, its margins are moved to the mean for which
    the link was fitted, and the link is taken to hold for them too. That assumes that the spread of margins stays the
    same from the first machine to the second: both get the same total weight of losses against their penalty, and the
    penalty must be strong enough that rows, once seen, hardly get other margins than unseen ones. The link
    sees the rows that the model is shown: where memory weighs or copies them, it answers for that mix, as any model.

    References
    ----------
    .. [1] Williams, C., & Seeger, M. (2001). Using the Nyström method to speed up kernel machines. NIPS 13, 682-688.
    .. [2] Platt, J. (1999). Probabilistic outputs for support vector machines and comparisons to regularized likelihood
       methods. Advances in Large Margin Classifiers, 61-74.
    """

    params: SVMParams

    def fit(
        self,
        X: pd.DataFrame,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        seed: int = 0,
        lives: pd.DataFrame | None = None,
    ) -> FittedModel:
        """Fit on one thread, for the order of floating-point sums; see :func:`barograph.models.fit_classifier`.

        Without `lives` (columns `date` and `exit_date`, one row a sample) rows are taken to be independent and in order
        of time. Raises `InputError` also if the earlier or the later rows lack a class or there are too few dates.
        """
        return fit_classifier(partial(self.estimator, seed=seed), X, y, sample_weight, lives=lives)

    def estimator(
        self, X: Floats32, y: Ints, sample_weight: Floats, lives: pd.DataFrame | None = None, *, seed: int
    ) -> MarginClassifier:
        """Fit a machine on the past for the link, and one on all rows for the margins."""
        from sklearn.linear_model import LogisticRegression

        past, later = _rehearsal(y, _independent(len(X)) if lives is None else lives)
        share = sample_weight[past].sum() / sample_weight.sum()
        rehearsed = self._machine(X[past], y[past], sample_weight[past], seed, 1 / share)
        margins = _margins(rehearsed, X[later])
        shares = np.bincount(y, sample_weight) / np.bincount(y[later], sample_weight[later])
        evened = sample_weight[later] * shares[y[later]]
        link = LogisticRegression(max_iter=500)
        link.fit(margins, y[later], sample_weight=evened * later.size / evened.sum())
        machine = self._machine(X, y, sample_weight, seed)
        mean = np.average(_margins(machine, X), axis=0, weights=sample_weight)
        machine[-1].intercept_ += np.average(margins, axis=0, weights=evened) - mean
        return MarginClassifier(machine, link)

    def _machine(self, X: Floats32, y: Ints, sample_weight: Floats, seed: int, losses: float = 1.0) -> "Pipeline":
        from sklearn.kernel_approximation import Nystroem
        from sklearn.svm import LinearSVC

        settings = settled(self)
        # Fewer columns than rows: the primal problem is the small one, and its solver draws no random numbers.
        separation = LinearSVC(C=settings.pop("C", 1.0) * losses, dual=False)
        gamma = settings.pop("gamma", 1.0) / X.shape[1]
        kernel = Nystroem(**settings, gamma=gamma, random_state=seed)
        kernel.set_params(n_components=min(kernel.n_components, len(X)))
        return fit_on_ranks(X, y, sample_weight, kernel, separation, scale="uniform")


def to_files(classifier: MarginClassifier) -> dict[str, bytes]:
    """Write both parts as skops archives."""
    return {MARGINS: archived(classifier.margins), LINK: archived(classifier.link)}


def from_files(files: Mapping[str, bytes]) -> MarginClassifier:
    """Read both parts back."""
    return MarginClassifier(unarchived(files[MARGINS], MARGINS), unarchived(files[LINK], LINK))


register_format(Format(MarginClassifier, (MARGINS, LINK), ("scikit-learn", "skops"), to_files, from_files))


def _margins(machine: "Pipeline", X: Floats32) -> Floats:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        margins: Floats = machine.decision_function(X.astype(np.float64))
    return margins.reshape(len(X), -1)


def _independent(rows: int) -> pd.DataFrame:
    order = np.arange(rows).astype("datetime64[D]")
    return pd.DataFrame({"date": order, "exit_date": order})


def _rehearsal(classes: Ints, lives: pd.DataFrame) -> tuple[Rows, Rows]:
    dates, exit_dates = (lives[name].to_numpy("datetime64[D]") for name in ("date", "exit_date"))
    [(past, later)] = expanding_splits(dates, exit_dates, splits=1, first_share=_FIRST_SHARE)
    needed = classes.max() + 1
    for part, rows in (("earlier", past), ("later", later)):
        if (found := np.unique(classes[rows]).size) < needed:
            first, last = dates[rows].min(), dates[rows].max()
            raise InputError(
                f"svm: {found} of {needed} classes among the {rows.size} {part} training rows, {first} to {last}; the "
                "calibration needs all of them, earlier and later: train on more rows or without this model"
            )
    return past, later
