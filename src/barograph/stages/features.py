"""Features: the matrix, its catalogue, and what the source could not give."""

import pandas as pd

from barograph import tables
from barograph.stages.stage import Stage, stage


@stage("features")
def main(stage: Stage) -> str:
    """Compute every configured feature that the source has inputs for."""
    chosen = stage.build("features")
    matrix = chosen.compute(
        stage.read(tables.BARS),
        stage.read(tables.CONTEXT),
        stage.read(tables.UNIVERSE),
        stage.read(tables.REGIME_SERIES),
    )
    stage.write(tables.FEATURES, matrix)
    return f"{matrix.shape[1] - 2} features of {len(matrix):,} rows"


if __name__ == "__main__":
    main()
