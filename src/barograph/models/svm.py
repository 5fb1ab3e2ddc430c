"""A support vector machine by scikit-learn, calibrated to probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.errors import InputError
from barograph.folds import expanding_splits
from barograph.models.contract.canonical import archived, unarchived
from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.models.contract.storage import Format, register_format
from barograph.typing import STRICT, Floats, Ints, Rows

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

MARGINS: Final = "margins.skops"
LINK: Final = "link.skops"
_FIRST_SHARE: Final = 0.7


class SVMParams(TypedDict, total=False):
    """scikit-learn's parameters that may be set; what is absent keeps the library's default.

    `C` is per unit of weight, and weights have mean one. `gamma` is in units of one over the number of features, so
    that it means the same for more of them: the kernel is exp(-gamma d²), with d² the mean squared distance of two
    rows' ranks, each of which runs from 0 to 1.
    """

    __pydantic_config__ = STRICT  # type: ignore[misc]

    C: Annotated[float, Field(gt=0)]
    gamma: Annotated[float, Field(gt=0)]
    n_components: Annotated[int, Field(ge=1)]


@plain_dataclass(frozen=True)
class MarginClassifier:
    """A machine's margins, and the link from them to probabilities.

    Attributes
    ----------
    margins : sklearn.pipeline.Pipeline
        Gives a margin a class; of two classes one margin.
    link : sklearn.linear_model.LogisticRegression
    """

    margins: "Pipeline"
    link: "LogisticRegression"

    def predict_proba(self, X: NDArray[np.float32], /) -> Floats:
        """Give probabilities, shape (n, classes seen)."""
        return np.asarray(self.link.predict_proba(_margins(self.margins, X)), np.float64)


@dataclass(frozen=True, config=STRICT)
class SVM:
    """A support vector machine on ranks: one class against the rest, Gaussian kernel, squared hinge loss.

    The kernel is approximated on `n_components` training rows [1]_, and the margins are turned into probabilities by a
    multinomial logistic regression, Platt's scaling [2]_ for several classes. It is fitted on margins out of sample:
    those that a machine fitted on the first 70 % of the dates gives to the rest, purged, whose classes are weighted to
    the shares of all rows. Then the machine is fitted again on all rows, its margins are moved to the mean for which
    the link was fitted, and the link is taken to hold for them too. That assumes that the spread of margins stays the
    same from the first machine to the second: both get the same total weight of losses against their penalty, and the
    penalty must be strong enough that rows, once seen, hardly get other margins than unseen ones. The link
    sees the rows that the model is shown: where memory weighs or copies them, it answers for that mix, as any model.

    Parameters
    ----------
    params : SVMParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.

    References
    ----------
    .. [1] Williams, C., & Seeger, M. (2001). Using the Nyström method to speed up kernel machines. NIPS 13, 682-688.
    .. [2] Platt, J. (1999). Probabilistic outputs for support vector machines and comparisons to regularized likelihood
       methods. Advances in Large Margin Classifiers, 61-74.
    """

    params: SVMParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

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

        Parameters
        ----------
        X, y, sample_weight, seed
            As for every model.
        lives : pandas.DataFrame, optional
            Columns `date` and `exit_date`, one row a sample. Without it, rows are taken to be independent and in order
            of time.

        Raises
        ------
        InputError
            As :func:`barograph.models.fit_classifier`, and if the earlier or the later rows lack a class or there are
            too few dates for both.
        """

        def separate(
            values: NDArray[np.float32], classes: Ints, weights: Floats, lives: pd.DataFrame
        ) -> MarginClassifier:
            from sklearn.linear_model import LogisticRegression

            past, later = _rehearsal(classes, lives)
            share = weights[past].sum() / weights.sum()
            rehearsed = self._machine(values[past], classes[past], weights[past], seed, 1 / share)
            margins = _margins(rehearsed, values[later])
            shares = np.bincount(classes, weights) / np.bincount(classes[later], weights[later])
            evened = weights[later] * shares[classes[later]]
            link = LogisticRegression(max_iter=500)
            link.fit(margins, classes[later], sample_weight=evened * later.size / evened.sum())
            machine = self._machine(values, classes, weights, seed)
            own = np.average(_margins(machine, values), axis=0, weights=weights)
            machine[-1].intercept_ += np.average(margins, axis=0, weights=evened) - own
            return MarginClassifier(machine, link)

        order = np.arange(len(X)).astype("datetime64[D]")
        in_order = pd.DataFrame({"date": order, "exit_date": order})
        return fit_classifier(separate, X, y, sample_weight, lives=in_order if lives is None else lives)

    def _machine(
        self, values: NDArray[np.float32], classes: Ints, weights: Floats, seed: int, losses: float = 1.0
    ) -> "Pipeline":
        from sklearn.kernel_approximation import Nystroem
        from sklearn.svm import LinearSVC

        settings = settled(self)
        # Fewer columns than rows: the primal problem is the small one, and its solver draws no random numbers.
        separation = LinearSVC(C=settings.pop("C", 1.0) * losses, dual=False)
        gamma = settings.pop("gamma", 1.0) / values.shape[1]
        kernel = Nystroem(**settings, gamma=gamma, random_state=seed)
        kernel.set_params(n_components=min(kernel.n_components, len(values)))
        return fit_on_ranks(values, classes, weights, kernel, separation, scale="uniform")


def to_files(classifier: MarginClassifier) -> dict[str, bytes]:
    """Write both parts as skops archives."""
    return {MARGINS: archived(classifier.margins), LINK: archived(classifier.link)}


def from_files(files: Mapping[str, bytes]) -> MarginClassifier:
    """Read both parts back."""
    return MarginClassifier(unarchived(files[MARGINS], MARGINS), unarchived(files[LINK], LINK))


register_format(Format(MarginClassifier, (MARGINS, LINK), ("scikit-learn", "skops"), to_files, from_files))


def _margins(machine: "Pipeline", X: NDArray[np.float32]) -> Floats:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        margins: Floats = machine.decision_function(X.astype(np.float64))
    return margins.reshape(len(X), -1)


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
