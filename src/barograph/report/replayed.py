"""What the models were shown again: how many of their errors, where they lie, and whether it helped on their like."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.inputs import ReportInputs
from barograph.report.page_tables import Cell, Column, Row
from barograph.report.words import Estimate

ALL: Final = "all"
POOLED: Final = ("all", "overall")
LOOK_ALIKES, OTHERS = "look_alikes", "others"
COLUMNS: Final = [
    Column("Replayed, %", "of the model's matured out-of-sample predictions; beneath it, of a fold's rows"),
    Column("Most in regime", "the regime of whose predictions the largest share was replayed", words=True),
    Column("Sector", "likewise", words=True),
    Column("Class", "likewise, by what happened", words=True),
    Column("Look-alikes, log loss saved, %", "on later rows that are nearest to replayed ones, against no replay"),
    Column("Other rows, log loss saved, %", "on all other later rows"),
]


@dataclass(frozen=True)
class Replayed:
    """The replay's heading, sentences and table, one row a model."""

    heading: str
    words: list[str]
    caption: str
    columns: list[Column]
    rows: list[Row]
    note: str


def replayed(inputs: ReportInputs) -> Replayed | None:
    """Tell what was replayed; None where nothing was."""
    parts = {name: own for name, own in inputs.replay.items() if float(own["groups"]["replayed"].sum()) > 0}
    if not parts:
        return None
    return Replayed(
        _heading(parts),
        [_where(parts), _helped(parts)],
        f"What each model was shown again, and the change of its log loss on later rows, {100 * inputs.confidence:g} % "
        "intervals beneath; above zero replay helped. The replayed rows themselves are not scored.",
        COLUMNS,
        [_row(name, own) for name, own in parts.items()],
        _note(parts),
    )


def gain(improvement: pd.DataFrame, part: str) -> tuple[Estimate, int] | None:
    """Give the log loss that replay saved on a part of the later rows of all folds, as a fraction of that without it.

    Returns
    -------
    tuple of Estimate and int, or None
        The gain, to be written in percent, and the rows behind it.
    """
    own = improvement[(improvement["fold"].astype(str) == ALL) & (improvement["part"] == part)]
    if own.empty:
        return None
    row = own.iloc[0]
    without = float(row["loss_without"])
    if not without > 0:
        return None
    value, low, high = (float(row[key]) / without for key in ("improvement", "low", "high"))
    return Estimate(value, low, high, 100), int(row["rows"])


