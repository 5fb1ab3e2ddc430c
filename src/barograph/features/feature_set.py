"""Which features a model is given: the configuration of the feature stage."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.features.engine import available, compute_market, newest, stream
from barograph.features.own import check_file, register_file, registers_nothing
from barograph.features.registration import FAMILIES, Feature, catalogue, families, find, unknown
from barograph.features.signals import FAMILY as SIGNALS
from barograph.market.data import MarketData
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
        A Python file in which further features are registered; they are chosen with every choice of families. It is
        not run before features are computed or `register` is called, so that a slip in it stops nothing else.
    signals : str
        A file of signals, ``.csv`` or ``.parquet``, with the columns symbol, date, name, value, available_from; without
        rows where there are none.

    Raises
    ------
    InputError
        If there is no such file, a family or a name is unknown, or a name lies outside the families. A family or a name
        that no feature of Barograph has is refused here only if the user's file has no code that might register it.
        Inside a constructor pydantic shows it as a ``ValidationError`` (a ``ValueError`` too) with the same message.
    """

    names: list[str] | None
    families: Annotated[list[str], Field(min_length=1)]
    release_lag: dict[str, Annotated[int, Field(ge=0)]]
    calendar: CalendarCode
    file: str
    signals: Annotated[str, Field(pattern=r"\.(csv|parquet)$")]

    def __post_init__(self) -> None:
        check_file(self.file)
        if not Path(self.signals).is_file():
            raise InputError(
                f"features.signals: {self.signals}: no such file; allowed: one of signals, without rows for none"
            )
        self._check(complete=registers_nothing(self.file))

    def register(self) -> list[Feature]:
        """Run the user's file, and check families and names with what it registers.

        Gives the features of the families and all those of the file. Raises InputError if the file cannot be run, a
        family or a name is unknown, or a name lies outside the families.
        """
        register_file(self.file)
        self._check(complete=True)
        return self._entries()

    def compute(self, data: MarketData) -> pd.DataFrame:
        """Compute the chosen features as `barograph.features.compute` does.

        Raises InputError as `register`, or if a named feature lacks its inputs, no feature is left, or a table is out
        of order.
        """
        return compute_market(data, self._chosen(data), self.release_lag, self.calendar)

    def stream(self, data: MarketData) -> Iterator[pd.DataFrame]:
        """Compute the chosen features block by block of symbols as `barograph.features.stream` does.

        Raises InputError as `compute`, before the first block.
        """
        return stream(data, self._chosen(data), self.release_lag, self.calendar)

    def newest(
        self, data: MarketData, *, names: Sequence[str] | None = None, symbols: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Compute the chosen features, or `names` among them, of the newest day as `barograph.features.newest` does.

        Parameters
        ----------
        data : MarketData
            With the same history as for the table.
        names : sequence of str, optional
            The features wanted, of those chosen; by default all of them.
        symbols : sequence of str, optional
            The symbols wanted; by default all that have a bar on the newest date.

        Raises
        ------
        InputError
            As `compute`, or if a name is not chosen or a symbol has no bar on the newest date.
        """
        chosen = self._chosen(data)
        if unknown := [name for name in names or () if name not in chosen]:
            raise InputError(f"features: {unknown} are not among those configured: {chosen}")
        names = chosen if names is None else names
        return newest(data, names, self.release_lag, self.calendar, symbols=symbols)

    def _chosen(self, data: MarketData) -> list[str]:
        chosen = {entry.name for entry in self.register()}
        if self.names is not None:
            return self.names
        names = [name for name in available(data, self.calendar)[0] if name in chosen or self._is_chosen_signal(name)]
        if not names:
            raise InputError(f"features.families: the data allows no feature of {self.families}; choose others")
        return names

    def _check(self, *, complete: bool) -> None:
        """Refuse families and names that are not there; those that the user's file may add only if it is `complete`."""
        for family in self.families if complete else []:
            if family not in (*FAMILIES, SIGNALS) and family not in families():
                raise InputError(f"features.families: {family!r} is unknown; allowed are {[*families(), SIGNALS]}")
        if self.names is None:
            return
        chosen = [entry.name for entry in self._entries()]
        for name in self.names:
            entry = find(name)
            if self._is_chosen_signal(name) or name in chosen or (entry is None and not complete):
                continue
            if entry is None:
                raise InputError(f"features.names: {unknown(name, chosen)}")
            raise InputError(
                f"features.names: {name!r} is of family {entry.family!r}; features.families has {self.families}"
            )

    def _entries(self) -> list[Feature]:
        return [
            entry for entry in catalogue() if entry.family in self.families or entry.function.__module__ == self.file
        ]

    def _is_chosen_signal(self, name: str) -> bool:
        return SIGNALS in self.families and name.startswith(SIGNAL_PREFIX)
