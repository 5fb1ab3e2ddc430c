"""The lock file gives each extra the generation of its packages that pyproject.toml asks for."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKED = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
EXTRAS = PROJECT["project"]["optional-dependencies"]


def _locked(name: str) -> list[Version]:
    return [Version(package["version"]) for package in LOCKED if package["name"] == name]


@pytest.mark.parametrize(("extra", "text"), [(extra, text) for extra, texts in EXTRAS.items() for text in texts])
def test_an_extra_is_locked_at_the_major_version_of_its_lower_bound(extra, text):
    requirement = Requirement(text)
    bounds = [Version(part.version) for part in requirement.specifier if part.operator == ">="]
    assert len(bounds) == 1, f"{extra}: {text} has no lower bound"
    locked = _locked(requirement.name)
    assert locked, f"{extra}: {requirement.name} is not in uv.lock"
    assert {version.major for version in locked} == {bounds[0].major}
    assert all(requirement.specifier.contains(version) for version in locked)


def test_no_extra_holds_back_what_everybody_shares():
    """A launcher for Ray needs cloudpickle below 3, and Hydra 1.4 changes the meaning of `_target_`."""
    assert all(version.major >= 3 for version in _locked("cloudpickle"))
    assert all(version < Version("1.4") for version in _locked("hydra-core"))


def test_the_development_group_has_every_extra():
    whole = [Requirement(text) for text in PROJECT["dependency-groups"]["dev"] if text.startswith("barograph[")]
    assert [requirement.extras for requirement in whole] == [set(EXTRAS)]
