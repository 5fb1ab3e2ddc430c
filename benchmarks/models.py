"""How fast the eight models are fitted, beside the same fits with their libraries alone.

Run as ``python benchmarks/models.py`` in the project's root. Each figure comes from a process of its own, on one
thread. Times are those of a second fit. The process of a bare library does not import Barograph.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bare
import numpy as np
from measuring import answer, child, seconds, show

TARGET = 1.15
COLUMNS = 200
ROWS_A_DAY = 20
LIFE_DAYS = 20
CHECKED = 2000
SEED = 7


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=25_000, help="the number of rows, 25,000 by default")
    parser.add_argument("--only", choices=bare.FITS, nargs="+", default=list(bare.FITS), help="some models only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, CHILDREN)
        return
    with tempfile.TemporaryDirectory() as folder:
        _child(job="make", folder=folder, rows=options.rows)
        params = _child(job="params")
        rows = []
        for name in options.only:
            ours = _child(job="measure", folder=folder, by="barograph", name=name)
            theirs = _child(job="measure", folder=folder, by="bare", name=name, params=params[name])
            _check(folder, name)
            figures = ours["wall"], ours["processor"], theirs["wall"], theirs["processor"]
            ratios = ours["wall"] / theirs["wall"], ours["processor"] / theirs["processor"], TARGET
            rows.append([name, *(f"{each:.2f}" for each in (*figures, *ratios))])
    head = ["model", "s", "cpu s", "bare s", "bare cpu s", "s / bare", "cpu / bare", "target"]
    show(f"Fits on {options.rows:,} x {COLUMNS}", head, rows)


def _make(folder: str, rows: int) -> None:
    """Write rows with a weak signal, some flags among the features, missing values, and weights of mean one."""
    random = np.random.default_rng(SEED)
    X = random.normal(size=(rows, COLUMNS)).astype(np.float32)
    score = 0.3 * X[:, :5].sum(axis=1) + random.normal(size=rows)
    X[:, 5::20] = X[:, 5::20] > 1.0
    X[:, ::2][random.random((rows, COLUMNS // 2)) < 0.05] = np.nan
    y = np.digitize(score, np.quantile(score, [0.3, 0.7]))
    weight = np.where(np.arange(rows) % 2, 0.5, 1.5)
    date = np.datetime64("2010-01-04") + np.arange(rows) // ROWS_A_DAY
    exit_date = date + random.integers(1, LIFE_DAYS, rows)
    np.savez(_rows(folder), X=X, y=y, weight=weight, date=date, exit_date=exit_date)


def _params() -> dict[str, bare.Params]:
    """Give the parameters of every model; of those that are searched, the start of the search."""
    from barograph.models.contract.spaces import settled

    return {name: settled(_model(name)) for name in bare.FITS}


def _model(name: str) -> Any:
    from barograph import config

    return config.build(config.compose()["models"][name], f"models.{name}")


def _measure(folder: str, by: str, name: str, **given: Any) -> dict[str, float]:
    """Fit twice in this process, keep some predictions, and say how long the second fit took."""
    rows = bare.Rows.read(_rows(folder))
    fit = BY[by](name, rows, **given)
    predict = fit()
    np.save(_predictions(folder, by, name), predict(rows.X[:CHECKED]))
    return seconds(fit)


def _barograph(name: str, rows: bare.Rows) -> Callable[[], bare.Predict]:
    """Fit as a stage does."""
    import pandas as pd
    from threadpoolctl import threadpool_limits

    from barograph.models import TrainingRows, fit_rows

    lives = pd.DataFrame({"date": rows.date, "exit_date": rows.exit_date})
    training = TrainingRows(pd.DataFrame(rows.X).add_prefix("feature_"), rows.y.astype(np.int8), rows.weight, lives)
    model = _model(name)

    def fit() -> bare.Predict:
        with threadpool_limits(1):
            fitted = fit_rows(model, training, name=name, seed=SEED)
        return lambda X: fitted.predict_proba(pd.DataFrame(X, columns=training.X.columns))

    return fit


def _bare(name: str, rows: bare.Rows, params: bare.Params) -> Callable[[], bare.Predict]:
    """Fit with the library, on numbers of the precision that Barograph gives it."""
    X = rows.X.astype(np.float64 if name in bare.DOUBLES else np.float32)
    given = bare.Rows(**(vars(rows) | {"X": X}))
    return lambda: bare.fit(name, given, dict(params), SEED)


# Keras draws other batches for the network; the bare forest and boosting split on values rather than on bins.
OTHERWISE = {"neural_network", "random_forest", "gradient_boosting"}
BY: dict[str, Callable[..., Callable[[], bare.Predict]]] = {"barograph": _barograph, "bare": _bare}


def _check(folder: str, name: str) -> None:
    """Refuse to compare what does not do the same; of models that do it in another way, the loss counts."""
    ours, theirs = (np.load(_predictions(folder, by, name)) for by in BY)
    if name not in OTHERWISE:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, err_msg=name)
        return
    y = bare.Rows.read(_rows(folder)).y[:CHECKED]
    losses = (-np.log(each[np.arange(len(y)), y]).mean() for each in (ours, theirs))
    np.testing.assert_allclose(*losses, rtol=0.05, err_msg=f"log loss of {name}")


def _rows(folder: str) -> Path:
    return Path(folder) / "rows.npz"


def _predictions(folder: str, by: str, name: str) -> Path:
    return Path(folder) / f"{name}-{by}.npy"


CHILDREN: dict[str, Callable[..., Any]] = {"make": _make, "params": _params, "measure": _measure}

_child = partial(child, __file__)


if __name__ == "__main__":
    main()
