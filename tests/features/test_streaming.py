"""Blocks of symbols: the values of `compute` in float32, to the bit, however the symbols are cut."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from barograph import tables
from barograph.errors import InputError
from barograph.features import FeatureSet, compute, feature, stream
from barograph.features.schema import FEATURES
from barograph.market.schema import BARS, CONTEXT, FACTS, UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages import features as stage_module
from barograph.stages.stage import Stage

from .markets import Market, random_market, random_signals


@pytest.fixture(scope="module")
def ragged() -> Market:
    """Seven symbols: one listed late, one suspended, one with gaps, one too short for most windows."""
    full = random_market(n_symbols=7, n_days=560, late_listing=200)
    number = full.bars.groupby("symbol").cumcount()
    lost = (full.bars["symbol"].eq("S02") & number.between(300, 340)) | (full.bars["symbol"].eq("S04") & (number < 530))
    bars = full.bars[~lost].reset_index(drop=True)
    bars.loc[[900, 1500], ["close", "volume"]] = np.nan
    signals = random_signals(full.universe["symbol"].tolist(), full.context["date"])
    return full._replace(bars=bars, signals=signals)


def tables_of(market: Market) -> dict[str, Any]:
    return market._asdict()


@pytest.fixture(scope="module")
def whole(ragged: Market) -> pd.DataFrame:
    return compute(**tables_of(ragged))


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(frame.columns[2:], np.float32))


@pytest.mark.parametrize("symbols_at_once", [1, 2, 3, 7, 100])
def test_the_blocks_together_are_the_matrix(ragged: Market, whole: pd.DataFrame, symbols_at_once: int) -> None:
    blocks = list(stream(**tables_of(ragged), symbols_at_once=symbols_at_once))
    assert [block["symbol"].nunique() for block in blocks][:-1] == [symbols_at_once] * ((7 - 1) // symbols_at_once)
    assert all((block.index == np.arange(len(block))).all() for block in blocks)
    pd.testing.assert_frame_equal(pd.concat(blocks, ignore_index=True), rounded(whole), check_exact=True)


@pytest.mark.usefixtures("open_catalogue")
def test_what_another_feature_reads_is_not_rounded(ragged: Market) -> None:
    """Panels that read panels, and symbols' series between them."""

    @feature("own_change", family="mine", inputs=("rank_vol_21", "ret_1"), lookback=22)
    def own_change(rank: np.ndarray, ret: np.ndarray) -> np.ndarray:
        return np.append(np.nan, np.diff(rank) * 1e6 + ret[1:])

    @feature("own_panel", family="mine", inputs=("own_change", "excess_ret_5"), lookback=22, scope="panel")
    def own_panel(change: np.ndarray, excess: np.ndarray) -> np.ndarray:
        return change % 1.0 + excess

    @feature("own_last", family="mine", inputs=("own_panel", "index_ret_1"), lookback=23)
    def own_last(panel: np.ndarray, index: np.ndarray) -> np.ndarray:
        return np.append(np.nan, panel[1:] - panel[:-1]) * 1e6 % 1.0 + index

    for names in (["own_last"], ["excess_ret_5", "own_last", "own_panel"], ["own_panel", "rank_vol_21", "own_change"]):
        blocks = pd.concat(stream(**tables_of(ragged), names=names, symbols_at_once=2), ignore_index=True)
        at_once = compute(**tables_of(ragged), names=names)
        assert list(blocks.columns[2:]) == names
        assert at_once.iloc[:, 2:].notna().sum().min() > 1000
        pd.testing.assert_frame_equal(blocks, rounded(at_once), check_exact=True)


@pytest.mark.usefixtures("open_catalogue")
def test_what_does_not_fit_into_a_float32_is_missing(ragged: Market) -> None:
    @feature("own_large", family="mine", inputs=("close",), lookback=0)
    def own_large(close: np.ndarray) -> np.ndarray:
        return np.where(np.arange(close.size) % 2, 1e38, -1e39)

    (block,) = stream(**tables_of(ragged), names=["own_large"])
    at_once = compute(**tables_of(ragged), names=["own_large"])["own_large"]
    assert set(at_once.dropna()) == {1e38}
    np.testing.assert_array_equal(block["own_large"], at_once.astype(np.float32))


