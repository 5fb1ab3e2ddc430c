"""What moved: features, regimes and predictions of each test window against the fold's past."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.report import heat, palette, words
from barograph.report.blocks import Chart, Section, Words, present
from barograph.report.charts import Layout, Trace, axis, panel_name, rounded, scatter
from barograph.report.parts import alarms
from barograph.report.parts.alarms import FEATURES
from barograph.report.results import Csv, Results

EVERY: Final = "All features"
REGIMES: Final = Csv("reports/drift/regimes.csv", ("fold", "js", "q_value", "moved", "detectable_js"))
SHARES: Final = Csv("reports/drift/regime_shares.csv", ("fold", "regime", "reference", "current"))
PREDICTIONS: Final = Csv(
    "reports/drift/predictions.csv", ("fold", "predictor", "js", "q_value", "moved", "detectable_js")
)
TOLD: Final = "can be told from chance"
BARELY: Final = "moved by more than chance explains, but not far"


def section(results: Results) -> Section:
    """Draw what moved, and list the alarms."""
    no_alarm = f"No feature raised an alarm in any test: that takes a move which {TOLD}, two tests in a row."
    listed = alarms.table(results) or Words([no_alarm])
    blocks = present(features(results), regimes(results), predictions(results), listed)
    return Section("moved", "What moved", heading(results), blocks)


def heading(results: Results) -> str:
    """Say how many features moved in the latest test, how many raise an alarm, and what could be told from chance."""
    table = results[FEATURES].dropna(subset=["psi"])
    last = table["fold"].max()
    rows = table[table["fold"] == last]
    moved, raised = int(rows["moved"].sum()), int(rows["alarm"].sum())
    latest, of = f"In {results.fold_name(last)}, the latest test,", words.count(len(rows), "feature")
    would = _would(rows["detectable_ks"], "feature", told=_significant(results, rows) > 0)
    if not moved:
        small = _significant(results, rows)
        which = f"{small:,} of {of} {BARELY}" if small else f"no move of {of} {TOLD}"
        return f"{latest} {which}; {would}"
    alarm = f"{raised or 'none'} of them raise{'s' if raised < 2 else ''} an alarm"
    return f"{latest} {moved} of {of} moved; {alarm}; {would}"


def _still(results: Results, table: pd.DataFrame, what: str, noun: str) -> str:
    """Say of a table in which nothing moved that no move can be told from chance, or that those which can are small."""
    if small := _significant(results, table):
        return f"In {small:,} of {words.count(len(table), noun)} {what} {BARELY}"
    return f"In {words.count(int(table['fold'].nunique()), 'test')} no move of {what} {TOLD}"


def _significant(results: Results, table: pd.DataFrame) -> int:
    """Count what chance does not explain, far or not."""
    return int((table["q_value"] <= results.settings["drift"]["level"]).sum())


def _would(detectable: pd.Series, noun: str, *, told: bool, effect: str = "a KS statistic", unit: str = "") -> str:
    """Say above which effect a move would have been told from chance, at the median, and of how many cases none."""
    verb = "would have been told from chance" if told else "would have been"
    median, never = float(detectable.median()), int(np.isinf(detectable).sum())
    if never == len(detectable):
        return f"no move, however large, {verb}"
    of = f"{never:,} of {words.count(len(detectable), noun)}"
    if not np.isfinite(median):
        return f"for {of} no move, however large, {verb}"
    more = f", for {of} none, however large" if never else ""
    return f"{effect} above {words.above(median, 2)}{unit} {verb} (median {noun}){more}"


def features(results: Results) -> Chart:
    """Draw how far each family's features are from their past, by fold, and how many moved."""
    table = results[FEATURES].dropna(subset=["psi"])
    counts = _counts(table)
    effect = counts["psi"].unstack("fold")
    effect = effect.loc[[EVERY, *effect.index.drop(EVERY).sort_values()]]
    moved = counts["moved"].unstack("fold", fill_value=0).loc[effect.index]
    text = counts["moved"].astype(str) + " of " + counts["known"].astype(str) + " moved, "
    told = [f"; {_ks(*pair)}" for pair in zip(counts["ks"], counts["detectable_ks"], strict=True)]
    says = (text + counts["alarm"].astype(str) + " in alarm" + told).unstack("fold", fill_value="").loc[effect.index]
    trace = heat.cells(
        effect,
        text=[list(map(_effect, *row)) for row in zip(effect.to_numpy(), moved.to_numpy(), strict=True)],
        texttemplate="%{text}",
        customdata=says.to_numpy().tolist(),
        hovertemplate="%{y}, %{x}: median PSI %{z:.2f}, %{customdata}<extra></extra>",
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
        note=_features_note(table),
    )


