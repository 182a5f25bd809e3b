"""Exports for people: CSV, and a workbook with a tab for each type of asset.

Called by `export`. The workbook is written row by row (constant memory); text is always written
as text, so no cell is a formula, whatever it begins with.
"""

import csv
import io
from datetime import date, datetime
from typing import Any, BinaryIO

from muniment import model
from muniment.flows.export_columns import Column, Content, harmless, text
from muniment.flows.export_stamp import SHEET

_ROWS = 1_048_575
"""Rows of a worksheet below its header; the next tab takes what is more."""

_LONGEST = 32_767
_FIRST_YEAR = 1900
_WIDTHS = {"id": 14, "name": 28, "type": 16, "subtype": 18, "state": 12, "confidence": 11, "sources": 30, "version": 9}
_WIDE = {"text": 22, "os": 30, "hostname": 20, "fqdn": 30, "ip": 20, "url": 30, "email": 26, "uuid": 38, "mac": 20}
_NUMBERS = {"integer": "#,##0", "size": "#,##0.##", "number": "#,##0.##", "percent": "0.0", "money": "#,##0.00"}


def write_csv(content: Content, out: BinaryIO) -> int:
    """One table, lists joined by "; "; returns how many rows."""
    count = 0
    wrapped = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(wrapped)
    writer.writerow([column.header for column in content.columns])
    for asset in content.assets:
        writer.writerow([harmless(column.of(asset)) for column in content.columns])
        count += 1
    wrapped.detach()
    return count


class _Tab:
    """One worksheet being filled."""

    def __init__(self, book: Any, name: str, columns: list[Column], formats: dict[str, Any]) -> None:
        self.sheet = book.add_worksheet(name)
        self.name = name
        self.columns = columns
        self.formats = formats
        self.rows = 0
        self.headers = _distinct([column.label for column in columns])
        for place, (column, header) in enumerate(zip(columns, self.headers, strict=True)):
            self.sheet.set_column(place, place, _width(column, header))
        self.sheet.set_row(0, 32)
        for place, header in enumerate(self.headers):
            self.sheet.write_string(0, place, header, formats["header"])
        self.sheet.freeze_panes(1, 1 + next((n for n, c in enumerate(columns) if c.name == "name"), 0))
        self.sheet.repeat_rows(0)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&L&8&F · &A&R&8Page &P of &N")

    def add(self, asset: Any) -> None:
        self.rows += 1
        for place, column in enumerate(self.columns):
            _write(self.sheet, self.rows, place, column, column.of(asset), self.formats)

    def finish(self) -> None:
        self.sheet.autofilter(0, 0, self.rows, len(self.columns) - 1)


def write_xlsx(content: Content, out: BinaryIO) -> int:
    """A workbook with one tab per type, typed cells, filter and frozen header; returns how many rows."""
    import xlsxwriter

    with xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
    ) as book:
        book.set_properties({"title": "Register of assets", "subject": content.stamp.engagement})
        formats = workbook_formats(book)
        tabs: list[_Tab] = []
        current: dict[str, _Tab] = {}
        for kind, columns in content.by_type.items():
            current[kind] = _Tab(book, _tab_name(kind, 1), columns, formats)
            tabs.append(current[kind])
        if not tabs:
            tabs.append(_Tab(book, "Assets", content.columns, formats))
        count = 0
        for asset in content.assets:
            tab = current[asset.type]
            if tab.rows == _ROWS:
                number = 1 + sum(one.name.startswith(_tab_name(asset.type, 1)[:20]) for one in tabs)
                tab = _Tab(book, _tab_name(asset.type, number), tab.columns, formats)
                current[asset.type] = tab
                tabs.append(tab)
            tab.add(asset)
            count += 1
        for tab in tabs:
            tab.finish()
        _stamp(book, content, tabs)
    return count


def workbook_formats(book: Any) -> dict[str, Any]:
    """The cell formats that every workbook of ours uses."""
    base = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
    header = {
        **base,
        "bold": True,
        "text_wrap": True,
        "valign": "vcenter",
        "bg_color": "#0B5CAD",
        "font_color": "white",
    }
    return {
        "header": book.add_format({**header, "border": 1, "border_color": "#D5D9DE"}),
        "text": book.add_format(base),
        "quiet": book.add_format({**base, "font_color": "#59616B"}),
        "strong": book.add_format({**base, "bold": True}),
        "title": book.add_format({**base, "bold": True, "font_size": 16, "font_color": "#0B5CAD"}),
        "wrapped": book.add_format({**base, "text_wrap": True}),
        "date": book.add_format({**base, "num_format": "yyyy-mm-dd", "align": "left"}),
        "datetime": book.add_format({**base, "num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        "confidence": book.add_format({**base, "num_format": "0%"}),
        "whole": book.add_format({**base, "num_format": "#,##0"}),
        **{kind: book.add_format({**base, "num_format": shown}) for kind, shown in _NUMBERS.items()},
    }


def _tab_name(kind: str, number: int) -> str:
    known = model.asset_types().get(kind)
    label = (known.label if known else kind).replace("_", " ")
    clean = "".join(char for char in label if char not in "[]:*?/\\'")[:25]
    return clean if number == 1 else f"{clean} ({number})"


def _distinct(headers: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for header in headers:
        seen[header.lower()] = seen.get(header.lower(), 0) + 1
        found.append(header if seen[header.lower()] == 1 else f"{header} [{seen[header.lower()]}]")
    return found


def _width(column: Column, header: str) -> int:
    kind = column.attribute.type if column.attribute is not None else ""
    return max(_WIDTHS.get(column.name, 0) if column.attribute is None else _WIDE.get(kind, 13), len(header) // 2 + 3)


def _write(sheet: Any, row: int, place: int, column: Column, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == []:
        return
    kind = column.attribute.type if column.attribute is not None else ""
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value, formats["text"])
    elif isinstance(value, int | float):
        style = "confidence" if column.name == "confidence" else kind if kind in _NUMBERS else "whole"
        sheet.write_number(row, place, value, formats[style])
    elif (moment := _moment(value, "datetime" if column.name == "updated_at" else kind)) is not None:
        style = "datetime" if isinstance(moment, datetime) else "date"
        sheet.write_datetime(row, place, moment, formats[style])
    else:
        style = "strong" if column.name == "name" else "quiet" if column.name == "id" else "text"
        shown = str(text(value))
        sheet.write_string(row, place, shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…", formats[style])


def _moment(value: Any, kind: str) -> date | datetime | None:
    if kind not in {"date", "datetime"} or not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.year <= _FIRST_YEAR:  # a workbook's calendar begins there
        return None
    return found.date() if kind == "date" else found.replace(tzinfo=None)


def _stamp(book: Any, content: Content, tabs: list[_Tab]) -> None:
    sheet = book.add_worksheet(SHEET)
    sheet.hide()
    row = 0
    for name, value in content.stamp.as_dict().items():
        book.set_custom_property(f"muniment.{name}", value, "text")
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
        row += 1
    for tab in tabs:
        for header, column in zip(tab.headers, tab.columns, strict=True):
            for place, shown in enumerate(("column", tab.name, header, column.name)):
                sheet.write_string(row, place, shown)
            row += 1
