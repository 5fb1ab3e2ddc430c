"""Marks of the exams: scores against scikit-learn, the vote, baselines, pooling, intervals, the walk beside them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from barograph.ensemble import exam_baselines
from barograph.names import BASELINES, PROBABILITIES
from barograph.randomness import generator
from barograph.scoring import METRICS, Metric, Validation
from barograph.scoring.bootstrap import block_bootstrap_counts, episode_bootstrap_counts
from barograph.validation import score_exams
from tests.scoring.oracle import sign_flip_oracle, widened, worth

P = list(PROBABILITIES)
SETTINGS = Validation(
    block_days=5, resamples=60, auc_resamples=20, level=0.9, min_episodes=3, episode_gap_days=63, calibration_bins=10
)

DAYS = pd.bdate_range("2007-01-01", periods=1200).astype("datetime64[us]")
SYMBOLS = [f"S{i}" for i in range(5)]
# The names are not in the order of time; `brief` is one date short of two blocks.
EVENTS = {
    "third": (900, 940, "crash"),
    "brief": (600, 609, "crash"),
    "second": (300, 330, "crash"),
    "up": (400, 410, "recovery"),
}
MODELS = {"weak": 0.2, "strong": 1.0, "mild": 0.5}
ENDS = [f"skill_{baseline}_{end}" for baseline in BASELINES for end in ("low", "high")]
SKILLS = [f"skill_{baseline}{end}" for baseline in BASELINES for end in ("", "_low", "_high")]
WALKED = ["walk_forward_log_loss", "walk_forward_skill_regime_prior"]
COLUMNS = [
    *("kind", "exam", "regime", "start", "end", "predictor", "rows", "dates", "events", "effective_events"),
    *("more_events", "sufficient", "attainable_p", *(f"sign_flip_p_{baseline}" for baseline in BASELINES)),
    *("log_loss", *SKILLS, "auc", "accuracy", "majority_accuracy", *WALKED),
]


class World(NamedTuple):
    """The inputs of score_exams, in its order."""

    predictions: pd.DataFrame
    walk_forward: pd.DataFrame
    labels: pd.DataFrame
    regimes: pd.DataFrame
    exams: pd.DataFrame


def marked(world: World, settings: Validation, seed: int) -> pd.DataFrame:
    rows = world.predictions[["exam", "symbol", "date"]].drop_duplicates()
    answers = [world.predictions, exam_baselines(rows, world.labels, world.regimes, world.exams)] if len(rows) else []
    predictions = pd.concat(answers, ignore_index=True) if answers else world.predictions
    return score_exams(predictions, *world[1:], settings, seed)


def guesses(rng: np.random.Generator, label: np.ndarray, certainty: float) -> np.ndarray:
    values = rng.dirichlet([3, 3, 3], size=label.size) + certainty * np.eye(3)[label]
    return values / values.sum(axis=1, keepdims=True)


def make_world() -> World:
    rng = np.random.default_rng(8)
    key = pd.MultiIndex.from_product([SYMBOLS, DAYS], names=["symbol", "date"]).to_frame(index=False)
    day = DAYS.get_indexer(key["date"])
    label = rng.choice(3, len(key), p=[0.5, 0.3, 0.2]).astype(np.int8)
    regime = np.full(DAYS.size, "normal", dtype=object)
    for start, end, kind in EVENTS.values():
        regime[start:end] = kind
    everything = key.assign(label=label, exit_date=DAYS[np.minimum(day + 3, DAYS.size - 1)])
    labels = everything[(day < DAYS.size - 3) & ~((key["symbol"] == "S4") & (day == 305))]
    exams = pd.DataFrame(
        [
            (name, kind, DAYS[a], DAYS[b - 1], DAYS[a - 2], DAYS[b + 4], 1, (b - a) * 5)
            for name, (a, b, kind) in EVENTS.items()
        ],
        columns=["exam", "regime", "start", "end", "left_out_from", "left_out_to", "fold", "rows"],
    ).sort_values("exam", ignore_index=True)
    sat, walked = [], []
    for name, certainty in {**MODELS, "structural": 0.3}.items():
        for exam, (a, b, _) in EVENTS.items():
            own = (day >= a) & (day < b)
            p = guesses(rng, label[own], certainty)
            sat.append(key[own].assign(predictor=name, exam=exam, **dict(zip(P, p.T, strict=True))))
    # What the ensemble predicts is not looked at, and it lacks the first days of an event.
    for name, first in (dict.fromkeys((*MODELS, *BASELINES), 250) | {"ensemble": 310}).items():
        p = guesses(rng, label, 0.1)
        walked.append(key.assign(predictor=name, fold=day // 100, **dict(zip(P, p.T, strict=True)))[day >= first])
    regimes = pd.DataFrame({"date": DAYS, "regime": pd.array(regime, dtype="str")})
    return World(*(pd.concat(parts, ignore_index=True) for parts in (sat, walked)), labels, regimes, exams)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


@pytest.fixture(scope="module")
def table(world: World) -> pd.DataFrame:
    return marked(world, SETTINGS, 1)


def line(table: pd.DataFrame, exam: str, predictor: str) -> pd.Series:
    own = table[(table["exam"] == exam) & (table["predictor"] == predictor)]
    assert len(own) == 1
    return own.iloc[0]


def answers(world: World, predictor: str, exams: list[str], source: str = "predictions") -> pd.DataFrame:
    """Give a predictor's answers in some events with their labels, worked out afresh."""
    rows = world.predictions[["exam", "symbol", "date"]].drop_duplicates()
    frame = getattr(world, source)
    if predictor == "vote":
        wide = frame[frame["predictor"].isin(MODELS)].pivot(index=["symbol", "date"], columns="predictor", values=P)
        frame = sum(wide.xs(name, axis=1, level="predictor") for name in MODELS) / 3
        frame = frame.reset_index()
    elif predictor in ("prior", "regime_prior") and source == "predictions":
        frame = exam_baselines(rows, world.labels, world.regimes, world.exams).query("predictor == @predictor")
    else:
        frame = frame[frame["predictor"] == predictor]
    frame = frame[["symbol", "date", *P]].merge(rows[rows["exam"].isin(exams)], on=["symbol", "date"])
    return frame.merge(world.labels, on=["symbol", "date"]).sort_values(["symbol", "date"], ignore_index=True)


