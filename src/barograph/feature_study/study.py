"""The settings of the feature study."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.feature_study.names import ALL, STRUCTURAL_INPUTS, WITHOUT, dropped_family
from barograph.memory_study import Ablation
from barograph.typing import STRICT

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config=STRICT)
class FeatureStudy:
    """Which choices of features are compared with all of them, with which models.

    Parameters
    ----------
    options : list of str
        ``all`` and at least one other: ``structural_inputs``, the eleven inputs of the structural baseline, or
        ``without_<family>``, all features but those of a family.
    models : list of str
        The models that every option trains.
    seeds : int
        How many seeds every option is drawn and trained with: that of the pipeline and those that follow it.
    false_discovery_rate : float
        The expected share of false discoveries among the differences that are called real.
    """

    options: Annotated[list[Name], Field(min_length=2)]
    models: Annotated[list[Name], Field(min_length=1)]
    seeds: Annotated[int, Field(ge=1)]
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1)]

    @model_validator(mode="after")
    def _names_fit(self) -> "FeatureStudy":
        for key, names in (("options", self.options), ("models", self.models)):
            if repeated := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"{key} names {repeated[0]} more than once")
        if ALL not in self.options:
            raise ValueError(f"options lacks {ALL}, with which the others are compared")
        for option in self.options:
            if option not in (ALL, STRUCTURAL_INPUTS) and not dropped_family(option):
                raise ValueError(
                    f"options names {option!r}; allowed are {ALL}, {STRUCTURAL_INPUTS} and {WITHOUT}<family>"
                )
        return self

    def compared(self, options: Sequence[str]) -> Ablation:
        """Give the comparison of those of the options that have features, ``all`` among them, each with ``all``.

        Raises
        ------
        InputError
            If ``all`` is the only one.
        """
        if len(options) < 2:
            raise InputError(
                f"feature_study.options: of {self.options} the data has features for {list(options)} alone, which "
                "leaves nothing to compare; name others"
            )
        return Ablation(
            options=list(options),
            models=self.models,
            seeds=self.seeds,
            against={ALL: None},
            false_discovery_rate=self.false_discovery_rate,
        )
