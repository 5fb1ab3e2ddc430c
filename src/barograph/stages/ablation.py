"""Ablation: the worth of each memory option beside the others, on the same folds, seeds, rows and models."""

from functools import partial
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
from barograph.memory_study import Ablation, Draw, compare, judge_differences, scored_rows
from barograph.memory_study.schema import ABLATION_PREDICTIONS
from barograph.names import PROBABILITIES, UNIVERSE, VOTE
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import render_study, study_summary, study_words
from barograph.stages.digests import study_digest
from barograph.stages.stage import Stage, stage
from barograph.stages.structural import build_structural, read_closes
from barograph.stages.studied import studied_models, studied_seeds

Tables = dict[str, pd.DataFrame]
_FOLDER: Final = "studies/ablation"
_ROWS: Final = ["symbol", "date", "fold"]
_RECALIBRATING: Final = SoftVote(weights={}, calibration="sigmoid")


@stage("ablation", "execution", "label", "memory.rows", "models", "seed", "strategy", "validation")
def main(stage: Stage) -> str:
    """Compare the options, raw and recalibrated, model by model and as a vote."""
    settings: Ablation = stage.build("ablation")
    validation, seed = stage.build("validation"), stage.settings["seed"]
    labels, regimes, folds = (stage.read(table) for table in (LABELS, REGIME_SERIES, FOLDS))
    tested = folds[folds["test_end"].notna()]
    strategy, execution, bars = stage.build("strategy"), stage.build("execution"), stage.read(BARS)
    predictions = _predictions(stage, settings)
    rows = next(iter(predictions[VOTE][0].values()))[_ROWS]
    scored = scored_rows(rows, labels, regimes, validation)
    compared = partial(compare, rows=scored, study=settings, validation=validation, seed=seed)

    def draw(walked: Tables) -> Draw:
        traded = pd.concat([table.assign(predictor=option) for option, table in walked.items()])
        given = {name: table[list(PROBABILITIES)].to_numpy()[scored.position] for name, table in walked.items()}
        return Draw(given, net_returns(traded, bars, strategy, execution).drop(columns=UNIVERSE))

    parts = []
    for model, raw in tqdm(predictions.items(), "ablation", unit="model", disable=None):
        recalibrated = [_recalibrated(of_seed, labels, tested) for of_seed in raw]
        for calibration, walked in (("raw", raw), ("recalibrated", recalibrated)):
            parts.append(compared(list(map(draw, walked)), model=model, calibration=calibration))
    differences = judge_differences(parts, settings)
    counted = rows.iloc[scored.position]
    facts = _facts(stage, settings, counted) | _baselines(stage, counted, labels, regimes, folds)
    _write(stage, differences, facts)
    verdicts = differences["verdict"].value_counts().items()
    return f"{len(differences):,} differences: " + ", ".join(f"{verdict} {count:,}" for verdict, count in verdicts)


def _predictions(stage: Stage, settings: Ablation) -> dict[str, list[Tables]]:
    """Read the predictions of each model, and of their equal vote: per seed, by option."""
    models = studied_models(settings.models, stage.settings["models"])
    seeds = studied_seeds(stage.settings["seed"], settings.seeds)
    predictions: dict[str, list[Tables]] = {model: [{} for _ in seeds] for model in (*models, VOTE)}
    rows = None
    for option in settings.options:
        table = stage.read(ABLATION_PREDICTIONS, option=option)
        for place, seed in enumerate(seeds):
            of_seed = table[(table["seed"] == seed) & table["model"].isin(models)]
            for model in models:
                of_model = of_seed[of_seed["model"] == model].reset_index(drop=True)
                rows = of_model[_ROWS] if rows is None else rows
                if not of_model[_ROWS].equals(rows):
                    path, found = ABLATION_PREDICTIONS.path.format(option=option), f"{len(of_model):,} rows"
                    raise InputError(
                        f"{path}: {model} predicted {found} with seed {seed}, not the {len(rows):,} of the others"
                    )
                predictions[model][place][option] = of_model
            predictions[VOTE][place][option] = equal_vote(of_seed.rename(columns={"model": "predictor"}), _ROWS)
    return predictions


def _recalibrated(raw: Tables, labels: pd.DataFrame, tested: pd.DataFrame) -> Tables:
    """Correct each option's probabilities by the unresampled predictions that had matured before each fold."""
    return {name: _RECALIBRATING.walk({name: table}, labels, tested).predictions for name, table in raw.items()}


def _facts(stage: Stage, settings: Ablation, scored: pd.DataFrame) -> dict[str, Any]:
    """Describe the study; `scored` are the rows that count."""
    validation, budget = stage.settings["validation"], stage.settings["memory.rows"]
    return {
        "symbols": int(scored["symbol"].nunique()),
        "rows": len(scored),
        "first": f"{scored['date'].min():%F}",
        "last": f"{scored['date'].max():%F}",
        "folds": int(scored["fold"].nunique()),
        "models": studied_models(settings.models, stage.settings["models"]),
        "options": settings.options,
        "seeds": studied_seeds(stage.settings["seed"], settings.seeds),
        "budget": budget,
        "source": stage.read_json("data/market/source.json")["source"]["_target_"].rpartition(".")[2],
        "label": stage.settings["label"]["_target_"].rpartition(".")[2],
        "resamples": validation["resamples"],
        "level": validation["level"],
        "false_discovery_rate": settings.false_discovery_rate,
        "comparisons": len(settings.pairs()),
        "min_episodes": validation["min_episodes"],
        "data_digest": study_digest(stage, budget),
        "commands": ["make ablation"],
    }


def _baselines(
    stage: Stage, scored: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, folds: pd.DataFrame
) -> dict[str, float]:
    """Give the baselines' log loss on the scored rows, for scale."""
    past = (scored, labels, regimes, folds)
    structural = build_structural(stage).walk(*read_closes(stage), *past)
    predicted = pd.concat([baseline_predictions(*past), structural]).merge(labels, on=["symbol", "date"])
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


if __name__ == "__main__":
    main()
