"""The model of the last test window, kept in the cache of results: as days come in, it predicts again without a fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from barograph.executors import Executor, ResultCache
from barograph.executors.executor import Work
from barograph.models import load, save
from barograph.models.contract.rows import Arrays
from barograph.training import Fit, Outcome


@dataclass(frozen=True)
class LastWindow:
    """Runs the fits of a walk elsewhere, but for that of the last test window if its model is in the cache.

    The rows that it was fitted on were known before the window began, so more days in the window leave the model as it
    is. A model that is read back predicts as it did before, to the bit.

    Attributes
    ----------
    executor : Executor
    cache : ResultCache
    """

    executor: Executor
    cache: ResultCache

    def run(self, work: Work[Arrays, Fit, Outcome], shared: Arrays, tasks: Sequence[Fit]) -> Iterator[Outcome]:
        """Run the fits; see :meth:`barograph.executors.Executor.run`."""
        windows = [at for at, fit in enumerate(tasks) if fit.case.window.size]
        if not windows:
            yield from self.executor.run(work, shared, tasks)
            return
        last = windows[-1]
        asked, key = tasks[last], self.cache.key(*_inputs(shared, tasks[last]))
        known = self.cache.get(key)
        rest = [replace(fit, kept=True) if at == last else fit for at, fit in enumerate(tasks)]
        outcomes = self.executor.run(work, shared, rest if known is None else rest[:last] + rest[last + 1 :])
        for at in range(len(tasks)):
            if at != last:
                yield next(outcomes)
                continue
            outcome = next(outcomes) if known is None else _predict(shared, asked, Outcome.from_bytes(known))
            if known is None:
                self.cache.put(key, replace(outcome, probabilities=outcome.probabilities[:0]).to_bytes())
            yield outcome if asked.kept else replace(outcome, model=None)


def _inputs(arrays: Arrays, fit: Fit) -> list[bytes]:
    asked = (fit.model, fit.name, fit.seed, fit.importance_seed, tuple(fit.case.features))
    rows = arrays.labelled(fit.case.shown, fit.case.features, fit.case.weight)
    return [b"the model of the last window", repr(asked).encode(), *rows.contents()]


def _predict(arrays: Arrays, fit: Fit, kept: Outcome) -> Outcome:
    from threadpoolctl import threadpool_limits

    window = arrays.take(fit.case.window, fit.case.features)
    assert kept.model is not None  # it was asked for
    with threadpool_limits(1), TemporaryDirectory() as folder:
        save(kept.model, Path(folder), fit.name, {})
        return replace(kept, probabilities=load(Path(folder), fit.name).predict_proba(window))
