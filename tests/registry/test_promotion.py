"""Promote and roll back: what is written, what is refused, two at once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from barograph.errors import InputError
from barograph.registry import fetch, fetch_checked, history, promote, promotion, resolve, roll_back, version_files

from .conftest import FIGURES, SCORES, Project, clone_of


def promoted(project: Project, **options: object) -> list[str]:
    return promote(project.root, FIGURES, SCORES, **{"reason": "earned it"} | options)


def test_promote_commits_tags_and_leaves_everything_quiet(project: Project) -> None:
    before = project.run("git", "rev-parse", "HEAD").strip()
    assert promoted(project) == ["v1.0.0 is in production; all 2 outputs of it are in the local cache"]
    assert project.quiet()
    assert project.champion() == "v1.0.0"
    assert project.run("git", "rev-parse", "HEAD^").strip() == before
    evidence = history(project.root).in_production().evidence
    assert evidence.commit == resolve(project.root, "prod") == project.run("git", "rev-parse", "HEAD").strip()
    assert set(evidence.files) == {"models/svm", "data/selection.parquet"}
    assert set(evidence.data) == {"data/market"}
    assert evidence.gate["ensemble"]["accepted"] == 1
    assert "v1.0.0" in (project.root / "reports/index.html").read_text()


def test_promoting_again_works_and_says_that_the_files_are_the_same(project: Project) -> None:
    promoted(project)
    assert promoted(project) == [
        "v1.1.0 is in production, the same files as v1.0.0; all 2 outputs of it are in the local cache"
    ]
    assert project.quiet()
    assert list(history(project.root).versions) == ["v1.0.0", "v1.1.0"]


def test_promote_promote_roll_back_roll_back_in_a_fresh_clone(shared: Project, tmp_path: Path) -> None:
    for source in ("one", "two", "three"):
        if source != "one":
            shared.train(source)
            shared.dvc("push", "--quiet")
        promoted(shared, with_push=True)
    clone = clone_of(shared, tmp_path / "fresh")
    clone.dvc("pull", "--quiet")
    assert clone.quiet()
    for number, (version, source) in enumerate([("v1.1.0", "two"), ("v1.0.0", "one")], start=4):
        said = roll_back(clone.root, None, reason="losses", with_push=True)
        assert said[0].startswith(f"{version} is in production again")
        assert history(clone.root).in_production().evidence.number == number
        assert clone.champion() == version
        assert clone.quiet()
        clone.dvc("artifacts", "get", ".", "barograph", "--stage", "prod", "--out", str(tmp_path / version))
        assert (tmp_path / version / "svm/model.txt").read_text() == f"model of {source}"
        assert fetch(clone.root, history(clone.root).named(version).evidence.files, tmp_path / f"own-{version}")
        assert (tmp_path / f"own-{version}/models/svm/model.txt").read_text() == f"model of {source}"
    assert shared.run("git", "ls-remote", "origin").count("#prod#") == 2 * 5  # each with the commit that it names
    with pytest.raises(InputError, match=r"version v1\.0\.0: replaced no other .* others are v1\.1\.0, v1\.2\.0"):
        roll_back(clone.root, None, reason="losses")
    roll_back(clone.root, "1.2.0", reason="better after all")
    assert clone.champion() == "v1.2.0"
    clone.train("four")
    clone.dvc("push", "--quiet")
    promoted(clone)
    assert history(clone.root).in_production().evidence.parent == "v1.2.0"


def test_the_loser_of_two_clones_learns_the_winner_and_has_lost_nothing(shared: Project, tmp_path: Path) -> None:
    other = clone_of(shared, tmp_path / "other")
    other.dvc("pull", "--quiet")
    promoted(other, with_push=True)
    with pytest.raises(InputError, match=r"models/champion/metrics\.json: names no version, in production is v1\.0\.0"):
        promoted(shared, with_push=True)
    assert shared.quiet()
    shared.run("git", "pull", "--quiet")
    shared.dvc("pull", "--quiet")
    promoted(shared, with_push=True)
    assert list(history(shared.root).versions) == ["v1.0.0", "v1.1.0"]


def test_the_push_itself_decides_between_two_clones(
    shared: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = clone_of(shared, tmp_path / "other")
    other.dvc("pull", "--quiet")
    unseen = "barograph.registry.promotion.fetch_events"
    with monkeypatch.context() as patch:
        patch.setattr(unseen, lambda *_: promoted(other, with_push=True) if patch.undo() is None else None)
        with pytest.raises(InputError, match=r"^v1\.0\.0 came into production, by Ada, first; nothing was promoted"):
            promoted(shared, with_push=True)
    assert shared.quiet()
    assert shared.champion() is None
    assert not history(shared.root).events


def test_of_two_promotions_in_one_clone_one_wins_and_the_other_names_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, names = Barrier(2), promotion._event_names
    calls = count()

    def both_have_begun(root: Path) -> str:
        found = names(root)
        if next(calls) < 2:
            began.wait(60)
        return found

    monkeypatch.setattr(promotion, "_event_names", both_have_begun)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(promoted, project) for _ in range(2)]
        errors = [str(run.exception()) for run in runs if run.exception()]
    assert errors == ["v1.0.0: came into production meanwhile, by Ada; try again"]
    assert list(history(project.root).versions) == ["v1.0.0"]
    assert project.quiet()


def test_a_version_that_another_clone_has_pushed_first_is_named(shared: Project, tmp_path: Path) -> None:
    other = clone_of(shared, tmp_path / "other")
    other.dvc("pull", "--quiet")
    promoted(shared)
    promoted(other, with_push=True)
    with pytest.raises(InputError, match=r"barograph#prod#1: origin has another one: v1\.0\.0 came .*, by Ada"):
        promoted(shared, with_push=True)


def test_refuses_a_dirty_tree(project: Project) -> None:
    (project.root / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"^notes\.txt: is not committed; commit or remove it first$"):
        promoted(project)


def test_refuses_a_tampered_model_in_the_work_tree(project: Project) -> None:
    path = project.root / "models/svm/model.txt"
    path.chmod(0o644)
    path.write_text("tampered")
    with pytest.raises(InputError, match=r"^models/svm: modified, dvc\.lock says otherwise"):
        promoted(project)


def _model(folder: Path) -> Path:
    """Find the model's bytes in a cache or remote, and make them writable."""
    found = next(path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == b"model of one")
    found.chmod(0o644)
    return found


