"""Memory: what a model is shown in each fold, from which source and with which weight."""

from barograph.memory.archive import Archive, archive_rows, event_coverage
from barograph.memory.balancing import Balance, balanced_counts
from barograph.memory.options import ArchiveShare, Memory, Weights, Window
from barograph.memory.samples import draw_samples, fold_table

__all__ = [
    "Archive",
    "ArchiveShare",
    "Balance",
    "Memory",
    "Weights",
    "Window",
    "archive_rows",
    "balanced_counts",
    "draw_samples",
    "event_coverage",
    "fold_table",
]
