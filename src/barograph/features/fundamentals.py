"""Fundamentals: ratios of the company as published, joined as of the day on which they became available."""

from functools import partial
from typing import Final

import numpy as np

from barograph.features import registration
from barograph.features.asof import FUNDAMENTALS, FUNDAMENTALS_STALE_AFTER
from barograph.features.cross_section import sector_rank
from barograph.features.registration import SHARE, Array, over_changes

feature = partial(registration.feature, family="fundamentals")

_FOLLOWED: Final = (
    *("return_on_equity", "debt_to_equity", "profit_margin", "operating_margin"),
    *("eps_growth", "revenue_growth"),
)
"""Fields that move with the statements rather than with the price."""

_COMPARED: Final = {
    "earnings_yield": "earnings_yield",
    "free_cash_flow_yield": "free_cash_flow_yield_asof",
    "return_on_equity": "return_on_equity_asof",
}
"""What is ranked within the sector, and the feature that gives it."""


def level(values: Array) -> Array:
    """Newest {input} available at the close of the date, as published."""
    return values


for _field in FUNDAMENTALS:
    feature(f"{_field}_asof", inputs=(_field,), lookback=0)(level)


@feature("earnings_yield", inputs=("pe_ratio",), lookback=0, source="Basu (1977), Journal of Finance 32(3)")
def earnings_yield(pe_ratio: Array) -> Array:
    """1 / pe_ratio: unlike P/E it stays in order when earnings turn negative."""
    return 1.0 / pe_ratio


def change(values: Array, window: int) -> Array:
    """{input}_t - {input}_(t-{window}), each as it was known then."""
    result = np.full(values.size, np.nan)
    result[window:] = values[window:] - values[:-window]
    return result


for _field in _FOLLOWED:
    feature(f"{_field}_change_{{window}}", inputs=(_field,), lookback=over_changes, windows=(252,))(change)


@feature("days_since_report", inputs=("eps_growth_age",), lookback=0, range=(0.0, FUNDAMENTALS_STALE_AFTER))
def days_since_report(age: Array) -> Array:
    """Calendar days since the newest eps_growth became available."""
    return age


for _name, _input in _COMPARED.items():
    feature(
        f"sector_rank_{_name}",
        inputs=(_input, "gics_sector"),
        lookback=0,
        scope="panel",
        range=SHARE,
        source="Asness, Porter & Stevens (2000), Predicting Stock Returns Using Industry-Relative Firm Characteristics",
    )(sector_rank)
