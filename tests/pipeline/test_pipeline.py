"""The pipeline as its user drives it: repro, experiments, the queue, sweeps by hand, bad input."""

import hashlib
import itertools
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.causality.written_tables import violations

from .conftest import Clone, make_clone

pytestmark = pytest.mark.smoke


MODELS = {"logistic_regression", "random_forest", "lightgbm", "neural_network"}
AFTER_TRAINING = {"ensemble", "validate", "drift", "backtest", "explain", "gate", "report"}
BASELINES = {"prior", "regime_prior"}


def _table(clone: Clone, path: str) -> pd.DataFrame:
    frame = pd.read_parquet(clone.folder / path)
    for column in frame.columns[frame.columns.str.contains("date|train_|test_|available")]:
        frame[column] = pd.to_datetime(frame[column])
    return frame


def _metrics(clone: Clone) -> dict:
    return json.loads((clone.folder / "reports/metrics/validation.json").read_text())


def test_an_unchanged_pipeline_runs_no_stage(clone):
    assert "Running stage" not in clone.run("dvc", "repro")
    assert clone.run("git", "status", "--porcelain") == ""


def test_every_predictor_stands_beside_both_baselines(clone):
    assert set(_metrics(clone)) == {*MODELS, "ensemble", *BASELINES}
    summary = (clone.folder / "reports/summary.txt").read_text()
    assert all(name in summary for name in (*_metrics(clone), "universe"))
    assert re.search(r"gate: (accepted|rejected), \d of \d criteria pass", summary)
    page = (clone.folder / "reports/index.html").read_bytes()
    assert len(page) < 8 * 2**20


def test_no_two_predictors_predict_the_same(clone):
    columns = ["p_sell", "p_hold", "p_buy"]
    predicted = {name: _table(clone, f"data/predictions/{name}.parquet")[columns].to_numpy() for name in MODELS}
    ensemble = _table(clone, "data/ensemble/predictions.parquet")
    predicted |= {name: own[columns].to_numpy() for name, own in ensemble.groupby("predictor")}
    assert len(predicted) == len(MODELS) + 3
    for first, second in itertools.combinations(predicted.values(), 2):
        assert np.abs(first - second).max() > 1e-3


def test_what_a_study_finds_is_what_is_trained(clone):
    for name in MODELS:
        found = json.loads((clone.folder / f"data/tuning/{name}.json").read_text())
        card = json.loads((clone.folder / f"models/{name}/model.json").read_text())
        assert found["params"]
        assert card["params"].items() >= found["params"].items()
        assert found["last_date"] < str(_table(clone, "data/folds.parquet")["train_end"].min())


def test_every_fold_says_what_its_model_rests_on(clone):
    folds, selection = _table(clone, "data/folds.parquet")["fold"], _table(clone, "data/selection.parquet")
    assert set(selection["feature"]) == set(_table(clone, "data/features.parquet").columns[2:])
    assert set(selection["fold"]) == set(folds)
    kept = selection[selection["kept"]].groupby("fold")["feature"].agg(set)
    assert kept.map(len).max() < selection["feature"].nunique(), "near copies are dropped"
    for name in MODELS:
        importance = _table(clone, f"data/importance/{name}.parquet")
        assert importance.groupby("fold")["feature"].agg(set).equals(kept)
        card = json.loads((clone.folder / f"models/{name}/model.json").read_text())
        assert set(card["features"]) == kept.iloc[-1]
        assert importance.groupby("fold")["importance"].sum().to_numpy() == pytest.approx(1.0)


def test_every_model_is_explained_in_every_regime(clone):
    shap = pd.read_csv(clone.folder / "reports/shap/importance.csv")
    regimes = set(_table(clone, "data/regimes.parquet")["regime"])
    assert set(shap["model"]) == MODELS
    assert set(shap["regime"]) == {"all", *regimes}
    errors = pd.read_csv(clone.folder / "reports/shap/methods.csv").set_index("model")["largest_error"]
    assert (errors < 0.01).all()


def test_every_row_of_every_fold_was_known_in_time(clone):
    samples = _table(clone, "data/samples.parquet")
    assert set(samples["fold"]) == set(_table(clone, "data/folds.parquet")["fold"])
    assert set(samples["source"]) == {"window", "archive"}
    assert violations(clone.folder) == []


