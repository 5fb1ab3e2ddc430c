"""The memory study's closing table for the terminal."""

from typing import Final

from barograph.memory_study.study import TOO_FEW_CRISES
from barograph.report.differences import Difference, Study
from barograph.report.study_tables import shared
from barograph.report.summary import WIDTH, plain, wrapped
from barograph.report.words import Estimate

_NAME: Final = 20
_COLUMN: Final = 16
_COMPARED: Final = (("log_loss", "none"), ("log_loss", "expanding"), ("sharpe", "none"))
_HEADS: Final = {"log_loss": "log loss, %", "sharpe": "Sharpe ratio"}


def closing(study: Study) -> str:
    """Write options down, what they gain across, of the predictor of which the sentences speak.

    Returns
    -------
    str
        Lines of at most 116 ASCII characters: a figure, its interval beneath, the verdict beneath that.
    """
    columns = [
        (calibration, metric, reference, [study.find(one, reference, metric, calibration=calibration) for one in rows])
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
            lines += [_line(option if part == 0 else "", [own[place][part] for own in cells]) for part in range(3)]
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
    estimates = iter(shared([one.estimate for one in found if one is not None]))
    return [("-", "", "") if one is None else _cell(one, next(estimates)) for one in found]


def _cell(one: Difference, estimate: Estimate) -> tuple[str, str, str]:
    if one.verdict == TOO_FEW_CRISES:
        return "-", "", "too few crises"
    if not one.told:
        return "-", "", "no figure"
    interval = estimate.interval()
    return estimate.figure(sign=True), interval if len(interval) < _COLUMN else interval.replace(" ", ""), one.verdict


def _line(name: str, cells: list[str]) -> str:
    short = name if len(name) < _NAME else name[: _NAME - 2] + "~"
    return (f"{short:<{_NAME}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)).rstrip()
