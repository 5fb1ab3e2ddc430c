"""A stage's command line: what Hydra says in many lines is said in one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.singleton import Singleton

from barograph.stages import market, train

ROOT = Path(__file__).parents[2]
QUIET = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}


def run(stage: str, *arguments: str, environment: dict[str, str] = QUIET) -> "subprocess.CompletedProcess[str]":
    """Run a stage by hand, in a process of its own."""
    command = [sys.executable, "-m", f"barograph.stages.{stage}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def by_hand(monkeypatch, tmp_path):
    """Run a stage in this process, whose log handlers Hydra must not close."""

    def start(stage, *arguments: str) -> None:
        folders = [f"hydra.{kind}.dir={tmp_path}" for kind in ("run", "sweep")]
        monkeypatch.setattr(sys, "argv", ["stage", *arguments, *folders])
        stage.main()

    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.setattr("logging.config.dictConfig", lambda _: None)
    before = Singleton.get_state()
    yield start
    Singleton.set_state(before)


@pytest.mark.parametrize(
    ("stage", "arguments", "message"),
    [
        ("market", "memry=3", "Could not override 'memry'"),
        # A sweep closes the streams of its process.
        ("market", "--multirun market=nowhere,bundled", "Could not find 'market/nowhere'"),
        ("train", "-m model=nonsense,lightgbm", "Could not find 'model/nonsense'"),
    ],
)
def test_a_mistake_ends_the_process_in_one_line(stage, arguments, message):
    ended = run(stage, *arguments.split())
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{stage}: ")
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("stage", "arguments", "message"),
    [
        (market, "memory.window.ears=3", "Could not override 'memory.window.ears'"),
        (market, "model=lightgbm", "Could not override 'model'"),
        (market, "market=nowhere", "'market/nowhere' Available options in 'market': bundled files simulated"),
        (market, "market=[1", "no viable alternative"),
        (market, "market.start=2020-01-02 market.end=2020-01-01", "start 2020-01-02 is after end 2020-01-01"),
        (market, "-cn nowhere", "Cannot find primary config 'nowhere'"),
        (train, "memory=none", "memory=none: this stage does not read memory"),
        (train, "memory.weights.uniqueness=false", "uniqueness=false: this stage does not read memory"),
        (train, "models.lightgbm.params.num_leaves=3", "models; it reads ['memory.replay', 'seed', 'model']"),
        (train, "model=nonsense", "Could not find 'model/nonsense' Available options in 'model': extra_trees"),
    ],
)
def test_a_mistake_on_the_command_line_ends_in_one_line(by_hand, stage, arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        by_hand(stage, *arguments.split())
    assert ended.value.code == 1
    name, said = stage.__name__.rsplit(".", 1)[1], capsys.readouterr().err
    assert said.startswith(f"{name}: ")
    assert said.count(f"{name}: ") == 1
    assert message in said
    assert said.count("\n") == 1


def test_hydras_full_error_is_there_for_whoever_asks():
    ended = run("market", "memry=3", environment=QUIET | {"HYDRA_FULL_ERROR": "1"})
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_hydras_help_still_works(by_hand, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        by_hand(market, "--help")
    assert "Configuration groups" in capsys.readouterr().out


def test_hydra_still_shows_what_would_run(by_hand, capsys):
    by_hand(market, "--cfg", "job", "seed=11")
    said = capsys.readouterr()
    assert said.err == ""
    assert "seed: 11" in said.out