def test_every_row_of_a_test_window_with_features_is_predicted_once(clone):
    folds, features = _table(clone, "data/folds.parquet"), _table(clone, "data/features.parquet")
    predicted = _table(clone, "data/predictions/lightgbm.parquet").merge(folds, on="fold")
    assert predicted["date"].between(predicted["test_start"], predicted["test_end"]).all()
    tested = features[features["date"] >= folds["test_start"].min()]
    assert len(predicted) == len(tested)


def test_nothing_in_an_output_depends_on_where_or_when_it_was_made(clone, tmp_path):
    other = make_clone(tmp_path / "elsewhere")
    other.run("barograph", "params")
    other.run("dvc", "repro")
    assert (other.folder / "dvc.lock").read_bytes() == (clone.folder / "dvc.lock").read_bytes()


def test_one_models_parameter_reruns_that_model_and_what_follows(clone):
    printed = clone.run("dvc", "exp", "run", "-n", "faster", "-S", "models.lightgbm.params.learning_rate=0.3")
    ran = {line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")}
    assert ran == {"tune@lightgbm", "train@lightgbm", *AFTER_TRAINING}
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_a_model_can_be_dropped(clone):
    clone.run("dvc", "exp", "run", "-S", "~models.neural_network")
    assert set(_metrics(clone)) == {*(MODELS - {"neural_network"}), "ensemble", *BASELINES}
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_the_readmes_own_model_stands_beside_the_others(clone):
    readme = (clone.folder / "README.md").read_text()
    code = next(block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "SmallTree" in block)
    settings = next(block for block in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL) if "SmallTree" in block)
    (clone.folder / "mine.py").write_text(code)
    (clone.folder / "conf/model/mine.yaml").write_text(settings)
    clone.run("dvc", "exp", "run", "-S", "+model@models.mine=mine")
    assert set(_metrics(clone)) == {*MODELS, "mine", "ensemble", *BASELINES}
    assert "mine" in set(pd.read_csv(clone.folder / "reports/shap/methods.csv")["model"])
    (clone.folder / "mine.py").unlink()
    (clone.folder / "conf/model/mine.yaml").unlink()
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_an_experiment_shows_what_changed(clone):
    clone.run("dvc", "exp", "run", "-n", "forgetful", "-S", "memory=none")
    assert set(_table(clone, "data/samples.parquet")["source"]) == {"window"}
    assert violations(clone.folder) == []
    assert _table(clone, "data/folds.parquet")["train_start"].nunique() > 1
    changed = json.loads(clone.run("dvc", "metrics", "diff", "--json"))
    validation = changed["reports/metrics/validation.json"]
    assert "ensemble.log_loss" in validation
    assert not any(key.startswith("prior.") for key in validation), "a baseline does not depend on the memory"
    shown = clone.run("dvc", "exp", "show", "--only-changed", "--csv")
    assert "forgetful" in shown
    assert "memory.window.years" in shown
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_replay_shows_what_was_wrong_again_and_says_what_that_was_worth(clone):
    clone.run("dvc", "exp", "run", "-S", "memory=replay")
    assert violations(clone.folder) == []
    replayed = _table(clone, "data/replay/logistic_regression.parquet")
    assert len(replayed)
    worth = pd.read_csv(clone.folder / "reports/validation/replay_improvement.csv")
    assert set(worth["model"]) == set(MODELS)
    with_replay = _table(clone, "data/predictions/logistic_regression.parquet")
    without = _table(clone, "data/unreplayed/logistic_regression.parquet")
    assert with_replay[["symbol", "date", "fold"]].equals(without[["symbol", "date", "fold"]])
    first = with_replay["fold"] == replayed["fold"].min()
    earlier = with_replay["fold"] < replayed["fold"].min()
    assert with_replay[earlier].equals(without[earlier])
    assert not with_replay[first].equals(without[first])
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_the_memory_study_runs_beside_the_pipeline_and_shows_in_the_report(clone):
    study, folder = "studies/ablation/dvc.yaml", clone.folder / "studies/ablation"
    assert clone.run("dvc", "repro", study).count("Running stage") == 4
    ours = _table(clone, "studies/ablation/predictions/hybrid.parquet").drop(columns="model")
    assert ours.equals(_table(clone, "data/predictions/logistic_regression.parquet")), "the pipeline's own memory"
    differences = (folder / "differences.csv").read_bytes()
    table = pd.read_csv(folder / "differences.csv")
    assert set(zip(table["option"], table["reference"], strict=True)) == {("replay", "none"), ("hybrid", "none")}
    assert set(table["model"]) == {"logistic_regression", "vote"}
    assert set(table["calibration"]) == {"raw", "recalibrated"}
    assert "Running stage" not in clone.run("dvc", "repro", study)
    clone.run("dvc", "repro", "--force", "--single-item", f"{study}:option@replay", f"{study}:differences")
    assert (folder / "differences.csv").read_bytes() == differences
    for name in ("headline.csv", "facts.json"):
        shutil.copy(folder / name, clone.folder / "studies/published" / name)
    assert clone.run("dvc", "repro").count("Running stage") == 1
    assert "studies/ablation/index.html" in (clone.folder / "reports/index.html").read_text()
    clone.run("git", "clean", "--quiet", "--force", "studies")
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_queued_experiments_differ_and_run_their_own_settings(clone):
    clone.run("dvc", "exp", "run", "--queue", "-S", "models.lightgbm.params.num_leaves=3,31")
    clone.run("dvc", "queue", "start", "--jobs", "1")
    _wait_for_queue(clone)
    names = [line.split()[1] for line in clone.run("dvc", "queue", "status").splitlines() if "Success" in line]
    assert len(names) == 2
    predicted = {}
    for name in names:
        clone.run("dvc", "exp", "apply", name)
        leaves = yaml.safe_load((clone.folder / "params.yaml").read_text())["models"]["lightgbm"]["params"][
            "num_leaves"
        ]
        assert json.loads((clone.folder / "models/lightgbm/model.json").read_text())["params"]["num_leaves"] == leaves
        predicted[leaves] = _table(clone, "data/predictions/lightgbm.parquet")["p_buy"]
        clone.run("git", "checkout", "--quiet", ".")
        clone.run("dvc", "checkout", "--allow-missing")
    assert set(predicted) == {3, 31}
    assert not np.array_equal(predicted[3], predicted[31])


