"""Skill in small cells: against repeated rows, SciPy and a textbook's step-up procedure; evidence, order, refusals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.metrics import log_loss

from barograph.errors import InputError
from barograph.names import BASELINES, PROBABILITIES
from barograph.randomness import generator
from barograph.scoring import Validation, episode_bootstrap_counts
from barograph.validation import Cells, score_cells, validate
from tests.scoring.oracle import widened, worth

SETTINGS = Validation(
    block_days=10, resamples=60, auc_resamples=20, level=0.9, min_episodes=3, episode_gap_days=10, calibration_bins=10
)
SECTORS = {"A": "Energy", "B": "Energy", "C": "Utilities", "LATE": "Utilities"}
DAYS = 1500
FIRST_OF_LATE = 1310
World = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def _world() -> World:
    """Six years; crashes of 12 and 3 days every 100 days, one recovery of 40 days.

    LATE has the last year alone, B and C lack as many days, but not the same ones.
    """
    rng, day = np.random.default_rng(11), np.arange(DAYS)
    dates = pd.bdate_range("2010-01-01", periods=DAYS).astype("datetime64[us]")
    crash = np.isin(day % 100, [*range(12), 20, 21, 22]) & (day < 800)
    regime = np.where(crash, "crash", np.where((day >= 900) & (day < 940), "recovery", "normal"))
    regimes = pd.DataFrame({"date": dates, "regime": pd.array(regime, dtype="str")})
    grid = pd.MultiIndex.from_product([list(SECTORS), dates], names=["symbol", "date"]).to_frame(index=False)
    place = np.tile(day, len(SECTORS))
    absent = {"B": (710, 740), "C": (810, 840), "LATE": (0, FIRST_OF_LATE)}
    there = ~np.logical_or.reduce(
        [(grid["symbol"] == name) & (place >= a) & (place < b) for name, (a, b) in absent.items()]
    )
    grid, place = grid[there], place[there]
    truth = rng.dirichlet([3, 4, 3], size=len(grid))
    label = (rng.random(len(grid))[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1)
    labels = grid.assign(label=label.astype(np.int8), uniqueness=rng.uniform(0.1, 0.3, len(grid)))
    forecasts = {
        "prior": np.tile([0.3, 0.4, 0.3], (len(grid), 1)),
        "regime_prior": np.where(crash[place][:, None], [0.32, 0.36, 0.32], [0.3, 0.41, 0.29]),
        "structural": np.where(crash[place][:, None], [0.31, 0.37, 0.32], [0.29, 0.41, 0.3]),
        "informed": np.where(
            (grid["symbol"] == "A").to_numpy()[:, None], truth, rng.dirichlet([30, 40, 30], len(grid))
        ),
        "noise": rng.dirichlet([30, 40, 30], size=len(grid)),
    }
    fold = (dates.year.to_numpy() - 2010)[place].astype(np.int32)
    frames = [
        grid.assign(predictor=name, fold=fold, **dict(zip(PROBABILITIES, p.T, strict=True)))
        for name, p in forecasts.items()
    ]
    universe = pd.DataFrame({"symbol": list(SECTORS), "gics_sector": list(SECTORS.values())})
    return pd.concat(frames, ignore_index=True), labels, regimes, universe


@pytest.fixture(scope="module")
def world() -> World:
    return _world()


@pytest.fixture(scope="module")
def found(world: World) -> Cells:
    return score_cells(*world, SETTINGS, seed=1)


def _symbol(found: Cells, symbol: str, predictor: str) -> pd.Series:
    return found.symbols.set_index(["symbol", "predictor"]).loc[(symbol, predictor)]


def _pair(found: Cells, sector: str, regime: str, predictor: str) -> pd.Series:
    return found.sectors_by_regime.set_index(["gics_sector", "regime", "predictor"]).loc[(sector, regime, predictor)]


def _rows(world: World, predictor: str, **where: str) -> pd.DataFrame:
    predictions, labels, regimes, universe = world
    own = predictions[predictions["predictor"] == predictor]
    rows = own.merge(labels, on=["symbol", "date"]).merge(regimes, on="date").merge(universe, on="symbol")
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def _skills(world: World, where: dict[str, str], draws: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Score `informed` against both baselines in every resample, with rows weighted as their dates were drawn."""
    rows = {name: _rows(world, name, **where) for name in ("informed", *BASELINES)}
    skills = []
    for draw in draws:
        loss = {
            name: log_loss(
                f["label"],
                f[list(PROBABILITIES)],
                labels=[0, 1, 2],
                sample_weight=draw[np.searchsorted(dates, f["date"])],
            )
            for name, f in rows.items()
        }
        skills.append([1 - loss["informed"] / loss[baseline] for baseline in BASELINES])
    return np.array(skills)


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("symbols", {"symbol": "A"}),
        ("symbols", {"symbol": "B"}),
        ("symbols", {"symbol": "C"}),
        ("symbols", {"symbol": "LATE"}),
        ("sectors_by_regime", {"gics_sector": "Utilities", "regime": "crash"}),
        ("sectors_by_regime", {"gics_sector": "Energy", "regime": "normal"}),
    ],
)
def test_figures_are_those_of_repeated_rows(world: World, found: Cells, table: str, where: dict[str, str]) -> None:
    rows = _rows(world, "informed", **where)
    dates = np.sort(rows["date"].unique())
    if table == "symbols":
        case = pd.factorize(pd.DatetimeIndex(dates).year)[0]
    else:
        between = np.diff(np.searchsorted(world[2]["date"], dates)) - 1
        case = np.append(0, np.cumsum(between > 10))
    draws = episode_bootstrap_counts(case, 10, 60, generator(1, "validation", table), whole=table == "symbols")
    skills, samples = _skills(world, where, np.ones((1, dates.size)), dates)[0], _skills(world, where, draws, dates)
    cell = _symbol if table == "symbols" else _pair
    row = cell(found, *where.values(), "informed")
    lengths = np.bincount(case).tolist()
    cases = worth(lengths) if len(lengths) > 1 else dates.size / 10
    low, high = widened(skills, samples, 0.9, cases)
    for place, baseline in enumerate(BASELINES):
        key = f"skill_{baseline}"
        assert row[key] == pytest.approx(skills[place], rel=1e-9)
        assert row[f"{key}_low"] == pytest.approx(low[place], rel=1e-9)
        assert row[f"{key}_high"] == pytest.approx(high[place], rel=1e-9)
        p = 2 * t.sf(abs(skills[place]) / np.std(samples[:, place], ddof=1) * np.sqrt((cases - 1) / cases), cases - 1)
        assert row[f"{key}_p_value"] == pytest.approx(p, rel=1e-7)
    assert (row["rows"], row["dates"], row["episodes"]) == (len(rows), dates.size, len(lengths))
    assert row["cases"] == pytest.approx(rows["uniqueness"].sum())
    assert row["effective_episodes"] == pytest.approx(worth(lengths))


