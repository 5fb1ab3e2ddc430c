"""The memory study's forest plots: options down, log loss saved across, raw filled and recalibrated hollow."""

import math
from collections.abc import Sequence
from typing import Any, Final

from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.report import palette, words
from barograph.report.blocks import Chart, Controls
from barograph.report.charts import Layout, Trace, forest_layout, label, rounded, scatter, whiskers
from barograph.report.study import outcomes
from barograph.report.study.differences import OVERALL, RAW, RECALIBRATED, Difference, Study
from barograph.report.study.names import target

COLOURS: Final = {
    HELPS: palette.BETTER,
    HURTS: palette.WORSE,
    NO_EVIDENCE: palette.MUTED,
    TOO_FEW_CRISES: palette.FAINT,
}
_FAR: Final = 2.5
_BEYOND: Final = "A triangle at the edge: the option lies beyond it"
_SHIFTS: Final = {RAW: 0.19, RECALIBRATED: -0.19}
Window = tuple[float, float]


def controls(study: Study, models: Sequence[str]) -> Controls:
    """Give the chooser of the model, where there are several, and the key to the marks."""
    both, there = len(study.calibrations) > 1, set(study.differences["verdict"])
    return Controls(
        "choose",
        "Model shown in the charts",
        palette.choices(models) if len(models) > 1 else (),
        filled=RAW if both else "",
        hollow=RECALIBRATED if both else "",
        text="right of zero the option is better.",
        legend=[(verdict, colour, "swatch") for verdict, colour in COLOURS.items() if verdict in there],
    )


def panels(study: Study, models: Sequence[str] = ()) -> list[Chart]:
    """Draw every option against each reference, overall: one chart per reference, one model at a time."""
    return [
        _forest(study, f"study-{place}", reference, OVERALL, models or study.models)
        for place, reference in enumerate(study.references)
    ]


def regimes(study: Study) -> list[Chart]:
    """Draw every option against the first reference in each regime."""
    return [
        _forest(study, f"study-regime-{place}", study.references[0], regime, study.models)
        for place, regime in enumerate(study.regimes)
        if study.against(study.references[0], "log_loss", regime)
    ]


def against(reference: str) -> str:
    """Name a panel."""
    return f"against {'as many random old rows' if reference == 'placebo' else target(reference)}"


def _forest(study: Study, id: str, reference: str, slice_: str, models: Sequence[str]) -> Chart:
    drawn = {
        (model, calibration): study.against(reference, "log_loss", slice_, model=model, calibration=calibration)
        for model in models
        for calibration in study.calibrations
    }
    everything = [difference for found in drawn.values() for difference in found]
    order = palette.ordered([difference.option for difference in everything], study.options)
    places = {option: len(order) - 1 - place for place, option in enumerate(order)}
    window = _window(everything)
    data = [
        trace | {"meta": {"predictor": model}, "visible": model == models[0]}
        for (model, calibration), found in drawn.items()
        for trace in _marks(study, found, places, calibration, window)
    ]
    overall, most = slice_ == OVERALL, max(drawn[models[0], study.calibrations[0]], key=lambda gap: gap.dates)
    days, cases = words.count(most.dates, "trading day"), outcomes.episodes([most])
    name = f"Log loss {against(reference)}" if overall else palette.title(slice_)
    headings = {model: f"{name}: {outcomes.finding(study, reference, slice_, model=model)}" for model in models}
    meta = {model: {"heading": heading, "layout": {}} for model, heading in headings.items()}
    room = 0.03 * (window[1] - window[0])
    ends = rounded([window[0] - room, window[1] + room], 4)
    across: Layout = {"rangemode": "tozero"} if math.isinf(room) else {"range": ends}
    ticks = [label(palette.title(option)) for option in order]
    figure = forest_layout("Log loss saved, %", ticks, 32 if overall else 26, **across)
    return Chart(
        id,
        headings[models[0]],
        days if overall else f"{days}, {cases}",
        f"Forest plot of the log loss that {words.count(len(order), 'option')} save, with intervals.",
        data,
        figure | ({"meta": meta} if len(models) > 1 else {}),
        note=_note(everything, window),
    )


def _percent(difference: Difference) -> tuple[float, float, float]:
    value, low, high = difference.gain.estimate
    return 100 * value, 100 * low, 100 * high


def _window(found: Sequence[Difference]) -> Window:
    """Give the part of the axis that is drawn: where a few options lie far out, the others must stay readable."""
    known = [_percent(difference) for difference in found if difference.gain.known]
    reach = sorted(max(abs(low), abs(high)) for _, low, high in known)
    limit = _FAR * reach[len(reach) // 2] if reach else 0.0
    if not limit or reach[-1] <= _FAR * limit:
        return -math.inf, math.inf
    values = [value for value, _, _ in known]
    ends = [end for _, *both in known for end in both if abs(end) <= limit]
    low = -limit if min(values) < -limit else 1.1 * min(0.0, *ends)
    return low, limit if max(values) > limit else 1.1 * max(0.0, *ends)


def _within(difference: Difference, window: Window) -> bool:
    return window[0] <= _percent(difference)[0] <= window[1]


def _note(found: Sequence[Difference], window: Window) -> str:
    beyond = [gap for gap in found if gap.gain.known and not _within(gap, window)]
    if not beyond:
        return ""
    return f"{_BEYOND}, with the number beside it." if any(gap.told for gap in beyond) else f"{_BEYOND}."


def _marks(
    study: Study, found: Sequence[Difference], places: dict[str, int], calibration: str, window: Window
) -> list[Trace]:
    """Mark differences by their verdict, those beyond the axis at its edge."""
    shift = _SHIFTS[calibration] if len(study.calibrations) > 1 else 0.0
    traces: list[Trace] = []
    for verdict, colour in COLOURS.items():
        known = [gap for gap in found if gap.verdict == verdict and gap.gain.known]
        fill = colour if calibration == RAW else "#ffffff"
        marker = {"color": fill, "line": {"color": colour, "width": 1.6}, "size": 8}
        for inside in (True, False):
            shown = [gap for gap in known if _within(gap, window) == inside]
            if shown:
                heights = [places[gap.option] + shift for gap in shown]
                says = [
                    f"{label(palette.title(gap.option))}, {calibration}<br>{label(outcomes.brief(study, gap))}"
                    for gap in shown
                ]
                base = scatter("markers", [], heights, hovertext=says, hovertemplate="%{hovertext}<extra></extra>")
                inner = {"marker": marker} | whiskers([_percent(gap) for gap in shown], colour)
                traces.append(base | (inner if inside else _edges(shown, marker, window)))
    return traces


def _edges(shown: Sequence[Difference], marker: dict[str, Any], window: Window) -> Trace:
    """Mark what lies beyond the axis at its edge, with the number where there is evidence for one."""
    left = [gap.gain.estimate.value < 0 for gap in shown]
    return {
        "mode": "markers+text",
        "x": rounded([window[0] if to_left else window[1] for to_left in left], 4),
        "marker": marker | {"symbol": [f"triangle-{'left' if to_left else 'right'}" for to_left in left]},
        "text": [f" {gap.gain.figure()} " if gap.told else "" for gap in shown],
        "textposition": [f"middle {'right' if to_left else 'left'}" for to_left in left],
        "textfont": {"size": 10.5, "color": palette.INK},
    }
