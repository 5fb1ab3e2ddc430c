"""The world of the memory's tests."""

from tests.memory.conftest import world

__all__ = ["world"]