def _step_up(p_values: Sequence[float]) -> list[float]:
    """Correct as Benjamini and Hochberg do: the least of n p / rank over all p-values that are no smaller."""
    ordered = sorted(p_values)
    n = len(ordered)
    return [min(min(n * q / (ordered.index(q) + ordered.count(q)) for q in ordered if q >= p), 1.0) for p in p_values]


def test_a_family_is_a_predictors_cells_with_enough_evidence_in_one_table(found: Cells) -> None:
    judged = 0
    for table in (found.symbols, found.sectors_by_regime):
        for _, own in table.groupby("predictor"):
            for baseline in BASELINES:
                q = own[f"skill_{baseline}_q_value"]
                enough = own["sufficient"]
                expected = _step_up(own.loc[enough, f"skill_{baseline}_p_value"].tolist())
                assert q[enough].tolist() == pytest.approx(expected)
                assert q[~enough].isna().all()
                judged += len(expected)
    assert judged == 3 * 5 * (3 + 3)


def test_skill_is_found_where_it_is_and_a_baseline_has_none_against_itself(found: Cells) -> None:
    own = found.symbols.query("predictor == 'informed'").set_index("symbol")
    assert own.loc["A", "skill_regime_prior_q_value"] < 0.01
    assert own.loc["A", "skill_regime_prior_low"] > 0
    assert (own.loc[["B", "C"], "skill_regime_prior_low"] < 0).all()
    for baseline in BASELINES:
        own = found.symbols.query(f"predictor == '{baseline}' and sufficient")
        assert (own[[f"skill_{baseline}{end}" for end in ("", "_low", "_high")]] == 0).all(axis=None)
        assert (own[f"skill_{baseline}_q_value"] == 1).all()


