"""An export as columns and records: makes its rows and, cell by cell, the truth about them; writes it.

Called by `write.py` with what the exporters declare. A column says what it means, what it reads of the
record and how the source writes it, so that the truth files cannot drift from the exports.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import xlsxwriter

from muniment.generate import cells, score
from muniment.generate.observe import Record
from muniment.generate.types import Cell, Claim, ColumnTruth, RowTruth, Value


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export.

    Attributes:
        header: as the tool writes it; a dotted path in JSON.
        attribute: what it means, "" for nothing canonical.
        write: how its cells are written.
        also: attributes that are as good an answer, joined by "|".
        facet: what of the record it reads, where that is not the attribute.
        part: which part of several values stands in the cell.
        fill: writes the cell of a column whose content is not scored.
    """

    header: str
    attribute: str = ""
    write: cells.Write = cells.exact
    also: str = ""
    facet: str = ""
    part: Callable[[Value, Record], Value] | None = None
    fill: Callable[[Record], Cell] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export: a CSV file, a worksheet, the records of a JSON document."""

    tab: str
    columns: tuple[Column, ...]
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Filled:
    """A table with its cells."""

    tab: str
    headers: tuple[str, ...]
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Export:
    """One file of a source: its tables and how it is written."""

    source: str
    file: str
    tables: tuple[Table, ...]
    write: Callable[[Path, Sequence[Filled]], None]


def fill(export: Export, table: Table) -> tuple[Filled, list[Claim], list[RowTruth], list[ColumnTruth]]:
    """Write the cells of a table, and down what each of them claims."""
    rows: list[list[Cell]] = []
    claims: list[Claim] = []
    people: list[RowTruth] = []
    for position, record in enumerate(table.records, 1):
        row: list[Cell] = []
        for column in table.columns:
            if column.fill is not None:
                row.append(column.fill(record))
                continue
            seen = record.seen.get(column.facet or column.attribute)
            if seen is None:
                row.append(None)
                continue
            value, kind = seen.value, seen.kind
            if column.part is not None and isinstance(value, tuple):
                whole, value = value, column.part(value, record)
                kind = kind or ("partial" if value != whole else "")
                if not value:
                    row.append(None)
                    continue
            row.append(column.write(value, record))
            true = score.true(column.attribute, value, record.thing.values)
            claims.append(
                Claim(record.thing.id, column.attribute, export.source, export.file, table.tab,
                      position, value, true, kind)
            )  # fmt: skip
        rows.append(row)
        people.append(RowTruth(export.file, table.tab, position, record.thing.id))
    columns = [ColumnTruth(export.file, table.tab, one.header, one.attribute, one.also) for one in table.columns]
    return Filled(table.tab, tuple(one.header for one in table.columns), rows), claims, people, columns


def first(value: Value, record: Record) -> Value:
    """The first of several values."""
    _ = record
    return value[:1] if isinstance(value, tuple) else value


def at(place: int) -> Callable[[Value, Record], Value]:
    """The value in a place, from 0; nothing where there are fewer."""

    def take(value: Value, record: Record) -> Value:
        _ = record
        return value[place : place + 1] if isinstance(value, tuple) else value

    return take


def own(value: Value, record: Record) -> Value:
    """The value of the interface the row is about; nothing where there are fewer."""
    return value[record.index : record.index + 1] if isinstance(value, tuple) else value


def write_csv(
    path: Path,
    filled: Sequence[Filled],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    line_end: str = "\n",
    quote_all: bool = False,
) -> None:
    """Write one table as delimited text."""
    (table,) = filled
    with path.open("w", encoding=encoding, newline="") as stream:
        out = csv.writer(
            stream,
            delimiter=delimiter,
            lineterminator=line_end,
            quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        )
        out.writerow(table.headers)
        out.writerows([["" if cell is None else cell for cell in row] for row in table.rows])


def write_workbook(path: Path, filled: Sequence[Filled], *, today: date) -> None:
    """Write tables as the worksheets of one workbook, dated `today`."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_numbers": False, "strings_to_urls": False})
    book.set_properties({"created": datetime.combine(today, time())})
    bold = book.add_format({"bold": True})
    for table in filled:
        sheet = book.add_worksheet(table.tab)
        sheet.freeze_panes(1, 0)
        for place, header in enumerate(table.headers):
            sheet.write_string(0, place, header, bold)
        for number, row in enumerate(table.rows, 1):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    if cell:
                        sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write_number(number, place, cell)
    book.close()
