"""Bring the cache of Yahoo's answers up to a day, asking for as little as possible."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from barograph.market.sources.yahoo_cache import History, read_history, write_history
from barograph.market.sources.yahoo_client import COLUMNS, download, forget_answers, says_no_data

# Yahoo repeats an adjusted price to some ulps of float32; a dividend of 0.004 % would change it by more than this.
_ROUNDING: Final = 1e-5
_LATE: Final = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Update:
    """How Yahoo is asked.

    Attributes
    ----------
    cache : Path
        The folder that keeps the answers; each is written as soon as it has come.
    batch : int
        Symbols a call of the client.
    retry_delays : sequence of float
        Seconds to wait before each further attempt for the symbols that have not come.
    overlap : pandas.Timedelta
        How far back of the newest kept bar an update begins. If Yahoo now gives other days or adjusted closes there, a
        dividend, a split or a correction has changed the history, and all of it is fetched again.
    today : pandas.Timestamp
        A bar may come in up to a week late: until then a history that ends before the last day asked for is complete
        only to its end.
    wait, on_symbols : callable
        The first sleeps for some seconds; the second is told how many more symbols are up to date.
    """

    cache: Path
    batch: int
    retry_delays: Sequence[float]
    overlap: pd.Timedelta
    today: pd.Timestamp
    wait: Callable[[float], object]
    on_symbols: Callable[[int], object]

    def run(
        self, symbols: Sequence[str], first: pd.Timestamp, last: pd.Timestamp, *, allow_missing: Collection[str]
    ) -> dict[str, str]:
        """Fetch the days that the cache lacks, `first` to `last` inclusive; give the reason of each symbol that failed.

        If Yahoo has no data for a symbol of `allow_missing`, that is kept too, so that the symbol is not asked for
        again. A symbol that fails for another reason is asked for in the next run.
        """
        asks = [ask for symbol in symbols if (ask := self._ask(symbol, first, last, symbol in allow_missing))]
        self.on_symbols(len(symbols) - len(asks))
        failed = dict.fromkeys((ask.symbol for ask in asks), "")
        for attempt in range(len(self.retry_delays) + 1):
            if not failed:
                break
            if attempt:
                self.wait(self.retry_delays[attempt - 1])
            forget_answers()
            failed = self._attempt([ask for ask in asks if ask.symbol in failed])
        absent = {symbol for symbol, reason in failed.items() if symbol in allow_missing and says_no_data(reason)}
        for ask in asks:
            if ask.symbol in absent and ask.kept is None:
                write_history(self.cache, ask.symbol, History(pd.DataFrame(columns=["date", *COLUMNS]), first, last))
        return failed

    def _ask(self, symbol: str, first: pd.Timestamp, last: pd.Timestamp, may_be_missing: bool) -> "_Ask | None":
        kept = read_history(self.cache, symbol)
        if kept is None or (kept.rows.empty and not may_be_missing):
            return _Ask(symbol, first, last, None)
        if kept.first > first or (kept.rows.empty and kept.last < last):
            return _Ask(symbol, min(first, kept.first), max(last, kept.last), None)
        if kept.last >= last:
            return None
        return _Ask(symbol, max(kept.first, kept.rows["date"].iloc[-1] - self.overlap), last, kept)

    def _attempt(self, asks: Sequence["_Ask"]) -> dict[str, str]:
        failed: dict[str, str] = {}
        changed: list[_Ask] = []
        for batch in self._batches(asks):
            rows, reasons = download([ask.symbol for ask in batch], batch[0].first, batch[0].last)
            failed |= reasons
            for ask in batch:
                if ask.symbol not in rows:
                    continue
                if ask.kept is not None and _differs(ask.kept.within(ask.first, ask.last), rows[ask.symbol]):
                    changed.append(_Ask(ask.symbol, ask.kept.first, ask.last, None))
                else:
                    self._keep(ask, rows[ask.symbol])
        return failed | (self._attempt(changed) if changed else {})

    def _batches(self, asks: Sequence["_Ask"]) -> Iterator[list["_Ask"]]:
        spans = sorted({(ask.first, ask.last) for ask in asks})
        for span in spans:
            alike = [ask for ask in asks if (ask.first, ask.last) == span]
            for start in range(0, len(alike), self.batch):
                yield alike[start : start + self.batch]

    def _keep(self, ask: "_Ask", rows: pd.DataFrame) -> None:
        first = ask.first
        if ask.kept is not None:
            first = ask.kept.first
            rows = pd.concat([ask.kept.within(first, ask.first - pd.Timedelta(days=1)), rows], ignore_index=True)
        newest = rows["date"].iloc[-1]
        settled = newest >= ask.last or self.today - ask.last > _LATE
        write_history(self.cache, ask.symbol, History(rows, first, ask.last if settled else newest))
        self.on_symbols(1)


@dataclass(frozen=True)
class _Ask:
    """The span to ask for a symbol, and the kept history to which the answer will be joined, if any."""

    symbol: str
    first: pd.Timestamp
    last: pd.Timestamp
    kept: History | None


def _differs(kept: pd.DataFrame, fetched: pd.DataFrame) -> bool:
    known = fetched[fetched["date"] <= kept["date"].iloc[-1]]
    return not (
        np.array_equal(kept["date"], known["date"])
        and np.allclose(kept["close"], known["close"], rtol=_ROUNDING, atol=0)
    )
