"""Features: the catalogue, the decorator that adds to it, and the engine that computes it."""

# isort: off
from barograph.features import trend, momentum, volatility, volume, cross_section, context, calendar  # noqa: F401

# isort: on
from barograph.features.engine import available, compute
from barograph.features.feature_set import FeatureSet
from barograph.features.registration import Feature, catalogue, feature

__all__ = ["Feature", "FeatureSet", "available", "catalogue", "compute", "feature"]
