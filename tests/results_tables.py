"""README's headline and the tables of docs/results.md, written from the files that a run leaves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from barograph.names import BASELINES, ENSEMBLE, REGIME_PRIOR, STRUCTURAL
from barograph.report.words import BASELINE_NAMES, Quantity, cases, chance, joined, needed, number, years
from barograph.scoring import Estimate

Record = Mapping[Any, Any]
Lines = list[str]
VERBS = {"better": "beats", "none": "cannot be told from", "worse": "is worse than"}
RULES = {"above": "above", "at_least": "at least", "at_most": "at most", "below": "below"}
VERDICTS = {1: "pass", 0: "fail", None: "not applicable"}
AGAINST = [f"saves of `{baseline}`, %" for baseline in BASELINES]


def written(estimate: Estimate, decimals: int, *, scale: float = 1.0, unit: str = "", sign: bool = False) -> str:
    value, low, high = (scale * end for end in estimate)
    ends = f"[{number(low, decimals)}, {number(high, decimals)}]"
    return f"{number(value, decimals, sign=sign)}{unit} {ends}"


def bold(text: str) -> str:
    """Print the figure in bold, its interval not."""
    figure, ends = text.split(" ", 1)
    return f"**{figure}** {ends}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Lines:
    return [_line(heads), "|---" * len(heads) + "|", *map(_line, rows)]


def headline(validation: Record, gate: Record, facts: Record) -> str:
    """Say which baselines the ensemble beats, on all days and in crashes, and what the gate says of it."""
    row, tested = validation[ENSEMBLE], years(pd.Timestamp(facts["first"]), pd.Timestamp(facts["last"]))
    episodes = cases(row["crash_episodes"], row["crash_effective_episodes"])
    crash = f"it {_verdicts(row, 'crash_skill')} ({episodes})"
    if row["crash_more_episodes"]:
        crash = f"the evidence cannot decide ({episodes}; {needed(row['crash_more_episodes'])})"
    verdict = "accepts" if gate[ENSEMBLE]["accepted"] else "rejects"
    return (
        f"**Out of sample, {tested}, the ensemble {_verdicts(row, 'skill')}. In crashes {crash}. "
        f"The gate {verdict} it.**"
    )


def door(validation: Record) -> Lines:
    """Write README's table: the ensemble against the three baselines, on all days and in crashes."""
    row = validation[ENSEMBLE]
    return table(
        (
            "baseline",
            "the ensemble saves of its log loss",
            f"exact sign-flip test in crashes, p at best {chance(row['crash_attainable_p'])}",
        ),
        [
            (
                f"`{baseline}`: {BASELINE_NAMES[baseline]}",
                written(Estimate.of(row, f"skill_{baseline}"), 1, scale=100, unit=" %"),
                f"p {chance(row[f'crash_sign_flip_p_{baseline}'])}",
            )
            for baseline in BASELINES
        ],
    )


def skill(validation: Record) -> Lines:
    return table(
        ("predictor", "log loss", *AGAINST, "AUC", "accuracy, %", "calibration error"),
        [
            (
                f"`{name}`",
                number(row["log_loss"], 4),
                *(_share(name, row, f"skill_{baseline}", baseline, 1) for baseline in BASELINES),
                written(Estimate.of(row, "auc"), 3),
                number(100 * row["accuracy"], 1),
                number(row["calibration_error"], 3),
            )
            for name, row in _by_log_loss(validation)
        ],
    )


def movement(validation: Record) -> Lines:
    parts = [
        (f"movement against `{REGIME_PRIOR}`, %", "movement", REGIME_PRIOR, 1),
        (f"direction against `{REGIME_PRIOR}`, %", "direction", REGIME_PRIOR, 2),
        ("of what it loses about direction alone, %", "direction_skill", REGIME_PRIOR, 1),
        (f"movement against `{STRUCTURAL}`, %", "movement", STRUCTURAL, 1),
        (f"direction against `{STRUCTURAL}`, %", "direction", STRUCTURAL, 2),
    ]
    return table(
        ("predictor", *(head for head, *_ in parts)),
        [
            (f"`{name}`", *(_share(name, row, f"{part}_{base}", base, decimals) for _, part, base, decimals in parts))
            for name, row in _by_log_loss(validation)
        ],
    )


def in_crashes(validation: Record) -> Record:
    """Give the ensemble's row of crashes from the metrics, with the keys of a row of slices.csv."""
    row = {key.removeprefix("crash_"): value for key, value in validation[ENSEMBLE].items() if key.startswith("crash_")}
    return {**row, "sufficient": row["more_episodes"] == 0}


