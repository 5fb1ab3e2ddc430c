"""The metrics that the page's tables show, each under the name that the stages write it by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from barograph.names import PRIOR, REGIME_PRIOR, UNIVERSE


@dataclass(frozen=True)
class Metric:
    """A metric of predictors.

    Attributes
    ----------
    key : str
        Its column; where ``<key>_low`` and ``<key>_high`` are there too, it is written with its interval.
    title, meaning : str
    unit : str
        ``%`` writes a fraction in percent.
    decimals : int
        Of a figure without an interval.
    beneath : (str, str)
        A word and the column of a figure that is written beneath.
    itself : str
        The predictor that the others are compared to.
    """

    key: str
    title: str
    meaning: str
    unit: str = ""
    decimals: int = 3
    beneath: tuple[str, str] = ("", "")
    itself: str = ""

    @property
    def head(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    @property
    def scale(self) -> float:
        """What a value is multiplied by when it is written."""
        return 100.0 if self.unit == "%" else 1.0


def _by_key(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.key: metric for metric in metrics}


METRICS: Final = _by_key(
    Metric(
        "skill_regime_prior",
        "Skill against the regime table",
        "log loss saved, in percent of the regime table's",
        "%",
        itself=REGIME_PRIOR,
    ),
    Metric(
        "skill_prior",
        "Skill against class frequencies",
        "log loss saved, in percent of that of past class frequencies",
        "%",
        itself=PRIOR,
    ),
    Metric("auc", "AUC", "macro one-vs-rest; 0.5 is chance"),
    Metric("brier", "Brier score", "lower is better"),
    Metric("calibration_error", "Calibration error", "expected; lower is better"),
    Metric(
        "accuracy",
        "Accuracy",
        "beneath it, what always naming the majority class scores",
        "%",
        decimals=1,
        beneath=("majority", "majority_accuracy"),
    ),
    Metric(
        "log_loss",
        "Log loss",
        "lower is better; beneath it, walk-forward on the same rows",
        beneath=("walk-forward", "walk_forward_log_loss"),
    ),
    Metric(
        "walk_forward_skill_regime_prior",
        "The same, walk-forward",
        "of the models that had seen what came before the event, on the same rows",
        "%",
        decimals=1,
    ),
    Metric("cagr", "Return a year", "compound, after costs", "%", decimals=1),
    Metric("annual_volatility", "Volatility", "of daily returns, a year", "%", decimals=1),
    Metric("sharpe", "Sharpe ratio", "yearly, after costs"),
    Metric("excess_sharpe", "Excess Sharpe", "over the equal-weighted universe", itself=UNIVERSE),
    Metric("sortino", "Sortino ratio", "yearly", decimals=2),
    Metric("calmar", "Calmar ratio", "return over the deepest drawdown", decimals=2),
    Metric("max_drawdown", "Deepest drawdown", "loss from the highest value", "%", decimals=0),
    Metric("annual_turnover", "Turnover a year", "times the equity", decimals=1),
    Metric("cost_bps_per_year", "Cost a year", "of equity", "bps", decimals=0),
)


@dataclass(frozen=True)
class Gain:
    """How the memory study writes a metric's improvement: by ``scale``, of the reference's value where ``relative``.

    ``name`` and ``meaning`` head a column; sentences call the metric ``noun`` and write ``unit`` after a figure.
    """

    name: str
    meaning: str
    noun: str
    unit: str
    scale: float
    relative: bool = False


GAINS: Final[Mapping[str, Gain]] = {
    "log_loss": Gain("Log loss saved, %", "of the reference's log loss", "log loss", " %", 100, relative=True),
    "brier": Gain("Brier score saved, %", "of the reference's Brier score", "Brier score", " %", 100, relative=True),
    "macro_f1": Gain("Macro F1, points", "gained, in hundredths", "macro F1", " points", 100),
    "auc": Gain("AUC, points", "gained, in hundredths; macro one-vs-rest", "AUC", " points", 100),
    "rank_ic": Gain("Rank IC, points", "gained, in hundredths", "rank IC", " points", 100),
    "sharpe": Gain("Sharpe ratio", "gained, yearly, after costs", "Sharpe ratio", "", 1),
}
