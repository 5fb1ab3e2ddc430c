"""Settings as the package composes them, each composition made once per worker: Hydra takes a third of a second."""

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from barograph import config


@cache
def _composed(overrides: tuple[str, ...], config_name: str) -> dict[str, Any]:
    return config.compose(overrides, config_name=config_name)


def compose(overrides: Sequence[str] = (), *, config_name: str = "config") -> dict[str, Any]:
    """Compose; what is given is a copy, which a test may change."""
    return deepcopy(_composed(tuple(overrides), config_name))
