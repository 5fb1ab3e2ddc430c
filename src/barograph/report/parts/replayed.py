"""What the models were shown again: how many of their errors, where they lie, and whether it helped on their like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Row, Table, Words
from barograph.report.cells import DASH, interval, number
from barograph.report.results import Csv, Results
from barograph.report.words import Quantity, Record
from barograph.scoring import Estimate

LOOK_ALIKES, OTHERS = "look_alikes", "others"
GROUPS: Final = Csv(
    "reports/validation/replay_groups.csv", ("model", "kind", "value", "predicted", "replayed", "share")
)
IMPROVEMENT: Final = Csv(
    "reports/validation/replay_improvement.csv",
    ("model", "fold", "part", "rows", "loss_without", "improvement", "low", "high"),
)
_KINDS: Final = ("regime", "sector", "class")
_FOLDS: Final = ("fold", "regime", "rows", "replayed")
_COLUMNS: Final = [
    Column("Replayed, %", "of the model's matured out-of-sample predictions; beneath it, of a fold's rows"),
    Column("Most in regime", "the regime of whose predictions the largest share was replayed", words=True),
    Column("Sector", "likewise", words=True),
    Column("Class", "likewise, by what happened", words=True),
    Column("Look-alikes, log loss saved, %", "on later rows that are nearest to replayed ones, against no replay"),
    Column("Other rows, log loss saved, %", "on all other later rows"),
]


@dataclass(frozen=True)
class Replay:
    """What a model replayed, by fold and by group, and the gain on the later rows of all folds, by part."""

    folds: pd.DataFrame
    groups: pd.DataFrame
    improvement: Mapping[str, Record]

    @property
    def share(self) -> float:
        """The part of all predictions that was replayed, in percent."""
        rows = self.groups[self.groups["kind"] == "overall"]
        return 100 * float(rows["replayed"].sum()) / float(rows["predicted"].sum())

    @property
    def of_fold(self) -> float:
        """The replayed rows' part of a fold, in percent."""
        return 100 * float(self.folds["replayed"].sum()) / float(self.folds["rows"].sum())

    @property
    def alike(self) -> float | None:
        """The look-alikes' part of the rows of the windows, in percent."""
        rows = {part: float(row["rows"]) for part, row in self.improvement.items()}
        return 100 * rows[LOOK_ALIKES] / sum(rows.values()) if rows else None

    def gain(self, part: str) -> Quantity | None:
        """Give the log loss saved on a part of the later rows, in percent of that without replay."""
        row = self.improvement.get(part)
        if row is None or not row["loss_without"] > 0:
            return None
        saved = (float(row[key]) / float(row["loss_without"]) for key in ("improvement", "low", "high"))
        return Quantity(Estimate(*saved), 100)


def blocks(results: Results) -> list[Block]:
    """Tell what was replayed; nothing where nothing was."""
    replays = read(results)
    if not replays:
        return []
    caption = (
        f"What each model was shown again, and the change of its log loss on later rows, {results.confidence} "
        "intervals beneath; above zero replay helped. The replayed rows themselves are not scored."
    )
    said = note(replays)
    return [
        Heading(heading(replays), "replay"),
        Words([where(replays), helped(replays)], "prose"),
        Table("replay-table", caption, _COLUMNS, [row(*pair) for pair in replays.items()], first="Model"),
        *([Words([said], "note")] if said else []),
    ]


def read(results: Results) -> dict[str, Replay]:
    """Read what each model replayed, of the models that replayed anything."""
    groups, improvement = results[GROUPS], results[IMPROVEMENT]
    improvement = improvement[improvement["fold"].astype(str) == "all"]
    names = set(groups.loc[groups["replayed"] > 0, "model"])
    return {
        name: Replay(
            results[Csv(f"reports/replay/{name}.csv", _FOLDS)],
            groups[groups["model"] == name],
            {row["part"]: row for row in improvement[improvement["model"] == name].to_dict("records")},
        )
        for name in results.settings["models"]
        if name in names
    }


