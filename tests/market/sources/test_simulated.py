"""The simulated market: what is planted is there, nothing else is, and crises look like crises."""

from functools import partial
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import talib
from numpy.typing import NDArray
from pydantic import ValidationError

from barograph.errors import InputError
from barograph.market import MarketData, to_panel
from barograph.market.simulation import CRASH, REBOUND, simulate_economy
from barograph.market.simulation.faults import BadData
from barograph.market.simulation.tables import symbol_names
from barograph.market.sources.simulated import Drift
from barograph.testing import simulate

Floats = NDArray[np.float64]


def _same_rows(part: MarketData, whole: MarketData) -> None:
    last, symbols = part.context["date"].iloc[-1], part.universe["symbol"]
    rows = whole.bars[(whole.bars["date"] <= last) & whole.bars["symbol"].isin(symbols)]
    pd.testing.assert_frame_equal(part.bars, rows.reset_index(drop=True), check_exact=True)
    context = whole.context[whole.context["date"] <= last]
    pd.testing.assert_frame_equal(part.context, context.reset_index(drop=True), check_exact=True)
    if part.facts is not None and whole.facts is not None:
        facts = whole.facts[(whole.facts["available_from"] <= last) & whole.facts["symbol"].isin(symbols)]
        pd.testing.assert_frame_equal(part.facts, facts.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("signal", [0.0, 0.3])
def test_more_years_and_symbols_leave_earlier_rows_as_they_are(signal: float) -> None:
    part = simulate(symbols=3, years=3, signal=signal)
    _same_rows(part, simulate(symbols=3, years=5, signal=signal))
    _same_rows(part, simulate(symbols=5, years=3, signal=signal))


def test_more_years_and_symbols_leave_events_facts_and_drift_as_they_are() -> None:
    drift: Drift = {"date": "2008-10-15", "signal": -0.2, "volatility": 1.5}
    make = partial(simulate, first_year=2007, events=True, facts=True, drift=drift)
    part = make(symbols=1, years=2)
    _same_rows(part, make(symbols=1, years=5))
    _same_rows(part, make(symbols=4, years=2))


def test_names_widen_beyond_999_and_the_first_stay() -> None:
    names = symbol_names(1001)
    assert (names[0], names[998], names[999], names[1000]) == ("S001", "S999", "S1000", "S1001")
    assert symbol_names(12) == names[:12]


def test_seeds_differ() -> None:
    first, second = simulate(seed=1, symbols=1, years=2), simulate(seed=2, symbols=1, years=2)
    assert not np.allclose(first.context["index_close"], second.context["index_close"])
    assert not np.allclose(first.bars["close"], second.bars["close"])


@pytest.mark.parametrize(
    ("argument", "value"),
    [("seed", -1), ("symbols", 0), ("symbols", 10_000), ("years", 1), ("signal", 1.0), ("signal", -0.1), ("seed", "0")],
)
def test_an_argument_out_of_range_is_refused(argument: str, value: float | str) -> None:
    with pytest.raises(ValidationError, match=argument):
        simulate(**{argument: value})


def test_a_history_into_the_future_is_refused() -> None:
    with pytest.raises(InputError, match=r"simulated/context: .*: a date after today"):
        simulate(first_year=2090, years=10)


def _ten_day_return(close: Floats) -> Floats:
    return np.concatenate([np.zeros(10), close[10:] / close[:-10] - 1])


@pytest.mark.parametrize("seed", range(8))
def test_ten_years_hold_calm_turbulence_crashes_and_rebounds(seed: int) -> None:
    context = simulate(seed=seed, symbols=1, years=10).context
    vix, past = context["vix"].to_numpy(), _ten_day_return(context["index_close"].to_numpy())
    trigger = (vix > 35) | (past <= -0.15)
    after_trigger = pd.Series(trigger).rolling(126, min_periods=1).max().to_numpy() > 0
    rebound = (past >= 0.10) & (vix >= 25) & after_trigger
    shares = {
        "calm": (vix < 15).mean(),
        "normal": ((vix >= 15) & (vix < 25)).mean(),
        "turbulent": ((vix >= 25) & (vix <= 35)).mean(),
        "crash": trigger.mean(),
        "rebound": rebound.mean(),
    }
    assert shares["calm"] > 0.1
    assert shares["normal"] > 0.15
    assert shares["turbulent"] > 0.02
    assert 0.005 < shares["crash"] < 0.25
    assert shares["rebound"] > 0.001
    assert (past <= -0.12).any()


def test_volatility_clusters_and_the_vix_announces_it() -> None:
    context = simulate(symbols=1, years=14).context
    size = np.abs(np.diff(np.log(context["index_close"])))
    monthly = pd.Series(size).rolling(21).mean().to_numpy()[21:]
    vix = context["vix"].to_numpy()[1:-21]
    assert np.corrcoef(size[:-5], size[5:])[0, 1] > 0.15
    assert np.corrcoef(vix, monthly)[0, 1] > 0.6
    assert np.corrcoef(np.diff(np.log(context["index_close"])), np.diff(context["vix"]))[0, 1] < -0.3


def test_stocks_move_together_more_in_crashes() -> None:
    data = simulate(symbols=10, years=14)
    returns = np.diff(np.log(to_panel(data.bars).close), axis=0)
    vix = data.context["vix"].to_numpy()[:-1]

    def mean_correlation(rows: NDArray[np.bool_]) -> float:
        matrix = np.corrcoef(returns[rows].T)
        return float(matrix[~np.eye(len(matrix), dtype=bool)].mean())

    assert mean_correlation(vix > 35) > mean_correlation(vix < 15) + 0.15


def test_bars_and_volumes_are_whole() -> None:
    bars = simulate(symbols=4, years=3).bars
    assert bars.notna().all(axis=None)
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["volume"] > 0).all()
    assert (bars["volume"] == bars["volume"].round()).all()


