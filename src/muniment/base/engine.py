"""The bulk engine: Ibis on an in-process DuckDB, fed with Arrow, asked in SQL or expressions.

Bulk steps register Arrow tables, derive tables from tables, and take Arrow back. SQL text is
DuckDB's dialect and goes through Ibis, which transpiles it for another back end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muniment.base.errors import Retryable

if TYPE_CHECKING:
    import pyarrow as pa


DIALECT = "duckdb"
"""The dialect in which every step's SQL is written."""


class Engine:
    """One short-lived analytical database; make it with `bulk`."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def register(self, name: str, data: pa.Table) -> None:
        """Make an Arrow table known under a name, replacing an earlier one."""
        self.backend.con.register(name, data)

    def derive(self, name: str, sql: str) -> None:
        """Store the result of a query as a table."""
        self.backend.raw_sql(self._translated(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}"))

    def rows(self, sql: str) -> pa.Table:
        """The result of a query as an Arrow table."""
        return self.backend.raw_sql(self._translated(sql)).to_arrow_table()

    def count(self, name: str) -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT count(*) AS n FROM {name}")["n"][0].as_py())

    def _translated(self, sql: str) -> str:
        """The text for this back end; DuckDB's own needs no parsing (a quarter of a small import's time)."""
        if self.backend.name == DIALECT:
            return sql
        import sqlglot

        return sqlglot.transpile(sql, read=DIALECT, write=self.backend.name)[0]


@contextlib.contextmanager
def bulk(*, memory_limit: str = "4GB", spill: Path | None = None) -> Iterator[Engine]:
    """An engine for one phase; what it spills goes to `spill` and is gone afterwards.

    Args:
        memory_limit: as DuckDB writes it, such as `4GB`.
        spill: an existing folder for temporary files; None keeps everything in memory.

    Raises:
        Retryable: the memory did not suffice.
    """
    import duckdb
    import ibis

    backend = ibis.duckdb.connect(memory_limit=memory_limit, preserve_insertion_order=False)
    if spill is not None:
        backend.raw_sql(f"SET temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
    backend.raw_sql("SET autoinstall_known_extensions = false")
    backend.raw_sql("SET TimeZone = 'UTC'")
    try:
        yield Engine(backend)
    except duckdb.OutOfMemoryException as error:
        raise Retryable(
            f"the memory did not suffice (up to {memory_limit} are used at once): close other programs or raise the "
            "limit of this process, then try again"
        ) from error
    finally:
        backend.disconnect()
