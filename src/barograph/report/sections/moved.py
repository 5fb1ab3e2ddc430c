"""What moved: features, regimes and predictions of each test window against the fold's past."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.report import heat, palette, words
from barograph.report.blocks import Chart, Section, Words, present
from barograph.report.charts import Layout, Trace, axis, panel_name, rounded
from barograph.report.parts import alarms
from barograph.report.parts.alarms import FEATURES
from barograph.report.results import Csv, Results

EVERY: Final = "All features"
REGIMES: Final = Csv("reports/drift/regimes.csv", ("fold", "js", "q_value", "moved"))
SHARES: Final = Csv("reports/drift/regime_shares.csv", ("fold", "regime", "reference", "current"))
PREDICTIONS: Final = Csv("reports/drift/predictions.csv", ("fold", "predictor", "js", "q_value", "moved"))


def section(results: Results) -> Section:
    """Draw what moved, and list the alarms."""
    listed = alarms.table(results) or Words(["No feature raised an alarm in any test."])
    blocks = present(features(results), regimes(results), predictions(results), listed)
    return Section("moved", "What moved", heading(results), blocks)


def heading(results: Results) -> str:
    """Say how many features moved in the latest test, and how many of them raise an alarm."""
    table = results[FEATURES].dropna(subset=["psi"])
    last = table["fold"].max()
    rows = table[table["fold"] == last]
    moved, raised = int(rows["moved"].sum()), int(rows["alarm"].sum())
    text = (
        f"In {results.fold_name(last)}, the latest test, {moved or 'none'} of {words.count(len(rows), 'feature')} moved"
    )
    if not moved:
        return text
    return f"{text}; {raised or 'none'} of them raise{'s' if raised < 2 else ''} an alarm"


def features(results: Results) -> Chart:
    """Draw how far each family's features are from their past, by fold, and how many moved."""
    table = results[FEATURES].dropna(subset=["psi"])
    counts = _counts(table)
    effect = counts["psi"].unstack("fold")
    effect = effect.loc[[EVERY, *effect.index.drop(EVERY).sort_values()]]
    moved = counts["moved"].unstack("fold", fill_value=0).loc[effect.index]
    text = counts["moved"].astype(str) + " of " + counts["known"].astype(str) + " moved, "
    says = (text + counts["alarm"].astype(str) + " in alarm").unstack("fold", fill_value="").loc[effect.index]
    trace = heat.cells(
        effect,
        text=[list(map(_effect, *row)) for row in zip(effect.to_numpy(), moved.to_numpy(), strict=True)],
        texttemplate="%{text}",
        customdata=says.to_numpy().tolist(),
        hovertemplate="%{y}, %{x}: median %{z:.2f}, %{customdata}<extra></extra>",
    )
    columns = [results.fold_name(fold) for fold in effect.columns]
    return Chart(
        "moved-features",
        _features_finding(results, table),
        "Median population stability index of a family's features against their past; in brackets how many moved, "
        "which takes a large index that chance does not explain",
        f"Heat map of the distance of features from their past, {len(effect) - 1} families by {len(columns)} folds.",
        [trace],
        heat.grid_layout([palette.title(str(name)) for name in effect.index], columns),
        note="One year is few independent blocks of slow features: a large index alone is no evidence of a move.",
    )


def _effect(psi: float, moved: int) -> str:
    if not np.isfinite(psi):
        return ""
    return f"{psi:.2f} ({moved})" if moved else f"{psi:.2f}"


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    """Count what moved, is known and is in alarm, beside the median effect, a (family, fold) and in all together."""
    grouped = pd.concat([table, table.assign(family=EVERY)]).assign(known=1).groupby(["family", "fold"])
    return grouped[["moved", "known", "alarm"]].sum().astype(int).assign(psi=grouped["psi"].median())


def _features_finding(results: Results, table: pd.DataFrame) -> str:
    by_fold = table.groupby("fold")["moved"].sum()
    if not by_fold.max() > 0:
        return f"No feature moved in {words.count(len(by_fold), 'test')}"
    peak = by_fold.idxmax()
    of = int((table["fold"] == peak).sum())
    family = table.groupby("family")["moved"].mean()
    most = str(family.idxmax())
    return (
        f"Most moved in {results.fold_name(peak)}, {int(by_fold.max())} of {of}; over all tests most often "
        f"{palette.title(most).lower()} features ({100 * float(family.max()):.0f} %)"
    )