def test_index_returns_have_one_mean_in_every_state() -> None:
    economy = simulate_economy(0, np.ones(250_000))
    before, after = economy.state[:-1], economy.index_return[1:]
    for state in range(5):
        own = after[before == state]
        assert abs(own.mean() - 0.0004) < 4 * own.std() / np.sqrt(len(own)), state
    assert (economy.state == CRASH).mean() > 0.01
    assert (economy.state == REBOUND).mean() > 0.01


def _score_and_own_return(data: MarketData, beta: Floats | None = None) -> tuple[Floats, Floats]:
    """Give the documented score from TA-Lib's RSI, and the next day's return beyond the index; (T, N) each."""
    close = to_panel(data.bars).close
    columns = [talib.RSI(np.ascontiguousarray(column), 14) for column in close.T]
    score = np.clip((50 - np.column_stack(columns)) / 12, -2, 2)[14:-1]
    index = data.context["index_close"].to_numpy()
    returns, market = (close[1:] / close[:-1] - 1)[14:], (index[1:] / index[:-1] - 1)[14:]
    centred = market - market.mean()
    beta = (centred @ returns) / (centred @ centred)
    return score, returns - market[:, None] * beta


@pytest.mark.parametrize(("signal", "expected"), [(0.0, 0.0), (0.1, 0.075), (0.2, 0.138), (0.4, 0.241)])
def test_the_planted_correlation_is_the_stated_one(signal: float, expected: float) -> None:
    score, own = _score_and_own_return(simulate(symbols=30, first_year=2000, years=20, signal=signal))
    # 150,000 rows, of which sectors make neighbours dependent: a standard error of about 0.004.
    assert np.corrcoef(score.ravel(), own.ravel())[0, 1] == pytest.approx(expected, abs=0.015)


def test_the_signal_begins_when_the_rsi_is_defined() -> None:
    closes = [to_panel(simulate(symbols=3, years=2, signal=signal).bars).close for signal in (0.0, 0.6, 0.8)]
    none, middle, strong = (close[1:] / close[:-1] - 1 for close in closes)
    # Own noise alone is scaled by 1, 0.8 and 0.6, so the middle return lies halfway between the two others.
    off = np.abs((none + strong) / 2 - middle)
    assert (off[:14] < 1e-12).all()
    assert (off[14] > 1e-6).all()


def test_nothing_but_the_score_predicts_returns() -> None:
    data = simulate(symbols=30, first_year=2000, years=20, signal=0.2)
    score, own = _score_and_own_return(data)
    rest = (own - score * (score * own).mean() / (score**2).mean())[46:]
    close = to_panel(data.bars).close
    momentum = close[60:-1] / close[:-61] - 1
    vix = np.broadcast_to(data.context["vix"].to_numpy()[60:-1, None], rest.shape)
    for candidate in (momentum, vix):
        assert abs(np.corrcoef(candidate.ravel(), rest.ravel())[0, 1]) < 0.02


