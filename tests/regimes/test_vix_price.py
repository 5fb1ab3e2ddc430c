"""The five regimes: the counts of a third of a century, and each rule on its own."""

import numpy as np
import pandas as pd
import pytest

from barograph.config import compose
from barograph.errors import InputError
from barograph.names import REGIMES
from barograph.regimes import VixPriceRegimes


def _calm(days: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(days, 100.0), np.full(days, 20.0)


def _crash_then_rebound() -> tuple[np.ndarray, np.ndarray]:
    """40 calm days, a fall to 70 in five days, ten days there, then 2 % a day upwards."""
    close = np.concatenate([np.full(40, 100.0), [94, 88, 82, 76, 70], np.full(10, 70.0), 70 * 1.02 ** np.arange(1, 41)])
    vix = np.concatenate([np.full(40, 20.0), np.full(15, 50.0), np.full(40, 30.0)])
    return close, vix


def test_real_history_has_the_known_counts_and_dates(real_context):
    close, vix = real_context["index_close"].to_numpy(), real_context["vix"].to_numpy()
    regime = pd.Series(VixPriceRegimes().label(close, vix), index=real_context["date"])
    assert regime.value_counts().to_dict() == {
        "crash": 228,
        "recovery": 281,
        "high_volatility": 1051,
        "normal": 4066,
        "low_volatility": 2687,
    }
    assert (regime["2008-10":"2008-11"] == "crash").all()
    begins = regime.index[(regime == "recovery") & (regime.shift() != "recovery")]
    assert {pd.Timestamp("2009-03-17"), pd.Timestamp("2020-03-30")} <= set(begins)


@pytest.mark.parametrize(
    ("vix", "regime"),
    [
        (14.99, "low_volatility"),
        (15.0, "normal"),
        (24.99, "normal"),
        (25.0, "high_volatility"),
        (35.0, "high_volatility"),
        (35.01, "crash"),
    ],
)
def test_bands_hold_their_lower_edge(vix, regime):
    close, level = _calm(30)
    level[-1] = vix
    assert VixPriceRegimes().label(close, level)[-1] == regime


def test_a_fall_of_15_percent_in_ten_days_is_a_crash_at_any_vix():
    close, vix = _calm(30)
    close[20:] = 85.0
    regime = VixPriceRegimes().label(close, vix)
    assert (regime[20:30] == "crash").all()
    assert regime[19] == "normal"


def test_recovery_needs_ten_percent_from_ten_days_ago_and_a_recent_trigger():
    close, vix = _crash_then_rebound()
    described = VixPriceRegimes().describe(close, vix)
    start = described.index[described["regime"] == "recovery"][0]
    assert described["index_return_10"][start] >= 0.10
    assert described["index_return_10"][start - 1] < 0.10
    late = np.concatenate([close[:55], np.full(130, 70.0), close[55:]])
    calm_vix = np.concatenate([vix[:55], np.full(130, 30.0), vix[55:]])
    assert "recovery" not in VixPriceRegimes().label(late, calm_vix)


def test_a_calm_vix_ends_recovery_and_locks_it():
    close, vix = _crash_then_rebound()
    start = int(np.argmax(VixPriceRegimes().label(close, vix) == "recovery"))
    vix[start + 3] = 24.0
    regime = VixPriceRegimes().label(close, vix)
    assert regime[start + 3] == "normal"
    assert "recovery" not in regime[start + 3 :]


def test_a_hard_trigger_unlocks_recovery():
    close, vix = _crash_then_rebound()
    start = int(np.argmax(VixPriceRegimes().label(close, vix) == "recovery"))
    vix[start + 3] = 24.0
    again = np.concatenate([close[: start + 4], close[start + 3] * 0.84 ** np.minimum(np.arange(1, 11) / 3, 1)])
    rebound = again[-1] * 1.02 ** np.arange(1, 31)
    longer = np.concatenate([vix[: start + 4], np.full(40, 30.0)])
    regime = VixPriceRegimes().label(np.concatenate([again, rebound]), longer)
    assert "crash" in regime[start + 4 :]
    assert "recovery" in regime[start + 4 :]


def test_a_close_near_the_trough_ends_recovery():
    close, vix = _crash_then_rebound()
    start = int(np.argmax(VixPriceRegimes().label(close, vix) == "recovery"))
    close[start + 2 :] = 70.0 * 1.04
    assert VixPriceRegimes().label(close, vix)[start + 2] == "high_volatility"


def _recovered(fall: float, days: int) -> np.ndarray:
    """Name the last two days of: a crash at 70, later a second trigger at 100, a rebound to 110, then a fall."""
    close = np.concatenate([np.full(20, 100.0), [70.0], np.full(days + 10, 100.0), [110.0, 110.0 - fall]])
    vix = np.concatenate([np.full(20, 20.0), [50.0], np.full(days - 1, 20.0), [36.0], np.full(12, 30.0)])
    return VixPriceRegimes().label(close, vix)[-2:]


def test_a_trigger_after_63_days_belongs_to_the_episode_and_after_64_opens_another():
    """An episode's trough tells them apart: 104 lies above 1.05 times the first trough, 70, and below that of 100."""
    assert _recovered(6.0, 63).tolist() == ["recovery", "recovery"]
    assert _recovered(6.0, 64).tolist() == ["recovery", "high_volatility"]


@pytest.mark.parametrize(("days", "regime"), [(125, "recovery"), (126, "recovery"), (127, "high_volatility")])
def test_a_rebound_is_a_recovery_until_126_days_after_the_trigger(days, regime):
    close = np.concatenate([np.full(20 + days, 100.0), [112.0]])
    vix = np.concatenate([np.full(20, 20.0), [50.0], np.full(days, 30.0)])
    assert VixPriceRegimes().label(close, vix)[-1] == regime


def test_a_recovery_ends_127_days_after_the_trigger():
    close = np.concatenate([np.full(130, 100.0), np.full(30, 112.0)])
    vix = np.concatenate([np.full(20, 20.0), [50.0], np.full(139, 30.0)])
    regime = VixPriceRegimes().label(close, vix)
    assert np.flatnonzero(regime == "recovery").tolist() == list(range(130, 20 + 127))


@pytest.mark.parametrize(("close", "regime"), [(84.0, "recovery"), (83.99, "high_volatility")])
def test_a_close_at_105_percent_of_the_trough_is_still_a_recovery(close, regime):
    path = np.concatenate([np.full(20, 100.0), np.full(11, 80.0), [90.0, close]])
    vix = np.concatenate([np.full(20, 20.0), [50.0], np.full(12, 30.0)])
    assert VixPriceRegimes().label(path, vix)[-2:].tolist() == ["recovery", regime]


def test_missing_vix_is_carried_forward_and_never_back():
    close, vix = _calm(30)
    vix[10], vix[11:14] = 30.0, np.nan
    regime = VixPriceRegimes().label(close, vix)
    assert (regime[10:14] == "high_volatility").all()
    assert regime[14] == "normal"


@pytest.mark.parametrize(
    ("close", "vix", "message"),
    [
        ([100.0, np.nan], [20.0, 20.0], "index_close: row 1"),
        ([100.0, -1.0], [20.0, 20.0], "index_close: row 1"),
        ([100.0, 100.0], [np.nan, 20.0], "vix: row 0"),
        ([100.0], [20.0, 20.0], "shapes"),
    ],
)
def test_bad_input_names_the_row(close, vix, message):
    with pytest.raises(InputError, match=message):
        VixPriceRegimes().label(np.array(close), np.array(vix))


def test_every_regime_is_a_declared_one(real_context):
    close, vix = real_context["index_close"].to_numpy(), real_context["vix"].to_numpy()
    assert set(VixPriceRegimes().label(close, vix)) == set(REGIMES)


def test_the_configured_rule_is_the_default_one():
    settings = compose()["regime"]
    settings.pop("_target_")
    assert VixPriceRegimes(**settings) == VixPriceRegimes()
