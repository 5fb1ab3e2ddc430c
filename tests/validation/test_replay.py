"""What replay is worth: look-alikes found among later rows alone, scored against the others, with paired intervals."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.names import PROBABILITIES
from barograph.randomness import generator
from barograph.scoring import Validation, block_bootstrap_counts
from barograph.validation import look_alikes, replay_groups, replay_improvement
from tests.scoring.oracle import widened

SETTINGS = Validation(
    block_days=5, resamples=100, auc_resamples=20, level=0.9, min_episodes=3, episode_gap_days=63, calibration_bins=10
)

KEY = ["symbol", "date"]
SYMBOLS = ("A", "B", "C", "D")
WINDOW = 31
"""Trading days of a test window; fold k tests window k + 1 of the world's dates."""
FOLDS = 3


class World(NamedTuple):
    """The tables that improvement takes; `planted` marks the rows of a cluster of their own, ordered as features."""

    replayed: pd.DataFrame
    features: pd.DataFrame
    labels: pd.DataFrame
    predictions: pd.DataFrame
    without: pd.DataFrame
    planted: pd.Series

    def improvement(self, **changes: Any) -> pd.DataFrame:
        tables = {**self._asdict(), **changes}
        options = {name: tables.pop(name) for name in ("neighbours", "settings", "seed") if name in tables}
        del tables["planted"]
        return replay_improvement(**tables, **{"settings": SETTINGS, "seed": 1, **options})


def probabilities(rows: pd.DataFrame, label: pd.Series, given: Any) -> pd.DataFrame:
    """Give every row's own label a probability, and the other two classes the rest, halved."""
    p = np.repeat((1 - np.asarray(given, dtype=float).reshape(-1, 1)) / 2, 3, axis=1) * np.ones((len(rows), 1))
    p[np.arange(len(rows)), label] = given
    return rows[[*KEY, "fold"]].assign(**dict(zip(PROBABILITIES, p.T, strict=True)))


