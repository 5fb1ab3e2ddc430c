"""The models and the seeds of the feature study."""

from collections.abc import Mapping
from typing import Any

from barograph import config
from barograph.errors import InputError


def feature_models(named: list[str], configured: Mapping[str, Any]) -> list[str]:
    """Give those of the study's models that are configured: dropping a model drops it from the study."""
    known = {*configured, *(path.stem for path in (config.CONF / "model").glob("*.yaml"))}
    if unknown := [name for name in named if name not in known]:
        raise InputError(f"feature_study.models: {unknown[0]} is no model; there are {sorted(known)}")
    if not (models := [name for name in named if name in configured]):
        raise InputError(f"feature_study.models: none of {named} is configured; there are {sorted(configured)}")
    return models


def feature_seeds(first: int, number: int) -> list[int]:
    """Give the seeds of the study: that of the pipeline and those that follow it."""
    return list(range(first, first + number))
