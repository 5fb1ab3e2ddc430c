"""A history with look-alikes of eight known crises on their dates, and calm between them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from barograph.market.simulation.economy import (
    CALM,
    CRASH,
    DAY,
    HAZARDS,
    NORMAL,
    REBOUND,
    TURBULENT,
    UNREST,
    VIX_PREMIUM,
    VOLATILITY,
    Economy,
    chain,
    follow,
    index_noise,
    sector_noise,
    sector_returns,
)
from barograph.market.simulation.presets import colour
from barograph.randomness import generator
from barograph.typing import Floats

_INERTIA: Final = 0.6
_REVERSAL: Final = -0.95
_UNREST: Final = 0.025
_PREMIUM: Final = 0.0007


@dataclass(frozen=True)
class Leg:
    """A part of an event within a calendar year, both days included, with the state of the economy.

    `vix` is the level in points towards which the VIX moves, `index_return` the simple return of the leg before noise.
    """

    start: str
    end: str
    state: int
    vix: float
    index_return: float


# After the S&P 500 and the VIX of those days, with the level that the event's regime asks for.
LEGS: Final = (
    Leg("2008-09-01", "2008-09-30", CRASH, 45.0, -0.06),
    Leg("2008-10-01", "2008-11-20", CRASH, 58.0, -0.28),
    Leg("2008-11-21", "2008-12-31", CRASH, 45.0, -0.01),
    Leg("2009-01-01", "2009-03-09", CRASH, 44.0, -0.18),
    Leg("2009-03-10", "2009-03-31", CRASH, 42.0, 0.07),
    Leg("2011-07-01", "2011-07-22", TURBULENT, 29.0, -0.01),
    Leg("2011-07-23", "2011-08-08", TURBULENT, 31.0, -0.10),
    Leg("2011-08-09", "2011-08-31", TURBULENT, 29.0, 0.03),
    Leg("2015-08-01", "2015-08-17", TURBULENT, 29.0, -0.01),
    Leg("2015-08-18", "2015-08-25", TURBULENT, 31.0, -0.08),
    Leg("2015-08-26", "2015-09-30", TURBULENT, 29.0, 0.01),
    Leg("2018-02-01", "2018-02-08", CRASH, 60.0, -0.08),
    Leg("2018-02-09", "2018-02-28", CRASH, 41.0, 0.02),
    Leg("2020-02-20", "2020-03-12", CRASH, 60.0, -0.30),
    Leg("2020-03-13", "2020-03-23", CRASH, 62.0, -0.05),
    Leg("2020-03-24", "2020-04-08", REBOUND, 45.0, 0.20),
    Leg("2020-04-09", "2020-06-08", REBOUND, 34.0, 0.16),
    Leg("2020-06-09", "2020-06-30", REBOUND, 32.0, -0.02),
    Leg("2022-01-01", "2022-06-16", TURBULENT, 29.0, -0.22),
    Leg("2022-06-17", "2022-08-16", TURBULENT, 28.5, 0.13),
    Leg("2022-08-17", "2022-10-12", TURBULENT, 29.0, -0.16),
    Leg("2022-10-13", "2022-12-31", TURBULENT, 28.5, 0.07),
    Leg("2023-03-01", "2023-03-13", TURBULENT, 29.0, -0.04),
    Leg("2023-03-14", "2023-04-30", TURBULENT, 28.5, 0.07),
)


def simulate_events(seed: int, dates: pd.DatetimeIndex, scale: Floats) -> Economy:
    """Draw a history with the eight events, as far as they lie within the dates: whole calendar years.

    Outside the events the chain has two states, calm and normal, and a simple index return of 0.07 % a day is expected,
    so that the whole history gains about as much as the S&P 500. Within a leg the index goes to its end at an even
    pace, with noise of the size that the VIX implies, which leans back to that path. Volatility and VIX are multiplied
    by `scale`, shape (T,); ones change nothing. More years leave the first ones as they are.
    """
    noise = index_noise(seed, len(dates))
    hazards = np.where(np.isin(np.arange(len(HAZARDS)), (CALM, NORMAL)), HAZARDS, 0.0)
    state = chain(generator(seed, "simulated", "states").random(len(dates)), hazards)
    target = np.log(VOLATILITY)[state]
    growth = np.full(len(dates), np.log1p(_PREMIUM))
    for leg in LEGS:
        inside = (dates >= pd.Timestamp(leg.start)) & (dates <= pd.Timestamp(leg.end))
        state[inside] = leg.state
        target[inside] = np.log(leg.vix / (100 * VIX_PREMIUM))
        growth[inside] = np.log1p(leg.index_return) / max(np.count_nonzero(inside), 1)
    event = ~np.isin(state, (CALM, NORMAL))
    noise[:, 0] = np.where(event, colour(noise[:, 0], _INERTIA, _REVERSAL), noise[:, 0])
    unrest = np.where(event, _UNREST, UNREST)
    volatility, vix = follow(target + np.log(scale), noise, float(np.log(VOLATILITY)[NORMAL]), unrest)
    return Economy(
        state=state,
        volatility=volatility,
        index_return=np.expm1(growth + volatility * DAY * noise[:, 0]),
        vix=vix,
        sector_return=sector_returns(volatility, sector_noise(seed, len(dates))),
    )
