"""What was tuned: the searched parameters of each model, and what the search was worth on its inner splits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from barograph.report import palette, words
from barograph.report.inputs import ReportInputs, models


@dataclass(frozen=True)
class Parameter:
    """A searched parameter: its start, the value chosen, and its part in the differences between trials."""

    name: str
    start: str
    chosen: str
    part: str


@dataclass(frozen=True)
class Search:
    """One model's search; without parameters there was nothing to search."""

    model: str
    colour: str
    parameters: list[Parameter]
    start: str
    best: str
    saved: str
    trials: str


def searches(inputs: ReportInputs) -> list[Search]:
    """Give one search a model, the most skilful model first."""
    order = [name for name in (inputs.headline, *models(inputs)) if name in inputs.tuning]
    return [_search(name, inputs.tuning[name]) for name in dict.fromkeys([*order, *sorted(inputs.tuning)])]


def heading(inputs: ReportInputs) -> str:
    """Say how much the searches saved, and how many models had one."""
    made = [one for one in inputs.tuning.values() if one["params"]]
    gains = [gain for gain in map(_gain, made) if math.isfinite(gain)]
    if not gains:
        return "No search has a figure to compare" if made else "No parameter was searched"
    of = words.count(len(gains), "search", "searches")
    low, high = (words.number(100 * gain, 2) for gain in (min(gains), max(gains)))
    what = f"{low} % of log loss" if low == high else f"{low} to {high} % of log loss"
    return f"{of} before the first test saved {what} on the inner splits"


def _search(name: str, one: Mapping[str, Any]) -> Search:
    parts, start = one.get("importance") or {}, one.get("start") or {}
    trials = one["trials"]
    gain = _gain(one)
    return Search(
        palette.title(name),
        palette.marks([name])[name].colour,
        [
            Parameter(key, value_text(start[key]) if key in start else "", value_text(value), _part(parts.get(key)))
            for key, value in sorted(one["params"].items())
        ],
        _loss(one.get("start_log_loss")),
        _loss(one.get("log_loss")),
        words.number(100 * gain, 2),
        " / ".join(str(int(trials[kind])) for kind in ("complete", "pruned", "failed")),
    )


def _gain(one: Mapping[str, Any]) -> float:
    """Give the log loss saved as a share of the start's; NaN where it is not known."""
    start, best = one.get("start_log_loss"), one.get("log_loss")
    return math.nan if start is None or best is None or not start else float(1 - best / start)


def _loss(value: float | None) -> str:
    return words.number(math.nan if value is None else float(value), 4)


def _part(value: float | None) -> str:
    return "\N{EN DASH}" if value is None or not math.isfinite(value) else words.number(100 * float(value), 0)


def value_text(value: object) -> str:
    """Write a parameter's value: floats to three digits, whole numbers and names as they are."""
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", words.MINUS)
    return "none" if value is None else str(value)
