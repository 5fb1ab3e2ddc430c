"""Rare events, named and found: their rows, and the day from which each may be used."""

from barograph.archive.archive import Archive
from barograph.archive.detection import Detection, Shocks, detect
from barograph.archive.events import archive_tables, event_log

__all__ = ["Archive", "Detection", "Shocks", "archive_tables", "detect", "event_log"]
