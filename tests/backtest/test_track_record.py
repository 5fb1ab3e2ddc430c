"""Where returns came from, what luck explains, other histories and other conventions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from barograph.backtest import (
    Analysis,
    Execution,
    Order,
    TopK,
    analytics,
    backtest,
    deflated_sharpe_ratio,
    metrics,
    record_metrics,
    run,
    simulate,
    track_record,
    trade_strategies,
)
from barograph.backtest.attribution import attribution, contributions
from barograph.backtest.conventions import AS_TRADED, PRICES, WORST, capacity, conventions, delayed, rerun
from barograph.backtest.luck import luck
from barograph.backtest.monte_carlo import drawn_days, other_histories
from barograph.backtest.record import daily_record, index_returns, record_figures
from barograph.backtest.strategies import BuyAndHold, VixGuard
from barograph.errors import InputError
from barograph.market.panel import to_panel
from tests.backtest.test_performance import BARS, EXECUTION, PREDICTIONS, STRATEGY
from tests.backtest.test_performance import SETTINGS as RESAMPLED
from tests.backtest.test_portfolios import CONTEXT

ANALYSIS = Analysis(
    further_trials=3,
    rolling_days=60,
    overfitting_blocks=8,
    paths=200,
    block_days=10,
    delisting_return=0.5,
    capital=[1e3, 1e5, 1e9],
    participation=1.0,
    impact=1.0,
)
CANDIDATE = PREDICTIONS[PREDICTIONS["predictor"] == "coin"]
FOLDED = PREDICTIONS.assign(fold=PREDICTIONS["date"].rank(method="dense").astype(int) // 100)
SECTORS = pd.Series({f"S{n}": "odd" if n % 2 else "even" for n in range(7)})
REGIMES = CONTEXT.set_index("date")["regime"]
EVENTS = pd.DataFrame(
    {
        "event": ["later", "first", "absent"],
        "start": pd.to_datetime(["2018-06-01", "2018-05-01", "2030-01-01"]),
        "end": pd.to_datetime(["2018-07-31", "2018-06-15", "2030-02-01"]),
    }
)


def _traded(execution: Execution = EXECUTION, **more: Any) -> Any:
    candidate = FOLDED[FOLDED["predictor"] == "coin"]
    beside = {"guard": VixGuard(strategy=STRATEGY, level=30.0), "held": BuyAndHold(symbols=None)}
    return trade_strategies(candidate, BARS, STRATEGY, beside, execution, RESAMPLED, 7, window=60, **more)


@pytest.fixture(scope="module")
def portfolios() -> Any:
    return _traded(context=CONTEXT)


class Tossing:
    """Sends orders by the toss of a coin: some fill at the open, some short, several of a symbol on one day."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def on_bar(self, day: Any) -> None:
        for symbol in self.rng.choice(day.symbols, 3):
            weight = float(self.rng.uniform(-0.3, 0.3))
            at = "open" if self.rng.random() < 0.5 else "close"
            day.send(Order(symbol, value=weight * day.portfolio_value, at=at))


