"""The memory study: words that follow the verdict, charts that hide what has no evidence, pages that load nothing."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plotly.graph_objects import Figure

from barograph.errors import InputError
from barograph.evaluation.ablation import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.report import (
    ReportInputs,
    claims,
    palette,
    render,
    render_study,
    study_figures,
    study_summary,
    study_tables,
    study_words,
)
from barograph.report.differences import Study
from barograph.report.words import MINUS

from .synthetic import replaced
from .synthetic_study import LOSSES, MODELS, OPTIONS, changed, differences, facts
from .test_page import Elements, content

HEADLINE = {"model": "vote", "calibration": "recalibrated", "metric": "log_loss", "slice": "overall"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Invent the differences of a study."""
    return differences()


@pytest.fixture(scope="module")
def study_page(table: pd.DataFrame) -> str:
    """Draw the study's page."""
    return render_study(table, facts())


def pair(option: str, reference: str = "none", **where: str) -> dict[str, str]:
    return HEADLINE | {"option": option, "reference": reference} | where


def said(frame: pd.DataFrame, **changes: Any) -> str:
    return " ".join(study_words(frame, facts(**changes)))


def test_percentages_are_of_the_references_log_loss() -> None:
    study = Study(differences({"none": 0.8, "expanding": 0.76}), facts())
    ours, theirs = study.find("expanding", "none"), study.find("none", "expanding")
    assert ours is not None
    assert theirs is not None
    assert ours.estimate.value == pytest.approx(0.04 / 0.8)
    assert ours.estimate.high == pytest.approx(0.043 / 0.8)
    assert theirs.estimate.value == pytest.approx(-0.04 / 0.76)
    sharpe = study.find("expanding", "none", "sharpe")
    assert sharpe is not None
    assert sharpe.estimate.value == pytest.approx(0.2 * 0.04), "a Sharpe ratio stays in its own units"


def test_scope_names_data_sizes_and_certainty(table: pd.DataFrame) -> None:
    assert study_words(table, facts())[0] == (
        "Out of sample on 20 symbols (bundled, volatility_barrier), 2007-01-03 to 2022-12-09: 80,240 rows, 4,012 "
        "trading days (191 independent blocks), 16 folds, every option on the same folds, seeds and 8,000 rows a fold. "
        "Figures are of the equal vote of Logistic regression and LightGBM, recalibrated on each option's own "
        "matured predictions; in brackets 95 % intervals."
    )


def test_what_helps_beats_by_a_figure_with_its_interval(table: pd.DataFrame) -> None:
    assert "An expanding window beats the rolling window alone by 1.20 % of log loss [0.90, 1.50]." in study_words(
        table, facts()
    )


def test_what_hurts_is_worse(table: pd.DataFrame) -> None:
    text = said(table)
    assert f"The reference, with every part on, is worse than the rolling window alone: {MINUS}12.00 % of log" in text
    assert f"replay of errors on top of all these {MINUS}9.00 % [{MINUS}9.30, {MINUS}8.70], hurts" in text
    assert f"(raw {MINUS}13.50 % [{MINUS}13.80, {MINUS}13.20], hurts)" in text, "balancing shifts the priors"


def test_an_archive_that_does_not_beat_its_placebo_is_not_praised(table: pd.DataFrame) -> None:
    text = said(table)
    assert f"against its placebo {MINUS}0.05 % [{MINUS}0.35, 0.25], no evidence. So what it adds is not shown" in text
    better = changed(table, where=pair("archive", "placebo"), verdict=HELPS, improvement=0.01, low=0.005, high=0.015)
    sentence = next(one for one in study_words(better, facts()) if one.startswith("The archive beats"))
    assert "helps" in sentence
    assert "So what it adds" not in sentence


def test_the_verdict_rules_whatever_the_interval(table: pd.DataFrame) -> None:
    frame = changed(table, where=pair("expanding"), verdict=NO_EVIDENCE)
    text = said(frame)
    assert (
        "There is no evidence that an expanding window differs from the rolling window alone: +1.20 % of log loss "
        "[0.90, 1.50] by the test corrected for 1,234 comparisons."
    ) in text
    assert "expanding window beats the rolling" not in text
    assert "1,234" not in said(changed(frame, where=pair("expanding"), low=-0.01)), "zero is inside: no need to explain"


@pytest.mark.parametrize("verdict", [NO_EVIDENCE, TOO_FEW_CRISES])
def test_without_verdicts_nothing_is_claimed(table: pd.DataFrame, verdict: str) -> None:
    frame = table.assign(verdict=verdict)
    text = said(frame) + claims.headline(Study(frame, facts()))
    assert not re.search(r"\bbeats\b(?! the rolling window alone cannot| its placebo cannot)", text)
    assert not re.search(r"is worse|, hurts|, helps|\bhurts? a rolling", text)


