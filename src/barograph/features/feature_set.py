"""Which features a model is given: the configuration of the feature stage."""

from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.features.engine import available, compute
from barograph.features.own import register_file
from barograph.features.registration import catalogue, families, find


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class FeatureSet:
    """A choice of features.

    Parameters
    ----------
    names : list of str or None
        The features, in the order of the columns; None for all of the families that the data allows.
    families : list of str
        The families from which features come.
    release_lag : dict of str to int
        Calendar days after which the value of a context column is known; 0 for columns that are not named.
    file : str
        A Python file in which further features are registered; they are chosen with every choice of families.

    Raises
    ------
    InputError
        If the file cannot be run, a family or a name is unknown, or a name lies outside the families. Inside a
        constructor pydantic shows it as a ``ValidationError`` (a ``ValueError`` too) with the same message.
    """

    names: list[str] | None
    families: Annotated[list[str], Field(min_length=1)]
    release_lag: dict[str, Annotated[int, Field(ge=0)]]
    file: str

    def __post_init__(self) -> None:
        register_file(self.file)
        allowed = families()
        for family in self.families:
            if family not in allowed:
                raise InputError(f"features.families: {family!r} is unknown; allowed are {allowed}")
        for name in self.names or []:
            entry = find(name)
            if entry is None:
                raise InputError(f"features.names: {name!r} is unknown; allowed are {self._names()}")
            if name not in self._names():
                raise InputError(
                    f"features.names: {name!r} is of family {entry.family!r}; features.families has {self.families}"
                )

    def compute(
        self,
        bars: pd.DataFrame,
        context: pd.DataFrame | None = None,
        universe: pd.DataFrame | None = None,
        regimes: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Compute the chosen features; see `barograph.features.compute`.

        Returns
        -------
        pandas.DataFrame
            ``symbol``, ``date`` and one float64 column a feature.

        Raises
        ------
        InputError
            If a named feature lacks its inputs, no feature is left, or a table is out of order.
        """
        names = self.names
        if names is None:
            possible, _ = available(bars, context, universe, regimes)
            names = [name for name in possible if name in self._names()]
            if not names:
                raise InputError(f"features.families: the data allows no feature of {self.families}; choose others")
        return compute(bars, context, universe, names, regimes, self.release_lag)

    def _names(self) -> list[str]:
        return [
            entry.name
            for entry in catalogue()
            if entry.family in self.families or entry.function.__module__ == self.file
        ]
