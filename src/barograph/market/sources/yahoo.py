"""Market data from Yahoo Finance, through the client yfinance."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import pandas as pd
from pydantic import Field, with_config
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.errors import InputError
from barograph.market.calendar import last_complete_session, sessions
from barograph.market.conversion import PRICES
from barograph.market.data import MarketData
from barograph.market.loading import Source
from barograph.market.sources.yahoo_cache import read_history
from barograph.market.sources.yahoo_client import COLUMNS, says_no_data
from barograph.market.sources.yahoo_update import Update
from barograph.market.validation import ROUNDING
from barograph.typing import STRICT

Name = Annotated[str, Field(min_length=1)]
_EARLIEST: Final = "1927-01-03"
_RANGE: Final = PRICES[:3]
_TAKEN: Final = ("date", "vix_estimated", *(f"{of}_{column}" for of in ("index", "vix") for column in COLUMNS), "vix")
_NOTE: Final = (
    "Yahoo's prices are adjusted as of the day on which they were fetched, and the universe is a list of companies that"
    " exist today."
)


@with_config(STRICT)
class Company(TypedDict):
    """A traded symbol's name and GICS sector."""

    name: Name
    sector: Name


@dataclass(frozen=True, config=STRICT)
class Yahoo(Source):
    """Daily bars from Yahoo Finance, adjusted for splits and dividends; volumes are adjusted for splits alone.

    All answers are kept, a file for each symbol, and an update asks for the days since then, with some overlap: if the
    adjusted closes of the overlap differ from the kept ones, the symbol is fetched whole. With all of the span in the
    cache nothing is asked, and yfinance is not needed.

    Yahoo writes opens, highs and lows that it does not have as 0, and here and there a range that excludes the open or
    the close: these values become null, and a note counts the bars.

    Parameters
    ----------
    universe : dict of str to Company
        The traded symbols, as Yahoo writes them, such as ``BRK-B``, each with its name and sector.
    index : str
        The symbol that gives index_close, index_open, index_high, index_low and index_volume.
    vix : str or None
        The symbol that gives vix, vix_open, vix_high and vix_low; None has the VIX estimated.
    series : dict of str to str
        Further columns of the context and the symbols whose closes they contain.
    cache : str
        The folder that keeps everything fetched; a relative one is taken from the current directory.
    batch : int
        Symbols a call of the client, 1 to 200.
    retry_delays : list of float
        Seconds to wait before each further attempt for symbols that failed; there is an attempt more than delays.
    overlap_days : int
        Calendar days before the newest kept bar that an update asks for again.
    allow_missing : list of str
        Symbols of the universe or the series that may fail; they are left out, with a note. If Yahoo has no data for
        one, that is kept; after any other failure the next run asks for it again. Any other symbol's failure ends the
        run, after everything else was fetched and kept.
    calendar : str
        A code of exchange_calendars, such as ``XNYS`` or, for round-the-clock markets, ``24/7``.
    start, end : str or None
        ISO dates, inclusive, for bars and context. Without `start` the data begin where Yahoo's do, without `end` they
        end on the last complete session, which depends on the day of the run.

    Warnings
    --------
    Yahoo restates its history, and the companies of today survived. Its data are for personal use, by its terms.
    """

    universe: Annotated[dict[Name, Company], Field(min_length=1)]
    index: Name
    vix: Name | None
    series: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], Name]
    cache: Name
    batch: Annotated[int, Field(ge=1, le=200)]
    retry_delays: list[Annotated[float, Field(ge=0, le=3600)]]
    overlap_days: Annotated[int, Field(ge=1, le=365)]
    allow_missing: list[Name]

    def __post_init__(self) -> None:
        """Refuse an inverted span, columns that have their source, and names that may not or cannot be missing."""
        super().__post_init__()
        if taken := [column for column in self.series if column in _TAKEN]:
            raise InputError(f"series: {taken[0]!r} comes from the index or the VIX; allowed are other columns")
        optional = {*self.universe, *self.series.values()} - {self.index, self.vix}
        if unknown := [symbol for symbol in self.allow_missing if symbol not in optional]:
            raise InputError(f"allow_missing: {unknown[0]!r}; allowed are symbols of the universe and the series")

    @property
    def symbols(self) -> list[str]:
        """All symbols that are asked for, each once."""
        context = [self.index, *([self.vix] if self.vix is not None else []), *self.series.values()]
        return list(dict.fromkeys([*context, *self.universe]))

    def load(
        self,
        *,
        on_symbols: Callable[[int], object] = lambda _: None,
        wait: Callable[[float], object] = time.sleep,
        now: pd.Timestamp | None = None,
    ) -> MarketData:
        """Fetch the days that the cache lacks, and validate.

        Parameters
        ----------
        on_symbols : callable
            Told how many more symbols are up to date.
        wait : callable
            Sleeps for some seconds.
        now : pandas.Timestamp, optional
            With a time zone; the clock's if not given.

        Returns
        -------
        MarketData
            Without facts and signals; its notes tell the symbols left out and the bars changed.

        Raises
        ------
        InputError
            If a symbol fails that may not, yfinance is needed and not installed, `start` or `end` lies after the last
            complete session, the span contains too little, or the data break a rule of
            :func:`~barograph.market.validate`.
        """
        now = pd.Timestamp.now("UTC") if now is None else now
        first, last = self._span(now)
        update = Update(
            cache=Path(self.cache),
            batch=self.batch,
            retry_delays=self.retry_delays,
            overlap=pd.Timedelta(days=self.overlap_days),
            today=now.tz_localize(None),
            wait=wait,
            on_symbols=on_symbols,
        )
        failed = update.run(self.symbols, first, last, allow_missing=self.allow_missing)
        self._refuse({symbol: reason for symbol, reason in failed.items() if symbol not in self.allow_missing})
        histories = {symbol: read_history(Path(self.cache), symbol) for symbol in self.symbols if symbol not in failed}
        rows = {symbol: kept.within(first, last) for symbol, kept in histories.items() if kept and len(kept.rows)}
        passing = {symbol: reason for symbol, reason in failed.items() if not says_no_data(reason)}
        return self._assembled(rows, last, passing)

    def _span(self, now: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
        first, complete = pd.Timestamp(self.start or _EARLIEST), last_complete_session(self.calendar, now)
        if first > complete:
            raise InputError(f"market.start: {self.start} is not over; allowed: up to {complete:%Y-%m-%d}, or null")
        if self.end is None:
            return first, complete
        end = pd.Timestamp(self.end)
        last = sessions(self.calendar, end - pd.Timedelta(days=30), end)[-1]
        if last > complete:
            raise InputError(f"market.end: {self.end} is not over; allowed: up to {complete:%Y-%m-%d}, or null")
        return first, last

    def _refuse(self, failed: Mapping[str, str]) -> None:
        if failed:
            raise InputError(
                f"market=yahoo: {len(failed)} of {len(self.symbols)} symbols failed in {len(self.retry_delays) + 1} "
                f"attempts: {_by_reason(failed)}; what came is kept in {self.cache}: run again, or name them in "
                "market.allow_missing"
            )

    def _assembled(
        self, rows: Mapping[str, pd.DataFrame], last: pd.Timestamp, passing: Mapping[str, str]
    ) -> MarketData:
        traded = [symbol for symbol in self.universe if symbol in rows]
        if not traded:
            raise InputError("market.allow_missing: no symbol of the universe is left; allowed: all but one of them")
        bars = pd.concat([rows[symbol].assign(symbol=symbol) for symbol in traded], ignore_index=True)
        possible = _possible(bars)
        companies = [(symbol, self.universe[symbol]["name"], self.universe[symbol]["sector"]) for symbol in traded]
        universe = pd.DataFrame(companies, columns=["symbol", "name", "gics_sector"])
        data = self.assemble(possible, self._context(rows), universe, origin="yahoo")
        notes = [_NOTE, *_changes(bars, possible)]
        if missing := [symbol for symbol in self.symbols if symbol not in rows]:
            notes.append(f"Left out, as market.allow_missing says: {', '.join(missing)}.")
        if passing:
            notes.append(f"Asked for again in the next run: {_by_reason(passing)}.")
        if self.end is None:
            notes.append(f"The data end on {last:%Y-%m-%d} because of the day of the run; market.end pins them.")
        return replace(data, notes=[*notes, *data.notes])

    def _context(self, rows: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        context = _possible(rows[self.index]).set_index("date").add_prefix("index_")
        if self.vix is not None:
            found = _possible(rows[self.vix]).set_index("date").reindex(context.index)
            context["vix"] = found["close"]
            context[[f"vix_{column}" for column in _RANGE]] = found[list(_RANGE)]
        for column, symbol in self.series.items():
            if symbol in rows:
                context[column] = rows[symbol].set_index("date")["close"].reindex(context.index)
        return context.reset_index()


def _by_reason(failed: Mapping[str, str]) -> str:
    symbols: dict[str, list[str]] = {}
    for symbol, reason in failed.items():
        symbols.setdefault(reason, []).append(symbol)
    return "; ".join(f"{', '.join(those)}: {reason}" for reason, those in symbols.items())


def _possible(bars: pd.DataFrame) -> pd.DataFrame:
    """Null opens, highs and lows that are not above zero, or contradict each other or the close."""
    prices = {column: bars[column].where(bars[column] > 0) for column in _RANGE}
    high, low = prices["high"], prices["low"]
    contradiction = high < low
    for price in (prices["open"], bars["close"]):
        contradiction |= (price > high * (1 + ROUNDING)) | (price < low * (1 - ROUNDING))
    return bars.assign(**{column: price.mask(contradiction) for column, price in prices.items()})


def _changes(bars: pd.DataFrame, possible: pd.DataFrame) -> list[str]:
    changed = (bars[list(_RANGE)].notna() & possible[list(_RANGE)].isna()).any(axis=1)
    if not changed.any():
        return []
    first = bars[changed].iloc[0]
    return [
        f"{changed.sum()} bars with an impossible open, high or low have nulls there, the first"
        f" {first['symbol']} {first['date']:%Y-%m-%d}."
    ]
