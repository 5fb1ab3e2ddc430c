"""Orders and executions refuse contradictions and wrong units in one line."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from barograph.backtest import Order
from barograph.errors import InputError

from .markets import FREE


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no size given; exactly one of shares, value, weight is required"),
        ({"shares": 1.0, "weight": 0.1}, "shares and weight given; exactly one of"),
        ({"shares": 0.0}, "shares is 0; positive buys, negative sells"),
        ({"shares": float("nan")}, "shares is nan; a finite number is required"),
        ({"value": float("inf")}, "value is inf; a finite number is required"),
        ({"shares": "10"}, "shares is '10'; a finite number is required"),
        (
            {"shares": 1.0, "kind": "stopp"},
            "kind is 'stopp'; allowed are market, limit, stop, stop_limit, trailing_stop",
        ),
        ({"shares": 1.0, "until": "friday"}, "until is 'friday'; allowed are day, cancelled"),
        ({"shares": 1.0, "at": "noon"}, "at is 'noon'; allowed are open, close, None"),
        ({"shares": 1.0, "kind": "limit"}, "limit of a limit order is missing"),
        ({"shares": 1.0, "kind": "stop_limit", "stop": 9.0}, "limit of a stop_limit order is missing"),
        ({"shares": 1.0, "limit": 9.0}, "limit of a market order is given; needed are no prices"),
        ({"shares": 1.0, "kind": "stop", "stop": 9.0, "limit": 9.0}, "limit of a stop order is given; needed are stop"),
        ({"shares": 1.0, "kind": "limit", "limit": -1.0}, "limit is -1; a price is never negative"),
        ({"shares": 1.0, "kind": "limit", "limit": float("nan")}, "limit is nan; a finite number is required"),
        ({"shares": 1.0, "kind": "trailing_stop", "trail": 20.0}, "trail is 20; allowed is a share between 0 and 1"),
        ({"shares": 1.0, "kind": "limit", "limit": 9.0, "at": "open"}, "at=open goes with kind=market, not limit"),
        ({"weight": 0.1, "kind": "limit", "limit": 9.0}, "weight goes with kind=market; a limit order takes shares or"),
        ({"shares": 1.0, "max_bars": 0}, "max_bars is 0; allowed is a whole number from 1"),
        (
            {"shares": 1.0, "take_profit": 9.0, "stop_loss": 11.0},
            "it buys, but take_profit 9 is not above stop_loss 11",
        ),
        (
            {"shares": -1.0, "take_profit": 11.0, "stop_loss": 9.0},
            "it sells, but take_profit 11 is not below stop_loss",
        ),
        (
            {"shares": 1.0, "kind": "limit", "limit": 9.0, "stop_loss": 10.0},
            "it buys, but entry 9 is not above stop_loss 10",
        ),
        ({"shares": 1.0, "stop_loss": -0.2}, "stop_loss is -0.2; a price is never negative"),
    ],
)
def test_an_order_refuses(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^order of A: {message}") as raised:
        Order("A", **given)
    assert "\n" not in str(raised.value)


def test_numbers_of_numpy_are_numbers() -> None:
    order = Order("A", shares=np.int64(3), kind="limit", limit=np.float32(2.5))  # type: ignore[arg-type]
    assert (order.shares, order.limit, order.direction) == (3.0, 2.5, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"account": "cash", "max_leverage": 2.0}, "a cash account has no leverage: 1 is allowed"),
        ({"max_leverage": 5.0}, "a margin call would come before the leverage allowed is reached"),
        ({"participation": 0.0}, "participation"),
        ({"participation": 20.0}, "participation"),
        ({"delisting_haircut": 30.0}, "delisting_haircut"),
        ({"lot": 0.0}, "lot"),
        ({"commission_minimum": -1.0}, "commission_minimum"),
        ({"cash_rate": float("nan")}, "cash_rate"),
        ({"remainder": "keep"}, "remainder"),
        ({"first": "both"}, "first"),
    ],
)
def test_an_execution_refuses(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        replace(FREE, **wrong)
