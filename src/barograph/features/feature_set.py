"""Which features a model is given: the configuration of the feature stage."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.features.engine import available, compute, newest, stream
from barograph.features.own import register_file
from barograph.features.registration import catalogue, families, find, unknown
from barograph.features.signals import FAMILY as SIGNALS
from barograph.market.loading import CalendarCode
from barograph.names import SIGNAL_PREFIX


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class FeatureSet:
    """A choice of features.

    Parameters
    ----------
    names : list of str or None
        The features, in the order of the columns; None for all of the families that the data allows.
    families : list of str
        The families from which features come; ``signals`` are those of the market's source and of the file `signals`.
    release_lag : dict of str to int
        Calendar days after which the value of a context column is known; 0 for columns that are not named.
    calendar : str
        The exchange whose scheduled sessions and holidays features may read: a code of exchange_calendars.
    file : str
        A Python file in which further features are registered; they are chosen with every choice of families.
    signals : str
        A file of signals, ``.csv`` or ``.parquet``, with the columns symbol, date, name, value, available_from; without
        rows where there are none.

    Raises
    ------
    InputError
        If the file cannot be run, there is no file of signals, a family or a name is unknown, or a name lies outside
        the families. Inside a constructor pydantic shows it as a ``ValidationError`` (a ``ValueError`` too) with the
        same message.
    """

    names: list[str] | None
    families: Annotated[list[str], Field(min_length=1)]
    release_lag: dict[str, Annotated[int, Field(ge=0)]]
    calendar: CalendarCode
    file: str
    signals: Annotated[str, Field(pattern=r"\.(csv|parquet)$")]

    def __post_init__(self) -> None:
        register_file(self.file)
        if not Path(self.signals).is_file():
            raise InputError(
                f"features.signals: {self.signals}: no such file; allowed: one of signals, without rows for none"
            )
        allowed = [*families(), SIGNALS]
        for family in self.families:
            if family not in allowed:
                raise InputError(f"features.families: {family!r} is unknown; allowed are {allowed}")
        for name in self.names or []:
            if self._is_chosen_signal(name):
                continue
            entry = find(name)
            if entry is None:
                raise InputError(f"features.names: {unknown(name, self._names())}")
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
        facts: pd.DataFrame | None = None,
        signals: pd.DataFrame | None = None,
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
        names = self._chosen(bars, context, universe, regimes, facts, signals)
        return compute(bars, context, universe, names, regimes, self.release_lag, facts, signals, self.calendar)

    def stream(
        self,
        bars: pd.DataFrame,
        context: pd.DataFrame | None = None,
        universe: pd.DataFrame | None = None,
        regimes: pd.DataFrame | None = None,
        facts: pd.DataFrame | None = None,
        signals: pd.DataFrame | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Compute the chosen features block by block of symbols; see `barograph.features.stream`.

        Returns
        -------
        iterator of pandas.DataFrame
            ``symbol``, ``date`` and one float32 column a feature.

        Raises
        ------
        InputError
            As `compute`, before the first block.
        """
        names = self._chosen(bars, context, universe, regimes, facts, signals)
        return stream(bars, context, universe, names, regimes, self.release_lag, facts, signals, self.calendar)

    def newest(
        self,
        bars: pd.DataFrame,
        context: pd.DataFrame | None = None,
        universe: pd.DataFrame | None = None,
        regimes: pd.DataFrame | None = None,
        facts: pd.DataFrame | None = None,
        signals: pd.DataFrame | None = None,
        *,
        names: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Compute the chosen features, or those of one model, of the newest day; see `barograph.features.newest`.

        Parameters
        ----------
        bars, context, universe, regimes, facts, signals
            With the same history as for the table.
        names : sequence of str, optional
            The features wanted, of those chosen; by default all of them.
        symbols : sequence of str, optional
            The symbols wanted; by default all that have a bar on the newest date.

        Returns
        -------
        pandas.DataFrame
            ``symbol``, ``date`` and one float32 column a feature: to the bit the table's rows of that day.

        Raises
        ------
        InputError
            As `compute`, or if a name is not chosen or a symbol has no bar on the newest date.
        """
        chosen = self._chosen(bars, context, universe, regimes, facts, signals)
        if names is None:
            names = chosen
        elif unknown := [name for name in names if name not in chosen]:
            raise InputError(f"features: {unknown} are not among those configured: {chosen}")
        return newest(
            bars,
            context,
            universe,
            names,
            regimes,
            self.release_lag,
            facts,
            signals,
            self.calendar,
            symbols=symbols,
        )

    def _chosen(
        self,
        bars: pd.DataFrame,
        context: pd.DataFrame | None,
        universe: pd.DataFrame | None,
        regimes: pd.DataFrame | None,
        facts: pd.DataFrame | None,
        signals: pd.DataFrame | None,
    ) -> list[str]:
        if self.names is not None:
            return self.names
        possible, _ = available(bars, context, universe, regimes, facts, signals, self.calendar)
        chosen = set(self._names())
        names = [name for name in possible if name in chosen or self._is_chosen_signal(name)]
        if not names:
            raise InputError(f"features.families: the data allows no feature of {self.families}; choose others")
        return names

    def _is_chosen_signal(self, name: str) -> bool:
        return SIGNALS in self.families and name.startswith(SIGNAL_PREFIX)

    def _names(self) -> list[str]:
        return [
            entry.name
            for entry in catalogue()
            if entry.family in self.families or entry.function.__module__ == self.file
        ]
