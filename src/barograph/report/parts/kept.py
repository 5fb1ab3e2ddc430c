"""What was kept: the features of each fold, how stable the choice is, what was dropped, and what each feature is."""

from typing import Final

import pandas as pd

from barograph.report import heat, palette, words
from barograph.report.blocks import Block, Cell, Chart, Column, Group, Heading, Row, Table, present
from barograph.report.cells import DASH, number, word
from barograph.report.results import CATALOGUE, Results
from barograph.selection.schema import SELECTION

OTHER: Final = "other"
SHOWN: Final = 15
NAMED: Final = 12
ALIKE: Final = "near duplicate of "
EVERY: Final = "all features"
_COLUMNS: Final = [
    Column("Family", "by which features are chosen", words=True),
    Column("Formula", "the computation", words=True),
    Column("Source", "the TA-Lib function or the publication", words=True),
    Column("Bars before", "bars, or dates, that pass before the first value"),
    Column("Kept, %", "of the folds, by the selection of features"),
]


def blocks(results: Results) -> list[Block]:
    """Tell how many features a fold keeps, what was dropped, and what each feature is."""
    rows = catalogue_rows(results)
    caption = f"{words.count(len(rows), 'feature')}, as computed from the data of this page; choose a heading to sort."
    catalogue = Table("catalogue-table", caption, _COLUMNS, rows, first="Feature")
    lacking = [Row(f"`{lacks}`", [Cell(", ".join(names))]) for lacks, names in left_out(results)]
    column, caption = Column("Features", words=True), "Features left out, never filled in"
    left = Table("left-out", caption, [column], lacking, first="The source has no", sortable=False)
    return [
        Heading(heading(results)),
        *present(families(results), _dropped(results)),
        Group([catalogue], summary="What each feature is"),
        *([Group([left], summary="Features left out, and what the source would need")] if lacking else []),
    ]


def heading(results: Results) -> str:
    """Say how many features a fold keeps, and how stable the choice is."""
    table = results[SELECTION]
    kept, features = table.groupby("fold")["kept"].sum(), table["feature"].nunique()
    of = words.count(int(features), "feature")
    if (kept == features).all():
        return f"Every fold keeps all {of}"
    always = int(table.groupby("feature")["kept"].all().sum())
    low, high = int(kept.min()), int(kept.max())
    text = f"A fold keeps {low if low == high else f'{low} to {high}'} of {of}; {always} are kept in every fold"
    stability = results.files.read_json("reports/selection/summary.json")["stability"]
    return text if stability is None else f"{text} (stability {words.number(stability, 2)})"


def families(results: Results) -> Chart | None:
    """Draw how many features of each family every fold keeps; None where all are kept."""
    table = results[SELECTION]
    table = table.assign(family=[results.families.get(name, OTHER) for name in table["feature"]])
    if table["kept"].all():
        return None
    both = pd.concat([table, table.assign(family=EVERY)])
    kept = both.pivot_table(index="family", columns="fold", values="kept", aggfunc="sum").astype(int)
    there = both.groupby("family")["feature"].nunique()
    order = [EVERY, *sorted(set(kept.index) - {EVERY})]
    kept, there = kept.loc[order], there.loc[order]
    gone = 100 * (1 - kept.div(there, axis=0))
    columns = [results.fold_name(fold) for fold in kept.columns]
    trace = heat.cells(
        gone,
        top=100.0,
        text=[[str(value) for value in row] for row in kept.to_numpy()],
        texttemplate="%{text}",
        hovertemplate="%{y}, %{x}: %{text} kept, %{z:.0f} % dropped<extra></extra>",
    )
    least = str(gone.drop(index=EVERY).mean(axis=1).idxmax())
    typical = words.number(float(kept.T[least].median()), 0)
    return Chart(
        "kept-families",
        f"{palette.title(least)} features go most often: a fold keeps {typical} of {there[least]} (median)",
        "Features that a fold keeps of each family, by test year; in brackets how many there are, and darker where a "
        "larger share is dropped",
        f"Heat map of the features kept, {len(order) - 1} families by {len(columns)} folds.",
        [trace],
        heat.grid_layout([f"{palette.title(name)} ({there[name]})" for name in order], columns),
        note="Each fold chooses by what had matured before its test. Stability is 1 where all folds choose the same, 0 "
        "where they agree no more than chance would; folds share most of their past, which keeps it high.",
    )


def _dropped(results: Results) -> Table | None:
    rows = dropped(results)
    if not rows:
        return None
    cut = f" The first {SHOWN} of {len(rows)} rows; data/selection.parquet has all." if len(rows) > SHOWN else ""
    return Table(
        "dropped",
        f"What was dropped, and what is kept in its stead; in brackets in how many folds.{cut}",
        [Column("Dropped", words=True)],
        [Row(f"`{kept}`" if kept else f"none: {reason}", [Cell(names)]) for kept, reason, names in rows[:SHOWN]],
        first="Kept instead",
        sortable=False,
    )


def dropped(results: Results) -> list[tuple[str, str, str]]:
    """Give (kept instead, or else a reason, features dropped), the most frequent first, near duplicates last."""
    gone = results[SELECTION]
    counts = gone[~gone["kept"]].groupby(["reason", "feature"]).size().rename("folds").reset_index()
    found = []
    for reason, rows in counts.groupby("reason"):
        text, alike = str(reason), str(reason).startswith(ALIKE)
        entry = (text.removeprefix(ALIKE) if alike else "", "" if alike else text, _named(rows))
        found.append((alike, -int(rows["folds"].sum()), text, entry))
    return [entry for *_, entry in sorted(found)]


def _named(rows: pd.DataFrame) -> str:
    ordered = rows.sort_values(["folds", "feature"], ascending=[False, True], kind="stable")
    shown = [f"{name} ({folds})" for name, folds in zip(ordered["feature"], ordered["folds"], strict=True)]
    rest = len(shown) - NAMED
    return ", ".join(shown[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def catalogue_rows(results: Results) -> list[Row]:
    """Describe each computed feature, in the order of the catalogue."""
    kept = 100 * results[SELECTION].groupby("feature")["kept"].mean()
    rows = []
    for row in results.catalogue.fillna({"formula": "", "source": ""}).to_dict("records"):
        family = word(palette.title(row["family"]), row["family"])
        share = number(kept[row["name"]], 0) if row["name"] in kept else DASH
        cells = [family, word(row["formula"]), word(row["source"]), number(row["lookback"], 0), share]
        rows.append(Row(row["name"], cells))
    return rows


def left_out(results: Results) -> list[tuple[str, list[str]]]:
    """Give the features that the source cannot give, grouped by what it lacks, the commonest lack first."""
    groups = results[CATALOGUE].groupby("lacks", sort=True)["name"].agg(list)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), str(group[0])))  # type: ignore[arg-type]
