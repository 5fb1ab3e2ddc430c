"""Tables for the terminal."""

from collections.abc import Mapping, Sequence


def aligned(columns: Mapping[str, Sequence[str]]) -> str:
    """Give columns of text below their headings, two spaces apart.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        As many cells in each.

    Returns
    -------
    str
        A line a row, without spaces at their ends.
    """
    padded = []
    for heading, values in columns.items():
        cells = [heading, *values]
        width = max(map(len, cells))
        padded.append([cell.ljust(width) for cell in cells])
    return "\n".join("  ".join(row).rstrip() for row in zip(*padded, strict=True))
