"""A study: a seeded search of a model's parameters, by Optuna."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.executors import Codec, Executor, ResultCache, Serial, run_recalling
from barograph.losses import log_loss
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import fit_rows
from barograph.models.contract.spaces import Choices, Range, searched, starts, whole
from barograph.randomness import seed_for
from barograph.tuning.settings import Grid, Tuning
from barograph.tuning.tuning import TuningRows, with_params

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

Run = Callable[["list[Attempt]"], Iterable[float | str]]

_STUDY: Final = "tuning"
_PLANNED: Final = "planned"
_STATES: Final = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


@dataclass(frozen=True)
class TuningResult:
    """The findings of a study in plain values, and its trials.

    Attributes
    ----------
    found : dict
        `model`, the best `params`, their `log_loss` (unweighted, the mean over the splits) and `start_log_loss`;
        `rows`, `first_date`, `last_date`, `splits`; `importance` of each parameter (null where the complete trials are
        too few to tell); and the number of `trials` that ended in each way. All but `model` is empty without a search
        space.
    trials : pandas.DataFrame
        A row each; none without a search space.
    """

    found: dict[str, Any]
    trials: pd.DataFrame


def tune(
    model: Model,
    data: TuningRows,
    settings: Tuning | Grid,
    *,
    name: str,
    seed: int,
    storage: "BaseStorage | None" = None,
    on_fits: Callable[[int], object] | None = None,
    executor: Executor | None = None,
    cache: ResultCache | None = None,
) -> TuningResult:
    """Search for the parameters with the least log loss, by a tree-structured Parzen estimator or on a grid.

    The first trial is at the start of the search space, so on the study's splits the result is never worse than that. A
    trial whose fit fails is noted and passed over. Every trial fits with the same seeds. The trials of a batch run side
    by side, split after split; which they are does not depend on where they run.

    Parameters
    ----------
    model : Model
        The parameters of its `sweep` that its `params` leave open are searched.
    data : TuningRows
    settings : Tuning or Grid
    name : str
        The model's key, part of its seed.
    seed : int
    storage : optuna.storages.BaseStorage, optional
        Where the study is kept, and taken up again when it is there already; its finished trials count. By default it
        is kept in memory.
    on_fits : callable, optional
        Called with the number of fits that were done, or saved where a trial ended early: `splits` per trial in all.
    executor : Executor, optional
        Where the trials are fitted; by default in this process.
    cache : ResultCache, optional
        Gives the losses that were computed before.

    Returns
    -------
    TuningResult

    Raises
    ------
    InputError
        If every trial fails, the grid is too large, or the storage contains another study.

    References
    ----------
    Bergstra, J. et al. (2011), *Algorithms for Hyper-Parameter Optimization*, NeurIPS 24.
    Hutter, F., Hoos, H. and Leyton-Brown, K. (2014), *An Efficient Approach for Assessing Hyperparameter Importance*,
    ICML 31 (the importance).
    """
    if not searched(model):
        return unsearched(model, name)
    run = partial(run_recalling, executor or Serial(), cache, _LOSSES, validated, data)
    with _quiet():
        study, trials = _open(model, data, settings, name, seed, storage)
        while (left := trials - len(_finished(study))) > 0:
            batch = [study.ask() for _ in range(min(left, settings.batch))]
            for fits in _finish(batch, study, model, name, seed, len(data.splits), run):
                if on_fits:
                    on_fits(fits)
        return _read(study, model, data, name, seed)


def unsearched(model: Model, name: str) -> TuningResult:
    """Give the result of no search: the start of the search space."""
    nothing = dict.fromkeys(("log_loss", "start_log_loss", "rows", "first_date", "last_date", "splits"))
    found = {"model": name, "params": starts(model), "importance": None, "trials": dict.fromkeys(_STATES.values(), 0)}
    return TuningResult(found | nothing, pd.DataFrame(columns=["number", "state", "log_loss", "error"]))


@contextmanager
def _quiet() -> Iterator[None]:
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _open(
    model: Model, data: TuningRows, settings: Tuning | Grid, name: str, seed: int, storage: "BaseStorage | None"
) -> "tuple[Study, int]":
    """Open the study, new or kept, and give the number of trials that it is to finish."""
    import optuna

    names = optuna.get_all_study_names(storage) if storage else []
    if names and names != [_STUDY]:
        raise InputError(f"storage: contains the studies {names}, which are not Barograph's; name another file")
    planned, trials = settings.planned(model), settings.trials_of(model)
    startup = settings.startup_trials if isinstance(settings, Tuning) else trials
    pruner = optuna.pruners.MedianPruner(n_startup_trials=startup)
    study = optuna.create_study(storage=storage, study_name=_STUDY, load_if_exists=True, pruner=pruner)
    _claim(study, model, data, name, seed)
    study.sampler = optuna.samplers.TPESampler(
        n_startup_trials=startup, seed=seed_for(seed, "tune", name, len(study.trials))
    )
    begun = {
        trial.user_attrs.get(_PLANNED)
        for trial in study.trials
        if trial.state.is_finished() or trial.state.name == "WAITING"
    }
    for number, params in enumerate(planned):
        if number not in begun:
            study.enqueue_trial(params, user_attrs={_PLANNED: number})
    return study, trials


def _claim(study: "Study", model: Model, data: TuningRows, name: str, seed: int) -> None:
    """Write the model, its settings and its rows on a new study, and refuse a study of others."""
    about = {"model": name, "settings": _digest(repr((seed, model)).encode()), "rows": _digest(*_contents(data))}
    if not study.user_attrs and not study.trials:
        study.set_user_attr("about", about)
    stored = study.user_attrs.get("about", {})
    if stored.get("model") != name:
        raise InputError(f"storage: contains a study of {stored.get('model')}, not of {name}; name another file")
    if stored["settings"] != about["settings"]:
        raise InputError(f"storage: its study of {name} has other parameters, search space or seed; name another file")
    if stored["rows"] != about["rows"]:
        raise InputError(f"storage: its study of {name} looked at other rows or splits; name another file")


def _contents(data: TuningRows) -> Iterator[bytes]:
    yield from data.rows.contents()
    yield from (positions.tobytes() for split in data.splits for positions in split)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _finished(study: "Study") -> "list[FrozenTrial]":
    return [trial for trial in study.trials if trial.state.is_finished()]


@dataclass(frozen=True)
class Attempt:
    """A trial on one split: the model with the trial's parameters, and the number of the split."""

    model: Model
    name: str
    seed: int
    trial: int
    split: int

    def __str__(self) -> str:
        return f"{self.name}, trial {self.trial}, split {self.split}"


