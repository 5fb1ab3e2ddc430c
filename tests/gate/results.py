"""The results that a gate judges, invented: every regime, sector and exam is passed."""

from typing import Any

import pandas as pd

from barograph.gate import Results
from barograph.names import REGIMES

SECTORS = ["Energy", "Utilities"]
SCORES = {"accuracy": 0.8, "skill_regime_prior": 0.02, "sign_flip_p_regime_prior": 0.01}
PRIORS = {"accuracy": 0.7, "skill_regime_prior": -0.01, "sign_flip_p_regime_prior": 0.9}


def _table(kinds: dict[str, list[str]], name: str, case: str, predictors: dict[str, dict[str, float]]) -> pd.DataFrame:
    weight = {f"{case}s": 8, f"effective_{case}s": 6.0, f"more_{case}s": 0.0, "sufficient": True}
    return pd.DataFrame(
        {"kind": kind, name: one, "predictor": predictor} | weight | scores
        for kind, names in kinds.items()
        for one in names
        for predictor, scores in predictors.items()
    )


def slices() -> pd.DataFrame:
    """By regime and sector, of the ensemble and of `prior`."""
    kinds = {"overall": ["overall"], "regime": list(REGIMES), "sector": SECTORS}
    return _table(kinds, "slice", "episode", {"ensemble": SCORES, "svm": SCORES, "prior": PRIORS})


def exams() -> pd.DataFrame:
    """Of the vote, a model and `prior`; single events are too few to decide anything."""
    kinds = {"event": ["covid_crash_2020"], "regime": ["crash", "recovery"]}
    table = _table(kinds, "exam", "event", {"vote": SCORES, "svm": SCORES, "prior": PRIORS})
    alone = table["kind"] == "event"
    table.loc[alone, ["events", "effective_events", "more_events"]] = [1, 1.0, 4.0]
    return table.assign(sufficient=~alone)


def replay() -> pd.DataFrame:
    """Of two models: on look-alikes of replayed rows and on other rows, in one window and in all together."""
    parts = [
        (model, fold, part)
        for model in ("svm", "xgboost")
        for fold in ("3", "all")
        for part in ("look_alikes", "others")
    ]
    return pd.DataFrame(parts, columns=["model", "fold", "part"]).assign(improvement=0.01, rows=90)


def results(**given: Any) -> Results:
    """Put together the metrics given and the tables above."""
    nothing: dict[str, Any] = {"validation": {}, "backtest": {}, "drift": {}}
    return Results(**nothing | {"slices": slices(), "exams": exams(), "replay": replay()} | given)
