"""Differences between memory options: values by hand and by other libraries, resamples row by row, refusals."""

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr
from scipy.stats import t as student
from sklearn import metrics as oracle

from barograph.errors import InputError
from barograph.memory_study import Draw, compare, scored_rows
from barograph.names import PROBABILITIES
from barograph.randomness import generator
from barograph.scoring import METRICS as REGISTRY
from barograph.scoring import Metric, Validation
from barograph.scoring.bootstrap import episode_bootstrap_counts
from tests.memory_study.world import FOLD_DAYS, METRICS, SETTINGS, World, differences, long_table, patchy, study, world
from tests.scoring.oracle import widened, worth

SLICES = ["overall", "normal", "crash", "recovery"]
GAIN = {"log_loss": -1, "brier": -1, "macro_f1": 1, "auc": 1, "rank_ic": 1, "sharpe": 1}


def _with(**changes: int) -> Validation:
    return Validation(**{**vars(SETTINGS), **changes})


def _aligned(made: World, settings: Validation) -> World:
    position = scored_rows(made.rows, made.labels, made.regimes, settings).position
    return made._replace(probabilities={name: p[position] for name, p in made.probabilities.items()})


def _one(table: pd.DataFrame, option: str, metric: str, part: str, reference: str = "plain") -> pd.Series:
    keys = {"option": option, "reference": reference, "metric": metric, "slice": part}
    found = table[np.logical_and.reduce([table[key] == value for key, value in keys.items()])]
    assert len(found) == 1
    return found.iloc[0]


# Four dates of three symbols, labelled sell, hold and buy, with returns in that order. `seer` gives the label one half,
# `blank` everything one third.
def _by_hand() -> tuple[World, Validation]:
    dates = pd.bdate_range("2020-01-01", periods=5).astype("datetime64[us]")
    calendar = pd.DataFrame({"date": dates, "regime": "normal"})
    grid = pd.MultiIndex.from_product([["A", "B", "C"], dates[1:]], names=["symbol", "date"]).to_frame(index=False)
    grid["fold"] = grid["date"] > dates[2]
    label = np.repeat([0, 1, 2], 4)
    labels = grid.assign(label=label, exit_return=label - 1.0)
    probabilities = {"blank": np.full((12, 3), 1 / 3), "seer": 0.25 + 0.25 * np.eye(3)[label]}
    returns = pd.DataFrame({"blank": [0.0, 0.02, 0.0, 0.02], "seer": [0.01, 0.03, 0.01, 0.03]}, index=dates[1:])
    return World(grid, labels, calendar, probabilities, returns), _with(block_days=2)


def test_every_figure_of_a_small_case_by_hand() -> None:
    table = differences(*_by_hand())
    assert table["slice"].tolist() == ["overall", "normal"] * 6
    assert list(table["metric"].unique()) == METRICS
    deviation = 0.02 / np.sqrt(3)  # two at 0.01 above the mean, two below: sqrt(4 * 0.01**2 / 3)
    expected = {
        "log_loss": (np.log(2), np.log(3), np.log(1.5)),
        "brier": (3 / 8, 2 / 3, 2 / 3 - 3 / 8),
        "macro_f1": (1.0, 1 / 6, 5 / 6),  # blank says sell 12 times, 4 of them rightly: F1 is 2 * 4 / (4 + 12), 0, 0
        "auc": (1.0, 0.5, 0.5),
        "rank_ic": (1.0, 0.0, 1.0),
        "sharpe": tuple(np.sqrt(252) * mean / deviation for mean in (0.02, 0.01, 0.01)),
    }
    for metric, (value, reference, improvement) in expected.items():
        for part in ("overall", "normal"):
            row = _one(table, "seer", metric, part, "blank")
            figures = row[["value", "reference_value", "improvement"]].tolist()
            assert figures == pytest.approx([value, reference, improvement], rel=1e-12), metric
            assert row[["rows", "dates"]].tolist() == [4 if metric == "sharpe" else 12, 4]
            assert row["episodes"] == (2 if part == "overall" else 1)
    same = table[table["metric"].isin(["macro_f1", "auc", "rank_ic"]) & (table["slice"] == "overall")]
    np.testing.assert_allclose(same[["low", "high"]], same[["improvement"]].to_numpy().repeat(2, axis=1), rtol=1e-12)
    np.testing.assert_allclose(same["p_value"], 0, atol=1e-12)


