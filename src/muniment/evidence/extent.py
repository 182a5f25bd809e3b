"""How far the cells of a workbook reach, told before anything lays them all out in memory.

Called by `read_workbook` for the forms other than XLSX: ODS, XLSB and XLS. It counts, and never keeps a cell.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from muniment.base.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

AREA_LIMIT: Final = 50_000_000
"""Cells from the first to the last of a tab. calamine lays them all out, empty or not, at 32
bytes each (27M cells: 860 MB), and ends the process when memory does not suffice."""
_TABLE: Final = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE: Final = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_XLSB_ROW: Final = 0
_XLSB_CELLS: Final = range(1, 12)
_XLS_START: Final = 0x0809
_XLS_CELLS: Final = frozenset({0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E})
_CONTINUES: Final = 0x80


def too_far(file: str, row: int, column: int) -> Rejected:
    """Say that cells lie too far apart."""
    return Rejected(
        f"{file} has a tab with cells down to row {row:,} and out to column {column:,}: "
        "delete the stray ones far below or right of the data and save it again"
    )


def check_ods(file: str, pieces: Iterable[bytes]) -> None:
    """Hold `content.xml` of an OpenDocument sheet to the limit; repeated cells and rows count as often.

    Raises:
        Rejected: The cells lie too far apart, or it is no XML.
    """
    reach = _Reach(file)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reach.start
    parser.EndElementHandler = reach.end
    try:
        for piece in pieces:
            parser.Parse(piece, False)  # noqa: FBT003 its C signature has no names
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, ValueError) as error:
        raise Rejected(f"{file} is damaged ({error}): open it, save it again, try again") from error


class _Reach:
    """Follows the elements of a sheet: where the last filled cell is."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.row = self.column = self.widest = self.repeat = 0
        self.filled = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == f"{_TABLE}table":
            self.row = self.widest = 0
        elif name == f"{_TABLE}table-row":
            self.column, self.filled = 0, False
            self.repeat = int(attributes.get(f"{_TABLE}number-rows-repeated", 1))
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self.column += int(attributes.get(f"{_TABLE}number-columns-repeated", 1))
            if f"{_OFFICE}value-type" in attributes:
                self.filled = True
                self.widest = max(self.widest, self.column)

    def end(self, name: str) -> None:
        if name == f"{_TABLE}table-row":
            self.row += self.repeat
            if self.filled and self.row * self.widest > AREA_LIMIT:
                raise too_far(self.file, self.row, self.widest)


def check_xlsb(file: str, sheet: bytes) -> None:
    """Hold one sheet of a binary workbook to the limit ([MS-XLSB] 2.1.4: type, length, content).

    Raises:
        Rejected: The cells lie too far apart, or it is cut off.
    """
    at = row = last_row = last_column = 0
    try:
        while at < len(sheet):
            kind = sheet[at]
            at += 1
            if kind & _CONTINUES:
                kind = kind & 0x7F | (sheet[at] & 0x7F) << 7
                at += 1
            length = shift = 0
            while True:
                length |= (sheet[at] & 0x7F) << shift
                at += 1
                shift += 7
                if not sheet[at - 1] & _CONTINUES or shift > 21:  # noqa: PLR2004 four bytes at most
                    break
            if kind == _XLSB_ROW and length:
                (row,) = struct.unpack_from("<I", sheet, at)
            elif kind in _XLSB_CELLS:
                (column,) = struct.unpack_from("<I", sheet, at)
                last_row, last_column = max(last_row, row + 1), max(last_column, column + 1)
            at += length
    except (IndexError, struct.error) as error:
        raise Rejected(f"{file} is damaged or cut off: export or send it again") from error
    if last_row * last_column > AREA_LIMIT:
        raise too_far(file, last_row, last_column)


def check_xls(file: str, book: bytes) -> None:
    """Hold the stream of an old workbook to the limit ([MS-XLS] 2.1.4: type, length, content).

    Raises:
        Rejected: The cells of a tab lie too far apart.
    """
    at = last_row = last_column = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        at += 4
        if kind == _XLS_START:
            last_row = last_column = 0
        elif kind in _XLS_CELLS and length >= 4 and at + length <= len(book):  # noqa: PLR2004 row and column
            row, column = struct.unpack_from("<HH", book, at)
            if kind in (0x00BD, 0x00BE):  # several cells: the last column is the end of the record
                (column,) = struct.unpack_from("<H", book, at + length - 2)
            last_row, last_column = max(last_row, row + 1), max(last_column, column + 1)
            if last_row * last_column > AREA_LIMIT:
                raise too_far(file, last_row, last_column)
        at += length
