"""No public function takes dates with a time zone, whichever argument brings them."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import barograph
from barograph.dates import refuse_time_zones
from barograph.errors import InputError

DAYS = pd.date_range("2020-01-06", periods=3, tz="Asia/Tokyo", unit="us")
DATED = pd.DataFrame({"symbol": "A", "date": DAYS, "close": 1.0})
DAYS_BY_NAME = ("dates", "exit_dates", "calendar")
# Of frames: rows of features without their dates, results that were computed (also those that `memory_study.compare`
# is given, and refuses with a time zone), and tables that have no dates.
UNDATED = {
    *("backtest.Management", "backtest.managed"),
    *(
        "explain.Attribution",
        "explain.attribute",
        "explain.method",
        "feature_study.offer",
        "gate.Results",
        "gate.gate_metrics",
    ),
    "labels.class_shares",
    *("models.FittedModel.predict_proba", "models.SVM.estimator", "models.SVM.fit", "models.TrainingRows"),
}
RESULTS = {
    *(
        "backtest.BacktestResult",
        "backtest.Portfolios",
        "backtest.Simulation",
        "backtest.TrackRecord",
        "drift.DriftResult",
        "ensemble.Combination",
        "serving.Version",
    ),
    *("memory_study.Draw", "memory_study.ScoredRows", "training.Outcome", "training.Step", "tuning.TuningResult"),
    *("validation.Cells", "validation.ValidationResult", "market.Panel", "scoring.Resamples"),
}
PROTOCOLS = {"backtest.Strategy.target_weights", "models.Model.fit"}
LIBRARY = sorted(
    module.name
    for module in pkgutil.iter_modules(barograph.__path__)
    if module.ispkg and module.name not in ("cli", "stages", "report", "executors")
)


def _callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    for package in LIBRARY:
        found = importlib.import_module(f"barograph.{package}")
        for name in found.__all__:
            public = getattr(found, name)
            if not inspect.isclass(public):
                yield f"{package}.{name}", public
                continue
            yield f"{package}.{name}", public
            for method, function in vars(public).items():
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{package}.{name}.{method}", function


def _takes_dates(parameter: inspect.Parameter) -> bool:
    annotation = str(parameter.annotation)
    days = parameter.name in DAYS_BY_NAME and "array_like" in annotation
    return "DataFrame" in annotation or days


def _cases() -> Iterator[Any]:
    for name, function in _callables():
        if name in UNDATED | RESULTS | PROTOCOLS or not callable(function):
            continue
        signature = inspect.signature(function)
        for parameter in filter(_takes_dates, signature.parameters.values()):
            yield pytest.param(function, signature, parameter, id=f"{name}-{parameter.name}")


@pytest.mark.parametrize(("function", "signature", "parameter"), list(_cases()))
def test_dates_with_a_time_zone_are_refused(function, signature, parameter):
    annotation, given = str(parameter.annotation), DATED
    if parameter.name in DAYS_BY_NAME:
        given = DAYS
    elif "Mapping" in annotation:
        given = {"one": DATED}
    elif "Sequence" in annotation:
        given = [DATED]
    others = {
        name: None
        for name, other in signature.parameters.items()
        if other.default is other.empty and name != parameter.name
    }
    with pytest.raises(InputError, match=rf"^{parameter.name}.* has the time zone Asia/Tokyo; allowed: days without"):
        function(**others | {parameter.name: given})


def test_every_public_function_with_dates_is_among_the_cases():
    names = {case.id.partition("-")[0] for case in _cases()}
    assert {"features.compute", "labels.label_bars", "folds.WalkForward.split", "training.walk"} <= names
    assert len(names) >= 50
    assert {name for name, _ in _callables()} >= UNDATED | RESULTS | PROTOCOLS


@pytest.mark.parametrize(
    "given",
    [
        *(
            DATED,
            DATED.set_index("date"),
            DATED.set_index(["symbol", "date"]),
            DATED["date"],
            DAYS,
            DAYS.array,
            DAYS[0],
        ),
        *({"of": DATED}, [DATED], [DAYS[0].to_pydatetime()]),
    ],
    ids=["column", "index", "level", "series", "index alone", "array", "moment", "mapping", "list", "datetimes"],
)
def test_a_time_zone_is_seen_wherever_it_is(given):
    with pytest.raises(InputError, match=r"^days.*(Asia/Tokyo|\+09:00)"):
        refuse_time_zones(days=given)


def test_days_pass():
    plain = DATED.assign(date=DAYS.tz_localize(None))
    refuse_time_zones(days=plain, index=plain.set_index(["symbol", "date"]), array=np.arange(3), nothing=None, text="A")
