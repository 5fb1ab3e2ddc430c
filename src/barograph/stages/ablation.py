"""Ablation: what each memory option is worth beside the others, on the same folds, seeds, rows and models."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from tqdm import tqdm

from barograph import tables
from barograph.backtest import net_returns
from barograph.evaluation import Ablation, compare, judge_differences, scored_rows
from barograph.models import SoftVote
from barograph.predictors import UNIVERSE, VOTE
from barograph.report import render_study, study_summary, study_words
from barograph.stages.ablation_option import studied_models
from barograph.stages.stage import Stage, stage
from barograph.tables import PROBABILITIES

_FOLDER: Final = "studies/ablation"
_RECALIBRATING: Final = SoftVote(weights={}, calibration="sigmoid")


@stage("ablation", "execution", "label", "memory.rows", "models", "seed", "strategy", "validation")
def main(stage: Stage) -> str:
    """Compare the options, raw and recalibrated, model by model and as a vote."""
    settings: Ablation = stage.build("ablation")
    validation, seed = stage.build("validation"), stage.settings["seed"]
    labels, regimes, folds = (stage.read(one) for one in (tables.LABELS, tables.REGIME_SERIES, tables.FOLDS))
    strategy, execution, bars = stage.build("strategy"), stage.build("execution"), stage.read(tables.BARS)
    stated = _stated(stage, settings)
    rows = next(iter(stated[VOTE].values()))[["symbol", "date", "fold"]]
    scored = scored_rows(rows, labels, regimes, validation)
    parts = []
    for model in tqdm(stated, "ablation", unit="model", disable=None):
        for calibration in ("raw", "recalibrated"):
            walked = stated[model] if calibration == "raw" else _recalibrated(stated[model], labels, folds)
            traded = pd.concat([table.assign(predictor=option) for option, table in walked.items()])
            returns = net_returns(traded, bars, strategy, execution).drop(columns=UNIVERSE)
            given = {name: table[list(PROBABILITIES)].to_numpy()[scored.position] for name, table in walked.items()}
            parts.append(
                compare(
                    given, returns, scored, model=model, calibration=calibration,
                    study=settings, validation=validation, seed=seed,
                )
            )  # fmt: skip
    differences = judge_differences(parts, settings, validation)
    _write(stage, differences, _facts(stage, settings, differences, folds))
    return _said(differences)


def _stated(stage: Stage, settings: Ablation) -> dict[str, dict[str, pd.DataFrame]]:
    """Read what the models said under each option, by model, and their equal vote beside them."""
    read = {option: stage.read(tables.ABLATION_PREDICTIONS, option=option) for option in settings.options}
    stated = {
        model: {option: table[table["model"] == model].reset_index(drop=True) for option, table in read.items()}
        for model in studied_models(settings.models, stage.settings["models"])
    }
    stated[VOTE] = {option: _vote([stated[model][option] for model in stated]) for option in settings.options}
    return stated


def _vote(members: list[pd.DataFrame]) -> pd.DataFrame:
    mean = np.mean([member[list(PROBABILITIES)].to_numpy() for member in members], axis=0)
    return members[0].assign(**dict(zip(PROBABILITIES, mean.T, strict=True)))


def _recalibrated(
    stated: Mapping[str, pd.DataFrame], labels: pd.DataFrame, folds: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Correct each option's probabilities by what had matured, unresampled, before each fold."""
    tested = folds[folds["test_end"].notna()]
    return {
        option: _RECALIBRATING.walk({option: table}, labels, tested).predictions for option, table in stated.items()
    }


def _facts(stage: Stage, settings: Ablation, differences: pd.DataFrame, folds: pd.DataFrame) -> dict[str, Any]:
    validation = stage.settings["validation"]
    predicted = stage.read(tables.ABLATION_PREDICTIONS, option=settings.options[0])
    overall = differences[differences["slice"] == "overall"]
    return {
        "symbols": int(predicted["symbol"].nunique()),
        "rows": int(overall["rows"].max()),
        "first": f"{predicted['date'].min():%F}",
        "last": f"{predicted['date'].max():%F}",
        "folds": int(folds["test_end"].notna().sum()),
        "models": studied_models(settings.models, stage.settings["models"]),
        "options": settings.options,
        "budget": stage.settings["memory.rows"],
        "source": stage.read_json("data/market/source.json")["source"]["_target_"].rpartition(".")[2],
        "label": stage.settings["label"]["_target_"].rpartition(".")[2],
        "resamples": validation["resamples"],
        "level": validation["level"],
        "false_discovery_rate": settings.false_discovery_rate,
        "comparisons": int(differences["q_value"].notna().sum()),
        "min_episodes": validation["min_episodes"],
        "labels_md5": hashlib.md5((stage.root / tables.LABELS.path).read_bytes()).hexdigest(),
        "commands": ["make ablation"],
    }


def _write(stage: Stage, differences: pd.DataFrame, facts: dict[str, Any]) -> None:
    stage.write_csv(f"{_FOLDER}/differences.csv", differences)
    stage.write_csv(f"{_FOLDER}/headline.csv", differences[differences["model"] == VOTE])
    stage.write_json(f"{_FOLDER}/facts.json", facts)
    stage.write_text(f"{_FOLDER}/index.html", render_study(differences, facts))
    text = "\n".join([study_summary(differences, facts), "", *study_words(differences, facts), ""])
    stage.write_text(f"{_FOLDER}/summary.txt", text)


def _said(differences: pd.DataFrame) -> str:
    counts = differences["verdict"].value_counts()
    return f"{len(differences):,} differences: " + ", ".join(
        f"{verdict} {count:,}" for verdict, count in counts.items()
    )


if __name__ == "__main__":
    main()
