"""Rare events that nobody has to name: found day by day, by rules that look back only."""

from typing import Annotated, Final, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.regimes import VixPriceRegimes
from barograph.typing import STRICT, Floats, Rows

_COLUMNS: Final = (
    *("event", "kind", "symbol", "start", "end", "regime"),
    *("recognised_on", "closed_on", "severity_then", "severity"),
)
_REGIMES: Final = ("crash", "recovery", "high_volatility")
EPISODE: Final = "episode"
SHOCK: Final = "shock"


@runtime_checkable
class CrashLevels(Protocol):
    """The settings of a regime rule that define a crash."""

    @property
    def crash_vix(self) -> float:
        """The VIX above which there is a crash."""

    @property
    def crash_return(self) -> float:
        """The index return, negative, at or below which there is a crash."""


DEFAULT_LEVELS: Final[CrashLevels] = VixPriceRegimes()


@dataclass(frozen=True, config=STRICT)
class Shocks:
    """The definition of a shock to a single name.

    Parameters
    ----------
    sigmas : float
        Size of the one-day log return, in standard deviations (ddof 1) of the `window` returns before it.
    window : int
        Bars.
    volume_ratio : float
        Least volume, as a multiple of the mean of the `window` bars before; not asked for where volume is unknown.
    days : int
        Bars of the event, the day of the shock among them.
    """

    sigmas: Annotated[float, Field(gt=0)]
    window: Annotated[int, Field(ge=2)]
    volume_ratio: Annotated[float, Field(ge=0)]
    days: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=STRICT)
class Detection:
    """How rare events are found in the series of regimes, and in single names.

    An *episode* is a run of dates in `crash`, of dates in `recovery`, or of dates in `high_volatility` with a VIX of at
    least `extreme_vix`, interrupted by no more than `gap_days` dates at a time. It is recognised on the `min_days`-th
    of them, and closed on the first date on which it is certain that it has ended.

    Parameters
    ----------
    gap_days : int
        Trading days.
    min_days : int
        Dates of the run, interruptions not counted; at least two, so that no event is recognised on its first day.
    extreme_vix : float
        VIX points.
    shocks : Shocks or None
        None looks for no shocks of single names.
    """

    gap_days: Annotated[int, Field(ge=0)]
    min_days: Annotated[int, Field(ge=2)]
    extreme_vix: Annotated[float, Field(gt=0)]
    shocks: Shocks | None


@without_time_zones
def detect(
    regimes: pd.DataFrame, bars: pd.DataFrame, settings: Detection, levels: CrashLevels = DEFAULT_LEVELS
) -> pd.DataFrame:
    """Find the episodes of the market and the shocks of single names in the regimes and bars tables.

    `levels` is the rule that named the regimes. There is a row for each event, by day of recognition: `event` (the
    regime, or `shock` and the symbol, and the first date), `kind` (`episode` or `shock`), `symbol` (null for an
    episode), `start` and `end` (inclusive; the last date known where it is not closed), `regime`, `recognised_on`,
    `closed_on` (null while it goes on), and `severity` when it was closed and `severity_then`, when it was recognised.
    The severity of an episode is the mean of its highest VIX over `crash_vix` and the largest size of its index returns
    over that of `crash_return`; that of a shock is the size of its return over the threshold. More history changes no
    event that was closed before, and no day of recognition.
    """
    episodes = [row for regime in _REGIMES for row in _episodes(regimes, regime, settings, levels)]
    shocks = [] if settings.shocks is None else _shocks(bars, regimes, settings.shocks)
    found = pd.DataFrame([*episodes, *shocks], columns=list(_COLUMNS))
    for name in ("start", "end", "recognised_on", "closed_on"):
        found[name] = pd.to_datetime(found[name]).astype("datetime64[us]")
    found["symbol"] = found["symbol"].astype("str")
    return found.sort_values(["recognised_on", "event"], ignore_index=True)


def _episodes(regimes: pd.DataFrame, regime: str, settings: Detection, levels: CrashLevels) -> list[tuple[object, ...]]:
    member = (regimes["regime"] == regime).to_numpy()
    if regime == "high_volatility":
        member = member & (regimes["vix"] >= settings.extreme_vix).to_numpy()
    dates, at = regimes["date"], np.flatnonzero(member)
    runs = np.split(at, np.flatnonzero(np.diff(at) > settings.gap_days + 1) + 1)
    found: list[tuple[object, ...]] = []
    for run in runs:
        if run.size < settings.min_days:
            continue
        first, last, recognised = run[0], run[-1], run[settings.min_days - 1]
        closed = last + settings.gap_days + 1
        found.append(
            (
                f"{regime}_{dates[first]:%Y_%m_%d}",
                EPISODE,
                None,
                dates[first],
                dates[last],
                regime,
                dates[recognised],
                dates[closed] if closed < len(dates) else None,
                _severity(regimes[first : recognised + 1], levels),
                _severity(regimes[first : last + 1], levels),
            )
        )
    return found


def _severity(episode: pd.DataFrame, levels: CrashLevels) -> float:
    largest_move = episode["index_return_10"].abs().fillna(0.0).max()
    return float(episode["vix"].max() / levels.crash_vix + largest_move / abs(levels.crash_return)) / 2.0


def _shocks(bars: pd.DataFrame, regimes: pd.DataFrame, settings: Shocks) -> list[tuple[object, ...]]:
    by_date = regimes.set_index("date")["regime"]
    found: list[tuple[object, ...]] = []
    for symbol, traded in bars.groupby("symbol", sort=False):
        dates = traded["date"].reset_index(drop=True)
        size = _shock_size(traded["close"].to_numpy(np.float64), traded["volume"].to_numpy(np.float64), settings)
        for day in _apart(np.flatnonzero(size >= 1.0), settings.days).tolist():
            if dates[day] in by_date.index:
                end = day + settings.days - 1
                closed = dates[end] if end < len(dates) else None
                found.append(
                    (
                        f"shock_{symbol}_{dates[day]:%Y_%m_%d}",
                        SHOCK,
                        symbol,
                        dates[day],
                        dates[min(end, len(dates) - 1)],
                        by_date[dates[day]],
                        dates[day],
                        closed,
                        size[day],
                        size[day],
                    )
                )
    return found


def _shock_size(close: Floats, volume: Floats, settings: Shocks) -> Floats:
    """Give the size of each day's return over the threshold; 0 without the volume that a shock needs."""
    returns = pd.Series(np.diff(np.log(close), prepend=np.nan))
    deviation = returns.rolling(settings.window).std().shift(1).to_numpy()
    usual = pd.Series(volume).rolling(settings.window).mean().shift(1).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(returns.to_numpy()) / (settings.sigmas * deviation)
    quiet = volume < settings.volume_ratio * usual
    return np.where(quiet | ~np.isfinite(size), 0.0, size)


def _apart(days: Rows, least: int) -> Rows:
    """Keep the first of days that lie less than `least` apart: an event does not begin inside another of its name."""
    kept: list[int] = []
    for day in days.tolist():
        if not kept or day - kept[-1] >= least:
            kept.append(day)
    return np.array(kept, np.intp)
