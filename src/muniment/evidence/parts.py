"""Joins the tabs of one delivery: rows that describe a part of a thing become lists in the thing's own row.

Called by `flows` with the tabs of one workbook (or archive) before they are stored. Pure: tables in, tables
out; a row that fits no thing, or more than one, stays in what is left of its tab and is never guessed at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.base import db
from muniment.evidence.delivery import LINE, ColumnNames, Table, part_column
from muniment.evidence.rows import table_of

if TYPE_CHECKING:
    from muniment.base.engine import Engine

_INFERRED_SHARE: Final = 0.9
"""Of the values that a tab's first column has, how many another tab must list for the two to belong together."""
_PARTS: Final = (
    "cpu", "cpus", "disk", "disks", "drive", "drives", "filesystems", "interface", "interfaces", "ip", "ips",
    "addresses", "memory", "mounts", "network", "networks", "nic", "nics", "partition", "partitions", "ports",
    "volumes",
)  # fmt: skip
"""Words that end the name of a tab of parts, in workbooks of no known kind."""


@dataclass(frozen=True, slots=True)
class Part:
    """A tab whose rows are parts of the rows of another; `keys` are the columns (lower case) that name the whole."""

    table: Table
    keys: tuple[tuple[str, ...], ...]


def join_parts(engine: Engine, main: Table, parts: Sequence[Part]) -> tuple[Table, tuple[Table, ...]]:
    """Put the rows of parts into the rows that they are parts of.

    A column of a part becomes `tab[].column`: the cell where a thing has one such row, else a JSON list in
    the order of the rows. Columns that the main tab has too are repetitions and stay in the payload, which
    holds all cells of the parts and their lines.

    Returns:
        the main table with the columns of its parts, and what is left of each part.
    """
    names = ColumnNames()
    cells = {names.unique(column): main.rows[column] for column in main.columns}
    payloads: list[pa.Array] = []
    left: list[Table] = []
    rejects = list(main.rejects)
    for part in parts:
        rejects += part.table.rejects
        at = _places(main.rows, part)
        inside = pc.is_valid(at)
        fits = part.table.rows.filter(inside)
        left.append(dataclasses.replace(part.table, rows=part.table.rows.filter(pc.invert(inside)), rejects=()))
        if fits.num_rows:
            found, payload = _lists(engine, main, part.table, fits, at.filter(inside))
            payloads.append(payload)
            cells.update({names.unique(part_column(part.table.tab or "", name)): given for name, given in found})
    joined = dataclasses.replace(
        main,
        columns=tuple(cells),
        rows=table_of(main.rows[LINE], _objects(payloads), cells) if payloads else main.rows,
        rejects=tuple(rejects),
    )
    return joined, tuple(left)


def parts_by_name(tables: Sequence[Table]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Tell the parts among the tabs of a workbook that no kind knows.

    Returns:
        place of a part -> place of the tab of the things it belongs to, and the columns both have in common.
    """
    found = {}
    for place, table in enumerate(tables):
        words = (table.tab or "").lower().replace("_", " ").replace("-", " ").split()
        if not words or words[-1] not in _PARTS or not table.columns:
            continue
        first = table.columns[0].lower()
        for other, main in enumerate(tables):
            if other == place or first not in (column.lower() for column in main.columns):
                continue
            known, own = _key(main.rows, (first,)), _key(table.rows, (first,))
            if known is None or own is None:
                continue
            unique = known.null_count == 0 and pc.count_distinct(known).as_py() == len(known) > 0
            share = pc.mean(pc.is_in(own, value_set=known).cast(pa.int8())).as_py() or 0
            if unique and share >= _INFERRED_SHARE:
                found[place] = (other, (first,))
                break
    return {place: given for place, given in found.items() if given[0] not in found}


def _places(main: pa.Table, part: Part) -> pa.Array:
    """Per row of a part the row of the main table it belongs to: by the key that places most rows."""
    best = pa.nulls(part.table.rows.num_rows, pa.int32())
    for key in part.keys:
        known, own = _key(main, key), _key(part.table.rows, key)
        if known is None or own is None:
            continue
        counts = pc.value_counts(known.drop_null())
        once = counts.field("values").filter(pc.equal(counts.field("counts"), 1))
        own = pc.if_else(pc.is_in(own, value_set=once), own, None)
        found = _spread(pc.index_in(own.drop_null(), value_set=known), own)
        if found.null_count < best.null_count:
            best = found
    return best


def _spread(placed: pa.Array, own: pa.Array) -> pa.Array:
    where = np.full(len(own), -1, dtype=np.int32)
    where[pc.is_valid(own).to_numpy(zero_copy_only=False)] = placed.to_numpy(zero_copy_only=False)
    return pa.array(where, pa.int32(), mask=where < 0)


def _key(rows: pa.Table, columns: Sequence[str]) -> pa.Array | None:
    by_lower = {name.strip().lower(): name for name in rows.column_names}
    if any(column not in by_lower for column in columns):
        return None
    cells = [pc.utf8_lower(pc.utf8_trim_whitespace(rows[by_lower[column]].combine_chunks())) for column in columns]
    cells = [pc.if_else(pc.equal(cell, ""), None, cell) for cell in cells]
    return pc.binary_join_element_wise(*cells, "\x1f", null_handling="emit_null")


def _lists(
    engine: Engine, main: Table, part: Table, rows: pa.Table, at: pa.Array
) -> tuple[list[tuple[str, pa.Array]], pa.Array]:
    """The columns of a part, one cell per row of the main table, and the payloads."""
    known = {column.strip().lower() for column in main.columns}
    numbered = {f"c{number}": rows[column] for number, column in enumerate(part.columns)}
    engine.register("part_rows", pa.table({"place": at, "line": rows[LINE], **numbered}))
    taken = [(number, name) for number, name in enumerate(part.columns) if name.strip().lower() not in known]
    lists = "".join(
        f", CASE WHEN count(*) = 1 THEN any_value(c{number}) WHEN count(c{number}) > 0"
        f" THEN to_json(list(c{number} ORDER BY line))::VARCHAR END AS c{number}"
        for number, _ in taken
    )
    members = ", ".join(f"{_literal(name)}: c{number}" for number, name in enumerate(part.columns))
    grouped = engine.rows(
        f"SELECT place, to_json(list({{'line': line, 'cells': {{{members}}}}} ORDER BY line))::VARCHAR AS payload"
        f"{lists}"
        " FROM part_rows GROUP BY place ORDER BY place"
    )
    where = np.full(main.rows.num_rows, -1)
    where[grouped["place"].to_numpy()] = np.arange(grouped.num_rows)
    take = pa.array(where, mask=where < 0)
    found = grouped["payload"].combine_chunks()
    payload = pc.binary_join_element_wise(f"{db.dumps(part.tab or '')}: ", found, "").take(take)
    return [(name, grouped[f"c{number}"].combine_chunks().take(take)) for number, name in taken], payload


def _objects(payloads: Sequence[pa.Array]) -> pa.Array:
    """One JSON object per row of what the parts hold of it; null where they hold nothing."""
    pieces = [pc.fill_null(pc.binary_join_element_wise(payload, ", ", ""), "") for payload in payloads]
    inside = pc.utf8_rtrim(pc.binary_join_element_wise(*pieces, ""), ", ")
    return pc.if_else(pc.equal(inside, ""), None, pc.binary_join_element_wise("{", inside, "}", ""))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