def test_plots_are_drawn(clone):
    shown = clone.run("dvc", "plots", "show", "--out", "dvc_plots")
    page = (clone.folder / "dvc_plots/index.html").read_text()
    assert "index.html" in shown
    assert all(title in page for title in ("Equity of the ensemble", "Skill of the ensemble by regime", "Reliability"))


def _wait_for_queue(clone: Clone) -> None:
    """Follow each task's log until it ends, which waits without sleeping."""
    for line in clone.run("dvc", "queue", "status").splitlines():
        words = line.split()
        if words and words[-1] in {"Queued", "Running", "Success"} and words[0] != "Task":
            clone.run("dvc", "queue", "logs", "--follow", words[0])


def test_training_by_hand_leaves_the_pipelines_outputs_alone(clone):
    before = (clone.folder / "dvc.lock").read_bytes()
    printed = clone.run("python", "-m", "barograph.stages.train", "-m", "model=lightgbm,logistic_regression")
    assert printed.count("skill against prior") == 2
    launched = clone.run(
        "python", "-m", "barograph.stages.train", "-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
        "model=lightgbm,logistic_regression",
    )  # fmt: skip
    assert launched.count("skill against prior") == 2
    assert list(clone.folder.glob("multirun/*/*/*/data/predictions/lightgbm.parquet"))
    assert "Running stage" not in clone.run("dvc", "repro")
    assert (clone.folder / "dvc.lock").read_bytes() == before
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_stage_by_hand_refuses_what_it_does_not_read(clone):
    printed = clone.run("python", "-m", "barograph.stages.train", "memory=none", fails=True)
    assert "memory=none: this stage does not read memory" in printed
    assert "Traceback" not in printed
    given = clone.run("python", "-m", "barograph.stages.train", "memory.weights.uniqueness=false", fails=True)
    assert "memory.weights.uniqueness=false: this stage does not read memory" in given
    other = clone.run("python", "-m", "barograph.stages.train", "models.lightgbm.params.num_leaves=3", fails=True)
    assert "this stage does not read models; it reads ['memory.replay', 'seed', 'model']" in other


