"""The names of the feature study's options."""

from typing import Final

ALL: Final = "all"
STRUCTURAL_INPUTS: Final = "structural_inputs"
WITHOUT: Final = "without_"


def dropped_family(option: str) -> str:
    """Give the family that an option drops; empty where it drops none."""
    return option.removeprefix(WITHOUT) if option.startswith(WITHOUT) else ""
