"""The spellings in which other programs write the columns of the tables."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from barograph.errors import InputError

_DATE: Final = ("date", "datetime", "timestamp")
_SYMBOL: Final = ("symbol", "ticker", "tic")
# The names of a column besides the one that Barograph uses; each in any case and with any separators.
SPELLINGS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "bars": {
        "symbol": _SYMBOL,
        "date": _DATE,
        "open": (),
        "high": (),
        "low": (),
        "close": (),
        "volume": ("vol",),
        "adj_close": ("adjusted_close", "close_adj", "close_adjusted"),
    },
    "context": {
        "date": _DATE,
        "index_close": (),
        "vix": ("vix_close",),
        **dict.fromkeys(("vix_estimated", "vix_open", "vix_high", "vix_low", "vix3m", "vix9d"), ()),
        **dict.fromkeys(("index_open", "index_high", "index_low", "index_volume"), ()),
        **dict.fromkeys(("us10y", "us2y", "usd_broad", "usd_index"), ()),
    },
    "universe": {"symbol": _SYMBOL, "name": ("company", "company_name", "security"), "gics_sector": ("sector",)},
    "facts": {"symbol": _SYMBOL, "field": (), "available_from": (), "value": ()},
    "signals": {"symbol": _SYMBOL, "name": (), "date": _DATE, "value": (), "available_from": ()},
}


def column_names(found: Sequence[str], table: str, path: str) -> list[str]:
    """Give the columns of a table, a key of `SPELLINGS`, the names that Barograph uses, in the order of `found`.

    A column that the table does not know keeps its name. Raises InputError, which calls the file `path`, if two columns
    mean the same.
    """
    known = {_squeezed(word): name for name, others in SPELLINGS[table].items() for word in (name, *others)}
    names = [known.get(_squeezed(column), column) for column in found]
    for position, name in enumerate(names):
        first = names.index(name)
        if first < position:
            raise InputError(
                f"{path}: the columns {found[first]!r} and {found[position]!r} both mean {name}; allowed: one of them"
            )
    return names


def _squeezed(column: str) -> str:
    return re.sub(r"[\W_]", "", column).lower()
