"""Copies tables of another database, reached by URL, to Parquet files that are then read like any other.

Called by flows. The database is only ever read, row by row as it sends them; its password is shown
nowhere, kept nowhere, and cut out of whatever its driver says.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import exc

from muniment.base.errors import NotFound, Permanent, Rejected
from muniment.evidence.delivery import COLUMN_LIMIT, PAYLOAD, excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

_BATCH: Final = 5_000
_BYTES_LIMIT: Final = 4 * 1024**3
_LISTED: Final = 60
_CONNECT_SECONDS: Final = 15
_BLOB_SHOWN: Final = 64
_EXACT_INTEGER: Final = 2**53
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
_EXTRAS: Final = {"mysql": "mysql", "mariadb": "mysql", "mssql": "mssql", "oracle": "oracle"}
_SECRET: Final = ("pass", "pwd", "secret", "token", "key")
_OWN_SCHEMAS: Final = frozenset({"information_schema", "pg_catalog", "sys", "mysql", "performance_schema"})
_NESTED: Final = (sa.JSON, sa.ARRAY)


@dataclass(frozen=True, slots=True)
class Database:
    """A database to read from. It is shown without the password."""

    url: sa.URL

    def __repr__(self) -> str:
        return f"Database({self.name})"

    @property
    def name(self) -> str:
        """Where it is, for people: system, host and database, nothing else."""
        host = f"{self.url.host}/" if self.url.host else ""
        return f"{self.url.get_backend_name()}://{host}{self.url.database or ''}"

    def scrubbed(self, text: str) -> str:
        """Cut every secret of the URL out of a text."""
        secrets = [str(self.url.password)] if self.url.password else []
        for key, value in self.url.query.items():
            if any(word in key.lower() for word in _SECRET):
                secrets += [value] if isinstance(value, str) else value
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return excerpt(" ".join(text.split()))


def database(text: str, password: str = "") -> Database:
    """Understand a URL.

    Args:
        text: "postgresql://user@host/name" or any other that SQLAlchemy knows.
        password: Taken where the URL has none.

    Raises:
        Rejected: It is none, or of a file.
    """
    try:
        url = sa.make_url(text)
    except (exc.ArgumentError, ValueError):
        raise Rejected("the URL cannot be understood: write it as postgresql://user@host:5432/name") from None
    if url.get_backend_name() in {"sqlite", "duckdb"}:
        raise Rejected("give the file itself: `muniment import inventory.db`")
    if url.drivername in _DRIVERS:
        url = url.set(drivername=_DRIVERS[url.drivername])
    if password and not url.password:
        url = url.set(password=password)
    return Database(url)


@contextmanager
def _connected(where: Database) -> Iterator[sa.Connection]:
    kind = where.url.get_backend_name()
    timeout = {"connect_timeout": _CONNECT_SECONDS} if kind in {"postgresql", "mysql", "mariadb"} else {}
    try:
        engine = sa.create_engine(where.url, poolclass=sa.NullPool, connect_args=timeout, hide_parameters=True)
        options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"} if kind == "postgresql" else {}
        with engine.connect() as connection:
            yield connection.execution_options(**options)
    except (ModuleNotFoundError, exc.NoSuchModuleError) as error:
        cure = f"pip install 'muniment[{_EXTRAS[kind]}]'" if kind in _EXTRAS else "install its SQLAlchemy driver"
        raise Permanent(f"{kind} needs a driver that is not installed ({error}): {cure}") from None
    except (exc.SQLAlchemyError, OSError) as error:
        told = where.scrubbed(str(getattr(error, "orig", None) or error))
        raise Rejected(f"{where.name} cannot be read ({told}): check address, user, password and rights") from None


def tables(where: Database) -> list[str]:
    """The tables and views that can be read, by name; with their schema where it is not the usual one.

    Raises:
        Rejected: The database cannot be reached.
    """
    with _connected(where) as connection:
        return _listed(connection)


def _listed(connection: sa.Connection) -> list[str]:
    inspector = sa.inspect(connection)
    usual = inspector.default_schema_name
    found = [*inspector.get_table_names(), *inspector.get_view_names()]
    for schema in inspector.get_schema_names():
        if schema != usual and schema.lower() not in _OWN_SCHEMAS:
            names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
            found += [f"{schema}.{name}" for name in names]
    return sorted(found)


def copy_tables(
    where: Database, names: Sequence[str], folder: Path, progress: Callable[[str, int], None]
) -> list[Path]:
    """Copy tables to Parquet files in a folder, all as of one moment where the database can do that.

    Args:
        where: The database.
        names: Tables or views, "name" or "schema.name".
        folder: An empty one.
        progress: Called as `progress(table, rows)`.

    Raises:
        NotFound: There is no such table; the message lists what there is.
        Rejected: No table is named, one is too large, or the database cannot be read.
    """
    with _connected(where) as connection:
        known = _listed(connection)
        shown = ", ".join(known[:_LISTED]) + (f" and {len(known) - _LISTED:,} more" if len(known) > _LISTED else "")
        if not names:
            raise Rejected(f"name what to import with --table: {where.name} holds {shown or 'no table you may read'}")
        for name in names:
            if name not in known:
                raise NotFound(f"{where.name} has no table {excerpt(name)}: it holds {shown or 'none you may read'}")
        return [_copy(connection, where, name, folder, progress) for name in dict.fromkeys(names)]


def _copy(
    connection: sa.Connection, where: Database, name: str, folder: Path, progress: Callable[[str, int], None]
) -> Path:
    import pyarrow.parquet as pq

    usual = set(sa.inspect(connection).get_table_names()) | set(sa.inspect(connection).get_view_names())
    schema, table = (None, name) if name in usual else name.split(".", 1)
    columns = sa.inspect(connection).get_columns(table, schema)
    if len(columns) > COLUMN_LIMIT:
        raise Rejected(f"{name} has {len(columns):,} columns, at most {COLUMN_LIMIT:,} are read: make a view of it")
    source = sa.table(table, *(sa.column(column["name"]) for column in columns), schema=schema)
    shape = _shape(columns)
    path = folder / f"{_file_name(f'{where.url.database}.{name}')}.parquet"
    count = size = 0
    rows = connection.execution_options(stream_results=True, yield_per=_BATCH).execute(source.select())
    with pq.ParquetWriter(path, shape, compression="zstd") as writer:
        for batch in rows.partitions():
            piece = _batch(batch, shape)
            size += piece.nbytes
            if size > _BYTES_LIMIT:
                raise Rejected(f"{name} holds more than 4 GiB: make a view of what matters and import that")
            writer.write_batch(piece)
            count += len(batch)
            progress(name, count)
    return path


def _shape(columns: Sequence[Any]) -> pa.Schema:
    import pyarrow as pa

    nested = pa.json_()
    kinds = [nested if isinstance(column["type"], _NESTED) else pa.string() for column in columns]
    names = [str(column["name"]) if column["name"] != PAYLOAD else "payload" for column in columns]
    return pa.schema(list(zip(names, kinds, strict=True)))


def _batch(rows: Sequence[Any], shape: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = []
    for field, column in zip(shape, zip(*rows, strict=True), strict=True):
        texts = pa.array([_cell(value) for value in column], pa.string())
        arrays.append(texts if field.type == pa.string() else pa.ExtensionArray.from_storage(field.type, texts))
    return pa.RecordBatch.from_arrays(arrays, schema=shape)


def _cell(value: Any) -> str | None:
    """Write a value of any driver as text: 4 not 4.0, dates as ISO 8601, what is nested as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_INTEGER else repr(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex() if len(value) <= _BLOB_SHOWN else f"({len(value):,} bytes)"
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _file_name(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in text).lstrip(".")[:100] or "table"
