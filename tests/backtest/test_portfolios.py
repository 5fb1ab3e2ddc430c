"""Strategies beside the candidate: figures, records, and what was known of the context."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.backtest import Order, Portfolios, analytics, backtest, known_context, run, trade_strategies
from barograph.backtest.engine.schema import FILLS, ORDERS, POSITIONS, TRADES
from barograph.backtest.strategies import BuyAndHold, Momentum, VixGuard, WalkForwardGrid
from barograph.errors import InputError
from barograph.regimes.schema import REGIME_SERIES
from tests.backtest.invariants import check
from tests.backtest.test_performance import BARS, EXECUTION, PREDICTIONS, SETTINGS, STRATEGY

NAN = np.nan
CANDIDATE = PREDICTIONS[PREDICTIONS["predictor"] == "coin"]
DATES = BARS["date"].drop_duplicates().sort_values(ignore_index=True)
SIGNALS = CANDIDATE[["symbol", "date"]].assign(signal_mine=1.0)
CONTEXT = pd.DataFrame({"date": DATES, "vix": np.where(np.arange(len(DATES)) % 40 < 10, 35.0, 15.0)}).assign(
    regime=lambda table: np.where(table["vix"] > 30.0, "crash", "normal")
)
GRID = WalkForwardGrid(
    strategy=Momentum(lookback=20, skip=0, k=2, rebalance_days=5), grid={"k": [1, 4]}, min_days=50, cost_bps=10.0
)
STRATEGIES = {"guard": VixGuard(strategy=STRATEGY, level=30.0), "held": BuyAndHold(symbols=None), "grid": GRID}


def traded(**changed: Any) -> Portfolios:
    given: dict[str, Any] = {"strategies": STRATEGIES, "signals": SIGNALS, "context": CONTEXT} | changed
    strategies = given.pop("strategies")
    return trade_strategies(CANDIDATE, BARS, STRATEGY, strategies, EXECUTION, SETTINGS, 7, **given)


@pytest.fixture(scope="module")
def portfolios() -> Portfolios:
    return traded()


def test_the_candidate_and_the_universe_have_the_figures_of_the_backtest(portfolios: Portfolios) -> None:
    expected = backtest(CANDIDATE, BARS, STRATEGY, EXECUTION, SETTINGS, 7).summary.set_index("predictor")
    found = portfolios.summary.set_index("portfolio")
    assert found.index.tolist() == ["coin", "guard", "held", "grid", "universe"]
    pd.testing.assert_frame_equal(found.loc[["coin", "universe"]], expected, check_names=False)


def test_a_strategy_has_the_figures_of_its_run(portfolios: Portfolios) -> None:
    dates = CANDIDATE["date"]
    bars = BARS[BARS["date"].between(dates.min(), dates.max())]
    signals = CANDIDATE[["symbol", "date", "p_sell", "p_hold", "p_buy"]]
    for name in ("guard", "grid"):
        book = check(run(bars, STRATEGIES[name], EXECUTION, signals, CONTEXT), bars, EXECUTION)
        row = portfolios.summary.set_index("portfolio").loc[name]
        assert row["cagr"] == analytics.cagr(book.returns.iloc[1:])
        assert row["max_drawdown"] == analytics.max_drawdown(book.returns.iloc[1:])
        fills = portfolios.fills[portfolios.fills["portfolio"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(fills[book.fills.columns], book.fills)
        held = portfolios.positions[portfolios.positions["portfolio"] == name]
        wide = held.pivot(index="date", columns="symbol", values="shares")
        wide = wide.reindex(index=book.positions.index, columns=book.positions.columns).fillna(0.0)
        pd.testing.assert_frame_equal(wide, book.positions, check_names=False)


def test_only_names_of_the_table_are_sold_short() -> None:
    class Short:
        def on_bar(self, day: Any) -> None:
            if not day.memory:
                day.memory["sent"] = True
                for symbol in day.symbols[:3]:
                    day.send(Order(str(symbol), weight=-0.2))

    names = sorted(CANDIDATE["symbol"].unique())[:3]
    shortable = pd.DataFrame({"symbol": names[:1], "borrow_rate": [1.0]})
    records = traded(strategies={"short": Short()}, shortable=shortable)
    orders = records.orders[records.orders["portfolio"] == "short"].set_index("symbol")["code"]
    assert orders.to_dict() == {names[0]: "", names[1]: "nothing_to_borrow", names[2]: "nothing_to_borrow"}


def test_the_records_are_tables_with_their_schemas(portfolios: Portfolios, tmp_path: Path) -> None:
    for table in (ORDERS, FILLS, TRADES, POSITIONS):
        record = getattr(portfolios, Path(table.path).stem)
        assert set(record["portfolio"]) == {"coin", *STRATEGIES}
        tables.write(table, record, tmp_path)
        assert len(tables.read(table, tmp_path)) == len(record)
    assert {"entry_regime", "exit_vix", "entry_p_buy", "entry_signal_mine"} <= set(portfolios.trades)
    assert (portfolios.trades.groupby("portfolio")["entry_regime"].count() > 0).all()
    without = traded(context=None, strategies={"held": BuyAndHold(symbols=None)})
    tables.write(TRADES, without.trades, tmp_path)
    assert tables.read(TRADES, tmp_path)["entry_regime"].isna().all()


def test_choices_of_a_grid_and_rejections_are_recorded(portfolios: Portfolios) -> None:
    assert portfolios.choices["portfolio"].unique().tolist() == ["grid"]
    assert portfolios.choices["fold"].tolist() == [2018, 2019]
    assert portfolios.choices["parameters"].tolist()[1] in GRID.candidates
    last = portfolios.orders[portfolios.orders["code"] != ""].groupby(["portfolio", "code"]).size()
    counted = portfolios.rejections.set_index(["portfolio", "code"])["orders"]
    assert counted.sort_index().to_dict() == last.to_dict()


def test_a_strategy_that_fails_is_named() -> None:
    with pytest.raises(InputError, match=r"^strategies\.guard: strategy VixGuard on 2018-.*: context: no column 'vix'"):
        traded(context=None)

    class Ordering:
        def on_bar(self, day: Any) -> None:
            day.send(Order("S0", shares=1.0, kind="limit", limit=1.0))

    with pytest.raises(InputError, match=r"^strategies\.mine: strategy Ordering on 2018-.* no high and low"):
        traded(strategies={"mine": Ordering()})


def test_one_candidate_is_required() -> None:
    with pytest.raises(InputError, match=r"^predictions: they are of \['oracle', 'coin', 'prior'\]; those of one"):
        trade_strategies(PREDICTIONS, BARS, STRATEGY, {}, EXECUTION, SETTINGS, 7)


def test_a_late_value_is_shown_from_the_day_on_which_it_was_known() -> None:
    days = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07", "2020-01-14"]).as_unit("us")
    context = pd.DataFrame({"date": days, "vix": [10.0, NAN, 12, 13, 14], "us10y": [1.0, 2, 3, NAN, 5]})
    context = context.assign(usd_broad=[1.0, 2, 3, 4, 5], vix_estimated=True)
    columns = [name for name in REGIME_SERIES.columns if name != "date"]
    regimes = pd.DataFrame({"date": days[1:]}).assign(**dict.fromkeys(columns, 0.5)).assign(regime="normal")
    known = known_context(context.sample(frac=1.0, random_state=0), regimes, {"us10y": 1, "usd_broad": 7, "absent": 3})
    assert known["vix"].tolist() == pytest.approx([10.0, NAN, 12, 13, 14], nan_ok=True)
    # 2020-01-06 is a Monday: the value of the Friday before is known.
    assert known["us10y"].tolist() == pytest.approx([NAN, 1.0, 2.0, 3.0, 3.0], nan_ok=True)
    assert known["usd_broad"].tolist() == pytest.approx([NAN, NAN, NAN, NAN, 4.0], nan_ok=True)
    assert known["regime"].tolist()[1:] == ["normal"] * 4
    assert known["date"].tolist() == days.tolist()
    assert not {"vix_estimated", "rule"} & set(known)
