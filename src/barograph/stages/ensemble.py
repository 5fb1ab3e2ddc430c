"""Ensemble: the baselines and the models' combined probabilities, out of sample."""

from typing import Final

import pandas as pd

from barograph.ensemble import Combination, Ensemble, baseline_predictions, combine_days
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.latest.schema import LATEST, LATEST_MODEL
from barograph.names import BASELINES, STRUCTURAL
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.machine import cache
from barograph.stages.stage import Stage, stage
from barograph.stages.structural import build_structural, read_closes
from barograph.training.schema import PREDICTIONS

_STEPS: Final = {"member_calibration": "members calibrated", "stacking": "stacked", "calibration": "calibrated"}


@stage("model_names", "ensemble", upstream=("label",))
def main(stage: Stage) -> str:
    """Combine the models' out-of-sample predictions and put the baselines beside them."""
    members = {model: stage.read(PREDICTIONS, model=model) for model in stage.settings["model_names"]}
    labels, regimes, folds = (stage.read(table) for table in (LABELS, REGIME_SERIES, FOLDS))
    asked = (next(iter(members.values())), labels, regimes, folds)
    baseline, closes = build_structural(stage), read_closes(stage)
    structural = baseline.walk(*closes, *asked)
    ensemble = stage.build("ensemble")
    kept = {"cache": cache(ensemble, None, "ensemble/*.py")} if isinstance(ensemble, Ensemble) else {}
    found = ensemble.walk(members | {STRUCTURAL: structural}, labels, folds, **kept)
    tables = [found.predictions, baseline_predictions(*asked), structural]
    stage.write(ENSEMBLE_PREDICTIONS, pd.concat(tables, ignore_index=True))
    stage.write_json("models/ensemble/ensemble.json", found.final.plain())
    stage.write_csv("models/ensemble/shares.csv", found.shares)
    final = {model: stage.read(LATEST_MODEL, model=model) for model in members}
    stage.write(LATEST, combine_days(found.final, final, baseline, *closes, labels, regimes, folds))
    return f"{len(found.predictions):,} rows by {_words(found)}; baselines {', '.join(BASELINES)}"


def _words(found: Combination) -> str:
    shares = [f"{model} {share:.2f}" for model, share in found.final.members.items()]
    since = {words: found.first_use(step) for step, words in _STEPS.items()}
    return ", ".join(shares + [f"{words} from fold {fold} on" for words, fold in since.items() if fold is not None])


if __name__ == "__main__":
    main()
