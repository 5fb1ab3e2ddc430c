"""A stage's command line: what Hydra says in many lines is said in one."""

import os

import pytest

from barograph.stages import market


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memry=3"], "Could not override 'memry'"),
        (["memory.window.ears=3"], "Could not override 'memory.window.ears'"),
        (["model=lightgbm"], "Could not override 'model'"),
        (["market=nowhere"], "Could not find 'market/nowhere' Available options in 'market': bundled files simulated"),
        (["--multirun", "market=nowhere,bundled"], "Could not find 'market/nowhere'"),
        (["market=[1"], "no viable alternative"),
        (["-cn", "nowhere"], "Cannot find primary config 'nowhere'"),
    ],
)
def test_a_mistake_on_the_command_line_ends_in_one_line(arguments, message, monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.setattr("sys.argv", ["market", *arguments, f"hydra.sweep.dir={tmp_path}"])
    with pytest.raises(SystemExit) as ended:
        market.main()
    printed = capsys.readouterr().err
    assert ended.value.code == 1
    assert printed.startswith("market: ")
    assert message in printed
    assert printed.count("\n") == 1
    assert "HYDRA_FULL_ERROR" not in os.environ


def test_hydras_full_error_is_there_for_whoever_asks(monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr("sys.argv", ["market", "memry=3"])
    with pytest.raises(Exception, match="Could not override 'memry'"):
        market.main()
    assert os.environ["HYDRA_FULL_ERROR"] == "1"


def test_hydras_help_still_works(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["market", "--help"])
    with pytest.raises(SystemExit) as ended:
        market.main()
    assert ended.value.code == 0
    assert "Configuration groups" in capsys.readouterr().out


def test_hydra_still_shows_what_would_run(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["market", "--cfg", "job", "seed=11"])
    market.main()
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "seed: 11" in printed.out
