"""Regimes: one a date, causal, and the rule that fired."""

import numpy as np

from barograph.market.schema import CONTEXT
from barograph.names import REGIMES
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage, note, stage


@stage("regime")
def main(stage: Stage) -> str:
    """Name the regime of every date from the first known VIX on."""
    context = stage.read(CONTEXT)
    known = np.flatnonzero(context["vix"].notna())
    before, stale = known[0], len(context) - 1 - known[-1]
    if before:
        note(f"{before} dates before the first VIX have no regime, and no row of theirs is trained on")
    if stale:
        note(f"the VIX ends {stale} dates before the context does; its last value is carried forward")
    regimes = stage.build("regime").table(context)
    stage.write(REGIME_SERIES, regimes)
    counts = regimes["regime"].value_counts()
    return f"{len(regimes):,} dates: " + ", ".join(f"{name} {counts.get(name, 0):,}" for name in REGIMES)


if __name__ == "__main__":
    main()
