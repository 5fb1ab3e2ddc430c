"""One suite that every strategy passes: ours in conf/strategy/, and some as a user would write them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph import config
from barograph.backtest import ByWeights, Order, Simulation, TopK, run
from barograph.backtest.strategies import Combination, StopLoss, due, top
from barograph.cli.audited_strategies import audited, inputs
from barograph.errors import InputError
from barograph.features.audit import telling_dates
from tests.backtest.invariants import check
from tests.settings import compose


@dataclass(frozen=True)
class Rotation(ByWeights):
    """A user's strategy that decides weights, on a feature, the regime and a history."""

    k: int

    def weights(self, day: Any) -> Any:
        if not due(day, 10):
            return None
        score = -day.features["natr_14"] if day.context["regime"] == "crash" else day.features["rsi_14"]
        traded = np.isfinite(day.history("close", 5)).all(axis=0)
        return 0.9 * top(np.where(traded, score, np.nan), self.k)


@dataclass(frozen=True)
class Trader:
    """A user's strategy that sends orders of every kind and uses every helper."""

    def on_bar(self, day: Any) -> None:
        t = day.memory["t"] = day.memory.get("t", -1) + 1
        close, score = day.bars.close, day.signals["p_buy"]
        names = [n for n in np.argsort(-score) if np.isfinite(score[n]) and np.isfinite(close[n])]
        if not names:
            return
        best, worst, price = str(day.symbols[names[0]]), str(day.symbols[names[-1]]), float(close[names[0]])
        if t % 40 == 39:
            day.rebalance_to_weights({best: 0.2})
        elif t % 10 == 0 and day.cash > 0.2 * day.portfolio_value:
            day.buy_percent(best, 5.0, stop_loss=0.93 * price, take_profit=1.07 * price)
        elif t % 10 == 3:
            value = 0.04 * day.portfolio_value
            day.send(Order(best, value=value, kind="limit", limit=0.99 * price, until="cancelled"))
            day.send(Order(worst, value=value, kind="trailing_stop", trail=0.05))
        elif t % 10 == 5:
            day.size_by_confidence(best, 20.0, float(score[names[0]]))
        elif t % 10 == 7:
            for order in day.open_orders[:2]:
                day.cancel(order.number)
        self._close(day, take_profits=t % 20 == 9)

    def _close(self, day: Any, *, take_profits: bool) -> None:
        for symbol in map(str, day.symbols):
            if day.unrealised_pnl_percent(symbol) < -10.0:
                day.close_position(symbol)
            elif day.unrealised_pnl_percent(symbol) > 10.0 and take_profits and day.position(symbol) > 0.0:
                day.sell_percent(symbol, 50.0)


@dataclass(frozen=True)
class Function:
    """A user's pure function of one argument."""

    k: int

    def target_weights(self, signals: pd.DataFrame) -> pd.DataFrame:
        return TopK(k=self.k, rebalance_days=7).target_weights(signals) / 2


OPTIONS = sorted(path.stem for path in (config.CONF / "strategy").glob("*.yaml"))
USERS = {"a user's weights": Rotation(k=3), "a user's orders": Trader(), "a user's function": Function(k=2)}
NAMES = [*OPTIONS, *USERS]


def strategy_of(name: str) -> Any:
    if name in USERS:
        return USERS[name]
    return config.build(compose([f"+strategy@strategies.tried={name}"])["strategies"]["tried"], "strategies.tried")


@cache
def world() -> tuple[Any, dict[str, pd.DataFrame], pd.DataFrame]:
    """Give the execution, the tables and the features: a market with a late listing, a delisting, a gap and a crash."""
    settings = compose()
    built = {key: config.build(settings[key], key) for key in ("features", "regime", "execution")}
    tables, features = inputs(built["features"], built["regime"].table)
    return built["execution"], tables, features


def traded(strategy: Any, **changed: pd.DataFrame) -> Simulation:
    execution, tables, features = world()
    given = tables | {"features": features} | changed
    seen = given["predictions"], given["context"]
    return check(run(given["bars"], strategy, execution, *seen, features=given["features"]), given["bars"], execution)


@cache
def usual(name: str) -> Simulation:
    return traded(strategy_of(name))


def at_every_eighth(tables: Any) -> Any:
    return telling_dates(tables)[::8]


