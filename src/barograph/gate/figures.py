"""The figure of a predictor that a criterion asks for, in metrics or in tables by slice."""

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from barograph.gate.comparison import COMPARED, Comparison
from barograph.gate.criteria import SLICED, Criterion
from barograph.names import ENSEMBLE, PRIOR, VOTE

Figures = Mapping[str, float | int | None]
Metrics = Mapping[str, Figures]

_SHARED: Final = ("features", "regimes")
# What begins the names of figures whose independent cases the metrics weigh.
_CRASH: Final = "crash_"
# Figures about the evidence itself do not need enough of it.
_EVIDENCE: Final = (
    *("rows", "dates", "cases", "episodes", "events", "effective_", "more_", "sufficient"),
    *("attainable_p", "sign_flip_p"),
)
_NUMERIC: Final = "fib"


class Results(NamedTuple):
    """The results that criteria are about.

    Attributes
    ----------
    validation, backtest, drift : mapping
        Figures by predictor, as in reports/metrics/.
    slices, exams, replay : pandas.DataFrame
        The tables `slices`, `exam` and `replay_improvement` of reports/validation/.
    comparison : Comparison, optional
        With the champion, where there is one.
    """

    validation: Metrics
    backtest: Metrics
    drift: Metrics
    slices: pd.DataFrame
    exams: pd.DataFrame
    replay: pd.DataFrame
    comparison: Comparison | None = None


class Finding(NamedTuple):
    """A figure, None where it is undefined or undecided.

    Attributes
    ----------
    figure : float or None
    remark : str
        Completes the criterion's description.
    slice : str
        The regime, sector, exam or part that the figure belongs to.
    applies : bool
        False where the question does not arise, as of replay that is switched off.
    threshold : float or None
        The threshold, where it follows from the champion.
    """

    figure: float | None
    remark: str = ""
    slice: str = ""
    applies: bool = True
    threshold: float | None = None


def keys(results: Results, criterion: Criterion, predictor: str) -> list[str]:
    """List the keys that a criterion of these metrics may name for a predictor; none where it has no rows."""
    if criterion.metrics == "champion":
        return [] if predictor == PRIOR else list(COMPARED)
    if criterion.metrics not in SLICED:
        return sorted(_figures(results, criterion, predictor))
    rows = _rows(results, criterion, predictor)
    return [] if rows.empty else [str(key) for key, column in rows.items() if column.dtype.kind in _NUMERIC]


def find(results: Results, criterion: Criterion, predictor: str) -> Finding:
    """Find a predictor's figure for a criterion whose key is among its :func:`keys`, if there are any."""
    if criterion.metrics in SLICED:
        found = _find_worst(_rows(results, criterion, predictor), criterion, predictor)
    elif not criterion.relative:
        found = _find(results, criterion, predictor)
    elif results.comparison is None or not results.comparison.figures:
        found = _uncompared(results, criterion, predictor)
    else:
        found = _compared(results.comparison, criterion, predictor)
    return found if criterion.max_drop is not None else found._replace(threshold=criterion.threshold)


def _find(results: Results, criterion: Criterion, predictor: str) -> Finding:
    figures = _figures(results, criterion, predictor)
    figure = figures[criterion.key]
    return Finding(figure, "" if figure is not None else f"; {_unknown(criterion.key, figures, predictor)}")


def _uncompared(results: Results, criterion: Criterion, predictor: str) -> Finding:
    """Say why there is no comparison; a figure of all days is shown where it stays without a verdict."""
    comparison = results.comparison
    if comparison is not None and comparison.reason:
        return Finding(None, f"; cannot be judged: {comparison.reason}")
    remark = "; no champion yet" if comparison is None else f"; this is the champion, {comparison.champion}"
    if criterion.metrics == "champion":
        return Finding(None, remark, applies=False)
    return _find(results, criterion, predictor)._replace(remark=remark, applies=False)


def _compared(comparison: Comparison, criterion: Criterion, predictor: str) -> Finding:
    """Find a figure of the days since the promotion, and the threshold that the champion sets on them."""
    remark = f"; the champion is {comparison.champion}, on {comparison.figures['dates']:,} dates since its promotion"
    if criterion.max_drop is None:
        return Finding(comparison.figures[criterion.key], remark)
    champion, figure = (
        comparison.scores[who][criterion.key] for who in ("champion", "prior" if predictor == PRIOR else "candidate")
    )
    if champion is None:
        return Finding(figure, f"; undefined for the champion {comparison.champion}")
    loss = criterion.max_drop * abs(champion)
    return Finding(figure, remark, threshold=champion - loss if criterion.higher else champion + loss)


