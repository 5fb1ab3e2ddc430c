"""Drift: known answers, planted moves, false alarms on markets that do not move, nothing from the future."""

import json
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import stats
from scipy.signal import lfilter
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests

from barograph.drift import (
    Drift,
    DriftResult,
    drift_metrics,
    jensen_shannon_divergence,
    measure_drift,
    population_stability_index,
)
from barograph.drift.comparison import ValueComparison, compare_shares, compare_values, quantile_cells
from barograph.drift.drift import significant_places
from barograph.drift.permutation import Blocks, Draw, cut_blocks, draw_blocks, possible_p_values
from barograph.errors import InputError
from barograph.names import PROBABILITIES, REGIMES

YEAR = 252
FIRST, YEARS = 2001, 10
FIRST_TESTED = 2005
SYMBOLS = ["A", "B", "C", "D"]
SETTINGS = {"years": None, "block_days": 63, "permutations": 1999, "bins": 10, "psi": 0.2, "divergence": 0.04}
LEVEL = 0.05
DRIFT = Drift(**SETTINGS, level=LEVEL)
Panel = NDArray[np.float64]


def _ar1(rng: np.random.Generator, half_life: float, shape: tuple[int, ...]) -> Panel:
    decay = 0.5 ** (1 / half_life)
    shocks = rng.standard_normal(shape)
    shocks[1:] *= np.sqrt(1 - decay**2)
    series: Panel = lfilter([1.0], [1.0, -decay], shocks, axis=0)
    return series


def _dates() -> pd.DatetimeIndex:
    return pd.bdate_range(f"{FIRST}-01-01", f"{FIRST + YEARS - 1}-12-31").astype("datetime64[us]")


def _year() -> NDArray[np.int64]:
    return _dates().year.to_numpy()


def _features(columns: dict[str, Panel]) -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([_dates(), SYMBOLS], names=["date", "symbol"]).to_frame(index=False)
    return grid.assign(**{name: values.astype(np.float32).ravel() for name, values in columns.items()})


def _noise(count: int, half_life: float = 5.0, seed: int = 11) -> dict[str, Panel]:
    """Features that share a factor, as do the symbols."""
    rng = np.random.default_rng(seed)
    common = _ar1(rng, half_life, (len(_dates()), 1))
    return {
        f"f{i}": 0.5 * common + np.sqrt(0.75) * _ar1(rng, half_life, (len(_dates()), len(SYMBOLS)))
        for i in range(count)
    }


def _regimes(rng_seed: int = 3) -> pd.DataFrame:
    level = _ar1(np.random.default_rng(rng_seed), 10, (len(_dates()),))
    names = np.array(REGIMES, dtype=object)[np.searchsorted([-0.5, 0.8, 1.5, 2.0], level)]
    return pd.DataFrame({"date": _dates(), "regime": pd.array(names, dtype="str")})


def _predictions(moved_year: int | None = None, names: tuple[str, ...] = ("mine", "ensemble", "prior")) -> pd.DataFrame:
    tested = _year() >= FIRST_TESTED
    grid = pd.MultiIndex.from_product([_dates()[tested], SYMBOLS], names=["date", "symbol"]).to_frame(index=False)
    year = grid["date"].dt.year.to_numpy()
    frames = []
    for number, name in enumerate(names):
        p = np.random.default_rng(number).dirichlet([6, 8, 6], size=len(grid))
        if name == "mine" and moved_year:
            p[year == moved_year] = np.sort(p[year == moved_year], axis=1)
        frames.append(
            grid.assign(predictor=name, fold=year - FIRST_TESTED, **dict(zip(PROBABILITIES, p.T, strict=True)))
        )
    return pd.concat(frames, ignore_index=True)


def _folds() -> pd.DataFrame:
    years = range(FIRST_TESTED, FIRST + YEARS + 1)
    last = [pd.Timestamp(f"{year}-12-31") if year < FIRST + YEARS else pd.NaT for year in years]
    return pd.DataFrame(
        {
            "fold": np.arange(len(last), dtype=np.int32),
            "train_start": _dates()[0],
            "train_end": [pd.Timestamp(f"{year - 1}-12-22") for year in years],
            "test_start": [pd.Timestamp(f"{year}-01-01") for year in years],
            "test_end": last,
        }
    )


