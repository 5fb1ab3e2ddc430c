"""Why: the shares of the models' scores that their features have, in every regime and in each model."""

import math
from typing import Any, Final

import pandas as pd

from barograph.names import REGIMES
from barograph.report import heat, palette, words
from barograph.report.blocks import Cell, Chart, Column, Controls, Group, Section, Table, Words, present
from barograph.report.cells import DASH, number, predictor_row, word
from barograph.report.charts import Trace
from barograph.report.parts import agreement, beeswarm
from barograph.report.parts.kept import OTHER
from barograph.report.results import ALL, METHODS, SHAP, Results

FIRST: Final = 12
NOTABLE: Final = 0.03
AGREED: Final = 0.75
_COLUMNS: Final = [
    Column("Method", "how the shares are found", words=True),
    Column("Output explained", "the quantity to which the shares add up", words=True),
    Column("Rows", "rows explained"),
    Column("Largest additivity error", "furthest that base and shares are from the output, in the output's units"),
]


def section(results: Results) -> Section:
    """Draw what the models' scores are attributed to."""
    lead = (
        "Attributions of the final models, on rows that they may have been trained on: what they use, not what is true "
        "of the market. Every regime is drawn in equal numbers, so that rare ones weigh more here than in the calendar."
    )
    matrices = agreement.matrices(results)
    blocks = [
        Words([lead], "lead"),
        Group([features(results), families(results)]),
        *([Group(matrices)] if matrices else []),
        Controls("choose-model", "Model shown in the next charts", palette.choices(results.explained)),
        Group([chosen_features(results), beeswarm.beeswarms(results)]),
        *present(agreement.over_folds(results), agreement.stability(results), methods(results)),
    ]
    return Section("why", "Why", heading(results), blocks)


def shares(results: Results) -> pd.DataFrame:
    """Give the shares of attribution by (model, feature) and regime, ``all`` first, without empty regimes."""
    table = results[SHAP]
    table = table[(table["rows"] > 0) & table["share"].notna()]
    wide = table.pivot_table(index=["model", "feature"], columns="regime", values="share", aggfunc="first", sort=True)
    return wide[palette.ordered(wide.columns, [ALL, *REGIMES])]


def average(table: pd.DataFrame) -> pd.DataFrame:
    """Average the models, each of which weighs the same; the most important feature over all rows first."""
    mean = table.groupby(level="feature").mean().reset_index()
    return mean.sort_values([ALL, "feature"], ascending=[False, True], kind="stable").set_index("feature")


def by_family(results: Results, table: pd.DataFrame) -> pd.DataFrame:
    """Add up the shares of a family's features, in each model."""
    families = results.families
    family = table.index.get_level_values("feature").map(lambda name: families.get(name, OTHER))
    return table.groupby([table.index.get_level_values("model"), family.rename("feature")]).sum(min_count=1)


def heading(results: Results) -> str:
    """Say which family carries most, in how far the models agree on it, and what crashes change."""
    families = by_family(results, shares(results))
    mean = average(families)
    first = str(mean.index[0])
    range_ = families[ALL].xs(first, level="feature")
    text = f"{palette.title(first)} features carry {_percent(mean.loc[first, ALL])} % of the attribution"
    if len(range_) > 1:
        text += f" ({_percent(range_.min())} to {_percent(range_.max())} % a model)"
    return text + _in_crashes(families, first)


def _in_crashes(families: pd.DataFrame, first: str) -> str:
    """Say which family gains most in crashes, if the change is large and most models share it."""
    if "crash" not in families.columns:
        return ""
    change = families["crash"] - families[ALL]
    mean = change.groupby(level="feature").mean()
    if not mean.abs().max() >= NOTABLE:
        return "; in crashes the mix is much the same"
    gains = str(mean.idxmax())
    if float((change.xs(gains, level="feature") > 0).mean()) < AGREED:
        return "; on what crashes change the models disagree"
    levels = average(families).loc[gains]
    if gains == first:
        return f"; in crashes they carry {_percent(levels['crash'])} %"
    name = palette.title(gains).lower()
    return f"; in crashes {name} gains most, from {_percent(levels[ALL])} to {_percent(levels['crash'])} %"


