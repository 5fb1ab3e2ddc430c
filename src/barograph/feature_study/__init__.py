"""The study of the features: the value of each family, and of all of them beside eleven inputs of past volatility.

Sentences and table, :func:`~barograph.feature_study.answer.feature_words` and
:func:`~barograph.feature_study.summary.feature_summary`, are imported from their modules, since every stage builds the
settings and few need the report.
"""

from barograph.feature_study.inputs import structural_inputs
from barograph.feature_study.offers import Offer, offer
from barograph.feature_study.study import FeatureStudy

__all__ = ["FeatureStudy", "Offer", "offer", "structural_inputs"]
