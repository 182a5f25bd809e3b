"""Reads the visible tabs of an XLSX workbook into tables, every cell as the text it stands for.

Called by `read`. Formulas give their stored results; nothing is calculated, no macro is run.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from muniment.base.errors import Rejected
from muniment.evidence.containers import DEFAULT_BOUND, unpacked
from muniment.evidence.delivery import (
    Reject,
    Table,
    excerpt,
    name_columns,
)
from muniment.evidence.rows import no_rows, table_of, without_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from muniment.evidence.containers import Bound, Member

_AREA_LIMIT: Final = 50_000_000
"""Cells from the first to the last of a tab. calamine lays them all out, empty or not, at 32
bytes each (27M cells: 860 MB), and ends the process when memory does not suffice."""
_WIDEST_TAB: Final = 16_384
_EXACT_INTEGER: Final = 2**53
# names of rows and cells, "7" and "AB7"; those in column Z or before, and above row 1,000, fit
_FAR_DOWN: Final = re.compile(rb"""r\s*=\s*["'][A-Z]*(\d{4,20})""")
_FAR_RIGHT: Final = re.compile(rb"""r\s*=\s*["']([A-Z]{2,})""")
_FILLED_CELL: Final = re.compile(rb"""<(?:\w+:)?c\b([^>]*)(?<!/)>\s*<(?:\w+:)?(?:v|is|f)\b""")
_CELL_NAME: Final = re.compile(rb"""\br\s*=\s*["']([A-Z]+)(\d{1,20})""")
_FIRST_FAR_ROW: Final = 1000
_LAST_SHORT_COLUMN: Final = 26
_OVERLAP: Final = 256  # a tag cut in two by the end of a piece is seen in the next
_MODIFIED: Final = re.compile(rb"<dcterms:modified[^>]*>([^<]{10,40})</")

_Cell = str | float | int | bool | date | datetime | time | timedelta


def read_workbook(member: Member, bound: Bound = DEFAULT_BOUND) -> Iterator[Table]:
    """Read each visible tab that has a header row.

    Raises:
        Rejected: The workbook is damaged, expands too far, or has no tab with a header.
    """
    modified = _inspect(member.file, member.data, bound)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(member.data))
    except (CalamineError, OSError, ValueError) as error:
        raise Rejected(_damaged(member.file, error)) from error
    found = False
    for sheet in workbook.sheets_metadata:
        if sheet.visible != SheetVisibleEnum.Visible or sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        table = _tab(member, workbook, sheet.name, modified)
        if table is not None:
            found = True
            yield table
    if not found:
        raise Rejected(f"{member.file} is empty: no visible tab has a header row, export it again")


def _tab(member: Member, workbook: CalamineWorkbook, tab: str, modified: datetime | None) -> Table | None:
    columns: tuple[str, ...] = ()
    rejects: list[Reject] = []
    rows = no_rows()
    details = {}
    try:
        sheet = workbook.get_sheet_by_name(tab)
        cells = sheet.to_python(skip_empty_area=True)
    except (CalamineError, OSError, ValueError) as error:
        rejects.append(Reject(member.file, tab, None, None, _damaged(f"tab {tab}", error), ""))
    else:
        top = next((index for index, row in enumerate(cells) if _is_filled(row)), None)
        if top is None:
            return None
        header_line = (sheet.start or (0, 0))[0] + top + 1
        details = {"header": f"row {header_line}"}
        columns, rows = _rows(cells[top], cells[top + 1 :], header_line + 1)
        rows, rejects = _without_nul(member.file, tab, rows)
    return Table(
        file=member.file,
        tab=tab,
        format="xlsx",
        details=details,
        columns=columns,
        rows=rows,
        rejects=tuple(rejects),
        observed=modified or member.observed,
    )


def _rows(
    header: Sequence[_Cell], body: Sequence[Sequence[_Cell]], first_line: int
) -> tuple[tuple[str, ...], pa.Table]:
    columns = [_strings(column) for column in zip(*body, strict=True)]
    if not columns:
        columns = [pa.array([], pa.string()) for _ in header]
    names = [_text(cell) for cell in header]
    while names and not names[-1].strip() and columns[-1].null_count == len(columns[-1]):
        names.pop()
        columns.pop()
    lines = pa.array(np.arange(first_line, first_line + len(body), dtype=np.int64))
    named = name_columns(names)
    rows = table_of(lines, None, dict(zip(named, columns, strict=True)))
    return named, without_blank(rows)


