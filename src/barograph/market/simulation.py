"""The equations of the simulated market: a Markov chain of states, an index, its VIX, and stocks."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.randomness import generator

Floats = NDArray[np.float64]

CALM, NORMAL, TURBULENT, CRASH, REBOUND = range(5)
RSI_WINDOW: Final = 14
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

# A row a state, a column the next day's state; the diagonal takes the rest.
_HAZARDS: Final = np.array(
    [
        [0.0, 1 / 120, 1 / 1000, 1 / 2000, 0.0],
        [1 / 110, 0.0, 1 / 140, 1 / 700, 0.0],
        [0.0, 1 / 35, 0.0, 1 / 70, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1 / 22],
        [0.0, 1 / 50, 1 / 50, 0.0, 0.0],
    ]
)
_VOLATILITY: Final = np.array([0.09, 0.15, 0.26, 0.50, 0.32])
_PREMIUM: Final = 0.0004
_CRASH_JUMP: Final = -0.08
_REBOUND_JUMP: Final = 0.08
_VIX_PREMIUM: Final = 1.12
_LIMIT: Final = 4.0
_SECTOR_SHARE: Final = 0.4
_DAY: Final = 1 / np.sqrt(252)


@dataclass(frozen=True)
class Economy:
    """What all stocks share; each array of shape (T,) but the last.

    Attributes
    ----------
    state : ndarray of int
        0 calm, 1 normal, 2 turbulent, 3 crash, 4 rebound.
    volatility : ndarray
        Annual standard deviation of the index's own noise that day, known the day before save for a change of state.
    index_return : ndarray
        Simple.
    vix : ndarray
        Points.
    sector_return : ndarray of shape (T, 11)
        Simple, over the index.
    """

    state: NDArray[np.intp]
    volatility: Floats
    index_return: Floats
    vix: Floats
    sector_return: Floats


@dataclass(frozen=True)
class Stock:
    """Bars of one stock, arrays of shape (T,): prices, and shares traded."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


def simulate_economy(seed: int, days: int) -> Economy:
    """Draw states, volatility, the index and the VIX.

    Expected simple index returns are the same in every state: the fall on the day a crash begins and the rise on the
    day it turns are balanced by the drift of the days on which they could have come and did not.

    Parameters
    ----------
    seed : int
    days : int
        More days leave the first ones as they are.

    Returns
    -------
    Economy
    """
    uniform = generator(seed, "simulated", "states").random(days)
    noise = generator(seed, "simulated", "index").standard_normal((days, 3)).clip(-_LIMIT, _LIMIT)
    state = _chain(uniform)
    before = np.concatenate([[NORMAL], state[:-1]])
    drift = _PREMIUM - _HAZARDS[:, CRASH] * _CRASH_JUMP - _HAZARDS[:, REBOUND] * _REBOUND_JUMP
    jump = np.where((state == CRASH) & (before != CRASH), _CRASH_JUMP, 0.0)
    jump += np.where((state == REBOUND) & (before != REBOUND), _REBOUND_JUMP, 0.0)
    volatility, ahead = _volatility(state, noise[:, 0], noise[:, 1])
    sectors = generator(seed, "simulated", "sectors").standard_normal((days, len(SECTORS))).clip(-_LIMIT, _LIMIT)
    return Economy(
        state=state,
        volatility=volatility,
        index_return=drift[before] + jump + volatility * _DAY * noise[:, 0],
        vix=100 * _VIX_PREMIUM * ahead * np.exp(0.03 * noise[:, 2]),
        sector_return=_SECTOR_SHARE * volatility[:, None] * _DAY * sectors,
    )


def _chain(uniform: Floats) -> NDArray[np.intp]:
    # The hazards of leaving come first, so a uniform beyond their sum means staying.
    thresholds = np.cumsum(_HAZARDS, axis=1)
    states = np.empty(len(uniform), dtype=np.intp)
    state = NORMAL
    for day, draw in enumerate(uniform):
        target = int(np.searchsorted(thresholds[state], draw, side="right"))
        state = target if target < len(_HAZARDS) else state
        states[day] = state
    return states


