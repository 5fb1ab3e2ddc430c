"""Sentences claim no more than the interval does; numbers have no more digits than it supports."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.report import words
from barograph.report.words import MINUS, Quantity
from barograph.scoring.bootstrap import Estimate


def written(value: float, low: float, high: float, scale: float = 1.0) -> Quantity:
    return Quantity(Estimate(value, low, high), scale)


finite = st.floats(-1, 1, allow_nan=False)


def claim(value: float, low: float, high: float, *, sufficient: bool = True) -> str:
    skill = written(value, low, high, 100)
    return words.skill_sentence("the ensemble", skill, "the regime table", sufficient=sufficient)


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.031, 0.019, 0.042, ("the ensemble beats the regime table by 3.1 % of log loss [1.9, 4.2]",)),
        (0.031, -0.002, 0.06, ("there is no evidence that the ensemble beats", "+3.1 %", "[-0.2, 6.0] includes zero")),
        (-0.05, -0.07, -0.03, ("the ensemble is worse than the regime table: it loses 5.0 % of log ", "[-7.0, -3.0]")),
        (0.05, math.nan, math.nan, ("there is too little evidence to say whether the ensemble beats",)),
    ],
)
def test_the_claim_is_what_the_interval_says(value: float, low: float, high: float, said: tuple[str, ...]) -> None:
    text = claim(value, low, high).replace(MINUS, "-")
    assert text.startswith(said[0])
    assert all(part in text for part in said)


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.005, 0.001, 0.010, "it beats the structural volatility baseline by 0.5 % [0.1, 1.0]"),
        (
            *(-0.007, -0.011, -0.003),
            "nothing, it is worse than the structural volatility baseline: it loses 0.7 % (skill [-1.1, -0.3])",
        ),
        (
            *(0.002, -0.003, 0.006),
            "there is no evidence that it knows anything, +0.2 % [-0.3, 0.6] against the structural volatility "
            "baseline",
        ),
        (0.001, math.nan, math.nan, "there is too little evidence to say whether it knows anything"),
    ],
)
def test_what_is_known_beyond_volatility_is_what_the_interval_says(
    value: float, low: float, high: float, said: str
) -> None:
    skill = written(value, low, high, 100)
    text = words.beyond_volatility(skill, sufficient=True).replace(MINUS, "-")
    assert text == f"beyond volatility: {said}"
    assert "too little evidence" in words.beyond_volatility(skill, sufficient=False)


@pytest.mark.parametrize("value", [0.5, -0.5])
def test_few_cases_carry_no_claim_however_clear_the_interval(value: float) -> None:
    text = claim(value, value - 0.01, value + 0.01, sufficient=False)
    assert text == "there is too little evidence to say whether the ensemble beats the regime table"


def test_an_end_at_zero_counts_as_including_it() -> None:
    assert written(0.01, 0.0, 0.02).evidence == "none"
    assert written(-0.01, -0.02, 0.0).evidence == "none"


@settings(max_examples=60, deadline=None)
@given(finite, finite, finite, st.booleans())
def test_a_win_is_claimed_only_above_zero(a: float, b: float, c: float, sufficient: bool) -> None:
    low, value, high = sorted((a, b, c))
    text = claim(value, low, high, sufficient=sufficient)
    claims = text.startswith("the ensemble beats")
    assert claims == (sufficient and low > 0)
    assert text.startswith("the ensemble is worse") == (sufficient and high < 0)


@pytest.mark.parametrize(
    ("low", "high", "scale", "expected"),
    [
        (1.9, 4.2, 1, 1),
        (0.22, 1.02, 1, 1),
        (-0.18, 0.32, 1, 2),
        (-30, 30, 1, 0),
        (0.528, 0.552, 1, 3),
        (0.014, 0.026, 100, 1),
    ],
)
def test_decimals_follow_the_half_width(low: float, high: float, scale: float, expected: int) -> None:
    assert written((low + high) / 2, low, high, scale).decimals == expected


def test_an_interval_without_zero_does_not_seem_to_include_it() -> None:
    assert written(6, 0.03, 9).interval() == "[0.03, 9.00]"
    assert written(-6, -9, -0.4).interval() == f"[{MINUS}9.0, {MINUS}0.4]"
    assert written(6, -0.03, 9).interval() == "[0, 9]"


def test_a_column_shares_its_decimals() -> None:
    column = [written(1, 0.4, 1.6), written(2, 1.9, 2.1), written(3, 2.4, 3.6), written(0, 0, 0)]
    assert [one.decimals for one in words.aligned(column)] == [1, 1, 1, 1]


def test_numbers_have_a_true_minus_and_no_negative_zero() -> None:
    assert words.number(-1234.5, 1) == f"{MINUS}1,234.5"
    assert words.number(-0.04, 1) == "0.0"
    assert words.number(0.5, 2, sign=True) == "+0.50"
    assert words.number(math.nan, 2) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("limit", "text"), [(0.301, "0.31"), (0.3, "0.30"), (0.07, "0.07"), (0.29, "0.29"), (math.inf, "\N{EN DASH}")]
)
def test_a_limit_is_rounded_up_so_that_what_is_above_the_text_is_above_it(limit: float, text: str) -> None:
    assert words.above(limit, 2) == text


def test_what_cannot_be_decided_says_how_many_more_crises_would_decide_it() -> None:
    skill = written(0.1, 0.05, 0.2, 100)
    one = words.regime_sentence("crashes", skill, "it", of=words.cases(1, 1.0), more=4, exact="exact test")
    assert one == "in crashes the evidence cannot decide (1 episode; 4 more are needed; exact test)"
    exact = words.exact_test(0.109375, 1 / 128)
    unequal = words.regime_sentence("crashes", skill, "it", of=words.cases(7, 2.51), more=1, exact=exact)
    assert unequal == (
        "in crashes the evidence cannot decide (7 episodes, worth 2.5; 1 more is needed; exact test p .109, at best "
        ".008)"
    )
    nothing = written(0.1, math.nan, math.nan, 100)
    unknown = words.regime_sentence("crashes", nothing, "it", of="9 episodes", more=0, exact="exact test")
    assert unknown == "in crashes there is too little evidence (9 episodes; exact test)"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        *((1.0, "1"), (0.9996, "1"), (0.5, ".5"), (0.125, ".125"), (0.11, ".11"), (0.1, ".1"), (1 / 32, ".031")),
        *((0.0005, ".001"), (0.0004, "below .001"), (0.0, "below .001"), (math.nan, "\N{EN DASH}")),
    ],
)
def test_a_chance_has_at_most_three_decimals(p: float, text: str) -> None:
    assert words.chance(p) == text


def test_regimes_with_evidence_say_which_way() -> None:
    def text(low: float, high: float) -> str:
        skill = written((low + high) / 2, low, high, 100)
        of, exact = "5 episodes, worth 4.2", words.exact_test(1 / 32, 1 / 32)
        return words.regime_sentence("crashes", skill, "the regime table", of=of, more=0, exact=exact)

    cases = "(5 episodes, worth 4.2; exact test p .031, at best .031)"
    assert text(0.01, 0.05) == f"in crashes it beats the regime table by 3.0 % [1.0, 5.0] {cases}"
    none = "in crashes there is no evidence of skill against the regime table: +2.0 % "
    assert text(-0.01, 0.05) == f"{none}[{MINUS}1.0, 5.0] {cases}"
    worse = text(-0.05, -0.01)
    assert "worse than the regime table" in worse
    assert worse.endswith(cases)


def test_money_is_claimed_only_beyond_the_interval() -> None:
    none = words.money_sentence("the ensemble", written(0.07, -0.18, 0.32))
    assert "0.07 above" in none
    assert "no evidence that trading on it pays more" in none
    assert "0.07 below" in words.money_sentence("the ensemble", written(-0.07, -0.32, 0.18))
    assert "beats the equal-weighted universe by 0.30" in words.money_sentence("it", written(0.3, 0.1, 0.5))
    assert "falls behind the equal-weighted universe by 0.30" in words.money_sentence("it", written(-0.3, -0.5, -0.1))
    assert "cannot be said" in words.money_sentence("it", written(0.3, math.nan, math.nan))
