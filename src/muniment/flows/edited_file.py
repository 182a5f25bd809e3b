"""An export that someone edited, read back: its tabs, what its columns are, and the cells of each row.

Called by `corrections`. Says nothing of values; columns that no export of ours has are named, not guessed at.
"""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from muniment import evidence, model
from muniment.base.errors import Rejected
from muniment.flows.edited_cells import unquoted
from muniment.flows.export_columns import LABELS
from muniment.flows.export_stamp import SHEET, Stamp, read_stamp
from muniment.flows.tabulate import FIXED


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands, of which asset and version it says to be, and its cells by attribute.

    Fixed columns such as `name` are in `fixed`. A cell is None where it is empty.
    """

    tab: str
    line: int
    asset: UUID | None
    version: int | None
    cells: Mapping[str, Any]
    fixed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edited:
    """The whole file: its rows, the headers of each (tab, attribute), columns not known, the stamp if it has one."""

    rows: tuple[Row, ...]
    headers: Mapping[tuple[str, str], str]
    unknown: tuple[str, ...]
    stamp: Stamp | None
    lost: tuple[evidence.Reject, ...]


def read_edited(path: Path, known: Mapping[str, model.Attribute], passwords: Sequence[str]) -> Edited:
    """Read an edited export.

    Raises:
        Rejected: the file cannot be read, none of its columns is one of an export, or it holds formulas whose
            results nobody has stored: they would read as emptied cells.
    """
    try:
        stamp = read_stamp(path)
        tables = [table for table in evidence.read(path, passwords=tuple(passwords)) if table.tab != SHEET]
    except OSError as error:
        raise Rejected(f"{path} cannot be opened: {error.strerror}") from error
    if without := _formulas_without_result(path):
        raise Rejected(
            f"{path.name} has {len(without)} formula(s) without a stored result ({', '.join(without[:5])}): "
            "open it in a spreadsheet program and save it, or write the values"
        )
    rows: list[Row] = []
    headers: dict[tuple[str, str], str] = {}
    unknown: list[str] = []
    lost = [reject for table in tables for reject in table.rejects]
    for table in tables:
        if table.rows.num_rows and _is_document(table):
            found, strange = _of_document(table, known, headers)
        else:
            meant = _meant(table, known, stamp)
            strange = [column for column in table.columns if column not in meant]
            headers |= {(table.tab or "", name): column for column, name in meant.items()}
            found = _of_table(table, meant) if meant else []
        rows += found
        unknown += [f"{table.tab}: {column}" if len(tables) > 1 and table.tab else column for column in strange]
    if not headers:
        raise Rejected(
            f"{path.name} has no column of an export: `muniment export` writes files that can be edited and read back"
        )
    return Edited(tuple(rows), headers, tuple(unknown), stamp, tuple(lost))


_CELL = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]*>(.*?)</c>', re.DOTALL)


def _formulas_without_result(path: Path) -> list[str]:
    """The cells of a workbook (XLSX) whose formula nobody has calculated; none in other files."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return [
            cell[1].decode()
            for name in sheets
            for cell in _CELL.finditer(archive.read(name))
            if b"<f" in cell[2] and b"<v>" not in cell[2]
        ]


def _is_document(table: evidence.Table) -> bool:
    payload = table.rows["_payload"][0].as_py()
    return payload is not None and isinstance(json.loads(payload).get("values"), dict)


def _meant(table: evidence.Table, known: Mapping[str, model.Attribute], stamp: Stamp | None) -> dict[str, str]:
    """What the columns are: as the stamp of the workbook says, else by their headers; fixed ones begin with *."""
    told = stamp.columns.get(table.tab or "", {}) if stamp else {}
    exact = _spellings(known)
    folded = {header.lower(): name for header, name in reversed(exact.items())}
    meant: dict[str, str] = {}
    for column in table.columns:
        header = " ".join(str(unquoted(column)).split())
        name = told.get(column) or exact.get(header) or folded.get(header.lower())
        if name in FIXED:
            name = f"*{name}" if name not in known or header == LABELS[name] else name
        if name is not None and (name.startswith("*") or name in known) and name not in meant.values():
            meant[column] = name
    return meant


def _spellings(known: Mapping[str, model.Attribute]) -> dict[str, str]:
    """Every header that an export of ours writes and what it stands for; the first of one spelling is the likelier."""
    found = {name: f"*{name}" for name in FIXED} | {label: f"*{name}" for name, label in LABELS.items()}
    for name, attribute in known.items():
        more = [name, f"{name} (value)", f"value.{name}", attribute.label]
        more += [f"{attribute.label} ({attribute.unit})"] if attribute.unit else []
        for header in more:
            found.setdefault(header, name)
    return found


def _of_table(table: evidence.Table, meant: Mapping[str, str]) -> list[Row]:
    rows = []
    for row in table.rows.select(["_line", *meant]).to_pylist():
        cells = {meant[column]: unquoted(row[column]) for column in meant}
        if any(cell is not None for cell in cells.values()):
            rows.append(_row(table.tab or "", row["_line"], cells))
    return rows


def _of_document(
    table: evidence.Table, known: Mapping[str, model.Attribute], headers: dict[tuple[str, str], str]
) -> tuple[list[Row], list[str]]:
    """The rows of a JSON export: a key that is not there was not exported; null or "" clears the value."""
    rows, strange = [], []
    for line, payload in zip(table.rows["_line"].to_pylist(), table.rows["_payload"].to_pylist(), strict=True):
        body = json.loads(payload) if payload else {}
        values = body.get("values")
        if not isinstance(values, dict):
            continue
        fixed = {name: body[name] for name in FIXED if name in body}
        cells = {name: cell if cell not in ("", []) else None for name, cell in values.items() if name in known}
        strange += [name for name in values if name not in known and name not in strange]
        headers |= {("", name): name for name in (*(f"*{name}" for name in fixed), *cells)}
        rows.append(Row("", line, _id(fixed.get("id")), _version(fixed.get("version")), cells, fixed))
    return rows, strange


def _row(tab: str, line: int, cells: Mapping[str, Any]) -> Row:
    fixed = {name[1:]: cell for name, cell in cells.items() if name.startswith("*")}
    values = {name: cell for name, cell in cells.items() if not name.startswith("*")}
    return Row(tab, line, _id(fixed.get("id")), _version(fixed.get("version")), values, fixed)


def _id(cell: Any) -> UUID | None:
    try:
        return UUID(str(cell).strip())
    except ValueError:
        return None


def _version(cell: Any) -> int | None:
    try:
        return int(float(str(cell).replace(",", "")))
    except ValueError:
        return None