def test_too_few_folds_episodes_or_cases_are_no_evidence(world: World, found: Cells) -> None:
    late = _symbol(found, "LATE", "informed")
    assert (late["episodes"], late["sufficient"]) == (1, False)
    assert late["more_episodes"] == 4
    recovery, crash = (_pair(found, "Energy", regime, "informed") for regime in ("recovery", "crash"))
    assert (recovery["episodes"], recovery["sufficient"]) == (1, False)
    assert (crash["episodes"], crash["more_episodes"], crash["sufficient"]) == (8, 0, True)
    assert _pair(found, "Utilities", "crash", "informed")["cases"] < 30
    assert not _pair(found, "Utilities", "crash", "informed")["sufficient"]
    predictions, labels, regimes, universe = world
    inside = labels["date"].isin(regimes.loc[regimes["regime"] == "crash", "date"]) & labels["symbol"].eq("C")
    for cases, sufficient in ((29.99, False), (30.01, True)):
        unique = labels["uniqueness"].mask(inside, cases / inside.sum())
        again = score_cells(predictions, labels.assign(uniqueness=unique), regimes, universe, SETTINGS, seed=1)
        assert _pair(again, "Utilities", "crash", "informed")["sufficient"] == sufficient


def test_a_single_fold_shorter_than_two_blocks_has_no_interval(world: World) -> None:
    predictions, labels, regimes, universe = world
    for days, known in ((19, False), (20, True)):
        last = regimes["date"].iloc[-days]
        kept = predictions[(predictions["symbol"] != "LATE") | (predictions["date"] >= last)]
        row = _symbol(score_cells(kept, labels, regimes, universe, SETTINGS, seed=1), "LATE", "informed")
        ends = [f"skill_prior{end}" for end in ("_low", "_high", "_p_value")]
        assert row[ends].notna().all() == row[ends].notna().any() == known


def test_cells_are_the_rows_of_validate(world: World, found: Cells) -> None:
    predictions, labels, regimes, universe = world
    archive = pd.DataFrame({"event": pd.array([], dtype="str"), "date": pd.to_datetime([])})
    whole = validate(predictions, labels, regimes, universe, archive, SETTINGS, seed=1).slices
    for kind, by, table in (
        ("sector", "gics_sector", found.symbols),
        ("sector", "gics_sector", found.sectors_by_regime),
        ("regime", "regime", found.sectors_by_regime),
    ):
        rows = whole[whole["kind"] == kind].set_index(["slice", "predictor"])["rows"].sort_index()
        summed = table.groupby([by, "predictor"])["rows"].sum().rename_axis(["slice", "predictor"]).sort_index()
        pd.testing.assert_series_equal(summed, rows)


def test_cells_come_in_order_with_their_columns(found: Cells) -> None:
    assert found.symbols["symbol"].drop_duplicates().tolist() == ["A", "B", "C", "LATE"]
    pairs = found.sectors_by_regime[["gics_sector", "regime"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [[sector, name] for sector in ("Energy", "Utilities") for name in ("normal", "crash", "recovery")]
    figures = [f"skill_structural{end}" for end in ("", "_low", "_high", "_p_value", "_q_value")]
    assert found.symbols.columns[:3].tolist() == ["symbol", "gics_sector", "predictor"]
    assert found.symbols.columns[-5:].tolist() == found.sectors_by_regime.columns[-5:].tolist() == figures


def test_order_of_rows_and_other_symbols_do_not_matter(world: World, found: Cells) -> None:
    shuffled = (frame.sample(frac=1, random_state=3).reset_index(drop=True) for frame in world)
    again = score_cells(*shuffled, SETTINGS, seed=1)
    for name, table in vars(found).items():
        pd.testing.assert_frame_equal(getattr(again, name), table, check_exact=True)
    predictions, *others = world
    alone = score_cells(predictions[predictions["symbol"] == "C"], *others, SETTINGS, seed=1).symbols
    own = found.symbols[found.symbols["symbol"] == "C"].reset_index(drop=True)
    same = [column for column in own.columns if not column.endswith("q_value")]
    pd.testing.assert_frame_equal(alone[same], own[same], rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 1.5, np.nan])
def test_a_wrong_uniqueness_is_named(world: World, value: float) -> None:
    predictions, labels, regimes, universe = world
    wrong = labels.assign(uniqueness=labels["uniqueness"].mask(labels.index == DAYS + 2, value))
    with pytest.raises(InputError, match=rf"^labels: B on 2010-01-05 has the uniqueness {value}; it must be above 0"):
        score_cells(predictions, wrong, regimes, universe, SETTINGS, seed=1)
    with pytest.raises(InputError, match=r"labels: lacks the columns \['uniqueness'\]"):
        score_cells(predictions, labels.drop(columns="uniqueness"), regimes, universe, SETTINGS, seed=1)
