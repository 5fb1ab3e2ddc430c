"""Features: the catalogue, the decorator that adds to it, and the engine that computes it."""

# isort: off
from barograph.features import trend, momentum, volatility, volume, cross_section, context, calendar  # noqa: F401
from barograph.features import long_range, timeframes, fundamentals, sentiment  # noqa: F401

# isort: on
from barograph.features.engine import available, compute, newest, stream
from barograph.features.feature_set import FeatureSet
from barograph.features.registration import Feature, catalogue, feature

__all__ = ["Feature", "FeatureSet", "available", "catalogue", "compute", "feature", "newest", "stream"]
