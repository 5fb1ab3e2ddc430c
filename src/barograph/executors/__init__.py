"""Executors: where folds and trials run. All give the same results, in the order of the tasks."""

from barograph.executors.cache import Codec, ResultCache, run_recalling
from barograph.executors.environment import cache_from_environment, from_environment
from barograph.executors.executor import Executor
from barograph.executors.loky import Loky
from barograph.executors.ray import Ray
from barograph.executors.serial import Serial
from barograph.executors.slurm import Slurm

__all__ = [
    "Codec",
    "Executor",
    "Loky",
    "Ray",
    "ResultCache",
    "Serial",
    "Slurm",
    "cache_from_environment",
    "from_environment",
    "run_recalling",
]
