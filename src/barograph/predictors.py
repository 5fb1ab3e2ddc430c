"""The names of predictors that are not models; no model may take them."""

from typing import Final

PRIOR: Final = "prior"
REGIME_PRIOR: Final = "regime_prior"
BASELINES: Final = (PRIOR, REGIME_PRIOR)
ENSEMBLE: Final = "ensemble"
UNIVERSE: Final = "universe"
RESERVED: Final = (*BASELINES, ENSEMBLE, UNIVERSE)
