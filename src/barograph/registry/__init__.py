"""The registry of models: versions and events as annotated git tags, promotion, rollback, the bytes of a version."""

from barograph.registry.contents import fetch, fetch_checked, version_files
from barograph.registry.evidence import Evidence
from barograph.registry.history import Event, History, history, resolve
from barograph.registry.promotion import promote, recover, roll_back

__all__ = [
    "Event",
    "Evidence",
    "History",
    "fetch",
    "fetch_checked",
    "history",
    "promote",
    "recover",
    "resolve",
    "roll_back",
    "version_files",
]
