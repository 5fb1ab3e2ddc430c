"""Exact shares: how many rows of each regime or event a draw takes."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

import numpy as np
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from barograph.archive.archive import Regime
from barograph.errors import InputError
from barograph.names import REGIMES
from barograph.typing import STRICT, Rows

MAX_COPIES: Final = 10
Group = TypeVar("Group", bound=str)


@dataclass(frozen=True, config=STRICT)
class Balance:
    """Bring the regimes of a fold to fixed shares by over- and undersampling.

    Parameters
    ----------
    targets : dict of str to float
        The share of every regime; they sum to one.

    Warnings
    --------
    Balancing shifts the class frequencies that a model learns; its probabilities need recalibration on unresampled
    rows before they are read as probabilities.
    """

    targets: dict[Regime, Annotated[float, Field(ge=0, le=1)]]

    @field_validator("targets")
    @classmethod
    def _shares_of_all_regimes(cls, targets: dict[Regime, float]) -> dict[Regime, float]:
        if missing := [regime for regime in REGIMES if regime not in targets]:
            raise ValueError(f"targets lack {missing}; every regime needs a share")
        if abs(sum(targets.values()) - 1.0) > 1e-9:
            raise ValueError(f"targets sum to {sum(targets.values()):.6g}; they must sum to 1")
        return targets


def balanced_counts(
    available: Mapping[str, int], targets: Mapping[Group, float], total: int, *, max_copies: int = MAX_COPIES
) -> dict[Group, int]:
    """Share out a number of rows exactly.

    Shares follow `targets` by largest remainder. A group without rows gives its share to the others pro rata to their
    targets, and so does what a group cannot fill with `max_copies` of each of its rows.

    Parameters
    ----------
    available : mapping of str to int
        Distinct rows of each group; a group that is absent has none.
    targets : mapping of str to float
        Relative shares, not negative.
    total : int
        Rows to share out.
    max_copies : int
        How often one row may be drawn.

    Returns
    -------
    dict of str to int
        Rows to draw from each group of `targets`; they sum to `total` unless all groups together cannot fill it.

    Raises
    ------
    InputError
        If a share, a count or `total` is negative.
    """
    if total < 0 or min(targets.values(), default=0) < 0 or min(available.values(), default=0) < 0:
        raise InputError(f"balanced_counts: negative input, total={total}, targets={dict(targets)}")
    capacity = {group: available.get(group, 0) * max_copies for group in targets}
    counts = dict.fromkeys(targets, 0)
    open_groups = [group for group in targets if capacity[group] > 0 and targets[group] > 0]
    left = total
    while open_groups:
        shares = _largest_remainder({group: targets[group] for group in open_groups}, left)
        full = [group for group in open_groups if shares[group] > capacity[group]]
        if not full:
            return counts | shares
        for group in full:
            counts[group] = capacity[group]
            left -= capacity[group]
            open_groups.remove(group)
    return counts


def draw_copies(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Draw `count` rows: without replacement while they last, else every row equally often up to one."""
    whole, rest = divmod(count, rows.size) if rows.size else (0, 0)
    return np.concatenate([np.repeat(rows, whole), rng.choice(rows, rest, replace=False)])


def _largest_remainder(targets: Mapping[Group, float], total: int) -> dict[Group, int]:
    whole = sum(targets.values())
    # Rounding away the last bits keeps 0.1 * 1000 from ending at 99.999...
    exact = {group: round(share / whole * total, 9) for group, share in targets.items()}
    counts = {group: int(value) for group, value in exact.items()}
    by_remainder = sorted(targets, key=lambda group: counts[group] - exact[group])
    for group in by_remainder[: total - sum(counts.values())]:
        counts[group] += 1
    return counts
