"""The only queries that recall many assets at once: as they are, as they were in a version, and by what they bear.

`flows` compares an edited export with what it was made of. Nothing here writes but temporary tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import db
from muniment.base.tenancy import Scope


@dataclass(frozen=True, slots=True)
class Recalled:
    """An asset as it was in one version, or is now."""

    id: UUID
    version: int
    name: str
    type: str
    subtype: str | None
    state: str
    values: Mapping[str, Any]


_COLUMNS = ("asset_id", "version", "name", "type", "subtype", "state", "values")
_NOW = "SELECT w.asset_id, a.version, a.name, a.type, a.subtype, a.state, a.values FROM recalling w JOIN assets a"
_THEN = (
    f"{_NOW} ON a.id = w.asset_id AND (a.version = w.version OR (w.version IS NULL AND a.updated_at <= :at))"
    " WHERE a.engagement_id = :engagement UNION ALL"
    " SELECT w.asset_id, v.version, v.name, v.type, v.subtype, v.state, v.values FROM recalling w"
    " JOIN asset_versions v ON v.asset_id = w.asset_id AND (v.version = w.version"
    "  OR (w.version IS NULL AND v.valid_from <= :at AND v.valid_to > :at)) WHERE v.engagement_id = :engagement"
)


def assets_now(connection: sa.Connection, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, Recalled]:
    """The assets of these ids as they are; those that do not exist are left out."""
    statement = f"{_NOW} ON a.id = w.asset_id WHERE a.engagement_id = :engagement"
    return _recalled(connection, scope, ((one, None) for one in set(ids)), statement, None)


def assets_then(
    connection: sa.Connection, scope: Scope, wanted: Mapping[UUID, int | None], at: datetime | None
) -> dict[UUID, Recalled]:
    """The assets of these ids as they were in the version named, else at a moment; those not known are left out."""
    return _recalled(connection, scope, wanted.items(), _THEN, at)


def _recalled(
    connection: sa.Connection,
    scope: Scope,
    wanted: Iterable[tuple[UUID, int | None]],
    statement: str,
    at: datetime | None,
) -> dict[UUID, Recalled]:
    connection.execute(sa.text("CREATE TEMP TABLE recalling (asset_id uuid, version int) ON COMMIT DROP"))
    db.copy_rows(connection, "recalling", ["asset_id", "version"], wanted)
    query = sa.text(f"SELECT {', '.join(_COLUMNS)} FROM ({statement}) f").bindparams(engagement=scope.engagement_id)
    if at is not None or ":at" in statement:
        query = query.bindparams(sa.bindparam("at", at, sa.DateTime(timezone=True)))
    found = {row.asset_id: Recalled(*row) for row in connection.execute(query)}
    connection.execute(sa.text("DROP TABLE recalling"))
    return found


def bearers(
    connection: sa.Connection, scope: Scope, wanted: Iterable[tuple[int, str, str]]
) -> dict[int, dict[str, set[UUID]]]:
    """Which assets bear given values: (row, attribute, value) in; per row and attribute the assets out."""
    connection.execute(sa.text("CREATE TEMP TABLE bearing (place int, attribute text, term text) ON COMMIT DROP"))
    rows = ((place, attribute, value.strip().lower()) for place, attribute, value in wanted)
    db.copy_rows(connection, "bearing", ["place", "attribute", "term"], rows)
    query = sa.text(
        "SELECT b.place, b.attribute, t.asset_id FROM bearing b JOIN asset_terms t ON t.attribute = b.attribute"
        " AND t.term = b.term WHERE t.engagement_id = :engagement"
    )
    found: dict[int, dict[str, set[UUID]]] = {}
    for place, attribute, asset in connection.execute(query, {"engagement": scope.engagement_id}):
        found.setdefault(place, {}).setdefault(attribute, set()).add(asset)
    connection.execute(sa.text("DROP TABLE bearing"))
    return found
