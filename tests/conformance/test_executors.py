"""All executors and a cache give the same bytes for every model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph.executors import Loky, Ray, ResultCache, Serial, Slurm
from barograph.models import TrainingSet
from barograph.training import Fit, fit_case, fit_cases, lay_out
from tests.conformance.test_models import MODELS, build_model, make_data

SMALL = {"n_estimators": 10, "n_components": 40, "epochs": 2}
DAYS = pd.bdate_range("2010-01-04", periods=1500).astype("datetime64[us]")


def _data() -> TrainingSet:
    X, y = make_data()
    key = pd.DataFrame({"symbol": "A", "date": DAYS[: len(X)]})
    exits = {"exit_date": key["date"] + pd.Timedelta(days=3), "label": y, "uniqueness": 1.0}
    return TrainingSet(pd.concat([key, X], axis=1), key.assign(**exits))


def _fits(data: TrainingSet) -> list[Fit]:
    """Lay out two folds of every model; the second's model goes into service."""
    fits = []
    for name in MODELS:
        model = build_model(name)
        small = {key: value for key, value in SMALL.items() if key in model.params}
        for fold, until in enumerate((200, 300)):
            samples = data.labels.iloc[:until].assign(weight=np.random.default_rng(fold).uniform(0.5, 2.0, until))
            days = {"start": DAYS[until], "end": DAYS[until + 20]}
            case = lay_out(data, samples, None, place=f"fold {fold}", table="samples", fold=fold, **days)
            further = {"importance_seed": 5, "checked": not fold, "kept": bool(fold)}
            fits.append(Fit(case, type(model)(params=small), name, 3 + fold, **further))
    return fits


DATA = _data()
FITS = _fits(DATA)


@pytest.fixture(scope="module")
def serial() -> list[bytes]:
    return [outcome.to_bytes() for outcome in Serial().run(fit_case, DATA.arrays, FITS)]


@pytest.mark.parametrize(
    "executor",
    [Loky(workers=1), Loky(workers=2), Loky(workers=4), Ray(workers=2), Slurm(workers=2, address="local")],
    ids=repr,
)
def test_every_executor_gives_the_bytes_of_the_serial_run(executor, serial, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some = slice(None) if isinstance(executor, Loky) else slice(1, None, 2)  # others take long to start workers
    fits, expected = FITS[some], serial[some]
    outcomes = executor.run(fit_case, DATA.arrays, fits)
    for fit, bytes_of_serial, outcome in zip(fits, expected, outcomes, strict=True):
        assert outcome.to_bytes() == bytes_of_serial, str(fit)
        assert (outcome.model is None) == (not fit.kept)


def _fit_and_say_where(arrays, fit: Fit) -> tuple[str, bytes]:
    import ray

    return ray.get_runtime_context().get_node_id(), fit_case(arrays, fit).to_bytes()


@pytest.fixture
def two_nodes(monkeypatch):
    """Start a Ray cluster of two nodes with a core each, on the loopback interface, and give its address."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # else Ray takes a public address of the machine
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    node = {"num_cpus": 1, "node_ip_address": "127.0.0.1"}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    try:
        cluster.add_node(**node)
        cluster.wait_for_nodes()
        yield cluster.address
    finally:
        cluster.shutdown()


@pytest.mark.long
def test_two_nodes_of_a_ray_cluster_give_the_bytes_of_the_serial_run(two_nodes, serial):
    nodes, found = zip(*Ray(address=two_nodes).run(_fit_and_say_where, DATA.arrays, FITS), strict=True)
    assert list(found) == serial
    assert len(set(nodes)) == 2


def test_a_cache_gives_the_bytes_of_the_fit(tmp_path, serial, monkeypatch):
    cache = ResultCache(tmp_path, 1 << 30, "this code")
    for again in (False, True):
        if again:
            monkeypatch.setattr("barograph.training.fitting.fit_rows", None)  # nothing is fitted
        outcomes = fit_cases(DATA.arrays, FITS, cache=cache)
        assert [outcome.to_bytes() for outcome in outcomes] == serial
