"""`barograph audit`: find every feature, regime or estimate that knows what came after its date."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from barograph import config
from barograph.archive import Detection, detect, event_log
from barograph.cli.audited_market import Market, Rule, audited_market, left_out
from barograph.cli.fresh import first_changes
from barograph.cli.lines import aligned
from barograph.errors import InputError
from barograph.features import Feature, FeatureSet, catalogue, compute
from barograph.features.audit import audit
from barograph.features.own import register_file
from barograph.market import estimate_vix

CUTS: Final = 5


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
    market = audited_market(features, rule.table, own_data=own_data)
    result = [_unkept(_features(market, rule.table, names, features), market, own_data=own_data)]
    if names is None:
        detection = config.build(settings["archive"], "archive").detection
        result += [*_context(market, "regime rule", rule.table), *_context(market, "VIX estimate", _vix)]
        result += [] if detection is None else _events(market, rule, detection)
    found = pd.concat(result, ignore_index=True)
    lacking = {} if names is not None else left_out(market, rule.table, features.calendar)
    return f"{table_of(found)}\n\n{_summary(found, lacking)}", not found["leaks"].any()


def _features(market: Market, regimes: Rule, names: Sequence[str] | None, features: FeatureSet) -> pd.DataFrame:
    settings: dict[str, Any] = {"names": names, "release_lag": features.release_lag, "calendar": features.calendar}

    def computed(context: pd.DataFrame, **others: Any) -> pd.DataFrame:
        return compute(context=context, regimes=regimes(context), **settings, **others)

    families = {entry.name: entry.family for entry in catalogue()}
    result = audit(computed, market, release_lag=features.release_lag, cuts=CUTS)
    return result.assign(kind=result["feature"].map(families).fillna("signals"))


def _unkept(found: pd.DataFrame, market: Market, *, own_data: bool) -> pd.DataFrame:
    """Add what two fresh interpreters make of the user's features, which may keep what they have seen."""
    dates = market["bars"]["date"].sort_values()
    middle, first = dates.iloc[len(dates) // 2], found.set_index("feature")["extension"]
    users = [entry for entry in catalogue() if _file(entry) and entry.name in first.index]
    for file in dict.fromkeys(map(_file, users)):
        names = [entry.name for entry in users if _file(entry) == file]
        changes = first_changes(names, file, middle, own_data=own_data).reindex(first.index)
        first = first.where(changes.isna() | (first <= changes), changes)
    extension = first.to_numpy()
    earlier = pd.DataFrame({"one": found["corruption"], "other": extension}).min(axis=1)
    return found.assign(extension=extension, first_leak=earlier, leaks=earlier.notna())


def _file(entry: Feature) -> str:
    """Give the file of a user's feature, and nothing of another's."""
    module = entry.function.__module__
    return module if module.endswith(".py") else ""


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


def table_of(found: pd.DataFrame) -> str:
    """Lay out the verdicts, a line for each column that was audited."""
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


def _summary(found: pd.DataFrame, lacking: Mapping[str, Sequence[str]]) -> str:
    lines = [f"not audited: {name}, since the market has no {' '.join(series)}" for name, series in lacking.items()]
    leaks = found[found["leaks"]]
    lines += [
        f"{leak.feature} ({leak.kind}) knew what came later: its value of {leak.first_leak:%F} changed"
        for leak in leaks.itertuples()
    ]
    return "\n".join([*lines, count_of(found)])


def count_of(found: pd.DataFrame) -> str:
    """Say how many columns were audited, and how many leak."""
    leaks = int(found["leaks"].sum())
    audited = f"{len(found)} audited at {CUTS} dates, at ends of periods and at unusual values, to the bit"
    return f"{audited}: {leaks} leak" + ("" if leaks == 1 else "s")
