"""Reads the tables and views of a SQLite file, each as a table of its own, trusting nothing in it.

Called by `read`. The database lives in memory, is never written, and may run nothing but plain
reading: no extension, trigger, pragma or virtual table, no view that computes for ever.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from muniment.base.errors import Rejected
from muniment.evidence.delivery import CELL_LIMIT, COLUMN_LIMIT, Reject, Table, excerpt, name_columns
from muniment.evidence.rows import no_rows, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muniment.evidence.containers import Member

_BATCH: Final = 10_000
_BYTES_LIMIT: Final = 4 * 1024**3
_SECONDS: Final = 120.0
_INSTRUCTIONS: Final = 100_000
_TABLES_LIMIT: Final = 1_000
_JOURNAL: Final = slice(18, 20)
"""Bytes of the header that say how it was written: 2 is a write-ahead log, which memory does not have."""
_BLOB_SHOWN: Final = 64
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_FORBIDDEN: Final = frozenset({"load_extension", "zeroblob", "randomblob", "fts3_tokenizer", "readfile", "writefile"})
_FAILED: Final = (sqlite3.Error, UnicodeDecodeError, MemoryError, OverflowError, ValueError)


def read_sqlite(member: Member) -> Iterator[Table]:
    """Read each table that holds rows, then each view; what fails is a reject of its own.

    Raises:
        Rejected: It is damaged, encrypted, or holds no table.
    """
    image = bytearray(member.data)
    image[_JOURNAL] = b"\1\1"
    connection = sqlite3.connect(":memory:")
    try:
        connection.text_factory = _text
        connection.deserialize(bytes(image))
        del image
        _guard(connection)
        found = _names(connection)
        if not found:
            raise Rejected(f"{member.file} is empty: the database holds no table, send another")
        if len(found) > _TABLES_LIMIT:
            raise Rejected(f"{member.file} holds {len(found):,} tables, at most {_TABLES_LIMIT:,} are read")
        connection.set_authorizer(_authorise)
        for name, kind in found:
            table = _table(member, connection, name, kind)
            if table is not None:
                yield table
    except _FAILED as error:
        reason = excerpt(str(error))
        raise Rejected(f"{member.file} is damaged or encrypted ({reason}): export or send it again") from error
    finally:
        connection.close()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _guard(connection: sqlite3.Connection) -> None:
    for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, CELL_LIMIT * 4)
    connection.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, COLUMN_LIMIT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def _authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    name = second or first or ""
    if action in _ALLOWED or (action == sqlite3.SQLITE_FUNCTION and name.lower() not in _FORBIDDEN):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _names(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Tables and views with their kinds, tables first; those of the system and virtual ones are left out."""
    listed = connection.execute("PRAGMA main.table_list").fetchall()
    names = [(row[1], row[2]) for row in listed if row[2] in {"table", "view"} and not row[1].startswith("sqlite_")]
    return sorted(names, key=lambda pair: (pair[1], pair[0]))


def _table(member: Member, connection: sqlite3.Connection, name: str, kind: str) -> Table | None:
    columns: tuple[str, ...] = ()
    rows, rejects = no_rows(), []
    end = time.monotonic() + _SECONDS
    connection.set_progress_handler(lambda: int(time.monotonic() > end), _INSTRUCTIONS)
    quoted = name.replace('"', '""')
    try:
        cursor = connection.execute(f'SELECT * FROM "{quoted}"')
        columns = name_columns([column[0] for column in cursor.description])
        rows = _rows(cursor, columns)
    except _FAILED as error:
        reason = f"{kind} {excerpt(name)} cannot be read ({excerpt(str(error))}): export it on its own"
        rejects.append(Reject(member.file, excerpt(name), None, None, reason, ""))
    if not rows.num_rows and not rejects:
        return None
    return Table(
        file=member.file,
        tab=excerpt(name),
        format="sqlite",
        details={"is a": kind},
        columns=columns,
        rows=rows,
        rejects=tuple(rejects),
        observed=member.observed,
    )


def _rows(cursor: sqlite3.Cursor, columns: tuple[str, ...]) -> pa.Table:
    pieces = []
    count = size = 0
    while batch := cursor.fetchmany(_BATCH):
        cells = [pa.array([_cell(value) for value in column], pa.string()) for column in zip(*batch, strict=True)]
        lines = pa.array(range(count + 1, count + len(batch) + 1), pa.int64())
        pieces.append(table_of(lines, None, dict(zip(columns, cells, strict=True))))
        count += len(batch)
        size += pieces[-1].nbytes
        if size > _BYTES_LIMIT:
            raise ValueError("it gives more than 4 GiB")
    return pa.concat_tables(pieces) if pieces else no_rows(columns)


def _cell(value: str | float | bytes | None) -> str | None:
    """Write a value as text: 4 not 4.0, short bytes as hexadecimal digits, long ones by their size."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bytes):
        return value.hex() if len(value) <= _BLOB_SHOWN else f"({len(value):,} bytes)"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)
