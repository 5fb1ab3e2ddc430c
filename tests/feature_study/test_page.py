"""The docs say of the features what the published study says; a failing test prints the table that they should have."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
import pytest

from barograph.feature_study.answer import feature_words
from barograph.names import BASELINES
from barograph.scoring import Estimate
from tests.dependencies import ROOT
from tests.results_tables import bold, table, written

PUBLISHED = ROOT / "studies/published/features"
PAGE, FEATURES = (ROOT / f"docs/{name}.md" for name in ("feature-study", "features"))
ESTIMATE = re.compile(r"[+\N{MINUS SIGN}]?[\d.,]+ % \[[^\]]+\]")


class Study(NamedTuple):
    """The vote's differences in log loss overall, by option, the whole table, and the facts."""

    overall: pd.DataFrame
    differences: pd.DataFrame
    facts: dict[str, Any]


@pytest.fixture(scope="module")
def study() -> Study:
    facts = json.loads((PUBLISHED / "facts.json").read_text(encoding="utf-8"))
    if facts["source"] != "Bundled":
        pytest.skip("studies/published/features has a study of other data than docs speak of")
    whole = pd.read_csv(PUBLISHED / "headline.csv")
    overall = whole[(whole["metric"] == "log_loss") & (whole["slice"] == "overall")]
    assert set(whole["calibration"]) == {"raw"}
    return Study(overall.set_index("option"), whole, facts)


def _flat(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line[:1] != "|")


def _saved(gap: "pd.Series[Any]", unit: str = "") -> str:
    ends = Estimate(gap["improvement"], gap["low"], gap["high"])
    return written(ends, 2, scale=100 / gap["reference_value"], unit=unit, sign=True)


def _rows(study: Study) -> Iterator[tuple[str, str, str, str]]:
    yield "`all`", str(study.facts["features"]["all"]), f"{study.overall['reference_value'].iloc[0]:.4f}", ""
    for option, gap in study.overall.iterrows():
        told = bold(_saved(gap)) if gap["verdict"] in ("helps", "hurts") else _saved(gap)
        yield f"`{option}`", str(study.facts["features"][option]), f"{gap['value']:.4f}", told
    for name in BASELINES:
        yield f"the baseline `{name}`", "", f"{study.facts[f'{name}_log_loss']:.4f}", ""


def test_the_table_is_that_of_the_published_files(study: Study) -> None:
    expected = table(("option", "features", "log loss", "saved, % of `all`"), _rows(study))
    found = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert found == expected, "\n".join(["expected:", *expected])


@pytest.mark.parametrize("page", [PAGE, FEATURES], ids=lambda page: page.stem)
def test_the_answer_is_the_studys_sentence(study: Study, page: Any) -> None:
    answer = feature_words(study.differences, study.facts)[0]
    assert answer in _flat(page.read_text(encoding="utf-8")), answer


def test_the_words_give_figures_of_the_published_files_alone(study: Study) -> None:
    prose, answer = _flat(PAGE.read_text(encoding="utf-8")), feature_words(study.differences, study.facts)[0]
    figures = {_saved(gap, " %") for _, gap in study.overall.iterrows()} | set(ESTIMATE.findall(answer))
    assert [text for text in ESTIMATE.findall(prose) if text not in figures] == []
    assert f"{study.facts['folds']} on the bundled {study.facts['symbols']} stocks" in prose
    assert f"the {study.facts['comparisons']} comparisons of the table" in prose


def test_what_the_page_calls_without_features_was_left_out(study: Study) -> None:
    named = [option.removeprefix("without_") for option in study.facts["left_out"]]
    expected = f"{' and '.join(named).capitalize()} have no features in the bundled data, and are not compared."
    assert expected in _flat(PAGE.read_text(encoding="utf-8"))


def test_what_the_pages_say_of_verdicts_is_so(study: Study) -> None:
    verdicts = study.overall["verdict"]
    assert verdicts[verdicts != "no evidence"].to_dict() == {"without_volatility": "hurts"}
    beyond_zero = study.overall[(study.overall["low"] > 0) | (study.overall["high"] < 0)].index
    assert set(beyond_zero) == {"without_volatility", "without_calendar", "without_long_range"}
    assert study.facts["structural_log_loss"] < study.overall["value"].min()
