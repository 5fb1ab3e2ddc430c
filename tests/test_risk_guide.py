"""docs/risk.md runs as it is printed, and names every option in its order."""

import ast
import re
from pathlib import Path

import pytest

from barograph import config
from barograph.backtest import Management

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/risk.md").read_text(encoding="utf-8")


def test_the_blocks_of_the_guide_run_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    namespace = {"__name__": "guide"}
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)):
        exec(compile(block, f"docs/risk.md, block {number}", "exec"), namespace)
    counted, same, own = capsys.readouterr().out.splitlines()
    assert ast.literal_eval(counted)["single_name"] > 0
    assert same == "True"
    assert int(own) > 0


def test_the_guide_lists_every_sizing() -> None:
    options = {path.stem for path in (ROOT / "conf/sizing").glob("*.yaml")}
    listed = GUIDE.partition("\n## Sizing\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", listed, flags=re.MULTILINE)) == options


def test_the_guide_gives_the_overlays_in_the_order_in_which_they_act() -> None:
    names = sorted(path.stem for path in (ROOT / "conf/overlay").glob("*.yaml"))
    composed = config.compose([f"+overlay@risk.{name}={name}" for name in names])["risk"]
    management = Management(overlays={name: config.build(part, name) for name, part in composed.items()})
    order = [name for name, _ in (*management.limits, *management.brakes)]
    assert re.findall(r"^\| (\d+) \| `(\w+)` \|", GUIDE, flags=re.MULTILINE) == [
        (str(step), name) for step, name in enumerate(order, 1)
    ]
