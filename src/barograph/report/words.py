"""Numbers and sentences: what the interval supports, and no more than the evidence carries."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pandas as pd

from barograph.names import PRIOR, REGIME_PRIOR, STRUCTURAL
from barograph.scoring import Estimate

Record = Mapping[Any, Any]
Evidence = Literal["better", "worse", "none", "insufficient"]
MINUS: Final = "\N{MINUS SIGN}"
# What sentences call the baselines, in the order in which the page shows them.
BASELINE_NAMES: Final[Mapping[str, str]] = {
    REGIME_PRIOR: "the regime table",
    PRIOR: "the class frequencies of the past",
    STRUCTURAL: "the structural volatility baseline",
}


@dataclass(frozen=True)
class Quantity:
    """An estimate as it is written, multiplied by ``scale``, 100 for percent.

    A column of figures may share its decimals, the ``places``; else :attr:`decimals` follow from the interval.
    """

    estimate: Estimate
    scale: float = 1.0
    places: int | None = None

    @classmethod
    def of(cls, row: Record, key: str, scale: float = 1.0) -> "Quantity":
        """Take ``key``, ``key_low`` and ``key_high`` from a row."""
        return cls(Estimate.of(row, key), scale)

    @property
    def known(self) -> bool:
        """Whether figure and interval are all there."""
        return all(map(math.isfinite, self.estimate))

    @property
    def evidence(self) -> Evidence:
        """On which side of zero the whole interval lies; an end at zero counts as including it."""
        if not self.known:
            return "insufficient"
        if self.estimate.low > 0:
            return "better"
        return "worse" if self.estimate.high < 0 else "none"

    @property
    def decimals(self) -> int:
        """Decimals that the interval supports, at most three.

        The Particle Data Group's rule on the half-width: two of its digits where it begins with 100 to 354, else one
        (Review of Particle Physics 2024, introduction, section 5.3).
        """
        if self.places is not None:
            return self.places
        half = abs(self.estimate.high - self.estimate.low) * self.scale / 2
        if not math.isfinite(half) or half == 0:
            return 1 if self.scale > 1 else 2
        power = math.floor(math.log10(half))
        two = half / 10.0**power < 3.545
        places = min(3, max(0, int(two) - power))
        # An end that is not zero must not be written as zero, or the interval would seem to include it.
        near = min(abs(self.estimate.low), abs(self.estimate.high)) * self.scale
        while self.evidence in ("better", "worse") and places < 3 and round(near, places) == 0:
            places += 1
        return places

    def figure(self, *, sign: bool = False) -> str:
        """Write the figure alone."""
        return number(self.estimate.value * self.scale, self.decimals, sign=sign)

    def interval(self) -> str:
        """Write the interval alone, in brackets."""
        low, high = (number(end * self.scale, self.decimals) for end in self.estimate[1:])
        return f"[{low}, {high}]"

    def text(self, unit: str = "", *, sign: bool = False) -> str:
        """Write figure, unit and interval."""
        return f"{self.figure(sign=sign)}{unit} {self.interval()}"


def log_loss_skill(row: Record, baseline: str = REGIME_PRIOR) -> Quantity:
    """Take the log-loss skill against a baseline from a row of slices, to be written in percent."""
    return Quantity.of(row, f"skill_{baseline}", 100)


def evidence(row: Record, baseline: str = REGIME_PRIOR) -> Evidence:
    """Say what a row of slices proves against a baseline, where its independent cases are enough."""
    return log_loss_skill(row, baseline).evidence if row["sufficient"] else "insufficient"


def harder_baseline(row: Record) -> str:
    """Give the baseline that is the best one in a slice: in crashes a table of few rows can be the worst."""
    return min(BASELINE_NAMES, key=lambda baseline: float(row[f"skill_{baseline}"]))


def aligned(column: Sequence[Quantity]) -> list[Quantity]:
    """Give the quantities of a column the decimals that the middle one of them supports."""
    wide = [quantity for quantity in column if quantity.known and quantity.estimate.high > quantity.estimate.low]
    decimals = sorted(quantity.decimals for quantity in wide)
    return [replace(quantity, places=decimals[len(decimals) // 2]) for quantity in column] if decimals else list(column)


def number(value: float, decimals: int, *, sign: bool = False) -> str:
    """Write a number with a true minus, without negative zeros; an en dash for a missing one."""
    if not math.isfinite(value):
        return "\N{EN DASH}"
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text
    return (MINUS if value < 0 else "+" if sign else "") + text


def above(value: float, decimals: int) -> str:
    """Write a limit that something must exceed, rounded up so that what exceeds the text exceeds the limit."""
    scale = 10**decimals
    # What is not above a decimal but by rounding of the product is left there.
    return number(math.ceil(round(value * scale, 6)) / scale if math.isfinite(value) else value, decimals)


def count(n: int, noun: str, plural: str = "") -> str:
    """Write a count with its noun: ``1 episode``, ``1,204 rows``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def cases(number: int, effective: float, noun: str = "episode") -> str:
    """Count independent cases, and say how many of equal length they are worth if fewer: ``7 episodes, worth 2.5``."""
    worth, counted = f"{effective:.1f}", count(number, noun)
    return counted if worth == f"{number:.1f}" else f"{counted}, worth {worth}"