def test_too_few_crises_are_counted(table: pd.DataFrame) -> None:
    assert (
        "In crashes (2 episodes) and recoveries (2 episodes) there are too few crises to tell whether any option helps."
    ) in study_words(table, facts())
    one = changed(table, where={"slice": "crash"}, episodes=1)
    assert "In crashes (1 episode) and recoveries (2 episodes)" in said(one)


def test_crises_with_enough_episodes_are_told(table: pd.DataFrame) -> None:
    crash = {"slice": "crash", "reference": "none"}
    frame = changed(table, where=crash, verdict=NO_EVIDENCE, episodes=4)
    assert "In crashes (4 episodes) there is no evidence that any option helps or hurts" in said(frame)
    frame = changed(frame, where=crash | {"option": "hybrid"}, verdict=HELPS)
    assert (
        "In crashes (4 episodes), against the rolling window alone: hybrid +1.3 % [0.7, 1.9], helps; no evidence for "
        "the other 9."
    ) in study_words(frame, facts())
    assert "In recoveries (2 episodes) there are too few crises" in said(frame)


def test_money_is_told_with_its_sign_and_interval(table: pd.DataFrame) -> None:
    sharpe = HEADLINE | {"metric": "sharpe", "reference": "none"}
    none = changed(table, where=sharpe, verdict=NO_EVIDENCE, improvement=0.01, low=-0.1, high=0.12)
    none = changed(none, where=sharpe | {"option": "recency"}, improvement=-0.2, low=-0.5, high=0.1)
    assert (
        "There is no evidence that any option changes the Sharpe ratio after costs against the rolling window alone; "
        f"the largest difference is {MINUS}0.20 [{MINUS}0.50, 0.10] (recency)."
    ) in study_words(none, facts())
    some = changed(none, where=sharpe | {"option": "hybrid"}, verdict=HELPS, improvement=0.3, low=0.1, high=0.5)
    assert "hybrid +0.30 [0.10, 0.50], helps; no evidence for the other 9." in said(some)


def test_options_models_and_references_may_be_absent() -> None:
    few = {name: LOSSES[name] for name in ("none", "balanced")}
    text = said(differences(few, references={"none": ("balanced",)}), options=list(few))
    assert "balancing the regimes on top of the archive" in text
    assert "Each holds the parts before it" not in text
    assert "expanding" not in text
    assert "placebo" not in text
    alone = study_words(differences(models=("lightgbm",), calibrations=("raw",)), facts(models=["lightgbm"]))
    assert "Figures are of LightGBM; in brackets" in alone[0]
    assert "(raw" not in " ".join(alone)
    assert "there are too few crises" not in said(differences(slices=("overall",)))
    assert study_words(differences().iloc[:0], facts()) == ["The study compared nothing: its table is empty."]


@pytest.mark.parametrize("kept", OPTIONS[1:])
def test_a_study_of_any_one_option_is_drawn(kept: str) -> None:
    losses = {name: LOSSES[name] for name in ("none", kept)}
    frame = differences(losses, references={"none": (kept,)})
    page = render_study(frame, facts(options=list(losses)))
    assert set(content(page)) == {"study-0", *(f"study-regime-{place}" for place in range(5))}
    assert kept in study_summary(frame, facts(options=list(losses)))


def test_an_empty_study_has_a_page() -> None:
    page = render_study(differences().iloc[:0], facts())
    assert content(page) == {}
    assert "Nothing was compared" in page


def test_a_users_own_option_is_called_by_its_name() -> None:
    frame = differences({"none": 1.0, "mine": 0.9}, references={"none": ("mine",)})
    text = said(frame, options=["none", "mine"])
    assert "The option mine beats the rolling window alone by 10.00 % of log loss [9.70, 10.30]." in text


def test_an_undefined_figure_is_none(table: pd.DataFrame) -> None:
    hole = changed(table, where=pair("expanding"), verdict=NO_EVIDENCE, improvement=np.nan, low=np.nan, high=np.nan)
    assert "Whether an expanding window beats the rolling window alone cannot be said: no figure." in said(hole)
    assert "nan" not in re.sub("[Ff]inan", "", study_summary(hole, facts()))
    assert "NaN" not in json.dumps(content(render_study(hole, facts())))


