"""`barograph predict` on the small market: the bits of data/latest, other versions, a clone with the remotes alone."""

import json
import shutil

import pandas as pd
import pytest

from .conftest import BASELINES, MODELS, Clone, table

KEY = ["predictor", "symbol", "date"]
P = ["p_sell", "p_hold", "p_buy"]


def _predicted(clone: Clone, *arguments: str) -> pd.DataFrame:
    clone.run("barograph", "predict", *arguments, "--out", "tmp/out.parquet")
    return table(clone, "tmp/out.parquet")


def _latest(clone: Clone) -> pd.DataFrame:
    models = [table(clone, f"data/latest/models/{name}.parquet").assign(predictor=name) for name in MODELS]
    return pd.concat([table(clone, "data/latest/predictions.parquet"), *models]).set_index(KEY)[P].sort_index()


def _same(found: pd.DataFrame, latest: pd.DataFrame) -> bool:
    found = found.set_index(KEY)[P].sort_index()
    return len(found) > 0 and found.equals(latest.loc[found.index])


def _message(clone: Clone, *arguments: str) -> str:
    [line] = clone.run("barograph", "predict", *arguments, fails=True).splitlines()
    return line.removeprefix("barograph: ")


def test_every_day_after_the_training_rows_has_the_bits_that_the_pipeline_wrote(clone):
    latest = _latest(clone)
    folds, bars = table(clone, "data/folds.parquet"), table(clone, "data/market/bars.parquet")
    days = latest.index.get_level_values("date").unique()
    after = bars["date"][bars["date"] > folds["train_end"].iloc[-1]].unique()
    assert sorted(days) == sorted(after)
    for day in (days.min(), days.max()):
        for model in ((), ("--model", "HEAD")):
            found = _predicted(clone, *model, "--date", f"{day:%F}")
            assert set(found["predictor"]) == {*MODELS, *BASELINES, "ensemble"}
            assert _same(found, latest)


def test_some_symbols_have_the_bits_of_all(clone):
    found = _predicted(clone, "--symbols", "S001", "S004")
    assert set(found["symbol"]) == {"S001", "S004"}
    assert _same(found, _latest(clone))


def test_the_json_says_what_the_table_says(clone):
    found = _predicted(clone, "--out", "tmp/out.json")
    said = json.loads((clone.folder / "tmp/out.json").read_text())
    rows = pd.DataFrame(said["predictions"]).assign(date=pd.Timestamp(said["date"]))
    assert _same(rows, found.set_index(KEY)[P].sort_index())
    regimes = table(clone, "data/regimes.parquet").set_index("date")["regime"]
    assert said["regime"] == regimes[said["date"]]
    ours = rows[rows["predictor"] == said["candidate"]]
    assert ours["weight"].sum() == pytest.approx(1.0)
    assert ours["novelty"].between(0, 1).all()
    prior = rows[rows["predictor"] == "regime_prior"].iloc[0]
    assert [said["base_rates"][name] for name in ("sell", "hold", "buy")] == prior[P].tolist()


def test_a_clone_with_the_remotes_alone_predicts_the_same(clone, tmp_path):
    expected, remote = _latest(clone), tmp_path / "remote"
    clone.run("dvc", "remote", "add", "--default", "shared", str(remote))
    clone.commit("A remote")
    clone.run("dvc", "push")
    clone.run("git", "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    fresh = Clone(tmp_path / "fresh")
    clone.run("git", "clone", "--quiet", str(tmp_path / "origin.git"), str(fresh.folder))
    assert _same(_predicted(fresh, "--model", "HEAD"), expected)
    assert not list(fresh.folder.glob("data/**/*.parquet"))
    assert "no model here" in _message(fresh)


def test_what_is_missing_or_changed_is_named_in_a_line(clone):
    lock = (clone.folder / "dvc.lock").read_text()
    folds = lock.partition("data/folds.parquet\n")[2].partition("md5: ")[2].split()
    md5 = next(part for part in folds[1:] if len(part) == 32) if len(folds[0]) != 32 else folds[0]
    blob = clone.folder / f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}"
    kept = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(b"changed")
    assert md5 in _message(clone, "--model", "HEAD")
    blob.unlink()
    assert md5 in _message(clone, "--model", "HEAD")
    blob.write_bytes(kept)
    model = clone.folder / "models/lightgbm/model.txt"
    text = model.read_text()
    model.unlink()
    model.write_text(text.replace("tree", "three", 1))
    assert "models/lightgbm/model.txt: sha256 is" in _message(clone)