def make_world() -> World:
    """Make a market in which replay helps a tenth of the rows: the replayed ones, high in all features but one."""
    dates = pd.bdate_range("2010-01-04", periods=WINDOW * (FOLDS + 1)).astype("datetime64[us]")
    rows = pd.MultiIndex.from_product([SYMBOLS, dates], names=KEY).to_frame(index=False)
    rng = np.random.default_rng(3)
    planted = pd.Series(rng.random(len(rows)) < 0.1)
    shift = np.where(planted, 8.0, 0.0)
    features = rows.assign(**{f"high_{i}": rng.normal(size=len(rows)) + shift for i in range(40)})
    features["noise"] = rng.normal(size=len(rows))
    exits = rows["date"] + pd.tseries.offsets.BDay(2)
    labels = rows.assign(label=rng.integers(3, size=len(rows)).astype(np.int8), exit_date=exits)
    fold = np.tile(np.arange(dates.size) // WINDOW - 1, len(SYMBOLS))
    tested = rows.assign(fold=fold)[fold >= 0]
    label = labels.loc[tested.index, "label"]
    before = rng.uniform(0.2, 0.4, size=len(tested))
    after = np.where(planted[tested.index], 1.5 * before, before)
    known = labels.assign(fold=fold, loss=1.0)[planted & (fold >= 0)]
    replayed = [
        known[(known["fold"] < k) & (known["exit_date"] < dates[WINDOW * (k + 1)])].assign(fold=k)
        for k in range(1, FOLDS)
    ]
    return World(
        pd.concat(replayed)[["fold", *KEY, "loss", "exit_date"]].reset_index(drop=True),
        features,
        labels,
        probabilities(tested, label, after).reset_index(drop=True),
        probabilities(tested, label, before).reset_index(drop=True),
        planted,
    )


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def part(table: pd.DataFrame, fold: str, name: str) -> pd.Series:
    return table[(table["fold"] == fold) & (table["part"] == name)].iloc[0]


def line(values: list[float], later: list[float], replayed: list[int], **columns: list[float]) -> dict[str, Any]:
    """One symbol and one feature: dates of fold 0 with `values`, then those of fold 1, whose i-th loss is i + 1."""
    every = values + later
    dates = pd.bdate_range("2010-01-04", periods=len(every)).astype("datetime64[us]")
    rows = pd.DataFrame({"symbol": "A", "date": dates})
    label = pd.Series(0, index=rows.index, dtype=np.int8)
    fold = np.repeat([0, 1], [len(values), len(later)])
    losses = np.concatenate([np.full(len(values), 0.5), np.arange(1.0, len(later) + 1)])
    own = rows.iloc[replayed].assign(fold=1, loss=2.0, exit_date=dates[replayed])
    return {
        "replayed": own,
        "features": rows.assign(x=every, **columns),
        "labels": rows.assign(label=label),
        "predictions": probabilities(rows.assign(fold=fold), label, np.exp(-losses)),
        "without": probabilities(rows.assign(fold=fold), label, np.exp(-(losses + 0.25))),
        "settings": SETTINGS,
        "seed": 1,
    }


def test_planted_look_alikes_are_found_and_the_gain_is_theirs_alone(world: World) -> None:
    assert world.improvement()["fold"].tolist() == ["1", "1", "2", "2", "all", "all"]
    cluster = world.predictions.merge(world.features[world.planted.to_numpy()], on=KEY)
    for fold in (1, 2):
        size = int((cluster["fold"] == fold).sum())
        table = world.improvement(neighbours=size, settings=replace(SETTINGS, block_days=2))
        found = part(table, str(fold), "look_alikes")
        assert found["rows"] == size
        assert found[["improvement", "low", "high"]].tolist() == pytest.approx([np.log(1.5)] * 3)
        assert part(table, str(fold), "others")[["improvement", "low", "high"]].tolist() == [0.0, 0.0, 0.0]


def test_a_line_worked_by_hand() -> None:
    """9 stands at 0.85 of the past, 30 beyond it at 0.95, 5 at 0.45; a missing value lies in the middle."""
    past = [float(value) for value in range(1, 11)]
    of = {
        count: replay_improvement(**line(past, [5.0, 30.0, 9.0, np.nan], [8]), neighbours=count)
        for count in (1, 2, 3, 4, 9)
    }
    losses = {count: part(table, "1", "look_alikes")["loss"] for count, table in of.items()}
    assert losses == pytest.approx({1: 3.0, 2: 2.5, 3: 3.0, 4: 2.5, 9: 2.5})
    assert part(of[1], "1", "others")["loss"] == pytest.approx(7 / 3)
    assert part(of[1], "1", "others")[["rows", "dates"]].tolist() == [3, 3]
    assert part(of[1], "1", "look_alikes")["loss_without"] == pytest.approx(3.25)
    assert part(of[1], "1", "look_alikes")["improvement"] == pytest.approx(0.25)
    assert part(of[9], "1", "others")[["rows", "dates"]].tolist() == [0, 0]
    assert np.isnan(part(of[9], "1", "others")["improvement"])


def test_what_is_missing_lies_in_the_middle() -> None:
    """Of the window and of the past: the past's missing value leaves ten others."""
    past = [*map(float, range(1, 11)), np.nan]
    table = replay_improvement(**line(past, [10.0, np.nan], [5]), neighbours=1)
    assert part(table, "1", "look_alikes")["loss"] == pytest.approx(2.0)


def test_a_flag_seldom_set_is_near_the_middle_where_it_is_not() -> None:
    """Flag 0 stands at 0.45, next to a missing one; were it at 0.05, the other row would be nearer."""
    past = [float(value) for value in range(1, 11)]
    table = replay_improvement(**line(past, [1.0, 3.0], [0], flag=[0.0] * 9 + [1.0, np.nan, 0.0]), neighbours=1)
    assert part(table, "1", "look_alikes")["loss"] == pytest.approx(1.0)


def test_what_varies_in_the_window_alone_is_left_out() -> None:
    past, later = [1.0, 2.0, 3.0, 4.0], [2.0, 3.0]
    late = line(past, later, [1], late=[7.0, 7.0, 7.0, 7.0, 900.0, 7.0], never=[np.nan] * 6)
    assert part(replay_improvement(**late, neighbours=1), "1", "look_alikes")["loss"] == pytest.approx(1.0)
    seen = line(past, later, [1], late=[7.0, 7.0, 7.0, 8.0, 900.0, 7.0])
    assert part(replay_improvement(**seen, neighbours=1), "1", "look_alikes")["loss"] == pytest.approx(2.0)


def test_look_alikes_are_later_rows_of_the_window_that_follows(world: World) -> None:
    """A twin of the replayed row in every window: fold 1 takes its own, not the one before, nor the one after."""
    features = world.features.copy()
    values = features.columns.drop(KEY)
    at = [WINDOW + 2, WINDOW + 20, 2 * WINDOW + 20, 3 * WINDOW + 20]
    features.loc[at, values] = 50.0
    replayed = features.loc[at[:1], KEY].merge(world.labels, on=KEY).assign(fold=1, loss=1.0)
    given = world.predictions.merge(features.loc[at[2:3], KEY], on=KEY)
    label = world.labels.loc[at[2], "label"]
    found = part(world.improvement(replayed=replayed, features=features, neighbours=1), "1", "look_alikes")
    assert found[["rows", "dates"]].tolist() == [1, 1]
    assert found["loss"] == pytest.approx(-np.log(given[PROBABILITIES[label]].iloc[0]))


def test_each_replayed_row_has_its_own_neighbours() -> None:
    table = replay_improvement(**line([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 3.0, 5.0], [0, 4]), neighbours=1)
    assert part(table, "1", "look_alikes")["rows"] == 2
    assert part(table, "1", "others")["loss"] == pytest.approx(2.0)


def test_rows_without_label_are_neither_look_alikes_nor_others(world: World) -> None:
    tested = world.predictions[world.predictions["fold"] == 1]
    late = tested["date"].unique()[-7:]
    labels = world.labels[~world.labels["date"].isin(late)]
    table = world.improvement(labels=labels, replayed=world.replayed[~world.replayed["date"].isin(late)])
    assert table.loc[table["fold"] == "1", "rows"].sum() == len(tested) - 7 * len(SYMBOLS)
    nothing = world.labels[~world.labels["date"].isin(tested["date"])]
    later = world.replayed[~world.replayed["date"].isin(tested["date"])]
    assert world.improvement(labels=nothing, replayed=later)["fold"].tolist() == ["2", "2", "all", "all"]


def test_the_whole_pools_the_folds(world: World) -> None:
    table = world.improvement()
    for name in ("look_alikes", "others"):
        folds = table[(table["part"] == name) & (table["fold"] != "all")]
        whole = part(table, "all", name)
        assert whole[["rows", "dates"]].tolist() == [folds["rows"].sum(), folds["dates"].sum()]
        for column in ("loss", "loss_without", "improvement"):
            assert whole[column] == pytest.approx(np.average(folds[column], weights=folds["rows"]))
        assert whole["improvement"] == pytest.approx(whole["loss_without"] - whole["loss"])


def test_intervals_equal_scoring_repeated_dates(world: World) -> None:
    """Blocks of the part's own dates; a date of more rows weighs more."""
    label = world.predictions.merge(world.labels, on=KEY)["label"]
    without = probabilities(world.predictions, label, np.random.default_rng(0).uniform(0.1, 0.9, size=len(label)))
    rows = world.predictions.assign(
        gain=np.log(world.predictions[[*PROBABILITIES]].to_numpy()[np.arange(len(label)), label])
        - np.log(without[[*PROBABILITIES]].to_numpy()[np.arange(len(label)), label])
    )
    rows = rows[rows["fold"] == 1].merge(world.features[~world.planted.to_numpy()], on=KEY)
    size = int((world.predictions["fold"] == 1).sum()) - len(rows)
    found = part(world.improvement(without=without, neighbours=size), "1", "others")
    dates = np.sort(rows["date"].unique())
    samples = [
        np.average(rows["gain"], weights=draw[np.searchsorted(dates, rows["date"])])
        for draw in block_bootstrap_counts(dates.size, 5, 100, generator(1, "replay", "1", "others"))
    ]
    assert found["improvement"] == pytest.approx(rows["gain"].mean())
    ends = widened(found["improvement"], samples, 0.9, dates.size / 5)
    assert [found["low"], found["high"]] == pytest.approx(ends.tolist())
    assert rows.groupby("date").size().nunique() > 1


def test_the_interval_of_all_windows_comes_from_whole_folds_first(world: World) -> None:
    table = world.improvement()
    folds = table[(table["part"] == "others") & (table["fold"] != "all")].set_index("fold")
    whole = part(table, "all", "others")
    assert len(folds) == 2, "two cases: the interval reaches beyond either fold's figure"
    assert whole["low"] < folds["improvement"].min()
    assert whole["high"] > folds["improvement"].max()


def test_fewer_dates_than_two_blocks_have_no_interval(world: World) -> None:
    for days, folds, whole in ((15, True, True), (16, False, True), (32, False, True)):
        table = world.improvement(settings=replace(SETTINGS, block_days=days))
        others = table[table["part"] == "others"].set_index("fold")
        assert others["dates"].tolist() == [31, 31, 62]
        assert others[["low", "high"]].notna().all(axis=1).tolist() == [folds, folds, whole]


def test_the_same_walk_twice_gains_exactly_nothing(world: World) -> None:
    table = world.improvement(without=world.predictions, settings=replace(SETTINGS, block_days=2))
    assert (table["loss"] == table["loss_without"]).all()
    assert (table[["improvement", "low", "high"]] == 0.0).all(axis=None)


def test_units_do_not_matter(world: World) -> None:
    high = world.features["high_0"]
    features = world.features.assign(high_0=1e6 * high + 3, high_1=np.exp(world.features["high_1"]))
    pd.testing.assert_frame_equal(world.improvement(features=features), world.improvement(), check_exact=True)
    mirrored = world.features.assign(noise=-world.features["noise"])
    pd.testing.assert_frame_equal(world.improvement(features=mirrored), world.improvement())


def test_a_feature_is_scored_among_a_sample_of_its_past(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = world.improvement(neighbours=2)
    monkeypatch.setattr(look_alikes, "_REFERENCE_ROWS", 40)
    sample = world.improvement(neighbours=2)
    assert not sample.equals(whole)
    shuffled = world.features.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(world.improvement(features=shuffled, neighbours=2), sample, check_exact=True)


def test_the_order_of_rows_does_not_matter(world: World) -> None:
    expected = world.improvement()
    names = ("replayed", "features", "labels", "predictions", "without")
    shuffled = {name: getattr(world, name).sample(frac=1, random_state=i) for i, name in enumerate(names)}
    pd.testing.assert_frame_equal(world.improvement(**shuffled), expected, check_exact=True)
    everything = groups_of(world)
    pd.testing.assert_frame_equal(groups_of(world._replace(**shuffled)), everything, check_exact=True)


def test_what_a_later_fold_replays_changes_nothing_before(world: World) -> None:
    first = world.replayed[world.replayed["fold"] == 1]
    pd.testing.assert_frame_equal(
        world.improvement(replayed=first).iloc[:2], world.improvement().iloc[:2], check_exact=True
    )


def test_nothing_replayed_leaves_the_columns(world: World) -> None:
    table = world.improvement(replayed=world.replayed.head(0))
    assert table.empty
    columns = "fold part rows dates loss loss_without improvement low high"
    assert table.columns.tolist() == columns.split()
    final = world.replayed.assign(fold=FOLDS)
    assert world.improvement(replayed=final).empty


def other_rows(world: World) -> dict[str, Any]:
    return {"without": world.without.drop(index=0)}


def other_fold(world: World) -> dict[str, Any]:
    return {"without": world.without.assign(fold=world.without["fold"] + (world.without.index == 0))}


def never_predicted(world: World) -> dict[str, Any]:
    return {"replayed": world.replayed.head(1).assign(date=pd.Timestamp("2010-01-04"))}


def same_fold(world: World) -> dict[str, Any]:
    own = world.labels[world.labels["date"] == world.predictions["date"][WINDOW]].head(1)
    return {"replayed": own.assign(fold=1, loss=1.0)}


def unlabelled(world: World) -> dict[str, Any]:
    return {"labels": world.labels[world.labels["date"] != world.replayed["date"][0]]}


def not_matured(world: World) -> dict[str, Any]:
    start = world.predictions.loc[world.predictions["fold"] == 1, "date"].min()
    return {"replayed": world.replayed.head(1).assign(fold=1, exit_date=start)}


def no_features(world: World) -> dict[str, Any]:
    return {"features": world.features[world.features["date"] != world.replayed["date"][0]]}


def flat(world: World) -> dict[str, Any]:
    columns = world.features.columns.drop(KEY)
    return {"features": world.features.assign(**dict.fromkeys(columns, 1.0)).assign(high_0=np.nan)}


def no_probability(world: World) -> dict[str, Any]:
    return {"without": world.without.assign(**dict.fromkeys(PROBABILITIES, np.nan))}


REFUSED: list[tuple[Callable[[World], dict[str, Any]], str]] = [
    (other_rows, "predictions: fold 0 predicts A on 2010-02-16 with replay but not without; both must predict"),
    (other_fold, "predictions: fold 0 predicts A on 2010-02-16 with replay but not without; both must predict"),
    (never_predicted, "replay: fold 1 replays A on 2010-01-04, which has no prediction with a label; it must be a"),
    (same_fold, "replay: fold 1 replays A on 2010-03-31, which was predicted in fold 1; it must be a mistake of an"),
    (unlabelled, "replay: fold 1 replays A on .*, which has no prediction with a label"),
    (not_matured, "replay: fold 1 replays A on .*, known on 2010-03-31; it must be known before .* on 2010-03-31"),
    (no_features, "features: no row of A on .*, which was predicted"),
    (flat, "features: none varies before 2010-03-31; look-alikes need one that does"),
    (no_probability, "predictions: A on 2010-02-16 has no probability of its label"),
    (lambda _: {"neighbours": 0}, "neighbours: 0 given; it must be at least 1"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_tables_that_do_not_fit_are_refused_in_one_line(
    world: World, change: Callable[[World], dict[str, Any]], message: str
) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        world.improvement(**change(world))
    assert "\n" not in str(refusal.value)


def groups_of(world: World, **changes: pd.DataFrame) -> pd.DataFrame:
    dates = world.features["date"].drop_duplicates().sort_values()
    regimes = pd.DataFrame({"date": dates, "regime": np.where(np.arange(dates.size) % 3, "crash", "normal")})
    universe = pd.DataFrame({"symbol": SYMBOLS, "gics_sector": ["Utilities", "Energy"] * 2})
    tables = {"regimes": regimes, "universe": universe} | changes
    return replay_groups(
        **{name: getattr(world, name) for name in ("replayed", "predictions", "labels")} | tables  # type: ignore[arg-type]
    )


def test_groups_worked_by_hand() -> None:
    dates = pd.to_datetime(["2010-01-04", "2010-01-05", "2010-01-06"]).astype("datetime64[us]")
    rows = pd.MultiIndex.from_product([["A", "B"], dates], names=KEY).to_frame(index=False)
    labels = rows.assign(label=np.array([0, 2, 2, 0, 0, 2], np.int8)).drop(index=5)
    losses = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    predictions = probabilities(rows.drop(index=5).assign(fold=0), labels["label"], np.exp(-losses))
    unlabelled = predictions.tail(1).assign(date=dates[2])
    replayed = rows.iloc[[1, 4, 1]].assign(fold=[1, 1, 2], loss=[2.0, 5.0, 2.0], exit_date=dates[2])
    found = replay_groups(
        replayed,
        pd.concat([predictions, unlabelled]),
        labels,
        pd.DataFrame({"date": dates, "regime": ["low_volatility", "crash", "crash"]}),
        pd.DataFrame({"symbol": ["B", "A", "Z"], "gics_sector": ["Energy", "Utilities", "Materials"]}),
    )
    expected = [
        ("overall", "overall", 5, 2, 0.4, 3.0, 3.5),
        ("regime", "low_volatility", 2, 0, 0.0, 2.5, np.nan),
        ("regime", "crash", 3, 2, 2 / 3, 10 / 3, 3.5),
        ("sector", "Energy", 2, 1, 0.5, 4.5, 5.0),
        ("sector", "Utilities", 3, 1, 1 / 3, 2.0, 2.0),
        ("class", "sell", 3, 1, 1 / 3, 10 / 3, 5.0),
        ("class", "buy", 2, 1, 0.5, 2.5, 2.0),
    ]
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=found.columns), check_dtype=False)


def test_a_replayed_loss_is_the_one_recorded_at_first(world: World) -> None:
    found = groups_of(world, replayed=world.replayed.assign(loss=world.replayed["fold"].map({1: 7.0, 2: 9.0})))
    once = world.replayed.sort_values("fold").drop_duplicates(KEY)["fold"].map({1: 7.0, 2: 9.0})
    assert found["mean_loss_replayed"].iloc[0] == pytest.approx(once.mean())
    assert found["replayed"].iloc[0] == once.size < len(world.replayed)


def test_a_loss_is_finite(world: World) -> None:
    sure = probabilities(world.predictions, world.predictions.merge(world.labels, on=KEY)["label"], 0.0)
    assert groups_of(world, predictions=sure)["mean_loss"].to_numpy() == pytest.approx(-np.log(np.finfo(float).eps))


def test_groups_without_replay_say_so(world: World) -> None:
    found = groups_of(world, replayed=world.replayed.head(0))
    assert (found[["replayed", "share"]] == 0).all(axis=None)
    assert found["mean_loss_replayed"].isna().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (never_predicted, "replay: fold 1 replays A on 2010-01-04, which has no prediction with a label"),
        (same_fold, "replay: fold 1 replays A on 2010-03-31, which was predicted in fold 1"),
        (
            lambda world: {"regimes": pd.DataFrame({"date": world.features["date"].head(1), "regime": "normal"})},
            "regimes: no regime for A on 2010-02-16, which was predicted",
        ),
        (
            lambda _: {"universe": pd.DataFrame({"symbol": ["A", "B", "C"], "gics_sector": "Energy"})},
            "universe: no gics_sector for D on 2010-02-16, which was predicted",
        ),
    ],
)
def test_groups_refuse_tables_that_do_not_fit(
    world: World, changes: Callable[[World], dict[str, Any]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        groups_of(world, **changes(world))
