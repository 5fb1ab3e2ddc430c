"""Names that several packages share: classes, regimes, columns, and predictors that are not models."""

from typing import Final

CLASSES: Final = ("sell", "hold", "buy")
PROBABILITIES: Final = ("p_sell", "p_hold", "p_buy")
REGIMES: Final = ("low_volatility", "normal", "high_volatility", "crash", "recovery")

# The columns that name a row of bars, features, labels, samples and predictions.
KEY: Final = ["symbol", "date"]
# What else labels and regimes consist of; no signal may be called so.
LABEL_COLUMNS: Final = ("label", "exit_date", "exit_reason", "exit_return", "uniqueness")
REGIME_COLUMNS: Final = ("regime", "rule", "vix", "index_return_10", "drawdown")

PRIOR: Final = "prior"
REGIME_PRIOR: Final = "regime_prior"
# What past volatility alone says: see `barograph.ensemble.Structural`.
STRUCTURAL: Final = "structural"
BASELINES: Final = (PRIOR, REGIME_PRIOR, STRUCTURAL)
ENSEMBLE: Final = "ensemble"
# The equal mean of the models where nothing may be learned from their record: exams and the study of the memory.
VOTE: Final = "vote"
UNIVERSE: Final = "universe"
# Beside other predictors: the folder of the model in production, and the parts of the drift metrics.
RESERVED: Final = (*BASELINES, ENSEMBLE, VOTE, UNIVERSE, "champion", "features", "regimes")
# Before the name of a signal of others, as a feature and as a predictor; no model may be called so.
SIGNAL_PREFIX: Final = "signal_"
