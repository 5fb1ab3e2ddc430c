"""What was tuned: the searched parameters of each model, and what the search was worth on its inner splits."""

import math
from collections.abc import Mapping
from typing import Any, Final

from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Row, Table
from barograph.report.results import Results

Tuning = Mapping[str, Any]
_COLUMNS: Final = [
    Column("Parameter", words=True),
    *map(Column, ("Start", "Chosen", "Part, %", "Log loss, start", "Best", "Saved, %", "Trials")),
]


def blocks(results: Results) -> list[Block]:
    """Tell the searches, the most skilful model first; nothing where no model can be searched."""
    tunings = read(results)
    if not tunings:
        return []
    caption = (
        "The search of each model, on unresampled rows before the first test. Log loss is the mean of the inner "
        "splits; the part is a parameter's share of the differences between trials. Trials are complete / pruned / "
        "failed."
    )
    rows = [row for name, tuning in tunings.items() for row in search(name, tuning)]
    table = Table("tuned", caption, _COLUMNS, rows, first="Model", sortable=False, style="tuned")
    return [Heading(heading(tunings)), table]


def read(results: Results) -> dict[str, Tuning]:
    """Read each model's search, and where its space says that it starts."""
    found: dict[str, Tuning] = {}
    for name in results.ranked(list(results.settings["models"])):
        tuning, sweep = results.files.read_json(f"data/tuning/{name}.json"), results.settings["models"][name]
        starts = {key: space["start"] for key, space in sweep.get("sweep", {}).items()}
        found[name] = tuning | {"start": starts}
    return found


def heading(tunings: Mapping[str, Tuning]) -> str:
    """Say how much the searches saved, and how many models had one."""
    made = [tuning for tuning in tunings.values() if tuning["params"]]
    gains = [gain for gain in map(_gain, made) if math.isfinite(gain)]
    if not gains:
        return "No search has a figure to compare" if made else "No parameter was searched"
    of = words.count(len(gains), "search", "searches")
    low, high = (words.number(100 * gain, 2) for gain in (min(gains), max(gains)))
    saved = f"{low} % of log loss" if low == high else f"{low} to {high} % of log loss"
    return f"{of} before the first test saved {saved} on the inner splits"


def search(name: str, tuning: Tuning) -> list[Row]:
    """Give one row per parameter, the first with the model and its losses; a row that says so where there is none."""
    title, colour = palette.title(name), palette.marks([name])[name].colour
    parts, start = tuning.get("importance") or {}, tuning["start"]
    if not tuning["params"]:
        return [Row(title, [Cell("nothing to search"), *[Cell("")] * 7], colour=colour)]
    losses = [words.number(_float(tuning.get(key)), 4) for key in ("start_log_loss", "log_loss")]
    trials = " / ".join(str(int(tuning["trials"][kind])) for kind in ("complete", "pruned", "failed"))
    ends = [*losses, words.number(100 * _gain(tuning), 2), trials]
    return [
        Row(
            "" if place else title,
            [
                Cell(f"`{key}`"),
                Cell(value_text(start[key]) if key in start else ""),
                Cell(value_text(value)),
                Cell(words.number(100 * _float(parts.get(key)), 0)),
                *(Cell("" if place else text) for text in ends),
            ],
            kind="continued" if place else "model",
            colour="" if place else colour,
            span=0 if place else len(tuning["params"]),
        )
        for place, (key, value) in enumerate(sorted(tuning["params"].items()))
    ]


def _gain(tuning: Tuning) -> float:
    """Give the log loss saved as a share of the start's; NaN where it is not known."""
    start, best = _float(tuning.get("start_log_loss")), _float(tuning.get("log_loss"))
    return 1 - best / start if start else math.nan


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def value_text(value: object) -> str:
    """Write a parameter's value: floats to three digits, whole numbers and names as they are."""
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", words.MINUS)
    return "none" if value is None else str(value)
