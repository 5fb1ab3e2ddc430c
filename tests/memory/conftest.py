"""Small tables with every regime in them."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd
import pytest

from barograph.archive import Archive, Detection, Shocks, archive_tables
from barograph.labels import VolatilityBarrier, label_bars
from barograph.regimes import VixPriceRegimes


@dataclass(frozen=True, eq=False)
class World:
    """Tables of a small market of four symbols, and its archive's configuration."""

    labels: pd.DataFrame
    regimes: pd.DataFrame
    config: Archive
    bars: pd.DataFrame

    @property
    def events(self) -> pd.DataFrame:
        return self.tables[0]

    @property
    def archive(self) -> pd.DataFrame:
        return self.tables[1]

    @cached_property
    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return archive_tables(self.labels, self.regimes, self.bars, self.config, VixPriceRegimes())


@cache
def make_world(end: str = "2012-12-31") -> World:
    """Build the world up to a date, once: nobody may change it. Later rows never change earlier ones."""
    dates = pd.bdate_range("2003-01-01", "2014-12-31").astype("datetime64[us]")
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (dates.size, 4)), axis=0))
    bars = pd.concat(
        [
            pd.DataFrame({"symbol": name, "date": dates, "close": close[:, i], "volume": 1.0})
            for i, name in enumerate("ABCD")
        ],
        ignore_index=True,
    )
    blocks = np.arange(dates.size) // 40 % 12
    names = np.array(["low_volatility", "normal", "normal", "normal", "high_volatility", "low_volatility"] * 2)
    regime = names[blocks].astype(object)
    regime[(blocks == 6) & (dates.year >= 2005)] = "crash"
    regime[(blocks == 7) & (dates.year >= 2005)] = "recovery"
    regimes = pd.DataFrame({"date": dates, "regime": regime.astype(str), "vix": 32.0, "index_return_10": 0.01})
    kept = bars[bars["date"] <= end].reset_index(drop=True)
    labels = label_bars(kept, VolatilityBarrier(horizon=14, width=1.0, window=20))
    return World(labels, regimes[regimes["date"] <= end].reset_index(drop=True), EVENTS, kept)


EVENTS = Archive(
    events={
        "first": {"start": "2005-03-01", "end": "2005-04-29", "regime": "crash", "weight": 0.5},
        "second": {"start": "2008-10-01", "end": "2008-12-12", "regime": "crash", "weight": 0.3},
        "third": {"start": "2009-05-01", "end": "2009-06-30", "regime": "recovery", "weight": 0.2},
    },
    detection=Detection(
        gap_days=5, min_days=5, extreme_vix=30.0, shocks=Shocks(sigmas=3.0, window=40, volume_ratio=1.0, days=5)
    ),
    detected_weight=0.1,
    same_event_days=10,
)


@pytest.fixture(scope="session")
def world() -> World:
    return make_world()
