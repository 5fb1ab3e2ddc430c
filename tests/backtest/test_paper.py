"""The paper run: the same fills as a backtest, day by day, whatever stops it."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import Management, Order, Simulation, TopK, paper, run
from barograph.backtest.paper.steps import days_of
from barograph.backtest.risk import EmergencyStop
from barograph.cli import paper as commands
from barograph.errors import InputError

from .markets import FREE

COSTS = replace(FREE, price="next_close", commission_bps=1.0, half_spread_bps=4.0, initial_cash=1e6, delisting_days=3)
TWAP = replace(COSTS, participation=0.2, remainder="carry", impact=1.0, schedule="twap", schedule_bars=3)


def market(days: int, seed: int = 3) -> paper.Tables:
    """Draw bars with gaps and a late listing, probabilities and a context that is published before the first date."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2020-01-06", periods=days, freq="B", unit="us")
    parts = []
    for number, symbol in enumerate("ABCDE"):
        close = 40.0 * np.exp(np.cumsum(0.02 * rng.standard_normal(days)))
        opened = close * np.exp(0.01 * rng.standard_normal(days))
        bars = {"open": opened, "high": np.maximum(opened, close) * 1.01, "low": np.minimum(opened, close) * 0.99}
        volume = rng.uniform(1e4, 1e5, days)
        frame = pd.DataFrame({"symbol": symbol, "date": dates} | bars | {"close": close, "volume": volume})
        parts.append(frame[(rng.random(days) > 0.03) & (np.arange(days) >= 2 * number)])
    table = pd.concat(parts, ignore_index=True)
    table = table[~((table["symbol"] == "E") & (table["date"] > dates[days // 2]))]  # E is delisted
    signals = table[["symbol", "date"]].copy()
    signals[["p_sell", "p_hold", "p_buy"]] = rng.dirichlet(np.ones(3), len(signals))
    context = pd.DataFrame(
        {"date": dates, "vix": rng.uniform(10, 40, days), "regime": rng.choice(["normal", "crash"], days)}
    )
    return paper.Tables(table, signals, context[rng.random(days) > 0.2])


class Brackets:
    """Sends a bracket for a symbol each third day, and closes what is too large; keeps a count in memory."""

    def on_bar(self, day: Any) -> None:
        count = day.memory["count"] = day.memory.get("count", 0) + 1
        if count % 3 == 0 and day.context["vix"] < 30.0:
            symbol = "ABCDE"[count % 5]
            place = np.flatnonzero(day.symbols == symbol)
            close = day.history("close", 5)[-1, place]
            if len(place) and not np.isnan(close[0]):
                close = float(close[0])
                day.send(Order(symbol, value=2e5, take_profit=1.03 * close, stop_loss=0.97 * close, max_bars=4))


class Forgetful:
    """Decides by the number of dates that it is shown in all."""

    def target_weights(self, signals: pd.DataFrame) -> pd.DataFrame:
        dates = pd.DatetimeIndex(sorted(signals["date"].unique()))
        return pd.DataFrame({"A": [0.01 * len(dates)] * len(dates)}, index=dates)


@dataclass
class Desk:
    """Stands in for the desk that the command makes of params.yaml."""

    strategy: Any = field(default_factory=lambda: TopK(k=2, rebalance_days=5))
    execution: Any = COSTS
    overlays: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"k": 2})
    code: str = "1"
    portfolio: str = "ensemble"

    @property
    def stops(self) -> list[str]:
        return list(self.overlays)

    def trade(self, seen: paper.Tables, released: list[str]) -> Simulation:
        overlays = {name: replace(each, released=released) for name, each in self.overlays.items()}
        strategy = Management(None, overlays).over(self.strategy)
        return run(seen.bars, strategy, self.execution, seen.signals, seen.context)


Given = Callable[[paper.Tables, Desk], Path]


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Begin a run with a desk and tables, and give its folder."""

    def begin(tables: paper.Tables, desk: Desk) -> Path:
        monkeypatch.setattr(commands, "_tables", lambda *_: tables)
        monkeypatch.setattr(commands, "_desk", lambda *_: desk)
        if not (tmp_path / "journal.jsonl").exists():
            commands.init(tmp_path, None, f"{tables.bars['date'].min():%F}")
        return tmp_path

    return begin


def step(folder: Path, date: str | None = None, *, every: bool = False, accept_code: bool = False) -> str:
    return commands.step(folder, date, every=every, accept_code=accept_code)


def days_in(folder: Path) -> list[paper.Event]:
    return days_of(paper.read(folder / "journal.jsonl"))


def fills_in(folder: Path) -> pd.DataFrame:
    return pd.DataFrame(
        [{"date": pd.Timestamp(day["date"])} | fill for day in days_in(folder) for fill in day["fills"]]
    )


def same_as_a_backtest(folder: Path, tables: paper.Tables, desk: Desk) -> None:
    book, days = desk.trade(tables, []), days_in(folder)
    assert [day["equity"] for day in days] == book.equity.tolist()
    assert [day["cash"] for day in days] == book.cash.tolist()
    assert len(book.fills) > 5
    found = fills_in(folder).drop(columns="order")
    pd.testing.assert_frame_equal(found, book.fills[found.columns], check_dtype=False, check_exact=True)
    assert commands.status(folder)[1]


DESKS = {
    "weights": Desk(),
    "orders": Desk(Brackets()),
    "spread over bars, with impact": Desk(execution=TWAP),
    "at the open": Desk(execution=replace(COSTS, price="next_open", account="cash")),
}


@pytest.mark.parametrize("desk", DESKS.values(), ids=DESKS.keys())
def test_paper_is_the_backtest_day_by_day(begun: Given, desk: Desk) -> None:
    tables = market(20)
    folder = begun(tables, desk)
    for _ in tables.bars["date"].unique():
        step(folder)
    same_as_a_backtest(folder, tables, desk)


@pytest.mark.long
@pytest.mark.parametrize("desk", DESKS.values(), ids=DESKS.keys())
def test_two_years_of_days(begun: Given, desk: Desk) -> None:
    tables = market(504)
    folder = begun(tables, desk)
    step(folder, every=True)
    assert len(days_in(folder)) == 504
    same_as_a_backtest(folder, tables, desk)


def test_orders_of_a_day_are_the_fills_of_the_next(begun: Given) -> None:
    tables = market(30)
    folder = begun(tables, Desk())
    step(folder, every=True)
    found = 0
    for before, after in zip(days_in(folder)[:-1], days_in(folder)[1:], strict=True):
        orders = pd.read_csv(folder / "orders" / f"{before['date']}.csv").set_index("order")
        for fill in after["fills"]:
            if not fill["order"]:
                continue
            order = orders.loc[fill["order"]]
            close = dict(zip(after["seen"]["bars"]["symbol"], after["seen"]["bars"]["close"], strict=True))[
                fill["symbol"]
            ]
            assert order["symbol"] == fill["symbol"]
            # The estimate is at the close before: it errs by the day's moves of the equity and of the price.
            assert abs(order["estimated_shares"] - fill["shares"]) * close <= 0.1 * after["equity"]
            found += 1
    assert found > 5


def killed(folder: Path, point: int) -> bool:
    """Play a step in a process of its own that is killed at a call that touches the disk; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            _die_at(point)
            step(folder)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _die_at(point: int) -> None:
    calls = [0]

    def dying(call: Callable[..., Any], half: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def instead(*given: Any, **more: Any) -> Any:
            calls[0] += 1
            if calls[0] == point:
                if half:
                    half(*given)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **more)

        return instead

    write = os.write
    for name in ("ftruncate", "fsync", "close"):
        setattr(os, name, dying(getattr(os, name)))
    os.write = dying(write, lambda file, text: write(file, text[: len(text) // 2]))
    Path.write_bytes = dying(Path.write_bytes)  # type: ignore[method-assign]
    Path.replace = dying(Path.replace)  # type: ignore[method-assign]


def kills(folder: Path, tables: paper.Tables, desk: Desk, count: int) -> None:
    done, point = 0, 0
    while done < count:
        point = point + 1 if killed(folder, point + 1) else 0
        done += point > 0
    if len(days_in(folder)) < len(tables.bars["date"].unique()):
        step(folder, every=True)
    same_as_a_backtest(folder, tables, desk)
    for day in days_in(folder)[-1:]:
        assert (folder / "orders" / f"{day['date']}.csv").is_file()


def test_a_run_that_is_killed_loses_and_repeats_nothing(begun: Given) -> None:
    tables, desk = market(24), Desk()
    kills(begun(tables, desk), tables, desk, 12)


@pytest.mark.long
def test_fifty_kills(begun: Given) -> None:
    tables, desk = market(60), Desk(Brackets())
    kills(begun(tables, desk), tables, desk, 50)


def test_half_a_line_does_not_count_and_a_changed_line_is_found(begun: Given) -> None:
    tables, desk = market(12), Desk()
    folder = begun(tables, desk)
    step(folder, every=True)
    journal = folder / "journal.jsonl"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:-1])
    assert len(days_in(folder)) == 11
    step(folder)
    assert journal.read_bytes() == whole
    for damaged, words in (
        (whole.replace(b'"k":2', b'"k":3'), "line 2 does not follow line 1"),
        (b"".join(lines[:4] + lines[5:]), "line 5 does not follow"),
        (b"".join(lines[:5] + lines[4:]), "line 6 does not follow"),
        (whole.replace(lines[3], lines[3][:40] + b"\n"), "line 4 is damaged"),
    ):
        journal.write_bytes(damaged)
        with pytest.raises(InputError, match=words):
            step(folder)


def test_a_day_twice_a_gap_and_the_future_are_refused(begun: Given) -> None:
    tables = market(12)
    folder = begun(tables, Desk())
    dates = [f"{date:%F}" for date in sorted(tables.bars["date"].unique())]
    with pytest.raises(InputError, match=rf"{dates[1]} leaves a gap; the day after the start is {dates[0]}"):
        step(folder, dates[1])
    step(folder, dates[0])
    step(folder, dates[1])
    before = (folder / "journal.jsonl").read_bytes()
    for date, words in (
        (dates[1], "is in the journal"),
        (dates[0], "is in the journal"),
        ("2019-01-01", "is over"),
        (dates[3], f"leaves a gap; the day after {dates[1]} is {dates[2]}"),
        ("2030-01-01", "leaves a gap"),
    ):
        with pytest.raises(InputError, match=words):
            step(folder, date)
    with pytest.raises(InputError, match="there already"):
        commands.init(folder, None, dates[0])
    assert (folder / "journal.jsonl").read_bytes() == before
    context = pd.concat([tables.context, pd.DataFrame({"date": [pd.Timestamp(dates[2])]})]).drop_duplicates("date")
    holed = paper.Tables(tables.bars[tables.bars["date"] != pd.Timestamp(dates[2])], tables.signals, context)
    begun(holed, Desk())
    with pytest.raises(InputError, match=f"{dates[2]} has no bars, but the context has it"):
        step(folder)
    begun(tables, Desk())
    step(folder, every=True)
    with pytest.raises(InputError, match=f"no day after {dates[-1]}"):
        step(folder)


def test_a_changed_strategy_is_refused(begun: Given) -> None:
    tables = market(12)
    folder = begun(tables, Desk())
    for _ in range(8):
        step(folder)
    begun(tables, Desk(settings={"k": 3}))
    with pytest.raises(InputError, match="k was 2 when the run began and is 3"):
        step(folder)
    begun(tables, Desk(code="2"))
    with pytest.raises(InputError, match="the code of the strategy or the engine has changed"):
        step(folder)
    begun(tables, Desk(TopK(k=1, rebalance_days=5), code="2"))
    with pytest.raises(InputError, match=r"the strategy would have 1 fills.*the journal has 2"):
        step(folder, accept_code=True)
    begun(tables, Desk(code="2"))
    step(folder, accept_code=True)
    step(folder)
    assert len(days_in(folder)) == 10


def test_a_strategy_that_changes_its_past_is_refused(begun: Given) -> None:
    folder = begun(market(12), Desk(Forgetful()))
    step(folder)
    step(folder)
    with pytest.raises(InputError, match="decides otherwise than it did"):
        step(folder)


def test_a_split_changes_the_units_and_nothing_else(begun: Given) -> None:
    tables, desk = market(24), Desk(execution=TWAP)
    folder = begun(tables, desk)
    for _ in range(6):
        step(folder)
    later = tables.bars.copy()
    later[["open", "high", "low", "close"]] /= 2.0
    later["volume"] *= 2.0
    begun(paper.Tables(later, tables.signals, tables.context), desk)
    step(folder)
    day = days_in(folder)[-1]
    assert set(day["factors"].values()) == {2.0}
    orders = pd.read_csv(folder / "orders" / f"{day['date']}.csv")
    assert orders["symbol"].tolist() == ["A", "B"]
    close = later[later["date"] == pd.Timestamp(day["date"])].set_index("symbol")["close"]
    for order in orders.to_dict("records"):
        held = 2.0 * day["positions"][order["symbol"]]
        expected = order["weight"] * day["equity"] / close[order["symbol"]] - held
        assert order["estimated_shares"] == pytest.approx(expected)
    step(folder, every=True)
    text, same = commands.status(folder)
    assert same, text
    revised = later.copy()
    revised.loc[revised["date"] == pd.Timestamp(days_in(folder)[-1]["date"]), "open"] *= 1.1
    more = market(26)
    rest = more.bars[more.bars["date"] > later["date"].max()]
    begun(paper.Tables(pd.concat([revised, rest]), more.signals, more.context), desk)
    with pytest.raises(InputError, match="the past may only change by one factor"):
        step(folder)


def crash(days: int) -> paper.Tables:
    """Give a market that falls by a tenth on the eighth date, and rises afterwards."""
    tables = market(days)
    dates = sorted(tables.bars["date"].unique())
    close = 100.0 * np.where(np.arange(days) < 7, 1.0, 0.9 * 1.01 ** np.arange(-7, days - 7))
    rows = [{"symbol": s, "date": d, **dict.fromkeys(("open", "high", "low", "close"), c), "volume": 1e6}
            for s in "AB" for d, c in zip(dates, close, strict=True)]  # fmt: skip
    signals = pd.DataFrame(rows)[["symbol", "date"]].assign(p_sell=0.2, p_hold=0.3, p_buy=0.5)
    return paper.Tables(pd.DataFrame(rows), signals, tables.context)


def test_the_emergency_stop_flattens_and_stays_until_it_is_released(begun: Given) -> None:
    tables = crash(20)
    stop = EmergencyStop(drawdown=0.05, daily_loss=0.5, released=[])
    desk = Desk(TopK(k=2, rebalance_days=1), TWAP, {"stop": stop})
    folder = begun(tables, desk)
    with pytest.raises(InputError, match="nothing to release"):
        commands.release(folder)
    for _ in range(8):
        step(folder)
    assert "on since" in commands.status(folder)[0]
    assert {order["reason"] for order in days_in(folder)[-1]["orders"]} == {"stop"}
    assert days_in(folder)[-1]["caps"][-1]["overlay"] == "stop"
    for _ in range(4):
        step(folder)
        assert days_in(folder)[-1]["positions"] == {}
    commands.release(folder)
    assert "released from the next step on" in commands.status(folder)[0]
    with pytest.raises(InputError, match="released already"):
        commands.release(folder)
    step(folder)
    assert days_in(folder)[-1]["positions"] == {}
    assert days_in(folder)[-1]["orders"]
    step(folder, every=True)
    assert days_in(folder)[-1]["positions"]
    text, same = commands.status(folder)
    assert same, text
    assert "emergency stop  off" in text


def test_two_commands_at_once_are_refused(begun: Given) -> None:
    folder = begun(market(12), Desk())
    with paper.locked(folder / "journal.jsonl"), pytest.raises(InputError, match="another command writes to it"):
        step(folder)


def test_events_are_plain_json(begun: Given) -> None:
    folder = begun(market(12), Desk())
    step(folder, every=True)
    for line in (folder / "journal.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(name))
