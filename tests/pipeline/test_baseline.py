"""The pipeline from nothing: what it writes, what makes a stage stale, bad input."""

import itertools
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from dvc.repo import Repo

from barograph import config
from barograph.cli import main
from tests.causality.written_tables import violations

from .conftest import BASELINES, MODELS, SEARCHED, metrics, table

pytestmark = pytest.mark.smoke


def test_an_unchanged_pipeline_runs_no_stage(clone):
    assert "Running stage" not in clone.run("dvc", "repro")
    assert clone.run("git", "status", "--porcelain") == ""


def test_every_predictor_stands_beside_both_baselines(finished):
    assert set(metrics(finished)) == {*MODELS, "ensemble", *BASELINES}
    summary = (finished.folder / "reports/summary.txt").read_text()
    assert all(name in summary for name in (*metrics(finished), "universe"))
    assert re.search(r"gate: (accepted|rejected), \d of \d criteria pass", summary)
    page = (finished.folder / "reports/index.html").read_bytes()
    assert len(page) < 8 * 2**20


def test_no_two_predictors_predict_the_same(finished):
    columns = ["p_sell", "p_hold", "p_buy"]
    predicted = {name: table(finished, f"data/predictions/{name}.parquet")[columns].to_numpy() for name in MODELS}
    ensemble = table(finished, "data/ensemble/predictions.parquet")
    predicted |= {name: own[columns].to_numpy() for name, own in ensemble.groupby("predictor")}
    assert len(predicted) == len(MODELS) + len(BASELINES) + len({"ensemble"})
    for first, second in itertools.combinations(predicted.values(), 2):
        assert np.abs(first - second).max() > 1e-3


def test_what_a_study_finds_is_what_is_trained(finished):
    for name in MODELS:
        found = json.loads((finished.folder / f"data/tuning/{name}.json").read_text())
        card = json.loads((finished.folder / f"models/{name}/model.json").read_text())
        assert found["params"]
        assert card["params"].items() >= found["params"].items()
        if name in SEARCHED:
            assert found["last_date"] < str(table(finished, "data/folds.parquet")["train_end"].min())
        else:
            assert found["log_loss"] is None


def test_every_fold_says_what_its_model_rests_on(finished):
    folds, selection = table(finished, "data/folds.parquet")["fold"], table(finished, "data/selection.parquet")
    assert set(selection["feature"]) == set(table(finished, "data/features.parquet").columns[2:])
    assert set(selection["fold"]) == set(folds)
    kept = selection[selection["kept"]].groupby("fold")["feature"].agg(set)
    assert kept.map(len).max() < selection["feature"].nunique(), "near copies are dropped"
    for name in MODELS:
        importance = table(finished, f"data/importance/{name}.parquet")
        assert importance.groupby("fold")["feature"].agg(set).equals(kept)
        card = json.loads((finished.folder / f"models/{name}/model.json").read_text())
        assert set(card["features"]) == kept.iloc[-1]
        assert importance.groupby("fold")["importance"].sum().to_numpy() == pytest.approx(1.0)


def test_every_model_is_explained_in_every_regime(finished):
    regimes = set(table(finished, "data/regimes.parquet")["regime"])
    for name in MODELS:
        parts = ("importance", "methods")
        shap, method = (pd.read_csv(finished.folder / f"reports/shap/{name}/{part}.csv") for part in parts)
        assert set(shap["model"]) == {name}
        assert set(shap["regime"]) == {"all", *regimes}
        assert (method["largest_error"] < 0.01).all()


def test_every_row_of_every_fold_was_known_in_time(finished):
    samples = table(finished, "data/samples.parquet")
    assert set(samples["fold"]) == set(table(finished, "data/folds.parquet")["fold"])
    assert set(samples["source"]) == {"window", "archive"}
    assert violations(finished.folder) == []


def test_every_row_of_a_test_window_with_features_is_predicted_once(finished):
    folds, features = table(finished, "data/folds.parquet"), table(finished, "data/features.parquet")
    predicted = table(finished, "data/predictions/lightgbm.parquet").merge(folds, on="fold")
    assert predicted["date"].between(predicted["test_start"], predicted["test_end"]).all()
    tested = features[features["date"] >= folds["test_start"].min()]
    assert len(predicted) == len(tested)


