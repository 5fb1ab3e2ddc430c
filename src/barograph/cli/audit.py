"""`barograph audit`: find every feature, regime or estimate that knows what came after its date."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph import config, tables
from barograph.archive import Detection, detect, event_log
from barograph.cli.lines import aligned
from barograph.errors import InputError
from barograph.features import FeatureSet, available, catalogue, compute
from barograph.features.audit import audit
from barograph.features.own import register_file
from barograph.features.signals import merge
from barograph.market import MarketData, Simulated, estimate_vix, read_signals
from barograph.market.schema import BARS, CONTEXT, FACTS, SIGNALS, UNIVERSE
from barograph.randomness import generator

CUTS: Final = 5
_MARKET: Final = Simulated(
    seed=0, symbols=8, first_year=2006, years=6, signal=0.0, calendar="XNYS", start=None, end=None, facts=True
)
_REQUIRED: Final = {"bars": BARS, "context": CONTEXT, "universe": UNIVERSE}
_OPTIONAL: Final = {"facts": FACTS, "signals": SIGNALS}

Market = dict[str, Any]
Rule = Callable[[pd.DataFrame], pd.DataFrame]


def run(names: Sequence[str] | None, file: str | None, *, own_data: bool) -> tuple[str, bool]:
    """Audit features and, unless some are named, the regime rule, the VIX estimate and the event detector.

    Parameters
    ----------
    names : sequence of str or None
        Features; None for all that the market has inputs for.
    file : str or None
        A Python file whose features alone are audited.
    own_data : bool
        Audit on the tables in data/market/ instead of a simulated market.

    Returns
    -------
    text : str
        A table with one row a feature or column, and a line that sums it up.
    clean : bool

    Raises
    ------
    InputError
        If a feature is unknown, has no inputs in the market, or cannot be audited.
    """
    settings = config.compose()
    features, rule = config.build(settings["features"], "features"), config.build(settings["regime"], "regime")
    features.register()
    if file is not None:
        names = [entry.name for entry in register_file(file)]
        if not names:
            raise InputError(f"{file}: registers no feature; write @feature above a function")
    calendar = features.calendar
    market = _tables(features.signals) if own_data else _simulated(rule.table, calendar)
    result = _features(market, rule.table, names, features)
    if names is None:
        detection = config.build(settings["archive"], "archive").detection
        result += [*_context(market, "regime rule", rule.table), *_context(market, "VIX estimate", _vix)]
        result += [] if detection is None else _events(market, rule, detection)
    found = pd.concat(result, ignore_index=True)
    left_out = {} if names is not None else _left_out(market, rule.table, calendar)
    return f"{_lines(found)}\n\n{_summary(found, left_out)}", not found["leaks"].any()


def _tables(signals: str) -> Market:
    """Read the market's tables, and the user's signals."""
    root = Path()
    market = {name: tables.read(table, root) for name, table in _REQUIRED.items()}
    given = {name: tables.read(table, root) for name, table in _OPTIONAL.items() if (root / table.path).is_file()}
    of_user, _ = read_signals(Path(signals), market["universe"])
    joined, _ = merge({SIGNALS.path: given.pop("signals", None), signals: of_user})
    return market | given | ({} if joined is None else {"signals": joined})


def _simulated(regimes: Rule, calendar: str | None) -> Market:
    """Simulate a market, with a random walk for every further series that some feature of the catalogue reads."""
    data = _MARKET.load()
    market: Market = {name: table for name in (*_REQUIRED, *_OPTIONAL) if (table := getattr(data, name)) is not None}
    context = market["context"]
    lacking = sorted({column for columns in _left_out(market, regimes, calendar).values() for column in columns})
    walks = {
        column: np.exp(np.cumsum(generator(_MARKET.seed, "audit", column).normal(0.0, 0.01, len(context))))
        for column in lacking
    }
    return market | {"context": context.assign(**walks)}


def _left_out(market: Market, regimes: Rule, calendar: str | None) -> dict[str, list[str]]:
    return available(MarketData(**market, regimes=regimes(market["context"])), calendar)[1]


def _features(market: Market, regimes: Rule, names: Sequence[str] | None, features: FeatureSet) -> list[pd.DataFrame]:
    settings: dict[str, Any] = {"names": names, "release_lag": features.release_lag, "calendar": features.calendar}

    def computed(context: pd.DataFrame, **others: Any) -> pd.DataFrame:
        return compute(context=context, regimes=regimes(context), **settings, **others)

    families = {entry.name: entry.family for entry in catalogue()}
    result = audit(computed, market, release_lag=features.release_lag, cuts=CUTS)
    return [result.assign(kind=result["feature"].map(families).fillna("signals"))]


def _context(market: Market, kind: str, rule: Rule) -> list[pd.DataFrame]:
    return [audit(rule, {"context": market["context"]}, release_lag={}, cuts=CUTS).assign(kind=kind)]


def _events(market: Market, rule: Any, detection: Detection) -> list[pd.DataFrame]:
    def log(context: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
        """Write what became known of each kind of event on a day into one text."""
        lines = event_log(detect(rule.table(context), bars, detection, rule))
        lines["text"] = lines["what"] + " " + lines["event"] + " " + lines["severity"].map(repr)
        return lines.groupby(["date", "kind"])["text"].agg("; ".join).unstack().reset_index()

    tables = {name: market[name] for name in ("context", "bars")}
    return [audit(log, tables, release_lag={}, cuts=CUTS).assign(kind="event detector")]


def _vix(context: pd.DataFrame) -> pd.DataFrame:
    return context[["date"]].assign(vix_estimate=estimate_vix(context["index_close"]))


def _lines(found: pd.DataFrame) -> str:
    return aligned(
        {
            "audited": found["feature"].tolist(),
            "kind": found["kind"].tolist(),
            "future corrupted": _verdicts(found["corruption"]),
            "history extended": _verdicts(found["extension"]),
        }
    )


def _verdicts(first: pd.Series) -> list[str]:
    return ["same past" if pd.isna(day) else f"LEAK at {day:%F}" for day in first]


def _summary(found: pd.DataFrame, left_out: Mapping[str, Sequence[str]]) -> str:
    lines = [f"not audited: {name}, since the market has no {' '.join(lacking)}" for name, lacking in left_out.items()]
    leaks = found[found["leaks"]]
    lines += [
        f"{leak.feature} ({leak.kind}) knew what came later: its value of {leak.first_leak:%F} changed"
        for leak in leaks.itertuples()
    ]
    counts = f"{len(found)} audited at {CUTS} dates and at ends of periods, to the bit"
    return "\n".join([*lines, f"{counts}: {len(leaks)} leak" + ("" if len(leaks) == 1 else "s")])
