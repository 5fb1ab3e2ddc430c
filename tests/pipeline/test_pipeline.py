"""The pipeline as its user drives it: repro, experiments, the queue, sweeps by hand, bad input."""

import hashlib
import json

import pandas as pd
import pytest
import yaml

from .conftest import Clone, make_clone

pytestmark = [pytest.mark.smoke, pytest.mark.xdist_group("pipeline")]


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
    assert set(_metrics(clone)) == {"logistic_regression", "lightgbm", "ensemble", "prior", "regime_prior"}
    summary = (clone.folder / "reports/summary.txt").read_text()
    assert all(name in summary for name in (*_metrics(clone), "universe"))
    page = (clone.folder / "reports/index.html").read_bytes()
    assert len(page) < 8 * 2**20


def test_every_training_row_respects_the_calendar_of_its_fold(clone):
    folds, samples = _table(clone, "data/folds.parquet"), _table(clone, "data/samples.parquet")
    labels, archive = _table(clone, "data/labels.parquet"), _table(clone, "data/archive.parquet")
    calendar = _table(clone, "data/regimes.parquet")["date"].to_numpy()
    rows = samples.merge(labels, on=["symbol", "date"], how="left", validate="many_to_one").merge(folds, on="fold")
    assert rows["exit_date"].notna().all()
    for start, own in rows.groupby("test_start"):
        before = calendar[calendar < start.to_datetime64()]
        assert own["exit_date"].max() < pd.Timestamp(before[-5])
    used = rows[rows["source"] == "archive"].merge(
        archive[["event", "available_from"]].drop_duplicates(), on="event", how="left"
    )
    assert len(used)
    assert (used["available_from"] <= used["train_end"]).all()


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
    printed = clone.run("dvc", "exp", "run", "-n", "leaves", "-S", "models.lightgbm.params.num_leaves=15")
    ran = {line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")}
    assert ran == {"train@lightgbm", "ensemble", "validate", "backtest", "report"}
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout")


def test_a_model_can_be_dropped(clone):
    clone.run("dvc", "exp", "run", "-S", "~models.logistic_regression")
    assert set(_metrics(clone)) == {"lightgbm", "ensemble", "prior", "regime_prior"}
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout")


def test_an_experiment_shows_what_changed(clone):
    clone.run("dvc", "exp", "run", "-n", "forgetful", "-S", "memory=none")
    changed = json.loads(clone.run("dvc", "metrics", "diff", "--json"))
    validation = changed["reports/metrics/validation.json"]
    assert "ensemble.log_loss" in validation
    assert not any(key.startswith("prior.") for key in validation), "a baseline does not depend on the memory"
    shown = clone.run("dvc", "exp", "show", "--only-changed", "--csv")
    assert "forgetful" in shown
    assert "memory.window.years" in shown
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout")


def test_queued_experiments_differ_and_run_their_own_settings(clone):
    clone.run("dvc", "exp", "run", "--queue", "-S", "memory=none,expanding")
    clone.run("dvc", "queue", "start", "--jobs", "1")
    clone.run("dvc", "queue", "logs", "--help")
    _wait_for_queue(clone)
    names = [line.split()[1] for line in clone.run("dvc", "queue", "status").splitlines() if "Success" in line]
    assert len(names) == 2
    folds = {}
    for name in names:
        clone.run("dvc", "exp", "apply", name)
        years = yaml.safe_load((clone.folder / "params.yaml").read_text())["memory"]["window"]["years"]
        folds[years] = _table(clone, "data/folds.parquet")
        assert set(_table(clone, "data/samples.parquet")["source"]) == {"window"}
        clone.run("git", "checkout", "--quiet", ".")
        clone.run("dvc", "checkout")
    assert set(folds) == {5, None}
    assert folds[None]["train_start"].nunique() == 1
    assert folds[5]["train_start"].nunique() > 1


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
    other = clone.run("python", "-m", "barograph.stages.train", "models.lightgbm.params.num_leaves=3", fails=True)
    assert "this stage does not read models; it reads ['seed', 'model']" in other


@pytest.mark.parametrize(
    ("override", "stale"),
    [
        ("market.signal=0.2", "market"),
        ("regime.crash_vix=40.0", "regimes"),
        ("features.release_lag.us10y=2", "features"),
        ("label.width=1.2", "labels"),
        ("archive.events.financial_crisis_2008.end='2009-03-30'", "archive"),
        ("memory.archive.share=0.1", "samples"),
        ("folds.embargo=6", "samples"),
        ("models.lightgbm.params.learning_rate=0.1", "train@lightgbm"),
        ("+ensemble.weights.lightgbm=2.0", "ensemble"),
        ("validation.min_episodes=2", "validate"),
        ("strategy.k=2", "backtest"),
        ("execution.commission_bps=2.0", "backtest"),
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
    ],
)
def test_bad_settings_end_in_one_line_before_anything_is_written(clone, override, message):
    lock = hashlib.sha256((clone.folder / "dvc.lock").read_bytes()).hexdigest()
    printed = clone.run("dvc", "exp", "run", "-S", override, fails=True)
    assert message in printed
    assert "Traceback" not in printed
    assert hashlib.sha256((clone.folder / "dvc.lock").read_bytes()).hexdigest() == lock
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout")
