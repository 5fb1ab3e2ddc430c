"""The closing table for the terminal."""

import re

import numpy as np
import pytest

from barograph.report import Results, summary_table

from .synthetic import EIGHT, build, field, replaced, with_scores


def test_lines_fit_are_aligned_and_every_predictor_has_two_of_them(results: Results) -> None:
    lines = summary_table(results).split("\n")
    assert max(map(len, lines)) <= 116
    assert all(line.isascii() for line in lines)
    for name in ("ensemble", "lightgbm", "regime_prior", "prior", "structural", "universe"):
        place = [line.split(" ")[0] for line in lines].index(name)
        assert "[" in lines[place + 1]
    columns = [line for line in lines[3:-4] if line and not line.startswith(("-", "In", "gate"))]
    assert {len(line) for line in columns} == {116}


def test_twelve_predictors_fit_and_their_cells_never_touch() -> None:
    results = build(models=EIGHT)
    sure = {f"skill_structural{end}": -0.3123 + shift for end, shift in (("", 0), ("_low", -5e-4), ("_high", 5e-4))}
    slices = field(results, "slices").assign(**sure)
    slices["skill_regime_prior_low"] = -0.31234
    lines = summary_table(replaced(results, slices=slices)).split("\n")
    assert max(map(len, lines)) <= 116
    assert "-31.23" in lines[3]
    assert "[-31.28,-31.18]" in lines[4]
    body = lines[3 : 3 + 2 * 13]
    assert [line.split()[0] for line in body[::2]][-4:] == ["prior", "regime_prior", "structural", "universe"]
    assert not any(re.search(r"\]\S|\S\[", line) for line in body)


def test_the_gate_has_one_line(results: Results) -> None:
    assert "\ngate: rejected, 3 of 6 criteria pass, 1 not applicable\n" in summary_table(results)
    passing = field(results, "criteria")[field(results, "criteria")["verdict"] == "pass"]
    assert "\ngate: accepted, 3 of 3 criteria pass\n" in summary_table(replaced(results, criteria=passing))


def test_a_long_name_is_cut_short() -> None:
    text = summary_table(build(models=("a_model_with_a_very_long_name_indeed",)))
    assert max(map(len, text.split("\n"))) <= 116
    assert "a_model_with_a_very~" in text


def test_crashes_are_marked_with_their_number(results: Results) -> None:
    text = summary_table(results)
    assert "undecided" in text
    assert "p .062" in text.split("\n")[4]
    assert "(2 episodes, worth 1.6; 3 more are needed; exact test p .75, at best" in " ".join(text.split())
    known = with_scores(
        results, "regime", "crash", sufficient=True, skill_regime_prior=-0.07, sign_flip_p_regime_prior=1e-9
    )
    lines = summary_table(known).split("\n")
    assert "-7.0, p <.001" in lines[3]
    assert "undecided" not in lines[3]
    assert max(map(len, lines)) <= 116


def test_no_crash_is_no_insufficient_evidence(results: Results) -> None:
    without = replaced(results, slices=field(results, "slices")[field(results, "slices")["slice"] != "crash"])
    assert "undecided" not in summary_table(without)
    assert "no crash was tested" in summary_table(without)


def test_baselines_are_rows_and_zero_against_themselves(results: Results) -> None:
    lines = summary_table(results).split("\n")
    place = next(n for n, line in enumerate(lines) if line.startswith("regime_prior"))
    assert lines[place].split()[1:3] == ["0", "-0.4"]
    assert "itself" in lines[place + 1]
    place = next(n for n, line in enumerate(lines) if line.startswith("structural"))
    assert lines[place].split()[1:3] == ["0.4", "0"]
    assert "itself" in lines[place + 1]


def test_an_untraded_predictor_has_no_sharpe_ratio(results: Results) -> None:
    traded = field(results, "backtest")[field(results, "backtest")["predictor"] != "prior"]
    lines = summary_table(replaced(results, backtest=traded)).split("\n")
    assert next(line for line in lines if line.startswith("prior")).endswith("-")


@pytest.mark.parametrize("column", ["auc_low", "skill_structural_high"])
def test_a_missing_interval_is_named(results: Results, column: str) -> None:
    assert "no interval" in summary_table(with_scores(results, "overall", "overall", **{column: np.nan}))
