"""The content cache of results: what was computed once from the same input is read rather than computed again."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated, Final, Generic

from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.executors.executor import Executor, Input, Result, Task
from barograph.typing import STRICT

_DIGEST_BYTES: Final = hashlib.sha256().digest_size


@dataclass(frozen=True, config=STRICT)
class ResultCache:
    """Keeps results as files, each named by the hash of all that its bytes depend on.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    max_bytes : int
        When the results take more than this, those that were not used for longest are removed.
    computed_by : str
        A digest of the code, libraries and processor settings that compute the results; part of every key.
    """

    folder: Path
    max_bytes: Annotated[int, Field(ge=0)]
    computed_by: str

    def key(self, *inputs: bytes) -> str:
        """Give the key of the result of some inputs, each taken with its length."""
        digest = hashlib.sha256(self.computed_by.encode())
        for part in inputs:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()

    def get(self, key: str) -> bytes | None:
        """Give the result of a key; None where there is none, or its file is damaged."""
        path = self._path(key)
        found = _verified(path)
        if found is not None:
            with suppress(OSError):  # another process has removed it, or owns it
                os.utime(path)
        return found

    def put(self, key: str, result: bytes) -> None:
        """Keep a result; its file appears under its name only when it is whole.

        Raises
        ------
        InputError
            If the folder cannot be written to.
        """
        path = self._path(key)
        try:
            _write(path, hashlib.sha256(result).digest() + result)
            self._shrink()
        except OSError as error:
            raise InputError(f"BAROGRAPH_CACHE: {path}: {error.strerror}; free or change the folder") from error

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _shrink(self) -> None:
        entries = sorted(
            ((stat.st_mtime_ns, stat.st_size, path) for path in self.folder.glob("??/*") if (stat := _stat(path))),
            reverse=True,
        )
        used = 0
        for _, size, path in entries:
            used += size
            if used > self.max_bytes:
                path.unlink(missing_ok=True)


@plain_dataclass(frozen=True)
class Codec(Generic[Input, Task, Result]):
    """How a result is kept.

    Attributes
    ----------
    inputs : callable
        Gives, from the shared input and a task, all that the result depends on beside code and libraries.
    encode : callable
        Turns a result into bytes; None where it is not to be kept.
    decode : callable
        The inverse.
    """

    inputs: Callable[[Input, Task], Sequence[bytes]]
    encode: Callable[[Result], bytes | None]
    decode: Callable[[bytes], Result]


def run_recalling(
    executor: Executor,
    cache: ResultCache | None,
    codec: Codec[Input, Task, Result],
    work: Callable[[Input, Task], Result],
    shared: Input,
    tasks: Sequence[Task],
) -> Iterator[Result]:
    """Run the tasks whose results are not in a cache, and keep these there; see :meth:`Executor.run`.

    Only this process reads and writes the cache.
    """
    if cache is None:
        yield from executor.run(work, shared, tasks)
        return
    with ThreadPoolExecutor() as threads:  # copying and hashing leave the interpreter free
        keys = list(threads.map(lambda task: cache.key(*codec.inputs(shared, task)), tasks))
    found = [cache.get(key) for key in keys]
    computed = executor.run(work, shared, [task for task, known in zip(tasks, found, strict=True) if known is None])
    for key, known in zip(keys, found, strict=True):
        if known is not None:
            yield codec.decode(known)
            continue
        result = next(computed)
        if (content := codec.encode(result)) is not None:
            cache.put(key, content)
        yield result


def _write(path: Path, content: bytes) -> None:
    """Write under a name of this process alone: two may compute the same result at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        with suppress(FileNotFoundError):  # another process has made room
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _verified(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, result = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return result if hashlib.sha256(result).digest() == checksum else None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:  # another process has removed it
        return None
