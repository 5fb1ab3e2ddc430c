"""`barograph audit`, as a user types it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from barograph.archive import detect
from barograph.cli import main
from barograph.features import catalogue, registration
from barograph.features.audit import telling_dates

COUNTED = " audited at 5 dates, at ends of periods and at unusual values, to the bit"
LEAK = """
import numpy as np
from barograph.features import feature

@feature("mine_tomorrow", family="mine", inputs=("close",), lookback=0)
def tomorrow(close):
    return np.append(close[1:] / close[:-1] - 1.0, np.nan)

@feature("mine_today", family="mine", inputs=("close", "my_series"), lookback=1)
def today(close, my_series):
    return np.append(np.nan, close[1:] / close[:-1] - my_series[1:] / my_series[:-1])
"""


@pytest.fixture(autouse=True)
def _open_catalogue() -> Iterator[None]:
    registration.import_families()
    before = dict(registration._REGISTERED)
    yield
    registration._REGISTERED.clear()
    registration._REGISTERED.update(before)


@pytest.fixture
def leaking(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(LEAK)
    return str(path)


def rows(printed: str) -> dict[str, str]:
    table = printed.partition("\n\n")[0].splitlines()
    return {line.split()[0]: line for line in table[1:]}


def at_every_fourth(tables: Any) -> Any:
    return telling_dates(tables)[::4]


@pytest.mark.parametrize("dates", [at_every_fourth, pytest.param(telling_dates, marks=pytest.mark.long)])
def test_everything_is_audited_and_clean(
    dates: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("barograph.features.audit.telling_dates", dates)
    assert main(["audit"]) == 0
    printed = capsys.readouterr().out
    expected = {entry.name for entry in catalogue()}
    rules = {"regime", "rule", "vix", "index_return_10", "drawdown", "vix_estimate", "episode", "shock"}
    assert set(rows(printed)) == expected | rules
    assert "LEAK" not in printed
    assert "not audited" not in printed
    assert printed.endswith(f"\n{len(expected | rules)}{COUNTED}: 0 leaks\n")


def test_a_leak_is_named_with_its_date_and_fails(leaking: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--file", leaking]) == 1
    printed = capsys.readouterr().out
    assert list(rows(printed)) == ["mine_tomorrow", "mine_today"]
    assert rows(printed)["mine_tomorrow"].count("LEAK at 20") == 2
    assert rows(printed)["mine_today"].count("same past") == 2
    assert "mine_tomorrow (mine) knew what came later: its value of 20" in printed
    assert printed.endswith(f"\n2{COUNTED}: 1 leak\n")


def test_every_planted_leak_is_named_and_no_honest_feature(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--file", str(Path(__file__).parent / "planted/leaks.py")]) == 1
    found = rows(capsys.readouterr().out)
    honest = {name for name in found if name.startswith("honest")}
    assert len(honest) == 4
    assert len(found) == 19
    assert {name for name, line in found.items() if "LEAK" in line} == set(found) - honest


PEEKING = """
import numpy as np
import pandas as pd
from dataclasses import dataclass
from barograph.backtest import TopK
from barograph.backtest.risk import Overlay

@dataclass(frozen=True)
class Peeking:
    k: int

    def target_weights(self, predictions):
        ahead = predictions.assign(p_buy=predictions.groupby("symbol")["p_buy"].shift(-1).fillna(0.3))
        return TopK(k=self.k, rebalance_days=5).target_weights(ahead)

@dataclass(frozen=True)
class Short:
    k: int

    def target_weights(self, predictions):
        return -TopK(k=self.k, rebalance_days=5).target_weights(predictions)

@dataclass(frozen=True)
class Counting:
    k: int

    def on_bar(self, day):
        traded = day.symbols[day.bars.close > 0.0][:self.k]
        day.rebalance_to_weights(dict.fromkeys(traded, 1.0 / len(day.symbols)))


