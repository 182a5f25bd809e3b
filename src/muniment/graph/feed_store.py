"""The queries behind the feed of identities: moves of ids joined with the lives of assets.

Called by `feed`; only reads. A life is told by the versions: the first begins it, a gap between two is a time
out of the register, and the last one closed without a successor ends it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base.tenancy import Scope

_LIVES = """
WITH lives AS (
  SELECT asset_id, version, valid_from, valid_to, state, name, actor, cause FROM asset_versions
  WHERE engagement_id = :engagement AND (cast(:asset AS uuid) IS NULL OR asset_id = ANY(:assets))
  UNION ALL SELECT id, version, updated_at, NULL, state, name, updated_by, cause FROM assets
  WHERE engagement_id = :engagement AND (cast(:asset AS uuid) IS NULL OR id = ANY(:assets))
), steps AS (
  SELECT l.*, lag(valid_to) OVER w AS before_to, lag(state) OVER w AS before_state,
    lead(version) OVER w AS following FROM lives l WINDOW w AS (PARTITION BY asset_id ORDER BY version)
), moved AS (
  SELECT * FROM identity_moves WHERE engagement_id = :engagement
    AND (cast(:asset AS uuid) IS NULL OR from_asset = :asset OR to_asset = :asset)
), feed AS (
  SELECT at, 1 AS rank, lpad(id::text, 20, '0') AS key, CASE kind WHEN 'merge' THEN 'merged' ELSE 'split' END AS kind,
    CASE kind WHEN 'merge' THEN from_asset ELSE to_asset END AS asset,
    CASE kind WHEN 'merge' THEN to_asset ELSE from_asset END AS other, NULL AS name, actor,
    jsonb_build_object('kind', split_part(cause, ' ', 1), 'flow', split_part(cause, ' ', 2)) AS cause FROM moved
  UNION ALL
  SELECT valid_from, 2, asset_id::text, 'created', asset_id, NULL, name, actor, cause FROM steps s
  WHERE before_to IS NULL AND NOT EXISTS
    (SELECT 1 FROM identity_moves m WHERE m.kind = 'split' AND m.to_asset = s.asset_id AND m.at <= s.valid_from)
  UNION ALL
  SELECT valid_from, 3, asset_id::text, 'restored', asset_id, NULL, name, actor, cause FROM steps
  WHERE before_to < valid_from
  UNION ALL
  SELECT valid_from, 4, asset_id::text, CASE state WHEN 'retired' THEN 'retired' ELSE 'in use again' END, asset_id,
    NULL, name, actor, cause FROM steps
  WHERE before_to = valid_from AND before_state <> state AND 'retired' IN (before_state, state)
  UNION ALL
  SELECT valid_to, 5, asset_id::text, 'removed', asset_id, NULL, name, '', '{}'::jsonb FROM steps s
  WHERE valid_to IS NOT NULL AND (following IS NULL OR EXISTS
      (SELECT 1 FROM lives n WHERE n.asset_id = s.asset_id AND n.version = s.following AND n.valid_from > s.valid_to))
    AND NOT EXISTS (SELECT 1 FROM identity_moves m WHERE m.kind = 'merge' AND m.from_asset = s.asset_id
      AND m.at BETWEEN s.valid_from AND s.valid_to)
)
SELECT at, rank, key, kind, asset, other, name, actor, cause FROM feed
WHERE cast(:asset AS uuid) IS NULL OR asset = :asset OR other = :asset
"""
_AFTER = " ORDER BY at, rank, key LIMIT :limit"
_SINCE = "SELECT * FROM ({}) f WHERE (at, rank, key) > (cast(:at AS timestamptz), cast(:rank AS int), :key)"


def entries(
    connection: sa.Connection,
    scope: Scope,
    asset: UUID | None,
    after: tuple[datetime, int, str] | None,
    limit: int,
) -> list[Any]:
    """Rows of the feed in its order: at, rank, key, kind, asset, other, name, actor, cause.

    Args:
        connection: of a tenant's transaction.
        scope: whose register.
        asset: only what this one took part in; None for all.
        after: the place (at, rank, key) after which to begin; None for the beginning.
        limit: at most so many.
    """
    given: dict[str, Any] = {"engagement": scope.engagement_id, "asset": asset, "limit": limit, "assets": []}
    if asset is not None:
        given["assets"] = [asset]
    query = _LIVES
    if after is not None:
        query = _SINCE.format(_LIVES)
        given |= dict(zip(("at", "rank", "key"), after, strict=True))
    return list(connection.execute(sa.text(query + _AFTER), given))


def names(connection: sa.Connection, scope: Scope, assets: Sequence[UUID]) -> dict[UUID, str]:
    """What assets are called, or were when they were last in the register."""
    query = sa.text(
        "SELECT asset_id, name FROM asset_versions WHERE engagement_id = :engagement"
        " AND asset_id = ANY(cast(:assets AS uuid[])) ORDER BY version"
    )
    given = {"engagement": scope.engagement_id, "assets": [str(one) for one in assets]}
    found: dict[UUID, str] = {row[0]: row[1] for row in connection.execute(query, given)}
    query = sa.text("SELECT id, name FROM assets WHERE id = ANY(cast(:assets AS uuid[]))")
    return found | {row[0]: row[1] for row in connection.execute(query, given)}


def ever(connection: sa.Connection, scope: Scope, end: str) -> list[UUID]:
    """The ids, present and past, that end with a text."""
    query = sa.text(
        "SELECT id FROM assets WHERE engagement_id = :engagement AND right(id::text, :length) = :end"
        " UNION SELECT asset_id FROM asset_versions WHERE engagement_id = :engagement"
        "  AND right(asset_id::text, :length) = :end"
        " UNION SELECT unnest(ARRAY[from_asset, to_asset]) FROM identity_moves WHERE engagement_id = :engagement"
        "  AND (right(from_asset::text, :length) = :end OR right(to_asset::text, :length) = :end)"
    )
    rows = connection.scalars(query, {"engagement": scope.engagement_id, "end": end, "length": len(end)})
    return sorted(one for one in set(rows) if str(one).endswith(end))


def moves(connection: sa.Connection, scope: Scope, asset: UUID) -> list[Any]:
    """The moves by which an id was given up or made others, oldest first: at, kind, from_asset, to_asset, cause."""
    query = sa.text(
        "SELECT at, kind, from_asset, to_asset, cause FROM identity_moves WHERE engagement_id = :engagement"
        " AND from_asset = :asset ORDER BY id"
    )
    return list(connection.execute(query, {"engagement": scope.engagement_id, "asset": asset}))


def standing(connection: sa.Connection, asset: UUID) -> bool:
    """Whether the register has an asset of that id now."""
    query = sa.text("SELECT EXISTS (SELECT 1 FROM assets WHERE id = :asset)")
    return bool(connection.scalar(query, {"asset": asset}))