def _volatility(state: NDArray[np.intp], shock: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Give the volatility of each day's return, and the one expected after it; falls of the index raise the latter."""
    today, ahead = np.empty(len(state)), np.empty(len(state))
    levels = np.log(_VOLATILITY)
    news = 0.05 * (0.8 * own - 0.6 * shock)
    log_volatility = float(levels[NORMAL])
    for day, regime in enumerate(state):
        target = levels[regime]
        speed = 0.35 if target > log_volatility else 0.10
        log_volatility += speed * (target - log_volatility)
        today[day] = log_volatility
        log_volatility += news[day]
        ahead[day] = log_volatility
    return np.exp(today), np.exp(ahead)


def simulate_closes(seed: int, economy: Economy, symbols: int, signal: float) -> Floats:
    """Draw the closes of all stocks, the planted signal in them.

    Parameters
    ----------
    seed : int
    economy : Economy
        T days.
    symbols : int
        More stocks leave the first ones as they are.
    signal : float
        In [0, 1); see :class:`~barograph.market.Simulated`.

    Returns
    -------
    ndarray of shape (T, symbols)
        Positive.
    """
    days = len(economy.state)
    noise, beta, own, price = np.empty((days, symbols)), np.empty(symbols), np.empty(symbols), np.empty(symbols)
    for stock in range(symbols):
        traits = generator(seed, "simulated", "traits", stock)
        beta[stock], own[stock], price[stock] = traits.uniform((0.7, 0.16, 20.0), (1.3, 0.30, 120.0))
        noise[:, stock] = generator(seed, "simulated", "closes", stock).standard_normal(days)
    noise = noise.clip(-_LIMIT, _LIMIT)
    own_volatility = own * np.sqrt(economy.volatility / _VOLATILITY[NORMAL])[:, None] * _DAY
    sector = economy.sector_return[:, np.arange(symbols) % len(SECTORS)]
    shared = beta * economy.index_return[:, None] + sector
    return _closes(price, shared, own_volatility, noise, signal)


def _closes(price: Floats, shared: Floats, own_volatility: Floats, noise: Floats, signal: float) -> Floats:
    closes = np.empty_like(noise)
    gain, loss = np.zeros_like(price), np.zeros_like(price)
    kept = np.sqrt(1 - signal**2)
    for day in range(len(noise)):
        score = _score(gain, loss) if day > RSI_WINDOW else 0.0
        change = price * (shared[day] + own_volatility[day] * (signal * score + kept * noise[day]))
        if day == 0:
            change = np.zeros_like(price)
        price = price + change
        closes[day] = price
        # Wilder's averages start as the plain mean of the first changes.
        weight = 1 / min(max(day, 1), RSI_WINDOW)
        gain = gain + weight * (np.maximum(change, 0) - gain)
        loss = loss + weight * (np.maximum(-change, 0) - loss)
    return closes


def _score(gain: Floats, loss: Floats) -> Floats:
    return reversal_score(100 * gain / (gain + loss))


def reversal_score(rsi: Floats) -> Floats:
    """Give the planted score of the relative strength index over 14 days.

    Parameters
    ----------
    rsi : ndarray
        Wilder's, 0 to 100, of the symbol's own closes up to that day.

    Returns
    -------
    ndarray
        In [-2, 2], positive after falls: (50 - RSI) / 12, clipped; of about unit variance where nothing is planted.
    """
    return np.clip((50 - rsi) / 12, -2, 2)


def complete_bars(seed: int, stock: int, economy: Economy, close: Floats) -> Stock:
    """Draw open, high, low and volume around the closes of one stock.

    Parameters
    ----------
    seed, stock : int
    economy : Economy
        T days.
    close : ndarray of shape (T,)

    Returns
    -------
    Stock
        Low to high holds open and close; volumes are whole numbers, larger on days of large moves and in turbulence.
    """
    noise = generator(seed, "simulated", "bars", stock).standard_normal((len(close), 4)).clip(-_LIMIT, _LIMIT)
    daily = 1.5 * economy.volatility * _DAY
    previous = np.concatenate([close[:1], close[:-1]])
    move = np.log(close / previous)
    opened = previous * np.exp(0.3 * move + 0.25 * daily * noise[:, 0])
    high = np.maximum(opened, close) * np.exp(0.4 * daily * np.abs(noise[:, 1]))
    low = np.minimum(opened, close) * np.exp(-0.4 * daily * np.abs(noise[:, 2]))
    size = generator(seed, "simulated", "size", stock).uniform(13.0, 16.0)
    busy = 0.5 * np.log(economy.volatility / _VOLATILITY[NORMAL]) + 0.25 * np.minimum(np.abs(move) / daily, _LIMIT)
    return Stock(opened, high, low, close, np.round(np.exp(size + busy + 0.25 * noise[:, 3])))