def test_refuses_tampered_bytes_in_the_cache(project: Project) -> None:
    _model(project.root / ".dvc/cache").write_text("tampered")
    with pytest.raises(
        InputError, match=r"^models/svm/model\.txt: its bytes in the local cache have the MD5 \w{32}, not "
    ):
        fetch_checked(project.root, version_files(project.root, "HEAD"))
    with pytest.raises(InputError, match=r"^models/svm: is not in the local cache; run `dvc pull` or `dvc repro`$"):
        promoted(project)


def test_refuses_tampered_bytes_on_the_remote(shared: Project) -> None:
    _model(shared.root.parent / "store").write_text("tampered")
    with pytest.raises(
        InputError, match=r"^models/svm/model\.txt: its bytes in the remote store have the MD5 \w{32}, not "
    ):
        promoted(shared)
    assert shared.quiet()


def test_refuses_bytes_that_are_not_pushed(shared: Project) -> None:
    shared.train("two")
    with pytest.raises(InputError, match=r"is missing in the remote store; the local cache has it: run `dvc push`$"):
        promoted(shared)
    assert shared.quiet()


def test_refuses_a_blob_that_is_missing_on_the_remote(shared: Project) -> None:
    for folder in (".dvc/cache", "../store"):
        _model(shared.root / folder).unlink()
    with pytest.raises(
        InputError, match=r"^models/svm/model\.txt: \w{32} is missing in the remote store; run `dvc repro`"
    ):
        fetch_checked(shared.root, version_files(shared.root, "HEAD"))


def test_refuses_what_the_gate_rejects_unless_it_is_overridden(project: Project) -> None:
    project.train("worse", accepted=0)
    with pytest.raises(InputError, match=r"^the gate rejected ensemble: skill; --override REASON promotes it anyway$"):
        promoted(project)
    promoted(project, override=True, reason="the old one knows no crash")
    evidence = history(project.root).in_production().evidence
    assert evidence.override
    assert evidence.reason == "the old one knows no crash"


def test_refuses_a_version_that_is_not_above_the_others(project: Project) -> None:
    promoted(project, version="v2.3.1")
    for version, wrong in (("v2.3.1", "must be above v2.3.1"), ("v2.3", "is not of the form")):
        with pytest.raises(InputError, match=wrong):
            promoted(project, version=version)


def test_a_stage_that_fails_leaves_everything_as_it_was(project: Project) -> None:
    pipeline = project.root / "dvc.yaml"
    pipeline.write_text(
        pipeline.read_text().replace("cat models/champion/*", "cat models/champion/README.md no_such_file")
    )
    project.run("git", "commit", "--quiet", "--all", "--message", "A gate that fails")
    project.dvc("commit", "--quiet", "--force", "gate")
    project.commit("dvc.lock")
    with pytest.raises(InputError, match=r"^dvc repro: "):
        promoted(project)
    assert project.quiet()
    assert project.champion() is None
