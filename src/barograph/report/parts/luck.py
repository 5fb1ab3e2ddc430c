"""How much of the record luck explains: trials, deflated ratios, overfitting, and other histories."""

import math
from typing import Final

import pandas as pd

from barograph.names import UNIVERSE
from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Table, Words
from barograph.report.cells import DASH, figures, heads, number, predictor_row
from barograph.report.results import Csv, Results
from barograph.report.words import Record

_KEYS: Final = (
    *("deflated_active", "deflated_sharpe", "probabilistic_sharpe", "probabilistic_sharpe_universe"),
    *("min_track_record_years", "min_track_record_years_universe"),
)
LUCK: Final = Csv("reports/backtest/luck.csv", ("portfolio", "track_record_years", *_KEYS))
TRIALS: Final = Csv(
    "reports/backtest/trials.csv",
    (
        *("tuning", "predictors", "strategies", "further", "trials", "correlation", "independent_trials"),
        *("sharpe_deviation", "expected_maximum", "overfitting"),
    ),
)
HISTORIES: Final = Csv(
    "reports/backtest/histories.csv", ("portfolio", "method", "figure", "value", "median", "low", "high", "probability")
)
_ENOUGH: Final = 0.95
_FIGURES: Final = (
    ("days", "cagr", "Return a year, %", 100.0, 1),
    ("days", "sharpe", "Sharpe ratio", 1.0, 2),
    ("days", "max_drawdown", "Deepest drawdown, %", 100.0, 0),
    ("trades", "cagr", "Return a year of round trips, %", 100.0, 1),
)
_CHANCES: Final = (("loses", "Loses, %"), ("behind_universe", "Behind the universe, %"))


def blocks(results: Results) -> list[Block]:
    """Tell how many were tried, what is left of the ratios, and how else history could have gone."""
    trials: Record = results[TRIALS].to_dict("records")[0]
    own: Record = next(row for row in results[LUCK].to_dict("records") if row["portfolio"] == results.candidate)
    return [
        Heading(heading(own, palette.subject(results.candidate)), "luck"),
        Words([counted(trials), overfitting(trials)], "prose"),
        _judged(results),
        Words([_OTHER.format(level=results.confidence)], "subtitle"),
        _histories(results),
    ]


def heading(own: Record, name: str) -> str:
    """Say whether the lead over the universe survives the number of trials."""
    lead = float(own["deflated_active"])
    if not math.isfinite(lead):
        return f"{words.capitalised(name)} never left the universe: there is no lead to judge"
    said = "is more than" if lead >= _ENOUGH else "may be"
    return (
        f"The lead over the universe {said} the luck of the best of all trials: the probability that it is more, "
        f"deflated, is {100 * lead:.0f} %"
    )


def counted(trials: Record) -> str:
    """Count the trials, and say what the best of them would show without skill."""
    further = int(trials["further"])
    more = f", and {further:,} that the settings add (`backtest.further_trials`)" if further else ""
    counts = {name: int(trials[name]) for name in ("trials", "predictors", "tuning", "strategies")}
    figures = ("expected_maximum", 2), ("correlation", 2), ("independent_trials", 0)
    best, correlation, worth = (words.number(float(trials[name]), places) for name, places in figures)
    return (
        f"{words.count(counts['trials'], 'trial')}: {words.count(counts['predictors'], 'predictor')} and "
        f"{words.count(counts['tuning'], 'set')} of parameters that searches tried, by "
        f"{words.count(counts['strategies'], 'strategy', 'strategies')}{more}. Without any skill the best of so many "
        f"would show a Sharpe ratio of {best}. Their mean correlation is {correlation}, so that they are worth {worth} "
        "independent ones, and the deflation is strict."
    )


def overfitting(trials: Record) -> str:
    """Say how often the best of one half of the time was not above the median in the other."""
    chance = float(trials["overfitting"])
    if not math.isfinite(chance):
        return "There are too few portfolios or days to tell how often the best choice of the past disappoints."
    return (
        f"The predictor or strategy that was best in one half of the time was no better than the median in the other "
        f"half in {100 * chance:.0f} % of all divisions (probability of backtest overfitting; a coin gives about 50 %)."
    )


_OTHER: Final = (
    "Other histories: years are drawn with replacement, and blocks of days within each, the same for every portfolio. "
    "Beneath each figure is the range of {level} of the histories. Round trips are drawn one by one, as if they were "
    "independent of each other, so that their range is too narrow."
)


def _judged(results: Results) -> Table:
    table = results[LUCK].rename(columns={"portfolio": "predictor"})
    ranked = [*results.traded[:-1], *sorted(set(table["predictor"]) - set(results.traded)), UNIVERSE]
    table = table.set_index("predictor", drop=False).loc[ranked].replace({math.inf: math.nan})
    marks = palette.marks(ranked)
    rows = [
        predictor_row(name, results.candidate, cells, marks[name].colour)
        for name, cells in zip(ranked, figures(table, _KEYS), strict=True)
    ]
    years = words.number(float(table["track_record_years"].iloc[0]), 1)
    caption = (
        f"Probabilities that a Sharpe ratio is no luck, and years of record that it would take at {results.confidence} "
        f"(there are {years}; a dash: no record is long enough)."
    )
    return Table("luck-table", caption, heads(_KEYS), rows, first="Portfolio")


def _histories(results: Results) -> Table:
    table = results[HISTORIES]
    names = list(dict.fromkeys(table["portfolio"]))
    found = {(row["portfolio"], row["method"], row["figure"]): row for row in table.to_dict("records")}
    marks = palette.marks(names)
    rows = []
    for name in names:
        cells = [
            _range(found.get((name, method, figure)), scale, places) for method, figure, _, scale, places in _FIGURES
        ]
        cells += [_chance(found.get((name, "days", figure))) for figure, _ in _CHANCES]
        rows.append(predictor_row(name, results.candidate, cells, marks[name].colour))
    columns = [Column(title) for _, _, title, _, _ in _FIGURES] + [Column(title) for _, title in _CHANCES]
    return Table(
        "history-table", "As it was, and the range of other histories beneath.", columns, rows, first="Portfolio"
    )


def _range(row: Record | None, scale: float, places: int) -> Cell:
    if row is None or pd.isna(row["value"]):
        return DASH
    ends = " to ".join(words.number(scale * float(row[end]), places) for end in ("low", "high"))
    return number(scale * float(row["value"]), places, ends)


def _chance(row: Record | None) -> Cell:
    return DASH if row is None else number(100 * float(row["probability"]), 1)
