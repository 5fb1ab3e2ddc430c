"""Why: what the models' scores are attributed to, in every regime and in each model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.report import heat, palette, words
from barograph.report.figures import Chart, Layout
from barograph.report.inputs import ReportInputs, models

ALL: Final = "all"
FIRST: Final = 12
NOTABLE: Final = 0.03
AGREED: Final = 0.75
OTHER: Final = "other"


def explained(inputs: ReportInputs) -> list[str]:
    """Give the predictors that were explained, the headline first if it is one, then the most skilful."""
    there = set(inputs.shap_importance["model"])
    ranked = [name for name in (inputs.headline, *models(inputs)) if name in there]
    return [*ranked, *sorted(there - set(ranked))]


def shares(inputs: ReportInputs) -> pd.DataFrame:
    """Give the shares of attribution as one table.

    Returns
    -------
    pandas.DataFrame
        One row a (model, feature), one column a regime, ``all`` first; regimes without rows are left out.
    """
    table = inputs.shap_importance
    table = table[(table["rows"] > 0) & table["share"].notna()]
    wide = table.pivot_table(index=["model", "feature"], columns="regime", values="share", aggfunc="first", sort=True)
    order = [name for name in (ALL, *palette.regime_order(set(wide.columns) - {ALL})) if name in wide.columns]
    return wide.reindex(columns=order)


def average(table: pd.DataFrame) -> pd.DataFrame:
    """Average the models, each of which weighs the same; the most important feature over all rows first."""
    mean = table.groupby(level="feature").mean()
    return mean.loc[_ranked(mean[ALL])] if ALL in mean.columns else mean


def by_family(inputs: ReportInputs, table: pd.DataFrame) -> pd.DataFrame:
    """Add up the shares of a family's features, in each model."""
    family = table.index.get_level_values("feature").map(lambda name: inputs.families.get(name, OTHER))
    return table.groupby([table.index.get_level_values("model"), family.rename("feature")]).sum(min_count=1)


def heading(inputs: ReportInputs) -> str:
    """Say which family carries most, in how far the models agree on it, and what crashes change."""
    table = shares(inputs)
    if table.empty or ALL not in table.columns:
        return "No model was explained"
    families = by_family(inputs, table)
    mean = average(families)
    first = str(mean.index[0])
    own = families[ALL].xs(first, level="feature")
    text = f"{palette.title(first)} features carry {_percent(mean.loc[first, ALL])} % of the attribution"
    if len(own) > 1:
        text += f" ({_percent(own.min())} to {_percent(own.max())} % a model)"
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


def families(inputs: ReportInputs) -> Chart | None:
    """Draw the families' shares by regime, in the average of the models; None where nothing was explained."""
    table = shares(inputs)
    if table.empty or ALL not in table.columns:
        return None
    mean = average(by_family(inputs, table))
    carried = mean[ALL].cumsum()
    needed = min(int((carried < 2 / 3).sum()) + 1, len(mean))
    names = [palette.title(str(name)) for name in mean.index]
    few = words.joined([names[0], *(name.lower() for name in names[1:needed])])
    return Chart(
        "why-families",
        f"{few} features {'together carry' if needed > 1 else 'carry'} {_percent(carried.iloc[needed - 1])} %",
        f"Share of the attribution by family, %, average of {words.count(_n_models(table), 'model')}",
        f"Heat map of {len(mean)} families of features by regime.",
        [heat.cells(100 * mean, hovertemplate="%{y} %{x}: %{z:.1f} %<extra></extra>")],
        heat.grid_layout(names, _columns(mean)),
    )


