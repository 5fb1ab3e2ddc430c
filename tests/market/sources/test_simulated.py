"""The simulated market: what is planted is there, nothing else is, and crises look like crises."""

import numpy as np
import pandas as pd
import pytest
import talib
from numpy.typing import NDArray
from pydantic import ValidationError

from barograph.errors import InputError
from barograph.market import MarketData, to_panel
from barograph.market.simulation import CRASH, REBOUND, simulate_economy
from barograph.testing import simulate

Floats = NDArray[np.float64]


def _same_rows(part: MarketData, whole: MarketData) -> None:
    last, symbols = part.context["date"].iloc[-1], part.universe["symbol"]
    rows = whole.bars[(whole.bars["date"] <= last) & whole.bars["symbol"].isin(symbols)]
    pd.testing.assert_frame_equal(part.bars, rows.reset_index(drop=True), check_exact=True)
    context = whole.context[whole.context["date"] <= last]
    pd.testing.assert_frame_equal(part.context, context.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("signal", [0.0, 0.3])
def test_more_years_and_symbols_leave_earlier_rows_as_they_are(signal: float) -> None:
    part = simulate(symbols=3, years=3, signal=signal)
    _same_rows(part, simulate(symbols=3, years=5, signal=signal))
    _same_rows(part, simulate(symbols=5, years=3, signal=signal))


def test_seeds_differ() -> None:
    first, second = simulate(seed=1, symbols=1, years=2), simulate(seed=2, symbols=1, years=2)
    assert not np.allclose(first.context["index_close"], second.context["index_close"])
    assert not np.allclose(first.bars["close"], second.bars["close"])


@pytest.mark.parametrize(
    ("argument", "value"),
    [("seed", -1), ("symbols", 0), ("symbols", 1000), ("years", 1), ("signal", 1.0), ("signal", -0.1), ("seed", "0")],
)
def test_an_argument_out_of_range_is_refused(argument: str, value: float | str) -> None:
    with pytest.raises(ValidationError, match=argument):
        simulate(**{argument: value})  # type: ignore[arg-type]


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
    economy = simulate_economy(0, 250_000)
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
