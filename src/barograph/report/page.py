"""One offline HTML page: sections, charts and tables put into the template."""

import json
from collections.abc import Mapping
from typing import Any

from barograph.report import (
    agreement,
    alarms,
    beeswarm,
    catalogue,
    exam,
    gate,
    kept,
    memory,
    money,
    moved,
    page_tables,
    palette,
    replayed,
    skill,
    study,
    timeline,
    tuned,
    why,
)
from barograph.report.document import document
from barograph.report.figures import Chart
from barograph.report.inputs import ReportInputs
from barograph.report.verdict import predictors_heading, verdict


def render(inputs: ReportInputs) -> str:
    """Write the report.

    Parameters
    ----------
    inputs : ReportInputs

    Returns
    -------
    str
        A whole HTML document that loads nothing: plotly's script stands in it once, and its content security policy
        forbids the network. The same inputs give the same bytes.
    """
    charts = _charts(inputs)
    drawn = [one for chart in charts.values() for one in (chart if isinstance(chart, list) else [chart]) if one]
    return document("report.html", _content(inputs, charts), drawn)


def _charts(inputs: ReportInputs) -> dict[str, Chart | list[Chart] | None]:
    forests = [skill.forest(inputs, kind) for kind in skill.KINDS]
    return {
        "timeline": timeline.timeline(inputs),
        "fold_map": timeline.fold_map(inputs),
        "forests": [one for one in forests if one is not None],
        "reliability": skill.reliability(inputs),
        "shown": memory.shown(inputs),
        "kept_families": kept.families(inputs),
        "equity": money.equity(inputs),
        "cost_curve": money.cost_curve(inputs),
        "why_families": why.families(inputs),
        "why_features": why.features(inputs),
        "agreement": agreement.matrices(inputs),
        "why_own": why.own_features(inputs),
        "why_beeswarm": beeswarm.beeswarms(inputs),
        "why_folds": agreement.over_folds(inputs),
        "why_stability": agreement.stability(inputs),
        "moved_features": moved.features(inputs),
        "moved_regimes": moved.regimes(inputs),
        "moved_predictions": moved.predictions(inputs),
        "study": study.charts(inputs),
    }


def _headings(inputs: ReportInputs) -> dict[str, str]:
    return {
        "predictors": predictors_heading(inputs),
        "timeline": timeline.heading(inputs),
        "skill": skill.section_heading(inputs),
        "shown": memory.heading(inputs),
        "money": money.heading(inputs),
        "kept": kept.heading(inputs),
        "tuned": tuned.heading(inputs),
        "why": why.heading(inputs),
        "moved": moved.heading(inputs),
    }


def _content(inputs: ReportInputs, charts: Mapping[str, Chart | list[Chart] | None]) -> dict[str, Any]:
    return {
        "verdict": verdict(inputs),
        "gate": gate.gate(inputs),
        "headings": _headings(inputs),
        "chart": charts,
        "headline": palette.title(inputs.headline),
        "candidate": palette.subject(inputs.candidate),
        "choices": [(name, palette.title(name)) for name in skill.scored(inputs)],
        "chosen": inputs.headline,
        "confusion": [(one, palette.title(one.predictor)) for one in skill.confusion(inputs)],
        "predictor_columns": page_tables.PREDICTOR_COLUMNS,
        "predictor_rows": page_tables.predictors(inputs),
        "money_columns": page_tables.MONEY_COLUMNS,
        "money_rows": page_tables.money(inputs),
        "months": money.months(inputs),
        "archive_rows": memory.archive_rows(inputs),
        "found_note": memory.found_note(inputs),
        "dropped_rows": kept.dropped(inputs)[: kept.SHOWN],
        "dropped_caption": kept.caption(inputs),
        "searches": tuned.searches(inputs),
        "explained": [(name, palette.title(name)) for name in why.explained(inputs)],
        "method_columns": page_tables.METHOD_COLUMNS,
        "method_rows": page_tables.methods(inputs),
        "alarm_columns": alarms.COLUMNS,
        "alarm_rows": alarms.rows(inputs)[: alarms.SHOWN],
        "alarm_caption": alarms.caption(inputs),
        "confidence": f"{100 * inputs.confidence:g} %",
        "catalogue_columns": catalogue.COLUMNS,
        "catalogue_rows": catalogue.rows(inputs),
        "catalogue_caption": catalogue.caption(inputs),
        "left_out": catalogue.left_out(inputs),
        "exam": exam.exam(inputs),
        "replay": replayed.replayed(inputs),
        "study": study.section(inputs),
        "provenance": _provenance(inputs),
        "few_rows": skill.FEW_ROWS,
    }


def _provenance(inputs: ReportInputs) -> dict[str, Any]:
    given = inputs.provenance
    changed = given.get("params_changed", {})
    pairs = changed.items() if isinstance(changed, Mapping) else ()
    return {
        "facts": [(name.capitalize(), str(given[name])) for name in ("source", "coverage", "commit") if name in given],
        "notes": list(given.get("notes", [])),  # type: ignore[call-overload]
        "params_changed": [(key, _plain(default), _plain(value)) for key, (default, value) in sorted(pairs)],
        "params_known": "params_changed" in given,
        "hashes": sorted(dict(given.get("hashes", {})).items()),  # type: ignore[call-overload]
        "versions": sorted(dict(given.get("versions", {})).items()),  # type: ignore[call-overload]
        "commands": list(given.get("commands", [])),  # type: ignore[call-overload]
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