def regimes(scores: Mapping[str, Record]) -> Lines:
    """Write the ensemble's scores by regime; where the episodes are too few, the exact test alone."""
    return table(
        ("regime", "episodes", "p at best", *AGAINST),
        [
            (
                f"`{regime}`",
                cases(int(row["episodes"]), row["effective_episodes"])
                + ("" if row["sufficient"] else f"; {needed(int(row['more_episodes']))}"),
                chance(row["attainable_p"]),
                *(
                    f"{_told(row, f'skill_{base}', 1) if row['sufficient'] else 'undecided'}, "
                    f"p {chance(row[f'sign_flip_p_{base}'])}"
                    for base in BASELINES
                ),
            )
            for regime, row in scores.items()
        ],
    )


def crashes(validation: Record) -> Lines:
    return table(
        ("predictor", *(f"p against `{baseline}`" for baseline in BASELINES)),
        [
            (f"`{name}`", *("" if name == base else chance(row[f"crash_sign_flip_p_{base}"]) for base in BASELINES))
            for name, row in _by_log_loss(validation)
        ],
    )


def trading(backtest: Record) -> Lines:
    heads = ("predictor", "Sharpe ratio", "excess over `universe`", "return a year, %", "volatility a year, %")
    return table(
        (*heads, "deepest fall, %", "turnover a year", "costs a year, bp"),
        [
            (
                f"`{name}`",
                written(Estimate.of(row, "sharpe"), 2),
                "" if row["excess_sharpe"] is None else _told(row, "excess_sharpe", 2, scale=1),
                *(number(100 * row[key], 1) for key in ("cagr", "annual_volatility", "max_drawdown")),
                number(row["annual_turnover"], 1),
                number(row["cost_bps_per_year"], 0),
            )
            for name, row in sorted(backtest.items(), key=lambda item: -item[1]["sharpe"])
        ],
    )


def criteria(found: Record, asked: Record) -> Lines:
    """Write what the gate's settings ask for, and what the candidate reached."""
    return table(
        ("criterion", "figure", "asked for", "verdict"),
        [
            (
                criterion["description"],
                _figure(found[key]),
                "no champion yet"
                if found[key]["passed"] is None
                else f"{RULES[criterion['rule']]} {criterion['threshold']:g}",
                VERDICTS[found[key]["passed"]],
            )
            for key, criterion in asked["criteria"].items()
        ],
    )


def _figure(criterion: Record) -> str:
    if criterion["figure"] is None:
        return "" if criterion["passed"] is None else "cannot be decided"
    return number(criterion["figure"], 4)


def markets(facts: Sequence[Record], votes: Sequence[Mapping[str, float]], ensemble: Sequence[str]) -> Lines:
    """Write markets side by side: what was tested, the baselines, the study's vote by memory, and the ensemble."""
    periods = [f"{each['first']} to {each['last']}" for each in facts]
    shares = [100 * (1 - each["structural_log_loss"] / each["regime_prior_log_loss"]) for each in facts]
    return table(
        ("", *(f"{each['symbols']} stocks" for each in facts)),
        [
            ("tested", *periods),
            ("folds", *(str(each["folds"]) for each in facts)),
            ("rows", *(f"{each['rows']:,}" for each in facts)),
            *(
                (f"log loss of `{base}`", *(number(each[f"{base}_log_loss"], 3) for each in facts))
                for base in BASELINES
            ),
            (f"`{STRUCTURAL}` saves of `{REGIME_PRIOR}`, %", *(number(share, 1) for share in shares)),
            *(
                (f"log loss of the study's vote, `memory={option}`", *(number(vote[option], 3) for vote in votes))
                for option in votes[0]
            ),
            (f"the ensemble saves of `{STRUCTURAL}`, %", *ensemble),
        ],
    )


def _line(cells: Iterable[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _by_log_loss(validation: Record) -> list[tuple[str, Record]]:
    return sorted(validation.items(), key=lambda item: item[1]["log_loss"])


def _verdicts(row: Record, key: str) -> str:
    found = {baseline: Quantity.of(row, f"{key}_{baseline}").evidence for baseline in BASELINES}
    sides = [
        (verb, [BASELINE_NAMES[base] for base in BASELINES if found[base] == kind]) for kind, verb in VERBS.items()
    ]
    return joined([f"{verb} {joined(names)}" for verb, names in sides if names])


def _share(name: str, row: Record, key: str, baseline: str, decimals: int) -> str:
    return "" if name == baseline else _told(row, key, decimals)


def _told(row: Record, key: str, decimals: int, scale: float = 100) -> str:
    """Write an estimate, in bold where its interval excludes zero."""
    estimate = Estimate.of(row, key)
    text = written(estimate, decimals, scale=scale)
    return bold(text) if Quantity(estimate).evidence in ("better", "worse") else text
