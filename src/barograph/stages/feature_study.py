"""Feature study: the worth of each choice of features beside all of them, on the same folds, seeds, rows and models."""

from typing import Any, Final

import pandas as pd
from tqdm import tqdm

from barograph.backtest import net_returns
from barograph.ensemble import baseline_predictions, equal_vote
from barograph.errors import InputError
from barograph.feature_study import FeatureStudy
from barograph.feature_study.answer import feature_words
from barograph.feature_study.schema import FEATURE_PREDICTIONS, OFFERED
from barograph.feature_study.summary import feature_summary
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.losses import log_loss
from barograph.market.schema import BARS
from barograph.memory_study import Ablation, Draw, compare, judge_differences, scored_rows
from barograph.names import PROBABILITIES, UNIVERSE, VOTE
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.digests import study_digest
from barograph.stages.feature_models import feature_models, feature_seeds
from barograph.stages.stage import Stage, stage
from barograph.stages.structural import build_structural, read_closes

Tables = dict[str, pd.DataFrame]
Offers = dict[str, dict[str, Any]]
_FOLDER: Final = "studies/features"
_ROWS: Final = ["symbol", "date", "fold"]


@stage("execution", "feature_study", "label", "memory.rows", "models", "seed", "strategy", "validation")
def main(stage: Stage) -> str:
    """Compare every option with all features, model by model and as a vote."""
    settings: FeatureStudy = stage.build("feature_study")
    validation, seed = stage.build("validation"), stage.settings["seed"]
    offers = {option: stage.read_json(OFFERED.format(option=option)) for option in settings.options}
    study = settings.compared([option for option, offered in offers.items() if not offered["left_out"]])
    predictions = _predictions(stage, study)
    rows = next(iter(predictions[VOTE][0].values()))[_ROWS]
    labels, regimes = stage.read(LABELS), stage.read(REGIME_SERIES)
    scored = scored_rows(rows, labels, regimes, validation)
    strategy, execution, bars = stage.build("strategy"), stage.build("execution"), stage.read(BARS)

    def draw(walked: Tables) -> Draw:
        traded = pd.concat([table.assign(predictor=option) for option, table in walked.items()])
        given = {name: table[list(PROBABILITIES)].to_numpy()[scored.position] for name, table in walked.items()}
        return Draw(given, net_returns(traded, bars, strategy, execution).drop(columns=UNIVERSE))

    given: dict[str, Any] = {"study": study, "validation": validation, "seed": seed, "calibration": "raw"}
    bar = tqdm(predictions.items(), "differences", unit="model", disable=None)
    parts = [compare(list(map(draw, of_seeds)), scored, model=model, **given) for model, of_seeds in bar]
    differences = judge_differences(parts, study)
    counted = rows.iloc[scored.position]
    facts = _facts(stage, study, counted, offers) | _baselines(stage, counted, labels, regimes)
    _write(stage, differences, facts)
    verdicts = differences["verdict"].value_counts().items()
    return f"{len(differences):,} differences: " + ", ".join(f"{verdict} {count:,}" for verdict, count in verdicts)


def _predictions(stage: Stage, study: Ablation) -> dict[str, list[Tables]]:
    """Read the predictions of each model, and of their equal vote: per seed, by option."""
    models = feature_models(study.models, stage.settings["models"])
    seeds = feature_seeds(stage.settings["seed"], study.seeds)
    predictions: dict[str, list[Tables]] = {model: [{} for _ in seeds] for model in (*models, VOTE)}
    rows = None
    for option in study.options:
        table = stage.read(FEATURE_PREDICTIONS, option=option)
        for place, seed in enumerate(seeds):
            of_seed = table[(table["seed"] == seed) & table["model"].isin(models)]
            for model in models:
                of_model = of_seed[of_seed["model"] == model].reset_index(drop=True)
                rows = of_model[_ROWS] if rows is None else rows
                if not of_model[_ROWS].equals(rows):
                    path = FEATURE_PREDICTIONS.path.format(option=option)
                    raise InputError(
                        f"{path}: {model} predicted {len(of_model):,} rows with seed {seed}, not the {len(rows):,} of "
                        "the others; run `dvc repro studies/features/dvc.yaml`"
                    )
                predictions[model][place][option] = of_model
            predictions[VOTE][place][option] = equal_vote(of_seed.rename(columns={"model": "predictor"}), _ROWS)
    return predictions


def _facts(stage: Stage, study: Ablation, scored: pd.DataFrame, offers: Offers) -> dict[str, Any]:
    """Describe the study; `scored` are the rows that count."""
    validation, budget = stage.settings["validation"], stage.settings["memory.rows"]
    return {
        "symbols": int(scored["symbol"].nunique()),
        "rows": len(scored),
        "first": f"{scored['date'].min():%F}",
        "last": f"{scored['date'].max():%F}",
        "folds": int(scored["fold"].nunique()),
        "models": feature_models(study.models, stage.settings["models"]),
        "options": study.options,
        "features": {option: len(offers[option]["features"]) for option in study.options},
        "left_out": {option: each["left_out"] for option, each in offers.items() if each["left_out"]},
        "seeds": feature_seeds(stage.settings["seed"], study.seeds),
        "budget": budget,
        "source": stage.read_json("data/market/source.json")["source"]["_target_"].rpartition(".")[2],
        "label": stage.settings["label"]["_target_"].rpartition(".")[2],
        "resamples": validation["resamples"],
        "level": validation["level"],
        "false_discovery_rate": study.false_discovery_rate,
        "comparisons": len(study.pairs()),
        "min_episodes": validation["min_episodes"],
        "data_digest": study_digest(stage, budget),
        "commands": ["make feature-study"],
    }


def _baselines(stage: Stage, scored: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame) -> dict[str, float]:
    """Give the baselines' log loss on the scored rows."""
    past = (scored, labels, regimes, stage.read(FOLDS))
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
    text = [feature_summary(differences, facts), "", *feature_words(differences, facts), ""]
    stage.write_text(f"{_FOLDER}/summary.txt", "\n".join(text))


if __name__ == "__main__":
    main()
