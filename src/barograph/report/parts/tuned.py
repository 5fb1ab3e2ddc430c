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
    """Tell the searches, the most skilful model first."""
    tunings = read(results)
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
    for name in results.ranked(results.settings["models"]):
        space = results.settings["models"][name].get("sweep", {})
        start = {key: searched["start"] for key, searched in space.items()}
        found[name] = results.files.read_json(f"data/tuning/{name}.json") | {"start": start}
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
    title, colour = palette.title(name), palette.mark(name).colour
    if not tuning["params"]:
        return [Row(title, [Cell("nothing to search"), *[Cell("")] * 7], colour=colour)]
    shares, start = tuning["importance"] or {}, tuning["start"]
    losses = [words.number(_float(tuning[key]), 4) for key in ("start_log_loss", "log_loss")]
    counts = [tuning["trials"][kind] for kind in ("complete", "pruned", "failed")]
    trials = " / ".join(map(str, counts)) if any(counts) else "not searched"
    of_all = [Cell(text) for text in (*losses, words.number(100 * _gain(tuning), 2), trials)]
    rows: list[Row] = []
    for key, value in sorted(tuning["params"].items()):
        started = Cell(value_text(start[key]) if key in start else "")
        share = Cell(words.number(100 * _float(shares.get(key)), 0))
        cells = [Cell(f"`{key}`"), started, Cell(value_text(value)), share]
        if rows:
            rows.append(Row("", [*cells, *[Cell("")] * 4], kind="continued", span=0))
        else:
            rows.append(Row(title, [*cells, *of_all], colour=colour, span=len(tuning["params"])))
    return rows


def _gain(tuning: Tuning) -> float:
    """Give the log loss saved as a share of the start's; NaN where it is not known."""
    start, best = _float(tuning["start_log_loss"]), _float(tuning["log_loss"])
    return 1 - best / start if start else math.nan


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def value_text(value: object) -> str:
    """Write a parameter's value: floats to three digits, whole numbers and names as they are."""
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", words.MINUS)
    return "none" if value is None else str(value)
