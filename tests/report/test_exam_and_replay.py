"""The crisis exam and the replay, as the report tells them."""

import re
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.report import Results, render
from barograph.report.blocks import Table
from barograph.report.parts import exam, replayed
from barograph.report.words import MINUS

from . import synthetic_study
from .synthetic import replaced
from .test_page import Elements


def sat(results: Results, table: pd.DataFrame) -> SimpleNamespace:
    heading, _, held, note, folded = exam.blocks(replaced(results, exam=table))
    return SimpleNamespace(heading=heading.text, note=note.sentences[0], rows=held.rows, others=folded.blocks[0])


def test_the_heading_counts_single_cases_whatever_their_intervals(results: Results) -> None:
    expected = (
        "Had it never seen them, the vote would have scored above every baseline in 2 of 4 crises; each is a single "
        "case"
    )
    assert {sat(results, synthetic_study.exam(half=half)).heading for half in (0.001, 0.02, 0.5)} == {expected}
    easier = synthetic_study.exam().assign(skill_structural=0.1)
    assert "above every baseline in 3 of 4 crises" in sat(results, easier).heading
    table = synthetic_study.exam()
    table["skill_regime_prior"] = -0.1
    assert "above every baseline in none of 4 crises" in sat(results, table).heading


def test_the_note_warns_of_intervals_and_of_the_event_that_dominates(results: Results) -> None:
    table = synthetic_study.exam()
    table.loc[table["exam"] == "financial_crisis_2008", "rows"] = 7_440
    note = sat(results, table).note
    assert "is about that event's days only, and is too narrow even for them" in note
    assert note.endswith(
        "Of a pooled row p is that of the exact one-sided test over its events, of being better than the baseline. "
        "Crash, pooled, rests on 3 events, of which Financial crisis 2008 has 75 % of the rows; Recovery, pooled, "
        "rests on 1 event (4 more are needed to decide)."
    )
    shown = re.search('<p class="note">(An interval of one event .*?)</p>', render(replaced(results, exam=table)))
    assert "rests on 1" in shown[1]


def test_an_exam_too_short_for_an_interval_has_none_in_its_row(results: Results) -> None:
    table = synthetic_study.exam()
    short = table["exam"] == "covid_recovery_2020"
    table.loc[short, ["skill_regime_prior_low", "skill_regime_prior_high"]] = np.nan
    told = sat(results, table)
    assert "in 2 of 4 crises" in told.heading
    row = next(row for row in told.rows if row.name == "Covid recovery 2020")
    assert row.cells[3].small == "no interval"


def test_events_that_are_no_crises_are_called_events(results: Results) -> None:
    table = synthetic_study.exam()
    table.loc[table["exam"] == "crash_2011_08_08", "regime"] = "high_volatility"
    assert "in 2 of 4 events" in sat(results, table).heading


def test_rows_stand_in_order_with_walk_forward_beside_them(results: Results) -> None:
    told = sat(results, synthetic_study.exam())
    assert [row.name for row in told.rows] == [
        *("Financial crisis 2008", "Crash 2011-08-08", "Covid crash 2020", "Covid recovery 2020"),
        *("Crash, pooled", "Recovery, pooled"),
    ]
    first, second = told.rows[:2]
    assert first.cells[0].text == "2008-09-02 to 2009-03-31"
    assert (first.cells[3].text, first.cells[3].small) == ("3.0", "[1.0, 5.0]")
    assert first.cells[4].text == "\N{EN DASH}", "it has no walk-forward predictions"
    assert second.cells[4].text == f"{MINUS}1.4"
    assert (second.cells[5].text, second.cells[6].text) == ("1.5", f"{MINUS}0.5")
    assert second.cells[7].small == "walk-forward 1.065"


def test_pooled_rows_of_too_few_events_are_grey_and_have_no_number(results: Results) -> None:
    told = sat(results, synthetic_study.exam())
    enough, few = told.rows[-2:]
    assert (enough.kind, enough.cells[3].text) == ("model", f"{MINUS}2.0")
    assert few.kind == "weak"
    assert (few.cells[0].text, few.cells[0].small) == ("1 event", "p at best .5")
    exact = "p .875"
    assert (few.cells[3].text, few.cells[3].small, few.cells[3].sort) == ("too few", exact, "")
    assert {cell.text for cell in few.cells[4:]} == {"\N{EN DASH}"}
    assert {(row.cells[-1].text, row.cells[-1].small) for row in told.others.rows} == {("too few", exact)}


def test_pooled_rows_have_the_exact_test_beneath_the_skill_against_each_baseline(results: Results) -> None:
    told = sat(results, synthetic_study.exam())
    pooled = told.rows[-2]
    assert (pooled.cells[0].text, pooled.cells[0].small) == ("3 events, worth 2.4", "p at best .125")
    assert pooled.cells[3].small.endswith("]; p .875")
    assert pooled.cells[5].small.endswith("]; p .25")
    assert pooled.cells[6].small.endswith("]; p .5")
    assert [place for place, cell in enumerate(pooled.cells) if "p ." in cell.small] == [3, 5, 6]
    assert all(row.cells[-2].small.endswith("]; p .875") for row in told.others.rows)
    assert not any("p ." in cell.small or "best" in cell.small for row in told.rows[:-2] for cell in row.cells)


def test_every_predictor_has_a_row_and_every_exam_a_column(results: Results) -> None:
    told = sat(results, synthetic_study.exam())
    assert [row.name for row in told.others.rows] == [
        "The vote",
        "LightGBM",
        "Logistic regression",
        "Class frequencies",
        "Structural volatility",
    ]
    assert {len(row.cells) for row in told.others.rows} == {len(told.others.columns)} == {6}


