"""The models and the seeds of the study of the memory."""

from collections.abc import Mapping
from typing import Any

from barograph import config
from barograph.errors import InputError


def studied_models(named: list[str], configured: Mapping[str, Any]) -> list[str]:
    """Give those of the study's models that are configured: dropping a model drops it from the study."""
    if unknown := [name for name in named if name not in configured and name not in _models_of_conf()]:
        raise InputError(
            f"ablation.models: {unknown[0]} is no model; there are {sorted({*configured, *_models_of_conf()})}"
        )
    if not (models := [name for name in named if name in configured]):
        raise InputError(f"ablation.models: none of {named} is configured; there are {sorted(configured)}")
    return models


def studied_seeds(first: int, number: int) -> list[int]:
    """Give the seeds of the study: that of the pipeline and those that follow it."""
    return list(range(first, first + number))


def _models_of_conf() -> set[str]:
    return {path.stem for path in (config.CONF / "model").glob("*.yaml")}
