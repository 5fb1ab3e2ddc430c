"""`barograph archive`: look at the rare events, and add or retire one."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pandas as pd
from ruamel.yaml import YAML

from barograph import config, tables
from barograph.archive.detection import SHOCK
from barograph.archive.schema import EVENTS
from barograph.cli.lines import aligned
from barograph.errors import InputError
from barograph.files import write_text

_NAME: Final = "[a-z][a-z0-9_]*"
_COLUMNS: Final = ("event", "kind", "regime", "start", "end", "available_from", "rows", "event_weight", "severity")


def listed(*, shocks: bool) -> str:
    """Give the archive's events as a table; the shocks of single names only if asked for."""
    events = tables.read(EVENTS, Path())
    shown = events if shocks else events[events["kind"] != SHOCK]
    columns = {name: [_cell(value) for value in shown[name]] for name in _COLUMNS}
    left = len(events) - len(shown)
    return aligned(columns) + (f"\n\nand {left} shocks of single names (--shocks shows them)" if left else "")


def shown(name: str) -> str:
    """Give everything that is known of one event, a line each.

    Raises
    ------
    InputError
        If there is no such event.
    """
    events = tables.read(EVENTS, Path())
    found = events[events["event"] == name]
    if found.empty:
        raise InputError(f"archive: {name!r} is no event; `barograph archive list --shocks` names them all")
    known = found.iloc[0].dropna()
    return "\n".join(f"{key:<17} {_cell(value)}" for key, value in known.items())


def add(name: str, *, start: str, end: str, regime: str, weight: float) -> str:
    """Write an event into the archive's settings, known from today; its weight counts beside those of the list.

    Raises
    ------
    InputError
        If the name is taken or no name, or the event does not fit the others.
    """
    if not re.fullmatch(_NAME, name):
        raise InputError(f"archive: {name!r} is no name; allowed are small letters, digits and _, such as crash_1987")

    def changed(events: Any) -> None:
        if name in events:
            raise InputError(f"archive: {name!r} is there already; choose another name")
        today = date.today().isoformat()
        events[name] = {"start": start, "end": end, "regime": regime, "weight": weight, "known_from": today}

    return _written(changed, f"{name} added, known from today: no fold that is tested before uses it")


def retire(name: str) -> str:
    """Write into the archive's settings that an event is shown to nothing that is tested or serves from today on.

    Raises
    ------
    InputError
        If no event of that name is in the settings, or it is retired already.
    """

    def changed(events: Any) -> None:
        if name not in events:
            raise InputError(f"archive: {name!r} is not in the settings; there are {list(events)}")
        if "retired_on" in events[name]:
            raise InputError(f"archive: {name!r} was retired on {events[name]['retired_on']}")
        events[name]["retired_on"] = date.today().isoformat()

    return _written(changed, f"{name} retired: nothing that is tested or serves from today on is shown it")


def _written(change: Callable[[Any], None], said: str) -> str:
    """Change the settings' file and, in params.yaml, what has come from it; check all before anything is written."""
    path, yaml, text = _settings(), YAML(), StringIO()
    yaml.preserve_quotes = True
    content = yaml.load(path.read_text(encoding="utf-8"))
    change(content["events"])
    yaml.dump(content, text)
    params = Path(config.PARAMS)
    settings = config.load_params(params)
    settings["archive"]["events"] = YAML(typ="safe").load(text.getvalue())["events"]
    config.validate(settings)
    write_text(path, text.getvalue())
    write_text(params, config.dump_params(settings))
    return f"{said}; written to {path} and {params}"


def _settings() -> Path:
    """Find the file of the archive option that conf/config.yaml chooses."""
    defaults = YAML(typ="safe").load((Path(config.CONF.name) / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    chosen = next(entry["archive"] for entry in defaults if isinstance(entry, Mapping) and "archive" in entry)
    return Path(config.CONF.name) / "archive" / f"{chosen}.yaml"


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "-"
    if isinstance(value, pd.Timestamp):
        return f"{value:%F}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
