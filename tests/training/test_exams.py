"""Sitting exams: what a model is fitted on and asked, a planted event that only a cheat knows, baselines by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.archive import Archive, archive_tables
from barograph.ensemble import exam_baselines
from barograph.errors import InputError
from barograph.folds import WalkForward
from barograph.memory import Exam, Memory, Window, exam_samples
from barograph.models import ExtraTrees, TrainingSet
from barograph.names import PROBABILITIES
from barograph.randomness import seed_for
from barograph.regimes import VixPriceRegimes
from barograph.training import sit_exams
from barograph.training.schema import EXAM_PREDICTIONS

DAYS = pd.bdate_range("2010-01-01", "2013-12-31").astype("datetime64[us]")
SYMBOLS = [f"S{i}" for i in range(8)]
EVENTS = {
    "slump": {"start": "2012-03-01", "end": "2012-06-29", "regime": "crash", "weight": 0.5},
    "dip": {"start": "2013-03-01", "end": "2013-03-29", "regime": "crash", "weight": 0.5},
}
EVERYTHING = Memory(
    rows=100_000, window=Window(years=None, half_life=None), archive=None, balance=None, weights=None, replay=None
)
FOREST = ExtraTrees(params={"n_estimators": 20, "max_depth": None, "min_samples_leaf": 1, "max_features": None})


class Planted:
    """A market of pure chance but for one event, in which one feature gives the label away."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        key = pd.MultiIndex.from_product([SYMBOLS, DAYS], names=["symbol", "date"]).to_frame(index=False)
        label = rng.integers(0, 3, len(key)).astype(np.int8)
        slump = key["date"].between("2012-03-01", "2012-06-29")
        self.features = key.assign(
            clue=np.where(slump, 10.0 + (label + 1) % 3, rng.normal(size=len(key))).astype(np.float32),
            noise=rng.normal(size=len(key)).astype(np.float32),
        )
        last = np.arange(DAYS.size)
        exits = pd.Series(DAYS[np.minimum(last + 10, DAYS.size - 1)], index=DAYS)
        labels = key.assign(label=label, exit_date=exits[key["date"]].to_numpy(), exit_return=0.0, uniqueness=0.1)
        self.labels = labels[labels["date"] < DAYS[-10]].reset_index(drop=True)
        self.regimes = pd.DataFrame({"date": DAYS, "regime": np.where(DAYS.month == 3, "crash", "normal")})
        archive = Archive(events=EVENTS, detection=None, detected_weight=0.1, same_event_days=0)
        self.events, self.archive = archive_tables(
            self.labels, self.regimes, pd.DataFrame(), archive, VixPriceRegimes()
        )

    def exams(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        exams, samples, _ = exam_samples(
            *(self.labels, self.regimes, self.events, self.archive),
            memory=EVERYTHING,
            folds=WalkForward(min_years=1, embargo=5).over(self.labels, self.regimes),
            embargo=5,
            seed=3,
            exam=Exam(regimes=["crash"]),
        )
        return exams, samples


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


def answers(planted: Planted, samples: pd.DataFrame, exams: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    given = {"name": "forest", "seed": 3} | changes
    sat = sit_exams(FOREST, TrainingSet(planted.features, planted.labels), samples, exams, **given)
    return pd.concat(sat, ignore_index=True)


def hits(planted: Planted, answered: pd.DataFrame, exam: str) -> float:
    known = answered[answered["exam"] == exam].merge(planted.labels, on=["symbol", "date"])
    return float((known[list(PROBABILITIES)].to_numpy().argmax(axis=1) == known["label"]).mean())


def test_only_who_has_seen_the_event_knows_it(planted):
    exams, samples = planted.exams()
    assert exams["exam"].tolist() == ["slump", "dip"]
    honest = hits(planted, answers(planted, samples, exams), "slump")
    everything = planted.labels[["symbol", "date"]].assign(exam="slump", weight=1.0)
    cheat = hits(planted, answers(planted, everything, exams[:1]), "slump")
    one_day = planted.labels["date"] == pd.Timestamp("2012-06-29")
    leak = pd.concat([samples, everything[one_day]], ignore_index=True)
    leaky = hits(planted, answers(planted, leak, exams[:1]), "slump")
    assert cheat == 1.0
    assert leaky > 0.55, "eight rows of its last day are enough to tell"
    assert honest < 0.45
    assert hits(planted, answers(planted, samples, exams), "dip") < 0.45


def test_every_row_of_the_event_with_features_is_predicted(planted, tmp_path):
    exams, samples = planted.exams()
    hidden = (planted.features["symbol"] == "S0") & (planted.features["date"] == pd.Timestamp("2012-04-02"))
    planted_less = Planted()
    planted_less.features = planted.features[~hidden].reset_index(drop=True)
    samples = samples[samples["exam"] == "slump"]
    planted_less.labels = planted.labels[planted.labels["date"] != pd.Timestamp("2012-05-02")]
    answered = answers(planted_less, samples, exams[:1])
    dates = pd.bdate_range("2012-03-01", "2012-06-29")
    everything = pd.MultiIndex.from_product([["slump"], SYMBOLS, dates])
    expected = everything.drop([("slump", "S0", pd.Timestamp("2012-04-02"))])
    assert pd.MultiIndex.from_frame(answered[["exam", "symbol", "date"]]).equals(expected)
    tables.write(EXAM_PREDICTIONS, answered, tmp_path, model="forest")
    pd.testing.assert_frame_equal(tables.read(EXAM_PREDICTIONS, tmp_path, model="forest"), answered)


class Recording:
    """Keeps what it was given, and fits a forest."""

    def __init__(self) -> None:
        self.given: list[tuple[list[str], int, int]] = []

    def fit(self, X, y, sample_weight=None, *, seed=0, lives=None):
        self.given.append((list(X.columns), len(y), seed))
        assert sample_weight.tolist() == [0.5] * len(y)
        assert len(lives) == len(y)
        return FOREST.fit(X, y, sample_weight, seed=seed)


def test_each_exam_is_fitted_on_its_own_samples_with_what_was_selected_before_it(planted):
    exams, samples = planted.exams()
    kept = {1: ["noise"], 2: ["clue", "noise"]}
    assert exams["fold"].tolist() == [1, 2]
    selection = pd.DataFrame(
        [(fold, name, name in names) for fold, names in kept.items() for name in ("clue", "noise")],
        columns=["fold", "feature", "kept"],
    )
    model = Recording()
    given = (TrainingSet(planted.features, planted.labels), samples.assign(weight=0.5), exams)
    list(sit_exams(model, *given, name="mine", seed=3, selection=selection))
    sizes = samples["exam"].value_counts()
    assert model.given == [
        (["noise"], sizes["slump"], seed_for(3, "exam", "mine", "slump")),
        (["clue", "noise"], sizes["dip"], seed_for(3, "exam", "mine", "dip")),
    ]


def test_an_event_without_features_is_named(planted):
    exams, samples = planted.exams()
    data = TrainingSet(planted.features[planted.features["date"] < "2012-09-01"], planted.labels)
    with pytest.raises(InputError, match=r"^exam dip: no features between 2013-03-01 and 2013-03-29$"):
        next(sit_exams(FOREST, data, samples[samples["date"] < "2012-09-01"], exams, name="x", seed=0))
    late = samples.loc[(samples["exam"] == "slump") & (samples["date"] >= "2012-09-01"), "date"].min()
    lost = rf"^data/exam_samples\.parquet: \('S0', .*{late:%F}.*\) of exam slump has no features or no label$"
    with pytest.raises(InputError, match=lost):
        next(sit_exams(FOREST, data, samples, exams, name="x", seed=0))


def test_no_exams_no_answers(planted):
    exams, samples = (table[:0] for table in planted.exams())
    assert not list(sit_exams(FOREST, TrainingSet(planted.features, planted.labels), samples, exams, name="x", seed=0))
    nothing = samples[["exam", "symbol", "date"]]
    baselines = exam_baselines(nothing, planted.labels, planted.regimes, exams)
    assert baselines.empty
    assert set(baselines.columns) == {"predictor", "exam", "symbol", "date", *PROBABILITIES}


def test_baselines_know_everything_but_what_is_left_out(planted):
    exams, _ = planted.exams()
    rows = planted.features[planted.features["date"].between("2012-03-26", "2012-04-03")][["symbol", "date"]]
    rows = pd.concat([rows.assign(exam="slump"), rows.assign(exam="dip")])[::-1]
    predicted = exam_baselines(rows, planted.labels, planted.regimes, exams)
    assert len(predicted) == 2 * len(rows)
    # Ten days of life and five of embargo: the last row known is of Friday the 9th, the next of Monday, 23 July.
    by_hand = {"slump": ("2012-02-08", "2012-07-20"), "dip": ("2013-02-07", "2013-04-19")}
    for exam, (last, until) in by_hand.items():
        past = planted.labels[(planted.labels["date"] <= last) | (planted.labels["date"] > until)]
        prior = np.bincount(past["label"]) / len(past)
        own = predicted[(predicted["exam"] == exam) & (predicted["predictor"] == "prior")]
        assert np.allclose(own[list(PROBABILITIES)], prior, rtol=1e-12)
        march = past[past["date"].dt.month == 3]
        crash = (np.bincount(march["label"]) + 100 * prior) / (len(march) + 100)
        own = predicted[(predicted["exam"] == exam) & (predicted["predictor"] == "regime_prior")]
        own = own[own["date"] < "2012-04-01"]
        assert len(own)
        assert np.allclose(own[list(PROBABILITIES)], crash, rtol=1e-12)
    changed = planted.labels.assign(
        label=planted.labels["label"].mask(planted.labels["date"].between("2012-02-09", "2012-07-20"), 0)
    )
    slump = rows[rows["exam"] == "slump"]
    before, after = (exam_baselines(slump, labels, planted.regimes, exams) for labels in (planted.labels, changed))
    pd.testing.assert_frame_equal(before, after)
