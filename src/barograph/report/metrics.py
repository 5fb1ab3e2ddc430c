"""How the page writes the figures of its tables, each under the name that the stages write it by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from barograph.names import PRIOR, REGIME_PRIOR, STRUCTURAL, UNIVERSE
from barograph.scoring import METRICS


@dataclass(frozen=True)
class Shown:
    """A figure of predictors as the page writes it; the unit ``%`` writes a fraction in percent.

    Where the columns ``<key>_low`` and ``<key>_high`` are there too, it is written with its interval, else with
    ``decimals``. ``beneath`` is a word and the column of a figure that is written beneath, ``itself`` the predictor
    that the others are compared to.
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


_FIGURES: Final = (
    Shown(
        "skill_regime_prior",
        "Skill against the regime table",
        "log loss saved, in percent of the regime table's",
        "%",
        itself=REGIME_PRIOR,
    ),
    Shown(
        "skill_prior",
        "Skill against class frequencies",
        "log loss saved, in percent of that of past class frequencies",
        "%",
        itself=PRIOR,
    ),
    Shown(
        "skill_structural",
        "Skill against structural volatility",
        "log loss saved, in percent of that of the structural volatility baseline: what is known beyond volatility",
        "%",
        itself=STRUCTURAL,
    ),
    Shown("auc", "AUC", "macro one-vs-rest; 0.5 is chance"),
    Shown("brier", "Brier score", "lower is better"),
    Shown("calibration_error", "Calibration error", "expected; lower is better"),
    Shown(
        "accuracy",
        "Accuracy",
        "beneath it, what always naming the majority class scores",
        "%",
        decimals=1,
        beneath=("majority", "majority_accuracy"),
    ),
    Shown(
        "log_loss",
        "Log loss",
        "lower is better; beneath it, walk-forward on the same rows",
        beneath=("walk-forward", "walk_forward_log_loss"),
    ),
    Shown(
        "walk_forward_skill_regime_prior",
        "The same, walk-forward",
        "of the models that had seen what came before the event, on the same rows",
        "%",
        decimals=1,
    ),
    Shown("cagr", "Return a year", "compound, after costs", "%", decimals=1),
    Shown("annual_volatility", "Volatility", "of daily returns, a year", "%", decimals=1),
    Shown("sharpe", "Sharpe ratio", "yearly, after costs"),
    Shown("excess_sharpe", "Excess Sharpe", "over the equal-weighted universe", itself=UNIVERSE),
    Shown("sortino", "Sortino ratio", "yearly", decimals=2),
    Shown("calmar", "Calmar ratio", "return over the deepest drawdown", decimals=2),
    Shown("max_drawdown", "Deepest drawdown", "loss from the highest value", "%", decimals=0),
    Shown("annual_turnover", "Turnover a year", "times the equity", decimals=1),
    Shown("cost_bps_per_year", "Cost a year", "of equity", "bps", decimals=0),
    Shown("exposure", "Exposure", "mean value of the positions, of equity", "%", decimals=0),
    Shown("alpha", "Alpha", "return a year beyond beta times the universe's", "%", decimals=1),
    Shown("beta", "Beta", "to the equal-weighted universe", decimals=2),
    Shown("tracking_error", "Tracking error", "deviation from the universe, a year", "%", decimals=1),
    Shown("information_ratio", "Information ratio", "mean over deviation of the lead, yearly", decimals=2),
    Shown("up_capture", "Up capture", "return on days when the universe rose, over the universe's", decimals=2),
    Shown("down_capture", "Down capture", "return on days when the universe fell, over the universe's", decimals=2),
    Shown(
        "index_alpha",
        "Alpha, index",
        "return a year beyond beta times the index's, dividends not in it",
        "%",
        decimals=1,
    ),
    Shown("index_beta", "Beta, index", "to the index", decimals=2),
    Shown("index_tracking_error", "Tracking error, index", "deviation from the index, a year", "%", decimals=1),
    Shown("index_information_ratio", "Information ratio, index", "mean over deviation of the lead, yearly", decimals=2),
    Shown("index_up_capture", "Up capture, index", "return on days when the index rose, over the index's", decimals=2),
    Shown("index_down_capture", "Down capture, index", "on days when the index fell", decimals=2),
    Shown("omega", "Omega", "sum of daily gains over sum of daily losses", decimals=2),
    Shown("tail_ratio", "Tail ratio", "95th over 5th percentile of daily returns, in size", decimals=2),
    Shown("skew", "Skew", "of daily returns", decimals=2),
    Shown("kurtosis", "Kurtosis", "of daily returns; 3 is normal", decimals=1),
    Shown("value_at_risk", "VaR", "5th percentile of daily returns", "%", decimals=2),
    Shown("value_at_risk_gaussian", "VaR, normal", "of a normal distribution", "%", decimals=2),
    Shown("value_at_risk_cornish_fisher", "VaR, Cornish-Fisher", "missing outside its domain", "%", decimals=2),
    Shown("conditional_value_at_risk", "CVaR", "mean of the days up to VaR", "%", decimals=2),
    Shown("conditional_value_at_risk_gaussian", "CVaR, normal", "of a normal distribution", "%", decimals=2),
    Shown("conditional_value_at_risk_cornish_fisher", "CVaR, Cornish-Fisher", "as VaR", "%", decimals=2),
    Shown("longest_drawdown_days", "Longest drawdown", "trading days below the highest value", "days", decimals=0),
    Shown("trades", "Round trips", "closed", decimals=0),
    Shown("win_rate", "Won", "share of round trips with a gain after costs", "%", decimals=1),
    Shown("payoff_ratio", "Pay-off", "mean gain over mean loss", decimals=2),
    Shown("profit_factor", "Profit factor", "money gained over money lost", decimals=2),
    Shown("expectancy_percent", "Expectancy, %", "mean result, of the entry's value", decimals=2),
    Shown("holding_bars", "Held", "mean, in bars", decimals=1),
    Shown("probabilistic_sharpe", "Sharpe above 0", "probability, in percent, for a single trial", "%", decimals=1),
    Shown("probabilistic_sharpe_universe", "Above the universe's", "probability, for a single trial", "%", decimals=1),
    Shown(
        "deflated_sharpe",
        "Deflated Sharpe",
        "probability that it beats the best of all trials without skill",
        "%",
        decimals=1,
    ),
    Shown("deflated_active", "Deflated lead", "the same of the lead over the universe", "%", decimals=1),
    Shown("min_track_record_years", "Years to exceed 0", "minimum track record length", decimals=1),
    Shown(
        "min_track_record_years_universe", "Years to exceed the universe's", "minimum track record length", decimals=0
    ),
)
_WORDED: Final = {figure.key: figure for figure in _FIGURES}


def shown(key: str) -> Shown:
    """Give how a figure is written: as worded here, or as its entry of `METRICS` says."""
    if key in _WORDED:
        return _WORDED[key]
    metric = METRICS[key]
    unit = "%" if metric.unit == "share" else metric.unit
    return Shown(key, metric.title, metric.meaning, unit, itself=key.removeprefix("skill_"))


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


def gain_of(key: str) -> Gain:
    """Give how an improvement is written: as worded here, or as the metric's entry of `METRICS` says."""
    if key in GAINS:
        return GAINS[key]
    metric = METRICS[key]
    return Gain(metric.title, metric.meaning, metric.title, metric.unit and f" {metric.unit}", 1)
