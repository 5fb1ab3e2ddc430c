"""Memory: what a model is shown in each fold, from which source and with which weight."""

from barograph.memory.archive import Archive
from barograph.memory.balancing import Balance, balanced_counts
from barograph.memory.detection import Detection, Shocks, detect
from barograph.memory.effective import effective_size, samples_by_regime
from barograph.memory.events import archive_tables, event_log
from barograph.memory.exam import Exam, exam_samples, not_examined
from barograph.memory.options import ArchiveShare, Memory, Replay, Weights, Window
from barograph.memory.replay import ErrorReplay, replayed_by_regime
from barograph.memory.samples import draw_samples, fold_table

__all__ = [
    "Archive",
    "ArchiveShare",
    "Balance",
    "Detection",
    "ErrorReplay",
    "Exam",
    "Memory",
    "Replay",
    "Shocks",
    "Weights",
    "Window",
    "archive_tables",
    "balanced_counts",
    "detect",
    "draw_samples",
    "effective_size",
    "event_log",
    "exam_samples",
    "fold_table",
    "not_examined",
    "replayed_by_regime",
    "samples_by_regime",
]