@dataclass(frozen=True)
class Foresight(Overlay):
    days: int

    def limit(self, weights, at):
        later = at.read("close")[np.minimum(at.places + self.days, len(at.read("close")) - 1)]
        return np.where(later < at.read("close")[at.places], 0.0, weights), []
"""
"""One that looks at the next date, an honest one that sells short, and one that counts the names not listed yet."""


def test_a_strategy_that_looks_ahead_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree("conf", tmp_path / "conf")
    (tmp_path / "peeking_strategy.py").write_text(PEEKING)
    # Ours are audited in the suite that they share; the candidate's alone is needed to compose.
    for group in ("strategy", "sizing", "overlay"):
        for path in (tmp_path / "conf" / group).glob("*.yaml"):
            if path.stem not in {"top_k", "as_decided"}:
                path.unlink()
    config = tmp_path / "conf/config.yaml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not re.search("strategy@|sizing@|overlay@", line)))
    for name in ("Peeking", "Short", "Counting"):
        text = f"_target_: peeking_strategy.{name}\nk: 3\n"
        (tmp_path / "conf/strategy" / f"{name.lower()}.yaml").write_text(text)
    (tmp_path / "conf/overlay/foresight.yaml").write_text("_target_: peeking_strategy.Foresight\ndays: 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("barograph.config.CONF", tmp_path / "conf")
    assert main(["audit", "--strategy"]) == 1
    printed, error = capsys.readouterr()
    assert not error
    lines = [line.split() for line in printed.partition("\n\n")[0].splitlines()[1:]]
    assert {kind for _, kind, *_ in lines} == {"top_k", "counting", "peeking", "short", "overlay=foresight"}
    leaking = {(what, kind) for what, kind, *verdict in lines if "LEAK" in verdict}
    assert leaking >= {("target_weights", "peeking"), ("orders", "counting"), ("positions", "counting")}
    assert {kind for _, kind in leaking} == {"counting", "peeking", "overlay=foresight"}
    assert "positions of overlay=foresight knew what came later: its value of 20" in printed
    assert "target_weights of strategy=peeking knew what came later: its value of 20" in printed
    assert printed.endswith(f"\n{len(lines)}{COUNTED}: {len(leaking)} leaks\n")


def test_strategies_are_not_audited_on_own_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--strategy", "--data"]) == 1
    assert capsys.readouterr().err.startswith("barograph: --data: not with --strategy")


def test_named_features_alone_are_audited(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--features", "rsi_14,vix_level"]) == 0
    assert list(rows(capsys.readouterr().out)) == ["rsi_14", "vix_level"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such Python file; allowed: one that registers features with @feature"),
        ("x = 1", "registers no feature; write @feature above a function"),
        ("import barograph\n\nbarograph.nothing()", ", line 3: AttributeError: module 'barograph' has no attribute"),
        ("def broken(:\n    pass", ", line 1: SyntaxError: invalid syntax"),
    ],
)
def test_a_file_that_cannot_be_used_ends_in_one_line(
    content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    if content is not None:
        path.write_text(content)
    assert main(["audit", "--file", str(path)]) == 1
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith(f"barograph: {path}")
    assert message in said.err
    assert said.err.count("\n") == 1


def test_an_unknown_feature_ends_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--features", "rsi_14,rsi_15"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("barograph: features: 'rsi_15' is unknown")
    assert said.count("\n") == 1


def test_an_event_detector_that_knows_an_events_end_beforehand_is_caught(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hasty(*given: Any) -> pd.DataFrame:
        found = detect(*given)
        return found.assign(recognised_on=found["start"])

    monkeypatch.setattr("barograph.cli.audit.detect", hasty)
    monkeypatch.setattr("barograph.cli.audit.CUTS", 12)
    nothing = pd.DataFrame({"feature": [], "kind": [], "leaks": [], "corruption": [], "extension": []})
    monkeypatch.setattr("barograph.cli.audit._features", lambda *_: nothing)
    assert main(["audit"]) == 1
    printed = capsys.readouterr().out
    assert "episode (event detector) knew what came later" in printed
    assert printed.endswith(": 1 leak\n")
