"""Where the stages take signals from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.errors import InputError
from barograph.features.schema import FEATURES
from barograph.market.schema import SIGNALS
from barograph.stages import backtest, features
from barograph.stages.stage import Stage

UNIVERSE = pd.DataFrame({"symbol": ["A"], "name": ["A"], "gics_sector": ["Energy"]})
DAY = pd.Timestamp("2020-01-06")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("symbol,date,name,value,available_from\n")
    return Stage({"features": {"signals": "mine.csv"}}, tmp_path, tmp_path, None)


def signal(name: str) -> pd.DataFrame:
    return pd.DataFrame({"symbol": ["A"], "name": name, "date": DAY, "value": 1.5, "available_from": DAY})


def test_the_features_stage_joins_the_market_s_signals_and_the_user_s(stage: Stage) -> None:
    assert features._signals(stage, UNIVERSE) == (None, [])
    tables.write(SIGNALS, signal("theirs"), stage.root)
    signal("ours").to_csv("mine.csv", index=False)
    joined, entries = features._signals(stage, UNIVERSE)
    assert joined["name"].tolist() == ["theirs", "ours"]
    assert {entry.name: entry.source for entry in entries} == {
        "signal_ours": "mine.csv",
        "signal_theirs": "data/market/signals.parquet",
    }
    signal("theirs").to_csv("mine.csv", index=False)
    with pytest.raises(InputError, match=r"^mine\.csv: the signal 'theirs' is in data/market/signals\.parquet too"):
        features._signals(stage, UNIVERSE)


def test_a_file_of_signals_that_is_gone_is_refused(stage: Stage) -> None:
    Path("mine.csv").unlink()
    with pytest.raises(InputError, match=r"^mine\.csv: no such file of signals"):
        features._signals(stage, UNIVERSE)


def test_the_backtest_stage_reads_the_signals_and_no_other_feature(stage: Stage) -> None:
    with pytest.raises(InputError, match=r"features\.parquet: no such table"):
        backtest._signals(stage)
    matrix = pd.DataFrame({"symbol": ["A"], "date": [DAY], "rsi_14": [50.0], "signal_ours": [np.nan]})
    tables.write(FEATURES, matrix, stage.root)
    assert list(backtest._signals(stage).columns) == ["symbol", "date", "signal_ours"]
    tables.write(FEATURES, matrix.drop(columns="signal_ours"), stage.root)
    assert list(backtest._signals(stage).columns) == ["symbol", "date"]


def test_the_backtest_stage_reads_the_features_for_strategies_of_the_user_alone(stage: Stage) -> None:
    matrix = pd.DataFrame({"symbol": ["A"], "date": [DAY], "rsi_14": [50.0]})
    tables.write(FEATURES, matrix, stage.root)
    ours = {"_target_": "barograph.backtest.strategies.StopLoss", "loss": 0.1}
    for strategy, read in (({"_target_": "mine.Rotation"}, True), ({"_target_": "barograph.backtest.TopK"}, False)):
        chosen = Stage({"strategies": {"s": ours | {"strategy": strategy}}}, stage.root, stage.root, None)
        assert (backtest._features(chosen) is not None) == read
