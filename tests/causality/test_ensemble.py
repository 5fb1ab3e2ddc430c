"""An ensemble learns from what had matured before each fold, and from nothing else."""

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble import BestSoFar, Pool, SoftVote, Stacking
from tests.ensemble.record import COLUMNS, Record, normalised

RECORD = Record(seed=3)
MEMBERS = {"a": RECORD.predictions(RECORD.noisy(1)), "b": RECORD.predictions(normalised(RECORD.noisy(2) ** 2))}
LEARNING = [
    kind(**settings, member_calibration=members, calibration=result)
    for kind, settings in ((SoftVote, {"weights": {}}), (Stacking, {"C": 0.1}))
    for members, result in ((None, "sigmoid"), ("isotonic", None), ("sigmoid", "isotonic"))
] + [
    Stacking(C=0.1),
    Pool(kind="linear"),
    Pool(kind="logarithmic"),
    Pool(kind="logarithmic", member_calibration="temperature", calibration="temperature"),
    BestSoFar(calibration="sigmoid"),
]


def _corrupted(fold):
    """Give other labels and predictions wherever they are later than what a fold may know, except its own inputs."""
    rng = np.random.default_rng(fold)
    known_until = RECORD.folds["train_end"][fold]
    labels = RECORD.labels.copy()
    late = labels["exit_date"] > known_until
    labels.loc[late, "label"] = rng.integers(0, 3, late.sum()).astype(np.int8)
    changed = {}
    for model, table in MEMBERS.items():
        rows = ((table["date"] > known_until) & (table["fold"] != fold)).to_numpy()
        changed[model] = table.copy()
        changed[model].loc[rows, COLUMNS] = normalised(rng.random((rows.sum(), 3)))
    return changed, labels


@pytest.mark.parametrize("fold", [0, 1, 2, 3])
@pytest.mark.parametrize("ensemble", LEARNING, ids=str)
def test_what_comes_after_a_folds_past_changes_no_prediction_of_it(ensemble, fold):
    before = ensemble.walk(MEMBERS, RECORD.labels, RECORD.folds).predictions
    after = ensemble.walk(*_corrupted(fold), RECORD.folds).predictions
    own = RECORD.tested(fold)
    pd.testing.assert_frame_equal(after[own], before[own], check_exact=True)
    if fold < 3:
        later = RECORD.tested(3)
        assert not np.array_equal(after.loc[later, COLUMNS], before.loc[later, COLUMNS])


@pytest.mark.parametrize("ensemble", LEARNING, ids=str)
def test_more_history_changes_no_earlier_prediction(ensemble):
    whole = ensemble.walk(MEMBERS, RECORD.labels, RECORD.folds).predictions
    cut = RECORD.folds["test_start"][2] + pd.Timedelta(days=60)
    members = {model: table[table["date"] <= cut].reset_index(drop=True) for model, table in MEMBERS.items()}
    labels = RECORD.labels[RECORD.labels["exit_date"] <= cut].reset_index(drop=True)
    last = RECORD.folds.iloc[[3]].assign(train_end=cut, test_start=cut + pd.Timedelta(days=1), test_end=pd.NaT)
    folds = pd.concat([RECORD.folds[:3], last], ignore_index=True)
    short = ensemble.walk(members, labels, folds).predictions
    early = whole[whole["date"] <= cut].reset_index(drop=True)
    assert short["fold"].max() == 2
    pd.testing.assert_frame_equal(short, early, check_exact=True)


@pytest.mark.parametrize("ensemble", LEARNING, ids=str)
def test_the_combiner_in_service_has_learned_from_the_last_window(ensemble):
    final = ensemble.walk(MEMBERS, RECORD.labels, RECORD.folds).final
    other = RECORD.labels.copy()
    recent = other["exit_date"] > RECORD.folds["train_end"][3]
    other.loc[recent, "label"] = 0
    assert final.plain() != ensemble.walk(MEMBERS, other, RECORD.folds).final.plain()