def _figures(results: Results, criterion: Criterion, predictor: str) -> Figures:
    """Give the metrics that a criterion may name: the predictor's, and of drift also those of no predictor."""
    metrics: Metrics = getattr(results, criterion.metrics)
    figures = dict(metrics.get(predictor, {}))
    if criterion.metrics == "drift":
        figures |= {f"{part}.{key}": value for part in _SHARED for key, value in metrics.get(part, {}).items()}
    return figures


def _rows(results: Results, criterion: Criterion, predictor: str) -> pd.DataFrame:
    """Give the rows of a predictor's slices that count, with the name of each as index."""
    source, only = criterion.metrics, criterion.only
    if source == "replay":
        return _replayed(results.replay, only, predictor)
    table = results.exams if source == "exams" else results.slices
    if table.empty:
        return table
    if source != "exams" or only is None:
        table = table[table["kind"] == ("sector" if source == "sectors" else "regime")]
    # Nobody sits the exams of the ensemble: the equal vote of its models answers.
    table = table[table["predictor"] == (VOTE if (source, predictor) == ("exams", ENSEMBLE) else predictor)]
    table = table.set_index("exam" if source == "exams" else "slice")
    return table if only is None else table[table.index == only]


def _replayed(table: pd.DataFrame, only: str | None, predictor: str) -> pd.DataFrame:
    """Give replay's effect in all windows together on a model, or on each model of the ensemble."""
    if table.empty:
        return table
    table = table[(table["fold"] == "all") & ((table["model"] == predictor) | (predictor == ENSEMBLE))]
    table = table if only is None else table[table["part"] == only]
    return table.set_index((table["model"] + " " if predictor == ENSEMBLE else "") + table["part"])


def _find_worst(rows: pd.DataFrame, criterion: Criterion, predictor: str) -> Finding:
    """Find the worst slice; one that fails counts more than others that cannot be decided."""
    if rows.empty and criterion.metrics == "replay":
        return Finding(None, f"; {predictor} replays nothing", applies=False)
    if rows.empty:
        return Finding(None, f"; cannot be decided: no row of {predictor} in {criterion.only or criterion.metrics}")
    figures = {str(name): float(figure) for name, figure in rows[criterion.key].items()}
    known = {name: figure for name, figure in figures.items() if not math.isnan(figure)}
    short = _short(rows, criterion)
    if known:
        worst = (min if criterion.higher else max)(known, key=known.__getitem__)
        met = criterion.threshold is None or criterion.met(known[worst], criterion.threshold)
        if not met or (len(known) == len(figures) and not short):
            return Finding(known[worst], "" if criterion.only else f"; the worst is {worst}", worst)
    if short:
        name = next(iter(short))
        return Finding(None, f"; cannot be decided: {short[name]}", name)
    name = next(name for name in figures if name not in known)
    return Finding(None, f"; undefined for {predictor} in {name}", name)


def _short(rows: pd.DataFrame, criterion: Criterion) -> dict[str, str]:
    """Count the cases of the slices that have too few of them to decide anything."""
    if "sufficient" not in rows or criterion.key.startswith(_EVIDENCE):
        return {}
    case = "event" if criterion.metrics == "exams" else "episode"
    few = rows[~rows["sufficient"].astype(bool)]
    return {
        str(name): f"{name} has {_counted(row, case)}"
        for name, row in zip(few.index, few.to_dict("records"), strict=True)
    }


def _unknown(key: str, figures: Figures, candidate: str) -> str:
    """Say why a figure is missing: too few crises to decide, or it is undefined."""
    if not (key.startswith(_CRASH) and figures.get(f"{_CRASH}more_episodes")):
        return f"undefined for {candidate}"
    cases = {name.removeprefix(_CRASH): figure for name, figure in figures.items()}
    return f"cannot be decided: {_counted(cases, 'episode')}"


def _counted(figures: Mapping[Any, Any], case: str) -> str:
    """Count independent cases, and those that are needed beside them."""
    cases, effective, more = (figures[f"{part}{case}s"] for part in ("", "effective_", "more_"))
    counted = f"{cases} {case}{'' if cases == 1 else 's'}"
    worth = "" if math.isclose(effective, cases) else f", worth {effective:.1f}"
    needed = f"; {more:.0f} more {'is' if more == 1 else 'are'} needed" if more > 0 else ""
    return f"{counted}{worth}{needed}"
