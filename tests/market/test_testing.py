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
from barograph.testing import simulate

def test_it(simulated_market, market_with_signal):
    assert simulated_market.bars.equals(simulate().bars)
    assert market_with_signal.bars.equals(simulate(signal=0.2).bars)
    assert not simulated_market.bars.equals(market_with_signal.bars)
"""


def test_a_project_names_the_module_and_has_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["barograph.testing"]\n')
    (tmp_path / "test_user.py").write_text(USER_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


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
