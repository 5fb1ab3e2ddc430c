"""The parts of a memory, each with its own switch."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.archive.archive import Regime
from barograph.memory.balancing import Balance
from barograph.names import REGIMES
from barograph.typing import STRICT

Kind = Literal["configured", "episode", "shock"]


@dataclass(frozen=True, config=STRICT)
class Window:
    """The recent past that a model is shown.

    Parameters
    ----------
    years : int or None
        Calendar years before the test window; None for all history.
    half_life : float or None
        Years after which a window row weighs half as much; None for no decay.
    """

    years: Annotated[int, Field(ge=1)] | None
    half_life: Annotated[float, Field(gt=0)] | None


@dataclass(frozen=True, config=STRICT)
class ArchiveShare:
    """The part of the row budget that comes from the archive.

    Beside a window of some years it is drawn from before that window, since the window shows what is in it already.

    Parameters
    ----------
    share : float
        Of the budget; events share it by their weights, each row at most once.
    kinds : list of {"configured", "episode", "shock"}
        Which events: those that are named, episodes of the market that were found, shocks of single names that were.
        A found event that is also named counts only in folds that may not use the named one.
    max_rows : int
        How many rows of found events a fold may draw from; the least severe events are left out first.
    placebo : bool
        Draw as many rows at random from the same past, outside any event, instead.
    """

    share: Annotated[float, Field(gt=0, lt=1)]
    kinds: Annotated[list[Kind], Field(min_length=1)]
    max_rows: Annotated[int, Field(ge=1)]
    placebo: bool


@dataclass(frozen=True, config=STRICT)
class Weights:
    """How much a row counts.

    Parameters
    ----------
    regime : dict of str to float
        Factor of every regime.
    uniqueness : bool
        Multiply by the label's average uniqueness.
    """

    regime: dict[Regime, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    uniqueness: bool

    def __post_init__(self) -> None:
        """Refuse a list of factors that leaves a regime out."""
        if missing := [regime for regime in REGIMES if regime not in self.regime]:
            raise ValueError(f"regime lacks {missing}; every regime needs a factor")


@dataclass(frozen=True, config=STRICT)
class Replay:
    """A model is shown its own mistakes again.

    Parameters
    ----------
    worst : float
        Share of the matured out-of-sample predictions of earlier folds, those of the greatest log loss.
    max_share : float
        Of the fold's final rows, copies among them; the greatest losses come first.
    weight : float
        Factor on a replayed row's weight.
    max_age : float or None
        Years before the test window; older mistakes are let go. None for no limit.
    """

    worst: Annotated[float, Field(gt=0, le=1)]
    max_share: Annotated[float, Field(gt=0, lt=1)]
    weight: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    max_age: Annotated[float, Field(gt=0, le=200)] | None


@dataclass(frozen=True, config=STRICT)
class Memory:
    """The rows that a model is shown: window and archive, balanced and weighted, within a budget, and its mistakes.

    Parameters
    ----------
    rows : int
        The budget, the same for every option so that size never passes for memory; replay alone comes on top.
    window : Window
    archive : ArchiveShare or None
    balance : Balance or None
    weights : Weights or None
    replay : Replay or None
    """

    rows: Annotated[int, Field(ge=100)]
    window: Window
    archive: ArchiveShare | None
    balance: Balance | None
    weights: Weights | None
    replay: Replay | None
