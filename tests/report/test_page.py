"""The page: one file that loads nothing, says what was shown, and is the same every time."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from barograph.errors import InputError
from barograph.report import Results, render
from barograph.report.sections import predictors

from .synthetic import EIGHT, build, field, replaced, with_scores

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Elements(HTMLParser):
    """Every element with its attributes and text; complains where tags do not close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.stack: list[str] = []
        self.feed(page)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] not in {"script", "style"}:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    return found[1].replace("\N{NO-BREAK SPACE}", " ")


def content(page: str) -> dict[str, dict[str, list[object]]]:
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.S)
    assert not re.search("[<>&]", found[1]), "what looks like markup must be escaped inside a script"
    parsed: dict[str, dict[str, list[object]]] = json.loads(found[1])
    return parsed


def sound(page: str) -> Elements:
    """Demand that tags close, ids are unique, links lead somewhere, tables have captions and nothing is loaded."""
    elements = Elements(page)
    for tag, attributes in elements.found:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one["id"] for one in elements.all("section")} <= {one["href"][1:] for one in elements.all("a")} <= set(ids)
    assert len(elements.all("caption")) == len(elements.all("table"))
    assert page.count("* plotly.js v") == 1
    return elements


def test_the_page_is_sound_and_loads_nothing(page: str) -> None:
    policy = next(one["content"] for one in sound(page).all("meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert not re.search(r"url\(|@import", style[1])


def test_every_chart_has_a_place_a_name_and_data(page: str) -> None:
    charts = content(page)
    places = {one["id"]: one for one in Elements(page).all("div") if one.get("class") == "chart"}
    assert set(places) == {f"chart-{name}" for name in charts}
    for name, chart in charts.items():
        assert chart["data"], name
        assert len(places[f"chart-{name}"]["aria-label"]) > 20


def test_the_same_inputs_give_the_same_bytes(page: str) -> None:
    assert render(build()) == page


def test_a_large_report_stays_small() -> None:
    large = build(1990, 2021, models=EIGHT, features=100, points=1_000)
    assert len(field(large, "context")) > 8_300
    assert len(render(large).encode()) <= 8_000_000


def test_text_of_the_data_is_escaped(results: Results) -> None:
    attack = "</script><img src=http://x onerror=alert(1)>"
    slices = field(results, "slices").assign(slice=field(results, "slices")["slice"].replace("Energy", attack))
    events = results.named_events.assign(event=results.named_events["event"] + attack)
    provenance = dict(results.provenance) | {
        "source": attack,
        "notes": [attack],
        "params_changed": {attack: (attack, [attack])},
        "commands": [attack],
    }
    changes = {
        "criteria": field(results, "criteria").assign(description=attack),
        "drift_features": field(results, "drift_features").assign(
            feature=lambda frame: frame["feature"] + attack, family=attack
        ),
        "catalogue": results.catalogue.assign(family=attack, formula=attack, source=attack),
        "tuning": field(results, "tuning")
        | {attack: field(results, "tuning")["lightgbm"] | {"params": {attack: attack}, "start": {attack: attack}}},
    }
    for name in ("shap_importance", "shap_beeswarm", "importance_by_fold"):
        changes[name] = field(results, name).assign(feature=lambda frame: frame["feature"] + attack)
    changes["selection"] = field(results, "selection").assign(
        feature=lambda frame: frame["feature"] + attack, reason=lambda frame: frame["reason"] + attack
    )
    changes["shap_methods"] = field(results, "shap_methods").assign(method=attack, output=attack)
    changes |= {"slices": slices, "archive_events": events, "provenance": provenance, "left_out": {attack: attack}}
    page = render(replaced(results, **changes))
    assert not Elements(page).all("img")
    assert len(Elements(page).all("script")) == 3
    assert "&lt;/script&gt;" in page
    assert attack.lower() not in page.lower()


def test_tables_can_be_sorted_by_keyboard_and_read_aloud(page: str) -> None:
    elements = Elements(page)
    assert all(one.get("scope") in {"col", "row"} for one in elements.all("th"))
    sortable = [one for one in elements.all("th") if "aria-sort" in one]
    assert len(sortable) == 10 + 8 + 6 + 10 + 10 + 5 + 8 + (7 + 13 + 12 + 9 + 7 + 7 + 9 + 10)
    assert len(elements.all("button")) == len(sortable)
    assert len(re.findall(r"<th scope=\"col\"[^>]*aria-sort=\"none\"><button type=\"button\"", page)) == len(sortable)


def test_the_verdict_names_period_cases_baseline_and_crashes(page: str) -> None:
    assert heading(page) == (
        "Out of sample, 2003\N{EN DASH}2008 (1,500 trading days, 6 folds), the ensemble beats the regime table by "
        "2.0 % of log loss [1.4, 2.6]; beyond volatility: it beats the structural volatility baseline by 1.6 % "
        "[1.0, 2.2]; in crashes the evidence cannot decide (2 episodes, worth 1.6; 3 more are needed; exact test "
        "p .75, at best .25); the gate rejects it."
    )


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.01, -0.01, 0.03), "there is no evidence that the ensemble beats the regime table"),
        ((-0.05, -0.08, -0.02), "the ensemble is worse than the regime table"),
        ((0.05, np.nan, np.nan), "too little evidence to say whether the ensemble beats the regime table"),
    ],
)
def test_the_verdict_is_honest(results: Results, scores: tuple[float, float, float], expected: str) -> None:
    value, low, high = scores
    names = ("skill_regime_prior", "skill_regime_prior_low", "skill_regime_prior_high")
    page = render(with_scores(results, "overall", "overall", **dict(zip(names, (value, low, high), strict=True))))
    assert expected in heading(page)
    assert "beats the regime table by" not in heading(page)