def _without_nul(file: str, tab: str, rows: pa.Table) -> tuple[pa.Table, list[Reject]]:
    """Take out the rows with a NUL character, which a workbook can hold as `_x0000_`."""
    bad = np.zeros(rows.num_rows, dtype=bool)
    for column in rows.columns[2:]:
        bad |= pc.fill_null(pc.match_substring(column, "\0"), fill_value=False).to_numpy()
    if not bad.any():
        return rows, []
    rejects = []
    for row in rows.filter(pa.array(bad)).to_pylist():
        line, _, *cells = row.values()
        text = " | ".join(cell or "" for cell in cells)
        rejects.append(Reject(file, tab, line, None, f"row {line} holds a NUL", excerpt(text)))
    return rows.filter(pa.array(~bad)), rejects


def _is_filled(row: Sequence[_Cell]) -> bool:
    return any(cell != "" for cell in row)


def _strings(column: Sequence[_Cell]) -> pa.Array:
    if any(kind is not str for kind in set(map(type, column))):
        column = [cell if type(cell) is str else _text(cell) for cell in column]
    array = pa.array(column, pa.string())
    return pc.if_else(pc.equal(array, ""), None, array)


def _text(cell: _Cell) -> str:
    """Write a cell as text: 4 not 4.0, ISO dates, true and false; errors come as empty."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        exact = cell.is_integer() and abs(cell) <= _EXACT_INTEGER
        return str(int(cell)) if exact else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        minutes, seconds = divmod(seconds, 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def _inspect(file: str, data: bytes, bound: Bound) -> datetime | None:
    """Read all parts once before calamine does; return when the workbook was last saved.

    Raises:
        Rejected: It is damaged, expands too far, or a tab spans more cells than can be held.
    """
    modified = None
    extents: dict[str, tuple[int, int]] = {}
    for name, text in _overlapping(file, data, bound):
        if name == "docProps/core.xml" and (found := _MODIFIED.search(text)):
            modified = _date(found[1])
        row, column = extents.get(name, (_FIRST_FAR_ROW, _LAST_SHORT_COLUMN))
        row = max([row, *map(int, set(_FAR_DOWN.findall(text)))])
        if row * _WIDEST_TAB > _AREA_LIMIT:
            column = max([column, *map(_column_number, set(_FAR_RIGHT.findall(text)))])
        extents[name] = row, column
    far = {name: (row, col) for name, (row, col) in extents.items() if row * col > _AREA_LIMIT}
    if far:
        _check_filled(file, data, bound, far)
    return modified


def _check_filled(file: str, data: bytes, bound: Bound, far: dict[str, tuple[int, int]]) -> None:
    """Look again at far-reaching parts for cells with a value: formats often reach to the end."""
    extents = dict.fromkeys(far, (0, 0))
    for name, text in _overlapping(file, data, bound):
        if name not in far:
            continue
        row, column = extents[name]
        for attributes in set(_FILLED_CELL.findall(text)):
            cell = _CELL_NAME.search(attributes)
            if cell is None:  # it follows its neighbour, which may be an empty one
                row, column = far[name]
            else:
                row, column = max(row, int(cell[2])), max(column, _column_number(cell[1]))
        extents[name] = row, column
        if row * column > _AREA_LIMIT:
            raise Rejected(
                f"{file} has a tab with cells down to row {row:,} and out to column {column:,}: "
                "delete the stray ones far below or right of the data and save it again"
            )


def _overlapping(file: str, data: bytes, bound: Bound) -> Iterator[tuple[str, bytes]]:
    """Give the parts in pieces, each with the end of the one before."""
    part, tail = "", b""
    for name, piece in unpacked(file, data, bound):
        text = tail + piece if name == part else piece
        part, tail = name, text[-_OVERLAP:]
        yield name, text


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - 64
    return number


def _date(text: bytes) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.decode("ascii"))
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _damaged(what: str, error: Exception) -> str:
    return f"{what} cannot be read ({excerpt(str(error))}): open it, save it as .xlsx, try again"
