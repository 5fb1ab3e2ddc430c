"""The comparisons of features, kept between runs: a fold's depend on no day after its test window."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from barograph.drift.comparison import ValueComparison
from barograph.executors import ResultCache
from barograph.names import KEY

Comparisons: TypeAlias = list[ValueComparison]


def recalled(
    cache: ResultCache | None,
    asked: object,
    features: pd.DataFrame,
    windows: Sequence[dict[str, Any]],
    compared: Callable[[list[int]], list[Comparisons]],
) -> list[Comparisons]:
    """Give the comparisons of all features in every window, from the cache where they were made before.

    Parameters
    ----------
    cache : ResultCache or None
        None compares anew.
    asked : object
        All else that they depend on beside code and libraries; its `repr` tells it.
    features : pandas.DataFrame
        The table of this name. A window's comparisons depend on its rows up to the window's end, and on no later one.
    windows : sequence of dict
        The folds, each with `test_end`, in the order of time.
    compared : callable
        Compares all features in the windows of these numbers.
    """
    if cache is None:
        return compared(list(range(len(windows))))
    contents = _upto(features, [np.datetime64(window["test_end"]) for window in windows])
    keys = [
        cache.key(b"drift", repr((asked, window)).encode(), content)
        for window, content in zip(windows, contents, strict=True)
    ]
    found = [None if (kept := cache.get(key)) is None else _from_bytes(kept) for key in keys]
    missing = [number for number, comparisons in enumerate(found) if comparisons is None]
    new = dict(zip(missing, compared(missing), strict=True))
    for number, comparisons in new.items():
        cache.put(keys[number], _to_bytes(comparisons))
    return [new[number] if comparisons is None else comparisons for number, comparisons in enumerate(found)]


def _upto(features: pd.DataFrame, ends: Sequence[np.datetime64]) -> Iterator[bytes]:
    """Digest all rows up to each of some ascending days, date after date, in one pass."""
    date, values = features["date"].to_numpy("datetime64[D]"), features.drop(columns=KEY)
    order = np.argsort(date, kind="stable")
    by_column, digest, done = values.to_numpy().T, hashlib.sha256(repr(list(values)).encode()), 0
    for reached in np.searchsorted(date[order], ends, side="right"):
        rows = order[done:reached]
        digest.update(date[rows].tobytes())
        for column in by_column:
            digest.update(column[rows].tobytes())
        done = reached
        yield digest.digest()


def _to_bytes(comparisons: Comparisons) -> bytes:
    target = io.BytesIO()
    figures = np.array([comparison[:-1] for comparison in comparisons], dtype=np.float64)
    detectable = [comparison.detectable for comparison in comparisons]
    sizes = np.array([part.size for part in detectable], dtype=np.int64)
    np.savez(target, allow_pickle=False, figures=figures, detectable=np.concatenate(detectable), sizes=sizes)
    return target.getvalue()


def _from_bytes(kept: bytes) -> Comparisons:
    with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
        detectable = np.split(arrays["detectable"], arrays["sizes"].cumsum()[:-1])
        return [
            ValueComparison._make([*row, part])
            for row, part in zip(arrays["figures"].tolist(), detectable, strict=True)
        ]
