"""A made-up record of predictions: known truth, labels that mature after ten days, a fold a hundred days."""

import numpy as np
import pandas as pd

from barograph.names import PROBABILITIES

EMBARGO, LIFE, FOLD = 5, 10, 100
COLUMNS = list(PROBABILITIES)


class Record:
    """Labels drawn from known probabilities, and the folds that test them; the last fold has no test window."""

    def __init__(self, seed: int, folds: int = 4, symbols: int = 10, spread: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        dates = pd.bdate_range("2010-01-01", periods=FOLD * (folds + 1)).astype("datetime64[us]")
        tested = dates[FOLD:]
        rows = pd.MultiIndex.from_product([[f"S{i}" for i in range(symbols)], tested], names=["symbol", "date"])
        self.rows = rows.to_frame(index=False).astype({"symbol": "str"})
        day = tested.get_indexer(self.rows["date"])
        self.rows["fold"] = (day // FOLD).astype(np.int32)
        self.truth = normalised(np.exp(rng.normal([0.0, 0.7, 0.2], spread, (len(self.rows), 3))))
        self.label = (rng.random((len(self.rows), 1)) > self.truth.cumsum(axis=1)).sum(axis=1).astype(np.int8)
        exits = np.minimum(day + LIFE, len(tested))
        self.labels = self.rows[["symbol", "date"]].assign(
            label=self.label, exit_date=tested[np.minimum(exits, len(tested) - 1)]
        )
        self.labels = self.labels[exits < len(tested)].reset_index(drop=True)
        starts = FOLD * np.arange(1, folds + 2)
        ends = pd.DatetimeIndex([*dates[starts[1:] - 1], pd.NaT])
        self.folds = pd.DataFrame(
            {
                "fold": np.arange(folds + 1, dtype=np.int32),
                "train_start": dates[0],
                "train_end": dates[starts - EMBARGO - 1],
                "test_start": [*dates[starts[:-1]], dates[-1] + pd.Timedelta(days=1)],
                "test_end": ends,
            }
        )

    def predictions(self, probabilities: np.ndarray) -> pd.DataFrame:
        return self.rows.assign(**dict(zip(COLUMNS, probabilities.T, strict=True)))

    def matured(self, fold: int) -> np.ndarray:
        """Tell which rows of earlier folds have a label that a fold may learn from."""
        known = self.rows.merge(self.labels, "left", ["symbol", "date"])["exit_date"]
        return ((self.rows["fold"] < fold) & (known <= self.folds["train_end"][fold])).to_numpy()

    def tested(self, fold: int) -> np.ndarray:
        return (self.rows["fold"] == fold).to_numpy()

    def noisy(self, seed: int, noise: float = 0.5) -> np.ndarray:
        """Give a model that sees the truth through noise."""
        blur = np.random.default_rng(seed).normal(0, noise, self.truth.shape)
        return normalised(self.truth * np.exp(blur))


def normalised(values: np.ndarray) -> np.ndarray:
    return values / values.sum(axis=1, keepdims=True)


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(labels.size), labels]).mean())
