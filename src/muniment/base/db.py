"""PostgreSQL: the shared table metadata, connections in the application role, bulk copy.

Every folder's `tables.py` declares on `metadata`; every `store.py` gets a connection from
`tenancy`. The schema's own upkeep is in `schema.py`. Never builds SQL from outside values.
"""

import contextlib
import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.dialects.postgresql.base import ischema_names

SCHEMA = "muniment"
APPLICATION_ROLE = "muniment_app"

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def tenant_table(name: str, *parts: Any, key: Sequence[str] = ("id",), root: bool = False) -> sa.Table:
    """Declare a table that carries a tenant's data: `tenant_id` first, in the primary key.

    A `root` table refers to the tenant itself, the others to a table that does, so that a row is
    checked once. Such tables get their row-level security policy in the migration that creates
    them (`secure`); a test compares the two lists.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column("tenant_id", UUID(as_uuid=True), *((sa.ForeignKey("tenants.id"),) if root else ()), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("tenant_id", *key),
        info={"tenant": True},
    )


def refers(columns: Sequence[str], table: str, keys: Sequence[str] = ("id",)) -> sa.ForeignKeyConstraint:
    """A foreign key that cannot point into another tenant: it includes `tenant_id`."""
    return sa.ForeignKeyConstraint(["tenant_id", *columns], [f"{table}.tenant_id", *(f"{table}.{key}" for key in keys)])


def uid(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A UUID column."""
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A text column."""
    return sa.Column(name, sa.Text, nullable=nullable)


def jsonb(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A JSONB column."""
    return sa.Column(name, JSONB, nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A timestamp with time zone, UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


class HalfVector(sa.types.UserDefinedType[str]):
    """pgvector's `halfvec` of any dimension, as text such as `[0.1,0.2]`: two bytes a number."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return "halfvec"


ischema_names["halfvec"] = HalfVector  # so that a schema can be compared with the tables declared


def engine(url: str) -> sa.Engine:
    """An engine whose connections act in the application role, which no policy lets out.

    Args:
        url: `postgresql+psycopg://...` of a role that may act as `muniment_app`.
    """
    return sa.create_engine(
        url,
        pool_size=4,
        pool_pre_ping=False,
        connect_args={
            "options": f"-c search_path={SCHEMA},public -c role={APPLICATION_ROLE} -c timezone=UTC",
            "application_name": "muniment",
        },
    )


@contextlib.contextmanager
def linear_joins(connection: sa.Connection) -> Iterator[None]:
    """Within it, the planner takes no nested loop where it has another way.

    For set-based statements about tables that the same transaction may have filled: without statistics they are
    thought to be empty, and a loop over each row of both is chosen (measured: 29 s instead of one, 3,000 assets).
    """
    connection.execute(sa.text("SET LOCAL enable_nestloop = off"))
    yield
    connection.execute(sa.text("SET LOCAL enable_nestloop = on"))


@contextlib.contextmanager
def by_index(connection: sa.Connection) -> Iterator[None]:
    """Within it, the planner reads by an index where there is one.

    For statements that look up few rows of a large table that the same transaction may have filled: without statistics
    it reads the table from end to end for each (measured: 1.9 s instead of .03, 3,400 records).
    """
    connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
    yield
    connection.execute(sa.text("SET LOCAL enable_seqscan = on"))


def _raw(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


def copy_rows(connection: sa.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a (temporary) table; dicts and lists travel as JSON text.

    Returns:
        How many rows went in.
    """
    count = 0
    names = ", ".join(f'"{column}"' for column in columns)
    with (
        _raw(connection).cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([dumps(cell) if isinstance(cell, dict) else cell for cell in row])
            count += 1
    return count


def copy_arrow(connection: sa.Connection, table: str, data: Any) -> int:
    """COPY an Arrow table of text, numbers and timestamps into a (temporary) table, as CSV."""
    import pyarrow.csv as pacsv

    names = ", ".join(f'"{column}"' for column in data.column_names)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    statement = f"COPY {table} ({names}) FROM STDIN (FORMAT csv)"
    with _raw(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in data.to_batches(max_chunksize=20_000):
            buffer = io.BytesIO()
            pacsv.write_csv(batch, buffer, options)
            copy.write(buffer.getvalue())
    return int(data.num_rows)


def read_arrow(connection: sa.Connection, statement: str, parameters: Sequence[Any] = ()) -> Any:
    """The result of a query as an Arrow table of text columns; SQL NULL becomes null.

    `statement` has psycopg placeholders (`%s`). The route is COPY .. TO as CSV: ten times
    faster than fetching rows. NULL is written unquoted and the empty string quoted.
    """
    import pyarrow as pa
    import pyarrow.csv as pacsv

    buffer = io.BytesIO()
    with (
        _raw(connection).cursor() as cursor,
        cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER true)", parameters) as copy,
    ):
        for block in copy:
            buffer.write(block)
    buffer.seek(0)
    header = next(csv.reader([buffer.readline().decode()]))
    buffer.seek(0)
    if buffer.getbuffer().nbytes == len(buffer.readline()):
        return pa.table({name: pa.array([], pa.string()) for name in header})
    buffer.seek(0)
    return pacsv.read_csv(
        buffer,
        read_options=pacsv.ReadOptions(block_size=32 << 20),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def stream(connection: sa.Connection, statement: sa.Executable, size: int = 5_000) -> Iterator[Any]:
    """Rows of a large result, fetched in parts through a server-side cursor."""
    yield from connection.execute(statement, execution_options={"yield_per": size, "stream_results": True})


def dumps(value: Any) -> str:
    """JSON in its canonical form here: sorted keys, no spaces, Unicode as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
