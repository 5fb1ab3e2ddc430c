"""The feature study's table for the terminal, in lines of at most 116 columns.

Hyphens replace minus and dash, so that any terminal shows them and other programs read the figures.
"""

import textwrap
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from barograph.feature_study.answer import feature_differences
from barograph.feature_study.names import ALL
from barograph.report import words
from barograph.report.study.differences import Difference
from barograph.report.study.scale import baselines, log_losses
from barograph.report.study.tables import shared
from barograph.report.words import MINUS, Quantity

_WIDTH: Final = 116
_WIDTHS: Final = (24, 10, 12, 16, 20, 12)
_HEAD: Final = ("option", "features", "log loss", "saved, % of all", "interval", "p", "verdict")


def feature_summary(differences: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """Write each option beside all features, and the baselines' log loss on the same rows.

    It takes what :func:`~barograph.feature_study.answer.feature_words` takes. Log loss saved is in % of that with all
    features.
    """
    study = feature_differences(differences, facts)
    losses, features = log_losses(study, study.calibrations[0]), study.facts["features"]
    found = study.against(ALL)
    gains = {gap.option: _gain(gap, gain) for gap, gain in zip(found, shared(found), strict=True)}
    rule = "-" * _WIDTH
    lines = [_line(*_HEAD), rule]
    lines += [_line(name, f"{features[name]}", f"{loss:.4f}", *gains.get(name, ())) for name, loss in losses.items()]
    lines += [f"{name:<{_WIDTHS[0]}}  not compared: {reason}" for name, reason in study.facts["left_out"].items()]
    lines += [rule, *(_line(name, "", f"{loss:.4f}") for name, loss in baselines(study).items()), rule]
    note = (
        f"Of {study.speaker}, on the same rows. Above zero the option is better than {ALL}. The intervals are of "
        f"{study.level}; verdicts are corrected for {study.comparisons}, p is not."
    )
    lines += textwrap.wrap(note, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(MINUS, "-").replace("\N{EN DASH}", "-")


def _gain(gap: Difference, gain: Quantity) -> tuple[str, str, str, str]:
    """Give figure, interval, p and verdict."""
    interval = gain.interval() if gap.told else "no interval"
    return gain.figure(sign=True), interval, words.chance(gap.p_value), gap.verdict


def _line(name: str, *cells: str) -> str:
    first, *others = _WIDTHS
    fitted = "".join(f"{cell:>{width}}" for cell, width in zip(cells, others, strict=False))
    last = "".join(f"  {cell}" for cell in cells[len(others) :])
    return f"{name:<{first}}{fitted}{last}".rstrip()
