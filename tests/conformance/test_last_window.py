"""The model of the last test window is kept: more days in the window take no fit, and give the bytes of one."""

from dataclasses import replace

import pytest

from barograph.executors import ResultCache, Serial
from barograph.stages.last_window import LastWindow
from barograph.training import fit_case
from tests.conformance.test_executors import DATA, FITS

NEW_DAYS = 5


class _Noting:
    """Runs the tasks in this process, and notes the places of their cases."""

    def __init__(self):
        self.places = []

    def run(self, work, shared, tasks):
        self.places += [task.case.place for task in tasks]
        return Serial().run(work, shared, tasks)


def _earlier(fit):
    return replace(fit, case=replace(fit.case, window=fit.case.window[:-NEW_DAYS]))


def _run(cache, fits):
    executor = _Noting()
    found = [outcome.to_bytes() for outcome in LastWindow(executor, cache).run(fit_case, DATA.arrays, fits)]
    return found, executor.places


@pytest.fixture
def cache(tmp_path):
    return ResultCache(tmp_path, 1 << 30, "this code")


@pytest.mark.parametrize("whole", FITS[1::2], ids=lambda fit: fit.name)
@pytest.mark.filterwarnings("ignore")
def test_with_more_days_every_model_predicts_again_the_bytes_of_a_fit(cache, whole):
    first, _ = _run(cache, [replace(_earlier(whole), kept=False)])
    found, fitted = _run(cache, [whole])
    assert fitted == []
    [expected] = Serial().run(fit_case, DATA.arrays, [whole])
    assert found == [expected.to_bytes()]
    assert first != found


FOLDS = [fit for fit in FITS if fit.name == "logistic_regression"]
EMPTY = FOLDS[1].case.window[:0]
FINAL = replace(FOLDS[1], case=replace(FOLDS[1].case, place="the final fold", window=EMPTY))
WALK = [FOLDS[0], replace(FOLDS[1], kept=False), FINAL]


def _walked(fits):
    return [outcome.to_bytes() for outcome in Serial().run(fit_case, DATA.arrays, fits)]


def test_of_a_walk_the_last_window_alone_is_not_fitted_again_and_the_order_stays(cache):
    earlier = [WALK[0], _earlier(WALK[1]), WALK[2]]
    assert _run(cache, earlier) == (_walked(earlier), ["fold 0", "fold 1", "the final fold"])
    assert _run(cache, WALK) == (_walked(WALK), ["fold 0", "the final fold"])


def test_a_final_fit_without_a_window_is_no_last_window(cache, tmp_path):
    assert _run(cache, [FINAL]) == (_walked([FINAL]), ["the final fold"])
    assert not list(tmp_path.rglob("??/*"))


CHANGES = {
    "rows": lambda fit: replace(fit, case=replace(fit.case, shown=fit.case.shown[1:], weight=fit.case.weight[1:])),
    "weights": lambda fit: replace(fit, case=replace(fit.case, weight=fit.case.weight * 2)),
    "features": lambda fit: replace(fit, case=replace(fit.case, features=fit.case.features[1:])),
    "parameters": lambda fit: replace(fit, model=type(fit.model)(params={"C": 0.5})),
    "seed": lambda fit: replace(fit, seed=fit.seed + 1),
    "seed of the importance": lambda fit: replace(fit, importance_seed=6),
    "name": lambda fit: replace(fit, name="mine"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fit_of_anything_else_is_fitted(cache, change):
    _run(cache, [_earlier(WALK[1])])
    assert _run(cache, [CHANGES[change](WALK[1])])[1] == ["fold 1"]


def test_a_damaged_model_is_fitted_again(cache, tmp_path):
    _run(cache, [_earlier(WALK[1])])
    [kept] = tmp_path.rglob("??/*")
    kept.write_bytes(kept.read_bytes()[:-1])
    assert _run(cache, [WALK[1]]) == (_walked([WALK[1]]), ["fold 1"])
    assert _run(cache, [WALK[1]]) == (_walked([WALK[1]]), [])
