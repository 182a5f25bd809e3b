"""Builds `Table.rows`, the Arrow table of what a file holds.

Called by the readers, apart from the types so that a command that reads no file loads no Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from muniment.evidence.delivery import LINE, PAYLOAD

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
