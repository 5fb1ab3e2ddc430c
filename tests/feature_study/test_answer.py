"""The feature study's table and sentences, for every verdict that a difference can have."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.feature_study.answer import feature_words
from barograph.feature_study.summary import feature_summary
from barograph.report.words import MINUS
from tests.report.synthetic_study import changed, differences, facts

LOSSES = {"all": 1.0, "structural_inputs": 1.02, "without_trend": 1.001, "without_cross_section": 0.99}
FEATURES = {"all": 217, "structural_inputs": 11, "without_trend": 150, "without_cross_section": 200}
LEFT_OUT = {"without_volume": "the data has no feature of the family volume"}
BASELINES = {"prior_log_loss": 1.0420, "regime_prior_log_loss": 1.0409, "structural_log_loss": 0.9881}
SAVED = "save 1.96 % [1.67, 2.25] of the log loss of models on the structural baseline's eleven inputs."


def _table(losses: dict[str, float] = LOSSES) -> pd.DataFrame:
    others = tuple(option for option in losses if option != "all")
    return differences(losses, calibrations=("raw",), references={"all": others})


def _facts(**changes: Any) -> dict[str, Any]:
    given = {"options": list(FEATURES), "features": FEATURES, "left_out": LEFT_OUT, "comparisons": 3, **BASELINES}
    return facts(**(given | changes))


def _said(losses: dict[str, float] = LOSSES, **changes: Any) -> list[str]:
    return [part.replace(MINUS, "-") for part in feature_words(_table(losses), _facts(**changes))]


def test_what_all_features_save_is_in_percent_of_the_eleven() -> None:
    # 1.02 - 1.00 = 0.02 with an interval of 0.003 on either side, of 1.02.
    assert _said()[0] == f"All 217 features {SAVED}"
    assert _said(features=FEATURES | {"all": 1})[0].startswith("All 1 feature save")


def test_no_evidence_is_called_so() -> None:
    expected = (
        "There is no evidence that all 217 features are worth more or less than the structural baseline's eleven "
        "inputs: they save +0.10 % [-0.20, 0.40] of the log loss of models on those."
    )
    assert _said(LOSSES | {"structural_inputs": 1.001})[0] == expected


def test_an_interval_without_zero_that_is_no_evidence_is_explained() -> None:
    where = {"option": "structural_inputs", "metric": "log_loss", "slice": "overall"}
    table = changed(_table(), where=where, verdict="no evidence")
    said = feature_words(table, _facts())[0]
    assert said.startswith("There is no evidence that all 217 features are worth more or less")
    assert said.endswith(
        "they save +1.96 % [1.67, 2.25] of the log loss of models on those, by the test corrected for 3 comparisons."
    )


def test_worse_is_called_worse() -> None:
    # 0.98 - 1.00 = -0.02, of 0.98.
    expected = (
        "All 217 features are worse than the structural baseline's eleven inputs: the log loss of models on all is "
        "2.04 % [1.73, 2.35] above that of models on the eleven."
    )
    assert _said(LOSSES | {"structural_inputs": 0.98})[0] == expected


def test_a_difference_without_an_interval_decides_nothing() -> None:
    nothing = {"low": np.nan, "high": np.nan, "p_value": np.nan, "verdict": "no evidence"}
    table = changed(_table(), where={"slice": "overall"}, **nothing)
    first, families, *_ = feature_words(table, _facts())
    assert first == (
        "Whether all 217 features are worth more than the structural baseline's eleven inputs cannot be said: the "
        "difference has no interval."
    )
    assert families.startswith(
        "Whether dropping trend (no interval) or cross section (no interval) makes a difference cannot be said."
    )
    assert "no interval" in feature_summary(table, _facts())


def test_families_are_sorted_by_their_verdicts() -> None:
    losses = LOSSES | {"without_momentum": 1.01, "without_context": 1.02}
    known = FEATURES | {"without_momentum": 190, "without_context": 180}
    said = _said(losses, options=list(losses), features=known)[1]
    assert said.startswith(
        "Dropping momentum (-1.00 % [-1.30, -0.70]) or context (-2.00 % [-2.30, -1.70]) makes the models worse. "
        "Dropping cross section (+1.00 % [0.70, 1.30]) makes the models better. There is no evidence that dropping "
        "trend (-0.10 % [-0.40, 0.20]) makes a difference. In parentheses is the log loss saved, in % of "
        "that with all features."
    )


def test_sentences_have_the_decimals_of_the_table() -> None:
    where = {"option": "without_trend", "metric": "log_loss", "slice": "overall"}
    table = changed(_table(), where=where, low=-0.00123, high=-0.00071)
    assert "trend (-0.10 % [-0.12, -0.07])" in feature_words(table, _facts())[1].replace(MINUS, "-")
    assert "-0.10      [-0.12, -0.07]" in feature_summary(table, _facts())


def test_options_that_could_not_be_compared_are_named_with_the_reason() -> None:
    assert "Not compared: without_volume, the data has no feature of the family volume." in _said()
    assert not any("Not compared" in part for part in _said(left_out={}))


def test_log_losses_are_beside_those_of_the_baselines() -> None:
    [scale] = [part for part in _said() if part.startswith("The log loss of")]
    assert scale == (
        "The log loss of the vote is 1.0000 with all features and 1.0200 with the structural baseline's eleven inputs; "
        "on the same rows it is 1.0420 for the class frequencies of the past, 1.0409 for the regime table and 0.9881 "
        "for the structural volatility baseline, all without intervals."
    )


def test_without_the_eleven_or_without_families_the_rest_is_said() -> None:
    families = {name: loss for name, loss in LOSSES.items() if name != "structural_inputs"}
    assert _said(families, options=list(families))[0].startswith("Dropping cross section")
    eleven = {name: LOSSES[name] for name in ("all", "structural_inputs")}
    said = _said(eleven, options=list(eleven))
    assert said[0] == f"All 217 features {SAVED}"
    assert not any("ropping" in part for part in said)


def test_the_table_has_every_option_and_the_baselines_in_narrow_lines() -> None:
    lines = feature_summary(_table(), _facts()).splitlines()
    assert max(map(len, lines)) <= 116
    rows = [line.split() for line in lines]
    assert rows[2] == ["all", "217", "1.0000"]
    assert rows[3] == ["structural_inputs", "11", "1.0200", "-2.00", "[-2.30,", "-1.70]", ".01", "hurts"]
    assert rows[4] == ["without_trend", "150", "1.0010", "-0.10", "[-0.40,", "0.20]", ".01", "no", "evidence"]
    assert rows[5] == ["without_cross_section", "200", "0.9900", "+1.00", "[0.70,", "1.30]", ".01", "helps"]
    assert lines[6].split("  ", 1)[1].strip() == "not compared: the data has no feature of the family volume"
    assert rows[8:11] == [["prior", "1.0420"], ["regime_prior", "1.0409"], ["structural", "0.9881"]]
    assert MINUS not in "".join(lines)


@pytest.mark.parametrize("lacking", ["seeds", "features", "left_out"])
def test_facts_that_lack_a_part_are_refused(lacking: str) -> None:
    with pytest.raises(InputError, match=rf"^study: the facts lack \['{lacking}'\]; there are \["):
        feature_words(_table(), {name: fact for name, fact in _facts().items() if name != lacking})