def _features_note(table: pd.DataFrame) -> str:
    single = float(table["detectable_ks_single"].median())
    alone = f"a KS statistic above {words.above(single, 2)}" if np.isfinite(single) else "no move, however large,"
    return (
        "One year is few independent blocks of slow features: a large index alone is no evidence of a move, and that "
        "nothing moved is no evidence of calm. The test is made of the Kolmogorov-Smirnov (KS) statistic, the largest "
        "difference between the shares of values below any limit, and is corrected for the number of features. In one "
        f"feature, chosen beforehand and followed alone, {alone} would have been told from chance (median feature and "
        "test)."
    )


def _ks(ks: float, detectable: float) -> str:
    if not np.isfinite(detectable):
        return f"median KS {ks:.2f}, no move of the median feature could be told from chance"
    return f"median KS {ks:.2f}, told from chance above {words.above(detectable, 2)}"


def _effect(psi: float, moved: int) -> str:
    if not np.isfinite(psi):
        return ""
    return f"{psi:.2f} ({moved})" if moved else f"{psi:.2f}"


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    """Count what moved, is known and is in alarm, beside the median effects, a (family, fold) and in all together."""
    grouped = pd.concat([table, table.assign(family=EVERY)]).assign(known=1).groupby(["family", "fold"])
    counts = grouped[["moved", "known", "alarm"]].sum().astype(int)
    return counts.join(grouped[["psi", "ks", "detectable_ks"]].median())


def _features_finding(results: Results, table: pd.DataFrame) -> str:
    by_fold = table.groupby("fold")["moved"].sum()
    would = _would(table["detectable_ks"], "case", told=_significant(results, table) > 0)
    if not by_fold.max() > 0:
        return f"{_still(results, table, 'a feature', 'case')}; {would}"
    peak = by_fold.idxmax()
    of = int((table["fold"] == peak).sum())
    family = table.groupby("family")["moved"].mean()
    most = str(family.idxmax())
    return (
        f"Most moved in {results.fold_name(peak)}, {int(by_fold.max())} of {of}; over all tests most often "
        f"{palette.title(most).lower()} features ({100 * float(family.max()):.0f} %); {would}"
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
        "Bars of the divergence by fold, with the divergence above which it could be told from chance, over a heat map "
        f"of {len(grid)} regimes' changes.",
        [_bars(table), _limits(table), cells],
        _regimes_layout([palette.title(str(name)) for name in grid.index], columns),
        legend=[
            ("moved", palette.BETTER, "swatch"),
            ("not told from chance", palette.FAINT, "swatch"),
            ("told from chance above", palette.INK, "line"),
        ],
    )