def validated(data: TuningRows, attempt: Attempt) -> float | str:
    """Fit on the rows before a split's window, on one thread; give the log loss in it, or the reason of a failure."""
    from threadpoolctl import threadpool_limits

    train, test = data.splits[attempt.split]
    try:
        with threadpool_limits(1):
            fitted = fit_rows(attempt.model, data.rows.part(train), name=attempt.name, seed=attempt.seed)
            loss = log_loss(fitted.predict_proba(data.rows.X.iloc[test]), data.rows.y[test])
        if not np.isfinite(loss):
            raise InputError("the model predicted NaN")
        return loss
    except Exception as error:  # whatever a model's library raises at some corner of the space
        reason = " ".join(str(error).split())
        return reason if isinstance(error, InputError) else f"{type(error).__name__}: {reason}"


def _inputs(data: TuningRows, attempt: Attempt) -> list[bytes]:
    asked = repr((attempt.model, attempt.name, attempt.seed)).encode()
    train, test = (data.rows.part(positions) for positions in data.splits[attempt.split])
    return [asked, *(name.encode() for name in data.rows.X.columns), *train.contents(), *test.contents()]


def _encode(loss: float | str) -> bytes | None:
    return None if isinstance(loss, str) else loss.hex().encode()


def _decode(kept: bytes) -> float | str:
    return float.fromhex(kept.decode())


_LOSSES: Final = Codec(_inputs, _encode, _decode)


