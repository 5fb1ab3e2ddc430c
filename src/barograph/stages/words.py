"""Figures in the stages' closing lines."""

from collections.abc import Mapping
from math import isnan

from barograph.scoring import Estimate


def estimate(scores: Mapping[str, float | int | None], name: str, form: str) -> str:
    """Write a score with its interval, such as ``+2.8% [+2.2%, +3.4%]``; a missing one is said to be missing."""
    value, low, high = Estimate.of(scores, name)
    if isnan(value):
        return "not defined"
    if isnan(low) or isnan(high):
        return f"{value:{form}} [no interval]"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