def features(inputs: ReportInputs) -> Chart | None:
    """Draw the first features' shares by regime, in the average of the models; None where nothing was explained."""
    table = shares(inputs)
    if table.empty or ALL not in table.columns:
        return None
    mean = average(table)
    top = mean.head(FIRST)
    return Chart(
        "why-features",
        _leader(mean),
        f"Share of the attribution of the {len(top)} first features, %, average of "
        f"{words.count(_n_models(table), 'model')}",
        f"Heat map of the {len(top)} most important features by regime.",
        [heat.cells(100 * top, texttemplate="%{z:.1f}", hovertemplate="%{y} %{x}: %{z:.2f} %<extra></extra>")],
        heat.grid_layout([str(name) for name in top.index], _columns(mean)),
    )


def _leader(mean: pd.DataFrame) -> str:
    regimes = mean.drop(columns=ALL)
    rest = f"the {min(FIRST, len(mean))} first carry {_percent(mean[ALL].head(FIRST).sum())} %"
    if regimes.empty:
        return f"{mean.index[0]} comes first; {rest}"
    leaders = regimes.idxmax().value_counts()
    most, n = sorted(leaders.items(), key=lambda one: (-one[1], str(one[0])))[0]
    return f"{most} comes first in {n} of {words.count(regimes.shape[1], 'regime')}; {rest}"


@dataclass(frozen=True)
class Choice:
    """What a chart shows of one predictor: a heading, and the parts of the layout that it changes."""

    heading: str
    layout: dict[str, Any]

    def meta(self) -> dict[str, Any]:
        """Give the form that the page's script reads from the layout's ``meta``."""
        return {"heading": self.heading, "layout": self.layout}


def own_features(inputs: ReportInputs) -> Chart | None:
    """Draw each model's first features by regime, of which the page shows the chosen model's."""
    table = shares(inputs)
    chosen = explained(inputs)
    if table.empty or ALL not in table.columns:
        return None
    data, choices = [], {}
    for model in chosen:
        top = average(table[table.index.get_level_values("model") == model]).head(FIRST)
        trace = heat.cells(100 * top, texttemplate="%{z:.1f}", hovertemplate="%{y} %{x}: %{z:.2f} %<extra></extra>")
        data.append(trace | {"meta": {"predictor": model}, "visible": model == chosen[0]})
        choices[model] = Choice(_own_finding(model, top), renamed([str(name) for name in top.index]))
    return Chart(
        "why-own",
        choices[chosen[0]].heading,
        "Share of the model's attribution, %, by regime",
        "Heat map of the chosen model's most important features by regime.",
        data,
        chosen_layout(choices, chosen[0], _columns(table)),
    )


def chosen_layout(choices: Mapping[str, Choice], first: str, columns: Sequence[str]) -> Layout:
    """Give the layout of a heat map of one model at a time, whose rows have other names in each."""
    rows = choices[first].layout["yaxis.ticktext"]
    figure = heat.grid_layout(rows, columns, meta={name: one.meta() for name, one in choices.items()})
    figure["yaxis"]["ticktext"] = rows
    return figure


def renamed(rows: Sequence[str]) -> dict[str, Any]:
    """Give the part of a layout that names the rows anew."""
    return {f"yaxis.{key}": value for key, value in heat.names(rows).items()}


def _own_finding(model: str, top: pd.DataFrame) -> str:
    if not top[ALL].sum() > 0:
        return f"{palette.title(model)} uses no feature"
    return f"{palette.title(model)}: {top.index[0]} first with {_percent(top[ALL].iloc[0])} % of the attribution"


def _columns(table: pd.DataFrame) -> list[str]:
    return [palette.title(str(name)) for name in table.columns]


def _ranked(values: "pd.Series[float]") -> list[str]:
    order = values.reset_index().set_axis(["name", "share"], axis=1)
    ranked = order.sort_values(["share", "name"], ascending=[False, True], kind="stable", na_position="last")
    return ranked["name"].tolist()


def _n_models(table: pd.DataFrame) -> int:
    return int(table.index.get_level_values("model").nunique())


def _percent(share: Any) -> str:
    value = 100 * float(share)
    return words.number(value, 0 if value >= 1 or np.isnan(value) else 1)
