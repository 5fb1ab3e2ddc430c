"""The memory study's forest plots: options down, log loss saved across, raw filled and recalibrated hollow."""

import math
from typing import Any, Final

from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.report import outcomes, palette, words
from barograph.report.differences import OVERALL, RAW, RECALIBRATED, Difference, Study
from barograph.report.figures import Chart, Layout, Trace, axis, label, layout, rounded
from barograph.report.study_names import target

COLOURS: Final = {
    HELPS: palette.BETTER,
    HURTS: palette.WORSE,
    NO_EVIDENCE: palette.MUTED,
    TOO_FEW_CRISES: palette.FAINT,
}
_FAR: Final = 2.5
_BEYOND: Final = "A triangle at the edge: the option lies beyond it"
_SHIFTS: Final = {RAW: 0.19, RECALIBRATED: -0.19}


def panels(study: Study, models: "list[str] | None" = None) -> list[Chart]:
    """Draw every option against each reference, overall: one chart a reference, one model at a time."""
    return [
        _forest(study, f"study-{place}", reference, OVERALL, models or study.models)
        for place, reference in enumerate(study.references)
    ]


def regimes(study: Study) -> list[Chart]:
    """Draw every option against the first reference in each regime."""
    if not study.references:
        return []
    return [
        _forest(study, f"study-regime-{place}", study.references[0], regime, study.models)
        for place, regime in enumerate(study.regimes)
        if study.against(study.references[0], "log_loss", regime)
    ]


def against(reference: str) -> str:
    """Name a panel."""
    return f"against {'as many random old rows' if reference == 'placebo' else target(reference)}"


def _forest(study: Study, name: str, reference: str, slice_: str, models: list[str]) -> Chart:
    drawn = {
        (model, calibration): study.against(reference, "log_loss", slice_, model=model, calibration=calibration)
        for model in models
        for calibration in study.calibrations
    }
    order = [one for one in study.options if any(one == it.option for found in drawn.values() for it in found)]
    places = {option: len(order) - 1 - place for place, option in enumerate(order)}
    window = _window([one for found in drawn.values() for one in found])
    data = [
        trace | {"meta": {"predictor": model}, "visible": model == models[0]}
        for (model, calibration), found in drawn.items()
        for trace in _marks(study, found, places, calibration, window)
    ]
    headings = {model: _heading(study, reference, slice_, model) for model in models}
    figure = _layout(order, places, window, small=slice_ != OVERALL)
    if len(models) > 1:
        figure["meta"] = {model: {"heading": text, "layout": {}} for model, text in headings.items()}
    return Chart(
        name,
        headings[models[0]],
        _cases(study, reference, slice_),
        f"Forest plot of the log loss that {words.count(len(order), 'option')} save, with intervals.",
        data,
        figure,
        note=_note([one for found in drawn.values() for one in found], window),
    )


def legend(study: Study) -> list[tuple[str, str, str]]:
    """Give the colours of the verdicts that are drawn."""
    there = set(study.differences["verdict"])
    return [(verdict, colour, "swatch") for verdict, colour in COLOURS.items() if verdict in there]


def _heading(study: Study, reference: str, slice_: str, model: str) -> str:
    what = outcomes.finding(study, reference, slice_, model=model)
    return f"{f'Log loss {against(reference)}' if slice_ == OVERALL else palette.title(slice_)}: {what}"


def _cases(study: Study, reference: str, slice_: str) -> str:
    found = study.against(reference, "log_loss", slice_)
    if not found:
        return ""
    most = max(found, key=lambda one: one.dates)
    days = words.count(most.dates, "trading day")
    return days if slice_ == OVERALL else f"{days}, {words.count(most.episodes, 'episode')}"