def loss(rows: pd.DataFrame, weight: np.ndarray | None = None) -> float:
    return float(oracle.log_loss(rows["label"], rows[P], labels=[0, 1, 2], sample_weight=weight))


POOLS = {"second": ["second"], "brief": ["brief"], "crash": ["second", "brief", "third"], "recovery": ["up"]}


def test_the_table_is_as_agreed(table):
    assert list(table.columns) == COLUMNS
    order = ["second", "up", "brief", "third", "crash", "recovery"]
    assert table["exam"].drop_duplicates().tolist() == order
    assert table["kind"].drop_duplicates().tolist() == ["event", "regime"]
    for _, own in table.groupby("exam"):
        assert sorted(own["predictor"]) == ["mild", "prior", "regime_prior", "strong", "structural", "vote", "weak"]
    facts = table[table["predictor"] == "vote"].set_index("exam")
    assert facts["regime"].to_dict() == {name: EVENTS[name][2] for name in EVENTS} | {
        "crash": "crash",
        "recovery": "recovery",
    }
    assert facts["rows"].to_dict() == {"second": 149, "up": 50, "brief": 45, "third": 200, "crash": 394, "recovery": 50}
    assert facts["dates"].to_dict() == {"second": 30, "up": 10, "brief": 9, "third": 40, "crash": 79, "recovery": 10}
    assert facts["events"].to_dict() == dict.fromkeys(EVENTS, 1) | {"crash": 3, "recovery": 1}
    assert facts.loc["crash", "effective_events"] == pytest.approx(79**2 / (30**2 + 9**2 + 40**2))
    assert facts["more_events"].to_dict() == dict.fromkeys(EVENTS, 4) | {"crash": 2, "recovery": 4}
    assert not facts["sufficient"].any()
    for name, (first, after, _) in EVENTS.items():
        assert (facts.loc[name, "start"], facts.loc[name, "end"]) == (DAYS[first], DAYS[after - 1])
    assert facts.loc[["crash", "recovery"], ["start", "end"]].isna().all(axis=None)


@pytest.mark.parametrize("predictor", ["weak", "strong", "vote", *BASELINES])
@pytest.mark.parametrize("exam", POOLS)
def test_scores_are_scikit_learns(world, table, exam, predictor):
    rows, found = answers(world, predictor, POOLS[exam]), line(table, exam, predictor)
    walked = answers(world, predictor, POOLS[exam], "walk_forward")
    p, y = rows[P].to_numpy(), rows["label"].to_numpy()
    expected = {
        "rows": len(rows),
        "log_loss": loss(rows),
        "skill_prior": 1 - loss(rows) / loss(answers(world, "prior", POOLS[exam])),
        "skill_structural": 1 - loss(rows) / loss(answers(world, "structural", POOLS[exam])),
        "skill_regime_prior": 1 - loss(rows) / loss(answers(world, "regime_prior", POOLS[exam])),
        "auc": oracle.roc_auc_score(y, p, multi_class="ovr", average="macro"),
        "accuracy": oracle.accuracy_score(y, p.argmax(axis=1)),
        "majority_accuracy": np.bincount(y).max() / y.size,
        "walk_forward_log_loss": loss(walked),
        "walk_forward_skill_regime_prior": 1
        - loss(walked) / loss(answers(world, "regime_prior", POOLS[exam], "walk_forward")),
    }
    for score, value in expected.items():
        assert found[score] == pytest.approx(value, rel=1e-9, abs=1e-12), score


