"""Movement and direction: what the heading claims by the intervals, what is counted, and what stays grey."""

import re

import numpy as np
import pytest

from barograph.report import Results, palette
from barograph.report.sections import movement

from .synthetic import field, replaced, with_scores

MINUS = "\N{MINUS SIGN}"
Ends = tuple[float, float, float]


def _split(results: Results, first: Ends, second: Ends, kind: str = "overall", name: str = "overall") -> Results:
    """Give the headline these parts of the skill, in percent."""
    values = {
        f"{part}_regime_prior{end}": size / 100
        for part, ends in (("movement", first), ("direction", second))
        for end, size in zip(("", "_low", "_high"), ends, strict=True)
    }
    return with_scores(results, kind, name, **values)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            (4.2, 3.3, 5.1),
            (0.3, 0.1, 0.5),
            "Nearly all of the skill is in whether a price moves: 4.2 % [3.3, 5.1] of the regime table's log loss; "
            "its direction adds 0.30 % [0.10, 0.50]",
        ),
        (
            (1.0, 0.5, 1.5),
            (4.0, 3.0, 5.0),
            "Most of the skill is in its direction: 4.0 % [3.0, 5.0] of the regime table's log loss; whether a price "
            "moves adds 1.0 % [0.5, 1.5]",
        ),
        (
            (2.0, 0.5, 3.5),
            (1.0, 0.4, 1.6),
            "Skill is shown in whether a price moves, 2.0 % [0.5, 3.5], and in its direction, 1.0 % [0.4, 1.6]",
        ),
        (
            (3.7, 2.9, 4.5),
            (0.0, -0.5, 0.5),
            "Skill is shown in whether a price moves: 3.7 % [2.9, 4.5] of the regime table's log loss; there is no "
            f"evidence of skill in its direction: 0.0 % [{MINUS}0.5, 0.5]",
        ),
        (
            (-1.0, -1.4, -0.6),
            (2.0, 1.5, 2.5),
            "Skill is shown in its direction: 2.0 % [1.5, 2.5] of the regime table's log loss; in whether a price "
            f"moves the regime table is better: {MINUS}1.0 % [{MINUS}1.4, {MINUS}0.6]",
        ),
        (
            (0.4, -0.1, 0.9),
            (0.5, -0.2, 1.2),
            f"There is no evidence of skill in whether a price moves: +0.4 % [{MINUS}0.1, 0.9]; there is no "
            f"evidence of skill in its direction: +0.5 % [{MINUS}0.2, 1.2]",
        ),
        (
            (4.0, 3.0, 5.0),
            (0.5, np.nan, np.nan),
            "There is too little evidence to say whether the skill is in movement or in direction",
        ),
    ],
)
def test_the_heading_claims_what_the_intervals_allow(
    results: Results, first: Ends, second: Ends, expected: str
) -> None:
    assert movement.heading(_split(results, first, second)) == expected


def test_too_few_cases_silence_the_heading(results: Results) -> None:
    silent = with_scores(_split(results, (4, 3, 5), (1, 0.5, 1.5)), "overall", "overall", sufficient=False)
    assert movement.heading(silent).startswith("There is too little evidence")


def test_the_words_give_whole_and_parts_on_both_scales_and_the_cases(results: Results) -> None:
    told = with_scores(
        _split(results, (4.2, 3.3, 5.1), (0.3, 0.1, 0.5)),
        *("overall", "overall"),
        **{"skill_regime_prior": 0.045, "skill_regime_prior_low": 0.036, "skill_regime_prior_high": 0.054},
        **{"direction_skill_regime_prior": 0.01, "direction_skill_regime_prior_low": 0.004},
        **{"direction_skill_regime_prior_high": 0.016, "episodes": 16},
        **{"movement_prior": 0.05, "movement_prior_low": 0.04, "movement_prior_high": 0.06},
        **{"direction_prior": 0.02, "direction_prior_low": 0.01, "direction_prior_high": 0.03},
    )
    assert movement.prose(told)[1] == (
        "Of the ensemble's skill against the regime table, 4.5 % [3.6, 5.4], the first part is 4.2 % [3.3, 5.1], the "
        "second 0.30 % [0.10, 0.50]. Of what the regime table loses about the direction alone, the second part is "
        "1.0 % [0.4, 1.6]. Against the class frequencies of the past the parts are 5.0 % [4.0, 6.0] and "
        "2.0 % [1.0, 3.0]. "
        "In brackets 95 % intervals, from 16 folds."
    )


