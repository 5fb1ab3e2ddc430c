"""Ablation: what each memory option is worth beside the others, on the same folds, seeds, rows and models."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
from tqdm import tqdm

from barograph.backtest import net_returns
from barograph.ensemble import SoftVote, baseline_predictions, equal_vote
from barograph.errors import InputError
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.losses import log_loss
from barograph.market.schema import BARS
from barograph.memory_study import Ablation, compare, judge_differences, scored_rows
from barograph.memory_study.schema import ABLATION_PREDICTIONS
from barograph.names import PROBABILITIES, UNIVERSE, VOTE
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import render_study, study_summary, study_words
from barograph.stages.digests import study_digest
from barograph.stages.stage import Stage, stage
from barograph.stages.studied import studied_models

_FOLDER: Final = "studies/ablation"
_ROWS: Final = ["symbol", "date", "fold"]
_RECALIBRATING: Final = SoftVote(weights={}, calibration="sigmoid")


@stage("ablation", "execution", "label", "memory.rows", "models", "seed", "strategy", "validation")
def main(stage: Stage) -> str:
    """Compare the options, raw and recalibrated, model by model and as a vote."""
    settings: Ablation = stage.build("ablation")
    validation, seed = stage.build("validation"), stage.settings["seed"]
    labels, regimes, folds = (stage.read(table) for table in (LABELS, REGIME_SERIES, FOLDS))
    strategy, execution, bars = stage.build("strategy"), stage.build("execution"), stage.read(BARS)
    stated = _stated(stage, settings)
    rows = next(iter(stated[VOTE].values()))[_ROWS]
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
    counted = rows.iloc[scored.position]
    facts = _facts(stage, settings, differences, counted) | _baselines(counted, labels, regimes, folds)
    _write(stage, differences, facts)
    return _said(differences)


def _stated(stage: Stage, settings: Ablation) -> dict[str, dict[str, pd.DataFrame]]:
    """Read what the models said under each option, by model, and their equal vote beside them."""
    stated: dict[str, dict[str, pd.DataFrame]] = {}
    for option in settings.options:
        read = stage.read(ABLATION_PREDICTIONS, option=option)
        for model in studied_models(settings.models, stage.settings["models"]):
            stated.setdefault(model, {})[option] = read[read["model"] == model].reset_index(drop=True)
    rows = next(iter(next(iter(stated.values())).values()))[_ROWS]
    for model, tables_of in stated.items():
        for option, table in tables_of.items():
            if not table[_ROWS].equals(rows):
                path = ABLATION_PREDICTIONS.path.format(option=option)
                raise InputError(f"{path}: {model} predicted {len(table):,} rows, not the {len(rows):,} of the others")
    vote = {}
    for option in settings.options:
        members = [tables_of[option].assign(predictor=model) for model, tables_of in stated.items()]
        vote[option] = equal_vote(pd.concat(members), _ROWS)
    return stated | {VOTE: vote}


def _recalibrated(
    stated: Mapping[str, pd.DataFrame], labels: pd.DataFrame, folds: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Correct each option's probabilities by what had matured, unresampled, before each fold."""
    tested = folds[folds["test_end"].notna()]
    return {
        option: _RECALIBRATING.walk({option: table}, labels, tested).predictions for option, table in stated.items()
    }


def _facts(stage: Stage, settings: Ablation, differences: pd.DataFrame, scored: pd.DataFrame) -> dict[str, Any]:
    """Say what was studied; `scored` are the rows that count."""
    validation, budget = stage.settings["validation"], stage.settings["memory.rows"]
    return {
        "symbols": int(scored["symbol"].nunique()),
        "rows": len(scored),
        "first": f"{scored['date'].min():%F}",
        "last": f"{scored['date'].max():%F}",
        "folds": int(scored["fold"].nunique()),
        "models": studied_models(settings.models, stage.settings["models"]),
        "options": settings.options,
        "budget": budget,
        "source": stage.read_json("data/market/source.json")["source"]["_target_"].rpartition(".")[2],
        "label": stage.settings["label"]["_target_"].rpartition(".")[2],
        "resamples": validation["resamples"],
        "level": validation["level"],
        "false_discovery_rate": settings.false_discovery_rate,
        "comparisons": int(differences["q_value"].notna().sum()),
        "min_episodes": validation["min_episodes"],
        "data_digest": study_digest(stage, budget),
        "commands": ["make ablation"],
    }


def _baselines(
    scored: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, folds: pd.DataFrame
) -> dict[str, float]:
    """Give the baselines' log loss on the scored rows, for scale."""
    predicted = baseline_predictions(scored, labels, regimes, folds).merge(labels, on=["symbol", "date"])
    return {
        f"{name}_log_loss": log_loss(table[list(PROBABILITIES)].to_numpy(), table["label"].to_numpy())
        for name, table in predicted.groupby("predictor")
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
