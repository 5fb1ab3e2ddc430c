"""From a strategy's weights to those that are traded: sizing, then overlays, then the brakes of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from barograph.backtest.engine.brakes import BRAKE, TOLERANCE, Guard, new_guard
from barograph.backtest.risk.brakes import BRAKES, EmergencyStop
from barograph.backtest.risk.contract import PORTFOLIO, Breach, Overlay
from barograph.backtest.situation import Known, Situation
from barograph.backtest.sizing import AsDecided, Sizing
from barograph.backtest.strategies.sleeve import sleeves
from barograph.errors import InputError
from barograph.typing import Floats

MAX_LEVERAGE: Final = "max_leverage"
CAPS: Final = ("date", "step", "overlay", "subject", "exposure", "limit", "outcome")


@dataclass(frozen=True, eq=False)
class Management:
    """How a strategy's weights become those that are traded.

    Parameters
    ----------
    sizing : Sizing or None
        None: as the strategy decides.
    overlays : mapping of str to object
        Overlays and brakes by name; see :mod:`barograph.backtest.risk`. Whatever their order here, they act in the
        order of ``place``, brakes last.
    universe : DataFrame or None
        ``symbol, gics_sector``.
    portfolio : str
        The name of what is traded.
    """

    sizing: Sizing | None = None
    overlays: Mapping[str, Any] = field(default_factory=dict)
    universe: pd.DataFrame | None = None
    portfolio: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.sizing, AsDecided):
            object.__setattr__(self, "sizing", None)
        for name, each in self.overlays.items():
            if not hasattr(each, "limit") and not hasattr(each, "record"):
                raise InputError(f"overlay {name}: {type(each).__name__} has neither a method limit nor record")
        if sum(isinstance(each, EmergencyStop) for each in self.overlays.values()) > 1:
            raise InputError("overlays: there are two emergency stops; one is allowed")

    def over(self, strategy: Any) -> Any:
        """Put a strategy under the management; see :func:`managed`."""
        if self.sizing is None and not self.overlays:
            return strategy
        if not hasattr(strategy, "weights") and not hasattr(strategy, "target_weights"):
            beyond = ["sizing"] if self.sizing is not None else [name for name, _ in self.limits]
            if beyond:
                raise InputError(
                    f"{beyond[0]}: {type(strategy).__name__} sends orders; only brakes go with it, "
                    "others need a method weights(day)"
                )
        return Managed(strategy, self)

    def named(self, portfolio: str) -> "Management":
        """Give the same for another portfolio."""
        return replace(self, portfolio=portfolio)

    @property
    def limits(self) -> list[tuple[str, Overlay]]:
        """The overlays that act on decisions, in their order."""
        found = [(name, each) for name, each in self.overlays.items() if hasattr(each, "limit")]
        return sorted(found, key=lambda entry: (getattr(entry[1], "place", 0), entry[0]))

    @property
    def brakes(self) -> list[tuple[str, Any]]:
        """The brakes, in their order."""
        found = [(name, each) for name, each in self.overlays.items() if hasattr(each, "record")]
        return sorted(found, key=lambda entry: (BRAKES.index(type(entry[1])), entry[0]))

    @property
    def needs_equity(self) -> bool:
        """Whether rows can be decided only when the account has been played up to their dates."""
        return any(each.needs_equity for _, each in self.limits)

    def guard(self, dates: pd.DatetimeIndex, symbols: int) -> Guard:
        """Give the brakes as the engine works on them."""
        released = np.zeros(len(dates), bool)
        for _, brake in self.brakes:
            places = dates.searchsorted(pd.DatetimeIndex(getattr(brake, "released", [])))
            released[places[places < len(dates)]] = True
        records = [brake.record() for _, brake in self.brakes]
        return new_guard(np.concatenate(records) if records else np.zeros(0, BRAKE), released, symbols)

    def known(self, symbols: Any, max_leverage: float) -> Known:
        """Give what is the same for all rows of a run."""
        sectors = None
        if self.universe is not None:
            table = self.universe.set_index("symbol")["gics_sector"]
            sectors = table.astype(object).where(table.notna(), None).reindex(symbols, fill_value=None).to_numpy(object)
        return Known(self.portfolio, np.asarray(symbols, dtype=object), max_leverage, sectors)

    def decide(self, weights: Floats, at: Situation) -> tuple[Floats, list["Act"]]:
        """Size target weights (R, N) and reduce them to the limits; say which were exceeded."""
        acts: list[Act] = []
        if self.sizing is not None:
            name = f"sizing {type(self.sizing).__name__}"
            weights = _checked(name, _called(name, self.sizing.size, weights, at), weights, at)
            weights, found = _leveraged(weights, at)
            acts += [Act(0, MAX_LEVERAGE, breach) for breach in found]
        for step, (name, overlay) in enumerate(self.limits, 1):
            limited, breaches = _called(f"overlay {name}", overlay.limit, weights, at)
            if limited is not weights:
                _refuse_growth(f"overlay {name}", weights, _checked(f"overlay {name}", limited, weights, at), at)
            weights = limited
            acts += [Act(step, name, breach) for breach in breaches]
        return np.ascontiguousarray(weights), acts

    def unmet(self, weights: Floats, at: Situation) -> list["Act"]:
        """Say which limits the rows of weights exceed in the end."""
        return [
            Act(step, name, breach)
            for step, (name, overlay) in enumerate(self.limits, 1)
            for breach in overlay.unmet(weights, at)
        ]

    def braked(self, guard: Guard) -> list["Act"]:
        """Say what the brakes reduced."""
        steps = len(self.limits)
        acts = []
        for number, (name, _) in enumerate(self.brakes):
            places = np.flatnonzero((guard.brake == number) & ~np.isnan(guard.found))
            subjects = np.repeat(PORTFOLIO, len(places))
            breach = Breach(places, subjects, guard.found[places], guard.limit[places])
            acts += [Act(steps + 1 + number, name, breach)] if len(places) else []
        return acts

    def reasons(self, guard: Guard) -> dict[int, str]:
        """Give the name of the brake that reduced, by the place of the date."""
        names = [name for name, _ in self.brakes]
        return {int(place): names[guard.brake[place]] for place in np.flatnonzero(~np.isnan(guard.found))}


class Act(NamedTuple):
    """What an overlay did: its step, its name, and the limits that were exceeded."""

    step: int
    overlay: str
    breach: Breach


def caps_table(acts: list[Act], dates: pd.Index) -> pd.DataFrame:
    """Give one row per date, overlay, subject and outcome; see :attr:`Simulation.caps`."""
    parts = [
        pd.DataFrame(
            {
                "date": dates[act.breach.places],
                "step": act.step,
                "overlay": act.overlay,
                "subject": act.breach.subjects.astype(str),
                "exposure": act.breach.exposures,
                "limit": act.breach.limits,
                "outcome": act.breach.outcome,
            }
        )
        for act in acts
    ]
    table = pd.concat(parts) if parts else _no_caps()
    return table.sort_values(["date", "step", "subject", "outcome"], kind="stable", ignore_index=True)


def _no_caps() -> pd.DataFrame:
    text, number = pd.Series([], dtype="str"), pd.Series([], dtype=np.float64)
    columns = {"date": pd.DatetimeIndex([]), "step": pd.Series([], dtype=np.int64), "overlay": text, "subject": text}
    return pd.DataFrame(columns | {"exposure": number, "limit": number, "outcome": text})


def _called(name: str, call: Any, weights: Floats, at: Situation) -> Any:
    try:
        return call(weights, at)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except Exception as error:
        text = " ".join(str(error).split())
        raise InputError(f"{name}: {type(error).__name__}: {text}") from error


def _checked(name: str, found: Any, weights: Floats, at: Situation) -> Floats:
    """Refuse what is no table of finite weights."""
    if np.shape(found) != weights.shape:
        raise InputError(f"{name}: it gives the shape {np.shape(found)}; {weights.shape} is required")
    if not np.isfinite(found).all():
        row, column = np.argwhere(~np.isfinite(found))[0]
        raise InputError(
            f"{name}: the weight of {at.known.symbols[column]} is {found[row, column]}; a finite weight is required"
        )
    return np.ascontiguousarray(found, np.float64)


def _refuse_growth(name: str, before: Floats, after: Floats, at: Situation) -> None:
    """Refuse an overlay that enlarges a weight or turns it round."""
    from barograph.backtest.risk.kernels import first_wrong

    row, column = first_wrong(before, after, TOLERANCE)
    if row >= 0:
        raise InputError(
            f"{name}: the weight of {at.known.symbols[column]} is {after[row, column]:g} after it and "
            f"{before[row, column]:g} before; an overlay may only reduce"
        )


def _leveraged(weights: Floats, at: Situation) -> tuple[Floats, list[Breach]]:
    """Scale what a sizing made larger than the account may hold."""
    from barograph.backtest.risk.contract import whole

    return whole(weights, np.array([at.known.max_leverage]), at)


@dataclass(frozen=True, eq=False)
class Managed:
    """A strategy with sizing and overlays, which :func:`barograph.backtest.run` trades.

    A strategy that decides day by day has a paper account, as a wrapped one has: it sees the positions that its
    decisions would have led to, not those that sizing and overlays leave.
    """

    strategy: Any
    management: Management

    def on_bar(self, day: Any) -> None:
        """Let the strategy decide; sizing and overlays are applied to its weights after it."""
        if not hasattr(self.strategy, "weights"):
            self.strategy.on_bar(day)
            return
        (sleeve,) = sleeves(day, {"strategy": self.strategy}).values()
        if sleeve.decide(day) is not None:
            day.rebalance_to_weights(sleeve.target)


def managed(
    strategy: Any,
    sizing: Sizing | None = None,
    overlays: Mapping[str, Any] | None = None,
    universe: pd.DataFrame | None = None,
    portfolio: str = "",
) -> Any:
    """Compose a strategy, its sizing and its overlays into one that :func:`barograph.backtest.run` trades.

    Parameters
    ----------
    strategy : object
        With a method ``target_weights`` or ``weights``. One that sends orders (``on_bar`` alone) can have brakes only.
    sizing, overlays, universe, portfolio
        As :class:`Management` takes them.

    Returns
    -------
    object
        The strategy itself without sizing and overlays.

    Raises
    ------
    InputError
        If a strategy that sends orders is to be sized, or limited by anything but brakes.
    """
    return Management(sizing, dict(overlays or {}), universe, portfolio).over(strategy)
