"""Predicting with a version: the models, the combiner and the settings that one commit put into service."""

from barograph.serving.answer import answer
from barograph.serving.comparison import compare
from barograph.serving.predictions import predict, prepare
from barograph.serving.version import Version, read_version

__all__ = ["Version", "answer", "compare", "predict", "prepare", "read_version"]
