"""The data that comes with the installation: 20 US stocks and the S&P 500, 1990-2022, close only."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from pydantic.dataclasses import dataclass

from barograph.market.data import MarketData
from barograph.market.loading import Source
from barograph.typing import STRICT

_COMPANIES: Final = {
    "AAPL": ("Apple", "Information Technology"),
    "AMD": ("Advanced Micro Devices", "Information Technology"),
    "BAC": ("Bank of America", "Financials"),
    "BBY": ("Best Buy", "Consumer Discretionary"),
    "CVX": ("Chevron", "Energy"),
    "GE": ("General Electric", "Industrials"),
    "HD": ("Home Depot", "Consumer Discretionary"),
    "JNJ": ("Johnson & Johnson", "Health Care"),
    "JPM": ("JPMorgan Chase", "Financials"),
    "KO": ("Coca-Cola", "Consumer Staples"),
    "LLY": ("Eli Lilly", "Health Care"),
    "MRK": ("Merck", "Health Care"),
    "MSFT": ("Microsoft", "Information Technology"),
    "PEP": ("PepsiCo", "Consumer Staples"),
    "PFE": ("Pfizer", "Health Care"),
    "PG": ("Procter & Gamble", "Consumer Staples"),
    "RRC": ("Range Resources", "Energy"),
    "UNH": ("UnitedHealth Group", "Health Care"),
    "WMT": ("Walmart", "Consumer Staples"),
    "XOM": ("Exxon Mobil", "Energy"),
}
_NOTE: Final = (
    "The bundled data are adjusted closes of 20 survivors, without open, high, low or volume, and end in December 2022."
)


@dataclass(frozen=True, config=STRICT)
class Bundled(Source):
    """Daily adjusted closes of 20 US stocks and the S&P 500, 1990-01-02 to 2022-12-28, from skfolio's wheel.

    Nothing is downloaded. Open, high, low and volume are null; the VIX is an estimate, flagged as such.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars; the dates are those of ``XNYS``.
    start, end : str or None
        ISO dates, inclusive, for bars and context; None keeps everything.

    Warnings
    --------
    The 20 stocks are large companies that survived until 2022: returns of this universe flatter every strategy.
    """

    def load(self) -> MarketData:
        """Load and validate.

        Returns
        -------
        MarketData
            Without facts and signals.

        Raises
        ------
        InputError
            If the span contains too little.
        """
        from skfolio.datasets import load_sp500_dataset, load_sp500_index

        index = load_sp500_index()
        context = pd.DataFrame({"date": index.index, "index_close": index["SP500"].to_numpy()})
        companies = [(symbol, *company) for symbol, company in _COMPANIES.items()]
        universe = pd.DataFrame(companies, columns=["symbol", "name", "gics_sector"])
        data = self.assemble(_long(load_sp500_dataset()), context, universe, origin="bundled")
        return replace(data, notes=[_NOTE, *data.notes])


def _long(closes: pd.DataFrame) -> pd.DataFrame:
    dates, symbols = closes.shape
    return pd.DataFrame(
        {
            "symbol": np.repeat(closes.columns.to_numpy(), dates),
            "date": np.tile(closes.index.to_numpy(), symbols),
            "close": closes.to_numpy().T.ravel(),
        }
    ).assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)
