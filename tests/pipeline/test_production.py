"""The session of docs/production.md, with real stages and local remotes."""

import json
import re

import pytest

from barograph.registry import fetch, resolve, version_files

from .conftest import ROOT, Clone

pytestmark = pytest.mark.long
SMALL = {"experiment=quick market=simulated": "experiment=small", "market.years=21": "market.years=8"}


def session() -> list[str]:
    """Give the blocks of commands of the page, on the small market."""
    page = (ROOT / "docs/production.md").read_text(encoding="utf-8")
    for written, small in SMALL.items():
        assert written in page
        page = page.replace(written, small)
    return re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def check_diff(clone, printed):
    """Demand that `model diff` shows the figures of the challenger's reports/metrics/gate.json."""
    challenger = clone.run("git", "log", "--format=%H", "--grep", "A year more").split()[0]
    gate = json.loads(clone.run("git", "show", f"{challenger}:reports/metrics/gate.json"))["ensemble"]
    shown = {line.split()[0]: line.split()[2] for line in printed.splitlines() if line.startswith("ensemble.")}
    for criterion in (name for name, value in gate.items() if isinstance(value, dict) and "figure" in value):
        figure = gate[criterion]["figure"]
        assert shown[f"ensemble.{criterion}.figure"] == ("-" if figure is None else f"{figure:.6g}")


def test_the_session_of_the_page_runs_and_a_fresh_clone_has_every_version(clone, tmp_path):
    printed = [clone.run("bash", "-e", "-c", block) for block in session()]
    check_diff(clone, printed[2])
    listed = printed[3].splitlines()
    events = [line.split() for line in listed if re.match(r"\d ", line)]
    assert [event[0] for event in events] == ["1", "2", "3"]
    assert "v1.0.0 is in production again, v1.1.0 no more; its outputs are in the remote store" in listed
    assert clone.run("git", "status", "--porcelain") == ""
    assert clone.run("dvc", "status", "dvc.yaml").strip() == "Data and pipelines are up to date."
    clone.run("git", "clone", "--quiet", "../desk.git", "../fresh")
    fresh = Clone(tmp_path / "fresh")
    assert fresh.run("barograph", "model", "list") == clone.run("barograph", "model", "list")
    fresh.run("dvc", "artifacts", "get", ".", "barograph", "--rev", "v1.1.0", "--out", "../replaced")
    for folder, version in (("in-production", "v1.0.0"), ("replaced", "v1.1.0")):
        metrics = json.loads((tmp_path / folder / "champion/metrics.json").read_text())
        assert metrics["version"] == version
        assert version_files(fresh.folder, resolve(fresh.folder, version)) == metrics["files"]
        fetch(fresh.folder, metrics["files"], tmp_path / version)
        for path in (tmp_path / version / "models").rglob("*.*"):
            got = tmp_path / folder / path.relative_to(tmp_path / version / "models")
            assert got.read_bytes() == path.read_bytes()
