"""Figures in the stages' closing lines."""

from collections.abc import Mapping


def estimate(scores: Mapping[str, float | int | None], name: str, form: str) -> str:
    """Write a score with its interval, such as ``+2.8% [+2.2%, +3.4%]``; a missing one is said to be missing."""
    value, low, high = (scores[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return "not defined"
    if low is None or high is None:
        return f"{value:{form}} [no interval]"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