def _window(found: list[Difference]) -> tuple[float, float]:
    """Give the part of the axis that is drawn: where a few options lie far out, the others must stay readable."""
    known = [one.estimate for one in found if one.estimate.known]
    reach = sorted(100 * max(abs(one.low), abs(one.high)) for one in known)
    limit = _FAR * reach[len(reach) // 2] if reach else 0.0
    if not limit or reach[-1] <= _FAR * limit:
        return -math.inf, math.inf
    values = [100 * one.value for one in known]
    ends = [100 * end for one in known for end in (one.low, one.high) if abs(100 * end) <= limit]
    low = -limit if min(values) < -limit else 1.1 * min(0.0, *ends)
    return low, limit if max(values) > limit else 1.1 * max(0.0, *ends)


def _note(found: list[Difference], window: tuple[float, float]) -> str:
    beyond = [one for one in found if not window[0] <= 100 * one.estimate.value <= window[1] and one.estimate.known]
    if not beyond:
        return ""
    return f"{_BEYOND}, with the number beside it." if any(one.told for one in beyond) else f"{_BEYOND}."


def _padded(window: tuple[float, float]) -> list[float | None]:
    """Leave room for the triangles at the edges."""
    room = 0.03 * (window[1] - window[0])
    return rounded([window[0] - room, window[1] + room], 4)


def _marks(
    study: Study,
    found: list[Difference],
    places: dict[str, int],
    calibration: str,
    window: tuple[float, float],
) -> list[Trace]:
    shift = _SHIFTS[calibration] if len(study.calibrations) > 1 else 0.0
    traces: list[Trace] = []
    for verdict, colour in COLOURS.items():
        own = [one for one in found if one.verdict == verdict and one.estimate.known]
        within = [window[0] <= 100 * one.estimate.value <= window[1] for one in own]
        marker = {
            "color": colour if calibration == RAW else "#ffffff",
            "line": {"color": colour, "width": 1.6},
        }
        for inside in (True, False):
            shown = [one for one, here in zip(own, within, strict=True) if here == inside]
            if shown:
                base: Trace = {
                    "type": "scatter",
                    "y": [places[one.option] + shift for one in shown],
                    "hovertext": [_hover(study, one, calibration) for one in shown],
                    "hovertemplate": "%{hovertext}<extra></extra>",
                }
                traces.append(base | (_intervals(shown, colour, marker) if inside else _edges(shown, marker, window)))
    return traces


def _intervals(shown: list[Difference], colour: str, marker: dict[str, Any]) -> Trace:
    ends = {
        "array": rounded([100 * (one.estimate.high - one.estimate.value) for one in shown], 4),
        "arrayminus": rounded([100 * (one.estimate.value - one.estimate.low) for one in shown], 4),
    }
    return {
        "mode": "markers",
        "x": rounded([100 * one.estimate.value for one in shown], 4),
        "error_x": {"type": "data", "symmetric": False, "color": colour, "thickness": 1.6, "width": 0} | ends,
        "marker": marker | {"size": 8},
    }


def _edges(shown: list[Difference], marker: dict[str, Any], window: tuple[float, float]) -> Trace:
    """Mark what lies beyond the axis at its edge, with the number where there is evidence for one."""
    left = [one.estimate.value < 0 for one in shown]
    return {
        "mode": "markers+text",
        "x": rounded([window[0] if to_left else window[1] for to_left in left], 4),
        "marker": marker | {"size": 8, "symbol": [f"triangle-{'left' if to_left else 'right'}" for to_left in left]},
        "text": [f" {one.estimate.figure()} " if one.told else "" for one in shown],
        "textposition": [f"middle {'right' if to_left else 'left'}" for to_left in left],
        "textfont": {"size": 10.5, "color": palette.INK},
    }


def _hover(study: Study, one: Difference, calibration: str) -> str:
    return f"{label(palette.title(one.option))}, {calibration}<br>{label(outcomes.brief(study, one))}"


def _layout(order: list[str], places: dict[str, int], window: tuple[float, float], *, small: bool) -> Layout:
    heights = [places[option] for option in order]
    down: dict[str, Any] = {"tickvals": heights, "ticktext": [label(palette.title(option)) for option in order]}
    span: dict[str, Any] = {"rangemode": "tozero"} if math.isinf(window[0]) else {"range": _padded(window)}
    across = axis("Log loss saved, %", zeroline=True, zerolinecolor=palette.INK, **span)
    return layout(
        64 + (26 if small else 32) * max(2, len(order)),
        xaxis=across,
        yaxis=axis(range=[-0.6, len(order) - 0.4], fixedrange=True, gridcolor="#f1f3f5", **down),
        margin={"l": 8, "r": 12, "t": 4, "b": 8},
    )
