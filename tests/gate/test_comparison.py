"""Candidate and champion on the same days: which days, which figures, and what is not known yet."""

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.gate import Comparison, compare
from barograph.names import PROBABILITIES

DAYS = pd.bdate_range("2023-01-02", periods=300).astype("datetime64[us]")
SINCE = 40
LIFE = 10


def _world() -> dict[str, pd.DataFrame]:
    """Three symbols; labels live ten days, and the last ten days have none."""
    grid = pd.MultiIndex.from_product([["A", "B", "C"], DAYS], names=["symbol", "date"]).to_frame(index=False)
    rng = np.random.default_rng(1)
    day = np.tile(np.arange(len(DAYS)), 3)
    exit_date = DAYS.to_numpy()[np.minimum(day + LIFE, len(DAYS) - 1)]
    labels = grid.assign(label=rng.integers(0, 3, len(grid)).astype(np.int8), exit_date=exit_date)
    labels = labels[day + LIFE < len(DAYS)]
    said = {
        name: grid.assign(**dict(zip(PROBABILITIES, rng.dirichlet([5, 5, 5], len(grid)).T, strict=True)))
        for name in ("champion", "candidate", "prior")
    }
    said["champion"] = said["champion"][said["champion"]["date"] > DAYS[SINCE]]
    return said | {"labels": labels}


def _compare(world: dict[str, pd.DataFrame]) -> Comparison:
    return compare(**world, name="svm of v1.0.0", level=0.05)


def test_figures_are_those_of_the_matured_days_after_the_promotion() -> None:
    world = _world()
    found = _compare(world)
    rows = world["champion"].merge(world["candidate"], on=["symbol", "date"], suffixes=("", "_c"))
    rows = rows.merge(world["labels"], on=["symbol", "date"])
    assert rows["date"].nunique() == found.figures["dates"] == len(DAYS) - SINCE - 1 - LIFE
    assert len(rows) == found.figures["rows"]
    hit = np.eye(3)[rows["label"]]
    p, q = rows[[*PROBABILITIES]].to_numpy(), rows[[f"{name}_c" for name in PROBABILITIES]].to_numpy()
    assert found.figures["brier_difference"] == pytest.approx(((p - hit) ** 2 - (q - hit) ** 2).sum(axis=1).mean())
    losses = [-np.log((each * hit).sum(axis=1)).mean() for each in (p, q)]
    assert [found.scores[who]["log_loss"] for who in ("champion", "candidate")] == pytest.approx(losses)
    assert found.figures["log_loss_saved"] == pytest.approx(1 - losses[1] / losses[0])
    assert found.scores["candidate"]["accuracy"] == pytest.approx((q.argmax(axis=1) == rows["label"]).mean())
    assert (found.champion, found.reason, found.itself) == ("svm of v1.0.0", "", False)


def test_a_candidate_that_knows_the_answers_passes_and_the_champion_does_not() -> None:
    world = _world()
    answers = world["candidate"].merge(world["labels"], on=["symbol", "date"], how="left")
    sure = 0.9 * np.eye(3)[answers["label"].fillna(1).astype(int)] + 0.1 / 3
    knowing = world["candidate"].assign(**dict(zip(PROBABILITIES, sure.T, strict=True)))
    assert _compare(world | {"candidate": knowing}).figures["p_value"] < 0.06
    swapped = {"candidate": world["champion"], "champion": knowing[knowing["date"] > DAYS[SINCE]]}
    assert _compare(world | swapped).figures["p_value"] == 1.0


def test_a_label_that_ends_early_is_told_no_earlier_than_the_others() -> None:
    """The table of labels has it only when its horizon is complete; who staked on it before knew more than a look."""
    world = _world()
    labels = world["labels"]
    early = labels["date"] > DAYS[SINCE]
    exits = labels["exit_date"].mask(early, labels["date"] + pd.offsets.BDay(1))
    assert _compare(world | {"labels": labels.assign(exit_date=exits)}) == _compare(world)


def test_the_order_of_rows_is_of_no_effect() -> None:
    world = _world()
    shuffled = {name: frame.sample(frac=1, random_state=4) for name, frame in world.items()}
    assert _compare(shuffled) == _compare(world)


def test_before_a_date_has_matured_nothing_is_judged() -> None:
    world = _world()
    for first in (DAYS[-LIFE], DAYS[-1] + pd.Timedelta(days=1)):
        late = world["champion"][world["champion"]["date"] >= first]
        found = _compare(world | {"champion": late})
        assert (found.reason, dict(found.figures)) == ("no date since its promotion has matured", {})


def test_a_date_waits_for_all_its_symbols_but_not_for_one_that_trades_no_more() -> None:
    world = _world()
    labels = world["labels"]
    late = labels[(labels["symbol"] != "C") | (labels["date"] < DAYS[80])]
    waiting = _compare(world | {"labels": late}).figures
    assert (waiting["dates"], waiting["rows"]) == (80 - SINCE - 1, 3 * (80 - SINCE - 1))
    champion = world["champion"]
    ended = champion[(champion["symbol"] != "C") | (champion["date"] < DAYS[90])]
    found = _compare(world | {"labels": late, "champion": ended})
    assert found.figures["dates"] == len(DAYS) - SINCE - 1 - LIFE


def test_refuses_a_candidate_without_a_row_of_the_champion() -> None:
    world = _world()
    gap = world["candidate"][world["candidate"]["date"] != DAYS[60]]
    with pytest.raises(InputError, match="predictions: the candidate has none of A on 2023-03-27; the champion has"):
        _compare(world | {"candidate": gap})


def test_refuses_labels_that_begin_with_the_comparison() -> None:
    world = _world()
    young = world["labels"][world["labels"]["date"] > DAYS[SINCE]]
    with pytest.raises(InputError, match="labels: none is older than 2023-02-28"):
        _compare(world | {"labels": young})
