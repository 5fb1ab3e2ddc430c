"""Report: one offline page, and the closing table for the terminal."""

import sys
from importlib.metadata import version
from typing import Any, Final

from barograph import config
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.features.schema import FEATURES
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS, CONTEXT
from barograph.memory.schema import SAMPLES
from barograph.report import Results, render, summary_table
from barograph.stages.digests import md5, study_digest
from barograph.stages.stage import Stage, stage

_LIBRARIES: Final = (
    *("dvc", "keras", "lightgbm", "numpy", "optuna", "pandas", "scikit-learn", "shap", "skfolio", "ta-lib"),
    "xgboost" if sys.platform == "darwin" else "xgboost-cpu",
)
_HASHED: Final = (BARS, CONTEXT, FEATURES, LABELS, SAMPLES, ENSEMBLE_PREDICTIONS)
_STUDY: Final = "studies/published"
_REPLICATION: Final = f"{_STUDY}/us57.json"


@stage(
    "market",
    "regime",
    "features",
    "label",
    "archive",
    "backtest",
    "exam",
    "folds",
    "memory",
    "selection",
    "models",
    "ensemble",
    "tuning",
    "validation",
    "drift",
    "explain",
    "gate",
    "strategies",
    "strategy",
    "execution",
    "seed",
)
def main(stage: Stage) -> str:
    """Draw the page from the other stages' outputs."""
    execution = stage.build("execution")
    results = Results(
        stage,
        stage.settings,
        cost_bps=execution.commission_bps + execution.half_spread_bps,
        data_digest=study_digest(stage, stage.settings["memory"]["rows"]),
        provenance=_provenance(stage),
        study=_STUDY if (stage.root / _STUDY / "facts.json").is_file() else "",
        replication=_REPLICATION if (stage.root / _REPLICATION).is_file() else "",
    )
    stage.write_text("reports/index.html", render(results))
    stage.write_text("reports/summary.txt", summary_table(results) + "\n\nThe whole report: reports/index.html\n")
    return "reports/index.html, and the closing table in reports/summary.txt"


def _provenance(stage: Stage) -> dict[str, Any]:
    bars, source = stage.read(BARS), stage.read_json("data/market/source.json")
    first, last = bars["date"].min(), bars["date"].max()
    composed = config.compose()
    default = {key: composed[key] for key in stage.settings}
    return {
        "source": source["source"]["_target_"].rpartition(".")[2],
        "coverage": f"{bars['symbol'].nunique()} symbols, {first:%F} to {last:%F}, {len(bars):,} bars",
        "notes": source["notes"],
        "params_changed": config.changes(default, stage.settings),
        "hashes": {table.path: md5(stage, table) for table in _HASHED},
        "versions": {library: version(library) for library in _LIBRARIES},
        "commands": ["make setup", "dvc repro"],
    }


if __name__ == "__main__":
    main()