def needed(more: int) -> str:
    """Say how many more cases would decide: ``2 more are needed``."""
    return f"{more} more {'is' if more == 1 else 'are'} needed"


def chance(p: float) -> str:
    """Write a p-value without its leading zero, with at most three decimals."""
    if not math.isfinite(p):
        return "\N{EN DASH}"
    return "below .001" if p < 0.0005 else number(p, 3).strip("0").rstrip(".")


def exact_test(p: float, attainable: float) -> str:
    """Write the p-value of the exact test and the smallest that it can give: ``exact test p .11, at best .008``."""
    return f"exact test p {chance(p)}, at best {chance(attainable)}"


def joined(words: Sequence[str]) -> str:
    """Write a list: ``a, b and c``."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def years(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """Write a period in years: ``2007-2022``, or one year alone."""
    return str(first.year) if first.year == last.year else f"{first.year}\N{EN DASH}{last.year}"


def skill_sentence(name: str, skill: Quantity, baseline: str, *, sufficient: bool) -> str:
    """Say whether a predictor beats a baseline, only as far as the interval goes; without a capital and a full stop."""
    kind = skill.evidence if sufficient else "insufficient"
    size = skill.figure().lstrip(MINUS)
    if kind == "better":
        return f"{name} beats {baseline} by {size} % of log loss {skill.interval()}"
    if kind == "worse":
        return f"{name} is worse than {baseline}: it loses {size} % of log loss (skill {skill.interval()})"
    if kind == "none":
        return (
            f"there is no evidence that {name} beats {baseline}: skill {skill.figure(sign=True)} % of log loss, "
            f"and the interval {skill.interval()} includes zero"
        )
    return f"there is too little evidence to say whether {name} beats {baseline}"


def beyond_volatility(skill: Quantity, *, sufficient: bool) -> str:
    """Say whether a predictor, `it`, knows more than the structural volatility baseline; without a full stop."""
    baseline, kind = BASELINE_NAMES[STRUCTURAL], skill.evidence if sufficient else "insufficient"
    size = skill.figure().lstrip(MINUS)
    said = {
        "better": f"it beats {baseline} by {size} % {skill.interval()}",
        "worse": f"nothing, it is worse than {baseline}: it loses {size} % (skill {skill.interval()})",
        "none": f"there is no evidence that it knows anything, {skill.text(' %', sign=True)} against {baseline}",
        "insufficient": "there is too little evidence to say whether it knows anything",
    }
    return f"beyond volatility: {said[kind]}"


def regime_sentence(regime: str, skill: Quantity, baseline: str, *, of: str, more: int, exact: str) -> str:
    """Say what is known of one regime from its independent episodes, `of`; `more` of them are needed to decide.

    What the `exact` test over them gives is said in any case.
    """
    if more:
        return f"in {regime} the evidence cannot decide ({of}; {needed(more)}; {exact})"
    of = f"{of}; {exact}"
    if not skill.known:
        return f"in {regime} there is too little evidence ({of})"
    if skill.evidence == "better":
        return f"in {regime} it beats {baseline} by {skill.text(' %')} ({of})"
    if skill.evidence == "worse":
        return f"in {regime} it is worse than {baseline}, skill {skill.text(' %')} ({of})"
    return f"in {regime} there is no evidence of skill against {baseline}: {skill.text(' %', sign=True)} ({of})"


def money_sentence(name: str, excess: Quantity) -> str:
    """Say whether trading on a predictor paid more, per unit of risk, than holding everything equally."""
    kind, universe = excess.evidence, "the equal-weighted universe"
    if kind == "insufficient":
        return f"Whether trading on {name} beats {universe} cannot be said: its excess Sharpe ratio has no interval"
    size = excess.figure().lstrip(MINUS)
    side = "above" if excess.estimate.value > 0 else "below"
    if kind == "none":
        return (
            f"After costs its Sharpe ratio is {size} {side} that of {universe} (difference {excess.interval()}): "
            "no evidence that trading on it pays more than holding everything equally"
        )
    verb = "beats" if kind == "better" else "falls behind"
    return f"After costs it {verb} {universe} by {size} of Sharpe ratio (difference {excess.interval()})"


def capitalised(sentence: str) -> str:
    """Open a sentence with a capital and leave the rest as it is."""
    return sentence[:1].upper() + sentence[1:]
