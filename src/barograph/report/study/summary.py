"""The memory study's closing table for the terminal."""

from typing import Final

from barograph.memory_study.study import TOO_FEW_CRISES
from barograph.report.study.differences import Difference, Study
from barograph.report.study.tables import shared
from barograph.report.summary import WIDTH, plain, wrapped
from barograph.report.words import Quantity

_NAME: Final = 20
_COLUMN: Final = 16
_COMPARED: Final = (("log_loss", "none"), ("log_loss", "expanding"), ("sharpe", "none"))
_HEADS: Final = {"log_loss": "log loss, %", "sharpe": "Sharpe ratio"}


def closing(study: Study) -> str:
    """Write options down and their gains across, of the predictor of whom the sentences speak, in 116 ASCII columns."""
    columns = [
        (calibration, metric, reference, [study.find(gap, reference, metric, calibration=calibration) for gap in rows])
        for rows in [study.options]
        for calibration in study.calibrations
        for metric, reference in _COMPARED
    ]
    lines = [
        _line("option", [_HEADS[metric] for _, metric, _, _ in columns]),
        _line("", [f"vs {reference}" for _, _, reference, _ in columns]),
        _line("", [calibration for calibration, *_ in columns]),
        "-" * WIDTH,
    ]
    cells = [_cells(found) for *_, found in columns]
    for place, option in enumerate(study.options):
        if any(found[place] for *_, found in columns):
            lines += [
                _line(option if part == 0 else "", [column[place][part] for column in cells]) for part in range(3)
            ]
    level = f"{100 * float(study.facts['level']):g} %"
    lines += [
        "-" * WIDTH,
        *wrapped(
            f"Of {study.models[0] if study.models else 'nothing'}; log loss saved in % of the reference's; above zero "
            f"the option is better. In brackets {level} intervals; verdicts are corrected for "
            f"{int(study.facts['comparisons']):,} comparisons."
        ),
    ]
    return plain("\n".join(lines))


def _cells(found: list[Difference | None]) -> list[tuple[str, str, str]]:
    estimates = iter(shared([gap.gain for gap in found if gap is not None]))
    return [("-", "", "") if gap is None else _cell(gap, next(estimates)) for gap in found]


def _cell(gap: Difference, estimate: Quantity) -> tuple[str, str, str]:
    if gap.verdict == TOO_FEW_CRISES:
        return "-", "", "too few crises"
    if not gap.told:
        return "-", "", "no figure"
    interval = estimate.interval()
    return estimate.figure(sign=True), interval if len(interval) < _COLUMN else interval.replace(" ", ""), gap.verdict


def _line(name: str, cells: list[str]) -> str:
    short = name if len(name) < _NAME else name[: _NAME - 2] + "~"
    return (f"{short:<{_NAME}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)).rstrip()
