"""Samples: per fold, which rows a model is shown, from which source and with which weight."""

import pandas as pd
from tqdm import tqdm

from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.folds import tabulated_folds
from barograph.folds.schema import FOLDS, TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.memory import Memory, draw_samples, exam_samples, samples_by_regime
from barograph.memory.schema import EXAM_SAMPLES, EXAMS, SAMPLES
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage, note, stage


@stage("exam", "memory", "seed", upstream=("folds.embargo",))
def main(stage: Stage) -> str:
    """Draw the training rows of each fold and of every exam, and describe them."""
    memory: Memory = stage.build("memory")
    exam, seed, embargo = stage.build("exam"), stage.settings["seed"], stage.settings["folds.embargo"]
    tables = [stage.read(table) for table in (LABELS, REGIME_SERIES, EVENTS, ARCHIVE)]
    given = {"memory": memory, "folds": tabulated_folds(stage.read(TEST_WINDOWS)), "seed": seed}
    folds, drawn = draw_samples(*tables, **given)
    exams, shown, reasons = exam_samples(*tables, **given, embargo=embargo, exam=exam)
    samples = pd.concat(tqdm(drawn, "samples", total=len(folds), unit="fold", disable=None), ignore_index=True)
    stage.write(FOLDS, folds)
    stage.write(SAMPLES, samples)
    stage.write(EXAMS, exams)
    stage.write(EXAM_SAMPLES, shown)
    described = samples_by_regime(samples, memory)
    stage.write_csv("reports/samples/regimes.csv", described)
    for regime, absent in described[(described["rows"] == 0) & (described["target"] > 0)].groupby("regime"):
        note(
            f"no {regime} yet in {len(absent)} folds; there its share of {absent['target'].iloc[0]:.0%} "
            "goes to the others"
        )
    for event, reason in reasons.items():
        note(f"{event}: no exam, {reason}")
    archived = (samples["source"] == "archive").mean()
    return f"{len(samples):,} rows in {len(folds)} folds, {archived:.0%} from the archive; {len(exams)} exams"


if __name__ == "__main__":
    main()
