"""The names of predictors that are not models, and what else no model may be called."""

from typing import Final

PRIOR: Final = "prior"
REGIME_PRIOR: Final = "regime_prior"
BASELINES: Final = (PRIOR, REGIME_PRIOR)
ENSEMBLE: Final = "ensemble"
# The equal mean of the models where nothing may be learned from their record: exams and the study of the memory.
VOTE: Final = "vote"
UNIVERSE: Final = "universe"
# Beside other predictors: the folder of the model in production, and the parts of the drift metrics.
RESERVED: Final = (*BASELINES, ENSEMBLE, VOTE, UNIVERSE, "champion", "features", "regimes")
# Before the name of a signal of others, as a feature and as a predictor; no model may be called so.
SIGNAL_PREFIX: Final = "signal_"