def _daily_spearman(rows: pd.DataFrame) -> dict[pd.Timestamp, float]:
    found = {}
    for date, own in rows.groupby("date"):
        if len(own) < 3 or own["exit_return"].nunique() == 1:
            continue
        score = own["p_buy"] - own["p_sell"]
        found[date] = spearmanr(score, own["exit_return"])[0] if score.nunique() > 1 else 0.0
    return found


def _macro_auc(rows: pd.DataFrame) -> float:
    areas = [oracle.roc_auc_score(rows["label"] == k, rows[p]) for k, p in enumerate(PROBABILITIES)]
    return float(np.mean(areas))


_ROW_SCORES: dict[str, Callable[[pd.DataFrame], float]] = {
    "log_loss": lambda rows: oracle.log_loss(rows["label"], rows[list(PROBABILITIES)], labels=[0, 1, 2]),
    "brier": lambda rows: ((rows[list(PROBABILITIES)].to_numpy() - np.eye(3)[rows["label"]]) ** 2).sum(axis=1).mean(),
    "macro_f1": lambda rows: oracle.f1_score(
        rows["label"], rows[list(PROBABILITIES)].to_numpy().argmax(axis=1), average="macro"
    ),
    "auc": _macro_auc,
}


def _series(made: World, option: str, metric: str, part: str) -> dict[pd.Timestamp, pd.DataFrame | float]:
    """Give what each date of a slice contributes: its rows, its correlation, or its return."""
    regime = made.regimes.set_index("date")["regime"]
    if metric == "sharpe":
        regime, found = regime.shift(), made.returns[option].to_dict()
    elif metric == "rank_ic":
        found = _daily_spearman(long_table(made, option))
    else:
        found = dict(iter(long_table(made, option).groupby("date")))
    return {date: value for date, value in sorted(found.items()) if part in ("overall", regime[date])}


def _score(metric: str, drawn: list[pd.DataFrame | float]) -> float:
    if metric == "sharpe":
        return float(np.mean(drawn) / np.std(drawn, ddof=1) * np.sqrt(252))
    return float(np.mean(drawn)) if metric == "rank_ic" else _ROW_SCORES[metric](pd.concat(drawn))


@pytest.fixture(scope="module")
def made() -> World:
    return patchy()


@pytest.fixture(scope="module")
def table(made: World) -> pd.DataFrame:
    return differences(_aligned(made, SETTINGS))


@pytest.mark.parametrize("part", SLICES)
@pytest.mark.parametrize("metric", METRICS)
def test_values_are_those_of_other_libraries(made: World, table: pd.DataFrame, metric: str, part: str) -> None:
    values = {name: _series(made, name, metric, part) for name in made.probabilities}
    scores = {name: _score(metric, list(own.values())) for name, own in values.items()}
    for option in ("keen", "coarse"):
        row = _one(table, option, metric, part)
        assert row["value"] == pytest.approx(scores[option], rel=1e-9)
        assert row["reference_value"] == pytest.approx(scores["plain"], rel=1e-9)
        assert row["improvement"] == pytest.approx(GAIN[metric] * (scores[option] - scores["plain"]), rel=1e-7)
        assert row["dates"] == len(values[option])
    if metric not in ("sharpe", "rank_ic"):
        assert row["rows"] == sum(len(rows) for rows in values["coarse"].values())


def test_some_dates_of_the_patchy_world_cannot_be_ranked(table: pd.DataFrame) -> None:
    ranked, pooled = (_one(table, "keen", metric, "overall") for metric in ("rank_ic", "auc"))
    assert 0 < pooled["dates"] - ranked["dates"] < 80
    assert ranked["rows"] < pooled["rows"]


