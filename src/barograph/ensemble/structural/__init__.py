"""The structural baseline: what past volatility alone says about the label."""

from barograph.ensemble.structural.model import Structural

__all__ = ["Structural"]