def test_predictors_are_counted_by_part_and_baselines_are_not(results: Results) -> None:
    assert movement.by_predictor(results).heading == (
        "Of 4 predictors, 3 beat the regime table in whether a price moves, 3 in its direction"
    )
    none = _split(results, (2, 1, 3), (0.1, -0.1, 0.3))
    assert movement.by_predictor(none).heading.endswith(
        "3 beat the regime table in whether a price moves, 2 in its direction"
    )
    ticks = movement.by_predictor(results).layout["yaxis"]["ticktext"]
    assert ticks == [
        "Ensemble",
        "LightGBM",
        "Logistic regression",
        "Random forest",
        "Class frequencies",
        "Structural volatility",
    ]


def test_marks_lie_at_their_parts_filled_above_and_hollow_beneath(results: Results) -> None:
    first, second = movement.by_predictor(_split(results, (4, 3, 5.5), (0.5, 0.25, 0.75))).data[:2]
    assert (first["x"], first["error_x"]["arrayminus"], first["error_x"]["array"]) == ([4.0], [1.0], [1.5])
    assert (second["x"], second["error_x"]["arrayminus"], second["error_x"]["array"]) == ([0.5], [0.25], [0.25])
    own = palette.mark("ensemble").colour
    assert [first["marker"]["color"], second["marker"]["color"]] == [own, "#ffffff"]
    assert first["y"] > second["y"]
    assert "whether a price moves: 4.0 % [3.0, 5.5]<br>30,000 rows" in first["text"]


def test_regimes_are_named_by_part_and_grey_where_evidence_is_insufficient(results: Results) -> None:
    told = _split(results, (2, 1, 3), (0.1, -0.1, 0.3), "regime", "normal")
    for name in ("low_volatility", "high_volatility"):
        told = _split(told, (1, -1, 3), (0.4, 0.2, 0.6), "regime", name)
    told = _split(told, (-1, -2, -0.5), (0.0, -0.2, 0.2), "regime", "recovery")
    chart = movement.by_regime(told)
    assert chart.heading == (
        "Whether a price moves: skill in normal; its direction: in low volatility and high volatility; "
        "too little evidence in crash"
    )
    ticks = dict(zip(chart.layout["yaxis"]["tickvals"], chart.layout["yaxis"]["ticktext"], strict=True))
    crash = next(place for place, text in ticks.items() if "Crash" in text)
    assert "2 episodes, worth 1.6: too few" in ticks[crash]
    for trace in chart.data:
        assert trace["visible"] == (trace["meta"]["predictor"] == "ensemble")
        for height, text in zip(trace["y"], trace["text"], strict=True):
            weak = abs(height - crash) < 0.4
            assert (trace["error_x"]["color"] == palette.FAINT) == weak
            assert ("too little evidence" in text, "%" in text) == (weak, not weak)


def test_without_regimes_the_predictors_are_drawn_alone(results: Results) -> None:
    slices = field(results, "slices")
    told = replaced(results, slices=slices[slices["kind"] != "regime"])
    assert movement.by_regime(told) is None
    assert len(movement.section(told).blocks[-1].blocks) == 1


def test_the_section_follows_the_skill(page: str) -> None:
    assert re.findall(r'<section id="(\w+(?:-\w+)?)">', page)[3:5] == ["skill", "movement"]
    assert page.count('id="choose-split"') == 1


def test_the_closing_table_does_not_grow_by_the_parts(page: str) -> None:
    table = page[page.index('id="predictor-table"') :]
    assert "Direction, in the skill" not in table[: table.index("</table>")]
