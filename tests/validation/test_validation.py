"""Validation: scores against scikit-learn, evidence rules, invariances, refusals."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn import metrics as oracle

from barograph.errors import InputError
from barograph.names import BASELINES, PROBABILITIES
from barograph.randomness import generator
from barograph.scoring import METRICS, Metric, Validation, expected_calibration_error
from barograph.scoring.bootstrap import episode_bootstrap_counts
from barograph.validation import ValidationResult, metrics, validate
from tests.scoring.oracle import sign_flip_oracle, widened, worth

SETTINGS = Validation(
    block_days=21, resamples=200, auc_resamples=40, level=0.95, min_episodes=3, episode_gap_days=63, calibration_bins=10
)

SYMBOLS = [f"S{i}" for i in range(6)]
FIRST_SCORED = 100
POINT = ["log_loss", "auc", "brier", "calibration_error", "accuracy", "balanced_accuracy", "macro_f1"]


class World(NamedTuple):
    """The inputs of validate, in its order."""

    predictions: pd.DataFrame
    labels: pd.DataFrame
    regimes: pd.DataFrame
    universe: pd.DataFrame
    archive: pd.DataFrame


def _regimes(days: int) -> pd.DataFrame:
    """Four crashes of 20 days, the second and third 50 days apart (one episode); two recoveries."""
    regime = np.array(["normal"] * days, dtype=object)
    for start in (150, 300, 370, 550):
        regime[start : start + 20] = "crash"
    regime[170:190] = regime[570:600] = "recovery"
    dates = pd.bdate_range("2007-01-01", periods=days).astype("datetime64[us]")
    return pd.DataFrame({"date": dates, "regime": pd.array(regime, dtype="str")})


def _world(days: int = 750) -> World:
    regimes = _regimes(days)
    grid = pd.MultiIndex.from_product([regimes["date"], SYMBOLS], names=["date", "symbol"]).to_frame(index=False)
    rng = np.random.default_rng(5)
    truth = rng.dirichlet([3, 4, 3], size=len(grid))
    label = (rng.random(len(grid))[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1)
    labels = grid.assign(label=label.astype(np.int8))
    crash = np.repeat((regimes["regime"] == "crash").to_numpy(), len(SYMBOLS))
    year = grid["date"].dt.year.to_numpy() - 2006
    rounded = np.round(truth, 1) + 0.1
    forecasts = {
        "prior": np.array([[0.3, 0.4, 0.3], [0.28, 0.42, 0.3], [0.31, 0.41, 0.28], [0.3, 0.41, 0.29]])[year % 4],
        "regime_prior": np.where(crash[:, None], [0.35, 0.3, 0.35], [0.3, 0.4, 0.3]),
        "structural": 0.8 * np.array([0.3, 0.4, 0.3]) + 0.2 * truth,
        "informed": truth,
        "rounded": rounded / rounded.sum(axis=1, keepdims=True),
        "noise": rng.dirichlet([30, 40, 30], size=len(grid)),
        "oracle": np.eye(3)[label] * (1 - 3e-6) + 1e-6,
    }
    scored = grid["date"] >= regimes["date"].iloc[FIRST_SCORED]
    frames = [
        grid.assign(predictor=name, fold=year.astype(np.int32), **dict(zip(PROBABILITIES, p.T, strict=True)))[scored]
        for name, p in forecasts.items()
    ]
    universe = pd.DataFrame({"symbol": SYMBOLS, "gics_sector": ["Energy", "Energy", "Utilities"] * 2})
    events = [("early", 20, 40), ("slump", 300, 320), ("partly", 90, 110), ("split", 200, 210), ("split", 400, 410)]
    archive = [labels[labels["date"].isin(regimes["date"][a:b])].assign(event=name) for name, a, b in events]
    predictions = pd.concat(frames, ignore_index=True)
    return World(predictions, labels, regimes, universe, pd.concat(archive, ignore_index=True))


@pytest.fixture(scope="module")
def world() -> World:
    return _world()


@pytest.fixture(scope="module")
def result(world: World) -> ValidationResult:
    return validate(*world, SETTINGS, seed=1)


def _slice(result: ValidationResult, kind: str, name: str, predictor: str) -> pd.Series:
    frame = result.slices
    return frame[(frame["kind"] == kind) & (frame["slice"] == name) & (frame["predictor"] == predictor)].iloc[0]


def _rows(world: World, predictor: str) -> pd.DataFrame:
    own = world.predictions[world.predictions["predictor"] == predictor]
    merged = own.merge(world.labels, on=["symbol", "date"]).merge(world.regimes, on="date")
    return merged.merge(world.universe, on="symbol")


_MASKS: dict[tuple[str, str], Callable[[pd.DataFrame], pd.Series]] = {
    ("overall", "overall"): lambda rows: rows["date"].notna(),
    ("regime", "crash"): lambda rows: rows["regime"] == "crash",
    ("sector", "Utilities"): lambda rows: rows["gics_sector"] == "Utilities",
    ("fold", "2008 (fold 2)"): lambda rows: rows["fold"] == 2,
}


@pytest.mark.parametrize("predictor", [*BASELINES, "informed", "rounded", "noise", "oracle"])
@pytest.mark.parametrize(("kind", "name"), _MASKS)
def test_scores_are_scikit_learns(world: World, result: ValidationResult, predictor: str, kind: str, name: str) -> None:
    rows = _rows(world, predictor)
    rows = rows[_MASKS[kind, name](rows)]
    p, y = rows[list(PROBABILITIES)].to_numpy(), rows["label"].to_numpy()
    guess, found = p.argmax(axis=1), _slice(result, kind, name, predictor)
    expected = {
        "rows": len(rows),
        "dates": rows["date"].nunique(),
        "log_loss": oracle.log_loss(y, p, labels=[0, 1, 2]),
        "auc": oracle.roc_auc_score(y, p, multi_class="ovr", average="macro"),
        "brier": oracle.brier_score_loss(y, p, labels=[0, 1, 2], scale_by_half=False),
        "calibration_error": np.mean([expected_calibration_error(p[:, k], y == k) for k in range(3)]),
        "accuracy": oracle.accuracy_score(y, guess),
        "majority_accuracy": np.bincount(y).max() / len(y),
        "balanced_accuracy": oracle.balanced_accuracy_score(y, guess),
        "macro_f1": oracle.f1_score(y, guess, average="macro"),
    }
    for score, value in expected.items():
        assert found[score] == pytest.approx(value, rel=1e-9), score


@pytest.mark.parametrize(("kind", "name"), [("overall", "overall"), ("regime", "crash")])
def test_intervals_equal_scoring_repeated_rows(world: World, kind: str, name: str) -> None:
    settings = Validation(**{**vars(SETTINGS), "resamples": 40, "auc_resamples": 20})
    rows = {predictor: _rows(world, predictor) for predictor in ("rounded", "prior", "regime_prior")}
    rows = {predictor: frame[_MASKS[kind, name](frame)] for predictor, frame in rows.items()}
    dates = np.sort(rows["prior"]["date"].unique())
    gaps = np.diff(np.searchsorted(world.regimes["date"], dates)) > 64
    episode = np.append(0, np.cumsum(gaps)) if kind == "regime" else pd.DatetimeIndex(dates).year.to_numpy() - 2007
    rng = generator(1, "validation", kind, name)
    counts = episode_bootstrap_counts(episode, 21, 40, rng, whole=kind in ("overall", "sector"))
    skills, areas = [], []
    for resample, draw in enumerate(counts):
        weight = draw[np.searchsorted(dates, rows["prior"]["date"])]
        losses = {
            predictor: oracle.log_loss(f["label"], f[list(PROBABILITIES)], labels=[0, 1, 2], sample_weight=weight)
            for predictor, f in rows.items()
        }
        skills.append([1 - losses["rounded"] / losses[baseline] for baseline in ("prior", "regime_prior")])
        if resample < 20:
            f, used = rows["rounded"], weight > 0
            areas.append(
                np.mean(
                    [
                        oracle.roc_auc_score(f["label"][used] == k, f[p][used], sample_weight=weight[used])
                        for k, p in enumerate(PROBABILITIES)
                    ]
                )
            )
    found = _slice(validate(*world, settings, seed=1), kind, name, "rounded")
    cases = worth(np.bincount(episode).tolist())
    values = found[["skill_prior", "skill_regime_prior"]].to_numpy(dtype=float)
    ends = (*widened(values, skills, 0.95, cases), *widened(found["auc"], areas, 0.95, cases))
    names = (["skill_prior_low", "skill_regime_prior_low"], ["skill_prior_high", "skill_regime_prior_high"])
    for columns, expected in zip((*names, ["auc_low"], ["auc_high"]), ends, strict=True):
        np.testing.assert_allclose(found[columns].to_numpy(dtype=float), np.atleast_1d(expected), rtol=1e-9)


def test_skill_of_a_perfect_predictor_is_one_and_of_a_baseline_against_itself_zero(result: ValidationResult) -> None:
    long = result.slices[result.slices["dates"] >= 42]
    perfect = long[long["predictor"] == "oracle"]
    assert (perfect[["skill_prior_low", "skill_regime_prior_low"]] > 0.999).all(axis=None)
    for baseline in BASELINES:
        own = long[long["predictor"] == baseline]
        columns = [f"skill_{baseline}{end}" for end in ("", "_low", "_high")]
        assert (own[columns] == 0.0).all(axis=None)


def test_informed_beats_and_noise_does_not(result: ValidationResult) -> None:
    assert _slice(result, "overall", "overall", "informed")["skill_prior_low"] > 0.03
    noise = _slice(result, "overall", "overall", "noise")
    assert noise["skill_prior_low"] < noise["skill_prior"] < 0.0


def test_shuffled_labels_show_no_skill(world: World) -> None:
    shuffled = world.labels.assign(label=np.random.default_rng(9).permutation(world.labels["label"]))
    overall = validate(*world._replace(labels=shuffled), SETTINGS, seed=1).slices.query("kind == 'overall'")
    assert (overall.query("predictor in ['informed', 'noise', 'rounded']")["skill_prior_low"] <= 0).all()
    assert overall.set_index("predictor")["auc"].drop("oracle").between(0.48, 0.52).all()


def test_the_prior_cannot_rank_within_a_fold(result: ValidationResult) -> None:
    folds = result.slices.query("kind == 'fold' and predictor == 'prior'")
    assert (folds["auc"] == 0.5).all()


def test_episodes_and_sufficiency(result: ValidationResult) -> None:
    own = result.slices.query("predictor == 'informed'")
    evidence = {(row.kind, row.slice): (row.episodes, row.more_episodes, row.sufficient) for row in own.itertuples()}
    assert evidence["regime", "crash"] == (3, 2, False)
    assert evidence["regime", "recovery"] == (2, 3, False)
    assert evidence["regime", "normal"] == (1, 4, False)
    assert evidence["event", "slump"] == evidence["event", "split"] == (1, 4, False)
    rest = own[own["kind"].isin(["overall", "sector", "fold"])].set_index("kind")
    assert rest["sufficient"].all()
    assert set(rest.loc[["overall", "sector"], "episodes"]) == {3}
    assert set(rest.loc["fold", "episodes"]) == {1}
    crash = own[(own["kind"] == "regime") & (own["slice"] == "crash")]["effective_episodes"].item()
    assert crash == pytest.approx(80**2 / (20**2 + 40**2 + 20**2))


def test_five_crises_of_like_length_are_enough_and_unequal_ones_are_not(world: World) -> None:
    day = np.arange(len(world.regimes))
    for longest, sufficient in ((10, True), (60, False)):
        crash = ((day >= FIRST_SCORED) & (day % 130 < 10)) | ((day >= 260) & (day < 260 + longest))
        regimes = world.regimes.assign(regime=np.where(crash, "crash", "normal"))
        found = validate(*world._replace(regimes=regimes), SETTINGS, seed=1)
        row = _slice(found, "regime", "crash", "informed")
        assert (row["episodes"], row["sufficient"]) == (5, sufficient)
        known = metrics(found)["informed"]
        assert known["crash_more_episodes"] == (0 if sufficient else 2)
        for skill in (f"skill_{baseline}_low" for baseline in BASELINES):
            assert known[f"crash_{skill}"] == (row[skill] if sufficient else None)


EXACT = ["attainable_p", *(f"sign_flip_p_{baseline}" for baseline in BASELINES)]


def test_the_exact_test_flips_whole_episodes_of_a_regime(world: World, result: ValidationResult) -> None:
    assert result.slices.loc[result.slices["kind"] != "regime", EXACT].isna().all(axis=None)
    losses = {}
    for predictor in world.predictions["predictor"].unique():
        rows = _rows(world, predictor)
        p = rows[list(PROBABILITIES)].to_numpy()[np.arange(len(rows)), rows["label"]]
        losses[predictor] = pd.Series(-np.log(p), index=rows["date"])
    # The second and third crash are 50 days apart: one episode.
    episodes = {"crash": [(150, 170), (300, 390), (550, 570)], "recovery": [(170, 190), (570, 600)]}
    for regime, spans in episodes.items():
        days = world.regimes.loc[world.regimes["regime"] == regime, "date"]
        for predictor, baseline in product(losses, BASELINES):
            gap = losses[baseline] - losses[predictor]
            gap = gap[gap.index.isin(days)]
            dates = world.regimes["date"]
            totals = [gap[(gap.index >= dates[a]) & (gap.index < dates[b])].sum() for a, b in spans]
            assert sum(totals) == pytest.approx(gap.sum())
            row = _slice(result, "regime", regime, predictor)
            assert row[f"sign_flip_p_{baseline}"] == sign_flip_oracle(totals), (regime, predictor, baseline)
            assert row["attainable_p"] == 0.5 ** len(spans)


def test_metrics_give_the_exact_test_in_crashes_also_where_they_are_too_few(
    world: World, result: ValidationResult
) -> None:
    row, known = _slice(result, "regime", "crash", "noise"), metrics(result)["noise"]
    assert [known[f"crash_{name}"] for name in EXACT] == row[EXACT].tolist()
    assert known["crash_attainable_p"] == 1 / 8
    assert known["crash_skill_regime_prior"] is None
    assert not set(EXACT) & set(known)
    none = world.regimes.assign(regime="normal")
    absent = metrics(validate(*world._replace(regimes=none), SETTINGS, seed=1))["noise"]
    assert [absent[f"crash_{name}"] for name in EXACT] == [None] * 4


@pytest.mark.parametrize(("gap", "episodes"), [(49, 4), (50, 3), (129, 3), (130, 2), (160, 1)])
def test_the_gap_counts_the_trading_days_between(world: World, gap: int, episodes: int) -> None:
    settings = Validation(**{**vars(SETTINGS), "episode_gap_days": gap, "resamples": 20, "auc_resamples": 20})
    assert _slice(validate(*world, settings, seed=1), "regime", "crash", "prior")["episodes"] == episodes


def test_an_events_slice_is_its_dates_out_of_sample(result: ValidationResult) -> None:
    events = result.slices.query("kind == 'event' and predictor == 'prior'").set_index("slice")
    assert events["dates"].to_dict() == {"partly": 10, "split": 20, "slump": 20}
    assert events["rows"].to_dict() == {"partly": 60, "split": 120, "slump": 120}


def test_a_single_episode_shorter_than_two_blocks_has_no_interval(world: World, result: ValidationResult) -> None:
    ends = [name for name in result.slices.columns if name.endswith(("_low", "_high"))]
    assert _slice(result, "event", "slump", "informed")[ends].isna().all()
    assert _slice(result, "regime", "recovery", "informed")[ends].notna().all()
    for days, known in ((41, False), (42, True)):
        once = world.regimes.assign(regime=np.where(world.regimes.index < FIRST_SCORED + days, "crash", "normal"))
        found = validate(*world._replace(regimes=once), SETTINGS, seed=1)
        assert _slice(found, "regime", "crash", "informed")[ends].notna().all() == known


def test_slices_cover_the_rows(result: ValidationResult) -> None:
    own = result.slices.query("predictor == 'noise'")
    totals = own.groupby("kind")["rows"].sum()
    assert totals["regime"] == totals["sector"] == totals["fold"] == totals["overall"] == 650 * len(SYMBOLS)
    assert list(own["kind"].unique()) == ["overall", "regime", "event", "sector", "fold"]


def test_auc_intervals_stand_only_where_documented(result: ValidationResult) -> None:
    with_interval = result.slices["kind"].isin(["overall", "regime"])
    assert result.slices.loc[with_interval, ["auc_low", "auc_high"]].notna().all(axis=None)
    assert result.slices.loc[~with_interval, ["auc_low", "auc_high"]].isna().all(axis=None)


def test_a_slice_without_a_class_has_no_auc(world: World) -> None:
    slump = world.labels["date"].isin(world.archive.loc[world.archive["event"] == "slump", "date"])
    labels = world.labels.assign(label=world.labels["label"].where(~slump, 0).astype(np.int8))
    result = validate(*world._replace(labels=labels), SETTINGS, seed=1)
    found = _slice(result, "event", "slump", "informed")
    assert np.isnan(found["auc"])
    assert found["majority_accuracy"] == 1.0
    assert found["balanced_accuracy"] == found["accuracy"]
    assert _slice(result, "event", "slump", "prior")["macro_f1"] == 0.0


def test_only_rows_that_all_predicted_and_that_have_a_label_are_scored(world: World) -> None:
    gap = (world.predictions["predictor"] == "noise") & (world.predictions["symbol"] == "S0")
    unlabelled = world.labels["date"] == world.labels["date"].max()
    partly = world._replace(predictions=world.predictions[~gap], labels=world.labels[~unlabelled])
    found = validate(*partly, SETTINGS, seed=1)
    coverage = found.coverage.set_index("predictor")
    assert coverage.loc["prior"].to_dict() == {"predicted": 3900, "labelled": 3894, "scored": 649 * 5}
    assert coverage.loc["noise"].to_dict() == {"predicted": 3250, "labelled": 649 * 5, "scored": 649 * 5}
    assert (found.slices.query("kind == 'overall'")["rows"] == 649 * 5).all()


def test_order_of_rows_does_not_matter(world: World, result: ValidationResult) -> None:
    shuffled = World(*(frame.sample(frac=1, random_state=3).reset_index(drop=True) for frame in world))
    again = validate(*shuffled, SETTINGS, seed=1)
    for name in ("slices", "calibration", "confusion", "coverage"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(result, name), check_exact=True)


def test_a_longer_history_leaves_earlier_folds_as_they_were(world: World, result: ValidationResult) -> None:
    end = pd.Timestamp("2008-12-31")
    predictions, labels, regimes, _, archive = (
        frame[frame["date"] <= end] if "date" in frame else frame for frame in world
    )
    shorter = validate(predictions, labels, regimes, world.universe, archive, SETTINGS, seed=1).slices
    folds = shorter[shorter["kind"] == "fold"].reset_index(drop=True)
    before = result.slices[result.slices["slice"].isin(folds["slice"])].reset_index(drop=True)
    assert folds["slice"].nunique() == 2
    pd.testing.assert_frame_equal(folds, before, check_exact=True)


def test_other_predictors_and_the_seed_change_only_what_they_should(world: World, result: ValidationResult) -> None:
    fewer = world.predictions[world.predictions["predictor"].isin([*BASELINES, "informed"])]
    again = validate(*world._replace(predictions=fewer), SETTINGS, seed=1).slices
    same = result.slices[result.slices["predictor"].isin(again["predictor"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, same, rtol=1e-12)
    other = validate(*world, SETTINGS, seed=2).slices
    pd.testing.assert_frame_equal(other[POINT], result.slices[POINT])
    assert (other["skill_prior_low"] != result.slices["skill_prior_low"]).any()


def test_calibration_and_confusion_count_every_row(world: World, result: ValidationResult) -> None:
    assert (result.calibration.groupby(["predictor", "class"])["rows"].sum() == 3900).all()
    rows = _rows(world, "informed")
    band = rows[rows["p_buy"].between(0.6, 0.7, inclusive="right")]
    curve = result.calibration.query("predictor == 'informed' and `class` == 'buy' and bin == 6").iloc[0]
    assert curve["rows"] == len(band) > 0
    assert curve["mean_probability"] == pytest.approx(band["p_buy"].mean())
    assert curve["frequency"] == pytest.approx((band["label"] == 2).mean())
    table = result.confusion.query("predictor == 'informed'").pivot(index="label", columns="predicted", values="rows")
    order = ["sell", "hold", "buy"]
    expected = oracle.confusion_matrix(rows["label"], rows[list(PROBABILITIES)].to_numpy().argmax(axis=1))
    np.testing.assert_array_equal(table.loc[order, order], expected)


def test_metrics_are_plain_and_silent_about_insufficient_crashes(world: World, result: ValidationResult) -> None:
    chosen = metrics(result)
    assert set(chosen) == set(world.predictions["predictor"])
    assert {type(value) for own in chosen.values() for value in own.values()} == {int, float, type(None)}
    assert chosen["informed"]["crash_episodes"] == 3
    assert chosen["informed"]["crash_skill_regime_prior_low"] is None
    calm = world.regimes.assign(regime=world.regimes["regime"].where(world.regimes.index < 500, "normal"))
    fewer = metrics(validate(*world._replace(regimes=calm), SETTINGS, seed=1))["informed"]
    assert (fewer["crash_episodes"], fewer["crash_skill_regime_prior"]) == (2, None)
    none = world.regimes.assign(regime="normal")
    absent = metrics(validate(*world._replace(regimes=none), SETTINGS, seed=1))["informed"]
    assert (absent["crash_episodes"], absent["crash_skill_regime_prior"]) == (0, None)


def test_a_metric_is_one_entry_of_the_registry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    metric = Metric(
        "doubt",
        "Doubt",
        "not given to the label",
        "share",
        "lower",
        lambda part: part.mean(1 - np.exp(-part.loss)),
        interval="all",
    )
    monkeypatch.setitem(METRICS, "doubt", metric)
    found = validate(*world, SETTINGS, seed=1)
    assert list(found.slices.columns[-3:]) == ["doubt", "doubt_low", "doubt_high"]
    for kind, name in _MASKS:
        rows = _rows(world, "noise")
        rows = rows[_MASKS[kind, name](rows)]
        expected = 1 - rows[list(PROBABILITIES)].to_numpy()[np.arange(len(rows)), rows["label"]].mean()
        doubt = _slice(found, kind, name, "noise")
        assert doubt["doubt"] == pytest.approx(expected)
        assert doubt["doubt_low"] < expected < doubt["doubt_high"]
    overall = _slice(found, "overall", "overall", "noise")
    chosen = metrics(found)["noise"]
    assert all(chosen[key] == overall[key] for key in ("doubt", "doubt_low", "doubt_high"))


def _broken(world: World, kind: str) -> World:
    predictions, first = world.predictions, world.predictions.index == 7
    changes: dict[str, World] = {
        "sum": world._replace(predictions=predictions.assign(p_buy=predictions["p_buy"] + 0.1 * first)),
        "nan": world._replace(predictions=predictions.assign(p_buy=predictions["p_buy"].mask(first))),
        "negative": world._replace(
            predictions=predictions.assign(p_buy=predictions["p_buy"] - first, p_sell=predictions["p_sell"] + first)
        ),
        "baseline": world._replace(predictions=predictions[predictions["predictor"] != "regime_prior"]),
        "twice": world._replace(predictions=pd.concat([predictions, predictions[first]], ignore_index=True)),
        "fold": world._replace(predictions=predictions.assign(fold=predictions["fold"] + first)),
        "column": world._replace(predictions=predictions.drop(columns="fold")),
        "label": world._replace(labels=world.labels.assign(label=np.int8(-1))),
        "label twice": world._replace(labels=pd.concat([world.labels, world.labels[:1]])),
        "regime": world._replace(regimes=world.regimes[:-1]),
        "sector": world._replace(universe=world.universe[1:]),
        "nothing": world._replace(labels=world.labels[:FIRST_SCORED]),
    }
    return changes[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("sum", r"prior gives S1 on 2007-05-22 .* sum to 1"),
        ("nan", "sum to 1"),
        ("negative", r"must lie in \[0, 1\]"),
        ("baseline", r"baselines \['regime_prior'\] are missing"),
        ("twice", "predictions of prior: S1 on 2007-05-22 occurs more than once"),
        ("fold", r"S1 on 2007-05-22 belongs to the folds \[1, 2\]"),
        ("column", r"predictions: lacks the columns \['fold'\]"),
        ("label", r"S0 on 2007-01-01 has the label -1; allowed are 0 \(sell\)"),
        ("label twice", "labels: S0 on 2007-01-01 occurs more than once"),
        ("regime", "regimes: no regime on 2009-11-13"),
        ("sector", "universe: no gics_sector for S0"),
        ("nothing", "nothing can be scored"),
    ],
)
def test_bad_input_is_named_in_one_line(world: World, kind: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        validate(*_broken(world, kind), SETTINGS, seed=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"auc_resamples": 300}, {"level": 1.0}, {"block_days": 0}, {"resamples": 200.0}, {"unknown": 1}]
)
def test_the_config_is_checked(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Validation(**{**vars(SETTINGS), **change})
