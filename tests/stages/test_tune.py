"""The tune stage: what it writes, what it says, which files it takes for a stored study."""

import json

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.folds import WalkForward, tabulate_folds
from barograph.models.contract.rows import TrainingSet
from barograph.stages import tune
from barograph.stages.search_data import write_search_data
from barograph.stages.stage import Stage

MODEL = {
    "_target_": "barograph.models.LogisticRegression",
    "params": {"max_iter": 50},
    "sweep": {"C": {"low": 0.001, "high": 10.0, "log": True, "start": 0.1}},
}
TUNING = {
    "_target_": "barograph.tuning.Tuning",
    "trials": 3,
    "rows": 400,
    "splits": 2,
    "first_share": 0.5,
    "startup_trials": 2,
    "batch": 2,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2004-01-01", periods=330).astype("datetime64[us]")
    key = pd.MultiIndex.from_product([list("ABCD"), dates[:-5]], names=["symbol", "date"]).to_frame(index=False)
    signal = rng.normal(size=len(key)).astype(np.float32)
    labels = key.assign(
        label=np.digitize(signal + rng.normal(size=len(key)), [-0.5, 0.5]).astype(np.int8),
        exit_date=dates[dates.get_indexer(key["date"]) + 5],
        exit_reason="time",
        exit_return=0.0,
        uniqueness=0.5,
    )
    folds = WalkForward(min_years=1, embargo=5).over(labels, pd.DataFrame({"date": dates}))
    # A fit refuses infinite values: no study would end if it were shown what the first fold does not keep.
    features = key.assign(f=signal, dropped=np.float32(np.inf))
    kept = pd.DataFrame({"fold": [0, 0, 1, 1], "feature": ["f", "dropped"] * 2, "kept": [True, False, True, True]})
    data = TrainingSet(features, labels)
    write_search_data(Stage({}, folder, folder, None), features, data, tabulate_folds(folds), kept)
    return folder


def _run(root, out, *, model=MODEL, **by_hand) -> str:
    chosen = {"model": model} if by_hand else {"models": {"mine": model}}
    settings = {"seed": 7, "tuning": TUNING, "folds.embargo": 5} | chosen | by_hand
    return tune.main.__wrapped__(Stage(settings, root, out, "mine"))


def test_the_stage_writes_the_same_bytes_twice_and_says_what_it_found(root, tmp_path):
    said = [_run(root, tmp_path / run) for run in ("a", "b")]
    for path in ("data/tuning/mine.json", "reports/tuning/mine.csv"):
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    found = json.loads((tmp_path / "a/data/tuning/mine.json").read_text())
    trials = pd.read_csv(tmp_path / "a/reports/tuning/mine.csv")
    assert trials.columns.tolist() == ["number", "state", "log_loss", "split_1", "split_2", "C", "error"]
    assert found["params"]["C"] == trials.loc[trials["log_loss"].idxmin(), "C"]
    assert found["last_date"] < "2004-12-25", "the first tested year is 2005"
    assert found["log_loss"] <= found["start_log_loss"] == trials["log_loss"][0]
    assert said[0] == said[1]
    assert said[0].startswith("mine: 3 trials (3 complete), log loss ")
    assert said[0].endswith(f"+models.mine.params.C={found['params']['C']}")


def test_by_hand_a_stored_study_goes_on(root, tmp_path):
    kept = {"storage": str(tmp_path / "new/mine.journal")}
    first = _run(root, tmp_path / "a", **kept)
    again = _run(root, tmp_path / "b", **kept)
    assert first == again
    assert "; +model.params.C=" in first
    assert (tmp_path / "a/data/tuning/mine.json").read_bytes() == (tmp_path / "b/data/tuning/mine.json").read_bytes()
    other = MODEL | {"sweep": {"C": {"low": 0.001, "high": 1.0, "start": 0.1}}}
    with pytest.raises(InputError, match=r"^storage: its study of mine has other parameters, search space or seed"):
        _run(root, tmp_path / "c", model=other, **kept)
    assert not (tmp_path / "c").exists()


def test_nothing_to_search_is_said(root, tmp_path):
    assert _run(root, tmp_path, model=MODEL | {"sweep": {}}).startswith("mine: nothing to search")
    assert json.loads((tmp_path / "data/tuning/mine.json").read_text())["params"] == {}
    assert (tmp_path / "reports/tuning/mine.csv").read_text() == "number,state,log_loss,error\n"


@pytest.mark.parametrize("tuning", [TUNING | {"not_searched": ["mine"]}, {"_target_": "barograph.tuning.Off"}])
def test_a_model_that_is_not_searched_takes_the_start(root, tmp_path, tuning):
    settings = {"seed": 7, "tuning": tuning, "folds.embargo": 5, "models": {"mine": MODEL}}
    said = tune.main.__wrapped__(Stage(settings, root, tmp_path, "mine"))
    assert said == "mine: not searched; +models.mine.params.C=0.1"
    found = json.loads((tmp_path / "data/tuning/mine.json").read_text())
    assert found["params"] == {"C": 0.1}
    assert found["log_loss"] is None


def test_by_hand_a_model_is_searched_that_the_pipeline_does_not_search(root, tmp_path):
    assert _run(root, tmp_path, tuning=TUNING | {"not_searched": ["mine"]}).startswith("mine: 3 trials")


@pytest.mark.parametrize("text", ["a note\n", '{"op_code": 0', "[1]\n", '{"other": 1}\n', '{"op_code": 0}\n', "\xff\n"])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path, text):
    path = tmp_path / "note.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=r"^storage: .*note\.txt is not an Optuna journal: ") as caught:
        tune.journal(str(path))
    assert "\n" not in str(caught.value)
    assert path.read_text() == text


def test_a_folder_or_a_number_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"^storage: .* is not an Optuna journal"):
        tune.journal(str(tmp_path))
    with pytest.raises(InputError, match=r"^storage: 3; it must name the file"):
        tune.journal(3)
