"""Reads the simple tables of an HTML page, among them the "workbooks" that are HTML by another name.

Called by `read` and `read_xml`. Only tables of rows and cells are read: no script runs, nothing is
loaded, and a page without such a table is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from muniment.base.errors import Rejected
from muniment.evidence.decode import decode
from muniment.evidence.delivery import COLUMN_LIMIT, Table, name_columns
from muniment.evidence.rows import table_of, without_blank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muniment.evidence.containers import Member

_TOKEN: Final = re.compile(r"<(/?)([a-zA-Z][\w:-]*+)([^<>]*+)>|([^<]++)|<")
"""A tag, text, or a stray bracket: each sign is looked at once or twice, whatever the text."""
_SPAN: Final = re.compile(r"\b(col|row)span\s*=\s*[\"']?(\d{1,6})", re.IGNORECASE)
_SPAN_LIMIT: Final = 100_000
_CELLS_LIMIT: Final = 10_000_000
_TABLES_LIMIT: Final = 1_000
_CELLS: Final = frozenset({"td", "th"})
_HIDDEN: Final = frozenset({"script", "style", "template"})
_BREAKS: Final = frozenset({"br", "p", "div", "li"})


@dataclass(slots=True)
class _Grid:
    """A table being read: the line each row begins in, and its cells."""

    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    held: dict[int, tuple[int, str]] = field(default_factory=dict)  # column: rows that it still covers, text
    cell: list[str] | None = None
    spans: tuple[int, int] = (1, 1)

    def begin_row(self, line: int) -> None:
        """Start a row."""
        self.end_row()
        self.lines.append(line)
        self.rows.append([])

    def begin_cell(self, line: int, spans: tuple[int, int]) -> None:
        """Start a cell that spans so many columns and rows."""
        self.end_cell()
        if not self.rows:
            self.begin_row(line)
        self.cell, self.spans = [], spans

    def end_cell(self) -> None:
        """Put the cell into the row, as often as it spans."""
        if self.cell is None:
            return
        text = " ".join("".join(self.cell).split())
        columns, rows = self.spans
        self._cover()
        row = self.rows[-1]
        for _ in range(columns):
            if rows > 1:
                self.held[len(row)] = (rows - 1, text)
            row.append(text)
        self.cell = None

    def end_row(self) -> None:
        """Finish the row."""
        if self.rows:
            self.end_cell()
            self._cover()

    def _cover(self) -> None:
        """Repeat what reaches down from the rows above."""
        row = self.rows[-1]
        while (above := self.held.pop(len(row), None)) is not None:
            left, text = above
            if left > 1:
                self.held[len(row)] = (left - 1, text)
            row.append(text)


@dataclass(slots=True)
class _Tables:
    """Collects all tables; one inside another is a table of its own."""

    file: str
    done: list[_Grid] = field(default_factory=list)
    open: list[_Grid] = field(default_factory=list)
    cells: int = 0

    def tag(self, line: int, name: str, attributes: str) -> None:
        """A tag begins something: a table, a row, a cell."""
        if name == "table":
            if len(self.open) + len(self.done) >= _TABLES_LIMIT:
                raise Rejected(f"{self.file} holds more than {_TABLES_LIMIT:,} tables: is it an export?")
            self.open.append(_Grid())
        elif self.open and name == "tr":
            self.open[-1].begin_row(line)
        elif self.open and name in _CELLS:
            spans = {kind.lower(): min(max(int(number), 1), _SPAN_LIMIT) for kind, number in _SPAN.findall(attributes)}
            columns, rows = spans.get("col", 1), spans.get("row", 1)
            self.cells += columns * rows
            if self.cells > _CELLS_LIMIT or columns > COLUMN_LIMIT:
                raise Rejected(f"{self.file} spans more than {_CELLS_LIMIT:,} cells: export it as CSV")
            self.open[-1].begin_cell(line, (columns, rows))
        elif name in _BREAKS:
            self.text(" ")

    def end(self, name: str) -> None:
        """A tag ends it."""
        if self.open and name in _CELLS:
            self.open[-1].end_cell()
        elif self.open and name == "tr":
            self.open[-1].end_row()
        elif self.open and name == "table":
            grid = self.open.pop()
            grid.end_row()
            self.done.append(grid)

    def text(self, data: str) -> None:
        """Text of the innermost cell."""
        if self.open and self.open[-1].cell is not None:
            self.open[-1].cell.append(data)


def read_html(member: Member) -> Iterator[Table]:
    """Read each table with a header row, at least two columns and a row below.

    Raises:
        Rejected: It is not text, or holds no such table.
    """
    decoded = decode(member.data)
    if decoded is None:
        raise Rejected(f"{member.file} is not text: export it as CSV, XLSX or JSON")
    grids = _grids(member.file, _without_comments(decoded.utf8.decode("utf-8")))
    found = [table for grid in grids if (table := _table(grid)) is not None]
    if not found:
        raise Rejected(f"{member.file} is an HTML page without a table of rows: export it as CSV, XLSX or JSON")
    for number, (columns, rows) in enumerate(found, start=1):
        yield Table(
            file=member.file,
            tab=f"table {number}" if len(found) > 1 else None,
            format="html",
            details={"encoding": decoded.encoding},
            columns=columns,
            rows=rows,
            rejects=(),
            observed=member.observed,
        )


def _without_comments(text: str) -> str:
    """Blank out comments, in one pass whatever is left open; lines keep their numbers."""
    parts, at = [], 0
    while (begin := text.find("<!--", at)) >= 0:
        end = text.find("-->", begin + 4)
        end = len(text) if end < 0 else end + 3
        parts += [text[at:begin], "\n" * text.count("\n", begin, end)]
        at = end
    return "".join([*parts, text[at:]])


def _grids(file: str, text: str) -> list[_Grid]:
    tables = _Tables(file)
    line, hidden = 1, ""
    for token in _TOKEN.finditer(text):
        closing, name, attributes, data = token.groups()
        name = (name or "").lower()
        if hidden:
            hidden = "" if closing and name == hidden else hidden
        elif data is not None:
            tables.text(unescape(data))
        elif not name:
            tables.text(token[0])
        elif closing:
            tables.end(name)
        elif name in _HIDDEN:
            hidden = name
        else:
            tables.tag(line, name, attributes)
        line += token[0].count("\n")
    while tables.open:
        tables.end("table")
    return tables.done


def _table(grid: _Grid) -> tuple[tuple[str, ...], pa.Table] | None:
    """Give the names and rows of a grid; a title that spans the first rows is passed over."""
    top = next((index for index, row in enumerate(grid.rows) if len(set(filter(None, row))) > 1), None)
    if top is None or top + 1 == len(grid.rows):
        return None
    body = grid.rows[top + 1 :]
    width = max(len(grid.rows[top]), *map(len, body))
    if width > COLUMN_LIMIT:
        return None
    columns = name_columns([*grid.rows[top], *[""] * (width - len(grid.rows[top]))])
    full = [row if len(row) == width else [*row, *[""] * (width - len(row))] for row in body]
    cells = [pa.array([cell or None for cell in column], pa.string()) for column in zip(*full, strict=True)]
    lines = pa.array(grid.lines[top + 1 :], pa.int64())
    return columns, without_blank(table_of(lines, None, dict(zip(columns, cells, strict=True))))
