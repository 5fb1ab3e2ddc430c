"""A section is one file and one line of SECTIONS; it reads what it shows, and nothing else."""

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from barograph.report import Results, render, render_study
from barograph.report import page as page_module
from barograph.report.results import BACKTEST, SLICES
from barograph.report.sections import SECTIONS, predictors, provenance

from .synthetic import replaced
from .synthetic_study import differences, facts
from .test_page import Elements, content

MINE = """
from barograph.report.blocks import Chart, Section, Words
from barograph.report.charts import layout, scatter
from barograph.report.results import Csv

SIZES = Csv("reports/mine/sizes.csv", ("fold", "size"))


def section(results):
    sizes = results[SIZES]
    chart = Chart("sizes", "Sizes grow", "Rows", "Sizes.", [scatter("lines", [0, 1], [3, 4])], layout(90))
    return Section("mine", "My sizes", f"{len(sizes)} sizes", [Words(["Of `mine`."]), chart])
"""


def test_a_section_takes_a_file_and_a_line(
    results: Results, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(page_module, "SECTIONS", [SECTIONS[0], importlib.import_module("mine").section, *SECTIONS[1:]])
    told = replaced(results)
    told.files.frames["reports/mine/sizes.csv"] = pd.DataFrame({"fold": [0, 1], "size": [3, 4]})
    own = render(told)
    links = [one["href"] for one in Elements(own).all("a")]
    assert links[1:4] == ["#verdict", "#mine", "#predictors"]
    assert re.search(r'<section id="mine">\s*<p class="kicker">My sizes</p>\s*<h2>2 sizes</h2>', own)
    assert "<p>Of <code>mine</code>.</p>" in own
    assert set(content(own)) - set(content(page)) == {"sizes"}


def test_a_section_reads_what_it_shows_and_reads_it_once(results: Results) -> None:
    frames = {source.path: results[source] for source in (SLICES, BACKTEST)}
    few = SimpleNamespace(read_csv=lambda path, **_: frames.pop(path))
    assert predictors.section(Results(few, results.settings, 10.0, {})).blocks == predictors.section(results).blocks
    assert frames == {}
    nothing = Results(SimpleNamespace(), {}, 10.0, results.provenance)
    assert provenance.section(nothing).blocks == provenance.section(results).blocks


def test_the_study_has_the_same_navigation() -> None:
    page = render_study(differences(), facts())
    sections = [one["id"] for one in Elements(page).all("section")]
    assert sections == ["answer", "differences", "metrics", "regimes", "reading"]
    assert [one["href"][1:] for one in Elements(page).all("a")] == ["answer", *sections]
