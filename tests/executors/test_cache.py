"""The cache of results: it gives what was kept, whole, and takes no more room than it may."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.errors import InputError
from barograph.executors import Codec, ResultCache, Serial, run_recalling

ROOM = 1 << 20
CHECKSUM_BYTES = 32


@pytest.fixture
def cache(tmp_path: Path) -> ResultCache:
    return ResultCache(tmp_path / "cache", ROOM, "this code")


def _files(cache: ResultCache) -> list[Path]:
    return [path for path in cache.folder.rglob("*") if path.is_file()]


def test_a_kept_result_is_found_and_another_is_not(cache):
    key, other = cache.key(b"a"), cache.key(b"b")
    assert cache.get(key) is None
    cache.put(key, b"result")
    assert cache.get(key) == b"result"
    assert cache.get(other) is None


def test_a_key_depends_on_the_code_and_on_every_input_and_where_it_ends(cache):
    other = ResultCache(cache.folder, ROOM, "other code")
    keys = [cache.key(b"ab", b"c"), cache.key(b"a", b"bc"), cache.key(b"abc"), cache.key(b"ab"), other.key(b"ab", b"c")]
    assert len(set(keys)) == len(keys)
    assert cache.key(b"ab", b"c") == keys[0]


DAMAGES = {
    "cut": lambda content: content[:-1],
    "empty": lambda content: content[:0],
    "longer": lambda content: content + b"x",
    "a flipped bit of the result": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "a flipped bit of the checksum": lambda content: bytes([content[0] ^ 1]) + content[1:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_given_and_is_replaced(cache, damage):
    key = cache.key(b"a")
    cache.put(key, b"result")
    [path] = _files(cache)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert cache.get(key) is None
    cache.put(key, b"result")
    assert cache.get(key) == b"result"


def test_the_results_that_were_not_used_for_longest_make_room(tmp_path):
    size = 100
    cache = ResultCache(tmp_path, 3 * (size + CHECKSUM_BYTES), "this code")
    keys = [cache.key(bytes([number])) for number in range(4)]
    for age, key in enumerate(keys[:3]):
        cache.put(key, bytes(size))
        os.utime(tmp_path / key[:2] / key, (1000 + age, 1000 + age))
    assert cache.get(keys[0]) is not None
    cache.put(keys[3], bytes(size))
    assert [cache.get(key) is not None for key in keys] == [True, False, True, True]
    assert sum(path.stat().st_size for path in _files(cache)) <= cache.max_bytes


def test_a_result_larger_than_the_room_is_not_kept(tmp_path):
    cache = ResultCache(tmp_path, 10, "this code")
    cache.put(cache.key(b"a"), bytes(100))
    assert _files(cache) == []


def test_a_folder_that_cannot_be_written_to_ends_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    cache = ResultCache(tmp_path / "file", ROOM, "this code")
    key = cache.key(b"a")
    assert cache.get(key) is None
    with pytest.raises(InputError, match=r"^BAROGRAPH_CACHE: .*file/.*; free or change the folder$") as caught:
        cache.put(key, b"result")
    assert "\n" not in str(caught.value)


def test_a_full_disk_ends_in_one_line_and_leaves_no_part_of_a_file(cache, monkeypatch):
    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"^BAROGRAPH_CACHE: .*: No space left on device; free or change the folder$"):
        cache.put(cache.key(b"a"), b"result")
    assert _files(cache) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from barograph.executors import ResultCache
Path.replace = lambda path, target: os.kill(os.getpid(), signal.SIGKILL)
cache = ResultCache(Path(sys.argv[1]), 1 << 20, "this code")
cache.put(cache.key(b"a"), b"half a result")
"""


def test_a_kill_before_the_file_has_its_name_leaves_nothing_to_be_found(cache):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(cache.folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(_files(cache)) == 1, "the part was written"
    key = cache.key(b"a")
    assert cache.get(key) is None
    cache.put(key, b"result")
    assert cache.get(key) == b"result"


def test_what_a_kill_left_makes_room_like_any_file(tmp_path):
    small = ResultCache(tmp_path, 500, "this code")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    [left] = _files(small)
    os.utime(left, (1000, 1000))
    small.put(small.key(b"b"), bytes(450))
    assert not left.exists()


SHARING = """
import sys
from pathlib import Path
from barograph.executors import ResultCache
cache = ResultCache(Path(sys.argv[1]), 2000, "this code")
print("ready", flush=True)
sys.stdin.readline()
for step in range(600):
    key, result = cache.key(bytes([step % 5])), bytes([step % 5]) * (300 + step % 5)
    found = cache.get(key)
    assert found is None or found == result, (step, found)
    cache.put(key, result)
"""


def test_two_processes_share_a_folder_that_is_too_small_for_both(cache):
    arguments = [sys.executable, "-c", SHARING, str(cache.folder)]
    sharers = [subprocess.Popen(arguments, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    for sharer in sharers:
        assert sharer.stdout.readline() == "ready\n"
    for sharer in sharers:
        sharer.stdin.write("go\n")
        sharer.stdin.flush()
    errors = [sharer.communicate(timeout=120)[1] for sharer in sharers]
    assert errors == ["", ""]
    assert not [path for path in _files(cache) if path.name.startswith(".")]


def test_results_that_are_kept_are_not_computed_again_and_come_in_their_places(cache):
    codec = Codec(lambda shared, task: [shared, task], lambda result: None if b"no" in result else result, bytes)
    computed = []

    def work(shared: bytes, task: bytes) -> bytes:
        computed.append(task)
        return shared + task

    for tasks, again in (([b"1", b"3", b"no"], [b"1", b"3", b"no"]), ([b"0", b"1", b"no", b"3"], [b"0", b"no"])):
        computed.clear()
        found = list(run_recalling(Serial(), cache, codec, work, b"x", tasks))
        assert found == [b"x" + task for task in tasks]
        assert computed == again
