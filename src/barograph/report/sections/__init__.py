"""The sections of the page, in order: each is one file, and one line here."""

from collections.abc import Callable
from typing import Final

from barograph.report.blocks import Section
from barograph.report.results import Results
from barograph.report.sections import (
    memory_study,
    money,
    moved,
    movement,
    predictors,
    provenance,
    shown,
    skill,
    timeline,
    verdict,
    why,
)

SECTIONS: Final[list[Callable[[Results], Section]]] = [
    verdict.section,
    predictors.section,
    timeline.section,
    skill.section,
    movement.section,
    shown.section,
    money.section,
    why.section,
    moved.section,
    memory_study.section,
    provenance.section,
]
