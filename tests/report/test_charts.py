"""Charts are valid plotly, hold what the frames say and hide what has no evidence."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from barograph.names import BASELINES
from barograph.report import Results, blocks, charts, palette, render
from barograph.report.blocks import Chart
from barograph.report.parts import calibration
from barograph.report.sections import SECTIONS, money, shown, skill, timeline, verdict

from .synthetic import EIGHT, build, field, replaced, with_scores

NEUTRAL = "What is left of the Sharpe ratio as trading gets dearer"


def drawn(results: Results) -> list[Chart]:
    sections = [section(results) for section in SECTIONS]
    return [chart for section in sections for chart in blocks.charts(section.blocks)]


def test_plotly_accepts_every_chart(results: Results) -> None:
    from plotly.graph_objects import Figure

    for chart in drawn(results):
        figure = Figure(data=chart.data, layout=chart.layout)
        assert len(figure.data) > 0, chart.id
        assert any(len(trace.x) for trace in figure.data), chart.id


def test_runs_close_up_equal_neighbours() -> None:
    days = pd.Series(pd.date_range("2020-01-01", periods=6))
    runs = charts.runs(days, pd.Series(["a", "a", "b", "a", "a", "a"]))
    assert runs["value"].tolist() == ["a", "b", "a"]
    assert runs["start"].tolist() == [days[0], days[2], days[3]]
    assert runs["end"].tolist() == [days[2], days[3], days[5]]


def test_one_zoom_moves_all_panels(results: Results) -> None:
    for chart in (timeline.timeline(results), money.equity(results)):
        assert [name for name in chart.layout if name.startswith("xaxis")] == ["xaxis"]
        assert not any("xaxis" in trace for trace in chart.data)
        panels = {trace.get("yaxis", "y") for trace in chart.data}
        assert {"y", "y2"} <= panels


def test_estimated_vix_is_a_line_of_its_own(results: Results) -> None:
    vix = [trace for trace in timeline.timeline(results).data if "VIX" in str(trace.get("hovertemplate"))]
    drawn = [sum(value is not None for value in trace["y"]) for trace in vix]
    estimated = int(field(results, "context")["vix_estimated"].sum())
    assert drawn == [len(field(results, "context")) - estimated, estimated]


def test_events_stand_at_the_day_from_which_they_may_be_used(results: Results) -> None:
    marks = [trace for trace in timeline.timeline(results).data if "usable from" in str(trace.get("hovertemplate"))]
    covered = results.named_events[results.named_events["coverage"] != "missing"]
    usable = pd.concat([covered["available_from"], results.found_events["available_from"]])
    assert sorted(marks[0]["x"]) == sorted(usable.dt.strftime("%Y-%m-%d"))
    assert max(marks[0]["x"]) < timeline.timeline(results).layout["xaxis"]["range"][1]
    assert "Banking crisis" in timeline.timeline(results).note


def test_found_events_share_the_row_beneath_the_named_ones(results: Results) -> None:
    chart = timeline.timeline(results)
    marks = next(trace for trace in chart.data if "usable from" in str(trace.get("hovertemplate")))
    rows = dict(zip(marks["text"], marks["y"], strict=True))
    assert rows["Crash found"] == rows["Recovery found"] == 0
    named = [row for name, row in rows.items() if "found" not in name]
    assert sorted(named) == list(range(1, len(named) + 1))
    text = next(trace for trace in chart.data if trace["mode"] == "text")
    assert dict(zip(text["y"], (name.strip() for name in text["text"]), strict=True))[0] == "Found by rule, not named"
    alone = timeline.timeline(replaced(results, found_events=results.found_events.iloc[:0]))
    text = next(trace for trace in alone.data if trace["mode"] == "text")
    assert sorted(text["y"]) == list(range(len(named)))


def test_a_fold_shows_no_event_before_it_may_use_it(results: Results) -> None:
    chart = timeline.fold_map(results)
    ticks = next(trace for trace in chart.data if trace["mode"] == "markers")
    folds = field(results, "folds").sort_values("fold").reset_index(drop=True)
    events = pd.concat([results.named_events, results.found_events])
    known = events.set_index(events["start"].dt.strftime("%Y-%m-%d"))["available_from"]
    found = [f"{start:%Y-%m-%d}" for start in results.found_events["start"]]
    assert found[0] in ticks["x"]
    assert found[1] not in ticks["x"], "it is a named event under another name"
    for start, row in zip(ticks["x"], ticks["y"], strict=True):
        assert known[start] < folds.loc[row, "test_start"]


def test_forests_show_too_little_evidence_grey_and_without_a_number(results: Results) -> None:
    chart = skill.forest(results, "regime")
    ticks = dict(zip(chart.layout["yaxis"]["tickvals"], chart.layout["yaxis"]["ticktext"], strict=True))
    crash = next(place for place, text in ticks.items() if "Crash" in text)
    assert "2 episodes, worth 1.6; p at best .25<br>too few: 3 more are needed" in ticks[crash]
    for trace in [trace for trace in chart.data if trace["mode"] == "markers"]:
        for height, text in zip(trace["y"], trace["text"], strict=True):
            weak = abs(height - crash) < 0.4
            assert (trace["error_x"]["color"] == palette.FAINT) == weak
            assert ("too little evidence" in text) == weak
            assert ("%" in text) != weak
            assert ("2 episodes, worth 1.6; 3 more are needed" in text) == weak
    sure = skill.forest(with_scores(results, "regime", "crash", sufficient=True), "regime")
    visible = [trace for trace in sure.data if trace["visible"] and trace["mode"] == "markers"]
    assert palette.FAINT not in {trace["error_x"]["color"] for trace in visible}


def test_the_exact_test_is_beside_each_regimes_figure_and_follows_the_predictor(results: Results) -> None:
    exact = {"sign_flip_p_prior": 1 / 32, "sign_flip_p_regime_prior": 0.109, "sign_flip_p_structural": 0.02}
    shown = with_scores(with_scores(results, "regime", "crash", **exact), "regime", "normal", **exact)
    chart = skill.forest(shown, "regime")
    heights = dict(zip(chart.layout["yaxis"]["ticktext"], chart.layout["yaxis"]["tickvals"], strict=True))
    crash = next(height for text, height in heights.items() if "Crash" in text)
    told = {"ensemble": ("p .109", "p .031", "p .02"), "lightgbm": ("p .062", "p .5", "p .75")}
    for predictor, texts in told.items():
        own = [trace for trace in chart.data if trace["meta"]["predictor"] == predictor]
        written = {
            (round(height), round(height % 1, 2), text.strip("\N{NO-BREAK SPACE}")): x
            for trace in own
            if trace["mode"] == "text"
            for x, height, text in zip(trace["x"], trace["y"], trace["text"], strict=True)
        }
        marks = {
            (round(height), round(height % 1, 2)): round(x + more, 4)
            for trace in own
            if trace["mode"] == "markers"
            for x, height, more in zip(trace["x"], trace["y"], trace["error_x"]["array"], strict=True)
        }
        ends = {(row, shift): x for (row, shift, _), x in written.items()}
        assert ends == pytest.approx(marks, abs=1e-3), "right of the interval"
        assert {(crash, shift, text) for shift, text in zip((0.24, 0.0, 0.76), texts, strict=True)} <= set(written)
        assert len(written) == 15
    said = [text for trace in chart.data if trace["mode"] == "markers" and trace["visible"] for text in trace["text"]]
    assert sum(text.endswith("<br>exact test p .109, at best .25") for text in said) == 1
    assert sum(text.endswith("<br>exact test p .109, at best .002") for text in said) == 1
    for kind in ("fold", "event", "sector"):
        assert {trace["mode"] for trace in skill.forest(shown, kind).data} == {"markers"}


@pytest.mark.parametrize("kind", ["fold", "event"])
def test_single_cases_are_muted_and_described(results: Results, kind: str) -> None:
    chart = skill.forest(results, kind)
    assert {trace["marker"]["line"]["color"] for trace in chart.data} == {palette.MUTED}
    for trace in chart.data:
        assert all(text.endswith("<br>one case: no claim") and "%" in text for text in trace["text"])
    assert "is one case. Its interval comes from blocks of its own days, and describes them alone." in chart.note
    assert "too few" not in "".join(chart.layout["yaxis"]["ticktext"])
    coloured = skill.forest(results, "sector")
    assert palette.mark("ensemble").colour in {trace["marker"]["line"]["color"] for trace in coloured.data}
    assert not any("one case" in text for trace in coloured.data for text in trace["text"])


def test_single_cases_are_counted_by_their_points_without_a_claim(results: Results) -> None:
    slices = field(results, "slices").copy()
    own = slices["predictor"] == "ensemble"
    for kind, points in (("event", [0.01, -0.01, 0.02, 0.0]), ("fold", [0.01] * 5 + [-0.2])):
        slices.loc[own & (slices["kind"] == kind), "skill_regime_prior"] = points
        slices.loc[own & (slices["kind"] == kind), "skill_structural"] = -np.array(points)
    told = replaced(results, slices=slices)
    assert skill.finding(told, "event") == (
        "In 2 of 4 events the score is above the regime table's, in 1 above the structural volatility baseline's; an "
        "event is one case, and shows nothing alone"
    )
    assert skill.finding(told, "fold") == (
        "In 5 of 6 years the score is above the regime table's, in 1 above the structural volatility baseline's; a "
        "year is one case, and shows nothing alone"
    )
    folds = field(results, "folds")
    halves = replaced(told, folds=folds.assign(test_end=folds["test_end"] + pd.Timedelta(days=200)))
    assert skill.finding(halves, "fold") == (
        "In 5 of 6 test folds the score is above the regime table's, in 1 above the structural volatility baseline's; "
        "a test fold is one case, and shows nothing alone"
    )
    slices.loc[own, "skill_regime_prior"] = -0.1
    assert skill.finding(replaced(results, slices=slices), "event").startswith("In none of 4 events the score is above")


def test_an_event_without_an_interval_is_still_described(results: Results) -> None:
    slices = field(results, "slices").copy()
    slices.loc[slices["kind"] == "event", ["skill_regime_prior_low", "skill_regime_prior_high"]] = np.nan
    chart = skill.forest(replaced(results, slices=slices), "event")
    told = [text for trace in chart.data for text in trace["text"] if "against regime table" in text]
    assert told
    assert all(re.match(r"^[\d.\N{MINUS SIGN}]+ %, without interval, against regime table<br>", text) for text in told)


def test_folds_are_named_by_their_years(results: Results) -> None:
    chart = skill.forest(results, "fold")
    assert chart.layout["yaxis"]["ticktext"] == [str(year) for year in range(2003, 2009)]
    assert chart.layout["yaxis"]["tickvals"] == [5, 4, 3, 2, 1, 0]


def test_only_the_headline_or_the_best_explained_model_is_visible_at_first(results: Results) -> None:
    for chart in drawn(results):
        first = "lightgbm" if chart.id.startswith("why-") else "ensemble"
        for trace in chart.data:
            if "predictor" in trace.get("meta", {}):
                assert trace["visible"] == (trace["meta"]["predictor"] == first)


@pytest.mark.parametrize(("score", "words"), [(0.05, "Better"), (-0.05, "worse in 5"), (0.0, "none of 5")])
def test_the_finding_counts_intervals_and_not_points(results: Results, score: float, words: str) -> None:
    slices = field(results, "slices").copy()
    slices.loc[
        slices["kind"] == "sector", ["skill_regime_prior", "skill_regime_prior_low", "skill_regime_prior_high"]
    ] = (score, score - 0.01, score + 0.01)
    assert words in skill.finding(replaced(results, slices=slices), "sector")


@pytest.mark.parametrize(("score", "said"), [(0.05, "5"), (-0.05, "none, worse in 5"), (0.0, "none")])
def test_the_finding_counts_what_is_known_beyond_volatility(results: Results, score: float, said: str) -> None:
    ends = {"skill_structural": score, "skill_structural_low": score - 0.01, "skill_structural_high": score + 0.01}
    slices = field(results, "slices").assign(**ends)
    finding = skill.finding(replaced(results, slices=slices), "sector")
    assert finding.endswith(f" of 5 sectors; than the structural volatility baseline in {said}")


def test_confusion_rows_add_up(results: Results) -> None:
    for one in calibration.confusion(results):
        assert [row.name for row in one.rows] == ["sell", "hold", "buy"]
        for row in one.rows:
            assert abs(sum(int(cell.text) for cell in row.cells) - 100) <= 1


def test_bins_of_few_rows_are_left_out_of_the_curve(results: Results) -> None:
    bins = field(results, "calibration").copy()
    bins.loc[bins["bin"] == 9, ["rows", "frequency"]] = [calibration.FEW_ROWS - 1, 0.0]
    for chart in calibration.reliability(replaced(results, calibration=bins)):
        assert {len(trace["x"]) for trace in chart.data[1:]} == {9}


def test_every_row_shown_is_in_a_bar(results: Results) -> None:
    chart = shown.shown(results)
    assert sum(sum(trace["y"]) for trace in chart.data if trace["type"] == "bar") == len(field(results, "samples"))


def test_a_week_keeps_its_last_equity_and_deepest_drawdown() -> None:
    days = pd.bdate_range("2020-01-06", periods=10)
    table = pd.DataFrame({"date": days, "predictor": "a", "equity": np.arange(10.0), "drawdown": 0.0})
    table.loc[2, "drawdown"] = -0.3
    week = money.weekly(table)
    assert week["equity"].tolist() == [4.0, 9.0]
    assert week["drawdown"].tolist() == [-0.3, 0.0]
    assert week["date"].tolist() == [days[4], days[9]]
    positive = money.weekly(table.assign(drawdown=-table["drawdown"]))
    assert positive["drawdown"].tolist() == [-0.3, 0.0]


def test_years_compound_their_months(results: Results) -> None:
    table = pd.DataFrame(
        {"predictor": ["ensemble"] * 2 + ["universe"], "year": 2005, "month": [1, 2, 1], "return": [0.1, 0.1, 0.05]}
    )
    (year,) = money.months(replaced(results, monthly=table))
    assert year.name == "2005"
    assert [cell.text for cell in year.cells] == ["10.0", "10.0", *[""] * 10, "21.0", "5.0", "16.0"]


def test_where_the_lead_is_gone(results: Results) -> None:
    curve = pd.DataFrame(
        {"predictor": ["ensemble"] * 2 + ["universe"] * 2, "cost_bps": [0, 10, 0, 10], "sharpe": [1.0, 0.0, 0.6, 0.6]}
    )
    chart = money.cost_curve(replaced(results, cost_curve=curve))
    assert (
        chart.heading
        == "Its lead in Sharpe ratio, which its interval does not support, is gone at 4 basis points a trade"
    )


def test_a_headline_that_never_trades_is_drawn(results: Results) -> None:
    frames = {name: field(results, name).copy() for name in ("equity", "monthly", "backtest", "cost_curve")}
    still = {name: frame["predictor"] == "ensemble" for name, frame in frames.items()}
    frames["equity"].loc[still["equity"], ["equity", "drawdown"]] = [1.0, 0.0]
    frames["monthly"].loc[still["monthly"], "return"] = 0.0
    ratios = [f"{key}{end}" for key in ("sharpe", "excess_sharpe") for end in ("", "_low", "_high")]
    frames["backtest"].loc[still["backtest"], [*ratios, "sortino", "calmar"]] = np.nan
    frames["backtest"].loc[still["backtest"], ["max_drawdown", "annual_turnover"]] = 0.0
    frames["cost_curve"].loc[still["cost_curve"], "sharpe"] = np.nan
    assert NEUTRAL in render(replaced(results, **frames))


def test_where_execution_is_free_there_is_no_lead_to_lose(results: Results) -> None:
    curve = field(results, "cost_curve")
    assert NEUTRAL in render(replaced(results, cost_curve=curve[curve["cost_bps"] == 0]))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.93, 1.06, [1]), (0.09, 12, [0.1, 0.3, 0.7, 1.5, 3, 7]), (0.6, 120, [0.7, 1.5, 3, 7, 15, 30, 100])],
)
def test_ticks_of_equity(results: Results, low: float, high: float, ticks: list[float]) -> None:
    table = field(results, "equity").assign(equity=low / 0.92)
    table.loc[table.index[-1], "equity"] = high / 1.08
    assert money.equity(replaced(results, equity=table)).layout["yaxis"]["tickvals"] == ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(40, 60_000, [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]), (108, 192, [110, 130, 160, 190])],
)
def test_ticks_of_the_index(results: Results, low: float, high: float, ticks: list[float]) -> None:
    table = field(results, "context").assign(index_close=low / 0.9)
    table.loc[table.index[-1], "index_close"] = high / 1.1
    assert timeline.timeline(replaced(results, context=table)).layout["yaxis"]["tickvals"] == ticks


def test_each_predictor_has_its_own_mark_whatever_the_others_are() -> None:
    names = ["ensemble", "vote", "universe", *BASELINES, "logistic_regression", "svm", "random_forest"]
    names += ["extra_trees", "lightgbm", "xgboost", "gradient_boosting", "neural_network"]
    marks = palette.marks(names)
    assert len(set(marks.values())) == len(names)
    assert palette.marks(["svm"])["svm"] == marks["svm"]


PREDICTORS = (*EIGHT, "ensemble", "vote", "universe", *BASELINES)
# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, vision: str) -> np.ndarray:
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = XYZ @ np.clip(np.array(VISION[vision]) @ linear, 0, 1) / (0.95047, 1.0, 1.08883)
    f = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_colours_of_predictors_are_told_apart_by_the_colour_blind(vision: str) -> None:
    seen = {name: lab(mark.colour, vision) for name, mark in palette.marks(PREDICTORS).items()}
    near = {
        (one, other): round(float(np.linalg.norm(seen[one] - seen[other])), 1)
        for one, other in itertools.combinations(PREDICTORS, 2)
    }
    assert min(near.values()) >= 14, sorted(near.items(), key=lambda pair: pair[1])[:3]


def test_without_events_their_panel_is_left_out(results: Results) -> None:
    none = {"archive_events": results.named_events.iloc[:0], "found_events": results.found_events.iloc[:0]}
    assert "yaxis3" not in timeline.timeline(replaced(results, **none)).layout


def test_text_of_the_data_is_no_markup_in_a_chart() -> None:
    events = build().named_events.assign(event=lambda frame: "<a href='x'>%{x}" + frame["event"])
    chart = timeline.timeline(build(archive_events=events, found_events=build().found_events.iloc[:0]))
    text = next(trace["text"] for trace in chart.data if trace["mode"] == "text")
    assert all("&lt;a href" in name and "%{" not in name for name in text)


def test_the_section_names_regimes_by_what_was_shown(results: Results) -> None:
    low = {"skill_regime_prior": -0.03, "skill_regime_prior_low": -0.05, "skill_regime_prior_high": -0.01}
    worse = with_scores(results, "regime", "recovery", **low)
    none = {"skill_regime_prior": 0.01, "skill_regime_prior_low": -0.01, "skill_regime_prior_high": 0.03}
    text = skill.heading(with_scores(worse, "regime", "normal", **none))
    assert text == (
        "Skill against every baseline is shown in low volatility and high volatility; in recovery a baseline is "
        "better; too little evidence in crash"
    )


def test_found_events_are_counted_beside_the_named_ones(results: Results) -> None:
    text = "Beside them 2 episodes found by rule, 1 of them a named event under another name; "
    assert shown.found_note(results).startswith(text)
    assert shown.found_note(replaced(results, found_events=results.found_events.iloc[:0])) == ""


def test_a_regimes_claim_holds_against_the_harder_baseline(results: Results) -> None:
    table = {"skill_regime_prior": 0.10, "skill_regime_prior_low": 0.03, "skill_regime_prior_high": 0.12}
    frequencies = {"skill_prior": 0.02, "skill_prior_low": -0.01, "skill_prior_high": 0.05, "skill_structural": 0.3}
    easy = with_scores(results, "regime", "crash", sufficient=True, more_episodes=0, **table, **frequencies)
    assert verdict.crash(easy).startswith(
        "in crashes there is no evidence of skill against the class frequencies of the past: +2.0 %"
    )
    assert "crash" not in skill.heading(easy).partition(";")[0]
    hard = with_scores(easy, "regime", "crash", skill_prior=0.2, skill_prior_low=0.1, skill_prior_high=0.3)
    assert verdict.crash(hard).startswith("in crashes it beats the regime table by 10")
    assert "crash" in skill.heading(hard).partition(";")[0]
    volatility = {"skill_structural": -0.05, "skill_structural_low": -0.08, "skill_structural_high": -0.02}
    hardest = with_scores(hard, "regime", "crash", **volatility)
    assert verdict.crash(hardest).startswith("in crashes it is worse than the structural volatility baseline, skill ")
    assert "in crash a baseline is better" in skill.heading(hardest)


def test_a_mark_tells_its_baseline_by_fill_and_shape(results: Results) -> None:
    """Filled against the regime table, hollow against class frequencies, a hollow diamond against volatility."""
    own = [trace for trace in skill.forest(results, "sector").data if trace["meta"]["predictor"] == "ensemble"]
    colour = palette.mark("ensemble").colour
    expected = {0.24: (colour, "circle"), 0.0: ("#ffffff", "circle"), 0.76: ("#ffffff", "diamond")}
    found = {round(trace["y"][0] % 1, 2): (trace["marker"]["color"], trace["marker"]["symbol"]) for trace in own}
    assert found == expected
