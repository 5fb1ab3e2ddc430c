"""Small training sets and rows to explain, with missing values."""

import numpy as np
import pandas as pd

from barograph.models import FittedModel, TrainingRows, fit_rows

FEATURES = ["a", "b", "c", "d", "idle"]


def training_set(n: int = 1000, seed: int = 0, missing: float = 0.1) -> TrainingRows:
    """Classes from a, b and their product; `idle` is constant; `d` is noise."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, len(FEATURES))).astype(np.float32), columns=FEATURES)
    score = 1.5 * X["a"] + 0.5 * X["b"] + 0.5 * X["a"] * X["b"] - 0.3 * X["c"] + 0.5 * rng.normal(size=n)
    X = X.mask(rng.random(X.shape) < missing).assign(idle=np.float32(1.0))
    dates = pd.Series(pd.bdate_range("2001-01-01", periods=n))
    lives = pd.DataFrame({"date": dates, "exit_date": dates + pd.Timedelta(days=7)})
    weight = rng.uniform(0.5, 2.0, n)
    return TrainingRows(X, np.digitize(score, [-0.6, 0.6]).astype(np.int8), weight, lives)


def fitted(model, rows: TrainingRows, classes: tuple[int, ...] = (0, 1, 2)) -> FittedModel:
    own = np.isin(rows.y, classes)
    shown = TrainingRows(rows.X[own], rows.y[own], rows.weight[own], rows.lives[own])
    return fit_rows(model, shown, name="tested", seed=3)


def rows_to_explain(n: int = 40) -> pd.DataFrame:
    """Rows that training has not seen, some with missing values."""
    return training_set(n, seed=1, missing=0.2).X
