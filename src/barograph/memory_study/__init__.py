"""The study of the memory: the value of each of its parts beside the others."""

from barograph.memory_study.differences import Draw, compare
from barograph.memory_study.rows import ScoredRows, scored_rows
from barograph.memory_study.study import Ablation, judge_differences

__all__ = ["Ablation", "Draw", "ScoredRows", "compare", "judge_differences", "scored_rows"]