def _market(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    bars = BARS[BARS["date"].isin(np.sort(BARS["date"].unique())[:60])].copy()
    bars["open"] = bars["close"] * rng.uniform(0.98, 1.02, len(bars))
    bars["high"], bars["low"] = bars[["open", "close"]].max(axis=1) * 1.01, bars[["open", "close"]].min(axis=1) * 0.99
    late = (bars["symbol"] == "S3") & (bars["date"] > bars["date"].iloc[25])
    return bars[(rng.random(len(bars)) > 0.05) & ~late]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_round_trips_and_cash_add_up_to_the_daily_returns(seed: int) -> None:
    bars = _market(seed)
    rates = {"cash_rate": 3.0, "debit_rate": 5.0, "borrow_rate": 4.0, "delisting_haircut": 0.3}
    execution = replace(EXECUTION, max_leverage=3.0, delisting_days=5, commission_per_order=0.01, **rates)
    book = run(bars, Tossing(seed), execution)
    trips = contributions(book, to_panel(bars))
    assert len(trips) == len(book.trades)
    before = book.equity.shift(1, fill_value=book.initial_cash)
    cash = (book.costs["interest"] + book.costs["borrow"]) / before
    assert trips.sum() - cash.sum() == pytest.approx(book.returns.sum(), abs=1e-9)
    # One symbol alone: its value and its fills, added up day by day.
    symbol = book.trades["symbol"].iloc[0]
    close = bars.pivot(index="date", columns="symbol", values="close").ffill()[symbol].reindex(book.equity.index)
    value = (book.positions[symbol] * close).fillna(0.0)
    fills = book.fills[book.fills["symbol"] == symbol]
    spent = (fills["shares"] * fills["price"] + fills["commission"]).groupby(fills["date"]).sum()
    gained = value - value.shift(1, fill_value=0.0) - spent.reindex(value.index, fill_value=0.0)
    assert trips[book.trades["symbol"] == symbol].sum() == pytest.approx((gained / before).sum(), abs=1e-9)


def test_every_division_adds_up_to_the_return(portfolios: Any) -> None:
    table = attribution(portfolios.trades, portfolios.days, SECTORS, REGIMES, EVENTS)
    for (name, by), parts in table.groupby(["portfolio", "by"]):
        days = portfolios.days[portfolios.days["portfolio"] == name]
        assert parts["contribution"].sum() == pytest.approx(252 * days["return"].mean(), abs=1e-9), (name, by)
        if by in ("regime", "event"):
            assert parts["cases"].sum() == len(days)
    parts = table.set_index(["portfolio", "by", "part"])["contribution"].sort_index()
    assert {*parts["coin"].index.get_level_values("by")} == {
        *("symbol", "sector", "side", "exit_reason", "regime", "event", "cost")
    }
    assert {*parts["universe"].index.get_level_values("by")} == {"regime", "event", "cost"}
    assert {*parts["coin", "sector"].index} == {"odd", "even", "not known"}
    assert {*parts["held", "exit_reason"].index} == {"still open"}
    assert parts["coin", "cost", "commission"] < 0
    assert parts["coin", "cost", "interest"] == 0


def test_a_day_counts_for_the_regime_known_before_it_and_for_the_event_that_began_first(portfolios: Any) -> None:
    table = attribution(portfolios.trades, portfolios.days, SECTORS, REGIMES, EVENTS)
    days = portfolios.days[portfolios.days["portfolio"] == "coin"].set_index("date")
    before = REGIMES.shift(1).loc[days.index]
    parts = table[table["portfolio"] == "coin"].set_index(["by", "part"])["contribution"]
    for regime in ("crash", "normal"):
        expected = 252 * days.loc[before == regime, "return"].sum() / len(days)
        assert parts["regime", regime] == pytest.approx(expected)
    first = 252 * days.loc["2018-05-01":"2018-06-15", "return"].sum() / len(days)
    later = 252 * days.loc["2018-06-18":"2018-07-31", "return"].sum() / len(days)
    assert (parts["event", "first"], parts["event", "later"]) == pytest.approx((first, later))
    assert ("event", "absent") not in parts


def test_days_are_those_of_the_simulation(portfolios: Any) -> None:
    days = portfolios.days[portfolios.days["portfolio"] == "coin"].set_index("date")
    book = simulate(BARS, STRATEGY.target_weights(CANDIDATE), EXECUTION)
    pd.testing.assert_series_equal(days["return"], book.returns.loc[days.index], check_freq=False)
    close = BARS.pivot(index="date", columns="symbol", values="close").loc[days.index, book.positions.columns]
    held = (book.positions.loc[days.index] * close).div(book.equity.loc[days.index], axis=0)
    np.testing.assert_allclose(days["gross"], held.abs().sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(days["net"], held.sum(axis=1), rtol=1e-9)
    rate = book.cost_rate.loc[days.index]
    np.testing.assert_allclose(days["commission"] + days["slippage"], rate, rtol=1e-9, atol=1e-15)
    assert days["rolling_sharpe"].iloc[:59].isna().all()
    assert days["rolling_sharpe"].iloc[59] == pytest.approx(analytics.sharpe_ratio(days["return"].iloc[:60]))
    universe = portfolios.days[portfolios.days["portfolio"] == "universe"].set_index("date")["return"]
    beta = analytics.alpha_beta(days["return"].iloc[-60:], universe.iloc[-60:])[1]
    assert days["rolling_beta"].iloc[-1] == pytest.approx(beta)
    expected = FOLDED.groupby("date")["fold"].first().shift(1).loc[days.index]
    assert (days["fold"] == expected).all()


def test_figures_of_the_summary_are_those_of_the_analytics() -> None:
    context = CONTEXT.assign(index_close=np.linspace(100.0, 120.0, len(CONTEXT)) + 3 * np.sin(np.arange(len(CONTEXT))))
    result = backtest(PREDICTIONS, BARS, STRATEGY, EXECUTION, RESAMPLED, 7, context=context)
    wealth = result.equity.pivot(index="date", columns="predictor", values="equity")
    returns = wealth / wealth.shift(1).fillna(1.0) - 1.0
    index = context.set_index("date")["index_close"].pct_change().loc[returns.index]
    row = result.summary.set_index("predictor").loc["coin"]
    assert row["alpha"] == pytest.approx(analytics.alpha_beta(returns["coin"], returns["universe"])[0])
    assert row["index_beta"] == pytest.approx(analytics.alpha_beta(returns["coin"], index)[1])
    assert row["kurtosis"] == pytest.approx(stats.kurtosis(returns["coin"], fisher=False))
    assert row["value_at_risk_gaussian"] == pytest.approx(
        returns["coin"].mean() + stats.norm.ppf(0.05) * returns["coin"].std()
    )
    assert 0.95 < row["exposure"] < 1.01
    np.testing.assert_allclose(result.index["equity"], np.cumprod(1 + index))
    without = backtest(CANDIDATE, BARS, STRATEGY, EXECUTION, RESAMPLED, 7)
    assert without.index.empty
    assert np.isnan(without.summary["index_alpha"]).all()


def test_the_index_is_known_from_the_close_before_the_first_date() -> None:
    dates = pd.bdate_range("2020-01-06", periods=3)
    context = pd.DataFrame({"date": pd.bdate_range("2020-01-03", periods=4), "index_close": [100.0, 110, np.nan, 99]})
    found = index_returns(context, dates)
    assert found is not None
    assert found.tolist() == pytest.approx([0.1, 0.0, -0.1])
    assert index_returns(context.iloc[1:], dates) is None
    assert index_returns(context[["date"]], dates) is None


def _noise(columns: int = 6, mean: float = 0.0, days: int = 800) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    market = rng.normal(0.0004, 0.01, days)
    values = market[:, None] + rng.normal(mean, 0.005, (days, columns))
    frame = pd.DataFrame(values, pd.bdate_range("2015-01-01", periods=days), [f"p{n}" for n in range(columns)])
    return frame.assign(universe=market)


def _luck(returns: pd.DataFrame, **more: Any) -> Any:
    given: dict[str, Any] = {"tuning": 4, "predictors": 6, "strategies": 3, "further": 5, "blocks": 8, "level": 0.95}
    return luck(returns, **given | more)


def test_all_trials_count_and_deflate() -> None:
    returns = _noise()
    found = _luck(returns)
    assert found.trials["trials"] == (4 + 6) * 3 + 5
    ratios = returns.drop(columns="universe").mean() / returns.drop(columns="universe").std()
    row = found.portfolios.set_index("portfolio").loc["p2"]
    shape = stats.skew(returns["p2"]), stats.kurtosis(returns["p2"], fisher=False)
    expected = deflated_sharpe_ratio(ratios["p2"], 800, *shape, 35, ratios.var())
    assert row["deflated_sharpe"] == pytest.approx(expected)
    assert row["deflated_sharpe"] < row["probabilistic_sharpe"]
    assert row["track_record_years"] == pytest.approx(800 / 252)
    more = _luck(returns, further=500).portfolios.set_index("portfolio")
    assert more.loc["p2", "deflated_sharpe"] < row["deflated_sharpe"]
    between = returns.drop(columns="universe").corr().to_numpy()[np.triu_indices(6, 1)].mean()
    assert found.trials["correlation"] == pytest.approx(between)
    assert found.trials["independent_trials"] == pytest.approx(between + (1 - between) * 35)
    assert np.isnan(found.portfolios.set_index("portfolio").loc["universe", "deflated_active"])


def test_a_rising_market_is_no_skill() -> None:
    rising = _noise() + 0.002
    found = _luck(rising).portfolios.set_index("portfolio")
    assert (found["deflated_sharpe"] > 0.99).all()
    assert (found["deflated_active"].drop("universe") < 0.9).all()
    skilled = _luck(_noise(mean=0.0012)).portfolios.set_index("portfolio")
    assert (skilled["deflated_active"].drop("universe") > 0.99).all()


def test_what_never_moves_or_is_alone_has_no_luck_to_speak_of() -> None:
    still = _noise().assign(p1=0.0)
    row = _luck(still).portfolios.set_index("portfolio").loc["p1"]
    assert row.drop(["track_record_years", "deflated_active"]).isna().all()
    alone = _luck(_noise(columns=1), tuning=0, predictors=1, strategies=1, further=0)
    assert np.isnan(alone.trials["overfitting"])
    judged = alone.portfolios.set_index("portfolio").loc["p0"]
    assert judged["deflated_sharpe"] == judged["probabilistic_sharpe"]


def test_draws_keep_folds_whole_and_blocks_long() -> None:
    folds = np.repeat([3, 5, 9], [40, 60, 50])
    drawn = drawn_days(folds, 8, 400, np.random.default_rng(0))
    assert drawn.shape == (400, 150)
    fold = folds[drawn]
    sizes = {3: 40, 5: 60, 9: 50}
    for named in fold[:50]:
        t = 0
        while t < 150:
            end = min(t + sizes[int(named[t])], 150)
            assert (named[t:end] == named[t]).all()
            t = end
    # A day is followed by the next of its fold, unless a block ends: with probability 1/8, less a hit by chance.
    inside = np.concatenate([np.diff(row)[: sizes[int(folds[row[0]])] - 1] for row in drawn])
    ends = (inside != 1) & ~np.isin(inside, [1 - size for size in sizes.values()])
    assert ends.mean() == pytest.approx(1 / 8, abs=0.02)
    share = np.bincount(np.searchsorted([3, 5, 9], fold[:, 0]), minlength=3) / 400
    np.testing.assert_allclose(share, 1 / 3, atol=0.08)
    plain = drawn_days(np.zeros(30, np.int64), 1, 2000, np.random.default_rng(1))
    np.testing.assert_allclose(np.bincount(plain.ravel(), minlength=30) / plain.size, 1 / 30, rtol=0.1)
    with pytest.raises(InputError, match="folds: 2 days"):
        drawn_days(np.array([1, 0]), 5, 10, np.random.default_rng(0))


def _histories(returns: pd.DataFrame, trips: Any, **more: Any) -> pd.DataFrame:
    given: dict[str, Any] = {"block": 5, "paths": 300, "level": 0.9, "rng": np.random.default_rng(2)}
    folds = np.arange(len(returns)) // 100
    table = other_histories(returns, trips, folds, **given | more)
    return table.set_index(["portfolio", "method", "figure"])


def test_other_histories_surround_the_one_that_happened() -> None:
    returns = _noise(columns=2)
    trips = {"p0": np.random.default_rng(5).normal(0.002, 0.02, 120)}
    found = _histories(returns, trips)
    for name in returns:
        for figure, function in (
            ("cagr", analytics.cagr),
            ("annual_volatility", analytics.annual_volatility),
            ("sharpe", analytics.sharpe_ratio),
            ("max_drawdown", analytics.max_drawdown),
        ):
            row = found.loc[name, "days", figure]
            assert row["value"] == pytest.approx(function(returns[name]), rel=1e-8)
            assert row["low"] < row["median"] < row["high"]
    assert np.isnan(found.loc["p0", "days", "loses"]["value"])
    assert 0 <= found.loc["p0", "days", "behind_universe"]["probability"] <= 1
    assert ("universe", "days", "behind_universe") not in found.index
    trades = found.loc["p0", "trades", "cagr"]
    assert trades["value"] == pytest.approx(np.prod(1 + trips["p0"]) ** (252 / 800) - 1)
    assert ("p1", "trades", "cagr") not in found.index
    again = _histories(returns, trips)
    pd.testing.assert_frame_equal(found, again, check_exact=True)


def test_a_better_portfolio_is_seldom_behind() -> None:
    returns = _noise(columns=2)
    found = _histories(returns.assign(p0=returns["universe"] + 0.001, p1=-0.002), {"p0": np.full(4, 0.01)})
    assert found.loc["p0", "days", "behind_universe"]["probability"] == 0.0
    assert found.loc["p1", "days", "loses"]["probability"] == 1.0
    assert found.loc["p1", "days", "sharpe"][["value", "low"]].isna().all()
    assert found.loc["p0", "trades", "max_drawdown"]["low"] == 0.0


def test_conventions_are_simulations_of_the_same_decisions() -> None:
    found = rerun(CANDIDATE, BARS, STRATEGY, EXECUTION, ANALYSIS)["conventions"].set_index("convention")
    weights = STRATEGY.target_weights(CANDIDATE)
    bars = BARS[BARS["date"].between(CANDIDATE["date"].min(), CANDIDATE["date"].max())]
    dates = pd.DatetimeIndex(np.sort(bars["date"].unique()))
    later = weights.set_axis(dates[dates.get_indexer(weights.index) + 1], axis=0)
    dear = replace(EXECUTION, commission_bps=4.0, half_spread_bps=16.0)
    for name, decided, execution in (
        (AS_TRADED, weights, EXECUTION),
        ("a bar later", later, EXECUTION),
        ("twice the costs", weights, dear),
    ):
        returns = simulate(bars, decided, execution).returns.loc[dates[1] :]
        assert found.loc[name, "sharpe"] == pytest.approx(analytics.sharpe_ratio(returns), rel=1e-9)
        assert found.loc[name, "max_drawdown"] == pytest.approx(analytics.max_drawdown(returns), rel=1e-9)
    assert "no open" in found.loc["filled at next_open", "remark"]
    assert np.isnan(found.loc["filled at next_open", "sharpe"])
    for name in ("target first", "delisting return"):
        assert found.loc[name, "remark"].startswith("changes nothing")
    hurt = found.loc[["a bar later", "twice the costs"], "sharpe"] < found.loc[AS_TRADED, "sharpe"]
    if hurt.all():
        returns = simulate(bars, later, dear).returns.loc[dates[1] :]
        assert found.loc[WORST, "sharpe"] == pytest.approx(analytics.sharpe_ratio(returns), rel=1e-9)
    assert hurt["twice the costs"]


def test_conventions_that_matter_differ() -> None:
    bars = _market(3)
    dates = np.sort(bars["date"].unique())
    weights = TopK(k=2, rebalance_days=5).target_weights(
        bars[bars["symbol"] != "S9"][["symbol", "date"]].assign(score=1.0)
    )
    execution = replace(EXECUTION, delisting_days=5)

    def play(execution: Execution, delay: int) -> Any:
        return simulate(bars, delayed(weights, pd.DatetimeIndex(dates), delay), execution)

    found = conventions(play, execution, ANALYSIS, pd.Timestamp(dates[1])).set_index("convention")
    assert found["remark"].drop("target first").eq("").all()
    assert found["cagr"].drop("target first").nunique() == len(found) - 1
    assert found.loc["delisting return", "cagr"] < found.loc[AS_TRADED, "cagr"]
    assert len(found) == len(PRICES) - 1 + 6
    assert found.index[-1] == WORST
    assert found.loc[WORST, "sharpe"] == found["sharpe"].min()


def test_large_accounts_pay_more_and_missing_volume_refuses() -> None:
    weights = STRATEGY.target_weights(CANDIDATE)

    def play(volume: float) -> Any:
        bars = BARS.assign(volume=volume)
        return lambda execution, _: simulate(bars, weights, execution)

    start = CANDIDATE["date"].sort_values().iloc[0]
    found = capacity(play(1e5), EXECUTION, ANALYSIS, start)
    assert found["capital"].tolist() == ANALYSIS.capital
    assert found["remark"].eq("").all()
    assert (np.diff(found["sharpe"][:2]) < 0).all()
    assert (np.diff(found["cost_bps_per_year"]) > 0)[0]
    assert found["exposure"].iloc[2] < 0.9 < found["exposure"].iloc[0]
    refused = capacity(play(np.nan), EXECUTION, ANALYSIS, start)
    assert refused["sharpe"].isna().all()
    assert refused["remark"].str.contains("no volume").all()


def test_a_track_record_reaches_the_metrics(portfolios: Any) -> None:
    result = backtest(FOLDED, BARS, STRATEGY, EXECUTION, RESAMPLED, 7)
    given: dict[str, Any] = {"tuning": 2, "sectors": SECTORS, "regimes": REGIMES, "events": EVENTS}
    record = track_record(result, portfolios, ANALYSIS, RESAMPLED, 7, **given)
    assert record.trials["trials"].iloc[0] == (2 + 3) * 3 + 3
    assert set(record.luck["portfolio"]) == {"coin", "oracle", "prior", "universe", "guard", "held"}
    deepest = record.drawdowns[record.drawdowns["portfolio"] == "coin"]
    assert deepest["rank"].tolist() == list(range(1, len(deepest) + 1))
    assert len(deepest) <= 10
    assert deepest["depth"].iloc[0] == pytest.approx(metrics(result)["coin"]["max_drawdown"])
    found = record_metrics(metrics(result), record, "coin")
    assert found["coin"]["trials"] == 18
    assert 0 <= found["coin"]["overfitting"] <= 1
    assert "trials" not in found["oracle"]
    for name, figures in metrics(result).items():
        assert figures.items() <= found[name].items()
        assert {type(value) for value in found[name].values()} <= {float, type(None)}
    assert found["prior"]["min_track_record_years_universe"] is None
    again = track_record(result, portfolios, ANALYSIS, RESAMPLED, 7, **given)
    pd.testing.assert_frame_equal(again.histories, record.histories, check_exact=True)


def test_settings_are_refused_by_name() -> None:
    given = {name: getattr(ANALYSIS, name) for name in Analysis.__dataclass_fields__}
    with pytest.raises(ValueError, match="overfitting_blocks is 7; an even number"):
        Analysis(**given | {"overfitting_blocks": 7})
    with pytest.raises(ValueError, match="increasing amounts"):
        Analysis(**given | {"capital": [2.0, 1.0]})


def test_daily_records_and_figures_need_no_index(portfolios: Any) -> None:
    book = simulate(BARS, STRATEGY.target_weights(CANDIDATE), EXECUTION)
    universe = portfolios.days[portfolios.days["portfolio"] == "universe"].set_index("date")["return"]
    record = daily_record(book, to_panel(BARS), np.zeros(len(universe), np.int64), universe, 2)
    assert record["rolling_sharpe"].notna().sum() >= len(universe) - 2
    assert np.isnan(record_figures(book, universe, universe, None)["index_beta"])
