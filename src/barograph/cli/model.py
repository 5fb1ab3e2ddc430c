"""`barograph model`: who is in production, why, and how that changes."""

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from barograph import config, registry, tables
from barograph.cli.lines import aligned
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.errors import InputError
from barograph.features.schema import FEATURES
from barograph.labels.schema import LABELS
from barograph.names import ENSEMBLE, KEY, PROBABILITIES
from barograph.registry.comparison import difference, verify
from barograph.registry.scores import daily_scores
from barograph.training.schema import PREDICTIONS

_METRICS: Final = ("validation", "backtest")
_ROOT: Final = Path()
_PRODUCTION: Final = "prod"


def listed(on: str | None) -> str:
    """Give every event, newest last; or who was in production at the end of a day (UTC).

    Raises
    ------
    InputError
        If the day is no date, or a tag is not as the registry wrote it.
    """
    found = _history()
    if on is not None:
        event = found.on(_day(on))
        if event is None:
            return f"{on}: no model was in production"
        return f"{on}: {event.evidence.version}, since event {event.evidence.number} of {event.at:%F} by {event.by}"
    if not found.events:
        return "no champion yet; `barograph model promote` makes one"
    rows = [
        {
            "event": str(event.evidence.number),
            "date": f"{event.at:%F}",
            "what": event.evidence.event + (", gate overridden" if event.evidence.override else ""),
            "version": event.evidence.version,
            "commit": event.evidence.commit[:10],
            "by": event.by,
            "reason": event.evidence.reason,
        }
        for event in found.events
    ]
    table = aligned({key: [row[key] for row in rows] for key in rows[0]})
    return f"{table}\n\n{found.events[-1].evidence.version} is in production"


def shown(name: str) -> str:
    """Give the evidence of a version, or of the event that put it in production.

    Raises
    ------
    InputError
        If there is no such version.
    """
    found = _history()
    event = found.in_production() if name == _PRODUCTION else found.named(name)
    return f"tagged by {event.by} at {event.at:%F %T} UTC\n{event.evidence.text()}"


def promote(reason: str, override: str | None, version: str | None, *, with_push: bool) -> str:
    """Put the models of the current commit in production.

    Raises
    ------
    InputError
        If a condition of promotion is not met, or an output of the pipeline is missing.
    """
    candidate = config.load_params(Path(config.PARAMS))["gate"]["candidate"]
    figures = {"predictor": candidate, "since": f"{tables.read(FEATURES, _ROOT, columns=['date'])['date'].max():%F}"}
    figures |= {name: _figures(name, candidate) for name in _METRICS}
    scores = daily_scores(_predictions(candidate), tables.read(LABELS, _ROOT, columns=[*KEY, "label"]))
    said = registry.promote(
        _ROOT,
        figures,
        {"scores.csv": scores.to_csv(index=False, lineterminator="\n")},
        reason=override or reason,
        override=override is not None,
        version=version,
        with_push=with_push,
    )
    return "\n".join(said)


def roll_back(version: str | None, reason: str, *, with_push: bool) -> str:
    """Put an earlier version in production again.

    Raises
    ------
    InputError
        If there is none, or its bytes are missing.
    """
    return "\n".join(registry.roll_back(_ROOT, version, reason=reason, with_push=with_push))


def compared(first: str, second: str) -> str:
    """Give what two versions have differently: settings, outputs, and what the gate said of each.

    Raises
    ------
    InputError
        If one of them is unknown.
    """
    recover()
    found = difference(_ROOT, first, second)
    parts = [
        _table("setting", found.settings, first, second, "no setting differs"),
        _table("output", found.outputs, first, second, "no output differs", shorten=10),
        _table("gate", found.gate, first, second, "the gate has judged neither"),
    ]
    return "\n\n".join(parts)


def lineage(name: str) -> str:
    """Give the versions from which a version came, newest first, with data, settings and reason of each.

    Raises
    ------
    InputError
        If there is no such version.
    """
    found = _history()
    version: str | None = found.in_production().evidence.version if name == _PRODUCTION else name
    lines = []
    while version is not None:
        event = found.named(version)
        evidence = event.evidence
        data = ", ".join(f"{path} {md5[:10]}" for path, md5 in evidence.data.items())
        lines.append(
            f"{evidence.version}  {event.at:%F}  commit {evidence.commit[:10]}  {data}  params.yaml "
            f"{evidence.config[:10]}  dvc.lock {evidence.lock[:10]}\n  {evidence.reason}"
        )
        version = evidence.parent
    return "\n".join(lines)


def verified(name: str | None) -> str:
    """Check all versions, or one: tags, hashes and the bytes of every output.

    Raises
    ------
    InputError
        If anything is not as it was when the version was promoted.
    """
    found = _history()
    if name is None:
        chosen = list(found.versions)
    else:
        chosen = [(found.in_production() if name == _PRODUCTION else found.named(name)).evidence.version]
    if not chosen:
        return "no version yet"
    places = {version: verify(_ROOT, found.versions[version].evidence) for version in chosen}
    return "\n".join(
        f"{version}: tags, hashes and bytes agree; its outputs are in {places[version]}" for version in places
    )


def _history() -> registry.History:
    recover()
    return registry.history(_ROOT)


def recover() -> None:
    """Finish what another command left behind, and say so; a remote that does not answer stops nobody from reading."""
    try:
        line = registry.recover(_ROOT)
    except InputError as error:
        line = str(error)
    if line:
        print(f"barograph: {line}", file=sys.stderr)


def _figures(name: str, candidate: str) -> dict[str, Any]:
    path = _ROOT / f"reports/metrics/{name}.json"
    if not path.is_file():
        raise InputError(f"{path}: no such file; run `dvc repro`")
    found: dict[str, Any] = json.loads(path.read_bytes())
    if candidate not in found:
        raise InputError(f"{path}: contains {sorted(found)}, not gate.candidate, {candidate}; run `dvc repro`")
    figures: dict[str, Any] = found[candidate]
    return figures


def _predictions(candidate: str) -> Any:
    columns = [*KEY, *PROBABILITIES]
    if candidate != ENSEMBLE:
        return tables.read(PREDICTIONS, _ROOT, columns=columns, model=candidate)
    predictions = tables.read(ENSEMBLE_PREDICTIONS, _ROOT, columns=["predictor", *columns])
    return predictions.loc[predictions["predictor"] == candidate, columns]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--on: {text!r} is no date; write it as 2024-03-01") from error


def _table(
    heading: str, rows: Mapping[str, tuple[Any, Any]], first: str, second: str, none: str, shorten: int | None = None
) -> str:
    if not rows:
        return none
    sides = [[_cell(pair[side])[:shorten] for pair in rows.values()] for side in (0, 1)]
    return aligned({heading: list(rows), first: sides[0], second if second != first else f"{second} ": sides[1]})


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
