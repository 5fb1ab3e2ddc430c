"""The gate: does the candidate meet every criterion, and would the majority class meet it too."""

import operator
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.names import BASELINES, PRIOR
from barograph.typing import STRICT

Rule = Literal["at_least", "above", "at_most", "below"]
Source = Literal["validation", "backtest", "drift"]
Number = Annotated[float, Field(allow_inf_nan=False)]
Figures = Mapping[str, float | int | None]
Metrics = Mapping[str, Figures]

PASS: Final = "pass"
FAIL: Final = "fail"
NOT_APPLICABLE: Final = "not_applicable"
_COMPARE: Final = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}
_SHARED: Final = ("features", "regimes")
# What begins the names of figures whose independent cases the metrics weigh.
_CRASH: Final = "crash_"
_NUMBERS: Final = ("figure", "threshold", "majority_figure")
_COUNTS: Final = {"passed": PASS, "failed": FAIL, "not_applicable": NOT_APPLICABLE}
_TAKEN: Final = ("accepted", *_COUNTS)


@dataclass(frozen=True, config=STRICT)
class Criterion:
    """A figure of the candidate, and the threshold that it must meet.

    Parameters
    ----------
    description : str
        The requirement in words, for a person.
    metrics : {"validation", "backtest", "drift"}
        The metrics that contain the figure.
    key : str
        The figure's name among the candidate's; of drift also ``features.`` or ``regimes.`` and a name, which concern
        no predictor.
    rule : {"at_least", "above", "at_most", "below"}
        How the figure must lie to the threshold; equality is enough for the first and the third.
    threshold : float, optional
        The threshold itself.
    max_drop : float, optional
        Or: by which share of the champion's figure the candidate's may be worse, the threshold being the champion's
        figure less (for ``at_most`` and ``below`` plus) this share of its size. Not for drift.
    """

    description: Annotated[str, Field(min_length=1)]
    metrics: Source
    key: Annotated[str, Field(min_length=1)]
    rule: Rule
    threshold: Number | None = None
    max_drop: Annotated[Number, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> "Criterion":
        if (self.threshold is None) == (self.max_drop is None):
            raise ValueError("exactly one of threshold and max_drop must be set")
        if self.max_drop is not None and self.metrics == "drift":
            raise ValueError("max_drop is not for drift metrics; set threshold")
        return self


@dataclass(frozen=True, config=STRICT)
class Gate:
    """The criteria that a candidate must meet before it may become champion.

    Parameters
    ----------
    candidate : str
        A model or the ensemble.
    criteria : dict of str to Criterion
        By name; all must pass.
    """

    candidate: str
    criteria: Annotated[dict[str, Criterion], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_free(self) -> "Gate":
        if taken := sorted(set(self.criteria) & set(_TAKEN)):
            raise ValueError(f"a criterion cannot be named {taken[0]}; {', '.join(_TAKEN)} are taken")
        return self


@dataclass(frozen=True, config=STRICT)
class Champion:
    """The predictor in production, with its figures at promotion."""

    predictor: Annotated[str, Field(min_length=1)]
    validation: dict[str, Number | int | None]
    backtest: dict[str, Number | int | None]


def read_champion(text: bytes | str, place: str) -> Champion:
    """Build the champion from JSON: ``{"predictor": ..., "validation": {...}, "backtest": {...}}``.

    Other text raises :class:`~barograph.errors.InputError`, which names the `place` that it comes from.
    """
    try:
        return TypeAdapter(Champion).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        wanted = "predictor (a name), validation and backtest (figures by name) are wanted"
        raise InputError(f"{place}: {where}: {first['msg']}; {wanted}") from error


def judge(
    gate: Gate, validation: Metrics, backtest: Metrics, drift: Metrics, champion: Champion | None
) -> pd.DataFrame:
    """Judge the candidate by every criterion, on figures by predictor as in reports/metrics/.

    Returns
    -------
    pandas.DataFrame
        Per criterion, in their order: `criterion, description, figure, rule, threshold, verdict, majority_figure,
        majority_verdict`. Verdicts are ``pass``, ``fail`` or ``not_applicable``; the majority's are those of the
        predictor `prior`, which always names the most frequent class. An undefined figure (NaN) of the candidate or the
        champion fails, and the description says so; of a figure in crashes that too few of them leave undecided it
        says on how many cases it rests and how many more are needed. A criterion relative to the champion is not
        applicable without a champion, nor is the drift of predictions to `prior`, whose predictions are not followed.

    Raises
    ------
    InputError
        If the candidate is no model and not the ensemble, or a figure is not among the metrics.

    Warnings
    --------
    A champion's figures are those of its promotion. Where it was scored on other rows than the candidate, which the
    description then says, a difference may also come from the rows.
    """
    allowed = sorted(name for name in validation if name in backtest and name not in BASELINES)
    if gate.candidate not in allowed:
        raise InputError(f"gate.candidate: {gate.candidate} is no model and not the ensemble; allowed are {allowed}")
    metrics = {"validation": validation, "backtest": backtest, "drift": drift}
    rows = [
        _row(name, criterion, gate.candidate, metrics[criterion.metrics], champion)
        for name, criterion in gate.criteria.items()
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(_NUMBERS, "float64"))


def gate_metrics(gate: Gate, table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Choose from the table of :func:`judge` the figures that a person compares between two runs.

    They are plain numbers, None where undefined, under the candidate's name: `accepted` (1 where a criterion passes and
    none fails, else 0), the numbers of criteria that `passed`, `failed` and were `not_applicable`, and the `figure`,
    `threshold` and `passed` (1 or 0) of each criterion.
    """
    verdicts = table["verdict"]
    counts = {name: int((verdicts == verdict).sum()) for name, verdict in _COUNTS.items()}
    found: dict[str, Any] = {"accepted": int(counts["passed"] > 0 and counts["failed"] == 0)} | counts
    numbers = table[["figure", "threshold"]].astype(object).where(table[["figure", "threshold"]].notna(), None)
    for name, verdict, (figure, threshold) in zip(table["criterion"], verdicts, numbers.to_numpy(), strict=True):
        passed = None if verdict == NOT_APPLICABLE else int(verdict == PASS)
        found[str(name)] = {"figure": figure, "threshold": threshold, "passed": passed}
    return {gate.candidate: found}


def _row(
    name: str, criterion: Criterion, candidate: str, metrics: Metrics, champion: Champion | None
) -> dict[str, Any]:
    key, figures = criterion.key, _figures(metrics, criterion, candidate)
    if key not in figures:
        raise InputError(
            f"gate.criteria.{name}.key: the {criterion.metrics} metrics of {candidate} lack {key}; "
            f"allowed are {sorted(figures)}"
        )
    majority = _figures(metrics, criterion, PRIOR)
    threshold, remark = _threshold(criterion, champion, figures.get("rows"))
    if figures[key] is None:
        remark += f"; {_unknown(key, figures, candidate)}"
    applies = criterion.max_drop is None or champion is not None
    return {
        "criterion": name,
        "description": criterion.description + remark,
        "figure": figures[key],
        "rule": criterion.rule,
        "threshold": threshold,
        "verdict": _verdict(criterion.rule, figures[key], threshold) if applies else NOT_APPLICABLE,
        "majority_figure": majority.get(key),
        "majority_verdict": (
            _verdict(criterion.rule, majority[key], threshold) if applies and key in majority else NOT_APPLICABLE
        ),
    }


def _unknown(key: str, figures: Figures, candidate: str) -> str:
    """Say why a figure is missing: too few crises to decide, or it is undefined."""
    more = figures.get(f"{_CRASH}more_episodes")
    if not (key.startswith(_CRASH) and more):
        return f"undefined for {candidate}"
    episodes, effective = figures[f"{_CRASH}episodes"], figures[f"{_CRASH}effective_episodes"]
    counted = f"{episodes} episode{'' if episodes == 1 else 's'}"
    worth = "" if effective == episodes else f", worth {effective:.1f}"
    return f"cannot be decided: {counted}{worth}; {more} more {'is' if more == 1 else 'are'} needed"


def _figures(metrics: Metrics, criterion: Criterion, predictor: str) -> Figures:
    """Give the figures that a criterion may name: the predictor's, and of drift also those of no predictor."""
    figures = dict(metrics.get(predictor, {}))
    if criterion.metrics == "drift":
        figures |= {f"{part}.{key}": value for part in _SHARED for key, value in metrics.get(part, {}).items()}
    return figures


def _threshold(criterion: Criterion, champion: Champion | None, rows: float | None) -> tuple[float | None, str]:
    """Give the threshold, None where there is none, and the remark that the description must add."""
    if criterion.max_drop is None:
        return criterion.threshold, ""
    if champion is None:
        return None, "; no champion yet"
    figures = champion.validation if criterion.metrics == "validation" else champion.backtest
    if criterion.key not in figures:
        raise InputError(f"the champion's metrics: {criterion.metrics} lacks {criterion.key}; it has {sorted(figures)}")
    figure, scored = figures[criterion.key], figures.get("rows")
    if figure is None:
        return None, f"; undefined for the champion {champion.predictor}"
    loss = criterion.max_drop * abs(figure)
    threshold = figure - loss if criterion.rule in ("at_least", "above") else figure + loss
    if rows is not None and scored is not None and rows != scored:
        return threshold, f"; the champion {champion.predictor} was scored on {scored:,} rows, not on these {rows:,}"
    return threshold, f"; the champion is {champion.predictor}"


def _verdict(rule: Rule, figure: float | None, threshold: float | None) -> str:
    if figure is None or threshold is None:
        return FAIL
    return PASS if _COMPARE[rule](figure, threshold) else FAIL
