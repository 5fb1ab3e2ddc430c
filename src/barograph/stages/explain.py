"""Explain: the reasons for a model's output, in every regime and from fold to fold."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from barograph import tables
from barograph.explain import ROW, attribute, beeswarm, explained_rows, fold_stability, importance, method
from barograph.features.schema import FEATURES
from barograph.models import load
from barograph.regimes.schema import REGIME_SERIES
from barograph.selection import kept_features
from barograph.selection.schema import SELECTION
from barograph.stages.stage import Stage, stage
from barograph.training.schema import IMPORTANCE


@stage("explain", "seed", config_name="train", by_hand=("model",))
def main(stage: Stage) -> str:
    """Attribute the outputs of the final model that DVC names or, by hand, `model=` chooses, and compare its folds."""
    name, settings, seed = stage.named_model(), stage.build("explain"), stage.settings["seed"]
    rows = _rows(stage, settings.rows)
    kept = rows.columns.drop(list(ROW))
    attribution = attribute(load(stage.root / "models" / name, name), rows[kept], seed)
    importances = importance(attribution, rows)
    folds = stage.read(IMPORTANCE, model=name)
    found = {
        "importance": importances,
        "beeswarm": beeswarm(attribution, rows, importances, settings.top),
        "methods": method(attribution),
        "by_fold": folds,
        "stability": fold_stability(folds),
    }
    for part, table in found.items():
        table.insert(0, "model", name)
        stage.write_csv(f"reports/shap/{name}/{part}.csv", table)
    first = importances.iloc[0]
    return f"{name}: {first['feature']} has {first['share']:.0%} of the attribution of {len(rows):,} rows"


def _rows(stage: Stage, count: int) -> pd.DataFrame:
    """Give the rows to explain, with the features that the model in service keeps, and read no other values."""
    keys, selection = tables.read(FEATURES, stage.root, columns=FEATURES.key), stage.read(SELECTION)
    names = pq.read_schema(stage.root / FEATURES.path).names[len(FEATURES.key) :]
    kept = kept_features(selection, selection["fold"].max(), names)
    places = keys.assign(place=np.arange(len(keys)))
    drawn = explained_rows(places, stage.read(REGIME_SERIES), count, stage.settings["seed"])
    values = tables.read_rows(FEATURES, stage.root, drawn.pop("place").to_numpy(), kept)
    return pd.concat([drawn, values], axis=1)


if __name__ == "__main__":
    main()
