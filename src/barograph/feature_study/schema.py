"""The tables of the feature study, and the place of an option's offer."""

from dataclasses import replace
from typing import Final

from barograph.features.schema import FEATURES
from barograph.memory_study.schema import ABLATION_PREDICTIONS

OFFERED: Final = "studies/features/offered/{option}.json"
STRUCTURAL_INPUTS: Final = replace(FEATURES, path="studies/features/structural_inputs.parquet")
FEATURE_PREDICTIONS: Final = replace(ABLATION_PREDICTIONS, path="studies/features/predictions/{option}.parquet")
