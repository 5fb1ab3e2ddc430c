"""Samples: per fold, which rows a model is shown, from which source and with which weight."""

import pandas as pd
from tqdm import tqdm

from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.memory import Memory, draw_samples, exam_samples, not_examined, samples_by_regime
from barograph.memory.schema import EXAM_SAMPLES, EXAMS, SAMPLES
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage, stage


@stage("exam", "folds", "memory", "seed")
def main(stage: Stage) -> str:
    """Lay out the folds, draw the training rows of each and of every exam, and tell what they are worth."""
    memory: Memory = stage.build("memory")
    walk, exam, seed = stage.build("folds"), stage.build("exam"), stage.settings["seed"]
    labels, regimes, events = (stage.read(one) for one in (LABELS, REGIME_SERIES, EVENTS))
    archive = stage.read(ARCHIVE)
    folds, drawn = draw_samples(labels, regimes, events, archive, memory=memory, walk=walk, seed=seed)
    exams, shown = exam_samples(labels, regimes, events, archive, memory=memory, walk=walk, seed=seed, exam=exam)
    samples = pd.concat(tqdm(drawn, "samples", total=len(folds), unit="fold", disable=None), ignore_index=True)
    stage.write(FOLDS, folds)
    stage.write(SAMPLES, samples)
    stage.write(EXAMS, exams)
    stage.write(EXAM_SAMPLES, shown)
    described = samples_by_regime(samples, memory)
    stage.write_csv("reports/samples/regimes.csv", described)
    for regime, absent in described[(described["rows"] == 0) & (described["target"] > 0)].groupby("regime"):
        print(
            f"          no {regime} yet in {len(absent)} folds; there its share of {absent['target'].iloc[0]:.0%} "
            "goes to the others"
        )
    for event, reason in not_examined(labels, regimes, events, walk=walk, exam=exam).items():
        print(f"          {event}: no exam, {reason}")
    archived = (samples["source"] == "archive").mean()
    return (
        f"{len(folds) - 1} folds and the final one, {len(samples):,} rows, {archived:.0%} from the archive; "
        f"{len(exams)} exams"
    )


if __name__ == "__main__":
    main()
