"""Do intervals cover: simulated scores with a known truth, and how often the intervals of validation contain it.

Run as ``python benchmarks/interval_coverage.py`` in the project's root; ``--simulations 100`` is a try.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from measuring import show
from numpy.typing import NDArray

from barograph.randomness import generator
from barograph.scoring import episode_bootstrap_counts, estimates, weigh
from barograph.scoring.evidence import independent_cases

LEVEL, BLOCK, RESAMPLES, LABEL_DAYS, HALF_LIFE = 0.95, 21, 500, 14, 60
YEARS, DAYS = 16, 252
DAILY, TRUTH = 0.08, 0.0208  # of the log loss saved on a day by the ensemble of the bundled data; 2 % of 1.04
GAP = 63  # trading days between episodes: fewer would make them one
CRASHES = [74, 2, 22, 2, 17, 1, 8]
SHAPES = {
    "7 crashes as 2007-2022": CRASHES,
    "5 equal crises": [25] * 5,
    "9 unequal crises": [60, 40, 25, 20, 15, 12, 10, 8, 5],
    "12 crises": [30, 12, 25, 8, 40, 15, 10, 22, 5, 18, 33, 12],
}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What makes daily differences of log loss depend on each other.

    Standard deviations: of the slow part (a half-life of 60 days) as a share of a day's, and of a year's or episode's
    own mean as a multiple of the error of its mean without such an effect.
    """

    slow: float
    effect: float

    def daily(self, cases: Sequence[int], gap: int, rng: np.random.Generator) -> Floats:
        """Draw daily differences around zero, case by case with so many days between; labels of 14 days overlap."""
        n = sum(cases) + gap * (len(cases) - 1)
        noise = np.convolve(rng.standard_normal(n + LABEL_DAYS - 1), np.ones(LABEL_DAYS) / np.sqrt(LABEL_DAYS), "valid")
        keep = 0.5 ** (1 / HALF_LIFE)
        slow, shock = np.empty(n), rng.standard_normal(n)
        level = rng.standard_normal()
        for day in range(n):
            level = keep * level + np.sqrt(1 - keep**2) * shock[day]
            slow[day] = level
        own = rng.standard_normal(len(cases)) * self.effect * np.sqrt(LABEL_DAYS / np.mean(cases))
        days = np.concatenate([np.arange(size) for size in cases])
        starts = np.cumsum([0, *(size + gap for size in cases[:-1])])
        alike = (np.sqrt(1 - self.slow**2) * noise + self.slow * slow)[np.repeat(starts, cases) + days]
        mixed: Floats = DAILY * (alike + np.repeat(own, cases))
        return mixed


WORLDS = {
    "overlapping labels": World(0.0, 0.0),
    "and slow market-wide features": World(0.3, 0.0),
    "and effects of a case, once its error": World(0.3, 1.0),
    "and effects of a case, three times": World(0.3, 3.0),
}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--simulations", type=int, default=400)
    simulations = parser.parse_args().simulations
    years = [DAYS] * YEARS
    rows = []
    for name, world in WORLDS.items():
        for way, by in (("years", "whole"), ("years, then blocks", "cases first"), ("blocks alone", "blocks alone")):
            rows.append([name, way, *_figures(*_simulated(world, years, 0, by, simulations))])
    head = ["differences of a day have", "resampled", "covered", "width / true", "2 % found", "at best"]
    show(f"{YEARS} years, {simulations} simulations, nominal {LEVEL:.0%}", head, rows)
    rows = []
    for shape, cases in SHAPES.items():
        evidence = weigh(cases, 3)
        said = f"worth {evidence.effective:.1f}" + ("" if evidence.sufficient else ": not evidence")
        for name in ("and slow market-wide features", "and effects of a case, three times"):
            ends = _simulated(WORLDS[name], cases, GAP, "cases first", simulations)
            rows.append([f"{shape}, {said}", name, *_figures(*ends)])
    show("Episodes", ["episodes", "differences of a day have", *head[2:]], rows)


def _simulated(
    world: World, cases: Sequence[int], gap: int, by: str, simulations: int
) -> tuple[Floats, Floats, Floats]:
    """Give the mean and the ends of its interval, each shape (simulations,), of worlds whose true mean is 0."""
    numbers = np.repeat(np.arange(len(cases)), cases)
    if by == "blocks alone":
        numbers = np.zeros_like(numbers)
    means, lows, highs = np.empty((3, simulations))
    for simulation in range(simulations):
        rng = generator(simulation, "coverage", len(cases))
        values = world.daily(cases, gap, rng)
        counts = episode_bootstrap_counts(numbers, BLOCK, RESAMPLES, rng, whole=by == "whole")
        means[simulation] = values.mean()
        samples = (counts @ values / counts.sum(axis=1))[:, None]
        cases_worth = independent_cases(numbers, BLOCK)
        _, lows[simulation], highs[simulation] = estimates([values.mean()], samples, LEVEL, cases_worth)[0]
    return means, lows, highs


def _figures(means: Floats, lows: Floats, highs: Floats) -> list[str]:
    """Give coverage, width against that of the simulated means, and how often 2 % of log loss would be found.

    At best is how often it would be by who knows the error: from the quantiles of the simulated means themselves.
    """
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    covered, wide = ((lows <= 0) & (highs >= 0)).mean(), (highs - lows).mean() / (high - low)
    found, best = (lows > -TRUTH).mean(), (means + TRUTH > high).mean()
    return [f"{each:.2f}" for each in (covered, wide, found, best)]


if __name__ == "__main__":
    main()