@pytest.mark.parametrize("arguments", [["model=nonsense"], ["-m", "model=nonsense,lightgbm"]])
def test_an_unknown_model_by_hand_ends_in_one_line(clone, arguments):
    printed = clone.run("python", "-m", "barograph.stages.train", *arguments, fails=True)
    assert printed.startswith("train: ")
    assert "Could not find 'model/nonsense' Available options in 'model': extra_trees gradient_boosting" in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("override", "stale"),
    [
        ("market.signal=0.2", "market"),
        ("regime.crash_vix=40.0", "regimes"),
        ("features.release_lag.us10y=2", "features"),
        ("label.width=1.2", "labels"),
        ("archive.events.financial_crisis_2008.end='2009-03-30'", "archive"),
        ("memory.archive.share=0.1", "samples"),
        ("folds.embargo=6", "folds"),
        ("selection.max_correlation=0.8", "select"),
        ("tuning.trials=3", "tune@lightgbm"),
        ("models.lightgbm.sweep.reg_lambda.high=50.0", "tune@lightgbm"),
        ("models.lightgbm.params.learning_rate=0.1", "train@lightgbm"),
        ("+ensemble.weights.lightgbm=2.0", "ensemble"),
        ("validation.min_episodes=2", "validate"),
        ("strategy.k=2", "backtest"),
        ("execution.commission_bps=2.0", "backtest"),
        ("drift.psi=0.3", "drift"),
        ("explain.top=5", "explain"),
        ("gate.criteria.calibration_error.threshold=0.1", "gate"),
    ],
)
def test_a_changed_leaf_makes_its_stage_stale(clone, override, stale):
    clone.run("barograph", "params", override)
    changed = json.loads(clone.run("dvc", "status", "--json"))
    clone.run("git", "checkout", "--quiet", ".")
    assert any("params.yaml" in entry.get("changed deps", {}) for entry in changed[stale] if isinstance(entry, dict))
    untouched = {"train@lightgbm": "train@logistic_regression", "samples": "labels", "backtest": "validate"}
    assert untouched.get(stale) not in changed


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("label.horizon=0", "label.horizon: Input should be greater than or equal to 1, found 0"),
        ("market=files", "market.root: ??? is not a value"),
        ("models.lightgbm.params.num_leaves=1", "num_leaves: Input should be greater than or equal to 2, found 1"),
        ("models.lightgbm.sweep.reg_lambda.low=-1.0", "models.lightgbm.sweep.reg_lambda.low"),
    ],
)
def test_bad_settings_end_in_one_line_before_anything_is_written(clone, override, message):
    lock = hashlib.sha256((clone.folder / "dvc.lock").read_bytes()).hexdigest()
    printed = clone.run("dvc", "exp", "run", "-S", override, fails=True)
    assert message in printed
    assert "Traceback" not in printed
    assert hashlib.sha256((clone.folder / "dvc.lock").read_bytes()).hexdigest() == lock
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--allow-missing")


def test_a_corrupted_model_and_a_foreign_study_are_named(clone):
    model, study = clone.folder / "models/lightgbm/model.txt", clone.folder / "data/tuning/lightgbm.json"
    kept = {path: path.read_bytes() for path in (model, study)}
    for path, changed in (
        (model, kept[model].replace(b"leaf", b"loaf", 1)),
        (study, (clone.folder / "data/tuning/random_forest.json").read_bytes()),
    ):
        path.unlink()
        path.write_bytes(changed)
    stage = ["python", "-m", "barograph.stages.{}", "-cn", "stage"]
    explained = clone.run(*(word.format("explain") for word in stage), fails=True)
    assert explained.count("\n") == 1
    assert "models/lightgbm/model.txt: sha256 is" in explained
    trained = clone.run(*(word.format("train") for word in stage), "model_key=lightgbm", fails=True)
    study.unlink()
    by_hand = clone.run("python", "-m", "barograph.stages.train", "model=lightgbm", fails=True)
    assert by_hand == "train: data/tuning/lightgbm.json: no such file; run the stage that writes it (dvc repro)\n"
    assert trained.count("\n") == 1
    assert "data/tuning/lightgbm.json: a study of 'random_forest', not of 'lightgbm'" in trained
    for path, content in kept.items():
        path.write_bytes(content)
    clone.run("dvc", "checkout", "--force", "--allow-missing")
