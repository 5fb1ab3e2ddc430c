"""`barograph paper`: drive a strategy one day at a time, from a journal."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow.parquet as pq

import barograph.backtest
from barograph import config, tables
from barograph.backtest import Management, Simulation, known_context, paper, read_shortable, run
from barograph.backtest.paper.orders import last_closes
from barograph.backtest.paper.steps import days_of
from barograph.backtest.risk import EmergencyStop
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.errors import InputError
from barograph.features.schema import FEATURES
from barograph.files import write_text
from barograph.market.schema import BARS, CONTEXT, UNIVERSE
from barograph.names import KEY, PROBABILITIES, SIGNAL_PREFIX
from barograph.regimes.schema import REGIME_SERIES
from barograph.training.schema import PREDICTIONS

_PACKAGES: Final = ("numba", "numpy", "pandas", "skfolio")


@dataclass(frozen=True)
class Desk:
    """A paper run's strategy as params.yaml describes it, and the tables of the project."""

    portfolio: str
    settings: Mapping[str, Any]
    strategy: Any
    overlays: Mapping[str, Any]
    code: str

    def trade(self, seen: paper.Tables, released: list[str]) -> Simulation:
        """Run the strategy over tables, its emergency stops released on these dates."""
        overlays = {
            name: replace(each, released=[*each.released, *released]) if name in self.stops else each
            for name, each in self.overlays.items()
        }
        universe = pd.DataFrame(self.settings["universe"])
        sizing = config.build(self.settings["sizing"], "sizing")
        strategy = Management(sizing, overlays, universe).named(self.portfolio).over(self.strategy)
        shortable = self.settings["shortable"]
        return run(
            seen.bars,
            strategy,
            config.build(self.settings["execution"], "execution"),
            seen.signals,
            seen.context,
            shortable=None if shortable is None else pd.DataFrame(shortable),
        )

    @property
    def stops(self) -> list[str]:
        """The names of the emergency stops."""
        return [name for name, each in self.overlays.items() if isinstance(each, EmergencyStop)]


def init(folder: Path, portfolio: str | None, start: str | None) -> str:
    """Begin a paper run."""
    desk, journal = _desk(portfolio), _journal(folder)
    seen = _tables()
    with paper.locked(journal):
        if events := paper.read(journal):
            raise InputError(
                f"{journal}: a paper run of {events[0]['portfolio']} is there already; choose another folder (--folder)"
            )
        first = start or f"{seen.bars['date'].max():%F}"
        paper.append(journal, paper.begin(desk.portfolio, first, desk.settings, desk.code, seen))
    return f"{journal}: a paper run of {desk.portfolio} begins on {first}; `barograph paper step` plays a day"


def step(folder: Path, date: str | None, *, every: bool, accept_code: bool) -> str:
    """Play the next day, or every day that the bars have."""
    journal = _journal(folder)
    with paper.locked(journal):
        events, desk = _begun(journal)
        _write_orders(folder, events)
        if desk.code != _code_of(events):
            if not accept_code:
                raise InputError(
                    f"{journal}: the code of the strategy or the engine has changed since the last step; --accept-code "
                    "goes on if it does the same on every day of the journal"
                )
            _append(journal, events, paper.take_over(events, desk.code, desk.trade))
        seen = _tables(desk)
        lines = []
        for _ in range(max(_days_left(events, seen), 1) if every else 1):
            _append(journal, events, paper.tick(events, seen, date, desk.trade))
            _write_orders(folder, events)
            lines.append(_told(events[-1], folder))
    return "\n".join(lines)


def _days_left(events: list[paper.Event], seen: paper.Tables) -> int:
    days = days_of(events)
    return len(seen.following(days[-1]["date"])) if days else 1 + len(seen.following(events[0]["start"]))


def release(folder: Path) -> str:
    """Release the emergency stop."""
    journal = _journal(folder)
    with paper.locked(journal):
        events, desk = _begun(journal)
        day = paper.stopped_on(events, desk.stops)
        if day is None:
            raise InputError(f"{journal}: no emergency stop is on, there is nothing to release")
        if events[-1]["event"] == "release":
            raise InputError(f"{journal}: the emergency stop is released already; the next step trades again")
        _append(journal, events, {"event": "release"})
    return (
        f"{journal}: the emergency stop of {day} is released; the strategy decides again at the close of the next step"
    )


def status(folder: Path) -> tuple[str, bool]:
    """Tell where the run is, and whether a backtest of the same days has the same fills and equity."""
    journal = _journal(folder)
    events, desk = _begun(journal)
    days = days_of(events)
    if not days:
        return f"{desk.portfolio}: no day yet; `barograph paper step` plays {events[0]['start']}", True
    found = paper.compare(events, _tables(desk), desk.trade)
    stop = paper.stopped_on(events, desk.stops) if desk.stops else None
    last = days[-1]
    lines = [
        f"portfolio       {desk.portfolio}, {len(days)} days from {days[0]['date']} to {last['date']}",
        f"equity          {last['equity']:,.2f}, cash {last['cash']:,.2f}, {len(last['positions'])} positions",
        f"orders          {len(last['orders'])} work from the next bar on: {_order_path(folder, last['date'])}",
        f"emergency stop  {_stop_words(desk, stop, events)}",
        f"backtest        {_compared_words(found, last)}",
    ]
    return "\n".join(lines), found.differs is None


