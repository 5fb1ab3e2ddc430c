"""README and docs say what the committed results say: each figure is written anew from its file and compared.

A failing test prints the lines that the page should have: after a new run, copy them there.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd
import pytest
import yaml

from barograph.names import BASELINES, ENSEMBLE, REGIME_PRIOR, REGIMES, STRUCTURAL
from barograph.report.words import Quantity, cases, chance, number
from barograph.scoring import Estimate
from tests import results_tables
from tests.dependencies import ROOT
from tests.results_tables import bold, table, written

PUBLISHED = ROOT / "studies/published"
SLICES = ROOT / "reports/validation/slices.csv"
REFERENCES = ("none", "expanding")
# What has brackets is an estimate: the figure, perhaps in bold, its unit, and both ends.
ESTIMATE = re.compile(r"[+\N{MINUS SIGN}]?[\d.,]+\**(?: %)? \[[^\]]+\](?!\()")
PICTURE = re.compile(r"!\[[^\]]*\]\(")


class Run(NamedTuple):
    """What git keeps of the committed run, and the study of the same data."""

    validation: dict[str, Any]
    backtest: dict[str, Any]
    gate: dict[str, Any]
    facts: dict[str, Any]


def _json(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return found


def _page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _prose(name: str) -> str:
    """Give a page in one line, without its tables."""
    return _flat("\n".join(line for line in _page(name).splitlines() if line[:1] != "|"))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _tables(text: str, heading: str = "") -> list[list[str]]:
    """Give the tables of a page, or of a part of it."""
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] if heading else text
    found: list[list[str]] = [[]]
    for line in part.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


def _assert_same(found: list[str], expected: list[str]) -> None:
    """Compare a table line by line; where it differs, print the one that the page should have."""
    assert found == expected, "\n".join(["expected:", *expected])


@pytest.fixture(scope="module")
def run() -> Run:
    found = Run(*(_json(f"reports/metrics/{name}.json") for name in ("validation", "backtest", "gate")), _facts())
    if found.validation[ENSEMBLE]["rows"] != found.facts["rows"]:
        pytest.skip("the work tree has the metrics of another run than README speaks of, as after `make quick`")
    return found


def _facts() -> dict[str, Any]:
    """Give the facts of the published study, where it is of the default data."""
    facts = _json("studies/published/facts.json")
    if facts["source"] != "Bundled":
        pytest.skip("studies/published has a study of other data than README and docs speak of")
    return facts


def _studies() -> dict[str, pd.DataFrame]:
    """Give the differences of either study: of the vote, in log loss."""
    _facts()
    bundled = pd.read_csv(PUBLISHED / "headline.csv")
    us57 = pd.DataFrame(_json("studies/published/us57.json")["differences"])
    return {"20 stocks": bundled[bundled["metric"] == "log_loss"], "57 stocks": us57}


def _gap(table: pd.DataFrame, option: str, reference: str, calibration: str = "raw") -> Mapping[Any, Any] | None:
    found = table[
        (table["option"] == option)
        & (table["reference"] == reference)
        & (table["calibration"] == calibration)
        & (table["slice"] == "overall")
    ]
    return found.iloc[0].to_dict() if len(found) else None


def _gain(gap: Mapping[Any, Any], unit: str = "") -> str:
    ends = Estimate(gap["improvement"], gap["low"], gap["high"])
    return written(ends, 1, scale=100 / gap["reference_value"], unit=unit, sign=True)


def _cell(gap: Mapping[Any, Any] | None) -> str:
    if gap is None:
        return ""
    return bold(_gain(gap)) if gap["verdict"] in ("helps", "hurts") else _gain(gap)


def test_the_table_of_the_memory_study_is_that_of_the_published_files() -> None:
    studies = _studies()
    heads = [
        f"{name}: against `{first}`" if k == 0 else f"against `{first}`"
        for name in studies
        for k, first in enumerate(REFERENCES)
    ]
    expected = table(
        ("`memory=`", *heads),
        [
            (
                f"`{option}`",
                *(_cell(_gap(each, option, reference)) for each in studies.values() for reference in REFERENCES),
            )
            for option in _facts()["options"]
            if option != "none"
        ],
    )
    _assert_same(_tables(_page("docs/memory-study.md"))[0], expected)


def test_the_memory_studys_words_give_figures_of_the_published_files() -> None:
    overall = [each[each["slice"] == "overall"] for each in _studies().values()]
    figures = {_gain(gap, " %") for each in overall for gap in each.to_dict("records")}
    prose = _prose("docs/memory-study.md")
    assert len(ESTIMATE.findall(prose)) > 10
    assert [text for text in ESTIMATE.findall(prose) if text not in figures and f"+{text}" not in figures] == []


def test_readme_has_at_most_three_figures_and_three_pictures() -> None:
    readme = _page("README.md")
    assert len(ESTIMATE.findall(_flat(readme))) <= len(BASELINES)
    assert len(PICTURE.findall(readme)) <= 3


def test_the_readmes_headline_is_that_of_the_run(run: Run) -> None:
    readme = _page("README.md")
    assert results_tables.headline(run.validation, run.gate, run.facts) in _flat(readme)
    _assert_same(_tables(readme, "What you get")[0], results_tables.door(run.validation))


def test_what_the_readme_says_beside_the_headline_is_so(run: Run) -> None:
    ensemble, known = run.validation[ENSEMBLE], {*BASELINES, ENSEMBLE}
    models = {name: Quantity.of(row, f"skill_{STRUCTURAL}").evidence for name, row in run.validation.items()}
    assert [name for name, kind in models.items() if name not in known and kind == "better"] == []
    assert Quantity.of(ensemble, f"movement_{REGIME_PRIOR}").evidence == "better"
    assert Quantity.of(ensemble, f"direction_{REGIME_PRIOR}").evidence == "none"
    assert ensemble[f"movement_{REGIME_PRIOR}"] > 0.9 * ensemble[f"skill_{REGIME_PRIOR}"]
    assert Quantity.of(run.backtest[ENSEMBLE], "excess_sharpe").evidence == "none"
    assert run.gate[ENSEMBLE]["accepted"] == 0


@pytest.mark.parametrize("source", ["20 stocks", "57 stocks"])
def test_what_the_readme_says_of_the_memory_study_is_so(source: str) -> None:
    expected = {
        ("expanding", "none"): "helps",
        ("archive", "placebo"): "no evidence",
        ("hybrid", "expanding"): "no evidence",
        ("balanced", "archive"): "no evidence",
        ("weighted", "balanced"): "no evidence",
        ("replay", "weighted"): "hurts",
    }
    study = _studies()[source]
    assert {pair: (_gap(study, *pair) or {}).get("verdict") for pair in expected} == expected


WRITERS: dict[str, Callable[[Run], list[str]]] = {
    "Every predictor against the three baselines": lambda run: results_tables.skill(run.validation),
    "Movement and direction": lambda run: results_tables.movement(run.validation),
    "By regime": lambda run: results_tables.crashes(run.validation),
    "Trading": lambda run: results_tables.trading(run.backtest),
    "The gate": lambda run: results_tables.criteria(
        run.gate[ENSEMBLE], yaml.safe_load((ROOT / "conf/gate/default.yaml").read_text(encoding="utf-8"))
    ),
    "Another market": lambda run: _markets(run),
}


def _markets(run: Run) -> list[str]:
    """Write the two markets; the ensemble's figure on the other is not in git but in LIMITATIONS."""
    facts = [run.facts, _json("studies/published/us57.json")["facts"]]
    here = written(Estimate.of(run.validation[ENSEMBLE], f"skill_{STRUCTURAL}"), 1, scale=100)
    said = re.search(r"no better than the structural baseline \((.*?) % (\[.*?\])\)", _page("LIMITATIONS.md"))
    assert said is not None
    votes = [_votes(each) for each in _studies().values()]
    return results_tables.markets(facts, votes, [here, " ".join(said.groups())])


