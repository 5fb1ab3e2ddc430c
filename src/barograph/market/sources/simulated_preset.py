"""Simulated markets of a stated kind, with signals of stated accuracy, for tests of strategies."""

from pydantic.dataclasses import dataclass

from barograph.market.data import MarketData
from barograph.market.simulation import (
    PRESETS,
    PresetName,
    foresee,
    simulate_preset_closes,
    simulate_preset_economy,
    to_tables,
)
from barograph.market.sources.simulated import SimulatedSource
from barograph.typing import STRICT


@dataclass(frozen=True, config=STRICT)
class SimulatedPreset(SimulatedSource):
    """A market that stays of one kind: bull, bear, high or low volatility, trending or mean-reverting.

    ==================  =============  ====  ==============  ==========================  ======================
    preset              return a year  VIX   accuracy of ml  autocorrelation at one day  variance ratio, 10 days
    ==================  =============  ====  ==============  ==========================  ======================
    ``bull``                   +20 %   15             80 %                         0.00                    1.0
    ``bear``                  -7.5 %   28             65 %                         0.00                    1.0
    ``high_volatility``         +5 %   39             60 %                         0.00                    1.0
    ``low_volatility``         +10 %   11             85 %                         0.00                    1.0
    ``trending``               +10 %   18             82 %                        +0.13                    1.8
    ``mean_reverting``          +3 %   18             68 %                        -0.15                    0.4
    ==================  =============  ====  ==============  ==========================  ======================

    Return, autocorrelation and variance ratio are the index's; those of the stocks, of a beta of 0.7 to 1.3 and with
    specific and sector parts of that texture, are near them. The VIX is a mean: at high volatility it stays above 30,
    at low volatility below 15, on nearly every day. The index's daily volatility is the VIX's, over 1.12. So that a
    sample of a few years keeps to its figures, three quarters of every calendar year's sum of noise are taken out, of
    index, sectors and stocks: annual index returns scatter by about a quarter of the volatility, and towards the end of
    a year its return so far says a little of what is left. More years or symbols leave the earlier rows as they are.

    **The signal ``ml``**, with `signals`, has the sign of the stock's return over the next five sessions (close to
    close) in the stated share of rows, exactly so in every 100 sessions of a stock, counted from its first.

    Parameters
    ----------
    preset : str
        A preset of the table.
    signals : bool
        Whether the market comes with ``ml``.
    seed : int
        Zero or more; the same seed gives the same market.
    symbols : int
        Stocks, 1 to 9,999, named S001, S002, ..., S1000, ...; sectors go round the eleven of GICS.
    first_year, years : int
        The simulated history begins with the first session of `first_year` and has `years` calendar years, at least 2.
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    start, end : str or None
        ISO dates, inclusive, to keep only this part of the history; None keeps everything.

    Warnings
    --------
    ``ml`` IS AN ORACLE. It is drawn from the future, and its `available_from` says the opposite: a simulation's licence
    that no audit of features can see through. It is there to test what a strategy makes of a signal of known quality.
    Whatever is trained on it, or scored with it, says nothing about any market.
    """

    preset: PresetName
    signals: bool

    def load(self) -> MarketData:
        """Draw and validate.

        Returns
        -------
        MarketData
            With the signal ``ml`` where `signals` asks for it, without facts.

        Raises
        ------
        InputError
            If the history reaches beyond today, or the span contains too little.
        """
        preset = PRESETS[self.preset]
        dates = self.history()
        economy = simulate_preset_economy(self.seed, preset, dates)
        closes = simulate_preset_closes(self.seed, preset, economy, self.symbols, dates)
        tables = to_tables(self.seed, economy, closes, dates)
        signals = foresee(self.seed, closes, dates, preset.accuracy) if self.signals else None
        return self.assemble(*tables, origin=f"simulated {self.preset}", signals=signals)
