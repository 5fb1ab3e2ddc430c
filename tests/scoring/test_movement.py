"""Movement and direction: two parts that add up to the skill, answers known by construction, and scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics as oracle

from barograph.losses import SMALLEST, log_losses
from barograph.names import BASELINES
from barograph.randomness import generator
from barograph.scoring import METRICS, Forecasts, Part, Resamples, metrics_of, score_columns
from barograph.scoring.movement import movement_losses
from barograph.typing import Floats

DAYS, ROWS = 40, 4_000
SELL, HOLD, BUY = 0, 1, 2


def _joined(hit: Floats, buy: Floats) -> Floats:
    """Give probabilities of sell, hold and buy from that of a hit and that of a buy given a hit."""
    return np.stack([hit * (1 - buy), 1 - hit, hit * buy], axis=-1)


def _part(**forecasts: Floats) -> Part:
    """Draw labels from a truth that knows of movement and of direction, and give the forecasts beside baselines."""
    hit, buy = _truth()
    rng = generator(0, "labels")
    moved, up = rng.random(ROWS) < hit, rng.random(ROWS) < buy
    label = np.where(moved, np.where(up, BUY, SELL), HOLD)
    given = dict.fromkeys(BASELINES, _joined(np.full(ROWS, 0.5), np.full(ROWS, 0.54))) | forecasts
    stacked = np.stack(list(given.values()))
    return Part(Forecasts(list(given), stacked, label, np.arange(ROWS) % DAYS, DAYS, 5), np.arange(ROWS))


def _truth() -> tuple[Floats, Floats]:
    rng = generator(0, "truth")
    return rng.uniform(0.1, 0.9, ROWS), rng.uniform(0.2, 0.9, ROWS)


def _scores(part: Part, key: str, predictor: str) -> Floats:
    found: Floats = METRICS[key].score(part)[part.forecasts.predictors.index(predictor)]
    return found


def _some(part: Part) -> Resamples:
    counts = generator(0, "counts").integers(3, size=(7, DAYS)).astype(float)
    return Resamples(part.forecasts, part.rows, np.arange(DAYS), counts)


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_parts_add_up_to_the_skill_also_where_a_probability_is_zero(baseline: str) -> None:
    rng = generator(0, "forecasts")
    zeros = rng.dirichlet([0.5, 0.5, 0.5], size=ROWS)
    zeros[rng.random(zeros.shape) < 0.2] = 0.0
    part = _part(sure=np.eye(3)[rng.integers(3, size=ROWS)], zeros=zeros, spread=rng.dirichlet([1, 2, 1], size=ROWS))
    for sample in (part, _some(part)):
        movement, direction, skill = (
            METRICS[f"{name}_{baseline}"].score(sample) for name in ("movement", "direction", "skill")
        )
        assert_allclose(movement + direction, skill, rtol=0, atol=1e-12)
    assert (log_losses(zeros, part.label) == -np.log(SMALLEST)).any()


def test_no_part_of_a_loss_is_negative_and_a_hold_says_nothing_of_direction() -> None:
    rng = generator(0, "losses")
    probabilities = rng.dirichlet([0.3, 0.3, 0.3], size=(2, ROWS))
    probabilities[rng.random(probabilities.shape) < 0.3] = 0.0
    label = rng.integers(3, size=ROWS)
    whole, movement = log_losses(probabilities, label), movement_losses(probabilities, label)
    assert (movement >= 0).all()
    assert (whole - movement >= 0).all()
    np.testing.assert_array_equal(movement[:, label == HOLD], whole[:, label == HOLD])
    neither = np.array([[0.0, 1.0, 0.0]])
    assert log_losses(neither, np.array([BUY])) == movement_losses(neither, np.array([BUY])) == -np.log(SMALLEST)


@pytest.mark.parametrize("baseline", BASELINES)
def test_who_knows_the_movement_alone_has_no_skill_of_direction(baseline: str) -> None:
    hit, _ = _truth()
    part = _part(volatility=_joined(hit, np.full(ROWS, 0.54)))
    for sample in (part, _some(part)):
        assert_allclose(_scores(sample, f"direction_{baseline}", "volatility"), 0, atol=1e-12)
        assert_allclose(_scores(sample, f"direction_skill_{baseline}", "volatility"), 0, atol=1e-12)
        assert (_scores(sample, f"movement_{baseline}", "volatility") > 0.05).all()


@pytest.mark.parametrize("baseline", BASELINES)
def test_who_knows_the_side_alone_has_no_skill_of_movement(baseline: str) -> None:
    _, buy = _truth()
    part = _part(side=_joined(np.full(ROWS, 0.5), buy))
    for sample in (part, _some(part)):
        assert_allclose(_scores(sample, f"movement_{baseline}", "side"), 0, atol=1e-12)
        assert (_scores(sample, f"direction_{baseline}", "side") > 0.02).all()


def test_a_side_that_is_known_for_certain_saves_all_of_the_direction() -> None:
    part = _part()
    known = _part(prophet=_joined(np.full(ROWS, 0.5), (part.label == BUY).astype(float)))
    assert _scores(known, "direction_skill_prior", "prophet") == pytest.approx(1)
    hits = part.label != HOLD
    expected = oracle.log_loss(part.label[hits] == BUY, np.full(hits.sum(), 0.54)) * hits.mean()
    assert _scores(known, "direction_prior", "prophet") == pytest.approx(expected / part.mean(part.loss)[0])


def test_the_parts_are_scikit_learns_log_losses_of_two_smaller_problems() -> None:
    rng = generator(0, "forecasts")
    given = rng.dirichlet([1, 2, 1], size=ROWS)
    part = _part(model=given)
    hits = part.label != HOLD
    up = part.label[hits] == BUY

    def losses(p: Floats) -> tuple[float, float, float]:
        side = p[hits, BUY] / (p[hits, SELL] + p[hits, BUY])
        return (
            float(oracle.log_loss(part.label, p, labels=[SELL, HOLD, BUY])),
            float(oracle.log_loss(hits, 1 - p[:, HOLD])),
            float(oracle.log_loss(up, side)),
        )

    model, prior = losses(given), losses(part.forecasts.probabilities[0])
    expected = {
        "movement_prior": (prior[1] - model[1]) / prior[0],
        "direction_prior": (prior[2] - model[2]) * hits.mean() / prior[0],
        "direction_skill_prior": 1 - model[2] / prior[2],
    }
    for key, value in expected.items():
        assert _scores(part, key, "model") == pytest.approx(value, rel=1e-9), key


def test_where_no_barrier_is_hit_the_direction_has_no_skill_of_its_own() -> None:
    part = _part(model=_joined(*_truth()))
    holds = Part(part.forecasts, np.flatnonzero(part.label == HOLD))
    assert np.isnan(_scores(holds, "direction_skill_prior", "model"))
    assert _scores(holds, "direction_prior", "model") == 0


@pytest.mark.parametrize("baseline", BASELINES)
def test_slices_give_the_parts_with_intervals_and_other_tables_do_not_have_them(baseline: str) -> None:
    keys = [f"{part}_{baseline}" for part in ("movement", "direction", "direction_skill")]
    columns = score_columns("slices", ["all"])
    assert {f"{key}{end}" for key in keys for end in ("", "_low", "_high")} <= set(columns)
    assert not {metric.key for table in ("exams", "study") for metric in metrics_of(table)} & set(keys)
