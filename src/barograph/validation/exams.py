"""The crisis exam's marks: how well today's models do in an event that they have not seen, and against what."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from barograph.ensemble import equal_vote
from barograph.names import BASELINES, KEY, REGIME_PRIOR, REGIMES
from barograph.randomness import generator
from barograph.scoring.bootstrap import episode_bootstrap_counts, interval
from barograph.scoring.pairing import Paired, pair
from barograph.scoring.scores import Scorer
from barograph.scoring.settings import Validation
from barograph.typing import Floats, Rows

_WALKED: Final = "walk-forward "
_SKILLS: Final = [f"skill_{baseline}{end}" for baseline in BASELINES for end in ("", "_low", "_high")]
_COLUMNS: Final = [
    *("kind", "exam", "regime", "start", "end", "predictor", "rows", "dates", "events", "sufficient", "log_loss"),
    *_SKILLS,
    *("auc", "accuracy", "majority_accuracy", "walk_forward_log_loss", "walk_forward_skill_regime_prior"),
]


class _Part(NamedTuple):
    """What one line scores: an event, or all events of a regime, and the scored rows."""

    kind: str
    name: str
    rows: Rows


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

    Parameters
    ----------
    predictions : pandas.DataFrame
        `predictor, exam, symbol, date, p_sell, p_hold, p_buy` of the models and of both baselines, the latter from all
        labelled rows that the exam does not leave out.
    walk_forward : pandas.DataFrame
        `predictor, symbol, date, fold, p_sell, p_hold, p_buy` of the models and both baselines; other predictors are
        left alone.
    labels, regimes, exams : pandas.DataFrame
        The tables of these names.
    settings : Validation
    seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row an event (`kind` event, by date), then one a regime, all its events pooled (`kind` regime), and a
        predictor: the models, `vote`, which is their equal mean, and the baselines. `walk_forward_log_loss` and
        `walk_forward_skill_regime_prior` are of the same predictor's walk-forward predictions of the same rows, NaN
        where it has none. `sufficient` is True for regimes of at least `min_episodes` events. Without exams, no rows.

    Raises
    ------
    InputError
        As :func:`barograph.scoring.pairing.pair`.

    Warnings
    --------
    Not causal in time: trained also on what came after. It tells how well a crisis can be predicted from the others,
    not how well it was.

    Notes
    -----
    Scored are rows with a label that every predictor predicted, in the exam and, where it did so at all, walking
    forward. Skill is 1 - LL / LL(baseline). Its intervals come from a block bootstrap of dates in an event, NaN for one
    shorter than two blocks; in a regime whole events are drawn first and blocks of dates within each of them second,
    because the next crisis is a new event. See :func:`barograph.validation.validate`.
    """
    if exams.empty:
        return pd.DataFrame(columns=_COLUMNS)
    ordered = exams.sort_values("start", ignore_index=True)
    both = _both(predictions, walk_forward, ordered)
    universe = pd.DataFrame({"symbol": both["symbol"].unique(), "gics_sector": "any"})
    paired = pair(both, labels, regimes, universe)
    scorer = Scorer(paired, settings.calibration_bins)
    table = pd.concat([_score(part, paired, scorer, settings, seed) for part in _parts(ordered, paired)])
    starts = ordered.set_index("exam")
    for day in ("start", "end"):
        table[day] = table["exam"].map(starts[day])
    table["regime"] = table["exam"].map(starts["regime"]).fillna(table["exam"])
    return table.reset_index(drop=True)[_COLUMNS]


def _both(predictions: pd.DataFrame, walk_forward: pd.DataFrame, exams: pd.DataFrame) -> pd.DataFrame:
    """Put every predictor's answers in the exams beside what it predicted of the same rows walking forward."""
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


def _parts(exams: pd.DataFrame, paired: Paired) -> list[_Part]:
    of_regime = {regime: np.flatnonzero(exams["regime"] == regime) for regime in REGIMES}
    wanted = [("event", name, np.array([at])) for at, name in enumerate(exams["exam"])]
    wanted += [("regime", regime, own) for regime, own in of_regime.items()]
    parts = [_Part(kind, name, np.flatnonzero(np.isin(paired.fold, own))) for kind, name, own in wanted]
    return [part for part in parts if part.rows.size]


def _score(part: _Part, paired: Paired, scorer: Scorer, settings: Validation, seed: int) -> pd.DataFrame:
    names = [name for name in paired.predictors if not name.startswith(_WALKED)]
    today = [paired.predictors.index(name) for name in names]
    dates, first = np.unique(paired.date[part.rows], return_index=True)
    events, episode = np.unique(paired.fold[part.rows[first]], return_inverse=True)
    rng = generator(seed, "exam", part.kind, part.name)
    counts = episode_bootstrap_counts(episode, settings.block_days, settings.resamples, rng).astype(np.float64)
    resampled = scorer.loss_per_date(part.rows, dates) @ counts.T
    if events.size == 1 and dates.size < 2 * settings.block_days:
        resampled = np.full_like(resampled, np.nan)
    scores = scorer.point(part.rows)
    areas = scorer.auc(part.rows, dates, np.ones((1, dates.size)))[:, 0]
    walked = pd.Series(scores["log_loss"], index=paired.predictors).reindex([_WALKED + name for name in names])
    return pd.DataFrame(
        {
            "kind": part.kind,
            "exam": part.name,
            "predictor": names,
            "rows": part.rows.size,
            "dates": dates.size,
            "events": events.size,
            "sufficient": part.kind == "regime" and events.size >= settings.min_episodes,
            **{name: scores[name][today] for name in ("log_loss", "accuracy", "majority_accuracy")},
            "auc": areas[today],
            **_skills(scores["log_loss"], resampled, paired, today, settings.level),
            "walk_forward_log_loss": walked.to_numpy(),
            "walk_forward_skill_regime_prior": (1 - walked / walked[_WALKED + REGIME_PRIOR]).to_numpy(),
        }
    )


def _skills(log_loss: Floats, resampled: Floats, paired: Paired, today: list[int], level: float) -> dict[str, Floats]:
    """Give skill against each baseline from mean losses (P,) and summed losses of the resamples (P, resamples)."""
    skills = {}
    for baseline in BASELINES:
        at, name = paired.predictors.index(baseline), f"skill_{baseline}"
        skills[name] = 1 - log_loss[today] / log_loss[at]
        skills[f"{name}_low"], skills[f"{name}_high"] = interval((1 - resampled[today] / resampled[at]).T, level)
    return skills