def _finish(
    batch: "list[Trial]", study: "Study", model: Model, name: str, seed: int, splits: int, run: Run
) -> Iterator[int]:
    """Validate a batch of trials split by split, and stop each where it does worse than the median did.

    Yields the number of fits done or saved.
    """
    from optuna.trial import TrialState

    tried = {trial.number: with_params(model, _suggested(trial, model)) for trial in batch}
    losses: dict[int, list[float]] = {trial.number: [] for trial in batch}
    for split in range(splits):
        split_seed = seed_for(seed, "tune", name, "split", split)
        attempts = [Attempt(tried[trial.number], name, split_seed, trial.number, split) for trial in batch]
        running = []
        for trial, loss in zip(batch, run(attempts), strict=True):
            if isinstance(loss, str):
                trial.set_user_attr("error", loss)
                study.tell(trial, state=TrialState.FAIL)
                yield splits - split
                continue
            losses[trial.number].append(loss)
            trial.set_user_attr("losses", losses[trial.number])
            trial.report(float(np.mean(losses[trial.number])), split)
            if split + 1 < splits and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                yield splits - split
            else:
                running.append(trial)
                yield 1
        batch = running
    for trial in batch:
        study.tell(trial, float(np.mean(losses[trial.number])))


def _suggested(trial: "Trial", model: Model) -> dict[str, Any]:
    return {key: _suggest(trial, key, space) for key, space in searched(model).items()}


def _suggest(trial: "Trial", key: str, space: Range | Choices) -> Any:
    if "choices" in space:
        return trial.suggest_categorical(key, space["choices"])
    low, high, log = space["low"], space["high"], space.get("log", False)
    if whole(space):
        return trial.suggest_int(key, int(low), int(high), log=log)
    return trial.suggest_float(key, low, high, log=log)


def _read(study: "Study", model: Model, data: TuningRows, name: str, seed: int) -> TuningResult:
    trials = _finished(study)
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    if not complete:
        raise InputError(f"models.{name}: every trial failed; the first with {trials[0].user_attrs['error']}")
    begun = [trial.value for trial in complete if trial.user_attrs.get(_PLANNED) == 0]
    days = data.rows.lives["date"]
    states = [_STATES[trial.state.name] for trial in trials]
    importance_seed = seed_for(seed, "tune", name, "importance")
    found = {
        "model": name,
        "params": study.best_params,
        "log_loss": study.best_value,
        "start_log_loss": begun[0] if begun else None,
        "rows": len(days),
        "first_date": f"{days.min():%F}",
        "last_date": f"{days.max():%F}",
        "splits": len(data.splits),
        "importance": _importance(study, [trial.value for trial in complete], importance_seed),
        "trials": {state: states.count(state) for state in _STATES.values()},
    }
    return TuningResult(found, _table(trials, list(searched(model)), len(data.splits)))


def _importance(study: "Study", values: list[float | None], seed: int) -> dict[str, float] | None:
    """Give each parameter's share of the variance, if there are several and more complete trials than parameters."""
    from optuna.importance import FanovaImportanceEvaluator

    if not 2 <= len(study.best_params) < len(values) or len(set(values)) == 1:
        return None
    shares = FanovaImportanceEvaluator(seed=seed).evaluate(study)
    total = sum(shares.values())
    return {name: float(share / total) for name, share in shares.items()} if total > 0 else None


def _table(trials: "list[FrozenTrial]", params: list[str], splits: int) -> pd.DataFrame:
    rows = [
        {
            "number": trial.number,
            "state": _STATES[trial.state.name],
            "log_loss": trial.value if trial.state.name == "COMPLETE" else None,
        }
        | {f"split_{i + 1}": loss for i, loss in enumerate(trial.user_attrs.get("losses", []))}
        | trial.params
        | {"error": trial.user_attrs.get("error")}
        for trial in trials
    ]
    columns = ["number", "state", "log_loss", *(f"split_{i + 1}" for i in range(splits)), *params, "error"]
    return pd.DataFrame(rows, columns=columns)
