"""Markets of a stated kind each: their figures, and the index and the stocks that keep to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from barograph.market.simulation.economy import (
    DAY,
    NORMAL,
    VIX_PREMIUM,
    Economy,
    follow,
    index_noise,
    sector_noise,
    sector_returns,
)
from barograph.market.simulation.stocks import simulate_closes
from barograph.typing import Floats

PresetName = Literal["bull", "bear", "high_volatility", "low_volatility", "trending", "mean_reverting"]

# Volatility rises faster than it falls and the VIX is the exponential of a noise: both lift the mean over the target.
_LIFT: Final = 1.04
_UNREST: Final = 0.04
_LEFT_OF_A_YEAR: Final = 0.25


@dataclass(frozen=True)
class Preset:
    """The figures to which a market of a kind keeps.

    They are the return of the index, compounded over 252 days, the mean of the VIX in points, the share of right signs
    of the signal ``ml``, and the coefficients a (inertia) and b (reversal) of the noise x(t) = a x(t-1) + e(t) +
    b e(t-1), of index, sectors and stocks alike.
    """

    annual_return: float
    vix: float
    accuracy: float
    inertia: float = 0.0
    reversal: float = 0.0


PRESETS: Final[dict[PresetName, Preset]] = {
    "bull": Preset(annual_return=0.20, vix=15.0, accuracy=0.80),
    "bear": Preset(annual_return=-0.075, vix=28.0, accuracy=0.65),
    "high_volatility": Preset(annual_return=0.05, vix=39.0, accuracy=0.60),
    "low_volatility": Preset(annual_return=0.10, vix=11.0, accuracy=0.85),
    "trending": Preset(annual_return=0.10, vix=18.0, accuracy=0.82, inertia=0.9, reversal=-0.8),
    "mean_reverting": Preset(annual_return=0.03, vix=18.0, accuracy=0.68, inertia=0.6, reversal=-0.8),
}


def simulate_preset_economy(seed: int, preset: Preset, dates: pd.DatetimeIndex) -> Economy:
    """Draw an index, a VIX and sectors that keep to a preset; the state is the normal one throughout.

    The dates are whole calendar years; more of them leave the first ones as they are.
    """
    noise = index_noise(seed, len(dates))
    level = float(np.log(preset.vix / (100 * VIX_PREMIUM * _LIFT)))
    volatility, vix = follow(np.full(len(dates), level), noise, level, np.full(len(dates), _UNREST))
    moves = volatility * DAY * colour(noise[:, 0], preset.inertia, preset.reversal)
    return Economy(
        state=np.full(len(dates), NORMAL, dtype=np.intp),
        volatility=volatility,
        index_return=np.expm1(np.log1p(preset.annual_return) * DAY**2 + _settle(moves, dates)),
        vix=vix,
        sector_return=sector_returns(volatility, _texture(preset, dates)(sector_noise(seed, len(dates)))),
    )


def simulate_preset_closes(
    seed: int, preset: Preset, economy: Economy, symbols: int, dates: pd.DatetimeIndex
) -> Floats:
    """Draw the closes of stocks whose specific returns have the preset's texture; shape (T, symbols)."""
    return simulate_closes(seed, economy, symbols, np.zeros(len(dates)), _texture(preset, dates))


def _texture(preset: Preset, dates: pd.DatetimeIndex) -> Callable[[Floats], Floats]:
    return lambda white: _settle(colour(white, preset.inertia, preset.reversal), dates)


def _settle(moves: Floats, dates: pd.DatetimeIndex) -> Floats:
    """Take three quarters of every calendar year's sum out of its moves, the same on every day of the year."""
    settled = moves.copy()
    for year in np.unique(dates.year):
        inside = dates.year == year
        days = settled[inside]
        # A cumulative sum adds day after day, however many columns there are; a sum may not.
        settled[inside] = days - (1 - _LEFT_OF_A_YEAR) * np.cumsum(days, axis=0)[-1] / len(days)
    return settled


def colour(white: Floats, inertia: float, reversal: float) -> Floats:
    """Filter standard normal noise along its first axis to x(t) = a x(t-1) + e(t) + b e(t-1), scaled to unit variance.

    With inertia *a*, in (-1, 1), and reversal *b* the autocorrelation is :math:`(1 + ab)(a + b) / (1 + 2ab + b^2)` at
    one day, falling by *a* a day (Box and Jenkins, *Time Series Analysis*, 1970, section 3.4.3).
    """
    coloured = white.copy()
    for day in range(1, len(white)):
        coloured[day] = inertia * coloured[day - 1] + white[day] + reversal * white[day - 1]
    coloured /= np.sqrt((1 + 2 * inertia * reversal + reversal**2) / (1 - inertia**2))
    return coloured