def _stop_words(desk: Desk, stop: str | None, events: list[paper.Event]) -> str:
    if not desk.stops:
        return "none in the settings (risk)"
    if stop is None:
        return "off"
    if events[-1]["event"] == "release":
        return f"on since {stop}, released from the next step on"
    return f"on since {stop}: flat until `barograph paper release`"


def _compared_words(found: paper.Comparison, last: paper.Event) -> str:
    if found.differs is None:
        return f"the same {found.fills} fills, and the same equity on each day, to the cent"
    return (
        f"differs from {found.differs} on, its equity is {found.equity:,.2f} on {last['date']}: the tables or the code "
        "have changed since the days were played"
    )


def _told(day: paper.Event, folder: Path) -> str:
    return (
        f"{day['date']}  {len(day['fills'])} fills, equity {day['equity']:,.2f}, {len(day['orders'])} orders: "
        f"{_order_path(folder, day['date'])}"
    )


def _journal(folder: Path) -> Path:
    return folder / "journal.jsonl"


def _order_path(folder: Path, date: str) -> Path:
    return folder / "orders" / f"{date}.csv"


def _append(journal: Path, events: list[paper.Event], event: paper.Event) -> None:
    paper.append(journal, event)
    events.append(event)


def _write_orders(folder: Path, events: list[paper.Event]) -> None:
    """Write the order file of the last day: after the journal, so that the next step does it if this one is killed."""
    days = days_of(events)
    if days:
        text = paper.order_file(days[-1], last_closes(days), days[-1]["factors"])
        write_text(_order_path(folder, days[-1]["date"]), text)


def _begun(journal: Path) -> tuple[list[paper.Event], Desk]:
    """Give the events of a journal, and the desk that goes on with it."""
    events = paper.read(journal)
    if not events:
        raise InputError(f"{journal}: no paper run; begin one with `barograph paper init`")
    desk = _desk(events[0]["portfolio"])
    for key, (begun, now) in config.changes(events[0]["settings"], desk.settings).items():
        raise InputError(
            f"{journal}: {key} was {begun!r} when the run began and is {now!r}; set it back, or begin another run in "
            "another folder (--folder)"
        )
    return events, desk


def _code_of(events: list[paper.Event]) -> str:
    return str(next(event["code"] for event in reversed(events) if "code" in event))


def _desk(portfolio: str | None) -> Desk:
    params = config.load_params(Path(config.PARAMS))
    candidate = params["gate"]["candidate"]
    portfolio = portfolio or candidate
    sections = {candidate: params["strategy"]} | params["strategies"]
    if portfolio not in sections:
        raise InputError(f"paper: unknown portfolio {portfolio!r}; there are {', '.join(sections)}")
    own = Path(params["strategy_code"])
    shortable, universe = read_shortable(Path(params["shortable"])), tables.read(UNIVERSE, Path())
    settings = {
        "candidate": candidate,
        "strategy": sections[portfolio],
        **{name: params[name] for name in ("execution", "risk", "sizing")},
        "release_lag": params["features"]["release_lag"],
        "shortable": None if shortable is None else shortable.to_dict("list"),
        "universe": universe.astype(object).where(universe.notna(), None).to_dict("list"),
    }
    key = "strategy" if portfolio == candidate else f"strategies.{portfolio}"
    overlays = {name: config.build(section, f"risk.{name}") for name, section in params["risk"].items()}
    return Desk(portfolio, settings, config.build(sections[portfolio], key), overlays, _code(own))


def _code(own: Path) -> str:
    """Give the hash of all code that decides and fills: Barograph's, the user's, and the versions of libraries."""
    folder = Path(str(barograph.backtest.__file__)).parent
    files = [*sorted(folder.rglob("*.py")), *(sorted(own.rglob("*.py")) if own.is_dir() else [own])]
    digest = hashlib.sha256(platform.python_version().encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in _PACKAGES:
        digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()


def _tables(desk: Desk | None = None) -> paper.Tables:
    """Read the bars, the candidate's predictions with the signals beside them, and the context as it was known."""
    root, params = Path(), config.load_params(Path(config.PARAMS))
    candidate = params["gate"]["candidate"]
    if candidate in params["model_names"]:
        predictions = tables.read(PREDICTIONS, root, model=candidate)
    else:
        every = tables.read(ENSEMBLE_PREDICTIONS, root)
        predictions = every[every["predictor"] == candidate]
    seen = predictions[[*KEY, *PROBABILITIES]]
    if desk is None or desk.portfolio != candidate:
        names = [name for name in pq.read_schema(root / FEATURES.path).names if name.startswith(SIGNAL_PREFIX)]
        if names:
            seen = seen.merge(tables.read(FEATURES, root, columns=[*FEATURES.key, *names]), on=KEY, how="left")
    lag = params["features"]["release_lag"]
    context = known_context(tables.read(CONTEXT, root), tables.read(REGIME_SERIES, root), lag)
    return paper.Tables(tables.read(BARS, root), seen, context)
