"""What is missing, constant or suspended in the middle of a series: nothing infinite, nothing stuck, all back in time.

One symbol of the random market is damaged from row 500 on, and every feature of the catalogue is compared with that of
the market left whole.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from barograph.features import Feature, catalogue, compute
from barograph.features.registration import DERIVED, find

from .markets import Market, everything, random_market

FIRST, LENGTH, DAYS = 500, 100, 1400
PRICES = ["open", "high", "low", "close"]
HURT = "S01"

RECURSIVE = re.compile(
    r"((weekly_|monthly_|rank_)?(adx|macd|rsi|stochrsi|di|sar_dist|ema_dist|dema_dist|tema_dist|kama_dist|trix|ppo|tsi"
    r"|streak|natr|keltner|squeeze|ewm_vol|shock|adosc|pvo|force)_\d+|streak)"
)
"""Features that remember more than a window, ever more faintly: Wilder's averages, exponential means, runs, stops."""

PERIOD = {"weekly": 5, "monthly": 23}
"""Bars by which a window of completed periods may reach back further than its lookback, which is the least."""


AT_REST = {
    **{"willr_14": (13, -50.0), "stoch_14_3_3_k": (15, 50.0), "stoch_14_3_3_d": (17, 50.0), "cci_20": (19, 0.0)},
    **{"ultosc_7_14_28": (27, 50.0), "mfi_14": (14, 50.0), "cmo_20": (19, 0.0), "bop_14": (13, 0.0)},
    **{"stochrsi_14_14_3_k": (14, 50.0), "stochrsi_14_14_3_d": (16, 50.0), "up_share_21": (20, 0.5)},
    **{"ret_21": (20, 0.0), "vol_21": (20, 0.0), "obv_21": (20, 0.0), "cmf_20": (19, 0.0)},
}
"""What the catalogue says of windows in which the price did not move, and bars of rest after which they have none else.

The first bar at rest stands where the close before it stood.
"""

UNDEFINED = {"donchian_20": 19, "bb_20_position": 19, "efficiency_20": 19, "r2_20": 19}
"""Features that have no value then, and the bars of rest after which they have none."""


NEVER_MOVED = {
    100.0: "aroon_25_up aroon_25_down aroon_100_up aroon_100_down",
    50.0: "rsi_2 rsi_7 rsi_14 rsi_28 stochrsi_14_14_3_k stochrsi_14_14_3_d stoch_14_3_3_k stoch_14_3_3_d mfi_14 mfi_42 "
    "ultosc_7_14_28 weekly_rsi_14 monthly_rsi_12",
    0.5: "up_share_21 up_share_63 up_share_252 weekly_up_share_26 monthly_up_share_12",
    -50.0: "willr_14",
    np.nan: "r2_20 r2_60 r2_120 efficiency_20 efficiency_60 donchian_20 donchian_55 donchian_252 vortex_14 tsi_25_13 "
    "sharpe_63 sharpe_252 vol_ratio_5_63 vol_ratio_21_252 shock_32 vol_of_vol_63 vol_of_vol_252 downside_share_63 "
    "skew_63 kurt_63 skew_252 kurt_252 leverage_252 bb_20_position jump_21 jump_63 drawdown_252_depth "
    "overnight_share_63 range_vol_ratio_21 range_ratio_5_63 chop_14 keltner_20 squeeze_20 close_location_1 volume_z_21 "
    "volume_z_63 volume_corr_21 volume_corr_63 volume_ret_corr_21 volume_price_corr_21 volume_price_corr_63 "
    "amihud_21_252 amihud_5_63 kyle_lambda_21_252 overnight_corr_63 hurst_252 variance_ratio_252_5 "
    "variance_ratio_252_10 variance_ratio_63_5 autocorr_63_1 autocorr_63_5 autocorr_63_10 autocorr_252_1 "
    "autocorr_252_5 autocorr_252_10 abs_autocorr_252_1 abs_autocorr_252_10 ljung_box_126_5 runs_63 dickey_fuller_63 "
    "half_life_63 dickey_fuller_252 half_life_252 weekly_donchian_26 weekly_r2_52 monthly_donchian_12",
}
"""What features of a symbol's own bars are where neither price nor volume ever moved; the others are 0."""
OF_ITS_OWN_BARS = {"trend", "momentum", "volatility", "volume", "long_range", "timeframes"}


class Damage(NamedTuple):
    """The features of a damaged market, the columns that are damaged, and the number of the last damaged bar."""

    frame: pd.DataFrame
    columns: set[str]
    last: int

    def reaches(self, entry: Feature) -> bool:
        """Tell whether a feature reads a damaged column, directly or by other features; all rest on the bars' dates."""
        if entry.scope == "date" or "date" in self.columns:
            return entry.scope != "date"
        below = [other for name in entry.inputs if (other := find(name)) is not None]
        return any(DERIVED.get(name, name) in self.columns for name in entry.inputs) or any(map(self.reaches, below))


@pytest.fixture(scope="module")
def whole() -> Market:
    return random_market(n_symbols=4, n_days=DAYS)


@pytest.fixture(scope="module")
def clean(whole: Market) -> pd.DataFrame:
    return everything(whole)


def rows(market: Market, length: int) -> pd.Index:
    start = int(np.flatnonzero(market.bars["symbol"] == HURT)[0]) + FIRST
    return market.bars.index[start : start + length]


def missing(market: Market, column: str) -> Damage:
    bars = market.bars.copy()
    bars.loc[rows(market, 1), column] = np.nan
    return Damage(everything(market._replace(bars=bars)), {column}, FIRST)


