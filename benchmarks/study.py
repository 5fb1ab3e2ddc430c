"""The memory study on 57 real stocks, kept as ``studies/published/us57.json`` beside that on the bundled prices.

Run as ``python benchmarks/study.py`` in the project's root, where ../shared/data/us57 is. It runs in a temporary clone
of what is committed. Of the differences it keeps the log loss of the vote.
"""

import json
import tempfile
from collections.abc import Hashable
from pathlib import Path

import pandas as pd
from measuring import show

from pipeline import ROOT, Clone, market, write_files

KEPT = ROOT / "studies/published/us57.json"
DIGITS = 6


def main() -> None:
    """Run the study, print how long it took, and keep its answer."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone.make(Path(folder), "us57")
        write_files(market("us57"), clone.folder / "prices", without=0)
        clone.run("barograph", "params", "market=files", "market.root=prices")
        runs = {
            "up to the searches": clone.run("dvc", "repro", "select", "tune"),
            "the study": clone.run("dvc", "repro", "studies/ablation/dvc.yaml"),
        }
        study = clone.folder / "studies/ablation"
        facts = json.loads((study / "facts.json").read_text()) | {"commands": ["python benchmarks/study.py"]}
        kept = {"facts": facts, "differences": differences(pd.read_csv(study / "headline.csv"))}
        print((study / "summary.txt").read_text())
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    rows = [[name, f"{taken['wall']:.0f}", f"{taken['processor']:.0f}"] for name, taken in runs.items()]
    show("The memory study on 57 stocks", ["run", "s", "cpu s"], rows)


def differences(table: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Give the rows of log loss as plain values, rounded to significant digits."""
    rows = table[table["metric"] == "log_loss"].astype(object)
    return [
        {name: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value for name, value in row.items()}
        for row in rows.where(rows.notna(), None).to_dict("records")
    ]


if __name__ == "__main__":
    main()
