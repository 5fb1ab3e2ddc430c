"""What moved, the gate and the searches: counts, alarms, verdicts, and what is said where there is nothing."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.report import ReportInputs, alarms, gate, moved, render, tuned, verdict

from .synthetic import build, replaced


def drifted(inputs: ReportInputs, rows: list[tuple[Any, ...]]) -> ReportInputs:
    names = ["fold", "feature", "family", "psi", "q_value", "moved", "alarm"]
    return replaced(inputs, drift_features=pd.DataFrame(rows, columns=names).assign(ks=0.1, test_start="2003-01-01"))


ROWS = [
    (0, "vol_1", "volatility", 0.5, 0.0001, True, False),
    (0, "vol_2", "volatility", 0.1, 0.2, False, False),
    (0, "ret_1", "momentum", math.nan, math.nan, False, False),
    (1, "vol_1", "volatility", 0.9, 0.004, True, True),
    (1, "vol_2", "volatility", 0.3, 0.03, True, False),
    (1, "ret_1", "momentum", 0.1, 0.3, False, False),
    (2, "vol_1", "volatility", 0.1, 0.3, False, False),
    (2, "vol_2", "volatility", 0.4, 0.01, True, True),
    (2, "ret_1", "momentum", 0.1, 0.3, False, False),
]


def test_cells_show_the_median_effect_and_count_what_could_be_compared(inputs: ReportInputs) -> None:
    chart = moved.features(drifted(inputs, ROWS))
    assert chart is not None
    assert chart.layout["yaxis"]["ticktext"] == ["All features", "Momentum", "Volatility"]
    assert chart.data[0]["z"] == [[0.3, 0.3, 0.1], [None, 0.1, 0.1], [0.3, 0.6, 0.25]]
    assert chart.data[0]["text"] == [
        ["0.30 (1)", "0.30 (2)", "0.10 (1)"],
        ["", "0.10", "0.10"],
        ["0.30 (1)", "0.60 (2)", "0.25 (1)"],
    ]
    assert chart.data[0]["customdata"][0] == [
        "1 of 2 moved, 0 in alarm",
        "2 of 3 moved, 1 in alarm",
        "1 of 3 moved, 1 in alarm",
    ]
    assert chart.heading == "Most moved in 2004, 2 of 3; over all tests most often volatility features (67 %)"


def test_the_section_speaks_of_the_latest_test(inputs: ReportInputs) -> None:
    assert moved.heading(drifted(inputs, ROWS)) == (
        "In 2005, the latest test, 1 of 3 features moved; 1 of them raises an alarm"
    )
    calm = [(*row[:5], row[5] and row[0] < 2, False) for row in ROWS]
    assert moved.heading(drifted(inputs, calm)) == "In 2005, the latest test, none of 3 features moved"


def test_flags_may_have_holes() -> None:
    column = pd.Series([True, None, False, np.nan], dtype=object)
    assert moved.flags(column).tolist() == [True, False, False, False]


def test_nothing_moved_is_said_in_words(inputs: ReportInputs) -> None:
    still = {name: getattr(inputs, name).assign(moved=False) for name in ("drift_regimes", "drift_predictions")}
    still["drift_features"] = inputs.drift_features.assign(moved=False, alarm=False)
    quiet = replaced(inputs, **still)
    charts = [moved.features(quiet), moved.regimes(quiet), moved.predictions(quiet)]
    assert [chart.heading for chart in charts if chart] == [
        "No feature moved in 6 tests",
        "The mix of regimes moved in none of 6 tests",
        "No predictor's predictions moved in 6 tests",
    ]
    assert alarms.rows(quiet) == []
    page = render(quiet)
    assert "No feature raised an alarm in any test." in page
    assert 'id="alarm-table"' not in page


def test_an_alarm_has_effect_significance_and_persistence(inputs: ReportInputs) -> None:
    first, second = alarms.rows(drifted(inputs, ROWS))
    assert [first.name, second.name] == ["vol_2", "vol_1"], "an alarm of today comes first"
    assert [cell.text for cell in first.cells] == [
        "Volatility",
        "1",
        "2 tests",
        "0.40 (2005)",
        "0.10",
        "0.010",
        "alarm",
    ]
    assert [cell.text for cell in second.cells][2:] == ["2 tests", "0.90 (2004)", "0.10", "0.004", "\N{EN DASH}"]


def test_the_longest_run_is_the_longest() -> None:
    assert alarms.longest_run(pd.Series([True, True, False, True, True, True, False])) == 3
    assert alarms.longest_run(pd.Series([False, False])) == 0
    assert alarms.longest_run(pd.Series([], dtype=bool)) == 0


def test_many_alarms_are_cut_and_counted(inputs: ReportInputs) -> None:
    many = build(features=60)
    table = many.drift_features.assign(moved=True, alarm=True)
    known = replaced(many, drift_features=table)
    assert alarms.caption(known).startswith("60 features of 60 raised an alarm in at least one test; the 15 that")
    assert render(known).count('<tr class="model"><th scope="row"') > alarms.SHOWN
    assert len(alarms.rows(known)) == 60


def test_regimes_name_the_furthest_and_its_largest_change(inputs: ReportInputs) -> None:
    table = pd.DataFrame({"fold": [0, 1], "js": [0.02, 0.3], "q_value": [0.5, 0.01], "moved": [False, True]})
    shares = pd.DataFrame(
        [(0, "crash", 0.1, 0.1), (0, "normal", 0.9, 0.9), (1, "crash", 0.1, 0.5), (1, "normal", 0.9, 0.5)],
        columns=["fold", "regime", "reference", "current"],
    )
    chart = moved.regimes(replaced(inputs, drift_regimes=table, drift_shares=shares))
    assert chart is not None
    assert chart.heading == "The mix of regimes moved in 1 of 2 tests, furthest in 2004: normal \N{MINUS SIGN}40 points"
    bars, cells = chart.data
    assert bars["marker"]["color"] == ["#c4ccd4", "#0072B2"]
    assert cells["text"] == [["0", "\N{MINUS SIGN}40"], ["0", "+40"]]


def test_a_frame_marks_the_predictions_that_moved(inputs: ReportInputs) -> None:
    rows = [
        ("ensemble", 0, np.nan, False),
        ("ensemble", 1, 0.2, True),
        ("svm", 0, np.nan, False),
        ("svm", 1, 0.01, False),
    ]
    table = pd.DataFrame(rows, columns=["predictor", "fold", "js", "moved"]).assign(q_value=0.02)
    chart = moved.predictions(replaced(inputs, drift_predictions=table))
    assert chart is not None
    assert chart.heading == "Predictions moved at 1 of 2 predictors, most often at the ensemble, in 1 of 1 test"
    tied = moved.predictions(replaced(inputs, drift_predictions=table.assign(moved=True)))
    assert tied is not None
    assert tied.heading == "Predictions moved at 2 of 2 predictors, at none in more than 1 of 1 test"
    assert chart.data[0]["z"] == [[200.0], [10.0]]
    (frame,) = chart.layout["shapes"]
    assert frame["x0"] < 0 < frame["x1"]
    assert frame["y0"] < 0 < frame["y1"]


def test_the_gate_shows_figure_threshold_and_what_the_majority_gets(inputs: ReportInputs) -> None:
    found = gate.gate(inputs)
    assert found is not None
    assert (found.outcome, found.count) == ("rejected", "3 of 6 criteria pass, 1 not applicable")
    rows = {one.key: one for one in found.criteria}
    auc, champion = rows["auc"], rows["champion"]
    assert (auc.figure, auc.threshold, auc.verdict) == ("0.607", "at least 0.55", "pass")
    assert (auc.majority_figure, auc.majority) == ("0.500", "fail")
    assert (champion.figure, champion.verdict, champion.majority_figure) == ("\N{EN DASH}", "not applicable", "")


@pytest.mark.parametrize(
    ("figure", "threshold", "text"),
    [
        (0.04996, 0.05, "0.04996"),
        (0.05, 0.05, "0.050"),
        (0.0512, 0.05, "0.051"),
        (-0.2500004, -0.25, "\N{MINUS SIGN}0.250000"),
    ],
)
def test_a_figure_that_misses_is_not_written_like_its_threshold(
    inputs: ReportInputs, figure: float, threshold: float, text: str
) -> None:
    one = inputs.criteria.head(1).assign(figure=figure, threshold=threshold, majority_figure=np.nan)
    found = gate.gate(replaced(inputs, criteria=one))
    assert found is not None
    assert found.criteria[0].figure == text


def test_the_verdict_says_whom_the_gate_accepts(inputs: ReportInputs) -> None:
    passing = inputs.criteria[inputs.criteria["verdict"] != "fail"]
    accepted = replaced(inputs, criteria=passing)
    assert verdict.verdict(accepted).sentence.endswith("; the gate accepts it.")
    other = replaced(inputs, candidate="lightgbm")
    assert verdict.verdict(other).sentence.endswith("; the gate rejects LightGBM.")
    none = replaced(inputs, criteria=inputs.criteria.iloc[:0])
    assert "gate" not in verdict.verdict(none).sentence
    assert gate.gate(none) is None


def test_criteria_that_do_not_apply_accept_nobody(inputs: ReportInputs) -> None:
    nothing = inputs.criteria.tail(1)
    found = gate.gate(replaced(inputs, criteria=nothing))
    assert found is not None
    assert (found.outcome, found.count) == ("rejected", "0 of 1 criterion passes, 1 not applicable")
    assert found.sentences == []


def test_a_remark_in_a_description_stays_out_of_the_sentences(inputs: ReportInputs) -> None:
    noted = inputs.criteria.assign(description=inputs.criteria["description"] + "; the champion is svm")
    found = gate.gate(replaced(inputs, criteria=noted))
    assert found is not None
    assert found.sentences[0].startswith("Short of: Excess Sharpe ratio over the universe; Accuracy above the majority")
    assert "champion is" not in " ".join(found.sentences)
    assert "champion is" in found.criteria[0].name


def test_searches_are_told_with_start_and_gain(inputs: ReportInputs) -> None:
    first, second, third = tuned.searches(inputs)
    assert (first.model, third.model, third.parameters) == ("LightGBM", "Random forest", [])
    assert [one.name for one in first.parameters] == ["colsample_bytree", "min_child_samples", "reg_lambda"]
    assert (first.parameters[0].start, first.parameters[0].chosen, first.parameters[0].part) == ("0.5", "0.317", "30")
    assert (first.saved, second.saved, third.saved) == ("0.00", "0.10", "\N{EN DASH}")
    assert (second.start, second.best, second.trials) == ("1.0310", "1.0300", "18 / 12 / 0")
    assert (
        tuned.heading(inputs) == "2 searches before the first test saved 0.00 to 0.10 % of log loss on the inner splits"
    )


def test_a_search_without_figures_is_shown_without_them(inputs: ReportInputs) -> None:
    one = inputs.tuning["lightgbm"] | {"importance": None, "start_log_loss": None}
    known = replaced(inputs, tuning={"lightgbm": one})
    (search,) = tuned.searches(known)
    assert {parameter.part for parameter in search.parameters} == {"\N{EN DASH}"}
    assert (search.start, search.saved) == ("\N{EN DASH}", "\N{EN DASH}")
    assert tuned.heading(known) == "No search has a figure to compare"
    assert (
        tuned.heading(replaced(inputs, tuning={"svm": inputs.tuning["random_forest"]})) == "No parameter was searched"
    )


@pytest.mark.parametrize(("value", "text"), [(1e-5, "1e\N{MINUS SIGN}05"), (0.5, "0.5"), (None, "none"), (64, "64")])
def test_values_are_written_shortly(value: object, text: str) -> None:
    assert tuned.value_text(value) == text
