"""The errors that cells of an XLSX workbook hold (#N/A, #REF!), which calamine gives as empty.

Called by `read_workbook`, so that a broken formula is reported and not taken for an empty cell. Reads the
parts in pieces and keeps only the errors, as many as can be looked at.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from python_calamine import CalamineSheet

_LIMIT: Final = 100_000
"""Errors kept per workbook; one with more is no inventory, and what is beyond reads as empty."""
_LONGEST: Final = 16_384
"""Characters from the start of a cell to its error: a formula has at most 8,192, some signs written as several."""
_CELL: Final = re.compile(
    rb"""<(?:\w+:)?c\b([^<>]*)>\s*(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"""
    rb"""<(?:\w+:)?v\b[^<>]*>(\#[^<]{1,30})</"""
)
"""A cell whose result begins like an error; no part of it runs over the next "<", so that looking stays linear."""
_PLACE: Final = re.compile(rb"([A-Z]{1,3})(\d{1,7})")
_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION: Final = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE: Final = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)["']""")

Errors = dict[str, dict[tuple[int, int], str]]


def found_in(pieces: Iterable[tuple[str, bytes]]) -> Errors:
    """Find the errors of each tab by (row, column) from 0; `pieces` are the parts of the workbook by name."""
    by_part: Errors = {}
    said: dict[str, bytes] = {}
    part, tail, count = "", b"", 0
    for name, piece in pieces:
        if name in {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"}:
            said[name] = said.get(name, b"") + piece
        if not name.startswith("xl/worksheets/"):
            continue
        text = tail + piece if name == part else piece
        part, tail = name, text[-_LONGEST:]
        if count < _LIMIT:
            found = dict(_errors(text))
            count += len(found)
            by_part.setdefault(name, {}).update(found)
    return _by_tab(by_part, said) if count else {}


def put_back(cells: list[list[object]], sheet: CalamineSheet, errors: Mapping[tuple[int, int], str]) -> None:
    """Write the errors into the cells of a tab, which begin where calamine says."""
    top, left = sheet.start or (0, 0)
    for (row, column), error in errors.items():
        inside = 0 <= row - top < len(cells) and 0 <= column - left < len(cells[row - top])
        if inside and cells[row - top][column - left] == "":
            cells[row - top][column - left] = error


def _errors(text: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for attributes, error in _CELL.findall(text):
        said = dict(_ATTRIBUTE.findall(attributes))
        place = _PLACE.fullmatch(said.get(b"r", b""))
        if place and said.get(b"t") == b"e":
            yield (int(place[2]) - 1, _column(place[1])), unescape(error.decode("utf-8", "replace"))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _by_tab(by_part: Errors, said: Mapping[str, bytes]) -> Errors:
    """Name the parts by their tabs, as the workbook relates them."""
    parts = {}
    for match in _RELATION.finditer(said.get("xl/_rels/workbook.xml.rels", b"")):
        one = dict(_ATTRIBUTE.findall(match[0]))
        target = one.get(b"Target", b"").decode("utf-8", "replace").lstrip("/")
        parts[one.get(b"Id", b"")] = target if target.startswith("xl/") else f"xl/{target}"
    tabs = {}
    for match in _SHEET.finditer(said.get("xl/workbook.xml", b"")):
        one = dict(_ATTRIBUTE.findall(match[0]))
        relation = next((value for name, value in one.items() if name.endswith(b":id")), b"")
        errors = by_part.get(parts.get(relation, ""))
        if errors:
            tabs[unescape(one.get(b"name", b"").decode("utf-8", "replace"))] = errors
    return tabs
