"""The journal: a file to which lines are appended and in which none is ever changed.

A line is an event in JSON. It contains the hash of the line before it, so that a line that was changed, lost or
repeated is found. A line counts once its end of line is on the disk. What a killed program has left of a line does not
count, and the next one to append cuts it off.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from barograph.errors import InputError

Event = dict[str, Any]


def read(path: Path) -> list[Event]:
    """Read the events of a journal, in their order; none where there is no file.

    Raises
    ------
    InputError
        If a line is no event, or does not follow the line before it.
    """
    events: list[Event] = []
    before = b""
    for number, line in enumerate(_lines(path), 1):
        try:
            event = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number} is damaged; take the file from a backup") from error
        if not isinstance(event, dict) or event.get("previous") != _hash(before):
            raise InputError(f"{path}: line {number} does not follow line {number - 1}; take the file from a backup")
        events.append(event)
        before = line
    return events


def append(path: Path, event: Mapping[str, Any]) -> None:
    """Append an event, and return when it is on the disk. The caller has the lock."""
    lines = _lines(path)
    whole = sum(len(line) + 1 for line in lines)
    previous = _hash(lines[-1] if lines else b"")
    text = json.dumps({"previous": previous, **event}, allow_nan=False, separators=(",", ":"))
    new = not path.exists()
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.ftruncate(file, whole)
        os.lseek(file, whole, os.SEEK_SET)
        left = text.encode() + b"\n"
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        _sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from appending to a journal.

    Raises
    ------
    InputError
        If another process is at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{path}: another command writes to it; wait until it has ended") from error
        yield


def _lines(path: Path) -> list[bytes]:
    """Give the whole lines, without their ends."""
    return path.read_bytes().split(b"\n")[:-1] if path.is_file() else []


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
