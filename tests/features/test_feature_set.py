"""The configuration of the feature stage."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from barograph.errors import InputError
from barograph.features import FeatureSet, available, catalogue

from .markets import Market, close_only

DEFAULT = Path(__file__).parents[2] / "conf/features/default.yaml"


def default(**changes: Any) -> FeatureSet:
    settings = yaml.safe_load(DEFAULT.read_text())
    assert settings.pop("_target_") == "barograph.features.FeatureSet"
    return FeatureSet(**(settings | changes))


def test_the_default_takes_all_families_and_all_that_the_data_allows(market: Market) -> None:
    assert set(default().families) == {entry.family for entry in catalogue()}
    frame = default().compute(*close_only(market))
    assert list(frame.columns[2:]) == available(*close_only(market))[0]


def test_families_and_names_restrict(market: Market) -> None:
    frame = default(families=["calendar", "trend"]).compute(*market)
    assert {e.family for e in catalogue() if e.name in frame.columns} == {"calendar", "trend"}
    assert list(default(names=["rsi_14", "ret_5"]).compute(*market).columns[2:]) == ["rsi_14", "ret_5"]


def test_release_lags_reach_the_features(market: Market) -> None:
    late = default(names=["term_slope"], release_lag={"us10y": 30, "us2y": 0}).compute(*market)
    assert late["term_slope"].first_valid_index() == 22


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"families": ["trend", "astrology"]}, r"'astrology' is unknown; allowed are \['trend'"),
        ({"names": ["ret_6"]}, "'ret_6' is unknown; allowed are .*'ret_5'"),
        ({"names": ["rsi_14"], "families": ["trend"]}, "'rsi_14' is of family 'momentum'"),
        ({"modules": ["no.such.module"]}, "'no.such.module' cannot be imported"),
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
        default(names=["mfi_14"]).compute(*close_only(market))
    with pytest.raises(InputError, match="no feature of"):
        default(families=["volume"]).compute(close_only(market).bars.assign(close=float("nan")))


@pytest.mark.usefixtures("open_catalogue")
def test_modules_of_the_user_add_features(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_features.py").write_text(
        "from barograph.features import feature\n"
        "@feature('own_1', family='own', inputs=('close',), lookback=0)\n"
        "def own(close):\n    return close / close\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"lacks 'own', the family of '.*' in my_own_features; add it"):
        default(modules=["my_own_features"])
    chosen = default(modules=["my_own_features"], families=["own"])
    assert (chosen.compute(*market)["own_1"] == 1.0).all()
