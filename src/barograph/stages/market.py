"""Market data: load it from the configured source, refuse bad rows, write the market tables."""

from typing import Any

from tqdm import tqdm

from barograph.market import MarketData, Yahoo
from barograph.market.schema import BARS, CONTEXT, FACTS, SIGNALS, UNIVERSE
from barograph.stages.stage import Stage, note, stage


@stage("market")
def main(stage: Stage) -> str:
    """Load, validate and write bars, context and universe."""
    data = _load(stage.build("market"))
    given = (data.bars, data.context, data.universe, data.facts, data.signals)
    for table, frame in zip((BARS, CONTEXT, UNIVERSE, FACTS, SIGNALS), given, strict=True):
        if frame is not None:
            stage.write(table, frame)
    stage.write_json("data/market/source.json", {"source": stage.settings["market"], "notes": data.notes})
    for text in data.notes:
        note(text)
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
