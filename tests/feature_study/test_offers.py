"""Which features each option of the feature study offers, and the study's settings."""

from typing import Any

import pandas as pd
import pytest
import yaml

from barograph import config
from barograph.errors import InputError
from barograph.feature_study import FeatureStudy, Offer, offer
from barograph.features.registration import FAMILIES
from tests.dependencies import ROOT

FAMILY = {"ret_5": "trend", "mfi_14": "volume", "rsi_14": "momentum", "sma_20": "trend", "signal_mine": "signals"}
CATALOGUE = pd.DataFrame(FAMILY.items(), columns=["name", "family"]).assign(computed=[True, False, True, True, True])
ELEVEN = ["rms_5", "rms_63", "rms_252", "nojump", "echo", "level", "leverage_21", "index_leverage_5"]
ELEVEN += ["mean_rms_5", "mean_rms_63", "mean_rms_252"]
SETTINGS = {
    "_target_": "barograph.feature_study.FeatureStudy",
    "options": ["all", "structural_inputs", "without_trend"],
    "models": ["lightgbm"],
    "seeds": 3,
    "false_discovery_rate": 0.05,
}


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("all", Offer(["ret_5", "rsi_14", "sma_20", "signal_mine"])),
        ("without_trend", Offer(["rsi_14", "signal_mine"])),
        ("without_momentum", Offer(["ret_5", "sma_20", "signal_mine"])),
        ("without_signals", Offer(["ret_5", "rsi_14", "sma_20"])),
        ("without_volume", Offer([], left_out="the data has no feature of the family volume")),
        ("structural_inputs", Offer(ELEVEN, structural=True)),
    ],
)
def test_an_option_offers_what_it_says_in_the_order_of_the_table(option: str, expected: Offer) -> None:
    assert offer(option, CATALOGUE) == expected


def test_a_family_that_is_all_there_is_leaves_nothing_to_compare() -> None:
    alone = CATALOGUE[CATALOGUE["family"] == "trend"]
    assert offer("without_trend", alone) == Offer([], left_out="every feature of the data is of the family trend")


def test_signals_are_a_family_even_where_there_are_none() -> None:
    reason = "the data has no feature of the family signals"
    assert offer("without_signals", CATALOGUE.head(4)) == Offer([], left_out=reason)


@pytest.mark.parametrize("option", ["without_trends", "without_ret_5"])
def test_a_family_that_nobody_knows_is_refused_with_what_is_allowed(option: str) -> None:
    allowed = "all, structural_inputs and without_ before one of the families trend, volume, momentum, signals"
    with pytest.raises(InputError) as caught:
        offer(option, CATALOGUE)
    assert str(caught.value) == f"feature_study.options: {option!r} is unknown; allowed are {allowed}"


def test_every_family_of_the_catalogue_is_dropped_by_default() -> None:
    options = yaml.safe_load((ROOT / "conf/feature_study/default.yaml").read_text())["options"]
    assert options == ["all", "structural_inputs", *(f"without_{family}" for family in FAMILIES)]


def test_every_other_option_is_compared_with_all() -> None:
    study: FeatureStudy = config.build(SETTINGS, "feature_study")
    compared = study.compared(study.options)
    assert compared.pairs() == [("structural_inputs", "all"), ("without_trend", "all")]
    assert (compared.models, compared.seeds, compared.false_discovery_rate) == (["lightgbm"], 3, 0.05)
    assert study.compared(["all", "without_trend"]).pairs() == [("without_trend", "all")]
    with pytest.raises(InputError, match=r"^feature_study\.options: of .* features for \['all'\] alone, which leaves"):
        study.compared(["all"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": ["all"]}, r"feature_study\.options: .* at least 2 items"),
        ({"options": ["all", "all"]}, r"feature_study: options names all more than once"),
        ({"options": ["structural_inputs", "without_trend"]}, r"feature_study: options lacks all, with which"),
        ({"options": ["all", "trend"]}, r"options names 'trend'; allowed are all, structural_inputs and without_<fam"),
        ({"options": ["all", "without_"]}, r"options names 'without_'; allowed are"),
        ({"options": ["all", "with_trend"]}, r"options names 'with_trend'; allowed are"),
        ({"models": []}, r"feature_study\.models: .* at least 1 item"),
        ({"models": ["svm", "svm"]}, r"feature_study: models names svm more than once"),
        ({"seeds": 0}, r"feature_study\.seeds: .* greater than or equal to 1"),
        ({"false_discovery_rate": 1.0}, r"feature_study\.false_discovery_rate: .* less than 1"),
        ({"against": {}}, r"feature_study\.against: no such setting; allowed are"),
    ],
)
def test_bad_settings_end_in_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        config.build(SETTINGS | change, "feature_study")
    assert "\n" not in str(caught.value)
