"""The memory ablation: which options are compared, and the verdicts on their differences."""

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.memory_study.rows import OVERALL
from barograph.typing import STRICT

HELPS: Final = "helps"
HURTS: Final = "hurts"
NO_EVIDENCE: Final = "no evidence"
TOO_FEW_CRISES: Final = "too few crises to tell"
FAMILY: Final = ["model", "calibration", "metric", "slice"]
Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config=STRICT)
class Ablation:
    """Which memory options are compared to which, with which models.

    Parameters
    ----------
    options : list of str
        At least two.
    models : list of str
        The models that every option trains.
    seeds : int
        How many seeds every option is drawn and trained with: that of the pipeline and those that follow it.
    against : dict of str to list of str or None
        Each reference option with the options that are compared to it; None for every other option. Options that are
        not studied are left out.
    false_discovery_rate : float
        The expected share of false discoveries among the differences that are called real.
    """

    options: Annotated[list[Name], Field(min_length=2)]
    models: Annotated[list[Name], Field(min_length=1)]
    seeds: Annotated[int, Field(ge=1)]
    against: Annotated[dict[str, list[str] | None], Field(min_length=1)]
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1)]

    @model_validator(mode="after")
    def _names_fit(self) -> "Ablation":
        _refuse_repeats("options", self.options)
        _refuse_repeats("models", self.models)
        for reference, compared in self.against.items():
            if compared is not None:
                _refuse_repeats(f"against.{reference}", compared)
                if not compared or reference in compared:
                    raise ValueError(f"against.{reference} is {compared}; it must name others, or be null for all")
        if not self.pairs():
            raise ValueError(f"against {self.against} compares none of the options {self.options}")
        return self

    def pairs(self) -> list[tuple[str, str]]:
        """List each option that is compared with its reference, reference by reference."""
        return [
            (option, reference)
            for reference, compared in self.against.items()
            if reference in self.options
            for option in self.options
            if (option != reference if compared is None else option in compared)
        ]


def _refuse_repeats(key: str, names: Sequence[str]) -> None:
    if repeated := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{key} names {repeated[0]} more than once")


@without_time_zones
def judge_differences(parts: Sequence[pd.DataFrame], study: Ablation) -> pd.DataFrame:
    """Join the tables of :func:`compare` and add `q_value` and `verdict`.

    `q_value` is the p-value after Benjamini and Hochberg [1]_, among the rows that have a p-value and enough evidence:
    overall rows, and those of regimes whose episodes can decide; NaN elsewhere. A family of comparisons is all pairs of
    a model, calibration, metric and slice, those that a reader of a column makes: over all of them together no
    difference of a few percent could be told from chance.
    `verdict` is ``helps`` or ``hurts`` where `q_value` is at most `false_discovery_rate` and the interval lies on that
    side of 0, ``too few crises to tell`` in regimes that were not tested, else ``no evidence``, which is not evidence
    of no effect.

    References
    ----------
    .. [1] Benjamini, Hochberg (1995), "Controlling the False Discovery Rate: a Practical and Powerful Approach to
       Multiple Testing", Journal of the Royal Statistical Society B 57(1).
    """
    from statsmodels.stats.multitest import multipletests

    table = pd.concat(parts, ignore_index=True)
    overall = table["slice"] == OVERALL
    tested = table["p_value"].notna() & (overall | (table["more_episodes"] == 0))
    q_value = np.full(len(table), np.nan)
    for rows in table[tested].groupby(FAMILY).indices.values():
        family = np.flatnonzero(tested)[rows]
        q_value[family] = multipletests(table["p_value"].to_numpy()[family], method="fdr_bh")[1]
    table = table.assign(q_value=q_value, verdict=pd.Series(NO_EVIDENCE, index=table.index, dtype="str"))
    real = table["q_value"] <= study.false_discovery_rate
    table.loc[real & (table["low"] > 0), "verdict"] = HELPS
    table.loc[real & (table["high"] < 0), "verdict"] = HURTS
    table.loc[~tested & ~overall, "verdict"] = TOO_FEW_CRISES
    return table
