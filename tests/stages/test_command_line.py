"""A stage's command line: what Hydra says in many lines is said in one."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from barograph import config
from barograph.stages.stage import Stage, stage

ROOT = Path(__file__).parents[2]
QUIET = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}


def run(name: str, *arguments: str, environment: dict[str, str] = QUIET) -> "subprocess.CompletedProcess[str]":
    """Run a stage by hand, in a process of its own: Hydra closes the log handlers that it finds."""
    command = [sys.executable, "-m", f"barograph.stages.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("stage", "arguments", "message"),
    [
        ("market", "memry=3", "Could not override 'memry'"),
        ("market", "memory.window.ears=3", "Could not override 'memory.window.ears'"),
        ("market", "model=lightgbm", "Could not override 'model'"),
        ("market", "market=nowhere", "'market/nowhere' Available options in 'market': bundled files simulated"),
        ("market", "--multirun market=nowhere,bundled", "Could not find 'market/nowhere'"),
        ("market", "market=[1", "no viable alternative"),
        ("market", "market.start=2020-01-02 market.end=2020-01-01", "start 2020-01-02 is after end 2020-01-01"),
        ("market", "-cn nowhere", "Cannot find primary config 'nowhere'"),
        ("train", "memory=none", "memory=none: this stage does not read memory"),
        ("train", "memory.weights.uniqueness=false", "uniqueness=false: this stage does not read memory"),
        ("train", "models.lightgbm.params.num_leaves=3", "models; it reads ['memory.replay', 'seed', 'model']"),
        ("explain", "model=xgboost model.params.max_depth=4", "max_depth=4: this stage does not fit the model"),
        ("train", "model=nonsense", "Could not find 'model/nonsense' Available options in 'model': extra_trees"),
        ("train", "-m model=nonsense,lightgbm", "Could not find 'model/nonsense'"),
    ],
)
def test_a_mistake_on_the_command_line_ends_in_one_line(stage, arguments, message, tmp_path):
    folders = [f"hydra.{kind}.dir={tmp_path}" for kind in ("run", "sweep")]
    ended = run(stage, *arguments.split(), *folders)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{stage}: ")
    assert ended.stderr.count(f"{stage}: ") == 1
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_hydras_full_error_is_there_for_whoever_asks():
    ended = run("market", "memry=3", environment=QUIET | {"HYDRA_FULL_ERROR": "1"})
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_hydras_help_still_works():
    ended = run("market", "--help")
    assert ended.returncode == 0
    assert "Configuration groups" in ended.stdout


def test_hydra_still_shows_what_would_run():
    ended = run("market", "--cfg", "job", "seed=11")
    assert ended.stderr == ""
    assert "seed: 11" in ended.stdout


@pytest.mark.parametrize("arguments", ["", " model_key=svm", " option=none"])
def test_dvcs_command_gives_the_recipe_what_params_yaml_says(arguments, monkeypatch, capsys):
    named = dict(word.split("=") for word in arguments.split())

    @stage("models", "memory.rows")
    def recipe(stage: Stage) -> str:
        assert stage.root == stage.out == ROOT
        assert {"model_key": stage.model_key, "option": stage.option} == {"model_key": None, "option": None} | named
        assert stage.settings == {"models": params["models"], "memory.rows": params["memory"]["rows"]}
        return f"garbage is collected: {gc.isenabled()}"

    params = config.load_params(ROOT / config.PARAMS)
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["stage", *f"-cn stage{arguments}".split()])
    gc.disable()
    try:
        recipe()
    finally:
        gc.enable()
        gc.unfreeze()
    assert capsys.readouterr().out.endswith(" garbage is collected: True\n")
