"""The page in a browser: it draws every chart without a complaint, asks for nothing, and answers its controls."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from barograph.report import render, render_study

from . import chromium
from .synthetic import build
from .synthetic_study import MODELS, differences, exam, facts, replay

DRAWN = """Object.fromEntries([...document.querySelectorAll(".chart")].map((one) => [one.id,
  [...one.querySelectorAll(".main-svg")].length > 0
  && one.querySelector(".scatterlayer .trace, .barlayer .trace, .heatmaplayer .hm") !== null]))"""
# For every chart of the selector's section: whose traces are shown, whether they are in the drawing, what is written.
CHOSEN = """[...%s.closest("section").querySelectorAll(".chart")].map((one) => {
  const own = one._fullData.filter((trace) => trace.meta && trace.meta.predictor && trace.visible === true);
  return {
    id: one.id,
    named: one.data.some((trace) => trace.meta && trace.meta.predictor),
    shown: [...new Set(own.map((trace) => trace.meta.predictor))],
    drawn: own.length > 0 && own.every((trace) => one.calcdata.some((part) => part[0].trace.uid === trace.uid)),
    ticks: [...one.querySelectorAll(".ytick text")].map((text) => text.textContent),
    heading: one.closest("figure").querySelector("h3").textContent,
    label: one.getAttribute("aria-label"),
    meta: one.layout.meta || null,
  };
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Page]:
    if chromium.found() is None:
        pytest.skip("no Chromium on the PATH")
    with tempfile.TemporaryDirectory() as folder, chromium.opened(Path(folder)) as page:
        yield page


@pytest.fixture
def opened(browser: chromium.Page, page: str, tmp_path: Path) -> Any:
    """Give a function that opens the report in a window of some width."""

    def at(width: int) -> chromium.Page:
        path = tmp_path / "index.html"
        path.write_text(page, encoding="utf-8")
        browser.said.clear()
        browser.requested.clear()
        browser.open(path, width)
        return browser

    return at


@pytest.mark.parametrize("width", [1200, 390])
def test_every_chart_is_drawn_without_a_word_and_without_the_network(opened: Any, width: int) -> None:
    browser = opened(width)
    drawn = browser.run(DRAWN)
    known = browser.run('Object.keys(JSON.parse(document.getElementById("charts").textContent))')
    assert drawn == {f"chart-{name}": True for name in known}
    assert browser.said == []
    asked = {address for address in browser.requested if not address.startswith(("data:", "blob:"))}
    assert [Path(address).name for address in asked] == ["index.html"]


def test_the_driver_hears_errors_and_requests(browser: chromium.Page, tmp_path: Path) -> None:
    path = tmp_path / "wrong.html"
    path.write_text("<img src='file:///nowhere.png'><script>console.warn('hm'); nobody()</script>", encoding="utf-8")
    browser.said.clear()
    browser.requested.clear()
    browser.open(path, 800)
    assert any("hm" in said for said in browser.said)
    assert any("nobody is not defined" in said for said in browser.said)
    assert "file:///nowhere.png" in browser.requested


@pytest.mark.parametrize("selector", ["#choose", "#choose-model"])
def test_every_predictor_can_be_chosen(opened: Any, selector: str) -> None:
    browser = opened(1200)
    choose = f"document.querySelector({json.dumps(selector)})"
    options = browser.run(f"[...{choose}.options].map((one) => one.value)")
    assert len(options) >= 3
    for option in [*options[1:], options[0]]:
        browser.run(f"{choose}.value = {json.dumps(option)}; {choose}.dispatchEvent(new Event('change')); null")
        browser.painted()
        charts = [one for one in browser.run(CHOSEN % choose) if one["named"]]
        assert charts
        for one in charts:
            assert one["shown"] == [option], one["id"]
            assert one["drawn"], one["id"]
            if one["meta"]:
                own = one["meta"][option]
                assert one["heading"] == own["heading"] == one["label"]
                assert one["ticks"] == own["layout"]["yaxis.ticktext"]
    assert browser.said == []


def test_a_click_on_a_heading_sorts_words_and_figures(opened: Any) -> None:
    browser = opened(1200)
    column = """(id, place) => {
      const table = document.getElementById(id);
      table.tHead.rows[0].cells[place].querySelector("button").click();
      return [table.tHead.rows[0].cells[place].getAttribute("aria-sort"),
              [...table.tBodies[0].rows].map((row) => row.cells[place].dataset.sort)];
    }"""
    for table, place in (("predictor-table", 1), ("alarm-table", 4), ("money-table", 1)):
        for order in ("descending", "ascending"):
            sort, values = browser.run(f"({column})({json.dumps(table)}, {place})")
            figures = [float(value) for value in values if value]
            assert sort == order
            assert figures == sorted(figures, reverse=order == "descending")
            assert values[: len(figures)] == [value for value in values if value], "what is missing stands last"
    for place in (0, 1):
        _, first = browser.run(f"({column})('alarm-table', {place})")
        _, second = browser.run(f"({column})('alarm-table', {place})")
        assert sorted(first) in (first, second)
        assert sorted(first, reverse=True) in (first, second)
    assert browser.said == []


def test_round_trips_are_chosen_by_their_exit(opened: Any) -> None:
    browser = opened(1200)
    options = browser.run("[...document.querySelector('#trades-table-filter').options].map((one) => one.value)")
    assert options == ["", "rebalance", "still open", "stop loss"]
    seen = """(word) => {
      const choose = document.querySelector('#trades-table-filter');
      choose.value = word;
      choose.dispatchEvent(new Event('change'));
      return [...document.querySelectorAll('#trades-table tbody tr')]
        .filter((row) => row.getBoundingClientRect().height > 0).map((row) => row.cells[4].textContent.trim());
    }"""
    counts = {}
    for option in (*options[1:], ""):
        shown = browser.run(f"({seen})({json.dumps(option)})")
        assert not option or set(shown) == {option}
        counts[option] = len(shown)
    assert counts[""] == sum(counts.values()) - counts[""]
    assert browser.said == []


def test_a_phone_shows_the_page_without_scrolling_sideways(opened: Any) -> None:
    browser = opened(390)
    assert browser.run("[innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]") == [390] * 3
    beyond = """[...document.querySelectorAll("h1, h2, h3, p, select, .chart, .scroll, figure")].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !one.closest(".skip");
    }).map((one) => one.id || one.textContent.slice(0, 40))"""
    assert browser.run(beyond) == []


@pytest.mark.parametrize("width", [1200, 390])
def test_the_study_is_drawn_and_answers_its_chooser(browser: chromium.Page, tmp_path: Path, width: int) -> None:
    path = tmp_path / "index.html"
    path.write_text(render_study(differences(), facts()), encoding="utf-8")
    browser.said.clear()
    browser.requested.clear()
    browser.open(path, width)
    drawn = browser.run(DRAWN)
    assert set(drawn) == {f"chart-study-{name}" for name in (0, 1, 2, *(f"regime-{place}" for place in range(5)))}
    assert all(drawn.values())
    choose = "document.querySelector('#choose')"
    for model in (*MODELS, "vote"):
        browser.run(f"{choose}.value = '{model}'; {choose}.dispatchEvent(new Event('change')); null")
        browser.painted()
        for one in browser.run(CHOSEN % choose):
            assert one["shown"] == [model]
            assert one["drawn"]
            assert one["heading"] == one["meta"][model]["heading"]
    assert browser.run("[innerWidth, document.documentElement.scrollWidth]") == [width] * 2
    assert browser.said == []
    assert [Path(address).name for address in browser.requested if not address.startswith("data:")] == ["index.html"]


def test_a_phone_shows_study_exam_and_replay_without_scrolling_sideways(browser: chromium.Page, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    told = build(exam=exam(), replay=replay(), study=differences(), study_facts=facts(), data_digest="abc")
    path.write_text(render(told), encoding="utf-8")
    browser.said.clear()
    browser.open(path, 390)
    assert browser.run("document.documentElement.scrollWidth") == 390
    assert browser.run("document.querySelectorAll('#exam-table, #replay-table, #memory-study .chart').length") == 5
    assert browser.said == []


def test_narrow_cells_lose_their_numbers_and_keep_some_names(browser: chromium.Page, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(render(build(2000, 2019)), encoding="utf-8")
    cells = """["why-families", "moved-features"].map((id) => {
      const one = document.getElementById("chart-" + id);
      return [one.querySelectorAll(".heatmap-label").length > 0, one.layout.xaxis.tickvals];
    })"""
    browser.open(path, 1200)
    assert browser.run(cells) == [[True, list(range(6))], [True, list(range(17))]]
    browser.open(path, 390)
    assert browser.run(cells) == [[True, list(range(6))], [False, list(range(0, 17, 2))]]
