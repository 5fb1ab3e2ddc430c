"""The structural baseline, and the closes that it reads."""

import pandas as pd

from barograph.ensemble import Structural
from barograph.market.schema import BARS, CONTEXT
from barograph.stages.stage import Stage


def build_structural(stage: Stage) -> Structural:
    """Build the baseline on the horizon and the barriers of the configured labels."""
    return Structural(stage.build("label"))


def read_closes(stage: Stage) -> "tuple[pd.DataFrame, pd.Series[float]]":
    """Give the closes by date and symbol, and those of the index by date."""
    closes = stage.read(BARS).pivot(index="date", columns="symbol", values="close")
    return closes, stage.read(CONTEXT).set_index("date")["index_close"]
