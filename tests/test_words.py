"""README and docs say what the committed results say: each figure is written anew from its file and looked up there."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from barograph.names import ENSEMBLE, REGIME_PRIOR, STRUCTURAL
from barograph.report.words import number
from barograph.scoring import Estimate
from tests.dependencies import ROOT

README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
STUDY = (ROOT / "docs/memory-study.md").read_text(encoding="utf-8")
PUBLISHED = ROOT / "studies/published"
REFERENCES = ("none", "expanding")


def _metrics(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"reports/metrics/{name}.json").read_text(encoding="utf-8"))
    return found


def _written(estimate: Estimate, decimals: int, *, scale: float = 1.0, unit: str = "", sign: bool = False) -> str:
    value, low, high = (scale * end for end in estimate)
    ends = f"[{number(low, decimals)}, {number(high, decimals)}]"
    return f"{number(value, decimals, sign=sign)}{unit} {ends}"


def _facts() -> dict[str, Any]:
    """Give the facts of the published study, where it is of the default data."""
    facts: dict[str, Any] = json.loads((PUBLISHED / "facts.json").read_text(encoding="utf-8"))
    if facts["source"] != "Bundled":
        pytest.skip("studies/published has a study of other data than README and docs speak of")
    return facts


def _studies() -> dict[str, pd.DataFrame]:
    """Give the differences of either study: of the vote, in log loss."""
    _facts()
    bundled = pd.read_csv(PUBLISHED / "headline.csv")
    us57 = pd.DataFrame(json.loads((PUBLISHED / "us57.json").read_text(encoding="utf-8"))["differences"])
    return {"20 stocks": bundled[bundled["metric"] == "log_loss"], "57 stocks": us57}


def _gap(table: pd.DataFrame, option: str, reference: str, calibration: str = "raw") -> Mapping[Any, Any] | None:
    found = table[
        (table["option"] == option)
        & (table["reference"] == reference)
        & (table["calibration"] == calibration)
        & (table["slice"] == "overall")
    ]
    return found.iloc[0].to_dict() if len(found) else None


def _gain(gap: Mapping[Any, Any]) -> str:
    scale = 100 / gap["reference_value"]
    ends = Estimate(gap["improvement"], gap["low"], gap["high"])
    return _written(ends, 1, scale=scale, sign=True)


def _cell(gap: Mapping[Any, Any] | None) -> str:
    if gap is None:
        return ""
    figure, ends = _gain(gap).split(" ", 1)
    return f"**{figure}** {ends}" if gap["verdict"] in ("helps", "hurts") else f"{figure} {ends}"


def _rows() -> list[str]:
    """Write the table of docs: options down, either study's two references across; bold where there is a verdict."""
    studies = _studies()
    options = _facts()["options"]
    return [
        f"| `{option}` | "
        + " | ".join(_cell(_gap(table, option, reference)) for table in studies.values() for reference in REFERENCES)
        + " |"
        for option in options
        if option != "none"
    ]


def test_the_docs_table_of_the_memory_study_is_that_of_the_published_files() -> None:
    rows = [line for line in STUDY.splitlines() if line.startswith("| `")]
    assert rows == _rows()


@pytest.mark.parametrize(
    ("option", "reference", "calibration"),
    [("expanding", "none", "raw"), ("expanding", "none", "recalibrated"), ("archive", "placebo", "raw")],
)
@pytest.mark.parametrize("source", ["20 stocks", "57 stocks"])
def test_the_readme_gives_the_figures_of_the_study_that_it_speaks_of(
    source: str, option: str, reference: str, calibration: str
) -> None:
    gap = _gap(_studies()[source], option, reference, calibration)
    assert gap is not None
    text = README if (reference, calibration) != ("none", "recalibrated") else " ".join(STUDY.split())
    assert _gain(gap).replace(" ", " % ", 1).lstrip("+") in text


def test_the_readme_gives_the_figures_of_the_run() -> None:
    validation, backtest = _metrics("validation")[ENSEMBLE], _metrics("backtest")[ENSEMBLE]
    if validation["rows"] != _facts()["rows"]:
        pytest.skip("the work tree has the metrics of another run than README speaks of, as after `make quick`")
    skill = Estimate.of(validation, f"skill_{REGIME_PRIOR}")
    assert f"saves {_written(skill, 1, scale=100, unit=' %')} of the log loss" in README
    for key in (f"skill_{STRUCTURAL}", f"movement_{REGIME_PRIOR}", f"direction_{REGIME_PRIOR}"):
        assert _written(Estimate.of(validation, key), 1, scale=100, unit=" %") in README
    assert _written(Estimate.of(backtest, "excess_sharpe"), 2) in README
    episodes, more = validation["crash_episodes"], validation["crash_more_episodes"]
    assert f"{episodes} crashes, worth {validation['crash_effective_episodes']:.1f}" in README
    assert f"{more} more would be needed" in README
