"""A stage's command line: what Hydra says in many lines is said in one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUIET = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}


def run_market(*arguments: str, environment: dict[str, str] = QUIET) -> "subprocess.CompletedProcess[str]":
    """Run the market stage by hand, in a process of its own: Hydra closes the log handlers that it finds."""
    command = [sys.executable, "-m", "barograph.stages.market", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memry=3"], "Could not override 'memry'"),
        (["memory.window.ears=3"], "Could not override 'memory.window.ears'"),
        (["model=lightgbm"], "Could not override 'model'"),
        (["market=nowhere"], "Could not find 'market/nowhere' Available options in 'market': bundled files simulated"),
        (["--multirun", "market=nowhere,bundled"], "Could not find 'market/nowhere'"),
        (["market=[1"], "no viable alternative"),
        (["market.start=2020-01-02", "market.end=2020-01-01"], "market: start 2020-01-02 is after end 2020-01-01"),
        (["-cn", "nowhere"], "Cannot find primary config 'nowhere'"),
    ],
)
def test_a_mistake_on_the_command_line_ends_in_one_line(arguments, message, tmp_path):
    ended = run_market(*arguments, f"hydra.sweep.dir={tmp_path}")
    assert ended.returncode == 1
    assert ended.stderr.startswith("market: ")
    assert ended.stderr.count("market: ") == 1
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_hydras_full_error_is_there_for_whoever_asks():
    ended = run_market("memry=3", environment=QUIET | {"HYDRA_FULL_ERROR": "1"})
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_hydras_help_still_works():
    ended = run_market("--help")
    assert ended.returncode == 0
    assert "Configuration groups" in ended.stdout


def test_hydra_still_shows_what_would_run():
    ended = run_market("--cfg", "job", "seed=11")
    assert ended.stderr == ""
    assert "seed: 11" in ended.stdout
