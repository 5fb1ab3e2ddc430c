"""The verdict: what was shown, against which baseline, on how many independent cases, and what the gate says of it."""

import pandas as pd

from barograph.folds.schema import FOLDS
from barograph.names import PRIOR, REGIME_PRIOR, STRUCTURAL, UNIVERSE
from barograph.report import palette, words
from barograph.report.blocks import Block, Card, Cards, Section, Words
from barograph.report.parts import gate
from barograph.report.results import MONTHLY, SLICES, Results
from barograph.report.words import Quantity


def section(results: Results) -> Section:
    """Speak the verdict; skill is claimed only where its interval is above zero and enough cases are independent."""
    note = (
        "Skill is the share of a baseline's log loss that a predictor saves. The class frequencies are those of every "
        "matured row of a fold's past; the regime table counts them within the date's regime. The structural "
        "volatility baseline knows past volatility alone: what does not beat it has learned nothing beyond. In "
        f"brackets {results.confidence} intervals. No claim is made where an interval includes zero or the independent "
        "cases are too few. The exact test gives the differences of the episodes every pattern of signs: p is the "
        "share of patterns that speak at least as much for the predictor, and cannot be smaller than what so many "
        "episodes attain at best."
    )
    frequencies = _claim(results, PRIOR)
    money = words.money_sentence(palette.subject(results.headline), results.excess_sharpe)
    blocks: list[Block] = [
        Words([f"{words.capitalised(frequencies)}.", f"{money}."], "standfirst"),
        Cards(_cards(results)),
        Words([note], "note"),
        *gate.blocks(results),
    ]
    return Section("verdict", "Verdict", sentence(results), blocks)


def sentence(results: Results) -> str:
    """Say in one sentence which period was tested, and what was shown, overall, in crashes and before the gate."""
    row, tested = results.headline_scores, results[FOLDS].dropna(subset=["test_end"])
    years = words.years(tested["test_start"].min(), tested["test_end"].max())
    size = f"{words.count(int(row['dates']), 'trading day')}, {words.count(len(tested), 'fold')}"
    claim, structural = _claim(results, REGIME_PRIOR), words.log_loss_skill(row, STRUCTURAL)
    beyond = words.beyond_volatility(structural, sufficient=bool(row["sufficient"]))
    return f"Out of sample, {years} ({size}), {claim}; {beyond}; {crash(results)}; {gate.clause(results)}."


def _claim(results: Results, baseline: str) -> str:
    row, name = results.headline_scores, palette.subject(results.headline)
    skill, against = words.log_loss_skill(row, baseline), words.BASELINE_NAMES[baseline]
    return words.skill_sentence(name, skill, against, sufficient=bool(row["sufficient"]))


def crash(results: Results) -> str:
    """Say what is known of crashes, with the number of episodes, against the baseline that is the best there."""
    row = crash_rows(results).to_dict("index").get(results.headline)
    if row is None:
        return "no crash was tested"
    harder = words.harder_baseline(row)
    return words.regime_sentence(
        "crashes",
        words.log_loss_skill(row, harder),
        words.BASELINE_NAMES[harder],
        of=words.cases(int(row["episodes"]), float(row["effective_episodes"])),
        more=int(row["more_episodes"]),
        exact=words.exact_test(float(row[f"sign_flip_p_{harder}"]), float(row["attainable_p"])),
    )


def crash_rows(results: Results) -> pd.DataFrame:
    """Give the scores in crashes by predictor."""
    table = results[SLICES]
    return table[(table["kind"] == "regime") & (table["slice"] == "crash")].set_index("predictor", drop=False)


def _cards(results: Results) -> list[Card]:
    row, months = results.headline_scores, results[MONTHLY]
    days = f"{words.count(int(row['rows']), 'row')} on {words.count(int(row['dates']), 'day')}"
    years = months.loc[months["predictor"].isin([results.headline, UNIVERSE]), "year"].nunique()
    beyond = f"over the universe, {words.count(int(years), 'year')}"
    return [
        _card("Skill against the regime table", words.log_loss_skill(row), " %", days),
        _card("Skill against structural volatility", words.log_loss_skill(row, STRUCTURAL), " %", days),
        _card("AUC, mean of the classes", Quantity.of(row, "auc"), "", "0.5 is chance", reference=0.5),
        _card("Excess Sharpe ratio after costs", results.excess_sharpe, "", beyond),
    ]


def _card(name: str, quantity: Quantity, unit: str, cases: str, reference: float = 0.0) -> Card:
    if not quantity.known:
        return Card(name, "\N{EN DASH}", "too little evidence", cases)
    value, least, most = quantity.estimate
    low, high = min(least, reference), max(most, reference)
    pad = 0.08 * (high - low) or 1.0
    places = [round(100 * (at - low + pad) / (high - low + 2 * pad), 1) for at in (reference, least, most, value)]
    return Card(name, quantity.figure(sign=reference == 0) + unit, quantity.interval(), cases, *places)