def _bars(table: pd.DataFrame) -> Trace:
    moved = table["moved"]
    says = [
        f"divergence {words.number(js, 3)} bits, q {words.number(q, 3)}: "
        f"{'moved' if far else 'not told from chance'}; {_limit(limit)}"
        for js, q, far, limit in zip(table["js"], table["q_value"], moved, table["detectable_js"], strict=True)
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


def _limits(table: pd.DataFrame) -> Trace:
    """Draw the divergences above which the test tells a move from chance; a fold without any has no mark."""
    mark = {"symbol": "line-ew", "size": 14, "line": {"width": 2, "color": palette.INK}, "color": palette.INK}
    return scatter("markers", list(range(len(table))), rounded(table["detectable_js"], 3), yaxis="y2", marker=mark)


def _limit(detectable: float, unit: str = " bits", decimals: int = 3) -> str:
    if not np.isfinite(detectable):
        return "no divergence could be told from chance"
    return f"told from chance above {words.above(detectable, decimals)}{unit}"


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
    would = _would(
        table["detectable_js"], "test", told=_significant(results, table) > 0, effect="a divergence", unit=" bits"
    )
    if not moved.any():
        return f"{_still(results, table, 'the mix of regimes', 'test')}; {would}"
    far = table[moved].sort_values("js")["fold"].iloc[-1]
    most = str(grid[far].abs().idxmax())
    return (
        f"The mix of regimes moved in {int(moved.sum())} of {of}, furthest in {results.fold_name(far)}: "
        f"{palette.title(most).lower()} {words.number(float(grid[far][most]), 0, sign=True)} points; {would}"
    )


def predictions(results: Results) -> Chart | None:
    """Draw how far each predictor's predictions moved, by fold; None where none has earlier ones to compare with."""
    table = results[PREDICTIONS].dropna(subset=["js"])
    if table.empty:
        return None
    order = results.ranked(table["predictor"])
    folds = sorted(table["fold"].unique())
    said = "q " + table["q_value"].map(lambda q: words.number(q, 3))
    said += table["detectable_js"].map(lambda limit: f"; {_limit(1000 * limit, '', 0)}")
    grid, moved, says = (
        values.pivot_table(index="predictor", columns="fold", values=name, aggfunc="first").reindex(
            order, columns=folds
        )
        for values, name in ((table, "js"), (table, "moved"), (table.assign(said=said), "said"))
    )
    hover = "%{y}, %{x}: %{z:.0f} thousandths of a bit, %{customdata}<extra></extra>"
    columns = [results.fold_name(fold) for fold in folds]
    return Chart(
        "moved-predictions",
        _predictions_finding(results, table),
        "Jensen-Shannon divergence of the predictions from all earlier ones, thousandths of a bit; a frame marks "
        "what moved, which chance does not explain",
        f"Heat map of the divergence of predictions, {len(order)} predictors by {len(folds)} folds.",
        [heat.cells(1000 * grid, customdata=says.fillna("").to_numpy().tolist(), hovertemplate=hover)],
        heat.grid_layout([palette.title(name) for name in order], columns, shapes=_frames(moved)),
    )


def _frames(moved: pd.DataFrame) -> list[Layout]:
    line = {"color": palette.INK, "width": 1.6}
    rows, columns = np.nonzero(moved.fillna(False).to_numpy(bool))
    return [
        {"type": "rect", "x0": x - 0.46, "x1": x + 0.46, "y0": y - 0.42, "y1": y + 0.42, "line": line}
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _predictions_finding(results: Results, table: pd.DataFrame) -> str:
    moved = table.groupby("predictor")["moved"]
    times, tests = moved.sum(), moved.count()
    would = _would(
        table["detectable_js"], "case", told=_significant(results, table) > 0, effect="a divergence", unit=" bits"
    )
    if not times.max() > 0:
        return f"{_still(results, table, 'predictions', 'case')}; {would}"
    most, count = str(times.idxmax()), int(times.max())
    text = f"Predictions moved at {int((times > 0).sum())} of {words.count(len(times), 'predictor')}"
    of = words.count(int(tests[most]), "test")
    if int((times == count).sum()) > 1:
        return f"{text}, at none in more than {count} of {of}; {would}"
    return f"{text}, most often at {palette.subject(most)}, in {count} of {of}; {would}"
