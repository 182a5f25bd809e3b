"""Builds `Table.rows`, the Arrow table of what a file holds, and holds it to bounds.

Called by the readers, apart from the types so that a command that reads no file loads no Arrow.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from muniment.base.errors import Rejected
from muniment.evidence.delivery import CELL_LIMIT, COLUMN_LIMIT, EXCERPT_LENGTH, LINE, PAYLOAD, Reject, Table, excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping


def no_rows(columns: tuple[str, ...] = ()) -> pa.Table:
    """Give a table with these columns and nothing in it."""
    return table_of(pa.array([], pa.int64()), None, dict.fromkeys(columns, pa.array([], pa.string())))


def table_of(lines: pa.Array, payload: pa.Array | None, cells: Mapping[str, pa.Array]) -> pa.Table:
    """Put line numbers, payloads and the named string columns together as `Table.rows`."""
    schema = pa.schema([(LINE, pa.int64()), (PAYLOAD, pa.string()), *((name, pa.string()) for name in cells)])
    payload = pa.nulls(len(lines), pa.string()) if payload is None else payload
    return pa.Table.from_arrays([lines, payload, *cells.values()], schema=schema)


def without_blank(rows: pa.Table) -> pa.Table:
    """Drop the rows in which every cell is empty."""
    columns = sorted(rows.columns[2:], key=lambda column: int(column.null_count))
    if not columns or columns[0].null_count == 0:
        return rows
    blank = columns[0].is_null()
    for column in columns[1:]:
        blank = pc.and_(blank, column.is_null())
    return rows.filter(pc.invert(blank))


def checked(table: Table) -> Table:
    """Hold every reader to the same bounds: columns, size of a cell, no NUL characters.

    Raises:
        Rejected: The table has too many columns.
    """
    if len(table.columns) > COLUMN_LIMIT:
        raise Rejected(
            f"{table.file} has {len(table.columns):,} columns, at most {COLUMN_LIMIT:,} are read: "
            "export it with the columns that matter"
        )
    bad = None
    for column in table.rows.columns[2:]:
        length = pc.max(pc.binary_length(column)).as_py() or 0
        flawed = pc.match_substring(column, "\0")
        if length > CELL_LIMIT:
            flawed = pc.or_(flawed, pc.greater(pc.binary_length(column), CELL_LIMIT))
        elif not pc.any(flawed).as_py():
            continue
        flawed = pc.fill_null(flawed, fill_value=False)
        bad = flawed if bad is None else pc.or_(bad, flawed)
    return table if bad is None else _without(table, bad)


def _without(table: Table, bad: pa.ChunkedArray) -> Table:
    rejects = []
    for row in _shown(table.rows.filter(bad)).to_pylist():
        line, _, *cells = row.values()
        why = f"row {line} holds a NUL character or a cell of more than {CELL_LIMIT // 2**20} MiB: damaged on the way?"
        text = excerpt(" | ".join(cell or "" for cell in cells))
        rejects.append(Reject(table.file, table.tab, line, None, why, text))
    order = sorted([*table.rejects, *rejects], key=lambda reject: reject.line or 0)
    return dataclasses.replace(table, rows=table.rows.filter(pc.invert(bad)), rejects=tuple(order))


def _shown(rows: pa.Table) -> pa.Table:
    """Cut the cells to what an excerpt shows of them."""
    for number, column in enumerate(rows.columns[2:], start=2):
        cut = pc.utf8_slice_codeunits(column, 0, EXCERPT_LENGTH)
        rows = rows.set_column(number, rows.column_names[number], cut)
    return rows
