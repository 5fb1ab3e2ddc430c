"""The table of drift alarms: effect, significance and persistence of every feature that raised one."""

import math
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.blocks import Cell, Column, Row, Table
from barograph.report.cells import number, word
from barograph.report.results import Csv, Results

FEATURES: Final = Csv(
    "reports/drift/features.csv",
    (
        *("fold", "feature", "family", "psi", "ks", "q_value", "moved", "alarm"),
        *("detectable_ks", "detectable_ks_single"),
    ),
)
SHOWN: Final = 15
_COLUMNS: Final = [
    Column("Family", "the feature's family", words=True),
    Column("Alarms", "tests in which the feature raised an alarm"),
    Column("Persistence", "the most tests in a row in which the feature moved"),
    Column("Largest PSI", "population stability index, and the test in which it was reached"),
    Column("KS there", "Kolmogorov-Smirnov statistic in that test, and the one above which a move is told from chance"),
    Column("q there", "significance in that test, corrected for the number of features"),
    Column("Latest test", "whether it moved in the latest test, or raised an alarm", words=True),
]


def table(results: Results) -> Table | None:
    """Give the table of the features that raised an alarm; None where none did."""
    found = rows(results)
    of = f"{words.count(len(found), 'feature')} of {results[FEATURES]['feature'].nunique():,} raised an alarm"
    cut = f"; the {SHOWN} that matter most today" if len(found) > SHOWN else ""
    persists = "An alarm is a move, large and significant, that persists. Choose a heading to sort."
    caption = f"{of} in at least one test{cut}. {persists}"
    return Table("alarm-table", caption, _COLUMNS, found[:SHOWN], first="Feature") if found else None


def rows(results: Results) -> list[Row]:
    """Give the features that raised an alarm, those of the latest test first, then by the largest effect."""
    drift = results[FEATURES].sort_values("fold", kind="stable")
    alarmed = drift[drift["feature"].isin(drift.loc[drift["alarm"], "feature"])]
    latest = drift["fold"].max()
    found = [_row(results, str(feature), tests, latest) for feature, tests in alarmed.groupby("feature")]
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def longest_run(moved: "pd.Series[bool]") -> int:
    """Count the most neighbouring True values."""
    return int(moved.groupby((~moved).cumsum()).sum().max())


def _row(results: Results, feature: str, tests: pd.DataFrame, latest: Any) -> tuple[tuple[Any, ...], Row]:
    peak = tests.sort_values("psi", ascending=False, kind="stable").iloc[0]
    now = tests[tests["fold"] == latest]
    state = 2 if now["alarm"].any() else 1 if now["moved"].any() else 0
    alarms, run, psi, q = int(tests["alarm"].sum()), longest_run(tests["moved"]), float(peak["psi"]), peak["q_value"]
    detectable = float(peak["detectable_ks"])
    told = f"told above {words.above(detectable, 2)}" if math.isfinite(detectable) else "none can be told"
    cells = [
        word(palette.title(str(peak["family"])), str(peak["family"])),
        word(str(alarms)),
        word(words.count(run, "test"), str(run)),
        replace(number(psi, 2), text=f"{words.number(psi, 2)} ({results.fold_name(peak['fold'])})"),
        number(peak["ks"], 2, told),
        Cell("< 0.001", "", repr(float(q))) if q < 0.001 else number(q, 3),
        word(("\N{EN DASH}", "moved", "alarm")[state], str(state)),
    ]
    return (-state, -psi, feature), Row(feature, cells)