def constant(market: Market, volume: float | None) -> Damage:
    bars, at = market.bars.copy(), rows(market, LENGTH)
    bars.loc[at, PRICES] = bars.loc[at[0] - 1, "close"]
    bars.loc[at, "volume"] = bars.loc[at[0] - 1, "volume"] if volume is None else volume
    return Damage(everything(market._replace(bars=bars)), {*PRICES, "volume"}, FIRST + LENGTH - 1)


def suspended(market: Market) -> Damage:
    """Take the bars away; in the frame their rows come back as NaN, so that it lines up with the whole one."""
    bars = market.bars.drop(index=rows(market, LENGTH)).reset_index(drop=True)
    frame = everything(market._replace(bars=bars))
    aligned = market.bars[["symbol", "date"]].merge(frame, on=["symbol", "date"], how="left")
    return Damage(aligned, {"date"}, FIRST + LENGTH - 1)


@pytest.fixture(scope="module", params=[*PRICES, "volume", "constant", "no trade", "suspended"])
def damage(request: pytest.FixtureRequest, whole: Market) -> Damage:
    if request.param == "suspended":
        return suspended(whole)
    if request.param in ("constant", "no trade"):
        return constant(whole, volume=0.0 if request.param == "no trade" else None)
    return missing(whole, request.param)


def hurt_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["symbol"] == HURT]


def traded_rows(damage: Damage) -> np.ndarray:
    """Tell in which rows the damaged symbol has a bar: the calendar's features are never missing."""
    return hurt_rows(damage.frame)["weekday_sin"].notna().to_numpy()


def pairs(damage: Damage, clean: pd.DataFrame) -> Iterator[tuple[Feature, np.ndarray, np.ndarray]]:
    hurt, healthy = hurt_rows(damage.frame), hurt_rows(clean)
    for entry in catalogue():
        if entry.name in clean:
            yield entry, hurt[entry.name].to_numpy(), healthy[entry.name].to_numpy()


def test_values_are_finite_and_in_range_or_missing(damage: Damage) -> None:
    for entry in catalogue():
        column = damage.frame[entry.name]
        assert not np.isinf(column).any(), entry.name
        assert column.dropna().between(*entry.range).all(), entry.name


def test_the_past_and_what_reads_something_else_stay_as_they_were(damage: Damage, clean: pd.DataFrame) -> None:
    traded = traded_rows(damage)
    for entry, hurt, healthy in pairs(damage, clean):
        if damage.reaches(entry):
            np.testing.assert_array_equal(hurt[:FIRST], healthy[:FIRST], err_msg=entry.name)
        else:
            np.testing.assert_array_equal(hurt[traded], healthy[traded], err_msg=entry.name)


@pytest.mark.parametrize("unit", [1.0, 731.9, 0.0137, 1e-7])
def test_at_rest_they_have_the_documented_values(whole: Market, unit: float) -> None:
    bars = whole.bars.copy()
    bars[PRICES] *= unit
    hurt = hurt_rows(constant(whole._replace(bars=bars), None).frame)
    for name, (bars_of_rest, value) in AT_REST.items():
        column = hurt[name].to_numpy()[FIRST + bars_of_rest : FIRST + LENGTH]
        assert column.tolist() == [value] * len(column), name
        assert not (hurt[name].to_numpy()[:FIRST] == value).all(), name
    for name, bars_of_rest in UNDEFINED.items():
        assert np.isnan(hurt[name].to_numpy()[FIRST + bars_of_rest : FIRST + LENGTH]).all(), name
    for name in ("rsi_2", "rsi_14"):
        column = hurt[name].to_numpy()
        assert set(column[FIRST : FIRST + LENGTH]) == {column[FIRST - 1]}, name


def test_a_price_that_never_moved_has_the_documented_values() -> None:
    dates = pd.bdate_range("2010-01-04", periods=900).as_unit("us")
    bars = pd.DataFrame({"symbol": "A", "date": dates, **dict.fromkeys(PRICES, 12.3), "volume": 1e5})
    names = [entry.name for entry in catalogue() if entry.family in OF_ITS_OWN_BARS]
    expected = {name: value for value, listed in NEVER_MOVED.items() for name in listed.split()}
    found = compute(bars, names=names)[names].iloc[-1].to_dict()
    assert found == pytest.approx(dict.fromkeys(names, 0.0) | expected, abs=1e-11, nan_ok=True)


def test_no_other_symbol_is_touched_unless_symbols_are_compared(damage: Damage, clean: pd.DataFrame) -> None:
    others = (clean["symbol"] != HURT).to_numpy()
    for entry in catalogue():
        if not compares(entry):
            np.testing.assert_array_equal(damage.frame[entry.name][others], clean[entry.name][others], entry.name)


def compares(entry: Feature) -> bool:
    return entry.scope == "panel" or any(compares(other) for name in entry.inputs if (other := find(name)))


def test_every_feature_has_values_again_within_its_lookback(damage: Damage, clean: pd.DataFrame) -> None:
    traded = traded_rows(damage)
    for entry, hurt, _ in pairs(damage, clean):
        back = entry.lookback + (damage.last + 1 if damage.reaches(entry) else 0)
        assert not (np.isnan(hurt) & traded)[back:].any(), entry.name


def test_finite_windows_come_back_exactly_and_recursive_ones_converge(damage: Damage, clean: pd.DataFrame) -> None:
    for entry, hurt, healthy in pairs(damage, clean):
        error = np.abs(hurt - healthy) / (np.nanstd(healthy) or 1.0)
        if RECURSIVE.match(entry.name):
            assert error[-20:].max() < 0.05, entry.name
        else:
            clear = damage.last + 1 + entry.lookback + PERIOD.get(entry.name.partition("_")[0], 0)
            assert error[clear:].max() < 1e-9, entry.name
