"""Scores of the crisis exams: how well today's models do in an event that they have not seen, beside baselines."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.ensemble import equal_vote
from barograph.names import BASELINES, KEY, REGIME_PRIOR, REGIMES
from barograph.randomness import generator
from barograph.scoring import Forecasts, Part, Validation, score_columns, scores, weigh
from barograph.scoring.metrics import Draws
from barograph.scoring.pairing import Paired, pair
from barograph.scoring.sign_flips import SIGN_FLIP_COLUMNS, UNTESTED, sign_flips
from barograph.scoring.slices import Slice

_WALKED: Final = "walk-forward "
_DRAWN: Final[Mapping[Draws, bool]] = {"all": True}
_FACTS: Final = ["kind", "exam", "regime", "start", "end", "predictor", "rows", "dates"]
_CASES: Final = ["events", "effective_events", "more_events", "sufficient", "attainable_p"]
_WALKED_COLUMNS: Final = ["walk_forward_log_loss", f"walk_forward_skill_{REGIME_PRIOR}"]


@without_time_zones
def score_exams(
    predictions: pd.DataFrame,
    walk_forward: pd.DataFrame,
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    exams: pd.DataFrame,
    settings: Validation,
    seed: int,
) -> pd.DataFrame:
    """Score models that saw everything but an event on that event, beside baselines and their walk-forward selves.

    Every table of predictions includes the baselines; in `predictions` they come from all labelled rows that the exam
    does not leave out. In `walk_forward` predictors other than the models and the baselines are left alone.

    Returns
    -------
    pandas.DataFrame
        One row per event (`kind` event, by date), then per regime, all its events pooled (`kind` regime), and
        predictor: the models, `vote`, which is their equal mean, and the baselines. `walk_forward_log_loss` and
        `walk_forward_skill_regime_prior` are of the same predictor's walk-forward predictions of the same rows, NaN
        where it has none. `effective_events`, `more_events` and, of regimes, `sufficient` weigh the events by their
        days, as :func:`~barograph.scoring.weigh` does. Of regimes `attainable_p` and, for each baseline,
        `sign_flip_p_<baseline>` are of the exact test over the events (:func:`~barograph.scoring.sign_flip_test`),
        whose differences in log loss are summed over their rows; NaN of an event. Without exams, no rows.

    Raises
    ------
    InputError
        As :func:`barograph.scoring.pairing.pair`.

    Warnings
    --------
    Not causal in time: the models were trained also on later rows. The scores tell how well a crisis can be predicted
    from the others, not how well it was.

    Notes
    -----
    Scored are rows with a label that every predictor predicted, in the exam and, where it did so at all, walking
    forward. Skill is 1 - LL / LL(baseline). Its intervals come from a block bootstrap of dates in an event, NaN for one
    shorter than two blocks; in a regime whole events are drawn first and blocks of dates within each of them second,
    because the next crisis is a new event. See :func:`barograph.validation.validate`.
    """
    columns = [*_FACTS, *_CASES, *SIGN_FLIP_COLUMNS, *score_columns("exams", _DRAWN), *_WALKED_COLUMNS]
    if exams.empty:
        return pd.DataFrame(columns=columns)
    ordered = exams.sort_values("start", ignore_index=True)
    both = _both(predictions, walk_forward, ordered)
    universe = pd.DataFrame({"symbol": both["symbol"].unique(), "gics_sector": "any"})
    paired = pair(both, labels, regimes, universe)
    forecasts = paired.forecasts(settings.calibration_bins)
    rows = [row for part in _parts(ordered, paired) for row in _score(part, paired, forecasts, settings, seed)]
    table = pd.DataFrame(rows)
    by_exam = ordered.set_index("exam")
    for day in ("start", "end"):
        table[day] = table["exam"].map(by_exam[day])
    table["regime"] = table["exam"].map(by_exam["regime"]).fillna(table["exam"])
    return table[columns]


def _both(predictions: pd.DataFrame, walk_forward: pd.DataFrame, exams: pd.DataFrame) -> pd.DataFrame:
    """Put every predictor's answers in the exams beside its walk-forward predictions of the same rows."""
    rows = predictions[["exam", *KEY]].drop_duplicates()
    answers = predictions[~predictions["predictor"].isin(BASELINES)]
    models = answers["predictor"].unique()
    today = pd.concat([predictions, equal_vote(answers, ["exam", *KEY])])
    walked = walk_forward[walk_forward["predictor"].isin([*models, *BASELINES])].merge(rows, on=KEY)
    of_models = walked[walked["predictor"].isin(models)]
    if of_models["predictor"].nunique() == models.size:
        walked = pd.concat([walked, equal_vote(of_models, ["exam", *KEY])])
    both = pd.concat([today, walked.assign(predictor=_WALKED + walked["predictor"])], ignore_index=True)
    number = pd.Series(exams.index, index=exams["exam"])
    return both.assign(fold=both["exam"].map(number).astype(np.int64))


def _parts(exams: pd.DataFrame, paired: Paired) -> list[Slice]:
    """Cut the rows into events, then regimes; the pairing's fold is the number of the exam."""
    numbers = [("event", name, np.array([number])) for number, name in enumerate(exams["exam"])]
    numbers += [("regime", regime, np.flatnonzero(exams["regime"] == regime)) for regime in REGIMES]
    parts = [Slice(kind, name, np.flatnonzero(np.isin(paired.fold, events))) for kind, name, events in numbers]
    return [part for part in parts if part.rows.size]


def _score(
    part: Slice, paired: Paired, forecasts: Forecasts, settings: Validation, seed: int
) -> Iterator[dict[str, Any]]:
    """Give a row of the table for every predictor, its walk-forward self beside it."""
    rows = part.rows
    dates, first = np.unique(paired.date[rows], return_index=True)
    episode = np.unique(paired.fold[rows[first]], return_inverse=True)[1]
    rng = generator(seed, "exam", part.kind, part.name)
    figures = scores("exams", Part(forecasts, rows), episode, _DRAWN, settings, rng)
    walked = {
        name.removeprefix(_WALKED): scored["log_loss"] for name, scored in figures.items() if name.startswith(_WALKED)
    }
    evidence, pooled = weigh(np.bincount(episode), settings.min_episodes), part.kind == "regime"
    attainable = evidence.attainable_p if pooled else np.nan
    cases = evidence.episodes, evidence.effective, evidence.more, pooled and evidence.sufficient, attainable
    exact = sign_flips(Part(forecasts, rows), episode) if pooled else {}
    for predictor in [name for name in figures if not name.startswith(_WALKED)]:
        loss = walked.get(predictor, np.nan)
        facts = {"kind": part.kind, "exam": part.name, "predictor": predictor, "rows": rows.size}
        counted = {"dates": dates.size} | dict(zip(_CASES, cases, strict=True))
        beside = (loss, 1 - loss / walked.get(REGIME_PRIOR, np.nan))
        yield (
            facts
            | counted
            | exact.get(predictor, UNTESTED)
            | figures[predictor]
            | dict(zip(_WALKED_COLUMNS, beside, strict=True))
        )
