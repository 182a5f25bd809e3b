"""A file of claims resolved: read with the readers of evidence, answered by `matching`; stores nothing.

Called by `muniment match claims`. Takes wide tables (object, source, one column per attribute) and long ones
(object, source, attribute, value); knows no register and needs no home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muniment import evidence, matching
from muniment.base.errors import Rejected

if TYPE_CHECKING:
    import pyarrow as pa

_ATTRIBUTE = frozenset({"attribute", "property", "field", "predicate"})
_VALUE = frozenset({"value", "claim"})


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many of the values that the truth knows are right, for one attribute."""

    attribute: str
    known: int
    right: int
    missing: int


def match_claims(
    path: Path, object_column: str, source_column: str, attributes: Sequence[str] = ()
) -> tuple[matching.Resolved, int]:
    """Find the true values of the objects in a file of claims; also says how many rows could not be read.

    Args:
        path: any file that can be imported.
        object_column: whom a row is about.
        source_column: who says so.
        attributes: only these columns; all others where none is named.

    Raises:
        Rejected: the file cannot be read, or lacks a column; the message names those it has.
    """
    rows, columns, rejects = _table(path, [object_column, source_column, *attributes])
    values = _attributes(rows, [name for name in columns if name not in {object_column, source_column}])
    if attributes:
        values = {name: (kept, cells) for name, (kept, cells) in values.items() if name in attributes}
    if not values:
        raise Rejected(f"{path.name} has no column beside {object_column!r} and {source_column!r}: nothing is claimed")
    return matching.resolve(rows[object_column], rows[source_column], _spread(values)), rejects


def judge(resolved: matching.Resolved, path: Path, object_column: str) -> list[Accuracy]:
    """Compare with a file of known values: object, and one column per attribute (or attribute and value).

    Raises:
        Rejected: the file cannot be read, lacks the object column, or knows none of the attributes.
    """
    rows, columns, _ = _table(path, [object_column])
    found = []
    known = _spread(_attributes(rows, [name for name in columns if name != object_column]))
    objects = [str(name).strip() if name is not None else "" for name in rows[object_column].to_pylist()]
    for name, (numbers, values, _shares) in resolved.rows.items():
        if name not in known:
            continue
        ours = {resolved.objects[number]: value for number, value in zip(numbers.tolist(), values, strict=True)}
        right = missing = count = 0
        kind = resolved.kinds[name]
        for key, fact in zip(objects, known[name].to_pylist(), strict=True):
            if matching.is_missing(fact):
                continue
            count += 1
            missing += key not in ours
            right += key in ours and matching.same(kind, ours[key], fact)
        found.append(Accuracy(name, count, right, missing))
    if not found:
        raise Rejected(f"{path.name} has none of the attributes {', '.join(resolved.rows)}: name its columns so")
    return found


def _table(path: Path, needed: Sequence[str]) -> tuple[pa.Table, Sequence[str], int]:
    """The table of a file that has the needed columns."""
    if not path.is_file():
        raise Rejected(f"{path} does not exist or is no file: check the spelling")
    tables = list(evidence.read(path))
    fitting = [table for table in tables if set(needed) <= set(table.columns)]
    if not fitting:
        there = max(tables, key=lambda table: len(table.columns)).columns
        lacking = [name for name in needed if name not in there]
        raise Rejected(f"{path.name} has no column {lacking[0]!r}: it has {', '.join(map(repr, there[:30]))}")
    table = max(fitting, key=lambda each: int(each.rows.num_rows))
    return table.rows, table.columns, len(table.rejects)


_Cells = tuple["pa.Array | None", "pa.Array"]


def _attributes(rows: pa.Table, names: Sequence[str]) -> dict[str, _Cells]:
    """Attribute -> (which rows, None for all; their cells); a long table's are named in its rows."""
    import pyarrow.compute as pc

    by_fold = {name.strip().lower(): name for name in names}
    attribute, value = sorted(_ATTRIBUTE & by_fold.keys()), sorted(_VALUE & by_fold.keys())
    if not attribute or not value:
        return {name: (None, rows[name].combine_chunks()) for name in names}
    called = rows[by_fold[attribute[0]]].combine_chunks()
    cells = rows[by_fold[value[0]]].combine_chunks()
    found: dict[str, _Cells] = {}
    for name in sorted(one for one in pc.unique(called).to_pylist() if one):
        mine = pc.equal(called, name)
        found[name] = (mine, cells)
    return found


def _spread(values: dict[str, _Cells]) -> dict[str, pa.Array]:
    """Cells for all rows, null where a row is about another attribute."""
    import pyarrow as pa
    import pyarrow.compute as pc

    none = pa.scalar(None, pa.string())
    return {
        name: cells if mine is None else pc.if_else(pc.fill_null(mine, fill_value=False), cells, none)
        for name, (mine, cells) in values.items()
    }