def test_questions_that_have_no_answer(clone):
    folds = table(clone, "data/folds.parquet")
    start, end = folds["train_start"].iloc[-1], folds["train_end"].iloc[-1]
    day = table(clone, "data/market/bars.parquet")["date"].loc[lambda dates: dates <= end].max()
    span = f"is inside the training data of the work tree, {start:%F} to {end:%F}; only later dates can be predicted"
    assert _message(clone, "--date", f"{day:%F}") == f"{day:%F}: {span}"
    assert "is no date; allowed is year-month-day" in _message(clone, "--date", "yesterday")
    assert "has no bar on this date" in _message(clone, "--date", "2031-01-01")
    assert "--symbols: NONE has no bar on" in _message(clone, "--symbols", "NONE")
    assert "is neither prod, a version such as v1.0.0, nor a commit" in _message(clone, "--model", "nothing")
    assert "allowed are .parquet and .json" in _message(clone, "--out", "tmp/out.csv")


def test_a_version_whose_features_are_computed_by_other_code_is_refused(clone):
    kernels = clone.folder / "src/barograph/features/kernels.py"
    kernels.write_text(kernels.read_text() + "\n# other\n")
    clone.commit("Other code")
    assert "HEAD" in clone.run("barograph", "predict", "--model", "HEAD")
    line = _message(clone, "--model", "HEAD~1")
    assert "src/barograph/features/kernels.py has changed since" in line
    assert "git worktree add" in line


@pytest.mark.long
def test_an_older_version_predicts_the_days_since_and_is_compared_where_labels_have_matured(clone):
    end = table(clone, "data/market/bars.parquet")["date"].drop_duplicates().nlargest(40).min()
    clone.run("barograph", "params", f"market.end='{end:%F}'")
    clone.run("dvc", "repro", "ensemble")
    clone.commit("Older data")
    old = clone.run("git", "rev-parse", "HEAD").strip()
    shutil.copytree(clone.folder / "data/latest", clone.folder / "tmp/latest")
    before = _latest(clone)
    clone.run("git", "checkout", "--quiet", "HEAD~1")
    clone.run("dvc", "checkout")
    assert _same(_predicted(clone, "--model", old, "--date", f"{end:%F}"), before)
    found = _predicted(clone, "--model", old)
    assert found["date"].unique() == table(clone, "data/market/bars.parquet")["date"].max()
    told = clone.run("barograph", "predict", "--model", old, "--against", old)
    assert "days with matured labels" in told
    assert "paired difference +0.0000" in told
    told = clone.run("barograph", "predict", "--model", old, "--against", "worktree")
    assert "no label of these days has matured yet" in told


@pytest.mark.parametrize("model", [(), ("--model", "HEAD")])
def test_the_expected_log_loss_is_beside_the_matured_one(clone, model):
    told = clone.run("barograph", "predict", "--history", *model, "--out", "tmp/history.parquet")
    history = table(clone, "tmp/history.parquet").set_index("regime")
    scored = json.loads((clone.folder / "reports/metrics/validation.json").read_text())["ensemble"]
    assert history.loc["all", "matured"] == pytest.approx(scored["log_loss"], rel=1e-5)
    assert history.loc["all", "days"] == 14
    assert f"{history.loc['all', 'expected']:.4f}" in told
