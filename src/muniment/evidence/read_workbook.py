"""Reads the visible tabs of a workbook (XLSX, XLSB, XLS, ODS) into tables, every cell as the text it stands for.

Called by `read`. Formulas give their stored results, also errors; nothing is calculated, no macro is run.
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
from muniment.evidence import cell_errors, extent, frame, protected
from muniment.evidence.containers import DEFAULT_BOUND, unpacked
from muniment.evidence.delivery import (
    Reject,
    Table,
    excerpt,
    name_columns,
)
from muniment.evidence.extent import AREA_LIMIT
from muniment.evidence.merged import combined, fill_down, merges_within, spread_titles
from muniment.evidence.rows import no_rows, table_of, without_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from muniment.evidence.containers import Bound, Member

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

_Range = tuple[tuple[int, int], tuple[int, int]]
_Cell = str | float | int | bool | date | datetime | time | timedelta


def read_workbook(member: Member, bound: Bound = DEFAULT_BOUND, passwords: Sequence[str] = ()) -> Iterator[Table]:
    """Read each visible tab that holds a table; one table per tab, from its first header on.

    Raises:
        Rejected: The workbook is damaged or protected, expands too far, or has no tab with a header.
    """
    data, form, modified = _opened(member, bound, passwords)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError, ValueError) as error:
        raise Rejected(_damaged(member.file, error)) from error
    found = False
    errors = cell_errors.found_in(unpacked(member.file, data, bound)) if form == "xlsx" else {}
    for sheet in workbook.sheets_metadata:
        if sheet.visible != SheetVisibleEnum.Visible or sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        table = _tab(member, workbook, sheet.name, (form, modified), errors.get(sheet.name, {}))
        if table is not None:
            found = True
            yield table
    if not found:
        raise Rejected(f"{member.file} is empty: no visible tab has a header row, export it again")


def _opened(member: Member, bound: Bound, passwords: Sequence[str]) -> tuple[bytes, str, datetime | None]:
    """Take the protection off, and hold the content to its bounds before calamine opens it."""
    data, file = member.data, member.file
    if data.startswith(protected.MAGIC):
        data, book = protected.unlocked(file, data, passwords)
        if book is not None:
            extent.check_xls(file, book)
            return data, "xls", None
    modified = _inspect(file, data, bound)
    parts: dict[str, list[bytes]] = {}
    for name, piece in unpacked(file, data, bound):
        if name == "content.xml" or (name.startswith("xl/") and name.endswith(".bin") and "sheets/" in name):
            parts.setdefault(name, []).append(piece)
    if "content.xml" in parts:
        extent.check_ods(file, parts["content.xml"])
        return data, "ods", modified
    for pieces in parts.values():
        extent.check_xlsb(file, b"".join(pieces))
    return data, "xlsb" if parts else "xlsx", modified


def _tab(
    member: Member,
    workbook: CalamineWorkbook,
    tab: str,
    stamp: tuple[str, datetime | None],
    errors: Mapping[tuple[int, int], str],
) -> Table | None:
    form, modified = stamp
    columns: tuple[str, ...] = ()
    rejects: list[Reject] = []
    rows = no_rows()
    details: dict[str, str] = {}
    try:
        sheet = workbook.get_sheet_by_name(tab)
        cells = sheet.to_python(skip_empty_area=True)
    except (CalamineError, OSError, ValueError) as error:
        rejects.append(Reject(member.file, tab, None, None, _damaged(f"tab {tab}", error), ""))
    else:
        cell_errors.put_back(cells, sheet, errors)
        if not any(map(_is_filled, cells)):
            return None
        columns, rows, details = _framed(cells, sheet.start or (0, 0), sheet.merged_cell_ranges or ())
        rows, rejects = _without_nul(member.file, tab, rows)
    return Table(
        file=member.file,
        tab=tab,
        format=form,
        details=details,
        columns=columns,
        rows=rows,
        rejects=tuple(rejects),
        observed=modified or member.observed,
    )


def _framed(
    cells: list[list[_Cell]], start: tuple[int, int], merged: Sequence[_Range]
) -> tuple[tuple[str, ...], pa.Table, dict[str, str]]:
    """Find header and body of a tab, and say what lies around them."""
    merges = merges_within(merged, start, (len(cells), len(cells[0])))
    texts = [[_text(cell) for cell in row] for row in cells[: frame.SAMPLE]]
    spread_titles(texts, merges)
    at = frame.header_row(texts)
    headless = frame.is_data(texts[at])
    header, depth = ([""] * len(texts[at]), 0) if headless else combined(texts, at, merges)
    first = start[0] + at + depth + 1
    fill_down(cells, merges, at + depth)
    names, rows = _rows(header, cells[at + depth :], first)
    out = [
        (start[0] + index + 1, "above the header", frame.shown(list(dict.fromkeys(row))))
        for index, row in enumerate(texts[:at])
        if any(cell.strip() for cell in row)
    ]
    below: list[tuple[int, str, str]] = []
    if not headless:
        rows, below = frame.trimmed(rows, header)
    named = "none" if headless else f"row {first - depth}"
    if depth > 1:
        named = f"rows {first - depth} and {first - 1}"
    return names, rows, {"header": named} | frame.told([*out, *below])


def _rows(header: Sequence[str], body: Sequence[Sequence[_Cell]], first_line: int) -> tuple[tuple[str, ...], pa.Table]:
    columns = [_strings(column) for column in zip(*body, strict=True)]
    if not columns:
        columns = [pa.array([], pa.string()) for _ in header]
    names = list(header)
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
    """Write a cell as text: 4 not 4.0, ISO dates, true and false."""
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
        if row * _WIDEST_TAB > AREA_LIMIT:
            column = max([column, *map(_column_number, set(_FAR_RIGHT.findall(text)))])
        extents[name] = row, column
    far = {name: (row, col) for name, (row, col) in extents.items() if row * col > AREA_LIMIT}
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
        if row * column > AREA_LIMIT:
            raise extent.too_far(file, row, column)


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