def _cases(made: World, dates: list[pd.Timestamp], part: str, metric: str) -> NDArray[np.int64]:
    """Give each date's fold, of a return that of the decision; in a regime its episode, parted by more than 20 days."""
    place = {date: at for at, date in enumerate(made.regimes["date"])}
    if part == "overall":
        folds = [(place[date] - (metric == "sharpe")) // FOLD_DAYS for date in dates]
        return np.array(folds) - folds[0]
    number = [0]
    for before, date in pairwise(dates):
        number.append(number[-1] + (place[date] - place[before] - 1 > 20))
    return np.array(number)


@pytest.mark.parametrize("part", ["overall", "crash"])
@pytest.mark.parametrize("metric", METRICS)
def test_intervals_and_p_values_equal_scoring_repeated_dates(made: World, metric: str, part: str) -> None:
    settings = _with(resamples=30, auc_resamples=20)
    row = _one(differences(_aligned(made, settings), settings), "coarse", metric, part)
    coarse, plain = (list(_series(made, name, metric, part).items()) for name in ("coarse", "plain"))
    case = _cases(made, [date for date, _ in plain], part, metric)
    counts = episode_bootstrap_counts(case, 10, 30, generator(7, "ablation", part), whole=part == "overall")
    drawn = []
    for draw in counts[: 20 if metric == "auc" else 30]:
        ours, theirs = (
            _score(metric, [value for (_, value), times in zip(own, draw, strict=True) for _ in range(times)])
            for own in (coarse, plain)
        )
        drawn.append(GAIN[metric] * (ours - theirs))
    lengths = np.bincount(case).tolist()
    assert row["episodes"] == len(lengths)
    assert row["effective_episodes"] == pytest.approx(worth(lengths))
    ends = widened(row["improvement"], drawn, 0.9, max(worth(lengths), 2))
    assert row[["low", "high"]].tolist() == pytest.approx(ends.tolist(), rel=1e-7)
    error = np.std(drawn, ddof=1)
    freedom = max(worth(lengths), 2) - 1
    assert row["p_value"] == pytest.approx(
        2 * student.sf(abs(row["improvement"]) / error * np.sqrt(freedom / (freedom + 1)), freedom), rel=1e-6
    )


def test_a_metric_is_one_entry_of_the_registry(
    made: World, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = Metric(
        "wrong", "Wrong", "what the label was not given", "", "lower", lambda p: p.mean(1 - np.exp(-p.loss))
    )
    monkeypatch.setitem(REGISTRY, "wrong", metric)
    found = differences(_aligned(made, SETTINGS))
    others = found[found["metric"] != "wrong"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, table, check_exact=True)
    rows = {name: long_table(made, name) for name in ("keen", "plain")}
    keen, plain = (
        1 - own[list(PROBABILITIES)].to_numpy()[np.arange(len(own)), own["label"]].mean() for own in rows.values()
    )
    row = _one(found, "keen", "wrong", "overall")
    assert row[["value", "improvement"]].tolist() == pytest.approx([keen, plain - keen])
    assert row["low"] < row["improvement"] < row["high"]


def test_identical_options_do_not_differ_at_all() -> None:
    made = world(plain=0.3, between=0.5, other=0.3)
    made.probabilities["other"] = made.probabilities["plain"].copy()
    table = differences(made._replace(returns=made.returns.assign(other=made.returns["plain"])))
    table = table[table["option"] == "other"]
    assert (table["improvement"] == 0).all()
    tried = table[table["slice"] != "recovery"]
    assert (tried[["low", "high"]] == 0).all(axis=None)
    assert (tried["p_value"] == 1).all()


def test_exchanging_option_and_reference_turns_the_sign(made: World) -> None:
    table = differences(_aligned(made, SETTINGS), plain=["keen"], keen=["plain"])
    there, back = (table[table["reference"] == name].reset_index() for name in ("plain", "keen"))
    assert (there["option"] == "keen").all()
    assert (there["improvement"] == -back["improvement"]).all()
    pd.testing.assert_series_equal(there["value"], back["reference_value"], check_names=False, check_exact=True)
    np.testing.assert_allclose(there["low"], -back["high"], rtol=1e-9)
    np.testing.assert_allclose(there["p_value"], back["p_value"], rtol=1e-12)


def test_pairs_metrics_and_slices_stand_in_the_studys_order(made: World) -> None:
    table = differences(_aligned(made, SETTINGS), keen=None, plain=["coarse"])
    pairs = [("plain", "keen"), ("coarse", "keen"), ("coarse", "plain")]
    expected = [(*pair, metric, part) for pair in pairs for metric in METRICS for part in SLICES]
    assert list(table[["option", "reference", "metric", "slice"]].itertuples(index=False, name=None)) == expected


def test_the_same_bytes_whatever_the_order_of_rows_and_the_model(made: World, table: pd.DataFrame) -> None:
    order = generator(3, "order").permutation(len(made.rows))
    shuffled = made._replace(
        rows=made.rows.iloc[order],
        labels=made.labels.iloc[::-1],
        regimes=made.regimes.iloc[::-1],
        probabilities={name: p[order] for name, p in made.probabilities.items()},
    )
    assert differences(_aligned(shuffled, SETTINGS)).to_csv() == table.to_csv()
    own = _aligned(made, SETTINGS)
    other = compare(
        [Draw(own.probabilities, own.returns)],
        scored_rows(own.rows, own.labels, own.regimes, SETTINGS),
        model="other",
        calibration="recalibrated",
        study=study(*own.probabilities),
        validation=SETTINGS,
        seed=7,
    )
    assert (other["model"] == "other").all()
    assert other.drop(columns=["model", "calibration"]).equals(table.drop(columns=["model", "calibration"]))


def test_figures_are_means_over_the_seeds_whose_range_is_given(made: World, table: pd.DataFrame) -> None:
    others = [_aligned(world(seed=seed, plain=0.2, keen=0.6, coarse=0.4), SETTINGS) for seed in (1, 2)]
    own = _aligned(made, SETTINGS)
    draws = [Draw(own.probabilities, own.returns)] + [
        Draw({name: p[: len(own.labels)] for name, p in other.probabilities.items()}, own.returns) for other in others
    ]
    given = {"model": "some", "calibration": "raw", "study": study(*own.probabilities), "validation": SETTINGS}
    rows = scored_rows(own.rows, own.labels, own.regimes, SETTINGS)
    alone = np.array([compare([draw], rows, seed=7, **given)["improvement"] for draw in draws])
    together = compare(draws, rows, seed=7, **given)
    assert np.ptp(alone, axis=0)[together["metric"] == "log_loss"].min() > 0, "the seeds must differ"
    assert np.allclose(together["improvement"], alone.mean(axis=0))
    assert np.array_equal(together["least_of_seeds"], alone.min(axis=0))
    assert np.array_equal(together["most_of_seeds"], alone.max(axis=0))
    late = draws[1]._replace(returns=own.returns.iloc[1:])
    with pytest.raises(InputError, match="returns: the days of two seeds differ"):
        compare([draws[0], late], rows, seed=7, **given)
    zoned = draws[0]._replace(returns=own.returns.tz_localize("Asia/Tokyo"))
    with pytest.raises(InputError, match="time zone Asia/Tokyo"):
        compare([zoned], rows, seed=7, **given)


def test_the_exact_test_is_over_the_episodes_of_a_regime(made: World, table: pd.DataFrame) -> None:
    rows = long_table(made, "keen").merge(long_table(made, "plain"), on=["symbol", "date"], suffixes=("", "_plain"))
    rows = rows[rows["regime"] == "crash"]
    p, other = (rows[[f"{name}{end}" for name in PROBABILITIES]].to_numpy() for end in ("", "_plain"))
    at = np.arange(len(rows)), rows["label"].to_numpy()
    episode = rows["date"].drop_duplicates().sort_values().diff().dt.days.gt(20).cumsum()
    numbers = dict(zip(rows["date"].drop_duplicates().sort_values(), episode, strict=True))
    totals = pd.Series(np.log(p[at] / other[at])).groupby(rows["date"].map(numbers).to_numpy()).sum().to_numpy()
    signs = np.array(list(product((-1, 1), repeat=totals.size)))
    row = _one(table, "keen", "log_loss", "crash")
    assert row["attainable_p"] == 0.5**totals.size
    assert row["sign_flip_p"] == np.mean(signs @ totals >= totals.sum() - 1e-12)
    assert table.loc[(table["metric"] != "log_loss") | (table["slice"] == "overall"), "sign_flip_p"].isna().all()


def test_a_single_episode_shorter_than_two_blocks_says_nothing_of_its_spread(table: pd.DataFrame) -> None:
    for metric in METRICS:
        row = _one(table, "keen", metric, "recovery")
        assert row["episodes"] == 1
        assert row[["low", "high", "p_value"]].isna().all()
        assert np.isfinite(row["improvement"])


def test_fewer_dates_than_two_blocks_say_nothing_of_their_spread() -> None:
    made = world(24, plain=0.3, other=0.4)
    for block, known in ((9, True), (10, False)):
        table = differences(made, _with(block_days=block))
        assert table["dates"].eq(19).all()
        assert table[["low", "high", "p_value"]].notna().eq(known).all(axis=None)


def test_returns_that_never_vary_have_no_difference() -> None:
    made = world(plain=0.3, idle=0.3)
    idle = differences(made._replace(returns=made.returns.assign(idle=0.0))).query("metric == 'sharpe'")
    assert idle[["value", "improvement", "low", "high", "p_value"]].isna().all(axis=None)
    assert idle["reference_value"].notna().all()


def test_a_days_return_belongs_to_the_regime_of_the_day_before() -> None:
    made = world(plain=0.3, timer=0.3)
    day_after = made.regimes.set_index("date")["regime"].shift()[made.returns.index] == "crash"
    earned = pd.Series(np.where(day_after, 0.02, -0.02), made.returns.index) + made.returns["plain"] / 10
    table = differences(made._replace(returns=made.returns.assign(timer=earned)))
    assert _one(table, "timer", "sharpe", "crash")["value"] > 100
    assert _one(table, "timer", "sharpe", "normal")["value"] < -100
    assert _one(table, "timer", "sharpe", "crash")["dates"] == 77


def _spoilt(change: Callable[[World], World], match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        differences(change(world(plain=0.3, other=0.4)))
    assert "\n" not in str(caught.value)


def _probability(value: list[float]) -> Callable[[World], World]:
    def change(made: World) -> World:
        other = made.probabilities["other"].copy()
        other[0] = value
        return made._replace(probabilities=made.probabilities | {"other": other})

    return change


@pytest.mark.parametrize("value", [[0.5, 0.5, 0.1], [0.6, 0.5, -0.1], [np.nan, 0.5, 0.5]])
def test_refuses_what_are_no_probabilities(value: list[float]) -> None:
    _spoilt(
        _probability(value),
        r"probabilities of other: \[.*\] on 2007-01-08; they must not be negative and must sum to 1",
    )


def test_refuses_what_does_not_fit_the_rows_or_the_study() -> None:
    _spoilt(
        lambda made: made._replace(probabilities=made.probabilities | {"other": made.probabilities["other"][1:]}),
        r"probabilities of other: the shape is \(2074, 3\); \(2075, 3\) is needed",
    )
    _spoilt(
        lambda made: made._replace(returns=made.returns[["plain"]]), r"returns: of the options \['plain'\]; the study"
    )
    _spoilt(lambda made: made._replace(returns=made.returns.iloc[::-1]), "returns: the dates must ascend")
    _spoilt(
        lambda made: made._replace(returns=made.returns.replace(made.returns.iat[3, 1], np.nan)),
        "returns: other on 2007-01-11 is nan; it must be finite",
    )


def test_refuses_rows_and_calendars_that_cannot_be_scored() -> None:
    _spoilt(
        lambda made: made._replace(labels=made.labels.iloc[:0]), "rows: none that every option predicted has a label"
    )
    _spoilt(
        lambda made: made._replace(rows=pd.concat([made.rows, made.rows.iloc[:1]])),
        "rows and labels: A on 2007-01-08 occurs more than once",
    )
    _spoilt(
        lambda made: made._replace(labels=made.labels.assign(label=3)), "A on 2007-01-08 has a label that is none of 0"
    )
    _spoilt(
        lambda made: made._replace(labels=made.labels.assign(exit_return=np.inf)),
        "A on 2007-01-08 has an exit_return that is not finite",
    )
    _spoilt(lambda made: made._replace(labels=made.labels[["symbol", "date"]]), r"labels: lacks the columns \['label'")
    _spoilt(
        lambda made: made._replace(regimes=made.regimes.drop(9)), "no regime on 2007-01-12, a date of predictions and"
    )
    _spoilt(
        lambda made: made._replace(regimes=made.regimes.iloc[5:]),
        "regimes: no trading day before 2007-01-08, on which returns begin",
    )