def _votes(differences: pd.DataFrame) -> dict[str, float]:
    """Give the log loss of the vote by memory option."""
    expanding, hybrid = (_gap(differences, option, "none") for option in ("expanding", "hybrid"))
    assert expanding is not None
    assert hybrid is not None
    return {"none": expanding["reference_value"], "expanding": expanding["value"], "hybrid": hybrid["value"]}


@pytest.mark.parametrize("heading", WRITERS)
def test_each_table_of_the_results_is_that_of_the_run(run: Run, heading: str) -> None:
    _assert_same(_tables(_page("docs/results.md"), heading)[-1], WRITERS[heading](run))


def test_the_row_of_crashes_is_that_of_the_run(run: Run) -> None:
    *_, row = results_tables.regimes({"crash": results_tables.in_crashes(run.validation)})
    assert row in _tables(_page("docs/results.md"), "By regime")[0]


def test_the_table_of_regimes_is_that_of_the_run(run: Run) -> None:
    if not SLICES.is_file():
        pytest.skip("no reports/validation/slices.csv; `make repro` writes it")
    slices = pd.read_csv(SLICES).query(f"predictor == '{ENSEMBLE}'")
    if slices.query("kind == 'overall'")["log_loss"].item() != pytest.approx(run.validation[ENSEMBLE]["log_loss"]):
        pytest.skip("reports/validation is of another run than reports/metrics")
    scores = slices.query("kind == 'regime'").set_index("slice").to_dict("index")
    expected = results_tables.regimes({regime: scores[regime] for regime in REGIMES})
    _assert_same(_tables(_page("docs/results.md"), "By regime")[0], expected)


def test_the_results_words_are_those_of_the_run(run: Run) -> None:
    prose, row, gate = _prose("docs/results.md"), run.validation[ENSEMBLE], run.gate[ENSEMBLE]
    assert ESTIMATE.findall(prose) == [], "estimates are in tables, which are compared"
    assert f"hold, is {number(100 * row['majority_accuracy'], 1)} % of the labels" in prose
    episodes = cases(row["crash_episodes"], row["crash_effective_episodes"])
    assert f"p is at best {chance(row['crash_attainable_p'])}. With {episodes}, crashes cannot decide" in prose
    counted = sum(gate[key] for key in ("passed", "failed", "not_applicable"))
    assert (
        f"The gate {'accepts' if gate['accepted'] else 'rejects'} the ensemble: {gate['passed']} of {counted} criteria "
        f"pass, {gate['not_applicable']} not applicable." in prose
    )
