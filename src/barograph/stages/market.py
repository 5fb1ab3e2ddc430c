"""Market data: load it from the configured source, refuse bad rows, write the market tables."""

from typing import Any, Final

from tqdm import tqdm

from barograph import tables
from barograph.market import MarketData, Yahoo
from barograph.stages.stage import Stage, stage

_TABLES: Final = {
    "bars": tables.BARS,
    "context": tables.CONTEXT,
    "universe": tables.UNIVERSE,
    "facts": tables.FACTS,
    "signals": tables.SIGNALS,
}


@stage("market")
def main(stage: Stage) -> str:
    """Load, validate and write bars, context and universe."""
    data = _load(stage.build("market"))
    for name, table in _TABLES.items():
        if (frame := getattr(data, name)) is not None:
            stage.write(table, frame)
    stage.write_json("data/market/source.json", {"source": stage.settings["market"], "notes": data.notes})
    for note in data.notes:
        print(f"          {note}")
    first, last = data.bars["date"].min(), data.bars["date"].max()
    return f"{len(data.bars):,} bars of {data.bars['symbol'].nunique()} symbols, {first:%F} to {last:%F}"


def _load(source: Any) -> MarketData:
    if not isinstance(source, Yahoo):
        data: MarketData = source.load()
        return data
    with tqdm(desc="market", total=len(source.symbols), unit="symbol", disable=None) as bar:
        return source.load(on_symbols=bar.update)


if __name__ == "__main__":
    main()
