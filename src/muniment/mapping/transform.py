"""How the cells of a column are to be read: unit, decimal comma, order of day and month, steps, checks.

Inferred once, when a column is mapped, from its header and values, and stored with the mapping, so
that every later row of the column is read alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from muniment import model
from muniment.mapping import thousands
from muniment.mapping.infer_steps import MOST_DISTINCT, infer_checks, infer_steps

if TYPE_CHECKING:
    import pyarrow as pa

_DATES = r"^\s*(?P<a>\d{1,2})(?P<s>[/.\-])(?P<b>\d{1,2})[/.\-](?:\d{4}|\d{2})\b"
_MONTHS = 12
_SMALL_MEMORY = 1024
"""A memory column without a unit whose median is below this is in GiB: below 1,024 MiB is no server."""
_NUMERIC = ("size", "number", "percent", "money", "integer")


def infer(attribute: model.Attribute, column: str, rows: pa.Table, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The transform document for a column that is mapped to an attribute.

    Args:
        attribute: what it means.
        column: its header.
        rows: the raw rows.
        defaults: the source's `decimal_comma`, `day_first` and `timezone`; they win where set.
    """
    cells = rows[column].drop_null()
    found: dict[str, Any] = {}
    if attribute.type in _NUMERIC:
        comma = bool(defaults.get("decimal_comma")) or thousands.decimal_comma(attribute, column, rows)
        if comma:
            found["decimal_comma"] = True
        unit = thousands.header_unit(attribute, column)
        if unit is None and attribute.name == "memory_mib" and _looks_like_gib(cells, decimal_comma=comma):
            unit = "GiB"
        if unit is not None:
            found["unit"] = unit
    if attribute.type in {"date", "datetime"}:
        day_first = defaults.get("day_first")
        day_first = _day_first(cells) if day_first is None else day_first
        if day_first is not None:
            found["day_first"] = day_first
        if defaults.get("timezone", "UTC") != "UTC":
            found["timezone"] = defaults["timezone"]
    if model.is_secret(column):
        return found
    counts = _counts(cells)
    if steps := infer_steps(attribute, sorted(counts)):
        found["steps"] = steps
    if checks := infer_checks(attribute, counts, found):
        found["checks"] = checks
    return found


def _counts(cells: pa.ChunkedArray) -> dict[str, int]:
    """How often each trimmed cell occurs, of the first so many, sorted."""
    import pyarrow.compute as pc

    counted = pc.value_counts(pc.utf8_trim_whitespace(cells))
    pairs = sorted(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
    return {text: count for text, count in pairs[:MOST_DISTINCT] if text}


def _day_first(cells: pa.ChunkedArray) -> bool | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.drop_null(pc.extract_regex(cells, _DATES))
    if len(parts) == 0:
        return None
    first = pc.max(pc.cast(pc.struct_field(parts, "a"), pa.int32())).as_py()
    second = pc.max(pc.cast(pc.struct_field(parts, "b"), pa.int32())).as_py()
    if first > _MONTHS >= second:
        return True
    if second > _MONTHS >= first:
        return False
    dots = pc.mean(pc.cast(pc.equal(pc.struct_field(parts, "s"), "."), pa.int32())).as_py()
    return True if dots == 1 else None


def _looks_like_gib(cells: pa.ChunkedArray, *, decimal_comma: bool) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if decimal_comma:
        grouped = pc.match_substring_regex(cells, r"^\s*\d+(\.\d{3})*(,\d*)?\s*$")
        cells = pc.if_else(grouped, pc.replace_substring(pc.replace_substring(cells, ".", ""), ",", "."), cells)
    plain = cells.filter(pc.match_substring_regex(cells, r"^\s*\d{1,6}(\.\d+)?\s*$"))
    if len(plain) == 0:
        return False
    median = pc.quantile(pc.cast(pc.utf8_trim_whitespace(plain), pa.float64()), 0.5)[0].as_py()
    return bool(median < _SMALL_MEMORY)
