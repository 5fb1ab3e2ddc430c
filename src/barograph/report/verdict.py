"""The verdict: what was shown, against which baseline, on how many independent cases."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from barograph.names import BASELINES, UNIVERSE
from barograph.report import gate, palette, words
from barograph.report.inputs import ReportInputs, overall
from barograph.report.words import Estimate

REGIME_TABLE = "the regime table"
CLASS_FREQUENCIES = "the class frequencies of the past"


@dataclass(frozen=True)
class Figure:
    """One of the figures beside the verdict, with the place of its interval on a small scale from 0 to 100."""

    name: str
    value: str
    interval: str
    cases: str
    zero: float
    low: float
    high: float
    at: float


@dataclass(frozen=True)
class Verdict:
    """The sentence, the sentences below it, and the figures beside it."""

    sentence: str
    further: list[str]
    figures: list[Figure]


def verdict(inputs: ReportInputs) -> Verdict:
    """Speak the verdict on the headline predictor.

    Parameters
    ----------
    inputs : ReportInputs

    Returns
    -------
    Verdict
        Skill is claimed only where its whole interval lies above zero and there are enough independent cases.
    """
    row = overall(inputs).iloc[0]
    sufficient = bool(row["sufficient"])
    name = palette.subject(inputs.headline)
    claim = words.skill_sentence(name, words.log_loss_skill(row), REGIME_TABLE, sufficient=sufficient)
    parts = [claim, crash(inputs), gate.clause(inputs)]
    sentence = f"{scope(inputs, row)}, {'; '.join(part for part in parts if part)}."
    prior = words.skill_sentence(name, words.log_loss_skill(row, "prior"), CLASS_FREQUENCIES, sufficient=sufficient)
    further = [f"{words.capitalised(prior)}."]
    traded = inputs.backtest[inputs.backtest["predictor"] == inputs.headline]
    if len(traded):
        further.append(f"{words.money_sentence(name, excess(traded.iloc[0]))}.")
    return Verdict(sentence, further, _figures(inputs, row))


def scope(inputs: ReportInputs, row: "pd.Series[Any]") -> str:
    """Say which period was tested, on how many days and folds."""
    tested = inputs.folds.dropna(subset=["test_end"])
    size = f"{words.count(int(row['dates']), 'trading day')}, {words.count(len(tested), 'fold')}"
    if tested.empty:
        return f"Out of sample ({size})"
    first, last = pd.to_datetime(tested["test_start"]).min(), pd.to_datetime(tested["test_end"]).max()
    return f"Out of sample, {words.years(first, last)} ({size})"


def crash(inputs: ReportInputs) -> str:
    """Say what is known of crashes, with the number of episodes, against the baseline that is better there."""
    row = crash_row(inputs, inputs.headline)
    if row is None:
        return "no crash was tested"
    harder = words.harder_baseline(row)
    return words.regime_sentence(
        "crashes",
        words.log_loss_skill(row, harder),
        REGIME_TABLE if harder == "regime_prior" else CLASS_FREQUENCIES,
        episodes=int(row["episodes"]),
        sufficient=bool(row["sufficient"]),
    )


def crash_row(inputs: ReportInputs, predictor: str) -> "pd.Series[Any] | None":
    """Find a predictor's scores in crashes, None where none was tested."""
    table = inputs.slices
    chosen = (table["kind"] == "regime") & (table["slice"] == "crash") & (table["predictor"] == predictor)
    return table[chosen].iloc[0] if chosen.any() else None


def excess(row: "pd.Series[Any]") -> Estimate:
    """Take the Sharpe ratio's excess over the universe's from a row of the backtest."""
    return Estimate.of(row, "excess_sharpe")


def predictors_heading(inputs: ReportInputs) -> str:
    """Say how many predictors beat the regime table beyond their interval."""
    table = overall(inputs)
    judged = table[~table["predictor"].isin(BASELINES)]
    kinds = [
        words.log_loss_skill(row).evidence if bool(row["sufficient"]) else "insufficient"
        for _, row in judged.iterrows()
    ]
    better, worse = kinds.count("better"), kinds.count("worse")
    verb = "beats" if better == 1 else "beat"
    text = f"{better or 'None'} of {words.count(len(kinds), 'predictor')} {verb} the regime table"
    return f"{text}; {worse} {'is' if worse == 1 else 'are'} worse than it" if worse else text


def _figures(inputs: ReportInputs, row: "pd.Series[Any]") -> list[Figure]:
    days = f"{words.count(int(row['rows']), 'row')} on {words.count(int(row['dates']), 'day')}"
    figures = [
        _figure("Skill against the regime table", words.log_loss_skill(row), " %", days),
        _figure("Skill against class frequencies", words.log_loss_skill(row, "prior"), " %", days),
        _figure("AUC, mean of the classes", Estimate.of(row, "auc"), "", "0.5 is chance", reference=0.5),
    ]
    traded = inputs.backtest[inputs.backtest["predictor"] == inputs.headline]
    if len(traded):
        cases = f"over the universe, {words.count(_years(inputs), 'year')}"
        figures.append(_figure("Excess Sharpe ratio after costs", excess(traded.iloc[0]), "", cases))
    return figures


def _years(inputs: ReportInputs) -> int:
    return int(inputs.monthly.loc[inputs.monthly["predictor"].isin([inputs.headline, UNIVERSE]), "year"].nunique())


def _figure(name: str, estimate: Estimate, unit: str, cases: str, reference: float = 0.0) -> Figure:
    if not estimate.known:
        return Figure(name, "\N{EN DASH}", "too little evidence", cases, 50, 50, 50, 50)
    low, high = min(estimate.low, reference), max(estimate.high, reference)
    pad = 0.08 * (high - low) or 1.0
    places = [
        round(100 * (place - low + pad) / (high - low + 2 * pad), 1)
        for place in (reference, estimate.low, estimate.high, estimate.value)
    ]
    signed = reference == 0
    return Figure(name, estimate.figure(sign=signed) + unit, estimate.interval(), cases, *places)
