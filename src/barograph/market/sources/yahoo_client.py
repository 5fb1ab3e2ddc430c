"""Daily bars from Yahoo Finance, as its client yfinance gives them."""

import importlib
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pandas as pd

from barograph.errors import InputError

COLUMNS: Final = ("open", "high", "low", "close", "volume")

# The client's words for an answer without prices; with a status code in them, the server had none to give.
_NO_DATA: Final = re.compile(
    r"YFTzMissingError\(|YFPricesMissingError\((?!.*status_code).*(no price data|no data|data doesn't exist)"
    r"|\w+\(.HTTP (Error )?404\b",
    re.IGNORECASE,
)


def download(
    symbols: Sequence[str], first: pd.Timestamp, last: pd.Timestamp
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Ask Yahoo once for a batch of symbols, such as ``BRK-B``; `first` and `last` are inclusive, without time zone.

    Prices are adjusted for splits and dividends, volumes for splits. Days without a close are left out. The first
    result has the rows of each symbol that came: date (``datetime64[us]``), open, high, low, close, volume; at least a
    row, in order of time. The second has the client's reason, in one line, for each other symbol; see
    :func:`says_no_data`. Raises InputError if yfinance is not installed.
    """
    client = _client()
    with _quiet() as messages, _errors_shown(client):
        try:
            answer = client.download(
                list(symbols),
                start=f"{first:%Y-%m-%d}",
                end=f"{last + pd.Timedelta(days=1):%Y-%m-%d}",  # exclusive
                interval="1d",
                group_by="ticker",
                auto_adjust=True,
                actions=False,
                threads=False,
                progress=False,
            )
        except (client.exceptions.YFException, OSError) as error:
            return {}, dict.fromkeys(symbols, _line(repr(error)))
    rows = {symbol: _rows(answer, symbol, first, last) for symbol in symbols}
    found = {symbol: frame for symbol, frame in rows.items() if len(frame)}
    return found, {symbol: _reason(symbol, messages) for symbol in symbols if symbol not in found}


def says_no_data(reason: str) -> bool:
    """Tell whether the reason that :func:`download` gives is that Yahoo has no data for the symbol.

    False for a refusal, a failure of the network or of Yahoo's servers, and whatever else may pass.
    """
    return _NO_DATA.match(reason) is not None


def forget_answers() -> None:
    """Have the client ask again: within a process it remembers answers, failures of Yahoo's servers among them."""
    _client().data.YfData.cache_get.cache_clear()


def _client() -> Any:
    try:
        return importlib.import_module("yfinance")
    except ImportError as error:
        raise InputError("market=yahoo needs yfinance: pip install 'barograph[yahoo]'") from error


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Collect the lines that the client would print."""
    logger, messages = logging.getLogger("yfinance"), _Messages()
    handlers, propagate = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [messages], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield messages.lines
    finally:
        logger.handlers, logger.propagate = handlers, propagate


@contextmanager
def _errors_shown(client: Any) -> Iterator[None]:
    """Have the client tell a failure of the network from an answer without prices, for which it else takes both."""
    settings = client.config.debug
    hidden = settings.hide_exceptions
    settings.hide_exceptions = False
    try:
        yield
    finally:
        settings.hide_exceptions = hidden


def _rows(answer: pd.DataFrame | None, symbol: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    name = symbol.upper()  # as the client writes it
    if answer is None or name not in answer.columns.get_level_values(0):
        return pd.DataFrame(columns=["date", *COLUMNS])
    found = answer[name]
    dates = pd.DatetimeIndex(found.index).tz_localize(None).as_unit("us")
    frame = pd.DataFrame({"date": dates} | {name: found[name.capitalize()].to_numpy(float) for name in COLUMNS})
    kept = frame["close"].notna() & frame["date"].between(first, last)
    return frame[kept].sort_values("date", kind="stable", ignore_index=True)


def _reason(symbol: str, messages: Sequence[str]) -> str:
    """Find the client's summary, such as ``['A', 'B']: no price data found``."""
    for message in messages:
        names, colon, reason = message.strip().partition("]: ")
        if colon and names.startswith("[") and f"'{symbol.upper()}'" in names:
            return _line(reason)
    return "no rows"


def _line(text: str) -> str:
    return " ".join(text.split())