def test_the_page_labels_the_exam(results: Results, page: str) -> None:
    assert "Not causal in time" not in page
    assert render(replaced(results, exam=synthetic_study.exam().iloc[:0])) == page
    own = render(replaced(results, exam=synthetic_study.exam()))
    assert '<strong class="tag">Not causal in time: trained also on what came after.</strong>' in own
    assert own.index('id="figure-forest-event"') < own.index('id="exam"') < own.index("Do probabilities mean")
    assert '<tr class="weak">' in own
    with pytest.raises(InputError, match=r"^report: reports/validation/exam.csv lacks the columns \['auc'\]"):
        render(replaced(results, exam=synthetic_study.exam().drop(columns="auc")))


def test_nothing_is_said_of_a_replay_that_is_off(results: Results, page: str) -> None:
    off = {
        name: {part: table.iloc[:0] for part, table in parts.items()}
        for name, parts in synthetic_study.replay().items()
    }
    assert replayed.blocks(results) == []
    nowhere = replaced(results)
    nowhere.files.frames["reports/validation/replay_groups.csv"] = pd.DataFrame(columns=["model"])
    assert replayed.blocks(nowhere) == []
    assert render(replaced(results, replay=off)) == page
    unused = {
        name: parts | {"groups": parts["groups"].assign(replayed=0, share=0.0)}
        for name, parts in synthetic_study.replay().items()
    }
    assert replayed.blocks(replaced(results, replay=unused)) == []


def told(results: Results, parts: dict[str, dict[str, pd.DataFrame]]) -> tuple[str, Sequence[str], Table, str]:
    heading, said, table, *note = replayed.blocks(replaced(results, replay=parts))
    return heading.text, said.sentences, table, note[0].sentences[0] if note else ""


def test_a_replay_that_hurts_is_said_to_hurt(results: Results) -> None:
    heading, said, _table, _ = told(results, synthetic_study.replay())
    assert heading == (
        "5.0 % of past predictions were shown again; it helped none of 2 models on look-alike rows, and hurt 1"
    )
    assert f"Logistic regression {MINUS}4.5 % [{MINUS}5.5, {MINUS}3.6] (hurt) on 4,000 look-alike rows" in said[1]
    assert "(no evidence) on 4,000 look-alike rows" in said[1], "LightGBM's interval includes zero"


def test_a_replay_that_helps_is_said_to_help(results: Results) -> None:
    heading, said, _, _ = told(results, synthetic_study.replay(True))
    assert "it helped 1 of 2 models on look-alike rows" in heading
    assert "hurt" not in heading
    assert "+2.7 % [1.8, 3.6] (helped)" in said[1]


def test_the_note_says_which_rows_are_look_alikes(results: Results) -> None:
    parts = synthetic_study.replay()
    for model, rows in (("logistic_regression", 1_000), ("lightgbm", 4_000)):
        own = parts[model]["improvement"]
        own.loc[(own["fold"] == "all") & (own["part"] == "look_alikes"), "rows"] = rows
    *_, note = told(results, parts)
    assert (
        "the nearest later row of each replayed one: 20.0 to 50.0 % of the rows of these windows. The others are not "
        "untouched"
    ) in note
    shown = re.search('<p class="note">(Look-alikes are.*?)</p>', render(replaced(results, replay=parts)))
    assert "The others are not untouched" in shown[1]


def test_a_replay_says_where_the_mistakes_lie(results: Results) -> None:
    _heading, said, table, _ = told(results, synthetic_study.replay())
    assert said[0] == (
        "Replayed are the predictions that went most wrong: by regime most in crash (21.0 %) and least in low "
        "volatility (2.0 %); by sector most in Utilities (8.0 %) and least in Energy (4.0 %); by class most in sell "
        "(7.0 %) and least in hold (1.0 %); they are 10.0 % of the rows of a fold."
    )
    row = table.rows[0]
    assert [cell.text for cell in row.cells] == ["5.0", "Crash", "Utilities", "Sell", f"{MINUS}4.5", f"{MINUS}0.9"]
    assert row.cells[0].small == "10.0 % of a fold"


def test_a_replay_that_was_not_measured_claims_nothing(results: Results) -> None:
    parts = synthetic_study.replay()
    own = {name: one | {"improvement": one["improvement"].iloc[:0]} for name, one in parts.items()}
    heading, said, _, note = told(results, own)
    assert heading == "5.0 % of past predictions were shown again; whether it helped was not measured"
    assert not re.search("helped|hurt", said[1])
    assert note == ""


def test_the_page_tells_the_replay_and_escapes_it(results: Results) -> None:
    attack = "<img src=x>"
    parts = synthetic_study.replay()
    for one in parts.values():
        one["groups"] = one["groups"].replace({"value": {"Utilities": attack}})
    table = synthetic_study.exam().replace({"exam": {"covid_crash_2020": attack}})
    page = render(replaced(results, replay=parts, exam=table))
    assert page.index('id="shown-section"') < page.index('id="replay"') < page.index('id="money"')
    assert not Elements(page).all("img")
    assert attack not in page
    lacking = {"lightgbm": parts["lightgbm"] | {"folds": parts["lightgbm"]["folds"].drop(columns="replayed")}}
    with pytest.raises(InputError, match=r"^report: reports/replay/lightgbm.csv lacks the columns \['replayed'\]"):
        render(replaced(results, replay=lacking))
