"""Gate: does the candidate meet every criterion; a candidate that does not is rejected, which is no failure."""

from typing import Any, Final

import pandas as pd

from barograph.gate import Results, gate_metrics, judge, read_champion
from barograph.stages.stage import Stage, stage

_CHAMPION: Final = "models/champion/metrics.json"
_METRICS: Final = ("validation", "backtest", "drift")
_TABLES: Final = {"slices": "slices", "exams": "exam", "replay": "replay_improvement"}


@stage("gate")
def main(stage: Stage) -> str:
    """Hold the candidate's figures, and the champion's, against the criteria."""
    gate = stage.build("gate")
    read: dict[str, Any] = {name: stage.read_json(f"reports/metrics/{name}.json") for name in _METRICS}
    read |= {name: stage.read_csv(f"reports/validation/{file}.csv") for name, file in _TABLES.items()}
    path = stage.root / _CHAMPION
    champion = read_champion(path.read_bytes(), _CHAMPION) if path.is_file() else None
    table = judge(gate, Results(**read), champion)
    stage.write_csv("reports/gate/criteria.csv", table)
    scores = gate_metrics(gate, table)
    stage.write_json("reports/metrics/gate.json", scores)
    found = scores[gate.candidate]
    verdict = "accepted" if found["accepted"] else "rejected"
    skipped = f", {found['not_applicable']} not applicable" if found["not_applicable"] else ""
    failures = ", ".join(_failure(row) for _, row in table[table["verdict"] == "fail"].iterrows())
    passed = f"{gate.candidate} {verdict}: {found['passed']} of {len(table)} criteria pass{skipped}"
    return f"{passed}; fails {failures}" if failures else passed


def _failure(row: pd.Series) -> str:
    undecided = row["description"].partition("; cannot be decided: ")[2]
    if undecided:
        return f"{row['criterion']} (cannot be decided: {undecided})"
    figure = "undefined" if pd.isna(row["figure"]) else f"{row['figure']:.3g}"
    threshold = "the champion's, which is undefined" if pd.isna(row["threshold"]) else f"{row['threshold']:.3g}"
    where = f" in {row['slice']}" if row["slice"] else ""
    return f"{row['criterion']} ({figure}{where}, must be {row['rule'].replace('_', ' ')} {threshold})"


if __name__ == "__main__":
    main()
