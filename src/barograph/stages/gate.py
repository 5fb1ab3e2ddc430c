"""Gate: does the candidate meet every criterion; a candidate that does not is rejected, which is no failure."""

from typing import Any, Final

import pandas as pd

from barograph.champion import CHAMPION_PREDICTIONS, CHAMPION_STATUS
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.gate import Comparison, Gate, Results, compare, gate_metrics, judge
from barograph.labels.schema import LABELS
from barograph.names import ENSEMBLE, PRIOR
from barograph.stages.stage import Stage, stage
from barograph.training.schema import PREDICTIONS

_METRICS: Final = ("validation", "backtest", "drift")
_TABLES: Final = {"slices": "slices", "exams": "exam", "replay": "replay_improvement"}


@stage("gate")
def main(stage: Stage) -> str:
    """Hold the candidate's figures, and the champion's, against the criteria."""
    gate = stage.build("gate")
    read: dict[str, Any] = {name: stage.read_json(f"reports/metrics/{name}.json") for name in _METRICS}
    read |= {name: stage.read_csv(f"reports/validation/{file}.csv") for name, file in _TABLES.items()}
    comparison = _compare(stage, gate)
    table = judge(gate, Results(**read, comparison=comparison))
    stage.write_csv("reports/gate/criteria.csv", table)
    scores = gate_metrics(gate, table, comparison)
    stage.write_json("reports/metrics/gate.json", scores)
    found = scores[gate.candidate]
    verdict = "accepted" if found["accepted"] else "rejected"
    skipped = f", {found['not_applicable']} not applicable" if found["not_applicable"] else ""
    failures = ", ".join(_failure(row) for _, row in table[table["verdict"] == "fail"].iterrows())
    passed = f"{gate.candidate} {verdict}: {found['passed']} of {len(table)} criteria pass{skipped}"
    return f"{passed}; fails {failures}" if failures else passed


def _compare(stage: Stage, gate: Gate) -> Comparison | None:
    """Compare the candidate with the champion, if there is one."""
    status = stage.read_json(CHAMPION_STATUS)
    if status["state"] == "none":
        return None
    name = status["champion"]
    if status["state"] != "available":
        return Comparison(name, itself=status["state"] == "itself", reason=status["reason"])
    ensemble = stage.read(ENSEMBLE_PREDICTIONS)
    prior, candidate = (ensemble[ensemble["predictor"] == each] for each in (PRIOR, gate.candidate))
    if gate.candidate != ENSEMBLE:
        candidate = stage.read(PREDICTIONS, model=gate.candidate)
    champion = stage.read(CHAMPION_PREDICTIONS)
    return compare(champion, candidate, prior, stage.read(LABELS), name=name, level=gate.level)


def _failure(row: pd.Series) -> str:
    for why in ("cannot be decided: ", "cannot be judged: "):
        _, found, reason = row["description"].partition(f"; {why}")
        if found:
            return f"{row['criterion']} ({why}{reason})"
    figure = "undefined" if pd.isna(row["figure"]) else f"{row['figure']:.3g}"
    threshold = "the champion's, which is undefined" if pd.isna(row["threshold"]) else f"{row['threshold']:.3g}"
    where = f" in {row['slice']}" if row["slice"] else ""
    return f"{row['criterion']} ({figure}{where}, must be {row['rule'].replace('_', ' ')} {threshold})"


if __name__ == "__main__":
    main()