def test_too_few_cases_silence_the_verdict(results: Results) -> None:
    assert "too little evidence to say" in heading(render(with_scores(results, "overall", "overall", sufficient=False)))


def test_the_predictors_heading_counts_who_beats_the_regime_table_and_the_structural_baseline(results: Results) -> None:
    """Of the ensemble and three models; the half-width of an invented overall skill is 0.6 points."""
    assert predictors.heading(results) == (
        "3 of 4 predictors beat the regime table; 2 beat the structural volatility baseline"
    )
    scores = {"skill_structural": -0.02, "skill_structural_low": -0.03, "skill_structural_high": -0.01}
    assert predictors.heading(with_scores(results, "overall", "overall", **scores)) == (
        "3 of 4 predictors beat the regime table; 1 beats the structural volatility baseline, 1 is worse than it"
    )


def test_what_is_beyond_volatility_is_against_the_structural_baseline(results: Results) -> None:
    scores = {"skill_structural": 0.001, "skill_structural_low": -0.002, "skill_structural_high": 0.004}
    page = render(with_scores(results, "overall", "overall", **scores))
    assert "the ensemble beats the regime table by 2.0 %" in heading(page)
    assert "; beyond volatility: there is no evidence that it knows anything, +0.10 % " in heading(page)
    card = page[page.index("<dt>Skill against structural volatility</dt>") :].partition("</div>")[0]
    assert '<dd class="value">+0.10 %</dd>' in card


def test_a_headline_of_a_users_own_is_named(results: Results) -> None:
    page = render(replaced(results, headline="lightgbm"))
    assert "LightGBM beats the regime table" in heading(page)


def test_missing_columns_are_refused_in_one_line(results: Results) -> None:
    with pytest.raises(InputError, match=r"^report: reports/validation/slices.csv lacks the columns \['auc'\]"):
        render(replaced(results, slices=field(results, "slices").drop(columns="auc")))
    with pytest.raises(InputError, match="no overall score of the headline predictor 'mine'"):
        render(replaced(results, headline="mine"))


def test_a_report_without_archive_and_curves_is_drawn(results: Results) -> None:
    empty = {name: field(results, name).iloc[:0] for name in ("archive_events", "found_events", "calibration")}
    unchanged = dict(results.provenance) | {"params_changed": {}, "notes": []}
    page = render(replaced(results, provenance=unchanged, left_out={}, **empty))
    assert "the ensemble beats the regime table" in heading(page)
    assert not any(name.startswith("reliability") for name in content(page))
    for missing in ("archive-table", "Do probabilities mean", "left-out", "What limits the data"):
        assert missing not in page
    assert "Every parameter has its default value" in page
    assert "Every parameter has its default value" not in render(results)


def test_two_models_are_enough() -> None:
    page = render(build(models=("lightgbm", "svm")))
    assert {"why-own", "agreement-models", "moved-predictions"} <= set(content(page))
    alone = content(render(build(models=("lightgbm",))))
    assert "agreement-models" not in alone, "a model alone agrees with nobody"
    assert "agreement-regimes" in alone


def test_the_gate_stands_beside_the_verdict(page: str) -> None:
    section = page[page.index('<section id="verdict">') : page.index('<section id="predictors">')]
    assert 'The gate: <span class="outcome">rejected</span>' in section
    assert section.count('<th scope="row"') == 6
    assert "Always naming the majority class would pass too, so little is proved: Expected calibration" in section
