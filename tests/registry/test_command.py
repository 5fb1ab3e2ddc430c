"""`barograph model`, as a user types it, in a small repository."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from barograph.cli import main
from barograph.registry import promote
from barograph.registry.scores import daily_scores

from .conftest import FIGURES, SCORES, Project, prepare_environment


@pytest.fixture(scope="module")
def _typed(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository with a version."""
    folder = tmp_path_factory.mktemp("command")
    shutil.copytree(_trained, folder / "project", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        prepare_environment(patch, folder)
        patch.setenv("GIT_COMMITTER_DATE", "2024-01-10T12:00:00Z")
        promote(folder / "project", FIGURES, SCORES, reason="earned it")
    return folder / "project"


@pytest.fixture
def typed(_typed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a copy of it, in which commands are typed."""
    shutil.copytree(_typed, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    return Project(tmp_path / "project")


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["model", *arguments]) == code
    printed = capsys.readouterr()
    return printed.err if code else printed.out


def test_every_question_has_an_answer(typed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    commit = typed.run("git", "rev-parse", "HEAD")[:10]
    assert said(capsys, "list") == (
        "event  date        what       version  commit      by   reason\n"
        f"1      2024-01-10  promotion  v1.0.0   {commit}  Ada  earned it\n\nv1.0.0 is in production\n"
    )
    assert said(capsys, "list", "--on", "2024-01-09") == "2024-01-09: no model was in production\n"
    assert said(capsys, "list", "--on", "2024-03-01") == "2024-03-01: v1.0.0, since event 1 of 2024-01-10 by Ada\n"
    shown = said(capsys, "show")
    assert shown.startswith("tagged by Ada at 2024-01-10 12:00:00 UTC\n")
    assert json.loads(shown.partition("\n")[2])["reason"] == "earned it"
    assert said(capsys, "show", "v1.0.0") == shown
    descent = said(capsys, "lineage")
    assert descent.startswith(f"v1.0.0  2024-01-10  commit {commit}  data/market ")
    assert said(capsys, "verify") == "v1.0.0: tags, hashes and bytes agree; its outputs are in the local cache\n"


def test_diff_shows_settings_outputs_and_the_gate(typed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (typed.root / "params.yaml").write_text("seed: 1\n")
    typed.train("two", accepted=0)
    settings, outputs, gate = said(capsys, "diff").strip().split("\n\n")
    assert settings.splitlines()[1].split() == ["seed", "0", "1"]
    assert {"models/svm", "data/market"} < {line.split()[0] for line in outputs.splitlines()}
    figures = dict(line.split(None, 1) for line in gate.splitlines())
    assert figures["ensemble.accepted"].split() == ["1", "0"]
    assert figures["ensemble.skill.figure"].split() == ["0.1", "0.1"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("show", "v2.0.0"), "barograph: version v2.0.0: unknown; versions are v1.0.0"),
        (("diff", "prod", "nothing"), "barograph: nothing: is neither prod"),
        (("list", "--on", "2024-3-1"), "barograph: --on: '2024-3-1' is no date; write it as 2024-03-01"),
        (("rollback",), "barograph: version v1.0.0: replaced no other when it was promoted"),
        (("rollback", "v1.0.0"), "barograph: version v1.0.0: is in production already"),
        (("rollback", "--push"), "barograph: --push: there is no git remote origin; run `git remote add origin URL`"),
    ],
)
def test_bad_input_ends_in_one_line(
    typed: Project, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str
) -> None:
    error = said(capsys, *arguments, code=1)
    assert error.startswith(line)
    assert error.count("\n") == 1


def test_verify_finds_bytes_that_were_lost(typed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (typed.root / ".dvc/cache").rglob("*"):
        if path.is_file() and path.read_bytes() == b"model of one":
            path.unlink()
    assert "models/svm/model.txt: " in said(capsys, "verify", code=1)


def test_daily_scores_are_means_over_the_rows_with_a_label() -> None:
    days = pd.to_datetime(["2024-03-01", "2024-03-01", "2024-03-04", "2024-03-05"])
    predictions = pd.DataFrame({"symbol": ["A", "B", "A", "A"], "date": days})
    predictions[["p_sell", "p_hold", "p_buy"]] = [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0]]
    labels = predictions[["symbol", "date"]].iloc[:3].assign(label=[0, 1, 2])
    found = daily_scores(predictions, labels)
    assert found["rows"].tolist() == [2, 1]
    assert found["brier"].tolist() == [0.25, 0.38]
    assert found["log_loss"].tolist() == [0.346574, 0.693147]
    assert found["date"].tolist() == [days[0], days[2]]
