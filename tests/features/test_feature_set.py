"""The configuration of the feature stage."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from barograph.errors import InputError
from barograph.features import FeatureSet, available, catalogue
from barograph.market import MarketData

from .markets import Market, close_only

DEFAULT = Path(__file__).parents[2] / "conf/features/default.yaml"


def default(**changes: Any) -> FeatureSet:
    settings = yaml.safe_load(DEFAULT.read_text())
    assert settings.pop("_target_") == "barograph.features.FeatureSet"
    assert settings["calendar"] == "${market.calendar}"
    settings["calendar"] = "XNYS"
    return FeatureSet(**(settings | changes))


def test_the_default_takes_all_families_and_all_that_the_data_allows(market: Market) -> None:
    assert set(default().families) == {entry.family for entry in catalogue()} | {"signals"}
    frame = default().compute(close_only(market).data)
    assert list(frame.columns[2:]) == available(close_only(market).data)[0]


def test_families_and_names_restrict(market: Market) -> None:
    frame = default(families=["calendar", "trend"]).compute(market.data)
    assert {e.family for e in catalogue() if e.name in frame.columns} == {"calendar", "trend"}
    assert list(default(names=["rsi_14", "ret_5"]).compute(market.data).columns[2:]) == ["rsi_14", "ret_5"]


def test_release_lags_reach_the_features(market: Market) -> None:
    late = default(names=["term_slope"], release_lag={"us10y": 30, "us2y": 0}).compute(market.data)
    assert late["term_slope"].first_valid_index() == 22


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"families": ["trend", "astrology"]}, r"'astrology' is unknown; allowed are \['trend'"),
        ({"names": ["ret_6"]}, "'ret_6' is unknown; allowed are .*'ret_5'"),
        ({"names": ["rsi_14"], "families": ["trend"]}, "'rsi_14' is of family 'momentum'"),
        ({"file": "no/such/file.py"}, "no/such/file.py: no such Python file"),
        ({"release_lag": {"us10y": -1}}, "greater than or equal to 0"),
        ({"families": []}, "at least 1 item"),
        ({"window": 3}, "window"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        default(**changes)


def test_named_features_that_the_data_does_not_allow_are_refused(market: Market) -> None:
    with pytest.raises(InputError, match="'mfi_14' cannot be computed"):
        default(names=["mfi_14"]).compute(close_only(market).data)
    with pytest.raises(InputError, match="no feature of"):
        default(families=["volume"]).compute(MarketData(market.bars.assign(close=float("nan"), volume=float("nan"))))


@pytest.mark.usefixtures("open_catalogue")
def test_a_file_of_the_user_adds_features_to_any_choice_of_families(market: Market, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    text = (
        "from barograph.features import feature\n"
        "@feature('own_1', family='own', inputs=('close',), lookback=0)\n"
        "def own(close):\n    return close / close\n"
    )
    path.write_text(text)
    chosen = default(file=str(path), families=["calendar"])
    assert (chosen.compute(market.data)["own_1"] == 1.0).all()
    assert catalogue()[-1].name == "own_1"
    assert list(default(file=str(path), names=["own_1"]).compute(market.data).columns) == ["symbol", "date", "own_1"]
    path.write_text(text.replace("close / close", "0 * close"))  # of another size, which a cached module notices
    assert (default(file=str(path), families=["own"]).compute(market.data)["own_1"] == 0.0).all()


def test_a_file_may_not_take_the_name_of_another_feature(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from barograph.features import feature\n"
        "@feature('ret_5', family='own', inputs=('close',), lookback=0)\n"
        "def own(close):\n    return close\n"
    )
    with pytest.raises(InputError, match=r"mine.py, line 2: InputError: feature 'ret_5' is registered already by "):
        default(file=str(path)).register()


@pytest.mark.parametrize(("changes", "key"), [({"names": ["own_2"]}, "names"), ({"families": ["ours"]}, "families")])
def test_what_a_users_file_may_register_is_looked_up_when_it_is_run(
    changes: dict[str, Any], key: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_text("x = 1\n")
    chosen = default(file=str(path), **changes)
    with pytest.raises(InputError, match=f"^features.{key}: '.*' is unknown"):
        chosen.register()
