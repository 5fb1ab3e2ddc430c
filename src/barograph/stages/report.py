"""Report: one offline page, and the closing table for the terminal."""

import hashlib
from importlib.metadata import version
from typing import Any, Final

from barograph import config, tables
from barograph.report import ReportInputs, render, summary_table
from barograph.stages.stage import Stage, stage

_LIBRARIES: Final = ("dvc", "lightgbm", "numpy", "pandas", "scikit-learn", "skfolio", "ta-lib")
_HASHED: Final = (
    tables.BARS,
    tables.CONTEXT,
    tables.FEATURES,
    tables.LABELS,
    tables.SAMPLES,
    tables.ENSEMBLE_PREDICTIONS,
)
_DATES: Final = ["start", "end", "available_from"]


@stage(
    "market",
    "regime",
    "features",
    "label",
    "archive",
    "folds",
    "memory",
    "models",
    "ensemble",
    "validation",
    "strategy",
    "execution",
    "seed",
)
def main(stage: Stage) -> str:
    """Gather what the stages wrote and draw it."""
    execution, validation = stage.build("execution"), stage.build("validation")
    inputs = ReportInputs(
        context=stage.read(tables.CONTEXT),
        regimes=stage.read(tables.REGIME_SERIES),
        folds=stage.read(tables.FOLDS),
        samples=stage.read(tables.SAMPLES),
        archive=stage.read(tables.ARCHIVE),
        archive_events=stage.read_csv("reports/archive/events.csv", dates=_DATES),
        slices=stage.read_csv("reports/validation/slices.csv"),
        calibration=stage.read_csv("reports/validation/calibration.csv"),
        confusion=stage.read_csv("reports/validation/confusion.csv"),
        backtest=stage.read_csv("reports/backtest/summary.csv"),
        equity=stage.read_csv("reports/backtest/equity.csv", dates=["date"]),
        monthly=stage.read_csv("reports/backtest/monthly.csv"),
        cost_curve=stage.read_csv("reports/backtest/cost_curve.csv"),
        provenance=_provenance(stage),
        left_out=_left_out(stage),
        cost_bps=execution.commission_bps + execution.half_spread_bps,
        confidence=validation.level,
    )
    stage.write_text("reports/index.html", render(inputs))
    stage.write_text("reports/summary.txt", summary_table(inputs) + "\n\nThe whole report: reports/index.html\n")
    return "reports/index.html, and the closing table in reports/summary.txt"


def _provenance(stage: Stage) -> dict[str, Any]:
    bars, source = stage.read(tables.BARS), stage.read_json("data/market/source.json")
    first, last = bars["date"].min(), bars["date"].max()
    return {
        "source": source["source"]["_target_"].rpartition(".")[2],
        "coverage": f"{bars['symbol'].nunique()} symbols, {first:%F} to {last:%F}, {len(bars):,} bars",
        "notes": source["notes"],
        "params_changed": config.changes(config.compose(), stage.settings),
        "hashes": {table.path: hashlib.md5((stage.root / table.path).read_bytes()).hexdigest() for table in _HASHED},
        "versions": {library: version(library) for library in _LIBRARIES},
        "commands": ["make setup", "dvc repro"],
    }


def _left_out(stage: Stage) -> dict[str, str]:
    entries = stage.read_csv("reports/features/catalogue.csv")
    lacking = entries[entries["lacks"].notna()]
    return {name: f"the source has no {lacks}" for name, lacks in zip(lacking["name"], lacking["lacks"], strict=True)}


if __name__ == "__main__":
    main()
