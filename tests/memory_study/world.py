"""A small market with crises, and options that predict it more or less well."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.memory_study import Ablation, Draw, compare, scored_rows
from barograph.names import PROBABILITIES
from barograph.randomness import generator
from barograph.scoring import Validation

SETTINGS = Validation(
    block_days=10, resamples=60, auc_resamples=30, level=0.9, min_episodes=3, episode_gap_days=20, calibration_bins=10
)
FOLD_DAYS = 60
SYMBOLS = ["A", "B", "C", "D", "E"]
METRICS = ["log_loss", "brier", "macro_f1", "auc", "rank_ic", "sharpe"]


class World(NamedTuple):
    """What a study compares: truth, calendar, and the options' forecasts and returns."""

    rows: pd.DataFrame
    labels: pd.DataFrame
    regimes: pd.DataFrame
    probabilities: dict[str, NDArray[np.float64]]
    returns: pd.DataFrame


def study(*options: str, **against: list[str] | None) -> Ablation:
    return Ablation(
        options=list(options),
        models=["some"],
        seeds=1,
        against=against or {options[0]: None},
        false_discovery_rate=0.05,
    )


def regimes(days: int) -> pd.DataFrame:
    """Five crashes of 10 to 20 days, at least 45 days apart, and a single recovery of 15 after the second."""
    regime = np.array(["normal"] * days, dtype=object)
    for start, length in ((30, 20), (110, 15), (210, 18), (330, 10), (385, 14)):
        regime[start : start + length] = "crash"
    regime[125:140] = "recovery"
    dates = pd.bdate_range("2007-01-01", periods=days).astype("datetime64[us]")
    return pd.DataFrame({"date": dates, "regime": pd.array(regime, dtype="str")})


def world(days: int = 420, seed: int = 0, **skill: float) -> World:
    """Simulate a world; `skill` says what share of the truth an option sees, the rest is its own noise."""
    rng = generator(seed, "ablation world")
    calendar = regimes(days)
    grid = pd.MultiIndex.from_product([SYMBOLS, calendar["date"][5:]], names=["symbol", "date"]).to_frame(index=False)
    truth = rng.dirichlet([3, 4, 3], size=len(grid))
    label = (rng.random(len(grid))[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1)
    labels = grid.assign(label=label.astype(np.int8), exit_return=(label - 1) * 0.05 + rng.normal(0, 0.02, len(grid)))
    market = rng.normal(0.0005, 0.01, days - 5)
    probabilities, returns = {}, {}
    for option, share in skill.items():
        own = rng.dirichlet([3, 4, 3], size=len(grid))
        probabilities[option] = share * truth + (1 - share) * own
        returns[option] = market + rng.normal(0.002 * share, 0.004, days - 5)
    frame = pd.DataFrame(returns, index=pd.DatetimeIndex(calendar["date"][5:]))
    place = calendar["date"].searchsorted(grid["date"])
    return World(grid.assign(fold=place // FOLD_DAYS), labels, calendar, probabilities, frame)


def differences(
    made: World, settings: Validation = SETTINGS, seed: int = 7, **against: list[str] | None
) -> pd.DataFrame:
    """Compare the options of a world whose every row has a label, by default each to the first."""
    return compare(
        [Draw(made.probabilities, made.returns)],
        scored_rows(made.rows, made.labels, made.regimes, settings),
        model="some",
        calibration="raw",
        study=study(*made.probabilities, **against),
        validation=settings,
        seed=seed,
    )


def patchy() -> World:
    """Give a world with what real ones have: ties, dates with few symbols or equal returns, unlabelled rows."""
    made = world(250, plain=0.2, keen=0.6, coarse=0.4)
    rng = generator(1, "patchy")
    rounded = np.round(made.probabilities["coarse"], 1) + 0.1
    rounded /= rounded.sum(axis=1, keepdims=True)
    day = made.rows["date"].rank(method="dense").to_numpy().astype(int)
    rounded[day % 7 == 0] = [0.2, 0.5, 0.3]
    labels = made.labels.copy()
    labels.loc[day % 11 == 0, "exit_return"] = 0.01
    labels["exit_return"] = labels["exit_return"].round(2)
    unlabelled = ((day % 13 == 0) & (made.rows["symbol"] > "B").to_numpy()) | (rng.random(len(labels)) < 0.02)
    kept = labels[~unlabelled]
    order = rng.permutation(len(made.rows))
    probabilities = {name: p[order] for name, p in (made.probabilities | {"coarse": rounded}).items()}
    return World(made.rows.iloc[order], kept, made.regimes, probabilities, made.returns.iloc[9:])


def long_table(made: World, option: str) -> pd.DataFrame:
    """Join an option's forecasts with label, return and regime, row by row."""
    p = made.rows.assign(**dict(zip(PROBABILITIES, made.probabilities[option].T, strict=True)))
    return p.merge(made.labels, on=["symbol", "date"]).merge(made.regimes, on="date").sort_values(["symbol", "date"])
