"""The memory study: words that follow the verdict, charts that hide what has no evidence, pages that load nothing."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plotly.graph_objects import Figure

from barograph.errors import InputError
from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.report import Results, palette, render, render_study, study_summary, study_words
from barograph.report.study import claims, figures, outcomes, scale, tables
from barograph.report.study.differences import Study
from barograph.report.words import MINUS

from .synthetic import replaced
from .synthetic_study import LOSSES, MODELS, OPTIONS, changed, differences, facts
from .test_page import Elements, content, sound

HEADLINE = {"model": "vote", "calibration": "raw", "metric": "log_loss", "slice": "overall"}

REFERENCES = {
    "none": OPTIONS[1:],
    "expanding": tuple(one for one in OPTIONS if one != "expanding"),
    "placebo": ("archive", "archive_detected"),
    "archive": ("balanced",),
    "balanced": ("weighted",),
    "weighted": ("replay",),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return differences()


@pytest.fixture(scope="module")
def study_page(table: pd.DataFrame) -> str:
    return render_study(table, facts())


def pair(option: str, reference: str = "none", **where: str) -> dict[str, str]:
    return HEADLINE | {"option": option, "reference": reference} | where


def said(frame: pd.DataFrame, **changes: Any) -> str:
    return " ".join(study_words(frame, facts(**changes)))


def test_percentages_are_of_the_references_log_loss() -> None:
    study = Study(differences({"none": 0.8, "expanding": 0.76}), facts())
    ours, theirs = study.find("expanding", "none"), study.find("none", "expanding")
    assert ours.gain.estimate.value == pytest.approx(0.04 / 0.8)
    assert ours.gain.estimate.high == pytest.approx(0.043 / 0.8)
    assert theirs.gain.estimate.value == pytest.approx(-0.04 / 0.76)
    sharpe = study.find("expanding", "none", "sharpe")
    assert sharpe.gain.estimate.value == pytest.approx(0.2 * 0.04), "a Sharpe ratio stays in its own units"


def test_scope_names_data_sizes_and_certainty(table: pd.DataFrame) -> None:
    assert study_words(table, facts())[0] == (
        "Out of sample on 20 symbols (bundled, volatility_barrier), 2007-01-03 to 2022-12-09: 80,240 rows, 4,012 "
        "trading days, 16 folds, every option on the same folds and seeds, with 8,000 rows per fold. "
        "Figures are of the equal vote of Logistic regression and LightGBM, raw, means over the seeds 7, 8 and "
        "9; in brackets 95 % intervals; in "
        "parentheses recalibrated: by a sigmoid that learned from each option's own matured predictions, from the "
        "second fold on (the first has none)."
    )


def test_what_helps_beats_by_a_figure_with_its_interval(table: pd.DataFrame) -> None:
    assert (
        "An expanding window beats the rolling window alone by 1.20 % of log loss [0.90, 1.50] (recalibrated +1.80 % "
        "[1.50, 2.10], helps)."
    ) in study_words(table, facts())


def test_what_hurts_is_worse(table: pd.DataFrame) -> None:
    text = said(table)
    assert (
        "The reference, with every part on, is worse than the rolling window alone in log loss: "
        f"{MINUS}12.00 % [{MINUS}12.30, {MINUS}11.70] (recalibrated {MINUS}18.00 % "
    ) in text
    assert (
        f"replay of errors on top of all these {MINUS}9.00 % [{MINUS}9.30, {MINUS}8.70], hurts (recalibrated "
        f"{MINUS}13.50 % [{MINUS}13.80, {MINUS}13.20], hurts)"
    ) in text


def test_raw_comes_first_and_every_claim_has_its_recalibrated_figure() -> None:
    frame = differences(references=REFERENCES)
    text = study_words(frame, facts())
    claimed = [one for one in text[1:] if not one.startswith(("In ", "The Sharpe", "A seed"))]
    for sentence in [*claimed, next(one for one in text if one.startswith("In log loss against"))]:
        stripped = re.sub(r" \(recalibrated [^()]*\)", "", sentence)
        raw = re.findall(r"\[[^]]*\]", stripped)
        assert len(raw) == sentence.count("(recalibrated ") > 0, sentence
        assert len(re.findall(r"\[[^]]*\]", sentence)) == 2 * len(raw)
    assert len(claimed) == 6
    alone = study_words(frame[frame["calibration"] == "recalibrated"], facts())
    assert "LightGBM, recalibrated: by a sigmoid" in alone[0]
    assert "(recalibrated" not in " ".join(alone)


def test_steps_are_told_against_the_part_before(table: pd.DataFrame) -> None:
    text = said(differences(references=REFERENCES))
    assert (
        f"What each adds to those before it: balancing {MINUS}0.80 % [{MINUS}1.10, {MINUS}0.50], hurts (recalibrated "
        f"{MINUS}1.20 % [{MINUS}1.51, {MINUS}0.90], hurts); weights {MINUS}0.20 % [{MINUS}0.50, 0.10], no evidence "
    ) in text
    assert "What each adds" not in said(table)


def test_an_archive_that_does_not_beat_its_placebo_is_not_praised(table: pd.DataFrame) -> None:
    text = said(table)
    assert (
        f"against its placebo in log loss {MINUS}0.05 % [{MINUS}0.35, 0.25], no evidence (recalibrated {MINUS}0.08 % "
        f"[{MINUS}0.38, 0.23], no evidence). So by none of the metrics what it adds is shown to be more than as many "
        "random old rows add."
    ) in text
    better = changed(table, where=pair("archive", "placebo"), verdict=HELPS, improvement=0.01, low=0.005, high=0.015)
    sentence = next(one for one in study_words(better, facts()) if one.startswith("The archive beats"))
    assert "helps" in sentence
    assert "what it adds" not in sentence


@pytest.mark.parametrize("calibration", ["raw", "recalibrated"])
def test_other_metrics_than_log_loss_speak_for_an_archive(table: pd.DataFrame, calibration: str) -> None:
    where = pair("archive", "placebo", metric="macro_f1", calibration=calibration)
    frame = changed(table, where=where, verdict=HELPS, improvement=0.015, low=0.008, high=0.022)
    sentence = next(one for one in study_words(frame, facts()) if one.startswith("The archive beats"))
    assert "none of the metrics" not in sentence
    assert "By log loss what it adds is not shown to be more" in sentence
    assert "Of the other metrics against its placebo: macro F1 " in sentence
    assert "+1.5 points [0.8, 2.2], helps" in sentence
    assert "Brier" not in sentence
    assert ("though by macro F1 it helps" in claims.headline(Study(frame, facts()))) == (calibration == "raw")
    assert "though" not in claims.headline(Study(table, facts()))
    detected = next(one for one in study_words(frame, facts()) if one.startswith("The archive of detected"))
    assert "none of the metrics" in detected


def test_an_archive_that_helps_when_recalibrated_is_not_said_to_add_nothing(table: pd.DataFrame) -> None:
    where = pair("archive", "placebo", calibration="recalibrated")
    frame = changed(table, where=where, verdict=HELPS, improvement=0.01, low=0.005, high=0.015)
    sentence = next(one for one in study_words(frame, facts()) if one.startswith("The archive beats"))
    assert "what it adds" not in sentence


def test_the_verdict_rules_whatever_the_interval(table: pd.DataFrame) -> None:
    frame = changed(table, where=pair("expanding"), verdict=NO_EVIDENCE)
    text = said(frame)
    assert (
        "There is no evidence that an expanding window differs from the rolling window alone in log loss: +1.20 % "
        "[0.90, 1.50] by the test corrected for 1,234 comparisons (recalibrated +1.80 % [1.50, 2.10], helps)."
    ) in text
    assert "expanding window beats the rolling" not in text
    assert "1,234" not in said(changed(frame, where=pair("expanding"), low=-0.01)), "zero is inside: no need to explain"


@pytest.mark.parametrize("verdict", [NO_EVIDENCE, TOO_FEW_CRISES])
def test_without_verdicts_nothing_is_claimed(table: pd.DataFrame, verdict: str) -> None:
    frame = table.assign(verdict=verdict)
    text = said(frame) + claims.headline(Study(frame, facts()))
    assert not re.search(
        r"\bbeats\b(?! the rolling window alone in log loss cannot| its placebo in log loss cannot)", text
    )
    assert not re.search(r"is worse|, hurts|, helps|\bhurts? a rolling", text)


def test_too_few_crises_are_counted(table: pd.DataFrame) -> None:
    assert (
        "In crashes (2 episodes, worth 1.6; 3 more are needed; exact test at best .25, smallest p .5 of expanding) and "
        "recoveries (2 episodes, worth 1.6; 3 more are needed; exact test at best .25, smallest p .5 of expanding) "
        "there are too few crises to tell whether any option helps."
    ) in study_words(table, facts())
    one = changed(table, where={"slice": "crash"}, episodes=1, effective_episodes=1.0)
    assert "In crashes (1 episode; 3 more are needed; exact" in said(one)
    assert "and recoveries (2 episodes, worth 1.6; 3 more" in said(one)


def test_crises_with_enough_episodes_are_told(table: pd.DataFrame) -> None:
    crash = {"slice": "crash", "reference": "none"}
    frame = changed(table, where=crash, verdict=NO_EVIDENCE, episodes=5, effective_episodes=5.0)
    assert (
        "In crashes (5 episodes; exact test at best .25, smallest p .5 of expanding), by log loss "
        "of the vote, there is no evidence that any option helps or hurts against "
        "the rolling window alone (recalibrated likewise)."
    ) in study_words(frame, facts())
    later = changed(frame, where=crash | {"option": "hybrid", "calibration": "recalibrated"}, verdict=HELPS)
    assert "against the rolling window alone (recalibrated 1 helps: hybrid)." in said(later)
    frame = changed(frame, where=crash | {"option": "hybrid"}, verdict=HELPS)
    assert (
        "In crashes (5 episodes; exact test at best .25, smallest p .5 of expanding), by log loss "
        "of the vote, against the rolling window alone: hybrid +1.3 % [0.7, 1.9], "
        "helps (recalibrated +2.0 % [1.4, 2.6], helps); no evidence for the other 9."
    ) in said(frame)
    assert "In recoveries (2 episodes, worth 1.6; 3 more are needed" in said(frame)


def test_other_verdicts_in_crashes_are_counted_and_the_surest_named(table: pd.DataFrame) -> None:
    frame = changed(table, where={"slice": "crash"}, verdict=NO_EVIDENCE, episodes=4, p_value=0.5)
    assert "Of the other" not in said(frame)
    where = {"model": "vote", "slice": "crash", "reference": "expanding", "calibration": "recalibrated"}
    for place, metric in enumerate(("auc", "brier", "macro_f1", "rank_ic")):
        at = where | {"option": "hybrid" if metric == "macro_f1" else "replay", "metric": metric}
        verdict = HELPS if metric == "macro_f1" else HURTS
        frame = changed(
            frame, where=at, verdict=verdict, improvement=0.1, low=0.05, high=0.15, p_value=0.004 - 0.001 * place
        )
    frame = changed(frame, where={"model": "lightgbm", "slice": "crash"}, verdict=HELPS)
    text = next(one for one in study_words(frame, facts()) if one.startswith("In crashes (4"))
    # 22 comparisons of 6 metrics, raw and recalibrated, less the log loss of 10 against the rolling window.
    assert (
        "Of the other 244 comparisons of the vote there (metrics, references, raw and recalibrated) 4 have a verdict "
        "(1 helps and 3 hurt); the surest: replay against the expanding window, rank IC, recalibrated, +10 points [5, "
        "15], hurts; hybrid against the expanding window, macro F1, recalibrated, +10 points [5, 15], helps; replay "
        "against the expanding window, Brier score, recalibrated, "
    ) in text
    assert "AUC" not in text


def test_sharpe_ratios_of_single_models_are_counted(table: pd.DataFrame) -> None:
    frame = changed(table, where={"metric": "sharpe"}, verdict=NO_EVIDENCE)
    assert "Elsewhere" not in said(frame)
    frame = changed(frame, where=pair("reference", "expanding", model="lightgbm", metric="sharpe"), verdict=HURTS)
    crashes = {"slice": "crash", "option": "hybrid", "reference": "none", "calibration": "raw"}
    few = changed(frame, where=crashes | {"metric": "sharpe", "model": "lightgbm"}, verdict=TOO_FEW_CRISES)
    # 22 comparisons, raw and recalibrated, of two models, overall and in each of five regimes.
    where = "Elsewhere (overall or in a regime, against any reference, raw or recalibrated), of the"
    assert f"{where} 528 differences of single models 1 has a verdict (1 hurts)." in said(frame)
    assert f"{where} 527 differences of single models 1 has a verdict (1 hurts)." in said(few)


SCALE = {"prior_log_loss": 1.05, "regime_prior_log_loss": 1.001}


def test_options_are_put_on_the_scale_of_class_frequencies(table: pd.DataFrame) -> None:
    # Recalibration multiplies the differences of the invented study by 1.5; the rolling window's own stays 1.0.
    assert (
        "For scale, the regime table (class frequencies by regime) has a log loss of 1.001 on the same rows. Against "
        "it, without intervals: the rolling window alone 0.1 % better (recalibrated 0.1 % better); the expanding "
        "window 1.3 % better (recalibrated 1.9 % better); the hybrid memory (the best raw) 1.4 % better (recalibrated "
        "2.0 % better). Worse than it are balanced, weighted, replay and reference (recalibrated likewise)."
    ) in study_words(table.loc[table["reference"] == "none"], facts(**SCALE))
    shifted = changed(
        table[table["reference"] == "none"], where=pair("expanding", calibration="recalibrated"), value=1.01
    )
    assert "Worse than it are balanced, weighted, replay and reference (recalibrated expanding, balanced" in said(
        shifted, **SCALE
    )
    assert "None is worse (recalibrated replay and reference)." in said(
        table[table["reference"] == "none"], **SCALE | {"regime_prior_log_loss": 1.13}
    )


def test_the_best_option_is_put_beside_the_structural_baseline_where_the_facts_know_it(table: pd.DataFrame) -> None:
    against = table[table["reference"] == "none"]
    assert "tructural" not in said(against, **SCALE)
    assert (
        "(recalibrated likewise). The structural volatility baseline has 0.980, and against it the best raw, hybrid, "
        "is 0.7 % worse and the best recalibrated, hybrid, is 0.1 % worse."
    ) in said(against, **SCALE, structural_log_loss=0.98)
    assert "the best raw, hybrid, is 0.3 % better and" in said(against, **SCALE, structural_log_loss=0.99)
    assert "structural volatility 0.9800; none 1.0000" in scale.note(
        Study(table, facts(**SCALE, structural_log_loss=0.98))
    )


def test_without_the_baselines_no_scale_is_given(table: pd.DataFrame) -> None:
    assert "For scale" not in said(table)
    assert "For scale" not in said(table, prior_log_loss=1.05)
    shown = re.search('<p class="note">(Log loss on the same rows.*?)</p>', render_study(table, facts(**SCALE)))
    assert "class frequencies 1.0500; regime table 1.0010; none 1.0000" in shown[1]
    assert scale.note(Study(table, facts())).startswith(
        "Log loss on the same rows, of the vote raw and recalibrated: none 1.0000, 1.0000; expanding 0.9880, "
    )


def test_money_is_told_with_its_sign_and_interval(table: pd.DataFrame) -> None:
    sharpe = HEADLINE | {"metric": "sharpe", "reference": "none"}
    none = changed(table, where=sharpe, verdict=NO_EVIDENCE, improvement=0.01, low=-0.1, high=0.12)
    none = changed(none, where=sharpe | {"option": "recency"}, improvement=-0.2, low=-0.5, high=0.1)
    assert (
        "There is no evidence that any option changes the Sharpe ratio after costs of the vote against the rolling "
        f"window alone; the largest difference is that of recency, {MINUS}0.20 [{MINUS}0.50, 0.10] (recalibrated 2 "
        "hurt: replay and reference)."
    ) in said(none)
    calm = changed(none, where=sharpe | {"calibration": "recalibrated"}, verdict=NO_EVIDENCE)
    assert "(recalibrated likewise, that of reference, " in said(calm)
    some = changed(none, where=sharpe | {"option": "hybrid"}, verdict=HELPS, improvement=0.3, low=0.1, high=0.5)
    assert "The Sharpe ratio after costs of the vote, against the rolling window alone: " in said(some)
    assert "hybrid +0.30 [0.10, 0.50], helps (recalibrated +0.004 " in said(some)
    assert "; no evidence for the other 7." in said(some), "recalibrated, replay and reference have a verdict too"


def test_options_models_and_references_may_be_absent() -> None:
    few = {name: LOSSES[name] for name in ("none", "balanced")}
    text = said(differences(few, references={"none": ("balanced",)}), options=list(few))
    assert "balancing the regimes on top of the archive" in text
    assert "Each contains the parts before it" not in text
    assert "Each contains the parts before it" in said(differences())
    assert "expanding" not in text
    assert "placebo" not in text
    alone = study_words(differences(models=("lightgbm",), calibrations=("raw",)), facts(models=["lightgbm"], seeds=[7]))
    assert "Figures are of LightGBM, raw, with the seed 7 alone; in brackets 95 % intervals." in alone[0]
    assert not any("seeds give" in paragraph for paragraph in alone)
    assert "recalibrated" not in " ".join(alone)
    assert "there are too few crises" not in said(differences(slices=("overall",)))


@pytest.mark.parametrize("kept", OPTIONS[1:])
def test_a_study_of_any_one_option_is_drawn(kept: str) -> None:
    losses = {name: LOSSES[name] for name in ("none", kept)}
    frame = differences(losses, references={"none": (kept,)})
    page = render_study(frame, facts(options=list(losses)))
    assert set(content(page)) == {"study-0", *(f"study-regime-{place}" for place in range(5))}
    assert kept in study_summary(frame, facts(options=list(losses)))


def test_a_users_own_option_is_called_by_its_name() -> None:
    frame = differences({"none": 1.0, "mine": 0.9}, references={"none": ("mine",)})
    bare = render_study(frame, facts(options=["mine"], commands=[]))
    assert "as conf/memory defines them" not in bare
    assert "The commands that reproduce" not in bare
    text = said(frame, options=["none", "mine"])
    assert "The option mine beats the rolling window alone by 10.00 % of log loss [9.70, 10.30] (recal" in text


def test_an_undefined_figure_is_none(table: pd.DataFrame) -> None:
    hole = changed(table, where=pair("expanding"), verdict=NO_EVIDENCE, improvement=np.nan, low=np.nan, high=np.nan)
    assert (
        "Whether an expanding window beats the rolling window alone in log loss cannot be said: no figure "
        "(recalibrated +1.80 % [1.50, 2.10], helps)."
    ) in study_words(hole, facts())
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
        f"that the archive differs from its placebo in log loss: {MINUS}0.05 % [{MINUS}0.35, 0.25]; balanced, "
        "weighted, replay and reference hurt a rolling window"
    )
    helped = changed(table, where=pair("balanced", calibration="recalibrated"), verdict=NO_EVIDENCE)
    assert outcomes.finding(study, "none") == (
        "6 of 10 help; balanced, weighted, replay and reference hurt (recalibrated likewise)"
    )
    assert outcomes.finding(Study(helped, facts()), "none").endswith(
        "(recalibrated 6 of 10 help; weighted, replay and reference hurt; no evidence for balanced)"
    )
    assert outcomes.finding(study, "expanding") == "9 of 10 hurt; no evidence for hybrid (recalibrated likewise)"
    assert outcomes.finding(study, "placebo") == (
        "no evidence that archive and archive detected help or hurt (recalibrated likewise)"
    )
    assert outcomes.finding(study, "none", "crash") == "too few crises to tell (2 episodes, worth 1.6)"
    assert outcomes.finding(study, "replay") == "nothing was compared"
    assert outcomes.tally(study, study.against("none")) == (
        "of 10 comparisons, 6 help and 4 hurt (recalibrated 6 help and 4 hurt)"
    )


def test_charts_colour_the_verdict_and_hide_numbers_without_evidence(table: pd.DataFrame) -> None:
    study = Study(table, facts())
    charts = [*figures.panels(study), *figures.regimes(study)]
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
    chart = figures.panels(study)[0]
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
    chart = figures.panels(Study(table, facts()))[0]
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
    near = figures.panels(Study(table[~table["option"].isin(["replay", "reference"])], facts()))[0]
    assert "range" not in near.layout["xaxis"]
    assert near.note == ""


def test_a_model_can_be_chosen_and_has_its_own_heading(table: pd.DataFrame) -> None:
    frame = changed(table, where={"model": "lightgbm", "reference": "none"}, verdict=NO_EVIDENCE)
    chart = figures.panels(Study(frame, facts()))[0]
    assert set(chart.layout["meta"]) == {"vote", *MODELS}
    assert "no evidence that any of 10 helps or hurts" in chart.layout["meta"]["lightgbm"]["heading"]
    assert chart.heading == chart.layout["meta"]["vote"]["heading"]


def test_tables_hold_every_model_metric_and_regime(table: pd.DataFrame) -> None:
    study = Study(table, facts())
    metrics, regimes = tables.by_metric(study), tables.by_regime(study)
    assert [name for name, _ in metrics] == [
        f"{model}, {calibration}"
        for calibration in ("raw", "recalibrated")
        for model in ("Vote", "Logistic regression", "LightGBM")
    ]
    assert {len(table.rows) for _, table in (*metrics, *regimes)} == {22}
    assert len(regimes) == 12
    assert [regimes[0][0], regimes[6][0]] == ["Log loss saved, %: raw", "Log loss saved, %: recalibrated"]
    expanding = metrics[0][1].rows[0]
    assert [expanding.name, expanding.cells[0].text] == ["Expanding", "None"]
    assert (expanding.cells[1].text, expanding.cells[1].small) == ("+1.20", "[0.90, 1.50]")
    assert expanding.cells[1].verdict == HELPS
    replay = metrics[0][1].rows[7]
    assert (replay.name, replay.cells[1].verdict) == ("Replay", HURTS)
    crash = regimes[0][1].rows[0].cells[5]
    assert (crash.text, crash.small, crash.sort, crash.verdict) == (
        "\N{EN DASH}",
        "2 episodes, worth 1.6",
        "",
        "too few",
    )


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
    sound(study_page)
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


def test_a_report_tells_the_study_of_its_own_data(results: Results, table: pd.DataFrame) -> None:
    page = render(replaced(results, study=table, study_facts=facts(), data_digest="abc"))
    own = section(page)
    assert "An expanding window beats the rolling window alone by 1.20" in own
    assert "hurt a rolling window</h2>" in own
    assert 'href="../studies/ablation/index.html"' in own
    assert "make ablation" not in own
    drawn = content(page)
    assert {"study-0", "study-1", "study-2"} <= set(drawn)
    assert "meta" not in drawn["study-0"]["layout"], "one predictor needs no chooser"


def test_the_same_study_of_another_market_follows_the_answer(results: Results, table: pd.DataFrame) -> None:
    other = table[table["metric"] == "log_loss"].reset_index(drop=True)
    given = {"study": table, "study_facts": facts(), "data_digest": "abc"}
    assert "another market" not in section(render(replaced(results, **given)))
    own = section(render(replaced(results, **given, elsewhere=other)))
    assert "The same study of another market (20 symbols, 2007-01-03 to 2022-12-09): An expanding window beats" in own


def test_a_study_of_other_data_is_linked_alone(results: Results, table: pd.DataFrame) -> None:
    page = render(replaced(results, study=table, study_facts=facts(), data_digest="other"))
    own = section(page)
    assert (
        "The published study was run on other data, folds or budget: 20 symbols, 2007-01-03 to 2022-12-09, source "
        "bundled, labels volatility_barrier, 8,000 rows a fold."
    ) in own
    assert 'href="../studies/ablation/index.html"' in own
    assert "beats" not in own
    assert "study-0" not in content(page)


def test_a_report_refuses_what_is_not_a_study(results: Results, table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="the facts lack"):
        render(replaced(results, study=table, study_facts={}))


def test_the_range_over_seeds_is_said_and_tabulated(table: pd.DataFrame) -> None:
    text = " ".join(study_words(table, facts()))
    assert (
        "Single seeds give, in log loss: an expanding window against the rolling window alone +1.05 to +1.28 %; the "
        "archive against the rolling window alone +0.25 to +0.48 %; the archive against its placebo"
    ) in text
    page = render_study(table, facts())
    assert "the smallest and the largest difference with a single seed" in page
    assert "+1.05 to +1.28 %" in page
    assert "with a single seed" not in render_study(table, facts(seeds=[7]))
