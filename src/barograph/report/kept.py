"""What was kept: the features of each fold, how stable the choice is, and what stands for what was dropped."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from barograph.report import heat, palette, words
from barograph.report.figures import Chart
from barograph.report.inputs import ReportInputs
from barograph.report.timeline import fold_names
from barograph.report.why import OTHER

SHOWN: Final = 15
NAMED: Final = 12
ALIKE: Final = "near duplicate of "
EVERY: Final = "all features"


@dataclass(frozen=True)
class Dropped:
    """Features that were dropped for one reason, and the feature of which they are near duplicates, else empty."""

    stand_in: str
    reason: str
    features: str


def heading(inputs: ReportInputs) -> str:
    """Say how many features a fold keeps, and how stable the choice is."""
    table = inputs.selection
    if table.empty:
        return "No features were selected"
    kept, features = table.groupby("fold")["kept"].sum(), table["feature"].nunique()
    of = words.count(int(features), "feature")
    if (kept == features).all():
        return f"Every fold keeps all {of}"
    always = int(table.groupby("feature")["kept"].all().sum())
    low, high = int(kept.min()), int(kept.max())
    text = f"A fold keeps {low if low == high else f'{low} to {high}'} of {of}; {always} are kept in every fold"
    stability = inputs.selection_stability
    return text if stability is None else f"{text} (stability {words.number(stability, 2)})"


def families(inputs: ReportInputs) -> Chart | None:
    """Draw how many features of each family every fold keeps; None where all are kept."""
    table = inputs.selection.assign(
        family=inputs.selection["feature"].map(lambda name: inputs.families.get(name, OTHER))
    )
    if table["kept"].all():
        return None
    both = pd.concat([table, table.assign(family=EVERY)])
    kept = both.pivot_table(index="family", columns="fold", values="kept", aggfunc="sum").astype(int)
    there = both.groupby("family")["feature"].nunique()
    order = [EVERY, *sorted(set(kept.index) - {EVERY})]
    kept, there = kept.loc[order], there.loc[order]
    gone = 100 * (1 - kept.div(there, axis=0))
    names = [f"{palette.title(name)} ({there[name]})" for name in order]
    columns = [fold_names(inputs.folds).get(fold, f"fold {fold}") for fold in kept.columns]
    trace = heat.cells(
        gone,
        top=100.0,
        text=[[str(value) for value in row] for row in kept.to_numpy()],
        texttemplate="%{text}",
        hovertemplate="%{y}, %{x}: %{text} kept, %{z:.0f} % dropped<extra></extra>",
    )
    return Chart(
        "kept-families",
        _finding(gone, kept, there),
        "Features that a fold keeps of each family, by test year; in brackets how many there are, and darker where a "
        "larger share is dropped",
        f"Heat map of the features kept, {len(order) - 1} families by {len(columns)} folds.",
        [trace],
        heat.grid_layout(names, columns),
        note="Each fold chooses by what had matured before its test. Stability is 1 where all folds choose the same, 0 "
        "where they agree no more than chance would; folds share most of their past, which keeps it high.",
    )


def _finding(gone: pd.DataFrame, kept: pd.DataFrame, there: "pd.Series[int]") -> str:
    least = str(gone.drop(index=EVERY).mean(axis=1).idxmax())
    typical = words.number(float(kept.T[least].median()), 0)
    return f"{palette.title(least)} features go most often: a fold keeps {typical} of {there[least]} (median)"


def dropped(inputs: ReportInputs) -> list[Dropped]:
    """Give what was dropped by reason, the most frequent first, and near duplicates after all other reasons."""
    gone = inputs.selection[~inputs.selection["kept"]]
    counts = gone.groupby(["reason", "feature"]).size().rename("folds").reset_index()
    found = []
    for reason, own in counts.groupby("reason"):
        text, alike = str(reason), str(reason).startswith(ALIKE)
        entry = Dropped(text.removeprefix(ALIKE) if alike else "", "" if alike else text, _named(own))
        found.append((alike, -int(own["folds"].sum()), text, entry))
    return [entry for *_, entry in sorted(found, key=lambda one: one[:3])]


def caption(inputs: ReportInputs) -> str:
    """Say what the table shows, and how much of it."""
    rows = len(dropped(inputs))
    cut = f" The first {SHOWN} of {rows} rows; data/selection.parquet has all." if rows > SHOWN else ""
    return f"What was dropped, and what is kept in its stead; in brackets in how many folds.{cut}"


def _named(rows: pd.DataFrame) -> str:
    ordered = rows.sort_values(["folds", "feature"], ascending=[False, True], kind="stable")
    shown = [f"{name} ({folds})" for name, folds in zip(ordered["feature"], ordered["folds"], strict=True)]
    rest = len(shown) - NAMED
    return ", ".join(shown[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