def regimes(results: Results) -> Chart:
    """Draw how far each test's mix of regimes is from its past, and which regimes make the difference."""
    table = results[REGIMES].dropna(subset=["js"]).sort_values("fold")
    shares = results[SHARES][results[SHARES]["fold"].isin(table["fold"])]
    change = shares.assign(change=100 * (shares["current"] - shares["reference"]))
    grid = change.pivot_table(index="regime", columns="fold", values="change", aggfunc="first")
    grid = grid.reindex(index=palette.regime_order(grid.index.astype(str)), columns=table["fold"])
    columns = [results.fold_name(fold) for fold in table["fold"]]
    points = [[words.number(value, 0, sign=True) for value in row] for row in grid.to_numpy(float)]
    hover = "%{y}, %{x}: %{z:+.1f} points<extra></extra>"
    cells = heat.signed(grid, text=points, texttemplate="%{text}", hovertemplate=hover)
    return Chart(
        "moved-regimes",
        _regimes_finding(results, table, grid),
        "Distance between the mix of regimes in a test and in its past, and the change of each regime's share of days",
        f"Bars of the divergence by fold over a heat map of {len(grid)} regimes' changes.",
        [_bars(table), cells],
        _regimes_layout([palette.title(str(name)) for name in grid.index], columns),
        legend=[("moved", palette.BETTER, "swatch"), ("not moved", palette.FAINT, "swatch")],
    )


def _bars(table: pd.DataFrame) -> Trace:
    moved = table["moved"]
    says = [
        f"divergence {words.number(js, 3)} bits, q {words.number(q, 3)}: {'moved' if far else 'not moved'}"
        for js, q, far in zip(table["js"], table["q_value"], moved, strict=True)
    ]
    return {
        "type": "bar",
        "x": list(range(len(table))),
        "y": rounded(table["js"], 3),
        "yaxis": "y2",
        "marker": {"color": [palette.BETTER if far else palette.FAINT for far in moved]},
        "text": says,
        "textposition": "none",
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }


def _regimes_layout(rows: list[str], columns: list[str]) -> Layout:
    bars, gap, cells = 90, 34, heat.ROW * len(rows)
    area = bars + gap + cells
    figure = heat.grid_layout(rows, columns, height=area + 60)
    figure["xaxis"] |= {"side": "bottom", "anchor": "y"}
    figure["yaxis"] |= {"domain": [0, round(cells / area, 4)]}
    figure["yaxis2"] = axis(domain=[round(1 - bars / area, 4), 1], rangemode="tozero", fixedrange=True, nticks=4)
    figure["annotations"] = [
        panel_name("Jensen-Shannon divergence, bits"),
        panel_name("Change of share, percentage points", round(cells / area, 4)),
    ]
    figure["bargap"] = 0.3
    figure["margin"] |= {"t": 26}
    return figure


def _regimes_finding(results: Results, table: pd.DataFrame, grid: pd.DataFrame) -> str:
    moved = table["moved"]
    of = words.count(len(table), "test")
    if not moved.any():
        return f"The mix of regimes moved in none of {of}"
    far = table[moved].sort_values("js")["fold"].iloc[-1]
    most = str(grid[far].abs().idxmax())
    return (
        f"The mix of regimes moved in {int(moved.sum())} of {of}, furthest in {results.fold_name(far)}: "
        f"{palette.title(most).lower()} {words.number(float(grid[far][most]), 0, sign=True)} points"
    )


def predictions(results: Results) -> Chart | None:
    """Draw how far each predictor's predictions moved, by fold; None where none has earlier ones to compare with."""
    table = results[PREDICTIONS].dropna(subset=["js"])
    if table.empty:
        return None
    order = results.ranked(table["predictor"])
    folds = sorted(table["fold"].unique())
    grid, moved, q = (
        table.pivot_table(index="predictor", columns="fold", values=name, aggfunc="first").reindex(order, columns=folds)
        for name in ("js", "moved", "q_value")
    )
    says = [[f"q {words.number(value, 3)}" for value in row] for row in q.to_numpy(float)]
    hover = "%{y}, %{x}: %{z:.0f} thousandths of a bit, %{customdata}<extra></extra>"
    columns = [results.fold_name(fold) for fold in folds]
    return Chart(
        "moved-predictions",
        _predictions_finding(table),
        "Jensen-Shannon divergence of the predictions from all earlier ones, thousandths of a bit; a frame marks "
        "what moved",
        f"Heat map of the divergence of predictions, {len(order)} predictors by {len(folds)} folds.",
        [heat.cells(1000 * grid, customdata=says, hovertemplate=hover)],
        heat.grid_layout([palette.title(name) for name in order], columns, shapes=_frames(moved)),
    )


def _frames(moved: pd.DataFrame) -> list[Layout]:
    line = {"color": palette.INK, "width": 1.6}
    rows, columns = np.nonzero(moved.fillna(False).to_numpy(bool))
    return [
        {"type": "rect", "x0": x - 0.46, "x1": x + 0.46, "y0": y - 0.42, "y1": y + 0.42, "line": line}
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _predictions_finding(table: pd.DataFrame) -> str:
    moved = table.groupby("predictor")["moved"]
    times, tests = moved.sum(), moved.count()
    if not times.max() > 0:
        return f"No predictor's predictions moved in {words.count(int(table['fold'].nunique()), 'test')}"
    most, count = str(times.idxmax()), int(times.max())
    text = f"Predictions moved at {int((times > 0).sum())} of {words.count(len(times), 'predictor')}"
    of = words.count(int(tests[most]), "test")
    if int((times == count).sum()) > 1:
        return f"{text}, at none in more than {count} of {of}"
    return f"{text}, most often at {palette.subject(most)}, in {count} of {of}"
