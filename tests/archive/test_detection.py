"""Events found without being named: known runs, known days, and nothing from after them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from barograph.archive import Detection, Shocks, detect
from barograph.regimes import VixPriceRegimes

SHOCKS = Shocks(sigmas=5.0, window=20, volume_ratio=3.0, days=4)
SETTINGS = Detection(gap_days=2, min_days=3, extreme_vix=30.0, shocks=None)
NOTHING = pd.DataFrame({"symbol": [], "date": [], "close": [], "volume": []})
RULE = VixPriceRegimes()
LETTERS = {"n": "normal", "h": "high_volatility", "c": "crash", "r": "recovery"}


def regimes_of(letters: str, vix: float = 20.0, move: float = 0.03) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.bdate_range("2001-01-01", periods=len(letters)).as_unit("us"),
            "regime": [LETTERS[letter] for letter in letters],
            "vix": vix,
            "index_return_10": move,
        }
    )


def one_symbol(n: int = 60, shock: int | None = 30, size: float = 0.2, volume: float = 5.0) -> pd.DataFrame:
    returns = np.resize([0.01, -0.01], n)
    traded = np.ones(n)
    if shock is not None:
        returns[shock], traded[shock] = size, volume
    dates = pd.bdate_range("2001-01-01", periods=n).as_unit("us")
    return pd.DataFrame({"symbol": "A", "date": dates, "close": 50.0 * np.exp(np.cumsum(returns)), "volume": traded})


def days(regimes: pd.DataFrame, found: pd.DataFrame, name: str) -> list[Any]:
    position = {date: i for i, date in enumerate(regimes["date"])}
    return [position.get(date) for date in found[name]]


def test_a_run_is_an_episode_recognised_on_its_third_date_and_closed_when_its_end_is_certain() -> None:
    regimes = regimes_of("nncccccnnnnnn")
    found = detect(regimes, NOTHING, SETTINGS, RULE)
    assert found["event"].tolist() == ["crash_2001_01_03"]
    assert [days(regimes, found, name) for name in ("start", "recognised_on", "end", "closed_on")] == [
        [2],
        [4],
        [6],
        [9],
    ]


@pytest.mark.parametrize(
    ("letters", "spans"),
    [
        ("cccnnccc" + "n" * 5, [(0, 7)]),
        ("cccnnnccc" + "n" * 5, [(0, 2), (6, 8)]),
        ("ccnnc" + "n" * 5, [(0, 4)]),
        ("ccnnncc" + "n" * 5, []),
        ("cccrrrccc" + "n" * 5, [(0, 2), (3, 5), (6, 8)]),
        ("ccrcrrcrc" + "n" * 5, [(0, 8), (2, 7)]),
    ],
)
def test_short_interruptions_are_closed_and_short_runs_dropped(letters: str, spans: list[tuple[int, int]]) -> None:
    regimes = regimes_of(letters)
    found = detect(regimes, NOTHING, SETTINGS, RULE).sort_values("start")
    assert list(zip(days(regimes, found, "start"), days(regimes, found, "end"), strict=True)) == spans


def test_high_volatility_counts_only_where_it_is_extreme() -> None:
    assert detect(regimes_of("hhhhhnnnn", vix=29.9), NOTHING, SETTINGS, RULE).empty
    assert detect(regimes_of("hhhhhnnnn", vix=30.0), NOTHING, SETTINGS, RULE)["regime"].tolist() == ["high_volatility"]


def test_severity_is_the_mean_of_the_highest_vix_and_the_largest_move_over_a_crashs_triggers() -> None:
    regimes = regimes_of("nccccnnnnn")
    regimes["vix"] = [90, 35, 35, 35, 70, 90, 90, 90, 90, 90]
    regimes["index_return_10"] = [-0.9, np.nan, 0.15, 0.0, -0.30, -0.9, 0, 0, 0, 0]
    found = detect(regimes, NOTHING, SETTINGS, RULE).iloc[0]
    assert found["severity_then"] == pytest.approx((35 / 35 + 0.15 / 0.15) / 2)
    assert found["severity"] == pytest.approx((70 / 35 + 0.30 / 0.15) / 2)


def test_an_episode_that_goes_on_is_not_closed() -> None:
    regimes = regimes_of("nnccccnn")
    assert detect(regimes, NOTHING, SETTINGS, RULE)["closed_on"].isna().all()
    assert days(regimes_of("nnccccnnn"), detect(regimes_of("nnccccnnn"), NOTHING, SETTINGS, RULE), "closed_on") == [8]


@pytest.mark.parametrize("seed", range(5))
def test_more_history_changes_nothing_that_was_known(seed: int) -> None:
    random = np.random.default_rng(seed)
    letters = "".join(np.repeat(random.choice(list("nhcr"), 80), random.integers(1, 8, 80)))
    regimes = regimes_of(letters, vix=31.0)
    bars = one_symbol(len(letters), shock=None)
    jumps = random.choice(len(letters), 12, replace=False)
    bars.loc[jumps, "close"] *= 1.5
    bars.loc[jumps, "volume"] = 9.0
    settings = Detection(gap_days=2, min_days=3, extreme_vix=30.0, shocks=SHOCKS)
    whole = detect(regimes, bars, settings, RULE)
    assert {"crash", "recovery", "high_volatility"} <= set(whole["regime"])
    assert {"episode", "shock"} <= set(whole["kind"])
    for cut in range(40, len(letters), 17):
        today = regimes["date"][cut]
        known = detect(regimes[: cut + 1], bars[: cut + 1], settings, RULE)
        recognised = whole[whole["recognised_on"] <= today].reset_index(drop=True)
        first_known = ["event", "start", "recognised_on", "severity_then"]
        pd.testing.assert_frame_equal(known[first_known], recognised[first_known])
        closed = [table[table["closed_on"] <= today].reset_index(drop=True) for table in (known, whole)]
        pd.testing.assert_frame_equal(*closed)


def test_a_shock_is_a_move_of_some_sigmas_with_a_spike_of_volume() -> None:
    regimes = regimes_of("n" * 60)
    settings = Detection(gap_days=2, min_days=3, extreme_vix=30.0, shocks=SHOCKS)
    bars = one_symbol()
    found = detect(regimes, bars, settings, RULE)
    assert found["event"].tolist() == ["shock_A_2001_02_12"]
    assert found[["kind", "symbol", "regime"]].iloc[0].tolist() == ["shock", "A", "normal"]
    assert [days(bars, found, name) for name in ("start", "recognised_on", "end", "closed_on")] == [
        [30],
        [30],
        [33],
        [33],
    ]
    sigma = np.std(np.resize([0.01, -0.01], 20), ddof=1)
    assert found["severity"].iloc[0] == pytest.approx(0.2 / (5 * sigma))
    assert detect(regimes, one_symbol(size=4.9 * sigma), settings, RULE).empty
    assert detect(regimes, one_symbol(volume=2.9), settings, RULE).empty
    assert len(detect(regimes, one_symbol().assign(volume=np.nan), settings, RULE)) == 1
    assert detect(regimes, one_symbol(shock=10), settings, RULE).empty, (
        "there are not yet enough returns to judge it by"
    )


def test_a_shock_inside_another_is_no_event_of_its_own() -> None:
    bars = one_symbol()
    jump = np.zeros(60)
    jump[[31, 33, 34]] = [2.0, 9.0, 40.0]
    bars["close"] *= np.exp(np.cumsum(jump))
    bars.loc[[31, 33, 34], "volume"] = [50.0, 500.0, 5000.0]
    settings = Detection(gap_days=2, min_days=3, extreme_vix=30.0, shocks=SHOCKS)
    found = detect(regimes_of("n" * 60), bars, settings, RULE)
    assert days(bars, found, "start") == [30, 34]


@pytest.mark.parametrize(
    "changes", [{"gap_days": -1}, {"min_days": 1}, {"extreme_vix": 0.0}, {"shocks": {"sigmas": 5.0}}, {"colour": "red"}]
)
def test_wrong_settings_are_refused(changes: dict[str, Any]) -> None:
    allowed = {"gap_days": 2, "min_days": 3, "extreme_vix": 30.0, "shocks": None}
    with pytest.raises(ValidationError):
        Detection(**(allowed | changes))


def test_severity_follows_the_crash_levels_of_the_regimes_rule() -> None:
    regimes = regimes_of("nnccccnnn", vix=40.0, move=-0.1)
    rule = VixPriceRegimes(crash_vix=50.0, crash_return=-0.2)
    assert detect(regimes, NOTHING, SETTINGS, rule)["severity"].tolist() == pytest.approx([(40 / 50 + 0.1 / 0.2) / 2])
