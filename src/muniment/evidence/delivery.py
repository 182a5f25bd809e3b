"""What reading a file gives: tables exactly as written, and the rows that could not be read.

Made by the readers of this folder, taken by the flow that stores raw records. Nothing here
interprets a value: a number, a date or a placeholder stays the text that was delivered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from muniment import model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import pyarrow as pa

LINE: Final = "_line"
PAYLOAD: Final = "_payload"
EXCERPT_LENGTH: Final = 200
CELL_LIMIT: Final = 16 * 1024 * 1024
"""Characters of one cell; a longer one is a runaway quote or a file pasted into a cell."""
COLUMN_LIMIT: Final = 10_000
"""Columns of one table; a workbook has at most 16,384, real exports some hundreds."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or file that could not be read: kept and shown, never silent.

    Attributes:
        file: Display name, as in `Table.file`.
        tab: Sheet, or the path of the list in a JSON document.
        line: As `_line` of `Table.rows`; the physical line where JSON itself is broken; None for a
            whole file.
        column: Name of the column where that is known.
        reason: What is wrong, in words a person can act on.
        excerpt: At most 200 characters of the input, control characters escaped.
    """

    file: str
    tab: str | None
    line: int | None
    column: str | None
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file, sheet or JSON list, exactly as written.

    Attributes:
        file: Display name; a member of an archive is "delivery.zip!inner.csv".
        tab: Sheet, or path of the list in a JSON document ("Reservations[].Instances").
        format: csv, tsv, xlsx, json or jsonl; "unread" for an archive's member that could
            not be read (no columns, one reject).
        details: What was detected: encoding, delimiter, quote, header line.
        columns: Unique, trimmed; an empty header is "column 3", a repeated one "Name (2)".
        rows: `_line` (int64: physical line a text row begins in, sheet row, line of JSON lines, or
            index from 1 of a JSON element), `_payload` (string: the JSON text of nested input, else null),
            then one string column per name in `columns`; absent and empty cells are null.
        rejects: Rows that are not in `rows`, in order of their lines.
        observed: When the content was last changed, if the container says so (UTC).
    """

    file: str
    tab: str | None
    format: str
    details: Mapping[str, str]
    columns: tuple[str, ...]
    rows: pa.Table
    rejects: tuple[Reject, ...]
    observed: datetime | None


def part_column(tab: str, column: str) -> str:
    """Name the column that a part of a row becomes: as lists of objects in JSON do."""
    return f"{tab}[].{column}"


def excerpt(text: str) -> str:
    """Show the first 200 characters of `text` on one line, control characters escaped, no password of a URL."""
    text = model.masked(text[: 4 * EXCERPT_LENGTH])
    shown = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
        for sign in text[: EXCERPT_LENGTH + 1]
    )
    return shown if len(shown) <= EXCERPT_LENGTH else shown[: EXCERPT_LENGTH - 1] + "…"


class ColumnNames:
    """Hands out unique column names; the reserved ones are never given."""

    __slots__ = ("_next", "_taken")

    def __init__(self) -> None:
        self._taken = {LINE, PAYLOAD}
        self._next: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """Return `name`, or "name (2)", "name (3)", ... when it was given before."""
        given = name
        number = self._next.get(name, 2)
        while given in self._taken:
            given = f"{name} ({number})"
            number += 1
        self._next[name] = number
        self._taken.add(given)
        return given


def name_columns(header: Iterable[str]) -> tuple[str, ...]:
    """Name the columns of a header row: trimmed, never empty, never twice the same."""
    names = ColumnNames()
    return tuple(
        names.unique(cell.replace("\0", "").strip(" \t\r\n\v\f\ufeff\xa0") or f"column {number}")
        for number, cell in enumerate(header, start=1)
    )


def layout_of(table: Table) -> str:
    """Recognise a layout again: equal for the same columns in any order, case and spacing.

    Returns:
        The first 16 hexadecimal digits of a sha256 over the sorted names and the tab.
    """
    names = sorted(name.strip().lower() for name in table.columns)
    text = "\x1f".join([(table.tab or "").strip().lower(), *names])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
