"""The table of drift alarms: effect, significance and persistence of every feature that raised one."""

import math
from typing import Any, Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.inputs import ReportInputs
from barograph.report.moved import flags
from barograph.report.page_tables import Cell, Column, Row
from barograph.report.timeline import fold_names

SHOWN: Final = 15
COLUMNS: Final = [
    Column("Family", "the feature's family", words=True),
    Column("Alarms", "tests in which the feature raised an alarm"),
    Column("Persistence", "the most tests in a row in which the feature moved"),
    Column("Largest PSI", "population stability index, and the test in which it was reached"),
    Column("KS there", "Kolmogorov-Smirnov statistic in that test"),
    Column("q there", "significance in that test, corrected for the number of features"),
    Column("Latest test", "whether it moved in the latest test, or raised an alarm", words=True),
]


def rows(inputs: ReportInputs) -> list[Row]:
    """Give the features that raised an alarm, those of the latest test first, then by the largest effect."""
    table = inputs.drift_features.sort_values("fold", kind="stable")
    table = table.assign(moved=flags(table["moved"]), alarm=flags(table["alarm"]))
    alarmed = table[table["feature"].isin(table.loc[table["alarm"], "feature"])]
    names = fold_names(inputs.folds)
    found = [_row(str(feature), own, table["fold"].max(), names) for feature, own in alarmed.groupby("feature")]
    return [row for _, row in sorted(found, key=lambda one: one[0])]


def caption(inputs: ReportInputs) -> str:
    """Say how many features raised an alarm, and how many of them the table shows."""
    table = inputs.drift_features
    n = int(table.loc[flags(table["alarm"]), "feature"].nunique())
    of = f"{words.count(n, 'feature')} of {int(table['feature'].nunique()):,} raised an alarm in at least one test"
    cut = f"; the {SHOWN} that matter most today" if n > SHOWN else ""
    return f"{of}{cut}. An alarm is a move, large and significant, that persists. Choose a heading to sort."


def longest_run(moved: "pd.Series[bool]") -> int:
    """Count the most neighbouring True values."""
    groups = (moved != moved.shift()).cumsum()
    return int(moved.astype(int).groupby(groups).sum().max()) if len(moved) else 0


def _row(feature: str, own: pd.DataFrame, last: Any, names: dict[Any, str]) -> tuple[tuple[Any, ...], Row]:
    peak = own.sort_values("psi", ascending=False, na_position="last", kind="stable").iloc[0]
    now = own[own["fold"] == last]
    state = 2 if now["alarm"].any() else 1 if now["moved"].any() else 0
    alarms, run = int(own["alarm"].sum()), longest_run(own["moved"])
    psi = float(peak["psi"])
    cells = [
        Cell(palette.title(str(peak["family"])), "", str(peak["family"])),
        Cell(str(alarms), "", str(alarms)),
        Cell(words.count(run, "test"), "", str(run)),
        _number(psi, 2, f" ({names.get(peak['fold'], peak['fold'])})"),
        _number(float(peak["ks"]), 2),
        _significance(float(peak["q_value"])),
        Cell(("\N{EN DASH}", "moved", "alarm")[state], "", str(state)),
    ]
    order = (-state, -psi if math.isfinite(psi) else 0.0, feature)
    return order, Row(feature, "", "model", cells)


def _number(value: float, decimals: int, after: str = "") -> Cell:
    if not math.isfinite(value):
        return Cell("\N{EN DASH}")
    return Cell(words.number(value, decimals) + after, "", repr(round(value, 6)))


def _significance(q: float) -> Cell:
    return Cell("< 0.001", "", repr(q)) if q < 0.001 else _number(q, 3)
