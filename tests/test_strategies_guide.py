"""docs/strategies.md and the examples run as they are printed."""

import importlib
import re
import runpy
import shutil
from pathlib import Path

import pytest
import yaml

from barograph import config
from barograph.backtest import Day

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/strategies.md").read_text(encoding="utf-8")
OWN = re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_the_blocks_of_the_guide_run_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    namespace = {"__name__": "guide"}
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)):
        exec(compile(block, f"docs/strategies.md, block {number}", "exec"), namespace)
    printed = capsys.readouterr().out
    stopped = re.search(r"^(\d+) positions were stopped$", printed, flags=re.MULTILINE)
    assert stopped is not None
    assert int(stopped[1]) > 0
    loose, tight = map(float, re.findall(r"turnover ([\d.]+) instead of ([\d.]+)", printed)[0])
    assert 0.0 < loose < tight
    assert {"stop_loss", "take_profit"} & set(namespace["bracket"].trades["exit_reason"])


def test_the_guide_lists_every_option() -> None:
    options = {path.stem for path in (ROOT / "conf/strategy").glob("*.yaml")}
    assert set(re.findall(r"^\| `(\w+)` \|", GUIDE, flags=re.MULTILINE)) == options


def test_a_strategy_of_ones_own_is_built_from_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for name, text in OWN:
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("barograph.config.CONF", tmp_path / "conf")
    composed = config.compose(["+strategy@strategies.mine=low_volatility"])["strategies"]["mine"]
    assert composed == yaml.safe_load(dict(OWN)["conf/strategy/low_volatility.yaml"])
    assert config.build(composed, "strategies.mine").k == 3


def test_the_example_uses_every_helper_and_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "examples/regime_strategy.py"
    helpers = ("buy_percent", "sell_percent", "close_position", "size_by_confidence", "rebalance_to_weights")
    asked = ("position", "cash", "portfolio_value", "unrealised_pnl_percent")
    used: set[str] = set()

    class Watched(Day):
        __slots__ = ()

        def __getattribute__(self, name: str) -> object:
            used.add(name)
            return super().__getattribute__(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("barograph.backtest.engine.run"), "Day", Watched)
        runpy.run_path(str(path), run_name="__main__")
    assert used >= {*helpers, *asked}
    table = capsys.readouterr().out
    assert "regime strategy" in table
    assert "largest drawdown, %" in table