@pytest.mark.parametrize(
    ("frame", "given", "message"),
    [
        (differences().drop(columns="verdict"), facts(), r"^study: differences lack the columns \['verdict'\]"),
        (differences(), {"rows": 1}, r"^study: the facts lack \['symbols'"),
        (differences().assign(verdict="wins"), facts(), "^study: verdict 'wins' is unknown; allowed are helps, hurts"),
        (differences().assign(metric="r2"), facts(), "^study: metric 'r2' is unknown"),
    ],
)
def test_what_is_not_a_study_is_refused_in_one_line(frame: pd.DataFrame, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        study_words(frame, given)
    assert "\n" not in str(caught.value)


def test_the_headline_and_outcomes_say_the_finding(table: pd.DataFrame) -> None:
    study = Study(table, facts())
    assert claims.headline(study) == (
        "An expanding window beats the rolling window alone by 1.20 % of log loss [0.90, 1.50]; there is no evidence "
        f"that the archive differs from its placebo: {MINUS}0.05 % of log loss [{MINUS}0.35, 0.25]; balanced, "
        "weighted, replay and reference hurt a rolling window"
    )
    assert claims.finding(study, "none") == "6 of 10 help; balanced, weighted, replay and reference hurt"
    assert claims.finding(study, "expanding") == "9 of 10 hurt; no evidence for hybrid"
    assert claims.finding(study, "placebo") == "no evidence that archive and archive detected help or hurt"
    assert claims.finding(study, "none", "crash") == "too few crises to tell (2 episodes)"
    assert claims.finding(study, "replay") == "nothing was compared"


def test_charts_colour_the_verdict_and_hide_numbers_without_evidence(table: pd.DataFrame) -> None:
    study = Study(table, facts())
    charts = [*study_figures.panels(study), *study_figures.regimes(study)]
    assert [chart.id for chart in charts] == [
        *(f"study-{place}" for place in range(3)),
        *(f"study-regime-{place}" for place in range(5)),
    ]
    for chart in charts:
        Figure(data=chart.data, layout=chart.layout)
        few = chart.heading.startswith(("Crash", "Recovery"))
        for trace in chart.data:
            colour = trace["marker"]["line"]["color"]
            assert (colour == palette.FAINT) == few
            if few:
                assert not any(re.search(r"\d", text.split("<br>")[1].split("(")[0]) for text in trace["hovertext"])
                assert not any(trace.get("text", []))


def test_marks_stand_where_the_differences_are(table: pd.DataFrame) -> None:
    study = Study(table, facts())
    chart = study_figures.panels(study)[0]
    ticks = dict(zip(chart.layout["yaxis"]["ticktext"], chart.layout["yaxis"]["tickvals"], strict=True))
    mine = [trace for trace in chart.data if trace["meta"]["predictor"] == "vote" and trace["mode"] == "markers"]
    filled = [trace for trace in mine if trace["marker"]["color"] == palette.BETTER]
    found = dict(zip(filled[0]["y"], filled[0]["x"], strict=True))
    assert found[ticks["Expanding"] + 0.19] == pytest.approx(1.2)
    hollow = [
        trace for trace in mine if trace["marker"]["color"] == "#ffffff" and trace["error_x"]["color"] == palette.BETTER
    ]
    assert dict(zip(hollow[0]["y"], hollow[0]["x"], strict=True))[ticks["Expanding"] - 0.19] == pytest.approx(1.8)


def test_what_lies_far_out_stands_at_the_edge_with_its_number(table: pd.DataFrame) -> None:
    chart = study_figures.panels(Study(table, facts()))[0]
    edges = [trace for trace in chart.data if trace["mode"] == "markers+text" and trace["visible"]]
    assert sorted(text.strip() for trace in edges for text in trace["text"]) == [
        f"{MINUS}12.00",
        f"{MINUS}13.50",
        f"{MINUS}18.00",
        f"{MINUS}9.00",
    ]
    low, high = chart.layout["xaxis"]["range"]
    assert low < edges[0]["x"][0] < -2
    assert 2 < high < 4
    near = study_figures.panels(Study(table[~table["option"].isin(["replay", "reference"])], facts()))[0]
    assert "range" not in near.layout["xaxis"]
    assert near.note == ""


def test_a_model_can_be_chosen_and_has_its_own_heading(table: pd.DataFrame) -> None:
    frame = changed(table, where={"model": "lightgbm", "reference": "none"}, verdict=NO_EVIDENCE)
    chart = study_figures.panels(Study(frame, facts()))[0]
    assert set(chart.layout["meta"]) == {"vote", *MODELS}
    assert "no evidence that any of 10 helps or hurts" in chart.layout["meta"]["lightgbm"]["heading"]
    assert chart.heading == chart.layout["meta"]["vote"]["heading"]


def test_tables_hold_every_model_metric_and_regime(table: pd.DataFrame) -> None:
    study = Study(table, facts())
    metrics, regimes = study_tables.by_metric(study), study_tables.by_regime(study)
    assert [one.name for one in metrics] == [
        f"{model}, {calibration}"
        for calibration in ("recalibrated", "raw")
        for model in ("Vote", "Logistic regression", "LightGBM")
    ]
    assert {len(one.rows) for one in (*metrics, *regimes)} == {22}
    assert len(regimes) == 6
    expanding = metrics[0].rows[0]
    assert [expanding.name, expanding.cells[0].text] == ["Expanding", "None"]
    assert (expanding.cells[1].text, expanding.cells[1].small) == ("+1.20", "[0.90, 1.50]")
    assert expanding.cells[1].verdict == HELPS
    replay = metrics[0].rows[7]
    assert (replay.name, replay.cells[1].verdict) == ("Replay", HURTS)
    crash = regimes[0].rows[0].cells[5]
    assert (crash.text, crash.small, crash.sort, crash.verdict) == ("\N{EN DASH}", "2 episodes", "", "too few")


def test_the_closing_table_is_aligned_and_plain(table: pd.DataFrame) -> None:
    lines = study_summary(table, facts()).split("\n")
    assert max(map(len, lines)) <= 116
    assert all(line.isascii() for line in lines)
    assert {len(line) for line in lines[:3]} == {116}
    place = next(number for number, line in enumerate(lines) if line.startswith("hybrid"))
    assert lines[place].split() == ["hybrid", "+1.30", "+0.10", "+0.003", "+1.95", "+0.15", "+0.004"]
    assert re.findall("helps|hurts|no evidence", lines[place + 2]) == ["helps", *["no evidence"] * 2] * 2
    assert not any(re.search(r"\]\S|\S\[", line) for line in lines)


def test_the_page_loads_nothing_and_stays_small(study_page: str) -> None:
    elements = Elements(study_page)
    for tag, attributes in elements.found:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one["href"][1:] for one in elements.all("a")} <= set(ids)
    assert len(elements.all("caption")) == len(elements.all("table"))
    assert study_page.count("* plotly.js v") == 1
    assert len(study_page.encode()) <= 8_000_000