def _heading(parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> str:
    shares = [_overall(own["groups"]) for own in parts.values()]
    found = [one for own in parts.values() if (one := gain(own["improvement"], LOOK_ALIKES)) is not None]
    text = f"{_range(shares)} % of past predictions were shown again"
    kinds = [estimate.evidence for estimate, _ in found]
    if not kinds:
        return f"{text}; whether it helped was not measured"
    helped, hurt = kinds.count("better"), kinds.count("worse")
    of = words.count(len(kinds), "model")
    said = f"it helped {helped or 'none'} of {of} on look-alike rows"
    return f"{text}; {said}" + (f", and hurt {hurt}" if hurt else "")


def _where(parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> str:
    groups = pd.concat([own["groups"] for own in parts.values()])
    counts = groups.groupby(["kind", "value"])[["predicted", "replayed"]].sum()
    texts = []
    for kind in ("regime", "sector", "class"):
        if kind in counts.index.get_level_values("kind"):
            own = counts.loc[kind]
            share = (own["replayed"] / own["predicted"]).sort_index()
            most, least = str(share.idxmax()), str(share.idxmin())
            texts.append(
                f"by {kind} most in {_plain(kind, most)} ({100 * share[most]:.1f} %) and least in "
                f"{_plain(kind, least)} ({100 * share[least]:.1f} %)"
            )
    per_fold = [share for own in parts.values() if (share := _of_fold(own["folds"])) is not None]
    shown = f"; they are {_range(per_fold)} % of the rows of a fold" if per_fold else ""
    return f"Replayed are the predictions that went most wrong: {'; '.join(texts)}{shown}."


def _helped(parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> str:
    texts = []
    for name, own in parts.items():
        alike, others = (gain(own["improvement"], part) for part in (LOOK_ALIKES, OTHERS))
        if alike is not None:
            text = f"{palette.subject(name)} {_verdict(alike[0])} on {words.count(alike[1], 'look-alike row')}"
            texts.append(text + (f", {_verdict(others[0])} on the others" if others is not None else ""))
    if not texts:
        return "What replay changes on later rows that resemble the replayed ones was not measured."
    return f"Log loss saved against the same model without replay: {'; '.join(texts)}."


def _note(parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> str:
    """Say which rows the look-alikes are, and that the others are not untouched; empty where neither was measured."""
    shares = [share for own in parts.values() if (share := _alike(own["improvement"])) is not None]
    if not shares:
        return ""
    return (
        "Look-alikes are, in each test window, the nearest later row of each replayed one: "
        f"{_range(shares)} % of the rows of these windows. The others are not untouched: replay changes the model for "
        "every row, and a row that is second nearest stands among them."
    )


def _alike(improvement: pd.DataFrame) -> float | None:
    """Give the look-alikes' share of the windows' rows, in percent."""
    rows = improvement[improvement["fold"].astype(str) == ALL].set_index("part")["rows"]
    total = float(rows.sum())
    return 100 * float(rows.get(LOOK_ALIKES, 0)) / total if total else None


def _verdict(estimate: Estimate) -> str:
    if not estimate.known:
        return "no interval"
    what = {"better": "helped", "worse": "hurt"}.get(estimate.evidence, "no evidence")
    return f"{estimate.text(' %', sign=True)} ({what})"


def _row(name: str, own: Mapping[str, pd.DataFrame]) -> Row:
    groups, share = own["groups"], _overall(own["groups"])
    of_fold = _of_fold(own["folds"])
    small = "" if of_fold is None else f"{of_fold:.1f} % of a fold"
    cells = [
        Cell(words.number(share, 1), small, repr(round(share, 6))),
        *(_most(groups, kind) for kind in ("regime", "sector", "class")),
        *(_gain(own["improvement"], part) for part in (LOOK_ALIKES, OTHERS)),
    ]
    return Row(palette.title(name), palette.marks([name])[name].colour, "model", cells)


def _most(groups: pd.DataFrame, kind: str) -> Cell:
    own = groups[(groups["kind"] == kind) & groups["share"].notna()].sort_values(
        ["share", "value"], ascending=[False, True]
    )
    if own.empty:
        return Cell("\N{EN DASH}")
    value, share = str(own.iloc[0]["value"]), 100 * float(own.iloc[0]["share"])
    return Cell(words.capitalised(_plain(kind, value)), f"{share:.1f} %", value)


def _gain(improvement: pd.DataFrame, part: str) -> Cell:
    found = gain(improvement, part)
    if found is None or not math.isfinite(found[0].value):
        return Cell("\N{EN DASH}")
    estimate, _ = found
    interval = estimate.interval() if estimate.known else "no interval"
    return Cell(estimate.figure(sign=True), interval, repr(round(100 * estimate.value, 6)))


def _overall(groups: pd.DataFrame) -> float:
    own = groups[groups["kind"] == "overall"]
    return 100 * float(own["replayed"].sum()) / max(float(own["predicted"].sum()), 1.0)


def _of_fold(folds: pd.DataFrame) -> float | None:
    own = folds[~folds["regime"].astype(str).isin(POOLED)]
    total = float(own["rows"].sum())
    return 100 * float(own["replayed"].sum()) / total if total else None


def _range(values: list[float]) -> str:
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"


def _plain(kind: str, value: Any) -> str:
    return palette.title(str(value)).lower() if kind == "regime" else str(value)
