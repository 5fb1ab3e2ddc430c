"""The pages in Markdown: links that lead somewhere, tables that are drawn as tables."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.dependencies import ROOT

PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "LIMITATIONS", "CHANGELOG")),
    ROOT / "benchmarks/README.md",
    *sorted((ROOT / "studies").glob("*/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
RULE = re.compile(r"\|(?: *:?-{3,}:? *\|)+")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def _text(page: Path) -> str:
    """Give the page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """Name the headings as GitHub does: small letters, no punctuation, hyphens for spaces."""
    titles = re.findall(r"^#+ +(.+?) *$", _text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _links(page: Path) -> list[tuple[str, Path, str]]:
    """Give each link within the project: as it is written, the file, and the anchor or nothing."""
    found = [link for link in LINK.findall(_text(page)) if not link.startswith(("http://", "https://", "mailto:"))]
    parts = [(link, *link.partition("#")[::2]) for link in found]
    return [(link, (page.parent / file).resolve() if file else page, anchor) for link, file, anchor in parts]


@every_page
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    broken = [
        link for link, file, anchor in _links(page) if not file.exists() or (anchor and anchor not in _anchors(file))
    ]
    assert broken == []


@every_page
def test_each_table_has_a_head_and_rows_of_its_width(page: Path) -> None:
    cells = [re.sub(r"`[^`]*`|\\\|", "", line) for line in _text(page).splitlines()]
    first = [k + 1 for k, (before, line) in enumerate(pairwise(["", *cells])) if line[:1] == "|" and before[:1] != "|"]
    assert [k for k in first if not (k < len(cells) and RULE.fullmatch(cells[k]))] == [], "lines without a head's rule"
    wrong = [
        k + 2
        for k, (before, line) in enumerate(pairwise(cells))
        if line[:1] == before[:1] == "|" and line.count("|") != before.count("|")
    ]
    assert wrong == [], "lines of another width than the one above"


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, new = set(), {(ROOT / "README.md").resolve()}
    while new:
        reached |= new
        new = {file for page in new for _, file, _ in _links(page) if file.suffix == ".md" and file.exists()} - reached
    assert [str(page) for page in (ROOT / "docs").glob("*.md") if page.resolve() not in reached] == []
