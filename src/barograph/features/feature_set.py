"""Which features a model is given: the configuration of the feature stage."""

from importlib import import_module
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.features.engine import available, compute
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
    modules : list of str
        Modules to import first, in which further features are registered.

    Raises
    ------
    InputError
        If a module cannot be imported, a family or a name is unknown, or a name lies outside the families. Inside a
        constructor pydantic shows it as a ``ValidationError`` (a ``ValueError`` too) with the same message.
    """

    names: list[str] | None
    families: Annotated[list[str], Field(min_length=1)]
    release_lag: dict[str, Annotated[int, Field(ge=0)]]
    modules: list[str] = Field(default_factory=list)

    def __post_init__(self) -> None:
        for module in self.modules:
            try:
                import_module(module)
            except ImportError as error:
                raise InputError(f"features.modules: {module!r} cannot be imported: {error}") from error
        for own in catalogue():
            module = own.function.__module__
            if module in self.modules and own.family not in self.families:
                raise InputError(
                    f"features.families: {self.families} lacks {own.family!r}, the family of {own.name!r} in {module}; "
                    "add it"
                )
        allowed = families()
        for family in self.families:
            if family not in allowed:
                raise InputError(f"features.families: {family!r} is unknown; allowed are {allowed}")
        for name in self.names or []:
            entry = find(name)
            if entry is None:
                raise InputError(f"features.names: {name!r} is unknown; allowed are {self._names()}")
            if entry.family not in self.families:
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
        return [entry.name for entry in catalogue() if entry.family in self.families]