DRIFT: Drift = {"date": "2010-03-01", "signal": -0.4, "volatility": 2.0}


def test_drift_changes_nothing_before_its_date_and_everything_after() -> None:
    plain, drifted = simulate(years=3, signal=0.2), simulate(years=3, signal=0.2, drift=DRIFT)
    before = plain.context["date"] < DRIFT["date"]
    pd.testing.assert_frame_equal(drifted.context[before], plain.context[before], check_exact=True)
    rows = plain.bars["date"] < DRIFT["date"]
    pd.testing.assert_frame_equal(drifted.bars[rows], plain.bars[rows], check_exact=True)
    assert (drifted.context["vix"][~before] > plain.context["vix"][~before]).all()
    assert not np.isclose(drifted.bars["close"][~rows], plain.bars["close"][~rows]).any()


def test_a_drift_of_the_volatility_multiplies_it() -> None:
    plain = simulate(symbols=1, years=10)
    calm = simulate(symbols=1, years=10, drift=DRIFT | {"volatility": 0.5, "signal": 0.0})
    ratio = (calm.context["vix"] / plain.context["vix"]).to_numpy()
    assert ratio[0] == 1.0
    assert np.median(ratio[100:]) == pytest.approx(0.5, abs=0.01)
    stock = [np.diff(np.log(data.bars["close"]))[100:].std() for data in (calm, plain)]
    # Half the volatility of the index, its root of the stock's own part.
    assert 0.45 < stock[0] / stock[1] < 0.75


def test_a_drift_of_the_signal_turns_the_relation_round() -> None:
    drift = DRIFT | {"date": "2000-02-01", "volatility": 1.0}
    score, own = _score_and_own_return(simulate(symbols=30, first_year=2000, years=20, signal=0.4, drift=drift))
    assert np.corrcoef(score[20:].ravel(), own[20:].ravel())[0, 1] < -0.3


def test_a_drift_outside_the_history_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"drift\.date 2018-01-01 lies outside .* 2010-01-01 to 2017-12-31"):
        simulate(drift=DRIFT | {"date": "2018-01-01"})


REFUSALS: dict[BadData, str] = {
    "duplicate_bar": r"bars: S00\d 20\S+: a duplicate key",
    "missing_close": r"bars: S00\d 20\S+: missing close",
    "infinite_price": r"bars: S00\d 20\S+: infinite price: found open inf",
    "negative_price": r"bars: S00\d 20\S+: non-positive price: found low -",
    "high_below_low": r"bars: S00\d 20\S+: high below low",
    "close_outside_range": r"bars: S00\d 20\S+: close outside low and high",
    "negative_volume": r"bars: S00\d 20\S+: volume: found volume -",
    "non_trading_day": r"bars: S00\d 20\S+: not a trading day",
    "missing_context_date": r"bars: S001 20\S+: date missing in the context: .* \(and 2 more\)",
    "missing_index_close": r"context: 20\S+: index close: found index_close nan",
    "negative_vix": r"context: 20\S+: VIX: found vix -",
    "symbol_without_row": r"universe: S00\d: a traded symbol without a row",
    "symbol_without_sector": r"universe: S00\d: a traded symbol without gics_sector",
}


def test_every_kind_of_bad_data_has_its_refusal() -> None:
    assert set(REFUSALS) == set(get_args(BadData))


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize(("start", "end"), [(None, None), ("2011-01-03", "2012-06-29")])
def test_bad_data_ends_in_one_line(kind: BadData, start: str | None, end: str | None) -> None:
    make = partial(simulate, symbols=3, years=4, start=start, end=end)
    make()
    with pytest.raises(InputError, match=f"^simulated/{REFUSALS[kind]}") as caught:
        make(bad_data=kind)
    assert "\n" not in str(caught.value)


def test_every_seed_plants_its_row_elsewhere() -> None:
    lines = set()
    for seed in range(3):
        with pytest.raises(InputError) as caught:
            simulate(seed=seed, symbols=3, years=2, bad_data="missing_close")
        lines.add(str(caught.value))
    assert len(lines) == 3
