"""The paper account of a wrapped strategy."""

import numpy as np
import pytest

from barograph.errors import InputError
from tests.backtest.days import Market, Scripted, follow

NAN = np.nan


def test_a_decision_earns_from_the_close_after_it() -> None:
    market = Market({"A": [100, 200, 220, 110], "B": [10, 10, 10, 10]})
    _, sleeve = follow(Scripted([1.0, 0.0]), market)
    assert sleeve.returns == pytest.approx([0.0, 0.1, -0.5])
    assert sleeve.entry_price.tolist() == pytest.approx([200.0, NAN], nan_ok=True)


def test_weights_drift_with_prices() -> None:
    _, sleeve = follow(Scripted([0.5, 0.25]), Market({"A": [1, 1, 3], "B": [1, 1, 1]}))
    assert sleeve.returns == pytest.approx([0.0, 1.0])
    assert sleeve.weights.tolist() == pytest.approx([0.75, 0.125])


def test_costs_are_paid_on_the_value_traded() -> None:
    market = Market({"A": [1, 1, 1], "B": [1, 1, 1]})
    _, sleeve = follow(Scripted([1.0, 0.0], [0.0, 0.5]), market, cost_bps=100.0)
    assert sleeve.returns == pytest.approx([-0.01, -0.015])


def test_the_entry_price_is_an_average_and_selling_leaves_it() -> None:
    market = Market({"A": [100, 100, 200, 200, 400, 400], "B": [1] * 6})
    script = Scripted([0.5, 0.0], None, [1.0, 0.0], [0.2, 0.0], [-0.1, 0.0])
    prices = []
    for dates in range(2, 7):
        cut = Market({"A": market.bars["close"][:dates, 0], "B": [1] * dates})
        prices.append(float(follow(script, cut)[1].entry_price[0]))
    # 0.5 at 100 is worth two thirds at 200, the other third is bought at 200: 1/150 + 1/600 shares cost 1.
    bought = 1.0 / (2 / 3 / 200 + 1 / 3 / 200)
    average = (2 / 3 / 200 * 100 + 1 / 3 / 200 * 200) * bought
    assert prices == pytest.approx([100.0, 100.0, average, average, 400.0])


def test_a_name_without_a_bar_keeps_its_last_close() -> None:
    _, sleeve = follow(Scripted([1.0, 0.0]), Market({"A": [3, 3, NAN, 6], "B": [1, 1, 1, 1]}))
    assert sleeve.returns == pytest.approx([0.0, 0.0, 1.0])


def test_nan_leaves_a_position_as_it_is() -> None:
    _, sleeve = follow(Scripted([0.5, 0.5], [0.0, NAN]), Market({"A": [1, 1, 1], "B": [1, 1, 3]}))
    assert sleeve.weights.tolist() == [0.0, 0.75]


def test_a_ruined_account_is_worth_nothing() -> None:
    _, sleeve = follow(Scripted([-1.0, 0.0]), Market({"A": [1, 1, 3, 9], "B": [1, 1, 1, 1]}))
    assert sleeve.returns == [0.0, -1.0, 0.0]
    assert sleeve.weights.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["send", "cash", "buy_percent", "positions", "portfolio_value"])
def test_the_real_account_is_out_of_reach(name: str) -> None:
    class Reaching:
        def weights(self, day):
            return getattr(day, name)

    with pytest.raises(InputError, match=rf"^day\.{name} is out of reach of a wrapped strategy; it may read date, "):
        follow(Reaching(), Market({"A": [1, 1]}))