def test_strategies_trade_beside_the_ensemble(finished):
    configured = list(yaml.safe_load((finished.folder / "params.yaml").read_text())["strategies"])
    summary = pd.read_csv(finished.folder / "reports/backtest/strategies.csv")
    assert summary["portfolio"].tolist() == ["ensemble", *configured, "universe"]
    record = {name: table(finished, f"data/backtest/{name}.parquet") for name in ("orders", "fills", "positions")}
    assert all(set(rows["portfolio"]) == {"ensemble", *configured} for rows in record.values())
    fills = record["fills"][record["fills"]["order"] >= 0].groupby(["portfolio", "order"])["shares"].sum()
    filled = record["orders"].set_index(["portfolio", "order"])["filled_shares"].reindex(fills.index)
    assert fills.to_numpy() == pytest.approx(filled.to_numpy())


def test_plots_are_drawn(clone):
    shown = clone.run("dvc", "plots", "show", "--out", "dvc_plots")
    page = (clone.folder / "dvc_plots/index.html").read_text()
    assert "index.html" in shown
    assert all(title in page for title in ("Equity of the ensemble", "Skill of the ensemble by fold", "Reliability"))


@pytest.fixture(scope="module")
def copy(finished, tmp_path_factory):
    """Give a copy whose params.yaml alone changes: to be worked on in this process, which spares a start per leaf."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return folder


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
        ("ensemble.structural=false", "ensemble"),
        ("validation.min_episodes=2", "validate"),
        ("strategy.k=2", "backtest"),
        ("strategies.momentum.skip=10", "backtest"),
        ("execution.commission_bps=2.0", "backtest"),
        ("drift.psi=0.3", "drift"),
        ("explain.top=5", "explain@lightgbm"),
        ("gate.criteria.calibration_error.threshold=0.1", "gate"),
    ],
)
def test_a_changed_leaf_makes_its_stage_stale(copy, monkeypatch, override, stale):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(copy.parent / "dvc-site"))
    monkeypatch.setattr(config, "CONF", copy / "conf")
    monkeypatch.chdir(copy)
    assert main(["params", override]) == 0
    untouched = {"train@lightgbm": "train@logistic_regression", "samples": "labels", "backtest": "validate"}
    changed = Repo().status([stale, untouched.get(stale, stale)])
    assert any("params.yaml" in entry.get("changed deps", {}) for entry in changed[stale] if isinstance(entry, dict))
    assert {*changed} == {stale}


def test_bad_settings_end_in_one_line_before_anything_is_written(clone):
    lock = (clone.folder / "dvc.lock").read_bytes()
    printed = clone.run("dvc", "exp", "run", "-S", "label.horizon=0", fails=True)
    assert "label.horizon: Input should be greater than or equal to 1, found 0" in printed
    assert "Traceback" not in printed
    assert (clone.folder / "dvc.lock").read_bytes() == lock


def test_a_corrupted_model_and_a_foreign_study_are_named(clone):
    model, study = clone.folder / "models/lightgbm/model.txt", clone.folder / "data/tuning/lightgbm.json"
    for path, changed in (
        (model, model.read_bytes().replace(b"leaf", b"loaf", 1)),
        (study, (clone.folder / "data/tuning/random_forest.json").read_bytes()),
    ):
        path.unlink()
        path.write_bytes(changed)
    stage = ["python", "-m", "barograph.stages.{}", "-cn", "stage"]
    explained = clone.run(*(word.format("explain") for word in stage), "model_key=lightgbm", fails=True)
    assert explained.count("\n") == 1
    assert "models/lightgbm/model.txt: sha256 is" in explained
    trained = clone.run(*(word.format("train") for word in stage), "model_key=lightgbm", fails=True)
    study.unlink()
    by_hand = clone.run("python", "-m", "barograph.stages.train", "model=lightgbm", fails=True)
    assert by_hand == "train: data/tuning/lightgbm.json: no such file; run the stage that writes it (dvc repro)\n"
    assert trained.count("\n") == 1
    assert "data/tuning/lightgbm.json: a study of 'random_forest', not of 'lightgbm'" in trained
