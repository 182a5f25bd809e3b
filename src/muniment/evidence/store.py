"""The only queries on the tables of evidence: sources, layouts, imports, rejects, records.

Each takes a connection of a tenant's transaction and returns types or Arrow tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, db, ids
from muniment.base.errors import NotFound, Rejected
from muniment.base.tenancy import Scope
from muniment.evidence.delivery import Reject
from muniment.evidence.tables import imports, layouts, records, rejects, sources
from muniment.evidence.types import SET_ASIDE, Import, Layout, Record, Source

if TYPE_CHECKING:
    import pyarrow as pa

_MOMENT = "'epoch'::timestamptz + {} * interval '1 microsecond'"
_LIST_FIELDS = ("authoritative", "columns", "key_columns")


def _typed(kind: type[Any], row: Any) -> Any:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to a dict
    for name in _LIST_FIELDS:
        if name in values:
            values[name] = tuple(values[name])
    return kind(**values)


def _columns(table: sa.Table, kind: type[Any]) -> list[sa.Column[Any]]:
    return [table.c[name] for name in kind.__dataclass_fields__]


# Sources


def list_sources(connection: sa.Connection) -> list[Source]:
    """All sources of the tenant, by name."""
    query = sa.select(*_columns(sources, Source)).order_by(sources.c.name)
    return [_typed(Source, row) for row in connection.execute(query)]


def find_source(connection: sa.Connection, name: str) -> Source | None:
    """The source of that name, or None."""
    row = connection.execute(sa.select(*_columns(sources, Source)).where(sources.c.name == name)).one_or_none()
    return _typed(Source, row) if row else None


def get_source(connection: sa.Connection, name: str) -> Source:
    """The source of that name.

    Raises:
        NotFound: there is none.
    """
    found = find_source(connection, name)
    if found is None:
        raise NotFound(f"no source is called {name!r}: `muniment sources` lists them")
    return found


def add_source(connection: sa.Connection, scope: Scope, name: str, kind: str, **values: Any) -> Source:
    """Add a source; `values` are fields of `Source` that differ from their defaults.

    Raises:
        Rejected: the name is taken or empty.
    """
    if not name.strip():
        raise Rejected("a source needs a name")
    if find_source(connection, name) is not None:
        raise Rejected(f"a source called {name!r} exists: `muniment sources set` changes it")
    row: dict[str, Any] = {
        "reliability": 0.8,
        "authoritative": [],
        "interval_days": None,
        "full": None,
        "scope_by": "",
        "active": True,
        "decimal_comma": False,
        "day_first": None,
        "timezone": "UTC",
        **values,
    }
    connection.execute(
        sa.insert(sources).values(
            tenant_id=scope.tenant_id,
            id=ids.new(),
            name=name,
            kind=kind,
            created_at=clock.now(),
            created_by=scope.actor,
            **row,
        )
    )
    return get_source(connection, name)


def change_source(connection: sa.Connection, name: str, /, **values: Any) -> Source:
    """Change fields of a source; returns it as it is then."""
    get_source(connection, name)
    connection.execute(sa.update(sources).where(sources.c.name == name).values(**values))
    return get_source(connection, str(values.get("name", name)))


def count_by_source(connection: sa.Connection, scope: Scope) -> dict[UUID, dict[str, int]]:
    """Per source: imports and records in this engagement."""
    counts: dict[UUID, dict[str, int]] = {}
    for label, table in (("imports", imports), ("records", records)):
        query = (
            sa.select(table.c.source_id, sa.func.count())
            .where(table.c.engagement_id == scope.engagement_id)
            .group_by(table.c.source_id)
        )
        for source_id, count in connection.execute(query):
            counts.setdefault(source_id, {})[label] = count
    return counts


def last_observed(connection: sa.Connection, scope: Scope) -> dict[UUID, datetime]:
    """Per source: when it last looked at anything, by what its records say of themselves, else its deliveries."""
    query = (
        sa.select(records.c.source_id, sa.func.max(records.c.observed_at))
        .where(records.c.engagement_id == scope.engagement_id, ~records.c.gone)
        .group_by(records.c.source_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


# Layouts


def list_layouts(connection: sa.Connection, source_id: UUID | None = None) -> list[Layout]:
    """Layouts of the tenant, or of one source, oldest first."""
    query = sa.select(*_columns(layouts, Layout)).order_by(layouts.c.created_at, layouts.c.id)
    if source_id is not None:
        query = query.where(layouts.c.source_id == source_id)
    return [_typed(Layout, row) for row in connection.execute(query)]


def get_layout(connection: sa.Connection, layout_id: UUID) -> Layout:
    """One layout by its id."""
    query = sa.select(*_columns(layouts, Layout)).where(layouts.c.id == layout_id)
    return _typed(Layout, connection.execute(query).one())  # type: ignore[no-any-return]


def add_layout(connection: sa.Connection, scope: Scope, layout: Layout) -> None:
    """Store a layout that was not seen before."""
    connection.execute(
        sa.insert(layouts).values(
            tenant_id=scope.tenant_id,
            created_at=clock.now(),
            **{name: getattr(layout, name) for name in Layout.__dataclass_fields__},
        )
    )


def set_type(connection: sa.Connection, layout_id: UUID, asset_type: str | None, *, stated: bool) -> None:
    """Fix what the rows of a layout are unless they say so, and whether that is known or guessed."""
    connection.execute(
        sa.update(layouts).where(layouts.c.id == layout_id).values(asset_type=asset_type, type_stated=stated)
    )


def set_key(
    connection: sa.Connection,
    layout_id: UUID,
    key_columns: Sequence[str],
    reason: str,
) -> None:
    """Fix what identifies a row of a layout."""
    connection.execute(
        sa.update(layouts).where(layouts.c.id == layout_id).values(key_columns=list(key_columns), key_reason=reason)
    )


# Imports and rejects


def add_import(connection: sa.Connection, scope: Scope, row: Import) -> None:
    """Store the row of an import whose raw rows are in the lake."""
    connection.execute(
        sa.insert(imports).values(
            tenant_id=scope.tenant_id,
            engagement_id=scope.engagement_id,
            **{name: getattr(row, name) for name in Import.__dataclass_fields__},
        )
    )


def list_imports(
    connection: sa.Connection,
    scope: Scope,
    *,
    flow_id: UUID | None = None,
    source_id: UUID | None = None,
    layout_ids: Sequence[UUID] | None = None,
    counting: bool = False,
) -> list[Import]:
    """Imports of the engagement, oldest first; with `counting` those left out that are held, rejected or withdrawn."""
    query = sa.select(*_columns(imports, Import)).where(imports.c.engagement_id == scope.engagement_id)
    if flow_id is not None:
        query = query.where(imports.c.flow_id == flow_id)
    if source_id is not None:
        query = query.where(imports.c.source_id == source_id)
    if layout_ids is not None:
        query = query.where(imports.c.layout_id.in_(layout_ids))
    if counting:
        query = query.where(imports.c.status.not_in(SET_ASIDE))
    query = query.order_by(imports.c.started_at, imports.c.id)
    return [_typed(Import, row) for row in connection.execute(query)]


def find_delivery(
    connection: sa.Connection, scope: Scope, source_id: UUID, what: tuple[str, str, datetime]
) -> Import | None:
    """An earlier import of the same bytes (sha256), tab and date from the same source, or None."""
    sha256, tab, observed_at = what
    query = (
        sa.select(*_columns(imports, Import))
        .where(
            imports.c.engagement_id == scope.engagement_id,
            imports.c.source_id == source_id,
            imports.c.sha256 == sha256,
            imports.c.tab == tab,
            imports.c.observed_at == observed_at,
        )
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return _typed(Import, row) if row else None


def refused_files(connection: sa.Connection, flow_id: UUID) -> set[str]:
    """The files that a flow could not open at all."""
    query = sa.select(rejects.c.file).where(
        rejects.c.flow_id == flow_id, rejects.c.import_id.is_(None), rejects.c.line.is_(None)
    )
    return set(connection.scalars(query))


def close_import(connection: sa.Connection, import_id: UUID, status: str, counts: Mapping[str, int]) -> None:
    """Set an import's status and add to its counts."""
    connection.execute(
        sa.update(imports)
        .where(imports.c.id == import_id)
        .values(
            status=status,
            counts=imports.c.counts.op("||")(sa.cast(dict(counts), imports.c.counts.type)),
            finished_at=clock.now(),
        )
    )


