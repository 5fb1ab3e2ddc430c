"""One suite that every sizing and overlay in conf/ passes: they keep the accounts in order and see no future."""

from functools import cache
from typing import Any

import pandas as pd
import pytest

from barograph import config
from barograph.backtest import run
from barograph.cli.audited_strategies import audited, inputs, options
from tests.backtest.invariants import check
from tests.settings import compose

NAMES = [
    f"{group}={path.stem}"
    for group in ("sizing", "overlay")
    for path in sorted((config.CONF / group).glob("*.yaml"))
    if path.stem != "as_decided"
]


@cache
def world() -> tuple[Any, dict[str, pd.DataFrame], pd.DataFrame]:
    settings = compose()
    given = config.build(settings["features"], "features"), config.build(settings["regime"], "regime").table
    return config.build(settings["execution"], "execution"), *inputs(*given)


@cache
def strategies() -> dict[str, Any]:
    return options()


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_an_option_trades_and_sees_no_future(name: str) -> None:
    execution, tables, features = world()
    result = run(tables["bars"], strategies()[name], execution, tables["predictions"], tables["context"])
    check(result, tables["bars"], execution)
    assert len(result.fills) > 0
    found = audited(strategies()[name], execution, tables, features)
    assert not found["leaks"].any(), found.to_string()
