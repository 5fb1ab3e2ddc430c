"""The stocks: closes with a planted signal, and bars around them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.market.simulation.economy import DAY, LIMIT, NORMAL, SECTORS, VOLATILITY, Economy
from barograph.randomness import generator
from barograph.typing import Floats

RSI_WINDOW: Final = 14


@dataclass(frozen=True)
class Stock:
    """Bars of one stock, arrays of shape (T,): prices, and shares traded."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


def unchanged(noise: Floats) -> Floats:
    """Give white noise back as it is."""
    return noise


def simulate_closes(
    seed: int, economy: Economy, symbols: int, signal: Floats, texture: Callable[[Floats], Floats] = unchanged
) -> Floats:
    """Draw the closes of all stocks, the planted signal in them.

    Parameters
    ----------
    seed : int
    economy : Economy
        T days.
    symbols : int
        More stocks leave the first ones as they are.
    signal : ndarray of shape (T,)
        In (-1, 1), the strength of the relation with that day's return; see :class:`~barograph.market.Simulated`.
    texture : callable, optional
        From white noise, shape (T, symbols), to the noise of the stocks' own returns; column by column.

    Returns
    -------
    ndarray of shape (T, symbols)
        Positive.
    """
    beta, own, price = np.empty(symbols), np.empty(symbols), np.empty(symbols)
    noise = np.empty((symbols, len(economy.state)))
    for stock in range(symbols):
        traits = generator(seed, "simulated", "traits", stock)
        beta[stock], own[stock], price[stock] = traits.uniform((0.7, 0.16, 20.0), (1.3, 0.30, 120.0))
        white = generator(seed, "simulated", "closes", stock).standard_normal(len(economy.state))
        noise[stock] = white.clip(-LIMIT, LIMIT)
    return _closes(economy, beta, own, price, texture(np.ascontiguousarray(noise.T)), signal)


def _closes(economy: Economy, beta: Floats, own: Floats, price: Floats, noise: Floats, signal: Floats) -> Floats:
    closes = np.empty_like(noise)
    gain, loss = np.zeros_like(price), np.zeros_like(price)
    kept = np.sqrt(1 - signal**2)
    growth = np.sqrt(economy.volatility / VOLATILITY[NORMAL])
    sector = np.arange(len(price)) % len(SECTORS)
    for day in range(len(noise)):
        score = _score(gain, loss) if day > RSI_WINDOW else 0.0
        shared = beta * economy.index_return[day] + economy.sector_return[day, sector]
        change = price * (shared + own * growth[day] * DAY * (signal[day] * score + kept[day] * noise[day]))
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
    noise = generator(seed, "simulated", "bars", stock).standard_normal((len(close), 4)).clip(-LIMIT, LIMIT)
    daily = 1.5 * economy.volatility * DAY
    previous = np.concatenate([close[:1], close[:-1]])
    move = np.log(close / previous)
    opened = previous * np.exp(0.3 * move + 0.25 * daily * noise[:, 0])
    high = np.maximum(opened, close) * np.exp(0.4 * daily * np.abs(noise[:, 1]))
    low = np.minimum(opened, close) * np.exp(-0.4 * daily * np.abs(noise[:, 2]))
    size = generator(seed, "simulated", "size", stock).uniform(13.0, 16.0)
    busy = 0.5 * np.log(economy.volatility / VOLATILITY[NORMAL]) + 0.25 * np.minimum(np.abs(move) / daily, LIMIT)
    return Stock(opened, high, low, close, np.round(np.exp(size + busy + 0.25 * noise[:, 3])))