def add_rejects(
    connection: sa.Connection,
    scope: Scope,
    flow_id: UUID,
    import_id: UUID | None,
    found: Iterable[Reject],
) -> int:
    """Keep what could not be read; returns how many."""
    rows = [
        {
            "tenant_id": scope.tenant_id,
            "engagement_id": scope.engagement_id,
            "flow_id": flow_id,
            "import_id": import_id,
            "at": clock.now(),
            **{name: getattr(reject, name) for name in Reject.__dataclass_fields__},
        }
        for reject in found
    ]
    if rows:
        connection.execute(sa.insert(rejects), rows)
    return len(rows)


def list_rejects(
    connection: sa.Connection,
    scope: Scope,
    *,
    flow_id: UUID | None = None,
    limit: int | None = None,
) -> list[Reject]:
    """Rejected rows of the engagement or of one flow, newest first."""
    query = sa.select(*(rejects.c[name] for name in Reject.__dataclass_fields__)).where(
        rejects.c.engagement_id == scope.engagement_id
    )
    if flow_id is not None:
        query = query.where(rejects.c.flow_id == flow_id)
    query = query.order_by(rejects.c.id.desc()).limit(limit)
    return [Reject(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001


def count_rejects(connection: sa.Connection, flow_id: UUID) -> int:
    """How many rows and files a flow could not read."""
    query = sa.select(sa.func.count()).select_from(rejects).where(rejects.c.flow_id == flow_id)
    return int(connection.execute(query).scalar_one())


# Records


def known_records(connection: sa.Connection, scope: Scope, source_id: UUID) -> pa.Table:
    """What is known of a source's records, as text columns, for comparison with new rows."""
    return db.read_arrow(
        connection,
        "SELECT id, layout_id, source_key, row_hash, claims_hash, filled, gone::text,"
        " (extract(epoch FROM delivered_at) * 1000000)::bigint AS delivered,"
        " (extract(epoch FROM observed_at) * 1000000)::bigint AS observed,"
        " (extract(epoch FROM first_delivered_at) * 1000000)::bigint AS first_delivered, import_id"
        " FROM records WHERE engagement_id = %s AND source_id = %s",
        (scope.engagement_id, source_id),
    )


def write_records(connection: sa.Connection, scope: Scope, source_id: UUID, changed: pa.Table) -> None:
    """Insert or replace records, by (source, source key).

    Args:
        connection: of the phase's transaction.
        scope: whose records.
        source_id: the source of all of them.
        changed: columns id, layout_id, source_key, import_id, row_number, row_hash, claims_hash,
            filled, delivered, observed, first_delivered (microseconds since 1970; null: not known yet),
            asset_type, type_stated, claims, derived, notes (JSON text).
    """
    connection.execute(
        sa.text(
            "CREATE TEMP TABLE incoming (id uuid, layout_id uuid, source_key text, import_id uuid,"
            " row_number bigint, row_hash text, claims_hash text, filled int, delivered bigint,"
            " observed bigint, first_delivered bigint, asset_type text, type_stated boolean, claims jsonb,"
            " derived jsonb, notes jsonb)"
            " ON COMMIT DROP"
        )
    )
    db.copy_arrow(connection, "incoming", changed)
    fields = (
        "layout_id, import_id, row_number, row_hash, claims_hash, filled, delivered_at,"
        " observed_at, first_delivered_at, asset_type, type_stated, claims, derived, notes, gone, updated_at"
    )
    updates = ", ".join(f"{name} = excluded.{name}" for name in fields.replace(",", "").split())
    connection.execute(
        sa.text(
            f"INSERT INTO records (tenant_id, engagement_id, source_id, id, source_key, {fields})"
            " SELECT :tenant, :engagement, :source, id, source_key, layout_id, import_id, row_number,"
            f" row_hash, claims_hash, filled, {_MOMENT.format('delivered')},"
            f" {_MOMENT.format('observed')}, {_MOMENT.format('first_delivered')}, asset_type, type_stated,"
            " claims, derived, notes, false, :now"
            " FROM incoming ORDER BY source_key"
            " ON CONFLICT (tenant_id, engagement_id, source_id, source_key)"
            f" DO UPDATE SET {updates}"
        ),
        {
            "tenant": scope.tenant_id,
            "engagement": scope.engagement_id,
            "source": source_id,
            "now": clock.now(),
        },
    )
    connection.execute(sa.text("DROP TABLE incoming"))


def touch_records(connection: sa.Connection, seen: pa.Table) -> None:
    """Say that unchanged records were delivered again.

    Args:
        connection: of the phase's transaction.
        seen: columns id, import_id, row_number, delivered, observed (microseconds since 1970).
    """
    connection.execute(
        sa.text(
            "CREATE TEMP TABLE seen (id uuid, import_id uuid, row_number bigint, delivered bigint,"
            " observed bigint) ON COMMIT DROP"
        )
    )
    db.copy_arrow(connection, "seen", seen)
    connection.execute(
        sa.text(
            f"UPDATE records SET delivered_at = {_MOMENT.format('seen.delivered')},"
            f" observed_at = {_MOMENT.format('seen.observed')}, import_id = seen.import_id,"
            " row_number = seen.row_number FROM seen WHERE records.id = seen.id"
        )
    )
    connection.execute(sa.text("DROP TABLE seen"))


def same_rows(connection: sa.Connection, old: Sequence[str], new: Sequence[str]) -> pa.Table:
    """Pairs (old, new) of records, with their keys, that were read from the same row of the same import."""
    return db.read_arrow(
        connection,
        "SELECT o.id AS old, n.id AS new, o.source_key AS old_key, n.source_key AS new_key"
        " FROM records o JOIN records n"
        " ON n.import_id = o.import_id AND n.row_number = o.row_number"
        " WHERE o.id = ANY(%s::uuid[]) AND n.id = ANY(%s::uuid[])",
        (list(old), list(new)),
    )


def remove_records(connection: sa.Connection, record_ids: Sequence[str]) -> None:
    """Remove records whose key no longer exists because their source's key was changed."""
    connection.execute(
        sa.text("DELETE FROM records WHERE id = ANY(cast(:ids AS uuid[]))"),
        {"ids": list(record_ids)},
    )


def get_records(connection: sa.Connection, record_ids: Sequence[UUID]) -> list[Record]:
    """Records by their ids, in the order of source and key."""
    query = (
        sa.select(*_columns(records, Record))
        .where(records.c.id.in_(record_ids))
        .order_by(records.c.source_id, records.c.source_key)
    )
    return [_typed(Record, row) for row in connection.execute(query)]


def records_of_row(connection: sa.Connection, import_id: UUID, row: int) -> list[Record]:
    """The records that a raw row of an import is part of now."""
    query = sa.select(*_columns(records, Record)).where(
        records.c.import_id == import_id,
        sa.or_(records.c.row_number == row, records.c.notes["rows"].contains([row])),
    )
    return [_typed(Record, found) for found in connection.execute(query.order_by(records.c.source_key))]


def problems(connection: sa.Connection, scope: Scope, limit: int | None = None) -> list[dict[str, Any]]:
    """Cells of the current records that could not be understood, with file, row and reason."""
    rows = connection.execute(
        sa.text(
            "SELECT i.file, i.tab, r.row_number AS row, p->>'column' AS column,"
            " p->>'attribute' AS attribute, p->>'raw' AS raw, p->>'problem' AS problem"
            " FROM records r JOIN imports i ON i.id = r.import_id"
            " CROSS JOIN LATERAL jsonb_array_elements(r.notes->'problems') p"
            " WHERE r.engagement_id = :engagement ORDER BY i.file, r.row_number, 4 LIMIT :limit"
        ),
        {"engagement": scope.engagement_id, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def count_records(connection: sa.Connection, scope: Scope) -> int:
    """How many records the engagement has."""
    query = sa.select(sa.func.count()).select_from(records)
    return int(connection.execute(query.where(records.c.engagement_id == scope.engagement_id)).scalar_one())


def observed_span(connection: sa.Connection, scope: Scope) -> datetime | None:
    """The latest moment any record was observed."""
    query = sa.select(sa.func.max(records.c.observed_at))
    return connection.execute(query.where(records.c.engagement_id == scope.engagement_id)).scalar()
