"""A study: the best value is found where it is known, and nothing that goes wrong is lost."""

import json
from dataclasses import field as plain_field
from itertools import product
from typing import Annotated, Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.storages import InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.errors import InputError
from barograph.folds import Fold
from barograph.models import TrainingSet, fit_classifier
from barograph.models.contract.spaces import Sweep, within_range
from barograph.tuning import Grid, Tuning, TuningRows, tune, tuned, tuning_rows, unsearched

DATES = pd.bdate_range("2004-01-01", periods=400).astype("datetime64[us]")
DAYS = DATES.to_numpy("datetime64[D]")
SHARE = {"low": 0.05, "high": 0.95, "start": 0.2}
calls: list[dict[str, Any]] = []


class KnobParams(TypedDict, total=False):
    """What the constant prediction is made of."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    share: Annotated[float, Field(gt=0, lt=1)]
    idle: Annotated[int, Field(ge=0)]
    form: str


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class Knob:
    """Predicts hold with probability `share` and the others equally; breaks down beyond `limit`."""

    params: KnobParams
    sweep: Sweep = plain_field(default_factory=dict)
    limit: float = 1.0

    _within_range = model_validator(mode="after")(within_range)

    def fit(self, X, y, sample_weight=None, *, seed=0, lives=None):
        calls.append({"X": X, "y": y, "weight": sample_weight, "seed": seed, "lives": lives} | self.params)
        share = self.params["share"]
        if share > self.limit:
            raise ValueError(f"share {share}\nis more than it bears")
        return fit_classifier(lambda *_: Constant(share), X, y, sample_weight)


class Constant:
    """Gives every row the same probabilities."""

    def __init__(self, share):
        self.row = [(1 - share) / 2, share, (1 - share) / 2]

    def predict_proba(self, X):
        return np.tile(self.row, (len(X), 1))


def loss(share: float) -> float:
    return -(0.6 * np.log(share) + 0.4 * np.log((1 - share) / 2))


def _data(rows: int = 2000) -> TuningRows:
    key = pd.MultiIndex.from_product([list("ABCDE"), DATES[:-3]], names=["symbol", "date"]).to_frame(index=False)
    labels = key.assign(
        label=key["symbol"].map(dict(zip("ABCDE", [1, 1, 1, 0, 2], strict=True))).astype(np.int8),
        exit_date=DATES[DATES.get_indexer(key["date"]) + 3],
        uniqueness=np.random.default_rng(0).uniform(0.1, 1.0, len(key)),
    )
    features = key.assign(f=np.arange(len(key), dtype=np.float32))
    fold = Fold(0, DAYS[-1] + 1, DAYS[-1] + 2, DAYS[-1] + 9)
    return tuning_rows(TrainingSet(features, labels), fold, _settings(1, rows=rows), embargo=5)


def _settings(trials: int, **changed) -> Tuning:
    given = {"rows": 2000, "splits": 3, "first_share": 0.4, "startup_trials": 4, "batch": 2}
    return Tuning(trials=trials, **given | changed)


DATA = _data()


def run(model, trials=6, *, data=DATA, name="knob", seed=7, **further):
    calls.clear()
    return tune(model, data, _settings(trials), name=name, seed=seed, **further)


def test_the_known_best_value_is_found():
    result = run(Knob({}, {"share": SHARE}), 40)
    found = result.found
    assert found["params"]["share"] == pytest.approx(0.6, abs=0.05)
    assert found["log_loss"] == pytest.approx(loss(found["params"]["share"]), abs=1e-12)
    assert found["log_loss"] == result.trials["log_loss"].min()


def test_the_start_is_the_first_trial_and_the_result_never_worse():
    result = run(Knob({}, {"share": SHARE}), 1)
    assert result.trials["share"].tolist() == [0.2]
    assert result.found["params"] == {"share": 0.2}
    assert result.found["log_loss"] == result.found["start_log_loss"] == pytest.approx(loss(0.2), abs=1e-12)
    best_already = run(Knob({}, {"share": {"low": 0.05, "high": 0.95, "start": 0.6}}), 8)
    assert best_already.found["params"] == {"share": 0.6}


def test_each_kind_of_space_gives_values_of_its_kind():
    sweep = {
        "share": {"low": 0.05, "high": 0.95, "log": True, "start": 0.2},
        "idle": {"low": 2, "high": 9, "start": 4},
        "form": {"choices": ["flat", "steep"], "start": "steep"},
    }
    trials = run(Knob({}, sweep), 12).trials
    assert trials["idle"].dtype == np.int64
    assert trials["idle"].between(2, 9).all()
    assert set(trials["form"]) == {"flat", "steep"}
    assert trials["share"].between(0.05, 0.95).all()
    assert trials.loc[0, ["share", "idle", "form"]].tolist() == [0.2, 4, "steep"]


def test_a_fixed_parameter_is_not_searched():
    result = run(Knob({"idle": 3}, {"share": SHARE, "idle": {"low": 0, "high": 9, "start": 1}}))
    assert set(result.found["params"]) == {"share"}
    assert {call["idle"] for call in calls} == {3}


def test_without_a_search_space_nothing_is_fitted():
    result = run(Knob({"share": 0.3}))
    assert not calls
    assert result.found["params"] == {}
    assert result.found["log_loss"] is None
    assert result.found["trials"] == {"complete": 0, "pruned": 0, "failed": 0}
    assert result.trials.empty
    assert set(result.found) == set(run(Knob({}, {"share": SHARE}), 1).found)


def test_fits_are_weighted_by_uniqueness_and_scored_without_weights():
    run(Knob({}, {"share": SHARE}), 1)
    for call, (train, _) in zip(calls, DATA.splits, strict=True):
        assert np.array_equal(call["weight"], DATA.rows.weight[train])
        assert np.array_equal(call["y"], DATA.rows.y[train])
        assert call["X"].equals(DATA.rows.X.iloc[train].reset_index(drop=True))
        assert call["lives"].equals(DATA.rows.lives.iloc[train].reset_index(drop=True))


def test_trials_differ_in_their_parameters_alone():
    run(Knob({}, {"share": SHARE}), 2)
    seeds = [call["seed"] for call in calls]
    assert len({call["share"] for call in calls}) == 2
    assert len(set(seeds)) == 3
    assert seeds[::2] == seeds[1::2], "the trials of a batch go split by split"


def test_a_failed_trial_is_noted_and_the_study_goes_on():
    result = run(Knob({}, {"share": SHARE}, limit=0.5), 12)
    failed = result.trials[result.trials["state"] == "failed"]
    assert len(failed) == result.found["trials"]["failed"] > 0
    assert (failed["share"] > 0.5).all()
    assert failed["log_loss"].isna().all()
    assert failed["error"].str.fullmatch(r"ValueError: share 0\.\d+ is more than it bears").all()
    assert len(result.trials) == 12
    assert result.found["params"]["share"] <= 0.5


def test_when_every_trial_fails_the_first_error_is_told():
    with pytest.raises(
        InputError, match=r"^models\.knob: every trial failed; the first with ValueError: share 0\.2 is"
    ):
        run(Knob({}, {"share": SHARE}, limit=0.01))


def test_a_model_that_predicts_nan_fails():
    class Blank(Knob):
        def fit(self, X, y, sample_weight=None, **_):
            return fit_classifier(lambda *_: Constant(np.nan), X, y, sample_weight)

    with pytest.raises(InputError, match="every trial failed; the first with the model predicted NaN"):
        run(Blank({}, {"share": SHARE}))


def test_a_class_that_a_split_has_not_seen_costs_much_but_not_without_end():
    train, test = DATA.splits[0]
    without_buy = TuningRows(DATA.rows, [(train[DATA.rows.y[train] != 2], test)])

    class Pair(Knob):
        def fit(self, X, y, sample_weight=None, **_):
            return fit_classifier(lambda *_: Halves(), X, y, sample_weight)

    found = run(Pair({}, {"share": SHARE}), 1, data=without_buy).found
    assert found["log_loss"] == pytest.approx(0.8 * np.log(2) - 0.2 * np.log(np.finfo(float).eps))


class Halves:
    """Knows two classes."""

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def test_hopeless_trials_are_cut_short():
    trials = run(Knob({}, {"share": {"low": 0.05, "high": 0.95, "start": 0.6}}), 20).trials
    pruned = trials[trials["state"] == "pruned"]
    assert len(pruned) > 3
    assert (pruned["number"] >= 4).all(), "the first complete trials are needed for comparison"
    assert pruned["log_loss"].isna().all()
    assert pruned["split_1"].notna().all()
    assert pruned["split_3"].isna().all()
    assert (pruned["split_1"] > trials["split_1"].median()).mean() > 0.5
    assert len(calls) == trials[["split_1", "split_2", "split_3"]].notna().sum().sum()


def test_two_runs_give_the_same_and_another_seed_another_search():
    model = Knob({}, {"share": SHARE, "idle": {"low": 0, "high": 9, "start": 1}})
    first, second, other = run(model, 9), run(model, 9), run(model, 9, seed=8)
    assert json.dumps(first.found) == json.dumps(second.found)
    assert first.trials.to_csv() == second.trials.to_csv()
    assert first.trials.to_csv() != other.trials.to_csv()


def test_a_grid_tries_the_start_and_every_combination():
    sweep = {
        "share": {"low": 0.05, "high": 0.8, "log": True, "start": 0.8},
        "idle": {"low": 0, "high": 9, "start": 0},
        "form": {"choices": ["flat", "steep"], "start": "steep"},
    }
    trials = _on_grid(Knob({}, sweep), points=3).trials
    assert trials.loc[0, ["share", "idle", "form"]].tolist() == [0.8, 0, "steep"]
    expected = product([0.05, 0.2, 0.8], [0, 4, 9], ["flat", "steep"])
    tried = [(round(row.share, 12), row.idle, row.form) for row in trials.itertuples()]
    assert sorted(tried) == sorted(expected), "the start is on the grid, and tried once"
    assert (trials["state"] == "complete").all()
    best = _on_grid(Knob({}, {"share": {"low": 0.1, "high": 0.9, "start": 0.2}}), points=9)
    assert best.found["params"]["share"] == pytest.approx(0.6)


def test_a_grid_that_takes_too_many_fits_is_refused():
    model = Knob({}, {"share": SHARE, "idle": {"low": 0, "high": 9, "start": 1}})
    expected = (
        r"^tuning\.points: 4, so the start and 4 share x 4 idle on 3 splits take 51 fits; tuning\.max_fits allows 50$"
    )
    with pytest.raises(InputError, match=expected):
        _on_grid(model, points=4, max_fits=50)
    assert len(_on_grid(model, points=4, max_fits=51).trials) == 17


def _on_grid(model, *, points, max_fits=100):
    settings = Grid(points=points, max_fits=max_fits, rows=2000, splits=3, first_share=0.4, batch=4)
    return tune(model, DATA, settings, name="knob", seed=7)


def test_without_a_search_the_start_is_taken():
    found = unsearched(Knob({"idle": 3}, {"share": SHARE}), "knob").found
    assert found["params"] == {"share": 0.2}
    assert tuned(Knob({"idle": 3}, {"share": SHARE}), found, "knob").params == {"share": 0.2, "idle": 3}


def test_importance_lies_with_what_matters():
    model = Knob({}, {"share": SHARE, "idle": {"low": 0, "high": 9, "start": 1}})
    importance = tune(model, DATA, _settings(30, batch=1), name="knob", seed=7).found["importance"]
    assert sum(importance.values()) == pytest.approx(1)
    assert importance["share"] > 0.9


def test_importance_is_left_out_where_it_means_nothing():
    assert run(Knob({}, {"share": SHARE}), 8).found["importance"] is None
    two = Knob({}, {"share": SHARE, "idle": {"low": 0, "high": 9, "start": 1}})
    assert run(two, 2).found["importance"] is None
    still = Knob(
        {"share": 0.5}, {"form": {"choices": ["a", "b"], "start": "a"}, "idle": {"low": 0, "high": 9, "start": 1}}
    )
    assert run(still, 8).found["importance"] is None


def test_fits_are_told_as_they_are_done_or_saved():
    told = []
    result = run(Knob({}, {"share": SHARE}, limit=0.5), 9, on_fits=told.append)
    assert sum(told) == 9 * 3
    assert len(told) == len(calls)
    ended = result.found["trials"]
    assert told.count(1) >= 3 * ended["complete"]
    assert max(told) == 3, "a trial that failed at once"


@pytest.fixture
def storage(tmp_path):
    return lambda: JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))


def test_a_stored_study_is_taken_up_and_loses_nothing(storage):
    model = Knob({}, {"share": SHARE}, limit=0.8)
    first = run(model, 5, storage=storage())
    told = []
    second = run(model, 11, storage=storage(), on_fits=told.append)
    assert second.trials.head(5).to_csv() == first.trials.to_csv()
    assert second.trials["number"].tolist() == list(range(11))
    assert second.trials["share"].is_unique
    assert sum(told) == 6 * 3
    assert second.found["start_log_loss"] == first.found["start_log_loss"]
    third = run(model, 8, storage=storage())
    assert not calls
    assert third.found == second.found


def test_an_interrupted_trial_counts_for_nothing_and_the_start_is_tried_again(storage, monkeypatch):
    model = Knob({}, {"share": SHARE})

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Knob, "fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(model, 3, storage=storage())
    result = run(model, 3, storage=storage())
    assert len(result.trials) == 3
    assert result.trials["share"].iloc[0] == 0.2
    assert (result.trials["share"] == 0.2).sum() == 1
    assert result.found["start_log_loss"] == pytest.approx(loss(0.2))


def test_a_study_taken_up_early_does_not_draw_the_same_again(storage):
    model = Knob({}, {"share": SHARE})
    run(model, 2, storage=storage())
    assert run(model, 4, storage=storage()).trials["share"].is_unique


def test_a_start_that_was_planned_but_not_begun_is_not_planned_twice(storage, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "ask", killed)
        with pytest.raises(KeyboardInterrupt):
            run(Knob({}, {"share": SHARE}), storage=storage())
    shares = run(Knob({}, {"share": SHARE}), 3, storage=storage()).trials["share"]
    assert shares[0] == 0.2
    assert (shares == 0.2).sum() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, "contains a study of knob, not of other"),
        ({"seed": 8}, "other parameters, search space or seed"),
        ({"model": Knob({}, {"share": SHARE | {"high": 0.9}})}, "other parameters, search space or seed"),
        ({"model": Knob({"idle": 1}, {"share": SHARE})}, "other parameters, search space or seed"),
        ({"data": _data(1000)}, "other rows or splits"),
        ({"data": TuningRows(DATA.rows, DATA.splits[:2])}, "other rows or splits"),
    ],
)
def test_a_stored_study_of_something_else_is_refused(change, message):
    kept = InMemoryStorage()
    run(Knob({}, {"share": SHARE}), 2, storage=kept)
    given = {"model": Knob({}, {"share": SHARE}), "trials": 4, "storage": kept} | change
    with pytest.raises(InputError, match=f"^storage: .*{message}.*; name another file$"):
        run(given.pop("model"), given.pop("trials"), **given)


def test_more_trials_and_another_startup_go_on_with_the_same_study():
    kept = InMemoryStorage()
    model = Knob({}, {"share": SHARE})
    tune(model, DATA, _settings(2), name="knob", seed=7, storage=kept)
    assert len(tune(model, DATA, _settings(4, startup_trials=2), name="knob", seed=7, storage=kept).trials) == 4


def test_a_storage_with_studies_of_another_program_is_refused():
    kept = InMemoryStorage()
    optuna.create_study(storage=kept, study_name="theirs")
    with pytest.raises(InputError, match=r"contains the studies \['theirs'\], which are not Barograph's"):
        run(Knob({}, {"share": SHARE}), storage=kept)


def test_optuna_stays_silent_and_keeps_its_verbosity(capfd):
    before = optuna.logging.get_verbosity()
    run(Knob({}, {"share": SHARE}, limit=0.5), 8)
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before
