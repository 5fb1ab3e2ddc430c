"""Signals of others: several tables joined into one, and their entries for the catalogue."""

from collections.abc import Mapping

import pandas as pd

from barograph.errors import InputError
from barograph.features.asof import SIGNAL_STALE_AFTER
from barograph.features.registration import Feature
from barograph.names import SIGNAL_PREFIX

FAMILY = "signals"
"""The family of every signal. Which ones there are the data says, so that none is registered."""


def merge(tables: Mapping[str, pd.DataFrame | None]) -> tuple[pd.DataFrame | None, list[Feature]]:
    """Join validated signals, given by the file that they come from, None for a file without any.

    Gives the rows of all, None where there are none, and one entry a signal in alphabetical order, whose source is the
    file. Raises InputError if two files have a signal of the same name.
    """
    origins: dict[str, str] = {}
    given = {origin: table for origin, table in tables.items() if table is not None and len(table)}
    for origin, table in given.items():
        for name in table["name"].unique().tolist():
            if name in origins:
                raise InputError(f"{origin}: the signal {name!r} is in {origins[name]} too; choose another name")
            origins[name] = origin
    joined = pd.concat(given.values(), ignore_index=True) if given else None
    return joined, [_entry(name, origins[name]) for name in sorted(origins)]


def _entry(name: str, origin: str) -> Feature:
    return Feature(
        name=f"{SIGNAL_PREFIX}{name}",
        family=FAMILY,
        formula=f"Signal {name} of the newest date that is known at the close, at most {SIGNAL_STALE_AFTER} days old",
        inputs=(f"{SIGNAL_PREFIX}{name}",),
        lookback=0,
        range=(float("-inf"), float("inf")),
        source=origin,
        scope="symbol",
    )