def test_an_events_interval_resamples_its_dates_and_a_regimes_its_events_first(world, table):
    sizes = [30, 9, 40]
    draws = {
        "second": block_bootstrap_counts(30, 5, 60, generator(1, "exam", "event", "second")),
        "crash": episode_bootstrap_counts(np.repeat([0, 1, 2], sizes), 5, 60, generator(1, "exam", "regime", "crash")),
    }
    for exam, counts in draws.items():
        rows, prior = answers(world, "weak", POOLS[exam]), answers(world, "prior", POOLS[exam])
        date = np.searchsorted(np.sort(rows["date"].unique()), rows["date"])
        skills = [1 - loss(rows, count[date]) / loss(prior, count[date]) for count in counts]
        found = line(table, exam, "weak")
        ends = (found["skill_prior_low"], found["skill_prior_high"])
        cases = worth(sizes) if exam == "crash" else 30 / 5
        np.testing.assert_allclose(ends, widened(found["skill_prior"], skills, 0.9, cases), rtol=1e-9)


def test_the_exact_test_flips_whole_events_and_only_where_they_are_pooled(world, table):
    exact = ["attainable_p", *(f"sign_flip_p_{baseline}" for baseline in BASELINES)]
    assert table.loc[table["kind"] == "event", exact].isna().all(axis=None)
    assert line(table, "crash", "vote")["attainable_p"] == 1 / 8
    assert line(table, "recovery", "vote")["attainable_p"] == 1 / 2
    seen = set()
    for predictor in ("weak", "strong", "vote", *BASELINES):
        for baseline in BASELINES:
            gaps = []
            for exam in POOLS["crash"]:
                own, base = answers(world, predictor, [exam]), answers(world, baseline, [exam])
                gaps.append((loss(base) - loss(own)) * len(own))
            p = line(table, "crash", predictor)[f"sign_flip_p_{baseline}"]
            assert p == sign_flip_oracle(gaps)
            seen.add(p)
    assert {1 / 8, 1.0} <= seen


def test_a_single_event_shorter_than_two_blocks_has_no_interval(world):
    unknown_by_block = {5: {"brief"}, 6: {"brief", "up", "recovery"}, 40: {*EVENTS, "recovery"}}
    for block, unknown in unknown_by_block.items():
        found = marked(world, Validation(**{**vars(SETTINGS), "block_days": block}), 1)
        absent = found[ENDS].isna()
        assert set(found.loc[absent.any(axis=1), "exam"]) == unknown
        assert absent[found["exam"].isin(unknown)].all(axis=None)


def test_one_event_is_never_sufficient_evidence(world, monkeypatch):
    crises = world.exams.assign(regime="crash")
    assert not marked(world._replace(exams=crises), SETTINGS, 1)["sufficient"].any()
    monkeypatch.setattr("barograph.scoring.evidence.SIGNIFICANT", 1.0)
    found = marked(world, Validation(**{**vars(SETTINGS), "min_episodes": 1}), 1)
    assert found["sufficient"].equals(found["kind"] == "regime")


def test_a_predictor_without_a_walk_has_none_beside_it(world, table):
    fewer = world._replace(walk_forward=world.walk_forward[world.walk_forward["predictor"] != "weak"])
    found = marked(fewer, SETTINGS, 1)
    assert found.loc[found["predictor"].isin(["weak", "vote"]), WALKED].isna().all(axis=None)
    others = ~found["predictor"].isin(["weak", "vote"])
    pd.testing.assert_frame_equal(found[others], table[others])
    pd.testing.assert_frame_equal(found.drop(columns=WALKED), table.drop(columns=WALKED))
    none = marked(world._replace(walk_forward=world.walk_forward[:0]), SETTINGS, 1)
    assert none[WALKED].isna().all(axis=None)
    pd.testing.assert_frame_equal(none.drop(columns=WALKED), table.drop(columns=WALKED))


def test_order_does_not_matter_and_the_seed_only_to_intervals(world, table):
    shuffled = World(*(frame.sample(frac=1, random_state=4) for frame in world))
    pd.testing.assert_frame_equal(marked(shuffled, SETTINGS, 1), table, check_exact=True)
    other = marked(world, SETTINGS, 2)
    pd.testing.assert_frame_equal(other.drop(columns=ENDS), table.drop(columns=ENDS))
    assert (other["skill_prior_low"] != table["skill_prior_low"]).any()


def test_a_metric_is_one_entry_of_the_registry(world, table, monkeypatch):
    metric = Metric("buys", "Buys", "mean of p_buy", "share", None, lambda part: part.mean(part.probabilities[..., 2]))
    monkeypatch.setitem(METRICS, "buys", metric)
    found = marked(world, SETTINGS, 1)
    pd.testing.assert_frame_equal(found.drop(columns="buys"), table)
    assert list(found.columns).index("buys") == COLUMNS.index("majority_accuracy") + 1
    for exam, events in POOLS.items():
        assert line(found, exam, "vote")["buys"] == pytest.approx(answers(world, "vote", events)["p_buy"].mean())


def test_without_exams_there_is_a_header(world):
    empty = world._replace(predictions=world.predictions[:0], exams=world.exams[:0])
    found = marked(empty, SETTINGS, 1)
    assert list(found.columns) == COLUMNS
    assert found.empty
