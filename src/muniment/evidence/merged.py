"""What merged cells of a sheet mean: a title over columns, a group of columns, one value for many rows.

Called by `read_workbook`. Only the cells given are changed; ranges beyond them are cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 200_000
"""Merged ranges of one tab that are followed; a hostile one has millions over each other."""


def merges_within(
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]], start: tuple[int, int], size: tuple[int, int]
) -> list[tuple[int, int, int, int]]:
    """Give ranges as (top, left, bottom, right) from the first cell of the data, the last ones included.

    Ranges that overlap one before, which no program writes, are passed over.
    """
    found, seen = [], set()
    for (top, left), (bottom, right) in merged[:_MOST]:
        first = max(top - start[0], 0), max(left - start[1], 0)
        last = min(bottom - start[0], size[0] - 1), min(right - start[1], size[1] - 1)
        if first[0] > last[0] or first[1] > last[1] or (top, left) in seen:
            continue
        seen.add((top, left))
        found.append((*first, *last))
    return found


def spread_titles(texts: list[list[str]], merges: Sequence[tuple[int, int, int, int]]) -> None:
    """Write the text of a cell merged over columns into each of them, in the first rows of a sheet."""
    for top, left, _, right in merges:
        if top < len(texts) and right > left:
            texts[top][left : right + 1] = [texts[top][left]] * (right + 1 - left)


def combined(
    texts: Sequence[Sequence[str]], at: int, merges: Sequence[tuple[int, int, int, int]]
) -> tuple[list[str], int]:
    """Name the columns of a header; one of groups over columns takes the row below to it.

    Returns:
        The names, "Group Name" under a group, and over how many rows the header goes.
    """
    header = [cell.strip() for cell in texts[at]]
    groups = [one for one in merges if one[0] == at and one[3] > one[1]]
    if not groups or at + 1 >= len(texts):
        return header, 1
    below = [cell.strip() for cell in texts[at + 1]]
    under = [below[column] for _, left, _, right in groups for column in range(left, right + 1)]
    if not all(under) or any(cell.replace(".", "").isdigit() for cell in under):
        return header, 1
    grouped = {column for _, left, _, right in groups for column in range(left, right + 1)}
    names = [
        f"{name} {sub}" if column in grouped and name and name != sub else name or sub
        for column, (name, sub) in enumerate(zip(header, below, strict=True))
    ]
    return names, 2


def fill_down(cells: list[list[Any]], merges: Sequence[tuple[int, int, int, int]], first: int) -> None:
    """Give every row of a merged cell its value, in the body from row `first` on."""
    budget = len(cells) * (len(cells[0]) if cells else 0)
    for top, left, bottom, _ in merges:
        if top < first or bottom == top:
            continue
        budget -= bottom - top
        if budget < 0:
            return
        for row in range(top + 1, bottom + 1):
            cells[row][left] = cells[top][left]
