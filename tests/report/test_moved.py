"""What moved, the gate and the searches: counts, alarms, verdicts, and what is said where there is nothing."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.report import Results, render
from barograph.report.parts import alarms, gate, tuned
from barograph.report.sections import moved, verdict

from .synthetic import build, field, replaced


def drifted(results: Results, rows: list[tuple[Any, ...]]) -> Results:
    names = ["fold", "feature", "family", "psi", "q_value", "moved", "alarm"]
    table = pd.DataFrame(rows, columns=names).assign(ks=0.1, test_start="2003-01-01", detectable_ks_single=0.121)
    limits = {"vol_1": 0.301, "vol_2": 0.4, "ret_1": math.inf}
    return replaced(results, drift_features=table.assign(detectable_ks=table["feature"].map(limits)))


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


def test_cells_show_the_median_effect_and_count_what_could_be_compared(results: Results) -> None:
    chart = moved.features(drifted(results, ROWS))
    assert chart.layout["yaxis"]["ticktext"] == ["All features", "Momentum", "Volatility"]
    assert chart.data[0]["z"] == [[0.3, 0.3, 0.1], [None, 0.1, 0.1], [0.3, 0.6, 0.25]]
    assert chart.data[0]["text"] == [
        ["0.30 (1)", "0.30 (2)", "0.10 (1)"],
        ["", "0.10", "0.10"],
        ["0.30 (1)", "0.60 (2)", "0.25 (1)"],
    ]
    assert chart.data[0]["customdata"][0] == [
        "1 of 2 moved, 0 in alarm; median KS 0.10, told from chance above 0.36",
        "2 of 3 moved, 1 in alarm; median KS 0.10, told from chance above 0.40",
        "1 of 3 moved, 1 in alarm; median KS 0.10, told from chance above 0.40",
    ]
    assert chart.data[0]["customdata"][1] == [
        "",
        "0 of 1 moved, 0 in alarm; median KS 0.10, no move of the median feature could be told from chance",
        "0 of 1 moved, 0 in alarm; median KS 0.10, no move of the median feature could be told from chance",
    ]
    assert chart.heading == (
        "Most moved in 2004, 2 of 3; over all tests most often volatility features (67 %); a KS statistic above 0.40 "
        "would have been told from chance (median case), for 2 of 8 cases none, however large"
    )
    assert "followed alone, a KS statistic above 0.13 would have been told from chance (median" in chart.note


def test_the_section_speaks_of_the_latest_test(results: Results) -> None:
    would = "a KS statistic above 0.40 would have been"
    assert moved.heading(drifted(results, ROWS)) == (
        "In 2005, the latest test, 1 of 3 features moved; 1 of them raises an alarm; "
        f"{would} told from chance (median feature), for 1 of 3 features none, however large"
    )
    calm = [(*row[:4], row[4] if row[0] < 2 else 0.3, row[5] and row[0] < 2, False) for row in ROWS]
    assert moved.heading(drifted(results, calm)) == (
        "In 2005, the latest test, no move of 3 features can be told from chance; "
        f"{would} (median feature), for 1 of 3 features none, however large"
    )


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ([math.inf, math.inf, math.inf], "no move, however large, would have been"),
        ([0.3, math.inf, math.inf], "for 2 of 3 features no move, however large, would have been"),
        ([0.3, 0.3001, 0.4], "a KS statistic above 0.31 would have been (median feature)"),
    ],
)
def test_calm_is_not_claimed_where_nothing_could_be_told(results: Results, limits: list[float], words: str) -> None:
    """The limit is rounded up, so that what exceeds the text would have been told from chance."""
    calm = drifted(results, [(*row[:4], 0.051, False, False) for row in ROWS[-3:]])
    still = replaced(
        calm, drift_features=calm[alarms.FEATURES].assign(detectable_ks=limits, detectable_ks_single=math.inf)
    )
    told = "no move of 3 features can be told from chance"
    assert moved.heading(still) == f"In 2005, the latest test, {told}; {words}"
    assert "followed alone, no move, however large, would have been told" in moved.features(still).note


def test_nothing_moved_is_said_in_words(results: Results) -> None:
    names = ("drift_features", "drift_regimes", "drift_predictions")
    still = {name: field(results, name).assign(moved=False, alarm=False, q_value=0.3) for name in names}
    quiet = replaced(results, **still)
    charts = [moved.features(quiet), moved.regimes(quiet), moved.predictions(quiet)]
    assert [chart.heading for chart in charts if chart] == [
        "In 6 tests no move of a feature can be told from chance; a KS statistic above 0.17 would have been (median "
        "case), for 21 of 180 cases none, however large",
        "In 6 tests no move of the mix of regimes can be told from chance; a divergence above 0.10 bits would have "
        "been (median test), for 1 of 6 tests none, however large",
        "In 6 tests no move of predictions can be told from chance; a divergence above 0.08 bits would have been "
        "(median case)",
    ]
    assert alarms.rows(quiet) == []
    page = render(quiet)
    assert "No feature raised an alarm in any test: that takes a move which can be told from chance, two" in page
    assert 'id="alarm-table"' not in page


def test_small_moves_that_chance_does_not_explain_are_said(results: Results) -> None:
    names = ("drift_features", "drift_regimes", "drift_predictions")
    still = {name: field(results, name).assign(moved=False, alarm=False, q_value=0.3) for name in names}
    for table in still.values():
        table.loc[table.index[-2:], "q_value"] = 0.05
    quiet = replaced(results, **still)
    little = "moved by more than chance explains, but not far; a "
    assert moved.heading(quiet).startswith(f"In 2008, the latest test, 2 of 30 features {little}KS")
    headings = [
        chart.heading for chart in (moved.features(quiet), moved.regimes(quiet), moved.predictions(quiet)) if chart
    ]
    for heading, what in zip(
        headings, ("180 cases a feature", "6 tests the mix of regimes", "24 cases predictions"), strict=True
    ):
        assert heading.startswith(f"In 2 of {what} {little}")
        assert "would have been told from chance" in heading


def test_an_alarm_has_effect_significance_and_persistence(results: Results) -> None:
    first, second = alarms.rows(drifted(results, ROWS))
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
    assert [row.cells[4].small for row in (first, second)] == ["told above 0.40", "told above 0.31"]
    assert [cell.text for cell in second.cells][2:] == ["2 tests", "0.90 (2004)", "0.10", "0.004", "\N{EN DASH}"]


def test_the_longest_run_is_the_longest() -> None:
    assert alarms.longest_run(pd.Series([True, True, False, True, True, True, False])) == 3
    assert alarms.longest_run(pd.Series([False, False])) == 0


def test_many_alarms_are_cut_and_counted(results: Results) -> None:
    many = build(features=60)
    table = field(many, "drift_features").assign(moved=True, alarm=True)
    known = replaced(many, drift_features=table)
    shown = alarms.table(known)
    assert shown.caption.startswith("60 features of 60 raised an alarm in at least one test; the 15 that")
    assert len(shown.rows) == alarms.SHOWN
    assert len(alarms.rows(known)) == 60


def test_regimes_name_the_furthest_and_its_largest_change(results: Results) -> None:
    table = pd.DataFrame({"fold": [0, 1], "js": [0.02, 0.3], "q_value": [0.5, 0.01], "moved": [False, True]})
    table = table.assign(detectable_js=[math.inf, 0.2021])
    shares = pd.DataFrame(
        [(0, "crash", 0.1, 0.1), (0, "normal", 0.9, 0.9), (1, "crash", 0.1, 0.5), (1, "normal", 0.9, 0.5)],
        columns=["fold", "regime", "reference", "current"],
    )
    chart = moved.regimes(replaced(results, drift_regimes=table, drift_shares=shares))
    assert chart.heading == (
        "The mix of regimes moved in 1 of 2 tests, furthest in 2004: normal \N{MINUS SIGN}40 points; for 1 of 2 tests "
        "no move, however large, would have been told from chance"
    )
    bars, limits, cells = chart.data
    assert bars["text"] == [
        "divergence 0.020 bits, q 0.500: not told from chance; no divergence could be told from chance",
        "divergence 0.300 bits, q 0.010: moved; told from chance above 0.203 bits",
    ]
    assert (limits["y"], limits["yaxis"]) == ([None, 0.202], "y2")
    assert bars["marker"]["color"] == ["#c4ccd4", "#0072B2"]
    assert cells["text"] == [["0", "\N{MINUS SIGN}40"], ["0", "+40"]]


def test_a_frame_marks_the_predictions_that_moved(results: Results) -> None:
    rows = [
        ("ensemble", 0, np.nan, False),
        ("ensemble", 1, 0.2, True),
        ("svm", 0, np.nan, False),
        ("svm", 1, 0.01, False),
    ]
    table = pd.DataFrame(rows, columns=["predictor", "fold", "js", "moved"]).assign(q_value=0.02)
    table = table.assign(detectable_js=[np.nan, 0.15, np.nan, 0.0501])
    chart = moved.predictions(replaced(results, drift_predictions=table))
    would = "a divergence above 0.11 bits would have been told from chance (median case)"
    told = "Predictions moved at 1 of 2 predictors, most often at the ensemble, in 1 of 1 test"
    assert chart.heading == f"{told}; {would}"
    assert chart.data[0]["customdata"] == [
        ["q 0.020; told from chance above 150"],
        ["q 0.020; told from chance above 51"],
    ]
    tied = moved.predictions(replaced(results, drift_predictions=table.assign(moved=True)))
    assert tied.heading == "Predictions moved at 2 of 2 predictors, at none in more than 1 of 1 test; " + would
    assert chart.data[0]["z"] == [[200.0], [10.0]]
    (frame,) = chart.layout["shapes"]
    assert frame["x0"] < 0 < frame["x1"]
    assert frame["y0"] < 0 < frame["y1"]


def test_the_gate_shows_figure_threshold_and_what_the_majority_gets(results: Results) -> None:
    heading, _, table = gate.blocks(results)
    assert (heading.badge, heading.small) == ("rejected", "3 of 6 criteria pass, 1 not applicable")
    rows = {row.name: [cell.text for cell in row.cells] for row in table.rows}
    assert rows["Macro AUC"] == ["0.607", "at least 0.55", "pass", "0.500", "fail"]
    champion = rows["Loss against the champion, p-value"]
    assert (champion[0], champion[2], champion[3]) == ("\N{EN DASH}", "not applicable", "")


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
    results: Results, figure: float, threshold: float, text: str
) -> None:
    one = field(results, "criteria").head(1).assign(figure=figure, threshold=threshold, majority_figure=np.nan)
    *_, table = gate.blocks(replaced(results, criteria=one))
    assert table.rows[0].cells[0].text == text


def test_the_verdict_says_whom_the_gate_accepts(results: Results) -> None:
    passing = field(results, "criteria")[field(results, "criteria")["verdict"] != "fail"]
    accepted = replaced(results, criteria=passing)
    assert verdict.sentence(accepted).endswith("; the gate accepts it.")
    other = replaced(results, candidate="lightgbm")
    assert verdict.sentence(other).endswith("; the gate rejects LightGBM.")


def test_criteria_that_do_not_apply_accept_nobody(results: Results) -> None:
    nothing = field(results, "criteria").tail(1)
    assert (gate.outcome(nothing), gate.count(nothing)) == ("rejected", "0 of 1 criterion passes, 1 not applicable")
    assert gate.sentences(nothing) == []


def test_what_cannot_be_decided_is_told_apart_from_what_falls_short(results: Results) -> None:
    failed = field(results, "criteria")[field(results, "criteria")["verdict"] == "fail"].head(2)
    named = failed.assign(description=["Sharpe ratio", "Skill in crashes; cannot be decided: 7 episodes, worth 2.5"])
    said = gate.sentences(named.assign(figure=[0.1, np.nan]))
    assert said == [
        "Short of: Sharpe ratio.",
        "Not decided, which fails too: Skill in crashes.",
        "A rejection is a normal outcome: nothing is promoted.",
    ]
    assert gate.sentences(named.assign(figure=np.nan))[0].startswith(
        "Not decided, which fails too: Sharpe ratio; Skill"
    )


def test_a_remark_in_a_description_stays_out_of_the_sentences(results: Results) -> None:
    noted = field(results, "criteria").assign(
        description=field(results, "criteria")["description"] + "; the champion is svm"
    )
    _, sentences, table = gate.blocks(replaced(results, criteria=noted))
    assert sentences.sentences[0].startswith("Short of: Excess Sharpe ratio over the universe; Accuracy above the maj")
    assert "champion is" not in " ".join(sentences.sentences)
    assert "champion is" in table.rows[0].name


def test_searches_are_told_with_start_and_gain(results: Results) -> None:
    tunings = tuned.read(results)
    first, second, third = (tuned.search(name, tuning) for name, tuning in tunings.items())
    assert [(row.name, row.span) for row in first] == [("LightGBM", 3), ("", 0), ("", 0)]
    assert [row.cells[0].text for row in first] == ["`colsample_bytree`", "`min_child_samples`", "`reg_lambda`"]
    assert [cell.text for cell in first[0].cells[1:4]] == ["0.5", "0.317", "30"]
    assert (first[0].cells[6].text, second[0].cells[6].text) == ("0.00", "0.10")
    assert [second[0].cells[place].text for place in (4, 5, 7)] == ["1.0310", "1.0300", "18 / 12 / 0"]
    assert [(row.name, row.cells[0].text) for row in third] == [("Random forest", "nothing to search")]
    assert (
        tuned.heading(tunings)
        == "2 searches before the first test saved 0.00 to 0.10 % of log loss on the inner splits"
    )


def test_a_search_without_figures_is_shown_without_them(results: Results) -> None:
    tunings = tuned.read(results)
    lacking = tunings["lightgbm"] | {"importance": None, "start_log_loss": None}
    rows = tuned.search("lightgbm", lacking)
    assert {row.cells[3].text for row in rows} == {"\N{EN DASH}"}
    assert (rows[0].cells[4].text, rows[0].cells[6].text) == ("\N{EN DASH}", "\N{EN DASH}")
    assert tuned.heading({"lightgbm": lacking}) == "No search has a figure to compare"
    assert tuned.heading({"svm": tunings["random_forest"]}) == "No parameter was searched"


@pytest.mark.parametrize(("value", "text"), [(1e-5, "1e\N{MINUS SIGN}05"), (0.5, "0.5"), (None, "none"), (64, "64")])
def test_values_are_written_shortly(value: object, text: str) -> None:
    assert tuned.value_text(value) == text
