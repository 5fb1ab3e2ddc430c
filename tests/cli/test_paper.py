"""`barograph paper` on the tables of a project: what it builds of params.yaml, and what it prints."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph import config, tables
from barograph.backtest import paper
from barograph.cli import main
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.features.schema import FEATURES
from barograph.market.schema import BARS, CONTEXT, UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from tests.dependencies import ROOT

DAYS = 12
OVERRIDES = ["+overlay@risk.emergency_stop=emergency_stop", "strategy.rebalance_days=2", "strategy.k=2"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the tables that a paper run reads, and params.yaml."""
    monkeypatch.chdir(tmp_path)
    for name in ("strategy_code", "shortable"):
        path = Path(config.compose()[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ROOT / path).read_bytes())
    rng = np.random.default_rng(1)
    dates = pd.date_range("2022-01-03", periods=DAYS, freq="B", unit="us")
    rows = pd.DataFrame([(symbol, date) for symbol in "ABC" for date in dates], columns=["symbol", "date"])
    close = 50.0 * np.exp(0.02 * rng.standard_normal(len(rows)).cumsum())
    prices = dict.fromkeys(("open", "high", "low", "volume"), np.nan) | {"close": close}
    tables.write(BARS, rows.assign(**prices), tmp_path)
    chances = dict(zip(("p_sell", "p_hold", "p_buy"), rng.dirichlet(np.ones(3), len(rows)).T, strict=True))
    tables.write(ENSEMBLE_PREDICTIONS, rows.assign(predictor="ensemble", fold=2022, **chances), tmp_path)
    tables.write(FEATURES, rows.assign(ret_5=np.float32(0.0)), tmp_path)
    context = pd.DataFrame({"date": dates, "index_close": 100.0, "vix": 20.0, "vix_estimated": False})
    tables.write(CONTEXT, context, tmp_path)
    moves = {"regime": "normal", "rule": "", "vix": 20.0, "index_return_10": 0.0, "drawdown": 0.0}
    tables.write(REGIME_SERIES, pd.DataFrame({"date": dates}).assign(**moves), tmp_path)
    names = pd.DataFrame({"symbol": list("ABC"), "name": list("ABC"), "gics_sector": ["Energy", "Energy", "Utilities"]})
    tables.write(UNIVERSE, names, tmp_path)
    settle(OVERRIDES)
    return tmp_path


def settle(overrides: list[str]) -> None:
    Path(config.PARAMS).write_text(config.dump_params(config.compose(overrides)))


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["paper", *arguments]) == code
    found = capsys.readouterr()
    return found.err if code and not found.out else found.out


def test_a_run_from_beginning_to_end(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no paper run; begin one" in told(capsys, "step", code=1)
    assert "a paper run of ensemble begins on 2022-01-03" in told(capsys, "init", "--start", "2022-01-03")
    assert "no day yet" in told(capsys, "status")
    assert told(capsys, "step").startswith("2022-01-03  0 fills, equity 1,000,000.00, 2 orders")
    assert "leaves a gap" in told(capsys, "step", "2022-01-06", code=1)
    assert "a date and --all are given" in told(capsys, "step", "2022-01-04", "--all", code=1)
    assert told(capsys, "step", "--all").count("\n") == DAYS - 1
    assert "no emergency stop is on" in told(capsys, "release", code=1)
    shown = told(capsys, "status")
    assert f"ensemble, {DAYS} days from 2022-01-03 to 2022-01-18" in shown
    assert "emergency stop  off" in shown
    assert "fills, and the same equity on each day, to the cent" in shown
    assert len(list((project / "paper/orders").glob("*.csv"))) == DAYS
    settle([*OVERRIDES, "strategy.k=1"])
    assert "strategy.k was 2 when the run began and is 1" in told(capsys, "step", code=1)


def test_status_says_when_the_tables_have_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "init", "--start", "2022-01-03")
    told(capsys, "step", "--all")
    bars = tables.read(BARS, project)
    bars.loc[bars["date"] == pd.Timestamp("2022-01-06"), "close"] *= 1.01
    tables.write(BARS, bars, project)
    assert "differs from 2022-01-06 on" in told(capsys, "status", code=1)


def test_another_strategy_in_another_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "unknown portfolio 'mine'; there are ensemble, momentum" in told(
        capsys, "init", "--portfolio", "mine", code=1
    )
    told(capsys, "init", "--portfolio", "buy_and_hold", "--folder", "held", "--start", "2022-01-03")
    told(capsys, "step", "--folder", "held", "--all")
    assert "the same 3 fills" in told(capsys, "status", "--folder", "held")
    events = paper.read(project / "held/journal.jsonl")
    assert events[0]["settings"]["strategy"]["_target_"].endswith("BuyAndHold")
    assert "2021-01-04 has no bars" in told(capsys, "init", "--start", "2021-01-04", code=1)