@pytest.mark.parametrize("dates", [at_every_eighth, pytest.param(telling_dates, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_comes_later_changes_what_was_decided_and_traded(
    name: str, dates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("barograph.features.audit.telling_dates", dates)
    execution, tables, features = world()
    found = audited(strategy_of(name), execution, tables, features)
    assert set(found["feature"]) >= {"orders", "fills", "fill_prices", "positions"}
    assert not found["leaks"].any(), found.to_string()
    assert len(usual(name).fills) >= 5, "a strategy that does not trade proves nothing"


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_symbols_does_not_matter(name: str) -> None:
    symbols = world()[1]["bars"]["symbol"].unique()
    renamed = dict(zip(symbols, np.random.default_rng(1).permutation(symbols), strict=True))
    tables = {key: table for key, table in (*world()[1].items(), ("features", world()[2])) if "symbol" in table}
    changed = {key: table.assign(symbol=table["symbol"].map(renamed)) for key, table in tables.items()}
    before, after = usual(name), traded(strategy_of(name), **changed)
    pd.testing.assert_series_equal(before.equity, after.equity, rtol=1e-9)
    positions = before.positions.rename(columns=renamed)
    pd.testing.assert_frame_equal(positions, after.positions[positions.columns], rtol=1e-9, check_names=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_split_changes_nothing_but_the_number_of_shares(name: str) -> None:
    bars = world()[1]["bars"]
    factors = pd.Series(np.random.default_rng(2).uniform(0.1, 9.0, bars["symbol"].nunique()), bars["symbol"].unique())
    factor = bars["symbol"].map(factors)
    prices = ["open", "high", "low", "close"]
    split = bars.assign(**{name: bars[name] * factor for name in prices}, volume=bars["volume"] / factor)
    before, after = usual(name), traded(strategy_of(name), bars=split)
    pd.testing.assert_series_equal(before.equity, after.equity, rtol=1e-9)
    shares = before.positions / factors.reindex(before.positions.columns)
    pd.testing.assert_frame_equal(shares, after.positions, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_days_without_signals_and_almost_without_bars_pass(name: str) -> None:
    tables = world()[1]
    dates = tables["bars"]["date"].drop_duplicates().sort_values().to_numpy()
    silent, empty = dates[400:405], dates[[500, 501]]
    first = tables["bars"].loc[tables["bars"]["date"].isin(empty), "symbol"].min()
    thin = tables["bars"][~tables["bars"]["date"].isin(empty) | (tables["bars"]["symbol"] == first)]
    predictions = tables["predictions"][~tables["predictions"]["date"].isin(silent)]
    result = traded(strategy_of(name), bars=thin.reset_index(drop=True), predictions=predictions)
    assert set(result.fills.loc[result.fills["date"].isin(empty), "symbol"]) <= {first}
    assert np.isfinite(result.equity).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_listed_later_changes_nothing_before(name: str) -> None:
    bars, late = world()[1]["bars"], usual(name)
    listed = bars.groupby("symbol")["date"].min()
    newcomer, since = listed.idxmax(), listed.max()
    assert since > listed.min()
    others = {key: world()[1][key] for key in ("bars", "predictions")}
    others = {key: table[table["symbol"] != newcomer].reset_index(drop=True) for key, table in others.items()}
    without = traded(strategy_of(name), **others)
    before = late.equity.index < since
    pd.testing.assert_series_equal(late.equity[before], without.equity[before], check_exact=True)
    assert (late.fills.loc[late.fills["symbol"] == newcomer, "date"] > since).all()
    assert np.isfinite(late.equity).all()


class Raising:
    """Raises on its third date."""

    def weights(self, day: Any) -> Any:
        day.memory["t"] = day.memory.get("t", 0) + 1
        if day.memory["t"] == 3:
            return day.memory["nothing"]
        return None

    on_bar = weights


@pytest.mark.parametrize(
    ("strategy", "name"),
    [
        (Raising(), "Raising"),
        (StopLoss(strategy=Raising(), loss=0.1), "StopLoss"),
        (Combination(strategies={"a": Raising()}, shares={"a": 1.0}, lookback=2), "Combination"),
    ],
    ids=["Raising", "StopLoss", "Combination"],
)
def test_a_strategy_that_raises_ends_in_one_line(strategy: Any, name: str) -> None:
    third = world()[1]["bars"]["date"].drop_duplicates().nsmallest(3).iloc[-1]
    with pytest.raises(InputError) as caught:
        traded(strategy)
    assert str(caught.value) == f"strategy {name} on {third:%Y-%m-%d}: KeyError: 'nothing'"
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_strategy_that_is_wrapped_cannot_reach_the_account() -> None:
    @dataclass(frozen=True)
    class Reaching(ByWeights):
        def weights(self, day: Any) -> Any:
            return np.full(len(day.symbols), day.cash)

    with pytest.raises(InputError, match=r"strategy StopLoss on 20.*day\.cash is out of reach of a wrapped strategy"):
        traded(StopLoss(strategy=Reaching(), loss=0.1))


@pytest.mark.parametrize("strategy", [TopK(k=3, rebalance_days=5)], ids=str)
def test_wrapping_without_a_change_trades_the_same(strategy: TopK) -> None:
    """A combination of one strategy is that strategy: both drivers and both contracts agree."""
    alone, wrapped = traded(strategy), traded(Combination(strategies={"a": strategy}, shares={"a": 1.0}, lookback=2))
    pd.testing.assert_series_equal(alone.equity, wrapped.equity, rtol=1e-12)
