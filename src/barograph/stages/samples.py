"""Samples: per fold, which rows a model is shown, from which source and with which weight."""

import pandas as pd
from tqdm import tqdm

from barograph import tables
from barograph.memory import draw_samples
from barograph.stages.stage import Stage, stage


@stage("memory", "folds", "seed")
def main(stage: Stage) -> str:
    """Lay out the folds and draw the training rows of each."""
    folds, drawn = draw_samples(
        stage.read(tables.LABELS),
        stage.read(tables.REGIME_SERIES),
        stage.read(tables.ARCHIVE),
        memory=stage.build("memory"),
        walk=stage.build("folds"),
        seed=stage.settings["seed"],
    )
    samples = pd.concat(tqdm(drawn, "samples", total=len(folds), unit="fold", disable=None), ignore_index=True)
    stage.write(tables.FOLDS, folds)
    stage.write(tables.SAMPLES, samples)
    archived = (samples["source"] == "archive").mean()
    return f"{len(folds) - 1} folds and the final one, {len(samples):,} rows, {archived:.0%} from the archive"


if __name__ == "__main__":
    main()
