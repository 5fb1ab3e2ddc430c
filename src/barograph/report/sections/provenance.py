"""Provenance: the data, the settings, the versions and the commands that this page comes from."""

import json

from barograph.report.blocks import Block, Cell, Column, Facts, Group, Heading, Row, Section, Table, Words
from barograph.report.results import Results


def section(results: Results) -> Section:
    """Tell source and coverage, limits, parameters that were changed, commands, hashes and versions."""
    given = results.provenance
    limits: list[Block] = [Heading("What limits the data"), Words(given["notes"], "list")] if given["notes"] else []
    changed = [
        Row(f"`{key}`", [Cell(_plain(default)), Cell(_plain(value))])
        for key, (default, value) in sorted(given["params_changed"].items())
    ]
    caption = "Parameters that differ from the defaults"
    hashes = [Row(f"`{path}`", [Cell(f"`{md5}`")]) for path, md5 in sorted(given["hashes"].items())]
    versions = [Row(f"`{package}`", [Cell(number)]) for package, number in sorted(given["versions"].items())]
    blocks: list[Block] = [
        Facts([("Source", given["source"]), ("Coverage", given["coverage"])]),
        *limits,
        _table("parameters", caption, changed, "Key", "Default", "Here")
        if changed
        else Words(["Every parameter has its default value."]),
        Heading("The commands that reproduce this page"),
        Words(given["commands"], "code"),
        Group(
            [
                _table("hashes", "Hashes of the files (MD5)", hashes, "File", "MD5"),
                _table("versions", "Versions", versions, "Package", "Version"),
            ]
        ),
    ]
    return Section("provenance", "Provenance", "Where this page comes from", blocks)


def _table(id: str, caption: str, rows: list[Row], first: str, *columns: str) -> Table:
    return Table(id, caption, [Column(name, words=True) for name in columns], rows, first=first, sortable=False)


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return f"`{text}`"
