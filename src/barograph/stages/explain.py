"""Explain: the reasons for every model's output, in every regime and from fold to fold."""

import pandas as pd
from tqdm import tqdm

from barograph.explain import ROW, agreement, attribute, beeswarm, explained_rows, fold_stability, importance, methods
from barograph.features.schema import FEATURES
from barograph.models import load
from barograph.regimes.schema import REGIME_SERIES
from barograph.selection import kept_features
from barograph.selection.schema import SELECTION
from barograph.stages.stage import Stage, stage
from barograph.training.schema import IMPORTANCE


@stage("explain", "models", "seed")
def main(stage: Stage) -> str:
    """Attribute the final models' outputs on the same rows, and collect the importances of all folds."""
    settings, seed, models = stage.build("explain"), stage.settings["seed"], stage.settings["models"]
    rows = explained_rows(stage.read(FEATURES), stage.read(REGIME_SERIES), settings.rows, seed)
    selection = stage.read(SELECTION)
    kept = kept_features(selection, selection["fold"].max(), rows.columns.drop(list(ROW)))
    rows, X = rows[[*ROW, *kept]], rows[kept]
    bar = tqdm(models, "explain", unit="model", disable=None)
    attributions = {name: attribute(load(stage.root / "models" / name, name), X, seed) for name in bar}
    importances = importance(attributions, rows)
    agreements = agreement(importances)
    folds = _by_fold(stage)
    found = {
        "importance": importances,
        "beeswarm": beeswarm(attributions, rows, importances, settings.top),
        "agreement": agreements,
        "methods": methods(attributions),
        "by_fold": folds,
        "stability": fold_stability(folds),
    }
    for name, table in found.items():
        stage.write_csv(f"reports/shap/{name}.csv", table)
    return _summary(len(models), rows, agreements)


def _by_fold(stage: Stage) -> pd.DataFrame:
    parts = [stage.read(IMPORTANCE, model=name).assign(model=name) for name in stage.settings["models"]]
    return pd.concat(parts, ignore_index=True)[["model", *IMPORTANCE.columns]]


def _summary(models: int, rows: pd.DataFrame, agreements: pd.DataFrame) -> str:
    median = agreements.groupby("kind")["rank_correlation"].median().dropna()
    between = {
        "regimes": f"; the {rows['regime'].nunique()} regimes rank features alike to",
        "models": "; the models do to",
    }
    words = [f"{text} {median[kind]:.2f} (median)" for kind, text in between.items() if kind in median]
    return f"{models} model{'s' * (models > 1)} on {len(rows):,} rows{''.join(words)}"


if __name__ == "__main__":
    main()
