"""Signals are traded but not scored: they stand in the section on money and nowhere else."""

import pandas as pd
import pytest

from barograph.report import Results, palette, render
from barograph.report.cells import heads
from barograph.report.sections import money, predictors

from .synthetic import field, replaced

SIGNALS = ("signal_beta", "signal_alpha")


@pytest.fixture(scope="module")
def traded(results: Results) -> Results:
    def joined(frame: pd.DataFrame) -> pd.DataFrame:
        own = frame[frame["predictor"] == "lightgbm"]
        return pd.concat([frame, *(own.assign(predictor=name) for name in SIGNALS)], ignore_index=True)

    names = ("backtest", "equity", "monthly", "cost_curve")
    luck = field(results, "luck")
    judged = [luck[luck["portfolio"] == "lightgbm"].assign(portfolio=name) for name in SIGNALS]
    frames = {name: joined(field(results, name)) for name in names}
    return replaced(results, luck=pd.concat([luck, *judged], ignore_index=True), **frames)


def test_signals_stand_between_the_predictors_and_the_universe(results: Results, traded: Results) -> None:
    expected = results.traded
    assert traded.traded == [*expected[:-1], "signal_alpha", "signal_beta", "universe"]


def test_every_line_and_row_of_the_money_section_has_one_colour_a_name(traded: Results) -> None:
    equity, costs = money.equity(traded), money.cost_curve(traded)
    marks = {}
    for trace in (*equity.data, *costs.data):
        if trace.get("mode") == "lines" and trace.get("name", "").startswith("Signal"):
            marks.setdefault(trace["name"], set()).add((trace["line"]["color"], trace["line"]["dash"]))
    rows = {row.name: row.colour for row in money.rows(traded)}
    assert set(marks) == {"Signal alpha", "Signal beta"}
    colours = {name: next(iter(own))[0] for name, own in marks.items() if len(own) == 1}
    assert len(set(colours.values())) == 2
    assert {name: rows[name] for name in colours} == colours


def test_signals_change_no_mark_of_a_model_of_the_users_own() -> None:
    assert palette.marks(["zeta", "signal_a", "alpha"]) == palette.marks(["alpha", "zeta"]) | {
        "signal_a": palette.marks(["alpha", "zeta", "signal_a"])["signal_a"]
    }
    marks = palette.marks(["zeta", "signal_a", "alpha"])
    assert len({mark.colour for mark in marks.values()}) == 3


def test_the_page_is_drawn_and_scores_no_signal(results: Results, traded: Results) -> None:
    page = render(traded)
    assert "Signal alpha" in page
    assert [row.name for row in predictors.rows(traded)] == [row.name for row in predictors.rows(results)]


def test_strategies_have_a_table_beside_the_candidate_and_the_universe(traded: Results) -> None:
    (table,) = money.strategies(traded)
    assert [row.name for row in table.rows] == ["Ensemble", "Momentum", "VIX guard", "Equal-weighted universe"]
    assert [row.kind for row in table.rows] == ["headline", "model", "model", "universe"]
    excess = table.columns.index(*heads(["excess_sharpe"]))
    assert [row.cells[excess].text == "0" for row in table.rows] == [False, False, False, True]
    alone = field(traded, "strategies").iloc[[0, -1]]
    assert money.strategies(replaced(traded, strategies=alone)) == []
