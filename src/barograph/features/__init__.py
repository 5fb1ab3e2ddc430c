"""Features: the catalogue, the decorator that adds to it, and the engine that computes it."""

from barograph.features.engine import available, compute, newest, stream
from barograph.features.feature_set import FeatureSet
from barograph.features.registration import Feature, catalogue, feature

__all__ = ["Feature", "FeatureSet", "available", "catalogue", "compute", "feature", "newest", "stream"]
