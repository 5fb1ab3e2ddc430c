"""The stocks: closes with a planted signal, and bars around them."""

from collections.abc import Callable
from typing import Final

import numpy as np

from barograph.market.simulation.economy import DAY, LIMIT, NORMAL, SECTORS, VOLATILITY, Economy
from barograph.randomness import generator
from barograph.typing import Floats

_RSI_WINDOW: Final = 14


def simulate_closes(
    seed: int, economy: Economy, symbols: int, signal: Floats, texture: Callable[[Floats], Floats] | None = None
) -> Floats:
    """Draw the closes of all stocks, shape (T, symbols), with the planted signal.

    The signal, shape (T,), in (-1, 1), is the strength of the relation with that day's return; see
    :class:`~barograph.market.Simulated`. The texture turns white noise, shape (T, symbols), into the noise of the
    stocks' specific returns, column by column. More stocks leave the first ones as they are.
    """
    beta, specific, price = np.empty(symbols), np.empty(symbols), np.empty(symbols)
    noise = np.empty((symbols, len(economy.state)))
    for stock in range(symbols):
        traits = generator(seed, "simulated", "traits", stock)
        beta[stock], specific[stock], price[stock] = traits.uniform((0.7, 0.16, 20.0), (1.3, 0.30, 120.0))
        white = generator(seed, "simulated", "closes", stock).standard_normal(len(economy.state))
        noise[stock] = white.clip(-LIMIT, LIMIT)
    by_day = np.ascontiguousarray(noise.T)
    return _closes(economy, beta, specific, price, texture(by_day) if texture else by_day, signal)


def _closes(economy: Economy, beta: Floats, specific: Floats, price: Floats, noise: Floats, signal: Floats) -> Floats:
    closes = np.empty_like(noise)
    gain, loss = np.zeros_like(price), np.zeros_like(price)
    kept = np.sqrt(1 - signal**2)
    growth = np.sqrt(economy.volatility / VOLATILITY[NORMAL])
    sector = np.arange(len(price)) % len(SECTORS)
    for day in range(len(noise)):
        score = _score(gain, loss) if day > _RSI_WINDOW else 0.0
        shared = beta * economy.index_return[day] + economy.sector_return[day, sector]
        change = price * (shared + specific * growth[day] * DAY * (signal[day] * score + kept[day] * noise[day]))
        if day == 0:
            change = np.zeros_like(price)
        price = price + change
        closes[day] = price
        # Wilder's averages start as the plain mean of the first changes.
        weight = 1 / min(max(day, 1), _RSI_WINDOW)
        gain = gain + weight * (np.maximum(change, 0) - gain)
        loss = loss + weight * (np.maximum(-change, 0) - loss)
    return closes


def _score(gain: Floats, loss: Floats) -> Floats:
    """Give the planted score of Wilder's averages: positive after falls, of about unit variance without a signal."""
    rsi = 100 * gain / (gain + loss)
    return np.clip((50 - rsi) / 12, -2, 2)


def complete_bars(seed: int, stock: int, economy: Economy, close: Floats) -> Floats:
    """Draw bars around the closes of a stock, shape (T,); give open, high, low, close and volume, shape (5, T).

    Low to high contains open and close. Volumes are whole numbers, larger on days of large moves and in turbulence.
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
    return np.stack([opened, high, low, close, np.round(np.exp(size + busy + 0.25 * noise[:, 3]))])
