"""Labels: which barrier the price meets first, when that becomes known, and how unique that outcome is."""

from barograph.labels.barriers import FixedBarrier, VolatilityBarrier, label_bars, triple_barrier
from barograph.labels.frequencies import class_frequencies, class_shares
from barograph.labels.memory_preserving import fractional_difference
from barograph.labels.uniqueness import average_uniqueness

__all__ = [
    "FixedBarrier",
    "VolatilityBarrier",
    "average_uniqueness",
    "class_frequencies",
    "class_shares",
    "fractional_difference",
    "label_bars",
    "triple_barrier",
]
