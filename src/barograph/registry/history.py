"""Who was in production when: the versions and events that a repository's tags record."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from barograph.errors import InputError
from barograph.registry.commands import git, git_answers
from barograph.registry.contents import at_commit
from barograph.registry.evidence import VERSION, Evidence, read_evidence

ARTIFACT: Final = "barograph"
PRODUCTION: Final = "prod"
CHAMPION: Final = "models/champion/metrics.json"
# What git prints of each tag.
_FIELDS: Final = ("refname:strip=2", "objecttype", "objectname", "*objectname", "tag", "taggerdate:unix", "taggername")
_EVENT: Final = re.compile(rf"{ARTIFACT}#{PRODUCTION}#([1-9]\d*)")
_VERSION: Final = re.compile(rf"{ARTIFACT}@({VERSION})")


def version_tag(version: str) -> str:
    """Name the tag of a version as GTO does."""
    return f"{ARTIFACT}@{version}"


def event_tag(number: int) -> str:
    """Name the tag of an event in production as GTO does."""
    return f"{ARTIFACT}#{PRODUCTION}#{number}"


def version_key(version: str) -> tuple[int, ...]:
    """Give what orders versions."""
    return tuple(int(part) for part in version.removeprefix("v").split("."))


@dataclass(frozen=True)
class Event:
    """A promotion or a rollback: its evidence, its tag object, when it happened, and who did it."""

    evidence: Evidence
    tag: str
    at: datetime
    by: str


@dataclass(frozen=True)
class History:
    """All events of a repository, in the order of their numbers."""

    events: tuple[Event, ...]

    @property
    def versions(self) -> dict[str, Event]:
        """The promotion of every version, in the order of the promotions."""
        return {each.evidence.version: each for each in self.events if each.evidence.event == "promotion"}

    @property
    def champion(self) -> Event | None:
        """The event that put the version in production there; None without one."""
        return self.events[-1] if self.events else None

    def on(self, day: date) -> Event | None:
        """Give the event whose version was in production at the end of a day (UTC); None before the first."""
        return next((each for each in reversed(self.events) if each.at.date() <= day), None)

    def named(self, name: str) -> Event:
        """Give the promotion of a version.

        Raises
        ------
        InputError
            If there is no such version.
        """
        version = name if name.startswith("v") else f"v{name}"
        if version not in self.versions:
            known = ", ".join(self.versions) or "none"
            raise InputError(f"version {name}: unknown; versions are {known} (`git fetch --tags` gets those of others)")
        return self.versions[version]

    def in_production(self) -> Event:
        """Give the event that put the version in production there.

        Raises
        ------
        InputError
            If nothing has been promoted.
        """
        if self.champion is None:
            raise InputError("no champion yet; `barograph model promote` makes one, `git fetch --tags` gets another's")
        return self.champion


def history(root: Path) -> History:
    """Read all events from the tags, and check that nobody moved or removed one.

    Each event's evidence names its commit and the tag object of the event before, so the events are a chain.

    Raises
    ------
    InputError
        If a tag was moved, made by hand or removed, or the clone lacks the tags.
    """
    tags = _tags(root)
    versions = {match[1]: name for name in tags if (match := _VERSION.fullmatch(name))}
    numbered = {int(match[1]): name for name in tags if (match := _EVENT.fullmatch(name))}
    events: list[Event] = []
    for number in range(1, max(numbered, default=0) + 1):
        if number not in numbered:
            raise InputError(f"{event_tag(number)}: this tag is missing; {_restoring(event_tag(number))}")
        event = _checked(numbered[number], tags[numbered[number]])
        found, last = event.evidence, events[-1] if events else None
        follows = found.number == number and found.previous == (last.tag if last else None)
        if not follows:
            raise InputError(f"{event_tag(number)}: does not follow the event before it; {_restoring('*')}")
        if last and event.at < last.at:  # a clock was wrong: the number counts
            event = Event(found, event.tag, last.at, event.by)
        events.append(event)
    read = History(tuple(events))
    _check_versions(read, versions, tags)
    _check_clone(root, read)
    return read


def resolve(root: Path, name: str) -> str:
    """Give the full commit of ``prod``, of a version such as ``v1.4.0``, or of any revision that git knows.

    Raises
    ------
    InputError
        If nothing has that name, nothing is in production, or the tags are not those of the registry.
    """
    if name == PRODUCTION:
        return history(root).in_production().evidence.commit
    if re.fullmatch(rf"v?{VERSION[1:]}", name):
        return history(root).named(name).evidence.commit
    commit = git_answers(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is None:
        raise InputError(f"{name}: is neither prod, a version such as v1.0.0, nor a commit of this clone")
    return commit.strip()


def _tags(root: Path) -> Mapping[str, list[str]]:
    """Give the registry's tags by name: the fields in their order, then the message."""
    form = "%00".join(f"%({field})" for field in (*_FIELDS, "contents")) + "%01"
    patterns = (f"refs/tags/{ARTIFACT}@v*", f"refs/tags/{ARTIFACT}#{PRODUCTION}#*")
    records = git(root, "for-each-ref", f"--format={form}", *patterns).split("\x01")
    parts = [record.lstrip("\n").split("\0") for record in records if record.strip()]
    return {fields[0]: fields for fields in parts}


def _checked(name: str, fields: list[str]) -> Event:
    """Read a tag; refuse one that the registry did not write, or that was moved."""
    _, kind, tag, target, inside, seconds, by, message = fields
    evidence = read_evidence(message) if kind == "tag" else None
    if evidence is None or inside != name:
        raise InputError(f"{name}: this tag was moved or made by hand, it has no evidence; {_restoring(name)}")
    if evidence.commit != target:
        raise InputError(
            f"{name}: this tag was moved by hand to {target[:10]}, its evidence names {evidence.commit[:10]}; "
            f"{_restoring(name)}"
        )
    return Event(evidence, tag, datetime.fromtimestamp(int(seconds), UTC), by)


def _check_versions(read: History, versions: Mapping[str, str], tags: Mapping[str, list[str]]) -> None:
    for version, event in read.versions.items():
        if version not in versions:
            raise InputError(f"{version_tag(version)}: this tag is missing; {_restoring(version_tag(version))}")
        if _checked(versions[version], tags[versions[version]]).evidence != event.evidence:
            raise InputError(
                f"{version_tag(version)}: this tag was moved by hand, {event_tag(event.evidence.number)} says "
                f"otherwise; {_restoring(version_tag(version))}"
            )


def _check_clone(root: Path, read: History) -> None:
    """Refuse a clone without the tags of the champion that its commit names."""
    text = at_commit(root, "HEAD", CHAMPION)
    version = json.loads(text).get("version") if text else None
    if version and version not in read.versions:
        raise InputError(
            f"{CHAMPION}: names {version}, this clone lacks the tag {version_tag(version)}; run `git fetch --tags`"
        )


def _restoring(name: str) -> str:
    return f"run `git fetch --force origin 'refs/tags/{name}:refs/tags/{name}'` to restore it"