def families(results: Results) -> Chart:
    """Draw the families' shares by regime, in the average of the models."""
    table = shares(results)
    mean = average(by_family(results, table))
    carried = mean[ALL].cumsum()
    needed = min(int((carried < 2 / 3).sum()) + 1, len(mean))
    names = [palette.title(str(name)) for name in mean.index]
    few = words.joined([names[0], *(name.lower() for name in names[1:needed])])
    return Chart(
        "why-families",
        f"{few} features {'together carry' if needed > 1 else 'carry'} {_percent(carried.iloc[needed - 1])} %",
        f"Share of the attribution by family, %, average of {words.count(table.index.unique('model').size, 'model')}",
        f"Heat map of {len(mean)} families of features by regime.",
        [heat.cells(100 * mean, hovertemplate="%{y} %{x}: %{z:.1f} %<extra></extra>")],
        heat.grid_layout(names, _columns(mean)),
    )


def features(results: Results) -> Chart:
    """Draw the first features' shares by regime, in the average of the models."""
    table = shares(results)
    mean = average(table)
    top = mean.head(FIRST)
    return Chart(
        "why-features",
        _leader(mean),
        f"Share of the attribution of the {len(top)} first features, %, average of "
        f"{words.count(table.index.unique('model').size, 'model')}",
        f"Heat map of the {len(top)} most important features by regime.",
        [_cells(top)],
        heat.grid_layout(list(top.index), _columns(mean)),
    )


def _cells(shares: pd.DataFrame) -> Trace:
    return heat.cells(100 * shares, texttemplate="%{z:.1f}", hovertemplate="%{y} %{x}: %{z:.2f} %<extra></extra>")


def _leader(mean: pd.DataFrame) -> str:
    regimes = mean.drop(columns=ALL)
    rest = f"the {min(FIRST, len(mean))} first carry {_percent(mean[ALL].head(FIRST).sum())} %"
    if regimes.empty:
        return f"{mean.index[0]} comes first; {rest}"
    leaders = regimes.idxmax().value_counts()
    most, n = sorted(leaders.items(), key=lambda pair: (-pair[1], str(pair[0])))[0]
    return f"{most} comes first in {n} of {words.count(regimes.shape[1], 'regime')}; {rest}"


def chosen_features(results: Results) -> Chart:
    """Draw each model's first features by regime, of which the page shows the chosen model's."""
    table = shares(results)
    choices = {}
    for model in results.explained:
        top = average(table[table.index.get_level_values("model") == model]).head(FIRST)
        choices[model] = heat.Choice(_chosen_finding(model, top), list(top.index), _cells(top))
    return heat.chosen(
        "why-own",
        "Share of the model's attribution, %, by regime",
        "Heat map of the chosen model's most important features by regime.",
        choices,
        _columns(table),
    )


def _chosen_finding(model: str, top: pd.DataFrame) -> str:
    if not top[ALL].sum() > 0:
        return f"{palette.title(model)} uses no feature"
    return f"{palette.title(model)}: {top.index[0]} first with {_percent(top[ALL].iloc[0])} % of the attribution"


def _columns(table: pd.DataFrame) -> list[str]:
    return [palette.title(str(name)) for name in table.columns]


def _percent(share: Any) -> str:
    return words.number(100 * share, 1 if share < 0.01 else 0)


def methods(results: Results) -> Table:
    """Tell how each model was explained, in the order of their skill."""
    caption = (
        "How each model was explained. The additivity error is how far base value and shares together are from the "
        "output that they explain."
    )
    told = {row["model"]: row for row in results[METHODS].to_dict("records")}
    rows = []
    for name in results.explained:
        method, output, size, error = (told[name][key] for key in ("method", "output", "rows", "largest_error"))
        cells = [word(method), word(output), number(size, 0), _error(error)]
        rows.append(predictor_row(name, results.headline, cells))
    return Table("method-table", caption, _COLUMNS, rows, first="Model")


def _error(value: float) -> Cell:
    """Write a very small or very large figure by its power of ten."""
    if not math.isfinite(value):
        return DASH
    if value == 0 or 0.001 <= abs(value) < 1000:
        return Cell(words.number(value, 0 if value == 0 else 3), "", repr(value))
    digit, power = f"{value:.0e}".split("e")
    return Cell(f"{digit}e{words.number(int(power), 0)}", "", repr(value))
