"""What a section of the page is made of: a few kinds of block, without any HTML."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Legend = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Heading:
    """A heading inside a section; `badge` is a word in a frame after it, `small` a remark."""

    text: str
    id: str = ""
    badge: str = ""
    small: str = ""


@dataclass(frozen=True)
class Words:
    """Paragraphs, items of a list or lines of code; text between backticks is code. A `tag` precedes in a frame."""

    sentences: Sequence[str]
    style: Literal["plain", "standfirst", "prose", "subtitle", "lead", "note", "list", "code"] = "plain"
    tag: str = ""


@dataclass(frozen=True)
class Link:
    """A paragraph that begins with a link."""

    text: str
    address: str
    rest: str = ""


@dataclass(frozen=True)
class Facts:
    """Names and their values."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Card:
    """A figure in large letters; `zero`, `low`, `high` and `at` place its interval on a scale from 0 to 100."""

    name: str
    value: str
    interval: str
    cases: str
    zero: float = 50
    low: float = 50
    high: float = 50
    at: float = 50


@dataclass(frozen=True)
class Cards:
    """Cards side by side."""

    cards: Sequence[Card]


@dataclass(frozen=True)
class Controls:
    """The chooser of the predictor whom the section's charts show, and the key to their marks; each may be absent.

    `filled`, `hollow` and `diamond` say what marks of these shapes mean.
    """

    id: str = ""
    label: str = ""
    choices: Sequence[tuple[str, str]] = ()
    filled: str = ""
    hollow: str = ""
    diamond: str = ""
    text: str = ""
    legend: Legend = ()


@dataclass(frozen=True)
class Chart:
    """One chart, as plotly's JSON, and the words around it; a fixed `id` makes the same results the same bytes.

    ``heading`` is the finding, which is not written above where the section's heading says the same (``titled``).
    ``subtitle`` names the quantities drawn, with units; ``label`` is read where the chart cannot be seen; ``note`` says
    what limits the reading. A legend gives the name, colour and shape (``swatch``, ``line``, ``dots``, ``diamond``,
    ``tick`` or ``hatched``) of each mark.
    """

    id: str
    heading: str
    subtitle: str
    label: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    note: str = ""
    legend: Legend = ()
    titled: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell's text, the text beneath, the value to sort by (empty: last), a verdict, a background and a round mark."""

    text: str
    small: str = ""
    sort: str = ""
    verdict: str = ""
    shade: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Column:
    """A column's name and its meaning; figures align to the right, words to the left, on one line if ``whole``."""

    name: str
    meaning: str = ""
    words: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Row:
    """A row and its name, which spans `span` rows (0: the row belongs to the name above).

    ``kind`` is headline, model, baseline, universe or weak; ``colour`` is a predictor's or empty.
    """

    name: str
    cells: Sequence[Cell]
    kind: str = "model"
    colour: str = ""
    span: int = 1


@dataclass(frozen=True)
class Table:
    """A table; `first` heads the rows' names, `title` precedes the caption in bold, `style` is a CSS class.

    ``filtered`` names a column of words by which a reader may choose rows.
    """

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    first: str = "Predictor"
    sortable: bool = True
    style: str = ""
    title: str = ""
    filtered: str = ""

    @property
    def choices(self) -> list[tuple[str, int]]:
        """The words of the column by which rows are chosen, the most frequent first, and their numbers of rows."""
        place = [column.name for column in self.columns].index(self.filtered)
        return Counter(row.cells[place].text for row in self.rows).most_common()


@dataclass(frozen=True)
class Group:
    """Blocks side by side, in the order of columns or of a grid; or folded away under a `summary`."""

    blocks: Sequence["Block"]
    style: Literal["grid", "grid three", "columns", "confusions"] = "grid"
    summary: str = ""


Block = Heading | Words | Link | Facts | Cards | Controls | Chart | Table | Group


@dataclass(frozen=True)
class Section:
    """A section of a page: where links lead, its name (also in the navigation), the finding, and its blocks."""

    id: str
    kicker: str
    heading: str
    blocks: Sequence[Block] = field(default_factory=list)


def charts(blocks: Iterable[Block]) -> Iterator[Chart]:
    """Find the charts among blocks, and among those in groups."""
    for block in blocks:
        if isinstance(block, Chart):
            yield block
        elif isinstance(block, Group):
            yield from charts(block.blocks)


def present(*blocks: Block | None) -> list[Block]:
    """Leave out the blocks that are None."""
    return [block for block in blocks if block is not None]