def test_the_same_study_gives_the_same_bytes_in_any_order(table: pd.DataFrame, study_page: str) -> None:
    shuffled = table.sample(frac=1, random_state=3)
    assert render_study(shuffled, facts()) == study_page
    assert study_summary(shuffled, facts()) == study_summary(table, facts())


def test_text_of_the_study_is_escaped() -> None:
    attack = "</script><img src=http://x onerror=alert(1)>"
    frame = differences({"none": 1.0, attack: 0.9}, models=("vote", attack))
    page = render_study(frame, facts(options=["none", attack], models=[attack], source=attack, commands=[attack]))
    assert attack not in page
    assert not Elements(page).all("img")
    assert len(Elements(page).all("script")) == 3


def section(page: str) -> str:
    return page[page.index('<section id="memory-study">') : page.index('<section id="provenance">')]


def test_a_report_without_a_study_says_how_to_get_one(page: str) -> None:
    own = section(page)
    assert "<code>make ablation</code> answers the question" in own
    assert "<a " not in own


def test_a_report_tells_the_study_of_its_own_labels(inputs: ReportInputs, table: pd.DataFrame) -> None:
    page = render(replaced(inputs, study=table, study_facts=facts(), labels_md5="abc"))
    own = section(page)
    assert "An expanding window beats the rolling window alone by 1.20" in own
    assert "hurt a rolling window</h2>" in own
    assert 'href="../studies/ablation/index.html"' in own
    assert "make ablation" not in own
    drawn = content(page)
    assert {"study-0", "study-1", "study-2"} <= set(drawn)
    assert "meta" not in drawn["study-0"]["layout"], "one predictor needs no chooser"


def test_a_study_of_other_labels_is_linked_alone(inputs: ReportInputs, table: pd.DataFrame) -> None:
    page = render(replaced(inputs, study=table, study_facts=facts(), labels_md5="other"))
    own = section(page)
    assert (
        "The published study is of other data or labels: 20 symbols, 2007-01-03 to 2022-12-09, source bundled, labels "
        "volatility_barrier."
    ) in own
    assert 'href="../studies/ablation/index.html"' in own
    assert "beats" not in own
    assert "study-0" not in content(page)


def test_a_report_refuses_what_is_not_a_study(inputs: ReportInputs, table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="the facts lack"):
        replaced(inputs, study=table)
