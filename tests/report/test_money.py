"""The section on money: risk over time, attribution, luck, sizes, conventions, capacity and round trips."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.report import Results
from barograph.report.blocks import Block, Chart, Group, Heading, Table, Words, charts
from barograph.report.parts import attributed, conventions, luck, record, sizing, trades
from barograph.report.sections import money

from .synthetic import field, replaced


def _said(blocks: list[Block]) -> list[str]:
    words = [sentence for block in blocks if isinstance(block, Words) for sentence in block.sentences]
    return [*(block.text for block in blocks if isinstance(block, Heading)), *words]


def _table(blocks: list[Block], id: str) -> Table:
    return next(block for block in blocks if isinstance(block, Table) and block.id == id)


def _rows(table: Table) -> dict[str, list[str]]:
    return {row.name: [cell.text for cell in row.cells] for row in table.rows}


def test_the_index_is_drawn_where_it_is_known(results: Results) -> None:
    names = [trace.get("name") for trace in money.equity(results).data]
    assert names.count("Index, without dividends") == 2
    none = replaced(results, index=field(results, "index").iloc[:0])
    assert "Index, without dividends" not in [trace.get("name") for trace in money.equity(none).data]


def test_rolling_figures_are_drawn_weekly_over_exposure(results: Results) -> None:
    chart = record.rolling(results)
    lines = [trace for trace in chart.data if trace.get("name")]
    assert {trace["name"] for trace in lines} == {"Ensemble", "Momentum", "VIX guard", "Equal-weighted universe"}
    assert {trace["visible"] for trace in lines if trace["name"] in ("Momentum", "VIX guard")} == {"legendonly"}
    days = field(results, "days")
    weeks = days["date"].dt.to_period("W").nunique()
    assert {len(trace["x"]) for trace in lines} == {weeks}
    own = days[(days["portfolio"] == "ensemble") & (days["date"] == days["date"].max())].iloc[0]
    ratio, exposure = [trace for trace in lines if trace["name"] == "Ensemble"]
    assert ratio["y"][-1] == pytest.approx(own["rolling_sharpe"], rel=1e-2)
    assert exposure["y"][-1] == own["gross"]


def test_the_rolling_finding_counts_weeks_ahead() -> None:
    dates = pd.bdate_range("2020-01-03", periods=4, freq="W-FRI")
    rows = {"a": [1.0, 2.0, 3.0, np.nan], "universe": [0.0, 2.5, 1.0, 1.0]}
    days = pd.concat(
        [pd.DataFrame({"date": dates, "portfolio": name, "rolling_sharpe": v}) for name, v in rows.items()]
    )
    assert record.rolling_finding(days, "a", 9) == (
        "Over 9 trading days its Sharpe ratio was between 1.0 and 3.0, and above the universe's in 67 % of the weeks"
    )
    assert record.rolling_finding(days.assign(rolling_sharpe=np.nan), "a", 9) == "Too few days for a window of 9"


def test_drawdowns_that_last_say_so(results: Results) -> None:
    falls = field(results, "drawdowns").copy()
    falls.loc[0, ["end", "recovery"]] = [pd.NaT, np.nan]
    found = _rows(record.drawdowns(replaced(results, drawdowns=falls)))
    assert found["1"][3] == "not yet"
    assert found["1"][5] == "\N{EN DASH}"
    assert found["2"][0] == f"\N{MINUS SIGN}{-100 * falls.loc[1, 'depth']:.1f}"
    assert len(found) == len(falls)


def test_tables_of_figures_are_folded_and_hold_predictors_and_strategies(results: Results) -> None:
    (group,) = record.tables(results, field(results, "strategies"))
    assert isinstance(group, Group)
    assert group.summary
    for table in group.blocks:
        assert isinstance(table, Table)
        names = [row.name for row in table.rows]
        assert len(names) == len(set(names)) == len(results.traded) + 2
        assert {"Ensemble", "Momentum", "VIX guard", "Equal-weighted universe"} <= set(names)
    tails = group.blocks[1]
    assert isinstance(tails, Table)
    place = [column.name for column in tails.columns].index("VaR, Cornish-Fisher, %")
    assert {row.cells[place].text for row in tails.rows} == {"\N{EN DASH}"}


def test_parts_of_the_return_are_drawn_and_the_rest_listed(results: Results) -> None:
    blocks = attributed.blocks(results)
    title, lead = _said(blocks)
    assert title == ("Of 0.4 points a year Utilities gave 0.5, and days in the regime normal 0.8; costs had taken 0.6")
    assert "add up to 0.4" in lead
    drawn = {chart.id: chart for chart in charts(blocks)}
    assert list(drawn) == [f"attribution-{by}" for by in ("sector", "regime", "event", "symbol")]
    assert drawn["attribution-event"].heading == (
        "Recovery 2003 gave most, 0.1 points a year; Crash 2001 cost most, 0.2"
    )
    assert "Days without an event gave 0.5" in drawn["attribution-event"].subtitle
    assert drawn["attribution-event"].data[0]["x"] == [-0.2, 0.1]
    assert len(drawn["attribution-symbol"].data[0]["x"]) == 15
    assert "The 5 in between are left out" in drawn["attribution-symbol"].subtitle
    listed = _table(blocks, "attribution-table")
    assert [row.name for row in listed.rows if row.span] == ["Side", "Exit", "Cost"]
    assert "Interest" not in [row.cells[0].text for row in listed.rows]
    none = replaced(results, attribution=field(results, "attribution").iloc[:0])
    assert attributed.blocks(none) == []


def test_luck_is_told_with_the_number_of_trials(results: Results) -> None:
    title, trials, overfitted, _ = _said(luck.blocks(results))
    assert title == (
        "The lead over the universe may be the luck of the best of all trials: the probability that it is more, "
        "deflated, is 40 %"
    )
    assert trials.startswith("50 trials: 7 predictors and 8 sets of parameters that searches tried, by 3 strategies")
    assert "and 5 that the settings add (`backtest.further_trials`)" in trials
    assert "0.23" in trials
    assert "61 %" in overfitted
    found = _rows(_table(luck.blocks(results), "luck-table"))
    assert found["Ensemble"] == ["40.0", "90.0", "97.0", "60.0", "4.0", "120"]
    assert found["LightGBM"][-1] == "\N{EN DASH}"
    assert found["Equal-weighted universe"][0] == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("lead", "said"), [(0.97, "is more than the luck"), (0.5, "may be the luck"), (np.nan, "never left the universe")]
)
def test_the_lead_is_claimed_only_where_it_is_probable(lead: float, said: str) -> None:
    assert said in luck.heading({"deflated_active": lead}, "the ensemble")


def test_unknown_overfitting_and_absent_histories_are_dashes(results: Results) -> None:
    assert "too few" in luck.overfitting({"overfitting": np.nan})
    found = _rows(_table(luck.blocks(results), "history-table"))
    assert found["Ensemble"][:3] == ["10.0", "0.10", "10"]
    assert found["Ensemble"][-2:] == ["2.0", "25.0"]
    assert found["Equal-weighted universe"][3] == found["Equal-weighted universe"][-1] == "\N{EN DASH}"


def test_conventions_give_a_range_and_say_what_the_data_do_not_allow(results: Results) -> None:
    blocks = conventions.blocks(results)
    assert _said(blocks)[0] == (
        "Under other honest conventions its Sharpe ratio lies between 0.71 and 0.77, its deepest drawdown between 54 "
        "and 58 %"
    )
    found = _rows(_table(blocks, "convention-table"))
    assert found["Filled at next open"] == [*["\N{EN DASH}"] * 4, "price is next open, but A has no open"]
    assert found["As traded"][:2] == ["0.77", "\N{MINUS SIGN}54.0"]


def test_capacity_is_drawn_or_its_absence_explained(results: Results) -> None:
    (chart,) = conventions.capacity(results)
    assert isinstance(chart, Chart)
    assert chart.heading == "Half of its Sharpe ratio is gone between 100 million and 10 billion"
    table = field(results, "capacity")
    first = conventions.capacity_finding(table.iloc[:2])
    assert first == "At 100 million more than half of its Sharpe ratio is left"
    unfilled = conventions.capacity_finding(table.assign(exposure=[1.0, 0.8, 0.2]))
    assert unfilled.startswith("Capacity ends between 1 million and 100 million")
    assert "no Sharpe ratio to lose" in conventions.capacity_finding(table.assign(sharpe=-0.1))
    refused = table.assign(sharpe=np.nan, remark="execution.participation is set, but the bars have no volume; no")
    (words,) = conventions.capacity(replaced(results, capacity=refused))
    assert isinstance(words, Words)
    assert words.sentences == ["Its capacity cannot be said: the bars have no volume, so that impact is not known."]
    other = refused.assign(remark="equity falls to zero")
    (words,) = conventions.capacity(replaced(results, capacity=other))
    assert isinstance(words, Words)
    assert "equity falls to zero" in words.sentences[0]


def test_sizes_and_limits_count_only_beyond_their_interval(results: Results) -> None:
    blocks = sizing.blocks(results)
    assert _said(blocks)[0] == (
        "1 of 2 ways of sizing and limits changes the excess Sharpe ratio beyond the interval: sector lowers it"
    )
    found = _rows(_table(blocks, "sizing-table"))
    assert found["As traded"][3] == "as traded"
    assert found["Kelly"][-1] == "\N{EN DASH}"
    assert found["Sector"][-1] == "20"
    table = field(results, "sizing")
    none = sizing.heading(table.iloc[:2])
    assert none.startswith("No evidence that any of 1 ways of sizing and limits changes the excess Sharpe ratio")
    assert sizing.blocks(replaced(results, sizing=table.iloc[:0])) == []


def test_round_trips_of_rare_exits_are_shown_too(results: Results) -> None:
    few = field(results, "trades")
    own = pd.concat([few.assign(contribution=few["contribution"] * k) for k in range(1, 6)])
    own = own[(own["exit_reason"] == "rebalance") | (own.index % 2 == 0)].reset_index(drop=True)
    blocks = trades.blocks(replaced(results, trades=own))
    table = _table(blocks, "trades-table")
    reasons = own["exit_reason"].value_counts()
    assert dict(table.choices)["stop loss"] == reasons["stop_loss"]
    assert dict(table.choices)["still open"] == int(own["exit_date"].isna().sum())
    assert len(table.rows) < len(own)
    assert "still open" not in {row.cells[2].text for row in table.rows}
    added = [float(row.cells[-1].sort) for row in table.rows]
    assert added == sorted(added, reverse=True)
    assert added[0] == pytest.approx(1e4 * own["contribution"].max(), abs=1e-3)
    few = replaced(results, trades=own.head(10))
    assert "All 10 round trips" in _table(trades.blocks(few), "trades-table").caption
    assert trades.blocks(replaced(results, trades=own.iloc[:0])) == []


def test_the_finding_of_round_trips_never_divides_by_a_loss(results: Results) -> None:
    own = field(results, "trades").assign(contribution=0.01)
    assert trades.heading(own) == "The best 3 round trips of 60 gave 5 % of the return"
    assert "added nothing together" in trades.heading(own.assign(contribution=-0.01))


def test_the_regime_of_a_round_trip_was_known_before_its_entry(results: Results) -> None:
    regimes = field(results, "regimes")
    day = regimes["date"].iloc[700]
    own: Any = field(results, "trades").head(1).assign(entry_date=day)
    changed = regimes.assign(regime=np.where(regimes["date"] < day, "crash", "normal"))
    told = replaced(results, trades=own, regimes=changed)
    assert _table(trades.blocks(told), "trades-table").rows[0].cells[4].text == "Crash"
