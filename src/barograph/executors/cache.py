"""The content cache of results: what was computed once from the same input is read rather than computed again."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
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

    def recall(self, key: str, compute: Callable[[], bytes]) -> bytes:
        """Give the result of a key, computed where there is none; a damaged file is computed again.

        A file appears under its name only when it is whole, and its checksum is verified when it is read.
        """
        path = self.folder / key[:2] / key
        found = _verified(path)
        if found is not None:
            os.utime(path)
            return found
        result = compute()
        try:
            _write(path, hashlib.sha256(result).digest() + result)
            self._shrink()
        except OSError as error:
            raise InputError(f"BAROGRAPH_CACHE: {path}: {error.strerror}; free or change the folder") from error
        return result

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


def _write(path: Path, content: bytes) -> None:
    """Write under a name of this process alone: two may compute the same result at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def _verified(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    checksum, result = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(result).digest() == checksum:
        return result
    path.unlink(missing_ok=True)
    return None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:  # another process has removed it
        return None
