"""Selection: which features each fold keeps, decided by the rows that had matured before it."""

from typing import Any

import pandas as pd
from tqdm import tqdm

from barograph.features.schema import FEATURES
from barograph.folds import tabulated_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.models.contract.rows import TrainingSet
from barograph.selection import fold_selections, kept_shares, select_features, selection_summary
from barograph.selection.schema import SELECTION
from barograph.stages.machine import cache
from barograph.stages.search_data import write_search_data
from barograph.stages.stage import Stage, stage


@stage("selection", "seed", upstream=("folds.embargo",))
def main(stage: Stage) -> str:
    """Select on every fold's past, that of the model that goes into service included."""
    selection, seed, embargo = stage.build("selection"), stage.settings["seed"], stage.settings["folds.embargo"]
    windows, features = stage.read(TEST_WINDOWS), stage.read(FEATURES)
    folds, data = tabulated_folds(windows), TrainingSet(features, stage.read(LABELS))
    kept = cache(selection, None)
    found = select_features(selection, data, folds, embargo=embargo, seed=seed, cache=kept)
    table = pd.concat(tqdm(found, "select", total=len(folds), unit="fold", disable=None), ignore_index=True)
    summary = selection_summary(table)
    stage.write(SELECTION, table)
    write_search_data(stage, features, data, windows, table)
    stage.write_csv("reports/selection/folds.csv", fold_selections(table))
    stage.write_csv("reports/selection/stability.csv", kept_shares(table))
    stage.write_json("reports/selection/summary.json", summary)
    return _said(summary)


def _said(summary: dict[str, Any]) -> str:
    fewest, most, features = summary["fewest_kept"], summary["most_kept"], summary["features"]
    kept = f"all {features}" if fewest == features else f"{fewest} of {features}"
    kept = kept if fewest == most else f"{fewest} to {most} of {features}"
    stability = summary["stability"]
    alike = "" if stability is None else f", stability {stability:.2f}"
    return f"kept {kept} features in {summary['folds']} fold{'s' * (summary['folds'] > 1)}{alike}"


if __name__ == "__main__":
    main()
