"""Features: the matrix, its catalogue, and what the source could not give."""

from dataclasses import fields

import pandas as pd

from barograph import tables
from barograph.features import Feature, available, catalogue
from barograph.stages.stage import Stage, stage

_SHOWN = [field.name for field in fields(Feature) if field.name not in {"function", "output"}]


@stage("features")
def main(stage: Stage) -> str:
    """Compute every configured feature that the source has inputs for, and list the others."""
    inputs = [stage.read(table) for table in (tables.BARS, tables.CONTEXT, tables.UNIVERSE, tables.REGIME_SERIES)]
    matrix = stage.build("features").compute(*inputs)
    _, left_out = available(*inputs)
    stage.write(tables.FEATURES, matrix)
    entries = pd.DataFrame([{name: getattr(entry, name) for name in _SHOWN} for entry in catalogue()])
    entries["inputs"] = entries["inputs"].str.join(" ")
    entries["lacks"] = entries["name"].map({name: " ".join(lacking) for name, lacking in left_out.items()})
    entries["computed"] = entries["name"].isin(matrix.columns)
    stage.write_csv("reports/features/catalogue.csv", entries)
    left = f"; {len(left_out)} left out, whose inputs the source lacks" if left_out else ""
    return f"{matrix.shape[1] - 2} features of {len(matrix):,} rows{left}"


if __name__ == "__main__":
    main()
