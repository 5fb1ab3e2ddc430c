"""The fixtures as a user's project gets them."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

import barograph
from barograph.testing import simulate

SOURCE = Path(barograph.__file__).parents[1]
USER_TEST = """
import numpy as np
import pytest
from barograph.testing import simulate

KINDS = ["bull", "bear", "high_volatility", "low_volatility", "trending", "mean_reverting"]

def test_it(simulated_market, market_with_signal):
    assert simulated_market.bars.equals(simulate().bars)
    assert market_with_signal.bars.equals(simulate(signal=0.2).bars)
    assert not simulated_market.bars.equals(market_with_signal.bars)
    assert simulated_market.facts is None and simulated_market.signals is None

def test_facts_add_to_the_market_and_change_nothing(simulated_market, market_with_facts):
    assert market_with_facts.bars.equals(simulated_market.bars)
    assert set(market_with_facts.facts["symbol"]) == set(simulated_market.universe["symbol"])

def test_events(market_with_events):
    vix = market_with_events.context.set_index("date")["vix"]
    assert vix["2008-10-15":"2008-12-15"].min() > 35 > 25 > vix["2017-02-01":"2017-11-30"].max()

@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind, request):
    market = request.getfixturevalue(f"{kind}_market")
    assert set(market.signals["name"]) == {"ml"}
    vix = market.context["vix"].mean()
    low, high = dict(zip(KINDS, [(14, 16), (27, 29), (30, 45), (8, 15), (17, 19), (17, 19)]))[kind]
    assert low < vix < high
"""


def test_a_project_names_the_module_and_has_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["barograph.testing"]\n')
    (tmp_path / "test_user.py").write_text(USER_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "9 passed" in done.stdout, done.stdout + done.stderr


def test_the_default_market_is_small_and_whole() -> None:
    data = simulate()
    assert data.bars["symbol"].nunique() == 6
    assert (data.bars["date"].min(), data.bars["date"].max()) == (
        pd.Timestamp("2010-01-04"),
        pd.Timestamp("2017-12-29"),
    )
    assert data.notes == []


def test_the_library_does_without_pytest() -> None:
    code = "import sys, barograph.market; sys.exit('pytest' in sys.modules or 'exchange_calendars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(SOURCE)}, check=False)
    assert done.returncode == 0
