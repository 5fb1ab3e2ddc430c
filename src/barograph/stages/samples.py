"""Samples: per fold, which rows a model is shown, from which source and with which weight."""

import pandas as pd
from tqdm import tqdm

from barograph import tables
from barograph.memory import Memory, draw_samples, samples_by_regime
from barograph.stages.stage import Stage, stage


@stage("memory", "folds", "seed")
def main(stage: Stage) -> str:
    """Lay out the folds, draw the training rows of each, and tell what they are worth."""
    memory: Memory = stage.build("memory")
    folds, drawn = draw_samples(
        stage.read(tables.LABELS),
        stage.read(tables.REGIME_SERIES),
        stage.read(tables.EVENTS),
        stage.read(tables.ARCHIVE),
        memory=memory,
        walk=stage.build("folds"),
        seed=stage.settings["seed"],
    )
    samples = pd.concat(tqdm(drawn, "samples", total=len(folds), unit="fold", disable=None), ignore_index=True)
    stage.write(tables.FOLDS, folds)
    stage.write(tables.SAMPLES, samples)
    described = samples_by_regime(samples, memory)
    stage.write_csv("reports/samples/regimes.csv", described)
    for regime, absent in described[(described["rows"] == 0) & (described["target"] > 0)].groupby("regime"):
        print(
            f"          no {regime} yet in {len(absent)} folds; there its share of {absent['target'].iloc[0]:.0%} "
            "goes to the others"
        )
    archived = (samples["source"] == "archive").mean()
    return f"{len(folds) - 1} folds and the final one, {len(samples):,} rows, {archived:.0%} from the archive"


if __name__ == "__main__":
    main()
