"""The settings of the machine: which results may be kept."""

from dataclasses import dataclass

import pytest

from barograph.errors import InputError
from barograph.stages import machine


class _Silent:
    def __init__(self, leaf: int) -> None:
        self.leaf = leaf


@dataclass(frozen=True)
class _Told:
    leaf: int


def test_results_of_an_object_whose_repr_hides_its_settings_are_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("BAROGRAPH_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"^BAROGRAPH_CACHE: the repr of .*\._Silent does not tell its settings"):
        machine.cache(_Silent(3), None)
    assert machine.cache(_Told(3), None) is not None


def test_without_a_cache_any_object_will_do(monkeypatch):
    monkeypatch.delenv("BAROGRAPH_CACHE", raising=False)
    assert machine.cache(_Silent(3), None) is None
