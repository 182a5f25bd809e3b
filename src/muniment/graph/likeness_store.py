"""The only queries on assets together with their vectors.

Each takes a connection of a tenant's transaction; called by `likeness` and by the flow that embeds assets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import memory
from muniment.base.embeddings import Vectors
from muniment.base.tenancy import Scope


@dataclass(frozen=True, slots=True)
class Waits:
    """An asset whose vector is missing or of earlier values."""

    id: UUID
    name: str
    type: str
    values: Mapping[str, Any]
    digest: str


def waiting_assets(
    connection: sa.Connection, scope: Scope, space_id: UUID | None, after: UUID | None, limit: int
) -> list[Waits]:
    """Assets in use that a space lacks or has by earlier values, by their ids, beginning after one."""
    given = {"engagement": scope.engagement_id, "space": space_id, "after": after, "limit": limit}
    query = f"SELECT a.id, a.name, a.type, a.values, a.values_hash {_WAITING} ORDER BY a.id LIMIT :limit"
    return [Waits(*row) for row in connection.execute(sa.text(query), given)]


def count_waiting(connection: sa.Connection, scope: Scope, space_id: UUID | None) -> int:
    """How many such assets there are."""
    given = {"engagement": scope.engagement_id, "space": space_id, "after": None}
    return int(connection.scalar(sa.text(f"SELECT count(*) {_WAITING}"), given) or 0)


_WAITING = (
    "FROM assets a LEFT JOIN vectors v ON v.space_id = cast(:space AS uuid) AND v.subject = a.id::text"
    " WHERE a.engagement_id = :engagement AND a.state <> 'retired' AND v.digest IS DISTINCT FROM a.values_hash"
    " AND (cast(:after AS uuid) IS NULL OR a.id > cast(:after AS uuid))"
)


def gone_assets(connection: sa.Connection, scope: Scope, space_id: UUID) -> list[str]:
    """What a space holds of assets that are retired or no longer there."""
    query = (
        "SELECT v.subject FROM vectors v LEFT JOIN assets a ON a.engagement_id = :engagement"
        " AND a.id = v.subject::uuid AND a.state <> 'retired' WHERE v.space_id = :space AND a.id IS NULL"
    )
    return list(connection.scalars(sa.text(query), {"engagement": scope.engagement_id, "space": space_id}))


def nearest(
    connection: sa.Connection,
    scope: Scope,
    space: memory.Space,
    wanted: Vectors | str,
    limit: int,
    *,
    without: str | None = None,
    asset_type: str | None = None,
) -> list[tuple[UUID, float]]:
    """The assets in use nearest to a vector, with their similarity."""
    among, parameters = "", {}
    if asset_type is not None:
        among = "SELECT a.id::text FROM assets a WHERE a.engagement_id = :engagement AND a.type = :type"
        parameters = {"engagement": scope.engagement_id, "type": asset_type}
    near = memory.nearest(connection, space, wanted, limit + (without is not None), among=among, parameters=parameters)
    return [(UUID(item.subject), item.similarity) for item in near if item.subject != without][:limit]
