"""Folds: which days each tests, and until when its past was known."""

from barograph.folds import tabulate_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage, stage


@stage("folds")
def main(stage: Stage) -> str:
    """Lay the folds out, whatever the memory will show them."""
    *tested, final = stage.build("folds").over(stage.read(LABELS), stage.read(REGIME_SERIES))
    stage.write(TEST_WINDOWS, tabulate_folds([*tested, final]))
    first, last = (fold.test_start.item().year for fold in (tested[0], tested[-1]))
    return f"{len(tested)} fold{'s' * (len(tested) > 1)}, {first} to {last}, and the final one"


if __name__ == "__main__":
    main()
