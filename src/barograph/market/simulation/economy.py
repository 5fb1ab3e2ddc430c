"""The economy that all stocks share: a Markov chain of states, the index, its volatility, the VIX, and the sectors."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.randomness import generator
from barograph.typing import Floats, Rows

CALM, NORMAL, TURBULENT, CRASH, REBOUND = range(5)
SECTORS: Final = (
    "Information Technology",
    "Health Care",
    "Financials",
    "Consumer Discretionary",
    "Industrials",
    "Communication Services",
    "Consumer Staples",
    "Energy",
    "Utilities",
    "Materials",
    "Real Estate",
)
VOLATILITY: Final = np.array([0.09, 0.15, 0.26, 0.50, 0.32])
PREMIUM: Final = 0.0004
VIX_PREMIUM: Final = 1.12
LIMIT: Final = 4.0
UNREST: Final = 0.05
DAY: Final = 1 / np.sqrt(252)

# A row for each state, a column for the next day's state; the diagonal takes the rest.
HAZARDS: Final = np.array(
    [
        [0.0, 1 / 120, 1 / 1000, 1 / 2000, 0.0],
        [1 / 110, 0.0, 1 / 140, 1 / 700, 0.0],
        [0.0, 1 / 35, 0.0, 1 / 70, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1 / 22],
        [0.0, 1 / 50, 1 / 50, 0.0, 0.0],
    ]
)
_CRASH_JUMP: Final = -0.08
_REBOUND_JUMP: Final = 0.08
_SECTOR_SHARE: Final = 0.4


@dataclass(frozen=True)
class Economy:
    """The series that all stocks share, each of shape (T,) but the last, which has shape (T, 11).

    The states are 0 calm, 1 normal, 2 turbulent, 3 crash and 4 rebound. The volatility is the annual standard deviation
    of the index's noise that day, known the day before save for a change of state. Returns are simple, those of the
    sectors over the index; the VIX is in points.
    """

    state: Rows
    volatility: Floats
    index_return: Floats
    vix: Floats
    sector_return: Floats


def simulate_economy(seed: int, scale: Floats) -> Economy:
    """Draw states, volatility, the index and the VIX.

    Expected simple index returns are the same in every state: the fall on the day a crash begins and the rise on the
    day it turns are balanced by the drift of the days on which they could have come and did not. The volatility of the
    states is multiplied by `scale`, shape (T,); ones change nothing. More days leave the first ones as they are.
    """
    days = len(scale)
    noise = index_noise(seed, days)
    state = chain(generator(seed, "simulated", "states").random(days), HAZARDS)
    before = np.concatenate([[NORMAL], state[:-1]])
    drift = PREMIUM - HAZARDS[:, CRASH] * _CRASH_JUMP - HAZARDS[:, REBOUND] * _REBOUND_JUMP
    jump = np.where((state == CRASH) & (before != CRASH), _CRASH_JUMP, 0.0)
    jump += np.where((state == REBOUND) & (before != REBOUND), _REBOUND_JUMP, 0.0)
    levels = np.log(VOLATILITY)
    volatility, vix = follow(levels[state] + np.log(scale), noise, float(levels[NORMAL]), np.full(days, UNREST))
    return Economy(
        state=state,
        volatility=volatility,
        index_return=drift[before] + jump + volatility * DAY * noise[:, 0],
        vix=vix,
        sector_return=sector_returns(volatility, sector_noise(seed, days)),
    )


def index_noise(seed: int, days: int) -> Floats:
    """Draw the noise of the index, of its volatility and of its VIX: shape (days, 3), standard normal, cut at 4."""
    return generator(seed, "simulated", "index").standard_normal((days, 3)).clip(-LIMIT, LIMIT)


def sector_noise(seed: int, days: int) -> Floats:
    """Draw the noise of the sectors: shape (days, 11), standard normal, cut at 4."""
    return generator(seed, "simulated", "sectors").standard_normal((days, len(SECTORS))).clip(-LIMIT, LIMIT)


def sector_returns(volatility: Floats, noise: Floats) -> Floats:
    """Give the sectors' simple returns over the index, of four tenths of its volatility."""
    returns: Floats = _SECTOR_SHARE * volatility[:, None] * DAY * noise
    return returns


def chain(uniform: Floats, hazards: Floats) -> Rows:
    """Walk through the states from the normal one by T uniform draws in [0, 1).

    The hazards, shape (S, S), are daily probabilities of leaving a row's state for a column's; the diagonal is zero.
    """
    # The hazards of leaving come first, so a uniform beyond their sum means staying.
    thresholds = np.cumsum(hazards, axis=1)
    states = np.empty(len(uniform), dtype=np.intp)
    state = NORMAL
    for day, draw in enumerate(uniform):
        target = int(np.searchsorted(thresholds[state], draw, side="right"))
        state = target if target < len(hazards) else state
        states[day] = state
    return states


def follow(target: Floats, noise: Floats, start: float, unrest: Floats) -> tuple[Floats, Floats]:
    """Let volatility follow its target, faster up than down, with news besides; falls of the index raise it.

    Parameters
    ----------
    target : ndarray of shape (T,)
        Natural logarithm of annual volatility; `start` is that before the first day.
    noise : ndarray of shape (T, 3)
        Of the index, of volatility and of the VIX, standard normal.
    unrest : ndarray of shape (T,)
        Standard deviation of the news of volatility's logarithm.

    Returns
    -------
    volatility, vix : ndarray of shape (T,)
        Annual, of that day's return; points: 1.12 times the volatility expected after the day, with 3 % noise.
    """
    today, ahead = np.empty(len(target)), np.empty(len(target))
    news = unrest * (0.8 * noise[:, 1] - 0.6 * noise[:, 0])
    log_volatility = start
    for day, level in enumerate(target):
        speed = 0.35 if level > log_volatility else 0.10
        log_volatility += speed * (level - log_volatility)
        today[day] = log_volatility
        log_volatility += news[day]
        ahead[day] = log_volatility
    return np.exp(today), 100 * VIX_PREMIUM * np.exp(ahead) * np.exp(0.03 * noise[:, 2])
