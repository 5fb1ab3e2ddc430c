"""The champion's stage without a champion, and with one whose models cannot be had."""

import json
from pathlib import Path

from barograph import tables
from barograph.champion import CHAMPION, CHAMPION_PREDICTIONS, CHAMPION_STATUS
from barograph.stages import champion
from barograph.stages.stage import Stage

PROMOTED = {
    "predictor": "svm",
    "version": "v1.0.0",
    "since": "2024-03-01",
    "files": {},
    "validation": {},
    "backtest": {},
}


def _run(project: Path) -> str:
    line: str = champion.main.__wrapped__(Stage({}, project, project, None))  # type: ignore[attr-defined]
    return line


def test_without_a_champion_the_table_has_no_rows(tmp_path: Path) -> None:
    assert _run(tmp_path) == "no champion yet"
    assert tables.read(CHAMPION_PREDICTIONS, tmp_path).empty
    status = json.loads((tmp_path / CHAMPION_STATUS).read_text())
    assert status == {"state": "none", "reason": "", "champion": None}


def test_a_champion_whose_models_cannot_be_had_is_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / CHAMPION
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(PROMOTED))
    assert _run(tmp_path) == "svm of v1.0.0: models of other versions cannot be loaded"
    status = json.loads((tmp_path / CHAMPION_STATUS).read_text())
    assert (status["state"], status["champion"]) == ("unavailable", "svm of v1.0.0")
    assert tables.read(CHAMPION_PREDICTIONS, tmp_path).empty
