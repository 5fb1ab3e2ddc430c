"""Memory: the rows that a model is shown in each fold, from which source and with which weight."""

from barograph.memory.balancing import Balance, balanced_counts
from barograph.memory.effective import effective_size, samples_by_regime
from barograph.memory.exams import Exam, exam_samples
from barograph.memory.options import ArchiveShare, Memory, Replay, Weights, Window
from barograph.memory.replay import ErrorReplay, replayed_by_regime
from barograph.memory.samples import draw_samples

__all__ = [
    "ArchiveShare",
    "Balance",
    "ErrorReplay",
    "Exam",
    "Memory",
    "Replay",
    "Weights",
    "Window",
    "balanced_counts",
    "draw_samples",
    "effective_size",
    "exam_samples",
    "replayed_by_regime",
    "samples_by_regime",
]
