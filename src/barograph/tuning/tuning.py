"""Tuning: the rows that a study looks at, and the model with the parameters that it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np

from barograph.errors import InputError
from barograph.folds import Fold, expanding_splits
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import TrainingRows, TrainingSet
from barograph.models.contract.spaces import contains, searched
from barograph.tuning.settings import Grid, Tuning
from barograph.typing import Dates, Rows

Split = tuple[Rows, Rows]
_Model = TypeVar("_Model", bound=Model)


@dataclass(frozen=True)
class TuningRows:
    """The rows of a study, and for each split the positions of those trained on and of those validated."""

    rows: TrainingRows
    splits: list[Split]


def tuning_rows(
    data: TrainingSet, fold: Fold, settings: Tuning | Grid, *, embargo: int, features: Sequence[str] | None = None
) -> TuningRows:
    """Take all rows of every k-th date that had matured before a fold, not resampled, and split them in order of time.

    The fold must be the first, so that no test window is ever looked at. Rows are weighted by uniqueness, as training
    does by default. `embargo` counts the dates between the last exit of a training row and its validation window.
    Raises `InputError` if too little has matured, or a label has no features.
    """
    matured = data.matured(fold)
    lives = data.labels.iloc[matured]
    dates, exits = (lives[name].to_numpy("datetime64[D]") for name in ("date", "exit_date"))
    splits = expanding_splits(dates, exits, splits=settings.splits, first_share=settings.first_share, embargo=embargo)
    kept = np.isin(dates, _thinned(dates, settings.rows))
    position = np.cumsum(kept) - 1
    thinned = [(position[train[kept[train]]], position[test[kept[test]]]) for train, test in splits]
    if not all(train.size and test.size for train, test in thinned):
        raise InputError(f"tuning.rows: {settings.rows} rows leave a window or its past without any; take more")
    return TuningRows(data.labelled(matured[kept], features), thinned)


def tuned(model: _Model, found: Mapping[str, Any], name: str) -> _Model:
    """Fix the parameters that a study found, beside those that the model fixes; nothing is left to search.

    Raises `InputError` if the study is another model's, lacks a parameter, or found a value outside the search space.
    """
    path = f"data/tuning/{name}.json"
    best = found.get("params")
    if found.get("model") != name or not isinstance(best, Mapping):
        raise InputError(f"{path}: a study of {found.get('model')!r}, not of {name!r}; run its tune stage")
    params = {}
    for key, space in searched(model).items():
        if key not in best:
            raise InputError(f"{path}: lacks {key}, which models.{name}.sweep searches; run its tune stage")
        params[key] = best[key]
        if not contains(space, params[key]):
            limits = f"one of {space['choices']}" if "choices" in space else f"{space['low']} to {space['high']}"
            raise InputError(f"{path}: {key} is {params[key]!r}, outside its search space, {limits}")
    return with_params(model, params) if params else model


def with_params(model: _Model, params: Mapping[str, Any]) -> _Model:
    """Fix further parameters of a model."""
    settings = cast("Any", model)
    changed: _Model = replace(settings, params=dict(params) | dict(settings.params))
    return changed


def _thinned(dates: Dates, rows: int) -> Dates:
    step = max(1, round(dates.size / rows))
    # Else it would be the same weekday for months.
    step += step > 1 and step % 5 == 0
    return np.unique(dates)[::step]
