"""The marks of what must be folded, and what the fold reads of the marked assets: the only queries on both.

Marks are written in the transaction that changes evidence, and go in the one that folds. Called by `reconcile`,
and by whoever changes what an asset is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from muniment.base import db
from muniment.base.tenancy import Scope
from muniment.register.tables import stale

if TYPE_CHECKING:
    import pyarrow as pa


def mark_stale(connection: sa.Connection, scope: Scope, asset_ids: Iterable[UUID]) -> None:
    """Note assets that must be folded again, in the transaction that changed their evidence."""
    rows = [
        {"tenant_id": scope.tenant_id, "engagement_id": scope.engagement_id, "asset_id": asset_id}
        for asset_id in sorted(asset_ids)
    ]
    if rows:
        connection.execute(insert(stale).on_conflict_do_nothing(), rows)


def mark_stale_by_records(connection: sa.Connection, scope: Scope, record_ids: Iterable[str]) -> None:
    """Note the assets that these records belong to."""
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
            " SELECT DISTINCT :tenant, :engagement, asset_id FROM memberships"
            " WHERE record_id = ANY(cast(:records AS uuid[])) ON CONFLICT DO NOTHING"
        ),
        {
            "tenant": scope.tenant_id,
            "engagement": scope.engagement_id,
            "records": [str(record) for record in record_ids],
        },
    )


def mark_all_stale(connection: sa.Connection, scope: Scope) -> None:
    """Note every asset, because a rule that holds for all has changed."""
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
            " SELECT DISTINCT tenant_id, engagement_id, asset_id FROM memberships"
            " WHERE engagement_id = :engagement ON CONFLICT DO NOTHING"
        ),
        {"engagement": scope.engagement_id},
    )


def mark_stale_by_attributes(connection: sa.Connection, scope: Scope, attributes: Sequence[str]) -> None:
    """Note the assets of which some record says anything about one of these attributes."""
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
            " SELECT DISTINCT m.tenant_id, m.engagement_id, m.asset_id FROM memberships m"
            " JOIN records r ON r.id = m.record_id WHERE m.engagement_id = :engagement"
            " AND (jsonb_exists_any(r.claims, :names) OR jsonb_exists_any(r.derived, :names)) ON CONFLICT DO NOTHING"
        ),
        {"engagement": scope.engagement_id, "names": list(attributes)},
    )


def stale_count(connection: sa.Connection, scope: Scope) -> int:
    """How many assets wait to be folded."""
    query = sa.select(sa.func.count()).select_from(stale)
    return int(connection.scalar(query.where(stale.c.engagement_id == scope.engagement_id)) or 0)


def in_portions(connection: sa.Connection, scope: Scope, size: int) -> Iterator[None]:
    """Go through the stale assets so many at a time; between two steps, only those of one portion are marked.

    In the end none is.
    """
    count = stale_count(connection, scope)
    given = {"tenant": scope.tenant_id, "engagement": scope.engagement_id, "size": size}
    if count > size:
        connection.execute(
            sa.text(
                "CREATE TEMP TABLE waiting_assets ON COMMIT DROP AS SELECT asset_id,"
                " (row_number() OVER (ORDER BY asset_id) - 1) / :size AS portion FROM stale_assets"
                " WHERE engagement_id = :engagement"
            ),
            given,
        )
    for portion in range(-(-count // size)):
        if count > size:
            clear_stale(connection, scope)
            connection.execute(
                sa.text(
                    "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
                    " SELECT :tenant, :engagement, asset_id FROM waiting_assets WHERE portion = :portion"
                ),
                {**given, "portion": portion},
            )
        yield
    if count > size:
        connection.execute(sa.text("DROP TABLE waiting_assets"))
    clear_stale(connection, scope)


def stale_records(connection: sa.Connection, scope: Scope) -> pa.Table:
    """The records of the stale assets, for the fold."""
    return db.read_arrow(
        connection,
        "SELECT r.id AS record, m.asset_id, s.name AS source, r.row_hash || r.source_key AS ref,"
        " (extract(epoch FROM r.observed_at) * 1000000)::bigint AS observed,"
        " (r.gone OR NOT s.active) AS gone, r.asset_type,"
        " r.type_stated FROM stale_assets t JOIN memberships m ON m.asset_id = t.asset_id"
        " JOIN records r ON r.id = m.record_id JOIN sources s ON s.id = r.source_id"
        " WHERE t.engagement_id = %s",
        (scope.engagement_id,),
    )


def stale_claims(connection: sa.Connection, scope: Scope) -> pa.Table:
    """The claims of the stale assets' records, one row per value."""
    return db.read_arrow(
        connection,
        "SELECT r.id AS record, c.key AS attribute, v.value::text AS value, c.stated"
        " FROM stale_assets t JOIN memberships m ON m.asset_id = t.asset_id"
        " JOIN records r ON r.id = m.record_id JOIN sources s ON s.id = r.source_id"
        " CROSS JOIN LATERAL (SELECT key, value, true AS stated FROM jsonb_each(r.claims) UNION ALL"
        "  SELECT key, value, false FROM jsonb_each(r.derived)) c"
        " CROSS JOIN LATERAL jsonb_array_elements(c.value) v(value)"
        " WHERE t.engagement_id = %s",
        (scope.engagement_id,),
    )


def stored_hashes(connection: sa.Connection, scope: Scope) -> pa.Table:
    """Hashes and versions of the stale assets as they are in the register."""
    return db.read_arrow(
        connection,
        "SELECT a.id, a.values_hash, a.content_hash, a.version, a.state FROM stale_assets t"
        " JOIN assets a ON a.id = t.asset_id WHERE t.engagement_id = %s",
        (scope.engagement_id,),
    )


def clear_stale(connection: sa.Connection, scope: Scope) -> None:
    """Forget the marks, in the transaction that folds the assets."""
    connection.execute(sa.delete(stale).where(stale.c.engagement_id == scope.engagement_id))