def test_a_series_that_is_held_keeps_its_values(ragged: Market, whole: pd.DataFrame) -> None:
    columns = [block["ret_5"].to_numpy() for block in stream(**tables_of(ragged), symbols_at_once=1)]
    np.testing.assert_array_equal(np.concatenate(columns), whole["ret_5"].astype(np.float32))
    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(columns, 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"symbols_at_once": 0}, "symbols_at_once: 0 is too few"), ({"names": ["rte_5"]}, "'rte_5' is unknown")],
)
def test_refusals_come_before_the_first_block(market: Market, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        stream(market.bars, **options)


@pytest.mark.usefixtures("open_catalogue")
def test_each_function_runs_once_a_series_unless_a_panel_reads_it(market: Market) -> None:
    runs: dict[str, int] = {"own_read": 0, "own_alone": 0, "own_panel": 0}

    @feature("own_read", family="mine", inputs=("close",), lookback=0)
    def own_read(close: np.ndarray) -> np.ndarray:
        runs["own_read"] += 1
        return close

    @feature("own_alone", family="mine", inputs=("own_read",), lookback=0)
    def own_alone(values: np.ndarray) -> np.ndarray:
        runs["own_alone"] += 1
        return values

    @feature("own_panel", family="mine", inputs=("own_read",), lookback=0, scope="panel")
    def own_panel(values: np.ndarray) -> np.ndarray:
        runs["own_panel"] += 1
        return values

    compute(market.bars, names=list(runs))
    assert runs == {"own_read": 5, "own_alone": 5, "own_panel": 1}
    for _ in stream(market.bars, names=list(runs), symbols_at_once=2):
        pass
    assert runs == {"own_read": 15, "own_alone": 10, "own_panel": 2}


@pytest.mark.usefixtures("open_catalogue")
@pytest.mark.parametrize(
    ("scope", "name"), [("symbol", "close"), ("symbol", "ret_1"), ("panel", "ret_1"), ("date", "vix")]
)
def test_no_function_can_write_to_what_others_read(market: Market, scope: Any, name: str) -> None:
    @feature("own_writer", family="mine", inputs=(name,), lookback=1, scope=scope)
    def own_writer(values: np.ndarray) -> np.ndarray:
        values[np.isnan(values)] = 0.0
        return values

    with pytest.raises(
        InputError, match=r"'own_writer' .*, line \d+\): ValueError: assignment destination is read-only"
    ):
        compute(market.bars, market.context, names=["own_writer", "ret_1"])


def default() -> dict[str, Any]:
    folder = Path(__file__).parents[2]
    settings: dict[str, Any] = yaml.safe_load((folder / "params.yaml").read_text())["features"]
    return settings


def test_the_stage_writes_the_matrix_that_its_features_give(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table, frame in (
        (BARS, market.bars),
        (CONTEXT, market.context),
        (UNIVERSE, market.universe),
        (REGIME_SERIES, market.regimes),
        (FACTS, market.facts),
    ):
        tables.write(table, frame, tmp_path)
    settings = default()
    (tmp_path / settings["signals"]).parent.mkdir(parents=True)
    (tmp_path / settings["signals"]).write_text((Path(__file__).parents[2] / settings["signals"]).read_text())
    stage = Stage({"features": settings}, tmp_path, tmp_path / "out", None)
    said = stage_module.main.__wrapped__(stage)
    written = tables.read(FEATURES, tmp_path / "out")
    chosen = FeatureSet(**{key: value for key, value in settings.items() if key != "_target_"})
    inputs = {name: table for name, table in tables_of(market).items() if name != "signals"}
    pd.testing.assert_frame_equal(written, rounded(chosen.compute(**inputs)), check_exact=True)
    listed = pd.read_csv(tmp_path / "out/reports/features/catalogue.csv")
    assert listed.loc[listed["computed"], "name"].tolist() == list(written.columns[2:])
    assert said.startswith(f"{written.shape[1] - 2} features of 3,000 rows")


@pytest.mark.usefixtures("open_catalogue")
def test_a_feature_that_fails_leaves_no_table_behind(market: Market, tmp_path: Path) -> None:
    @feature("own_failure", family="mine", inputs=("close",), lookback=0)
    def own_failure(close: np.ndarray) -> np.ndarray:
        if close[0] == market.bars["close"].iloc[-600]:
            raise InputError("own_failure: stopped at the last symbol")
        return close

    blocks = stream(market.bars, names=["own_failure", "ret_5"], symbols_at_once=2)
    with pytest.raises(InputError, match="stopped at the last symbol"):
        tables.write_blocks(FEATURES, blocks, tmp_path)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