def heading(replays: Mapping[str, Replay]) -> str:
    """Say how much was replayed, and for how many models it helped or hurt on look-alike rows."""
    text = f"{_range([replay.share for replay in replays.values()])} % of past predictions were shown again"
    kinds = [gain.evidence for replay in replays.values() if (gain := replay.gain(LOOK_ALIKES)) is not None]
    if not kinds:
        return f"{text}; whether it helped was not measured"
    better, worse = kinds.count("better"), kinds.count("worse")
    said = f"it helped {better or 'none'} of {words.count(len(kinds), 'model')} on look-alike rows"
    return f"{text}; {said}" + (f", and hurt {worse}" if worse else "")


def where(replays: Mapping[str, Replay]) -> str:
    """Say in which regime, sector and class most was replayed, and in which least."""
    groups = pd.concat([replay.groups for replay in replays.values()])
    counts = groups.groupby(["kind", "value"])[["predicted", "replayed"]].sum()
    shares = (100 * counts["replayed"] / counts["predicted"]).sort_index()
    texts = []
    for kind in _KINDS:
        share = shares[kind]
        most, least = str(share.idxmax()), str(share.idxmin())
        texts.append(
            f"by {kind} most in {_plain(kind, most)} ({share[most]:.1f} %) and least in "
            f"{_plain(kind, least)} ({share[least]:.1f} %)"
        )
    of_folds = _range([replay.of_fold for replay in replays.values()])
    told = "; ".join([*texts, f"they are {of_folds} % of the rows of a fold"])
    return f"Replayed are the predictions that went most wrong: {told}."


def helped(replays: Mapping[str, Replay]) -> str:
    """Give each model's gain on look-alikes and on the other rows, with the verdict of its interval."""
    texts = []
    for name, replay in replays.items():
        alike, others = replay.gain(LOOK_ALIKES), replay.gain(OTHERS)
        if alike is not None:
            rows = words.count(int(replay.improvement[LOOK_ALIKES]["rows"]), "look-alike row")
            text = f"{palette.subject(name)} {_verdict(alike)} on {rows}"
            texts.append(text + (f", {_verdict(others)} on the others" if others is not None else ""))
    if not texts:
        return "What replay changes on later rows that resemble the replayed ones was not measured."
    return f"Log loss saved against the same model without replay: {'; '.join(texts)}."


def note(replays: Mapping[str, Replay]) -> str:
    """Say which rows the look-alikes are, and that the others are not untouched; empty where neither was measured."""
    shares = [share for replay in replays.values() if (share := replay.alike) is not None]
    if not shares:
        return ""
    return (
        "Look-alikes are, in each test window, the nearest later row of each replayed one: "
        f"{_range(shares)} % of the rows of these windows. The others are not untouched: replay changes the model for "
        "every row, and a row that is second nearest is among them."
    )


def _verdict(gain: Quantity) -> str:
    if not gain.known:
        return "no interval"
    verdict = {"better": "helped", "worse": "hurt"}.get(gain.evidence, "no evidence")
    return f"{gain.text(' %', sign=True)} ({verdict})"


def row(name: str, replay: Replay) -> Row:
    """Give a model's row of the table."""
    gains = [replay.gain(part) for part in (LOOK_ALIKES, OTHERS)]
    cells = [
        number(replay.share, 1, f"{replay.of_fold:.1f} % of a fold"),
        *(_most(replay.groups, kind) for kind in _KINDS),
        *(DASH if gain is None else interval(gain, sign=True) for gain in gains),
    ]
    return Row(palette.title(name), cells, colour=palette.mark(name).colour)


def _most(groups: pd.DataFrame, kind: str) -> Cell:
    rows = groups[groups["kind"] == kind].sort_values(["share", "value"], ascending=[False, True])
    value, share = str(rows["value"].iloc[0]), float(rows["share"].iloc[0])
    return Cell(words.capitalised(_plain(kind, value)), f"{100 * share:.1f} %", value)


def _range(values: list[float]) -> str:
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"


def _plain(kind: str, value: str) -> str:
    return palette.title(value).lower() if kind == "regime" else value