def _measure(
    features: pd.DataFrame | None = None,
    regimes: pd.DataFrame | None = None,
    predictions: pd.DataFrame | None = None,
    settings: Drift = DRIFT,
) -> DriftResult:
    features = _features(_noise(2)) if features is None else features
    return measure_drift(
        features,
        _regimes() if regimes is None else regimes,
        _predictions() if predictions is None else predictions,
        _folds(),
        dict.fromkeys(features.columns, "made_up"),
        settings,
        seed=7,
    )


def _seeded_draw(permutations: int) -> Draw:
    return lambda blocks, chosen: draw_blocks(blocks, chosen, permutations, np.random.default_rng(blocks))


def _every_choice(blocks: int, chosen: int) -> NDArray[np.intp]:
    return np.array(list(combinations(range(blocks), chosen)))


def _sorted(values: Panel, block: NDArray[np.int64]) -> tuple[Panel, NDArray[np.int64]]:
    order = np.argsort(values, kind="stable")
    return values[order], block[order]


def _assert_same(first: ValueComparison, second: ValueComparison) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


# Distances


def test_divergence_is_the_square_of_scipys_distance() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(5), size=20), rng.dirichlet(np.ones(5), size=20)
    expected = [jensenshannon(a, b, base=2) ** 2 for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(jensen_shannon_divergence(p, q), expected, rtol=1e-9)
    np.testing.assert_allclose(jensen_shannon_divergence(1000 * p, q), expected, rtol=1e-9)


def test_divergence_runs_from_zero_to_one_bit() -> None:
    assert jensen_shannon_divergence([3, 0, 1], [6, 0, 2]) == 0.0
    assert jensen_shannon_divergence([1, 1, 0, 0], [0, 0, 5, 5]) == 1.0
    with np.errstate(invalid="ignore"):
        assert np.isnan(jensen_shannon_divergence([0, 0], [1, 2]))


@pytest.mark.parametrize("counts", [[-1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_divergence_refuses_what_is_no_count(counts: list[float]) -> None:
    with pytest.raises(InputError, match="first"):
        jensen_shannon_divergence(counts, [1.0, 1.0])


@pytest.mark.parametrize("digits", [6, 1, 0])
def test_effects_of_values_are_exact_also_with_ties(digits: int) -> None:
    rng = np.random.default_rng(digits)
    blocks = Blocks(np.repeat(np.arange(12), 40), 9, 3)
    values = rng.normal(size=480).round(digits) + 0.4 * (blocks.of_date >= 9)
    found = compare_values(*_sorted(values, blocks.of_date), blocks, _seeded_draw(99), 10, LEVEL)
    past, now = values[:360], values[360:]
    assert found.ks == pytest.approx(stats.ks_2samp(past, now).statistic, abs=1e-12)
    assert found.psi == population_stability_index(past, now)


# The permutation test


def test_blocks_are_cut_evenly_and_the_gap_between_belongs_to_none() -> None:
    day = np.arange(100)
    blocks = cut_blocks(day < 61, day >= 70, 12)
    assert (blocks.past, blocks.window) == (4, 2)
    assert (blocks.of_date[61:70] == -1).all()
    np.testing.assert_array_equal(np.bincount(blocks.of_date[:61]), [16, 15, 15, 15])
    np.testing.assert_array_equal(np.bincount(blocks.of_date[70:])[4:], [15, 15])
    assert (np.diff(blocks.of_date[day < 61]) >= 0).all()


def test_a_window_shorter_than_a_block_is_one_and_sets_the_length() -> None:
    day = np.arange(110)
    blocks = cut_blocks(day < 100, day >= 100, 63)
    assert (blocks.past, blocks.window) == (10, 1)


@pytest.mark.parametrize(("past", "window"), [(0, 5), (5, 0)])
def test_without_a_past_or_a_window_there_is_no_p_value(past: int, window: int) -> None:
    day = np.arange(past + window)
    blocks = cut_blocks(day < past, day >= past, 2)
    values, block = day.astype(np.float64), blocks.of_date
    *effects, detectable = compare_values(values, block, blocks, _seeded_draw(99), 10, LEVEL)
    assert np.isnan(effects).all()
    assert detectable.size == 0
    assert np.isnan(compare_shares(day % 2, block, 2, blocks, _seeded_draw(99), LEVEL).p_value)


def test_p_value_of_values_counts_the_permutations_at_least_as_far_apart() -> None:
    """A window of one block, where nothing has to be stretched, against all choices with scipy's statistic."""
    rng = np.random.default_rng(5)
    block = np.repeat(np.arange(15), rng.integers(5, 20, size=15))
    values = (rng.normal(size=block.size) + 0.5 * rng.normal(size=15)[block] + 0.5 * (block == 14)).round(1)
    apart = [stats.ks_2samp(values[block == b], values[block != b]).statistic for b in range(15)]
    expected = (1 + sum(each >= apart[14] - 1e-12 for each in apart)) / 16
    found = compare_values(*_sorted(values, block), Blocks(block, 14, 1), _every_choice, 10, LEVEL)
    assert found.p_value == pytest.approx(expected)


def test_permuted_distances_are_stretched_by_the_estimated_dependence() -> None:
    """A window of two blocks against all pairs, the variance ratio written out with numpy alone."""
    rng = np.random.default_rng(2)
    block, classes = np.repeat(np.arange(14), 30), 3
    level = np.repeat(np.repeat(rng.normal(size=7), 2), 30)
    label = np.searchsorted([-0.5, 0.5], rng.normal(size=block.size) + level)
    share = np.array([[np.mean(label[block == b] == k) for k in range(classes)] for b in range(14)])

    def apart(pair: tuple[int, int]) -> float:
        inside = np.isin(np.arange(14), pair)
        return float(jensenshannon(share[inside].mean(axis=0), share[~inside].mean(axis=0), base=2))

    around = share[:12] - share[:12].mean(axis=0)
    g0, g1 = np.sum(around**2) / 12, np.sum(around[1:] * around[:-1]) / 12
    long_run = (g0 + g1) / (1 - 2 / 12)
    ratio = long_run / (g0 + long_run / 12)
    assert ratio > 1.1
    null = np.array([apart(pair) for pair in combinations(range(14), 2)]) * np.sqrt(ratio)
    found = compare_shares(label, block, classes, Blocks(block, 12, 2), _every_choice, LEVEL)
    assert found.p_value == pytest.approx((1 + np.sum(null >= apart((12, 13)) - 1e-12)) / (1 + null.size))
    assert found.js == pytest.approx(apart((12, 13)) ** 2)


def test_blocks_without_values_take_no_part() -> None:
    rng = np.random.default_rng(8)
    block = np.repeat(np.arange(12), 20)
    values = rng.normal(size=240) + 0.3 * (block == 11)
    late = block >= 4
    whole = compare_values(*_sorted(values[late], block[late]), Blocks(block, 11, 1), _every_choice, 10, LEVEL)
    cut = compare_values(*_sorted(values[late], block[late] - 4), Blocks(block - 4, 7, 1), _every_choice, 10, LEVEL)
    _assert_same(whole, cut)


def test_values_of_neither_the_past_nor_the_window_take_no_part() -> None:
    rng = np.random.default_rng(9)
    block = np.repeat(np.arange(-1, 11), 20)
    values, block = _sorted(rng.normal(size=240).round(1), block)
    blocks, used = Blocks(block, 9, 2), block >= 0
    whole = compare_values(values, block, blocks, _seeded_draw(99), 10, LEVEL)
    _assert_same(whole, compare_values(values[used], block[used], blocks, _seeded_draw(99), 10, LEVEL))


def test_draws_are_choices_without_replacement_and_equally_likely() -> None:
    drawn = draw_blocks(8, 3, 4000, np.random.default_rng(0))
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    often = np.bincount(drawn.ravel(), minlength=8)
    assert stats.chisquare(often).pvalue > 0.001


def _rate(years: int, half_life: float, series: int, p_value: Callable[..., float]) -> int:
    """Count p-values of at most 0.05 over series that do not move, each followed by a window of a year."""
    rng = np.random.default_rng([years, int(half_life)])
    day = np.arange(YEAR * (years + 1))
    blocks = cut_blocks(day < YEAR * years, day >= YEAR * years, 63)
    chosen = draw_blocks(blocks.past + blocks.window, blocks.window, 499, rng)
    panel = _ar1(rng, half_life, (day.size, series, 2))
    return sum(p_value(panel[:, i], blocks, lambda *_: chosen) <= 0.05 for i in range(series))


def _p_of_values(x: Panel, blocks: Blocks, draw: Draw) -> float:
    """Two symbols that share three quarters of their variance."""
    panel = np.sqrt(0.75) * x[:, :1] + 0.5 * np.stack([x[:, 1], -x[:, 1]], axis=1)
    return compare_values(*_sorted(panel.ravel(), np.repeat(blocks.of_date, 2)), blocks, draw, 10, LEVEL).p_value


def _p_of_regimes(x: Panel, blocks: Blocks, draw: Draw) -> float:
    return compare_shares(np.searchsorted([-1, 0.5, 1.3, 1.8], x[:, 0]), blocks.of_date, 5, blocks, draw, LEVEL).p_value


def _p_of_predictions(x: Panel, blocks: Blocks, draw: Draw) -> float:
    cell, cells = quantile_cells(x[:, 0], x[:, 1])
    return compare_shares(cell, blocks.of_date, cells, blocks, draw, LEVEL).p_value


@pytest.mark.parametrize("half_life", [5, 20, 60])
@pytest.mark.parametrize("p_value", [_p_of_values, _p_of_regimes, _p_of_predictions])
def test_false_alarms_are_near_nominal_whatever_the_half_life(
    p_value: Callable[[Panel, Blocks, Draw], float], half_life: float
) -> None:
    alarms = _rate(years=17, half_life=half_life, series=200, p_value=p_value)
    assert alarms <= stats.binom.ppf(0.999, 200, 0.06)


def test_the_naive_test_would_alarm_on_the_same_series() -> None:
    def naive(x: Panel, blocks: Blocks, _: Draw) -> float:
        now = blocks.of_date >= blocks.past
        return float(stats.ks_2samp(x[now, 0], x[~now, 0]).pvalue)

    assert _rate(years=17, half_life=20, series=50, p_value=naive) > 40


# What could have been detected


def _few_values(seed: int, moved: float, classes: int = 6) -> tuple[Panel, Blocks]:
    """Dependent values, few enough for the test's statistic to be exact, and 30 blocks, of which the window has 3."""
    rng = np.random.default_rng(seed)
    day = np.arange(30 * 40)
    blocks = cut_blocks(day < 27 * 40, day >= 27 * 40, 40)
    values = _ar1(rng, 15, (day.size,)) + moved * (day >= 27 * 40)
    return np.searchsorted(np.linspace(-1.5, 1.5, classes - 1), values).astype(np.float64), blocks


@pytest.mark.parametrize("seed", range(12))
def test_a_p_value_is_small_if_and_only_if_the_statistic_is_above_the_detectable_one(seed: int) -> None:
    values, blocks = _few_values(seed, moved=0.15 * seed)
    draw = _seeded_draw(399)
    of_values = compare_values(*_sorted(values, blocks.of_date), blocks, draw, 10, LEVEL)
    of_shares = compare_shares(values.astype(np.int64), blocks.of_date, 6, blocks, draw, LEVEL)
    for statistic, p_value, detectable in (
        (of_values.ks, of_values.p_value, of_values.detectable),
        (of_shares.js, of_shares.p_value, of_shares.detectable),
    ):
        assert detectable.shape == (1 + 20,)
        assert (np.diff(detectable[np.isfinite(detectable)]) <= 0).all()
        levels = np.arange(21) / 400
        np.testing.assert_array_equal(statistic > detectable, p_value <= levels + 1e-12)


@pytest.mark.parametrize("half_life", [5, 20])
@pytest.mark.parametrize("past", [12, 40, 90])
def test_a_planted_move_is_told_from_chance_above_what_was_detectable_without_it(past: int, half_life: float) -> None:
    """Limits that do not allow for permutations which draw the window itself are too low."""
    rng = np.random.default_rng([past, int(half_life)])
    day = np.arange((past + 4) * 63)
    blocks = cut_blocks(day < past * 63, day >= past * 63, 63)
    chosen = draw_blocks(past + 4, 4, 1999, rng)
    above, told, missed = 0, 0, 0
    for _ in range(3):
        values = _ar1(rng, half_life, (day.size,))
        window = day >= past * 63
        direction = np.sign(values[window].mean() - values[~window].mean())

        def moved(size: float, values: Panel = values, plant: Panel = direction * window) -> ValueComparison:
            ordered, block = _sorted(values + size * plant, blocks.of_date)
            return compare_values(ordered, block, blocks, lambda *_: chosen, 10, LEVEL)

        still = moved(0.0)
        assert (still.detectable[np.isfinite(still.detectable)] < 1).all()
        for size in np.arange(0.2, 4, 0.2):
            found = moved(size)
            for place in (1, 10, 100):
                small, far = found.p_value <= place / 2000, found.ks > still.detectable[place]
                above, told, missed = above + far, told + (far and small), missed + (small and not far)
    assert above > 30
    assert told >= 0.98 * above
    assert missed <= 0.4 * (above + missed)


def test_a_window_that_is_drawn_too_often_cannot_be_told_from_chance_however_far_it_moves() -> None:
    """One of 10 pairs of blocks is the window's own, so that no p-value is below 1/10 of the permutations."""
    block = np.repeat(np.arange(5), 30)
    values = np.random.default_rng(1).normal(size=150) + 100.0 * (block >= 3)
    found = compare_values(*_sorted(values, block), Blocks(block, 3, 2), _seeded_draw(999), 10, LEVEL)
    assert found.ks == 1.0
    assert found.p_value > LEVEL
    assert np.isinf(found.detectable).all()


def test_too_few_permutations_detect_no_feature_alone_among_many() -> None:
    columns = _noise(12)
    few = Drift(**(SETTINGS | {"permutations": 199}), level=LEVEL)
    found = _measure(_features(columns), settings=few).features
    assert np.isinf(found["detectable_ks"]).all(), "1 / 200 is above 0.05 / 12"
    assert np.isfinite(found["detectable_ks_single"]).all()


def test_detectable_is_what_benjamini_and_hochberg_would_reject_with_the_other_tests_as_they_are() -> None:
    columns = _noise(8)
    for name, size in (("f1", 0.5), ("f2", 0.6), ("f3", 0.7), ("f4", 0.8), ("f5", 2.5), ("f6", 2.5)):
        columns[name][_year() == 2008] += size
    columns = {name: values.round() for name, values in columns.items()}
    found = _measure(_features(columns)).features
    assert 0 < found["moved"].sum() < 8
    pd.testing.assert_series_equal(found["q_value"] <= LEVEL, found["ks"] > found["detectable_ks"], check_names=False)
    single = found["ks"] > found["detectable_ks_single"]
    pd.testing.assert_series_equal(found["p_value"] <= LEVEL, single, check_names=False)
    assert (found["detectable_ks"] >= found["detectable_ks_single"]).all()


@pytest.mark.parametrize("seed", range(20))
def test_places_are_those_of_a_brute_force(seed: int) -> None:
    """Each possible p-value in the place of each test."""
    rng = np.random.default_rng(seed)
    n, permutations = int(rng.integers(1, 12)), 199
    p_values = np.minimum(1, np.ceil(200 * rng.uniform(size=n) ** rng.choice([1, 3, 6]))) / 200
    p_values = np.maximum(p_values, np.ceil(200 * rng.uniform(size=n) ** 4) / 200)
    possible = possible_p_values(permutations, LEVEL)
    assert possible.tolist() == [k / 200 for k in range(1, 11)]
    places = significant_places(p_values, possible, LEVEL)
    for test in range(n):
        tried = [np.where(np.arange(n) == test, p, p_values) for p in possible]
        judged = [bool(multipletests(ps, LEVEL, method="fdr_bh")[1][test] <= LEVEL) for ps in tried]
        assert places[test] == sum(judged)
        assert judged == sorted(judged, reverse=True)


def test_detectable_divergences_are_called_moves() -> None:
    result = _measure(predictions=_predictions(moved_year=2008))
    for table in (result.regimes, result.predictions.dropna(subset="js")):
        assert (table["detectable_js"] >= DRIFT.divergence).all()
        moved = table["js"] > table["detectable_js"]
        pd.testing.assert_series_equal(table["moved"], moved, check_names=False)
    assert result.predictions["moved"].any()
    assert list(result.regimes.columns[-2:]) == ["moved", "detectable_js"]


# The whole measurement


def test_a_planted_move_of_one_feature_among_fifty_is_found_there_and_nowhere_else() -> None:
    columns = _noise(50)
    columns["f17"][_year() == 2008] += 1.2
    found = _measure(_features(columns)).features
    moved = found[found["moved"]]
    assert moved[["fold", "feature"]].to_numpy().tolist() == [[3, "f17"]]
    assert not found["alarm"].any()
    assert (found["psi"] >= DRIFT.psi).sum() > 1


def test_an_alarm_is_a_move_that_lasts() -> None:
    columns = _noise(4)
    columns["f1"][(_year() == 2007) | (_year() == 2008)] += 2.5
    columns["f2"][(_year() == 2006) | (_year() == 2008)] += 2.5
    found = _measure(_features(columns)).features.set_index(["feature", "fold"])
    assert found.loc["f1", "moved"].tolist() == [False, False, True, True, False, False]
    assert found.loc["f1", "alarm"].tolist() == [False, False, False, True, False, False]
    assert found.loc["f2", "moved"].tolist() == [False, True, False, True, False, False]
    assert not found.loc["f2", "alarm"].any()


def test_significance_without_effect_is_no_move_and_effect_without_significance_neither() -> None:
    columns = _noise(3)
    columns["f0"][_year() == 2008] += 1.2
    table = _measure(_features(columns)).features
    row = table[(table["feature"] == "f0") & (table["fold"] == 3)].iloc[0]
    assert row["moved"]
    for change in ({"psi": row["psi"] + 1e-9}, {"level": row["q_value"] * 0.999}):
        again = _measure(_features(columns), settings=Drift(**(SETTINGS | {"level": 0.05} | change))).features
        assert not again["moved"].any()


def test_an_alarm_needs_two_moves_of_the_same_feature() -> None:
    columns = _noise(3)
    columns["f0"][_year() == 2010] += 2.5
    columns["f1"][_year() == 2005] += 2.5
    found = _measure(_features(columns)).features
    moved = found.loc[found["moved"], ["fold", "feature"]].to_numpy().tolist()
    assert moved == [[0, "f1"], [5, "f0"]]
    assert not found["alarm"].any()


def test_q_values_are_benjamini_and_hochbergs_within_each_fold() -> None:
    columns = _noise(12)
    columns["gone"] = np.full_like(columns["f0"], np.nan)
    result = _measure(_features(columns))
    for table in (result.features, result.predictions, result.regimes):
        assert table["q_value"].isna().equals(table["p_value"].isna())
        for _, own in table.dropna(subset="p_value").groupby("fold"):
            expected = stats.false_discovery_control(own["p_value"], method="bh")
            np.testing.assert_allclose(own["q_value"], expected, rtol=1e-12)


def test_a_feature_without_values_in_a_window_or_before_it_has_no_figures() -> None:
    columns = _noise(3)
    columns["f1"][_year() == 2008] = np.nan
    columns["f2"][_year() < 2007] = np.nan
    found = _measure(_features(columns)).features.set_index(["feature", "fold"])
    figures = ["psi", "ks", "p_value", "q_value", "detectable_ks", "detectable_ks_single"]
    assert found.loc["f0", figures].notna().all(axis=None)
    assert found.loc["f1", figures].isna().all(axis=1).tolist() == [fold == 3 for fold in range(6)]
    assert found.loc["f2", figures].isna().all(axis=1).tolist() == [fold <= 2 for fold in range(6)]
    assert not found.loc["f2", "moved"].iloc[:3].any()


def test_effects_compare_the_window_with_the_past_up_to_train_end() -> None:
    columns = _noise(1)
    for years, first in ((None, "2001"), (2, "2005-12-23")):
        found = _measure(_features(columns), settings=Drift(**(SETTINGS | {"years": years}), level=0.05)).features
        values = pd.DataFrame(columns["f0"].astype(np.float32), index=_dates())
        past, now = values[first:"2007-12-22"].to_numpy().ravel(), values["2008":"2008"].to_numpy().ravel()
        assert found["psi"][3] == pytest.approx(population_stability_index(past, now), abs=1e-12)
        assert found["ks"][3] == pytest.approx(stats.ks_2samp(past, now).statistic, abs=1e-12)


def test_regime_shares_and_their_divergence() -> None:
    regimes = _regimes()
    regimes.loc[_year() == 2009, "regime"] = "crash"
    result = _measure(regimes=regimes)
    past = regimes[regimes["date"] <= "2008-12-22"]["regime"].value_counts(normalize=True)
    shares = result.regime_shares[result.regime_shares["fold"] == 4].set_index("regime")
    assert shares.index.tolist() == list(REGIMES)
    np.testing.assert_allclose(shares["reference"], past.reindex(REGIMES).fillna(0))
    assert shares["current"].tolist() == [0, 0, 0, 1, 0]
    expected = jensenshannon(shares["reference"], shares["current"], base=2) ** 2
    assert result.regimes["js"][4] == pytest.approx(expected)
    assert result.regimes["moved"].tolist() == [fold == 4 for fold in range(6)]


def test_predictions_are_compared_with_earlier_ones_of_the_same_predictor() -> None:
    found = _measure(predictions=_predictions(moved_year=2009)).predictions.set_index(["predictor", "fold"])
    assert set(found.index.get_level_values("predictor")) == {"mine", "ensemble"}
    assert found["js"].isna().equals(found.index.get_level_values("fold").to_series(found.index) == 0)
    assert found.loc["mine", "moved"].tolist() == [fold == 4 for fold in range(6)]
    assert not found.loc["ensemble", "moved"].any()


def test_the_divergence_of_predictions_counts_joint_quintiles_of_all_earlier_ones() -> None:
    predictions = _predictions(moved_year=2007)
    mine = predictions[(predictions["predictor"] == "mine") & (predictions["date"] <= "2007-12-31")]
    hold, tilt = (pd.qcut(values, 5, labels=False) for values in (mine["p_hold"], mine["p_buy"] - mine["p_sell"]))
    counts = pd.crosstab(mine["date"] >= "2007-01-01", [hold, tilt])
    found = _measure(predictions=predictions).predictions.set_index(["predictor", "fold"])
    assert counts.shape == (2, 25)
    assert found.loc[("mine", 2), "js"] == pytest.approx(jensenshannon(*counts.to_numpy(), base=2) ** 2)


def test_nothing_after_a_window_matters() -> None:
    features, regimes, predictions = _features(_noise(3)), _regimes(), _predictions(moved_year=2007)
    before = _measure(features, regimes, predictions)
    rng = np.random.default_rng(0)
    for table in (features, predictions):
        late = table["date"] > "2008-12-31"
        numbers = [name for name in table.columns if name.startswith(("f0", "f1", "f2", "p_"))]
        table.loc[late, numbers] = rng.normal(50, 9, size=(late.sum(), len(numbers))).astype(np.float32)
    regimes.loc[regimes["date"] > "2008-12-31", "regime"] = "recovery"
    after = _measure(features, regimes, predictions)
    for name in ("features", "regimes", "regime_shares", "predictions"):
        first, second = getattr(before, name), getattr(after, name)
        pd.testing.assert_frame_equal(first[first["fold"] <= 3], second[second["fold"] <= 3])
        assert not first[first["fold"] > 3].equals(second[second["fold"] > 3])


def test_the_same_whatever_the_order_of_rows() -> None:
    features, predictions = _features(_noise(3)), _predictions()
    first = _measure(features, _regimes(), predictions)
    again = _measure(
        features.sample(frac=1, random_state=0),
        _regimes().sample(frac=1, random_state=1),
        predictions.sample(frac=1, random_state=2),
    )
    for name in ("features", "regimes", "regime_shares", "predictions"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))


def test_metrics_count_what_the_tables_show() -> None:
    def table(**columns: list[object]) -> pd.DataFrame:
        return pd.DataFrame(columns)

    result = DriftResult(
        features=table(
            fold=[0, 0, 0, 1, 1, 1],
            p_value=[0.5, 0.001, np.nan, 0.001, 0.001, 0.7],
            moved=[False, True, False, True, True, False],
            alarm=[False, False, False, False, True, False],
            detectable_ks=[0.5, 0.25, np.nan, np.inf, np.inf, 0.75],
            detectable_ks_single=[0.25, 0.125, np.nan, 0.5, np.inf, 0.375],
        ),
        regimes=table(js=[0.1, 0.5], p_value=[0.6, 0.01], moved=[False, True], detectable_js=[np.inf, 0.25]),
        regime_shares=table(),
        predictions=table(
            predictor=["mine", "other", "mine", "other"],
            js=[np.nan, 0.25, 0.125, 0.75],
            p_value=[np.nan, 0.3, 0.4, 0.01],
            moved=[False, False, False, True],
            detectable_js=[np.nan, 0.5, 0.375, 0.25],
        ),
    )
    assert json.loads(json.dumps(drift_metrics(result), allow_nan=False)) == {
        "features": {
            **{"tested": 5, "moved": 3, "alarms": 1, "moved_share": 0.6, "latest_moved": 2, "latest_alarms": 1},
            **{"detectable_ks_median": 0.75, "detectable_ks_single_median": 0.375, "undetectable": 2},
            **{"latest_detectable_ks_median": None, "latest_detectable_ks_single_median": 0.5},
            "latest_undetectable": 2,
        },
        "regimes": {**_figures(2, 1, 0.3, 0.5), "detectable_js_median": None, "detectable_js_latest": 0.25},
        "mine": {**_figures(1, 0, 0.125, 0.125), "detectable_js_median": 0.375, "detectable_js_latest": 0.375},
        "other": {**_figures(2, 1, 0.5, 0.75), "detectable_js_median": 0.375, "detectable_js_latest": 0.25},
    }


def _figures(tested: int, moved: int, mean: float | None, latest: float | None) -> dict[str, float | None]:
    return {"tested": tested, "moved": moved, "js_mean": mean, "js_latest": latest}


def test_metrics_are_none_where_nothing_could_be_tested() -> None:
    gone = _features({"gone": np.full((len(_dates()), len(SYMBOLS)), np.nan)})
    early = _predictions()
    found = drift_metrics(_measure(gone, predictions=early[early["fold"] == 0]))
    assert (found["features"]["tested"], found["features"]["moved_share"]) == (0, None)
    assert found["features"]["latest_detectable_ks_median"] is None
    nothing = {"detectable_js_median": None, "detectable_js_latest": None}
    assert found["mine"] == {**_figures(0, 0, None, None), **nothing}


def test_refuses_a_feature_without_family_and_an_unknown_regime() -> None:
    features = _features(_noise(1))
    with pytest.raises(InputError, match="f0 has no family"):
        measure_drift(features, _regimes(), _predictions(), _folds(), {}, DRIFT, seed=7)
    with pytest.raises(InputError, match="calm on 2001-01-01 is unknown"):
        _measure(features, _regimes().replace({"regime": {_regimes()["regime"][0]: "calm"}}))


@pytest.mark.parametrize(
    "wrong", [{"years": 0}, {"block_days": 0}, {"permutations": 98}, {"bins": 1}, {"psi": -0.1}, {"divergence": 1.1}]
)
def test_settings_have_ranges(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Drift(**(SETTINGS | wrong), level=0.05)
