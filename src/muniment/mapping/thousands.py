"""Whether a point between digits groups thousands or begins decimals, told from a column and the file around it.

Called by `transform` and `propose` when a column is mapped. A single "8.192" can be either; what stays uncertain is
said, so that the column waits for a person instead of being read wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from muniment import model

if TYPE_CHECKING:
    import pyarrow as pa

_COMMA: Final = r"^\s*-?(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2})\s*[^\d,]*$"
_POINT: Final = r"^\s*-?(?:\d{1,3}(?:,\d{3})+\.\d+|\d+\.\d+)\s*[^\d,.]*$"
_GROUPS: Final = r"^\s*-?[1-9]\d{0,2}(?:\.\d{3})+\s*[^\d.,]*$"
_MANY_GROUPS: Final = r"^\s*-?[1-9]\d{0,2}(?:\.\d{3}){2,}\s*[^\d.,]*$"
_NUMBER: Final = r"^\s*-?\d[\d.]*(?:,\d+)?\s*[^\d,.;|/]*$"
_STEP: Final = 256  # MiB: what memory and disks are multiples of
_BIG: Final = frozenset({"gb", "gib", "tb", "tib", "pb", "pib", "ghz"})
_SMALL: Final = frozenset({"kb", "kib", "mb", "mib", "mhz"})
_MANY: Final = ("size", "number", "money", "integer")


@dataclass(frozen=True, slots=True)
class _Marks:
    """How many cells of a column write a decimal comma, a decimal point, and groups of thousands by points."""

    comma: int
    point: int
    grouped: int
    many: int

    @property
    def either(self) -> bool:
        """Whether every point stands before exactly three digits."""
        return self.grouped > 0 and self.point == 0 and self.comma == 0 and self.many == 0


def header_unit(attribute: model.Attribute, column: str) -> str | None:
    """The unit that a header names, itself or as a known name of the attribute."""
    return model.unit_in_header(column) or attribute.synonym_units.get(model.fold(column))


def decimal_comma(attribute: model.Attribute, column: str, rows: pa.Table) -> bool:
    """Whether the cells of a column write decimals with a comma, and thousands with a point."""
    marks = _marks(rows[column])
    if not marks.either:
        return marks.comma > marks.point or (marks.many > 0 and marks.point == 0)
    return _thousands(attribute, column, rows) is True


def doubt(attribute: model.Attribute, column: str, rows: pa.Table, defaults: Mapping[str, Any]) -> str | None:
    """Why nobody can tell how the points of a column are meant; None where it is clear."""
    if attribute.type not in _MANY or defaults.get("decimal_comma"):
        return None
    if not _marks(rows[column]).either or _thousands(attribute, column, rows) is not None:
        return None
    shown = model.masked(_grouped(rows[column])[0].as_py().strip(), column)
    return (
        f"{shown} is {shown.replace('.', '')}, or {shown.replace('.', ',')} with a decimal mark: accept it for the"
        ' second, set it with --transform "decimal comma" for the first'
    )


def _thousands(attribute: model.Attribute, column: str, rows: pa.Table) -> bool | None:
    """Whether points before three digits group thousands; None where both may be."""
    if attribute.type not in _MANY:
        return False
    unit = _unit(attribute, column, rows)
    if attribute.type == "integer" or unit in _SMALL:
        return True
    if unit in _BIG and attribute.name == "memory_mib":
        return False
    if _file_writes_commas(rows, column):
        return True
    if unit is None and attribute.name == "memory_mib" and _in_steps(rows[column]):
        return True
    return None


def _unit(attribute: model.Attribute, column: str, rows: pa.Table) -> str | None:
    """The unit of a column in small letters: of its header, else the one behind all its numbers."""
    import pyarrow.compute as pc

    if header := header_unit(attribute, column):
        return header.lower()
    behind = pc.struct_field(pc.extract_regex(_grouped(rows[column]), r"(?P<unit>[A-Za-z]*)\s*$"), "unit")
    units = {unit.lower() for unit in pc.unique(behind).to_pylist()}
    return units.pop() or None if len(units) == 1 else None


def _in_steps(cells: pa.ChunkedArray) -> bool:
    """Whether the cells are what memory is sold in, read as thousands."""
    import pyarrow.compute as pc

    digits = pc.replace_substring_regex(pc.unique(_grouped(cells)), r"\D", "")
    return all(int(text) % _STEP == 0 for text in digits.to_pylist())


def _file_writes_commas(rows: pa.Table, column: str) -> bool:
    """Whether another column of numbers writes its decimals with a comma, and more do so than with a point."""
    import pyarrow.compute as pc

    for name in rows.column_names:
        if name == column or name.startswith("_"):
            continue
        marks = _marks(rows[name])
        if marks.comma > marks.point:
            filled = _filled(rows[name])
            numbers = pc.sum(pc.match_substring_regex(filled, _NUMBER)).as_py() or 0
            if 2 * numbers > len(filled):
                return True
    return False


def _marks(cells: pa.ChunkedArray) -> _Marks:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(cells.type):
        return _Marks(0, 0, 0, 0)
    filled = _filled(cells)
    comma, point, grouped, many = (
        pc.sum(pc.match_substring_regex(filled, pattern)).as_py() or 0
        for pattern in (_COMMA, _POINT, _GROUPS, _MANY_GROUPS)
    )
    single = grouped - many  # which the pattern of a decimal point meets too
    return _Marks(comma, max(0, point - single), single, many)


def _grouped(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    filled = _filled(cells)
    return filled.filter(pc.match_substring_regex(filled, _GROUPS))


def _filled(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    filled = cells.drop_null()
    return filled.filter(pc.match_substring_regex(filled, r"\S"))
