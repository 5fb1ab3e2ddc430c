"""Features: the matrix, its catalogue, and the features whose inputs the source lacks."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from barograph import tables
from barograph.features import Feature, available, catalogue
from barograph.features.asof import AGES
from barograph.features.schema import FEATURES
from barograph.features.signals import merge
from barograph.market import MarketData, read_signals
from barograph.market.schema import BARS, CONTEXT, FACTS, SIGNALS, UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage, note, stage

_SHOWN = [field.name for field in fields(Feature) if field.name not in {"function", "output"}]


@stage("features")
def main(stage: Stage) -> str:
    """Compute every configured feature that the source has inputs for, and list the others."""
    universe, facts = stage.read(UNIVERSE), stage.read_optional(FACTS)
    signals, of_signals = _signals(stage, universe)
    context, regimes = stage.read(CONTEXT), stage.read(REGIME_SERIES)
    data = MarketData(stage.read(BARS), context, universe, regimes, facts, signals)
    features = stage.build("features")
    computed = _write(stage, features.stream(data), len(data.bars))
    if facts is not None and (unread := _unread(facts)):
        note(f"{FACTS.path}: no feature reads the fields {', '.join(unread)}.")
    _, left_out = available(data, features.calendar)
    listed = [*catalogue(), *of_signals]
    entries = pd.DataFrame([{name: getattr(entry, name) for name in _SHOWN} for entry in listed])
    entries["inputs"] = entries["inputs"].str.join(" ")
    entries["lacks"] = entries["name"].map({name: " ".join(lacking) for name, lacking in left_out.items()})
    entries["computed"] = entries["name"].isin(computed)
    stage.write_csv("reports/features/catalogue.csv", entries)
    left = f"; {len(left_out)} left out, whose inputs the source lacks" if left_out else ""
    return f"{len(computed)} features of {len(data.bars):,} rows{left}"


def _unread(facts: pd.DataFrame) -> list[str]:
    """List the fields that no feature reads, such as misspelt ones."""
    read = {AGES.get(name, name) for entry in catalogue() for name in entry.inputs}
    return sorted(set(facts["field"].unique()) - read)


def _write(stage: Stage, blocks: Iterable[pd.DataFrame], rows: int) -> list[str]:
    """Write the table, of which only a few blocks are in memory at a time, and give the features in it."""
    computed: list[str] = []

    def counted() -> Iterator[pd.DataFrame]:
        with tqdm(desc="features", total=rows, unit="row", unit_scale=True, disable=None) as bar:
            for block in blocks:
                computed[:] = block.columns[2:]
                yield block
                bar.update(len(block))

    tables.write_blocks(FEATURES, counted(), stage.out)
    return computed


def _signals(stage: Stage, universe: pd.DataFrame) -> tuple[pd.DataFrame | None, list[Feature]]:
    """Give the signals of the market's source and of the user's file, and their entries."""
    path = stage.settings["features"]["signals"]
    of_user, notes = read_signals(Path(path), universe)
    for text in notes:
        note(text)
    return merge({SIGNALS.path: stage.read_optional(SIGNALS), path: of_user})


if __name__ == "__main__":
    main()
