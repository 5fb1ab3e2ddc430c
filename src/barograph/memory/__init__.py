"""Memory: what a model is shown in each fold, from which source and with which weight."""

from barograph.memory.archive import Archive
from barograph.memory.balancing import Balance, balanced_counts
from barograph.memory.detection import Detection, Shocks, detect
from barograph.memory.effective import effective_size, samples_by_regime
from barograph.memory.events import archive_tables, event_log
from barograph.memory.options import ArchiveShare, Memory, Weights, Window
from barograph.memory.samples import draw_samples, fold_table

__all__ = [
    "Archive",
    "ArchiveShare",
    "Balance",
    "Detection",
    "Memory",
    "Shocks",
    "Weights",
    "Window",
    "archive_tables",
    "balanced_counts",
    "detect",
    "draw_samples",
    "effective_size",
    "event_log",
    "fold_table",
    "samples_by_regime",
]
