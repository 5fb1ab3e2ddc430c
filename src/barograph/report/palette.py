"""Names and colours: one colour per regime and per predictor, on every page of every report.

The hues are those of Okabe and Ito (2008, https://jfly.uni-koeln.de/color/). There are more predictors than hues: the
second of a family takes a darker shade, another dash and another marker, and the baselines are greys. No two predictors
come closer than 14 units of CIELAB to a reader with protanopia, deuteranopia or tritanopia, as Machado, Oliveira and
Fernandes (2009, IEEE Transactions on Visualization and Computer Graphics 15(6)) simulate them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from barograph.names import REGIMES, SIGNAL_PREFIX

INK: Final = "#1d2733"
MUTED: Final = "#5d6b7a"
GRID: Final = "#e3e7eb"
FAINT: Final = "#c4ccd4"

REGIME_COLOURS: Final = {
    "low_volatility": "#56B4E9",
    "normal": "#C9D1D9",
    "high_volatility": "#E69F00",
    "crash": "#D55E00",
    "recovery": "#009E73",
}
WORSE: Final = "#D55E00"
BETTER: Final = "#0072B2"
SEQUENTIAL: Final = ((0.0, "#f5f6f7"), (0.5, "#8fc1e3"), (1.0, BETTER))
DIVERGING: Final = ((0.0, BETTER), (0.5, "#f5f6f7"), (1.0, WORSE))
GAINS: Final = ((0.0, WORSE), (0.5, "#f5f6f7"), (1.0, BETTER))
_WORDS: Final = {
    "vix": "VIX",
    "svm": "SVM",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "covid": "Covid",
    "china": "China",
    "prior": "Class frequencies",
    "regime_prior": "Regime table",
    "structural": "Structural volatility",
    "universe": "Equal-weighted universe",
}


@dataclass(frozen=True)
class Mark:
    """How a predictor is drawn, wherever it is drawn."""

    colour: str
    dash: str
    symbol: str


_MARKS: Final = {
    "ensemble": Mark("#0072B2", "solid", "circle"),
    "vote": Mark("#7814DC", "longdash", "circle"),
    "universe": Mark("#000000", "solid", "square"),
    "prior": Mark("#6B747D", "dot", "x"),
    "regime_prior": Mark("#363B40", "dash", "x"),
    "structural": Mark("#B5AFA3", "dashdot", "x"),
    "logistic_regression": Mark("#CC79A7", "solid", "diamond"),
    "svm": Mark("#631E6D", "dash", "diamond"),
    "random_forest": Mark("#009E73", "solid", "triangle-up"),
    "extra_trees": Mark("#005A3C", "dash", "triangle-up"),
    "lightgbm": Mark("#E69F00", "solid", "triangle-down"),
    "xgboost": Mark("#D55E00", "dash", "triangle-down"),
    "gradient_boosting": Mark("#7A5200", "dashdot", "triangle-down"),
    "neural_network": Mark("#56B4E9", "solid", "pentagon"),
}
_FURTHER: Final = [Mark(colour, "longdash", "star") for colour in ("#7A3B00", "#B8A800", "#1F4E79", "#A0487A")]


def marks(predictors: Iterable[str]) -> dict[str, Mark]:
    """Give each predictor its mark; a user's own models, then signals, take the further ones alphabetically."""
    names = sorted(set(predictors), key=lambda name: (name.startswith(SIGNAL_PREFIX), name))
    others = [name for name in names if name not in _MARKS]
    return {name: _MARKS.get(name) or _FURTHER[others.index(name) % len(_FURTHER)] for name in names}


def mark(predictor: str) -> Mark:
    """Give the mark of a predictor that is drawn alone."""
    return marks([predictor])[predictor]


def title(name: str) -> str:
    """Turn a key into what a reader reads: ``Random forest`` of ``random_forest``; a date at its end stays one."""
    if name in _WORDS:
        return _WORDS[name]
    words = [_WORDS.get(word, word) for word in name.split("_")]
    text = re.sub(r"(\d{4}) (\d{2}) (\d{2})$", r"\1-\2-\3", " ".join(words))
    return text[:1].upper() + text[1:]


def subject(name: str) -> str:
    """Name a predictor inside a sentence: ``the ensemble``, ``LightGBM``."""
    return "the ensemble" if name == "ensemble" else title(name)


def choices(predictors: Iterable[str]) -> list[tuple[str, str]]:
    """Give predictors and their names for a chooser."""
    return [(name, title(name)) for name in predictors]


def ordered(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Give names in the order in which they are known, the others last and alphabetically."""
    there = set(names)
    first = [name for name in dict.fromkeys(known) if name in there]
    return [*first, *sorted(there.difference(first))]


def regime_order(names: Iterable[str]) -> list[str]:
    """Sort regimes from calm to crisis, unknown ones last and alphabetically."""
    return ordered(names, REGIMES)


def regime_colour(name: str) -> str:
    """Give a regime's colour, black for a regime of a user's own."""
    return REGIME_COLOURS.get(name, "#000000")
