"""The executor and the cache that environment variables name."""

from pathlib import Path

import pytest

from barograph.errors import InputError
from barograph.executors import Loky, Ray, ResultCache, Serial, Slurm, cache_from_environment, from_environment


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", Loky()),
        ("WORKERS=3", Loky(workers=3)),
        ("EXECUTOR=serial", Serial()),
        ("EXECUTOR=serial WORKERS=3", Serial()),
        ("EXECUTOR=loky WORKERS=1", Loky(workers=1)),
        ("EXECUTOR=ray", Ray()),
        ("EXECUTOR=ray WORKERS=8 ADDRESS=10.0.0.1:6379", Ray(workers=8, address="10.0.0.1:6379")),
        ("EXECUTOR=slurm ADDRESS=local", Slurm(address="local")),
        ("CACHE=/x CACHE_MIB=5", Loky()),
    ],
)
def test_variables_name_the_executor(given, expected):
    assert from_environment(_variables(given) | {"PATH": "/bin"}) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("EXECUTOR=dask", r"^BAROGRAPH_EXECUTOR: 'dask' is unknown; allowed: serial, loky, ray, slurm$"),
        ("WORKERS=two", r"^BAROGRAPH_WORKERS: 'two'; it must be a whole number, one or more$"),
        ("WORKERS=0", r"^BAROGRAPH_WORKERS: '0'; "),
        ("WORKERS=-1", r"^BAROGRAPH_WORKERS: '-1'; "),
        ("WORKERS=1.5", r"^BAROGRAPH_WORKERS: '1\.5'; "),
        ("WORKERS=", r"^BAROGRAPH_WORKERS: is empty; "),
        ("EXECUTOR=", r"^BAROGRAPH_EXECUTOR: is empty; "),
        (
            "ADDRESS=10.0.0.1:6379",
            r"^BAROGRAPH_ADDRESS: '10\.0\.0\.1:6379' is of no use to the executor loky; unset it$",
        ),
        ("EXECUTOR=serial ADDRESS=x", r"^BAROGRAPH_ADDRESS: 'x' is of no use to the executor serial; "),
        ("EXECUTOR_WORKERS=2", r"^BAROGRAPH_EXECUTOR_WORKERS: no such variable; allowed: BAROGRAPH_EXECUTOR, "),
    ],
)
def test_a_mistake_ends_in_one_line(given, message):
    with pytest.raises(InputError, match=message):
        from_environment(_variables(given))


def _variables(given: str) -> dict[str, str]:
    return {f"BAROGRAPH_{name}": value for name, value in (pair.split("=") for pair in given.split())}


def test_without_a_folder_there_is_no_cache_and_nothing_is_digested():
    assert cache_from_environment({}, lambda: pytest.fail("digested")) is None


def test_a_cache_has_a_folder_a_size_and_a_digest(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    cache = cache_from_environment(_variables("CACHE=~/results"), lambda: "this code")
    assert cache == ResultCache(Path("/home/someone/results"), 2048 << 20, "this code")
    cache = cache_from_environment(_variables("CACHE=/results CACHE_MIB=5"), lambda: "this code")
    assert cache == ResultCache(Path("/results"), 5 << 20, "this code")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("CACHE=results", r"^BAROGRAPH_CACHE: 'results' is not absolute; "),
        ("CACHE=~no-such-user/results", r"^BAROGRAPH_CACHE: "),
        ("CACHE=/results CACHE_MIB=much", r"^BAROGRAPH_CACHE_MIB: 'much'; it must be a whole number, one or more$"),
    ],
)
def test_a_mistake_of_the_cache_ends_in_one_line(given, message):
    with pytest.raises(InputError, match=message) as caught:
        cache_from_environment(_variables(given), lambda: "this code")
    assert "\n" not in str(caught.value)
