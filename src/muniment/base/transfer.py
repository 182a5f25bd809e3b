"""Every row of our schema copied from one PostgreSQL into another, as one transaction there.

Called by `flows.move` with connections of both owners. The tables are asked of the catalogue, so that a
table added tomorrow is copied as well. Never changes the database it reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import sqlalchemy as sa

from muniment.base.db import SCHEMA

_UPKEEP = "alembic_version"


@dataclass(frozen=True, slots=True)
class Copied:
    """A table, its columns that hold data of their own, and its columns that count by a sequence."""

    name: str
    columns: tuple[str, ...]
    counted: tuple[str, ...]


def tables(connection: sa.Connection) -> list[Copied]:
    """The tables of our schema, each after those that it refers to."""
    columns: dict[str, list[str]] = {}
    counted: dict[str, list[str]] = {}
    for row in connection.execute(sa.text(_COLUMNS), {"schema": SCHEMA, "upkeep": _UPKEEP}):
        columns.setdefault(row.relname, []).append(row.attname)
        if row.sequence:
            counted.setdefault(row.relname, []).append(row.attname)
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in columns})
    for row in connection.execute(sa.text(_REFERENCES), {"schema": SCHEMA}):
        if row.child != row.parent:
            order.add(row.child, row.parent)
    return [Copied(name, tuple(columns[name]), tuple(counted.get(name, ()))) for name in order.static_order()]


_COLUMNS = (
    "SELECT c.relname, a.attname, pg_get_serial_sequence(format('%I.%I', CAST(:schema AS text), c.relname), a.attname)"
    " IS NOT NULL AS sequence FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind = 'r' AND c.relname <> :upkeep"
    " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum"
)
_REFERENCES = (
    "SELECT c.relname AS child, p.relname AS parent FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid"
    " JOIN pg_class p ON p.oid = f.confrelid WHERE f.contype = 'f' AND c.relnamespace = to_regnamespace(:schema)"
)


def count(connection: sa.Connection, wanted: list[Copied]) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: int(connection.scalar(sa.text(f'SELECT count(*) FROM {SCHEMA}."{table.name}"')) or 0)
        for table in wanted
    }


def copy(source: sa.Connection, target: sa.Connection, wanted: list[Copied], tell: Callable[[str, int], None]) -> None:
    """Copy all rows of the tables, in their order, and set the sequences to where they were.

    Args:
        source: of a transaction with one snapshot.
        target: of a transaction, its tables empty.
        wanted: as `tables` gives them.
        tell: called with a table's name and how many bytes of it went over.
    """
    reader: Any = source.connection.driver_connection
    writer: Any = target.connection.driver_connection
    for table in wanted:
        names = ", ".join(f'"{name}"' for name in table.columns)
        place = f'{SCHEMA}."{table.name}"'
        gone = 0
        with (
            reader.cursor() as rows,
            writer.cursor() as takes,
            rows.copy(f"COPY (SELECT {names} FROM {place}) TO STDOUT") as coming,
            takes.copy(f"COPY {place} ({names}) FROM STDIN") as going,
        ):
            for block in coming:
                going.write(block)
                gone += len(block)
                tell(table.name, gone)
        for column in table.counted:
            _set_sequence(source, target, place, column)


def _set_sequence(source: sa.Connection, target: sa.Connection, place: str, column: str) -> None:
    named = sa.text("SELECT pg_get_serial_sequence(:place, :column)")
    there = {"place": place, "column": column}
    last = source.execute(sa.text(f"SELECT last_value, is_called FROM {source.scalar(named, there)}")).one()
    target.execute(
        sa.text("SELECT setval(CAST(:name AS regclass), :last, :called)"),
        {"name": target.scalar(named, there), "last": last.last_value, "called": last.is_called},
    )
