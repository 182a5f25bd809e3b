"""The only queries on memberships, judgements and moved ids, and the identifiers read from records.

Each takes a connection of a tenant's transaction; judgements and moves are only appended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from muniment import memory
from muniment.base import clock, db, ids
from muniment.base.errors import NotFound
from muniment.base.tenancy import Scope
from muniment.identity.tables import judgements, memberships, moves, parked
from muniment.identity.types import Act, Found, Move, Reference

if TYPE_CHECKING:
    import pyarrow as pa


_THESE = " AND r.id = ANY(%s::uuid[])"


def records(
    connection: sa.Connection, scope: Scope, naming: Sequence[str], only: Sequence[str] | None = None
) -> pa.Table:
    """Every record of the engagement (or of those given) that claims one of the naming attributes.

    Columns id, source, source_id, source_key, list (the layout's family), asset_type, ended (gone, or said to be
    retired), asset_id (or null).
    """
    return db.read_arrow(
        connection,
        "SELECT r.id, s.name AS source, r.source_id, r.source_key, s.name || l.family_id AS list,"
        " r.asset_type, r.gone OR coalesce(r.claims -> 'status', r.derived -> 'status')"
        "  ?| ARRAY['retired', 'disposed'] IS TRUE AS ended,"
        " m.asset_id"
        " FROM records r JOIN sources s ON s.id = r.source_id JOIN layouts l ON l.id = r.layout_id"
        " LEFT JOIN memberships m ON m.record_id = r.id"
        f" WHERE r.engagement_id = %s AND r.claims ?| %s::text[]{'' if only is None else _THESE}"
        ' ORDER BY s.name COLLATE "C", r.row_hash, r.source_key COLLATE "C"',
        (scope.engagement_id, list(naming), *(() if only is None else (list(only),))),
    )


def identifiers(
    connection: sa.Connection, scope: Scope, attributes: Sequence[str], only: Sequence[str] | None = None
) -> pa.Table:
    """The values of identifying attributes, of all records or those given: record id, attribute, value as text."""
    return db.read_arrow(
        connection,
        "SELECT r.id, a.attribute, v.value FROM records r"
        " CROSS JOIN LATERAL unnest(%s::text[]) AS a(attribute)"
        " CROSS JOIN LATERAL jsonb_array_elements_text("
        "  coalesce(r.claims -> a.attribute, r.derived -> a.attribute)) AS v(value)"
        f" WHERE r.engagement_id = %s{'' if only is None else _THESE}",
        (list(attributes), scope.engagement_id, *(() if only is None else (list(only),))),
    )


def count_silent(connection: sa.Connection, scope: Scope) -> int:
    """How many records of the engagement name nothing, and so belong to no asset."""
    query = sa.text(
        "SELECT count(*) FROM records r WHERE r.engagement_id = :engagement"
        " AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.record_id = r.id)"
    )
    with db.linear_joins(connection):
        return int(connection.scalar(query, {"engagement": scope.engagement_id}) or 0)


def drop_silent(connection: sa.Connection, scope: Scope, naming: Sequence[str]) -> set[UUID]:
    """Take records that name nothing (any more) out of their assets; returns these assets."""
    return set(
        connection.scalars(
            sa.text(
                "DELETE FROM memberships m USING records r WHERE r.id = m.record_id"
                " AND m.engagement_id = :engagement AND NOT jsonb_exists_any(r.claims, cast(:naming AS text[]))"
                " RETURNING m.asset_id"
            ),
            {"engagement": scope.engagement_id, "naming": list(naming)},
        )
    )


def write_memberships(connection: sa.Connection, scope: Scope, changed: pa.Table) -> None:
    """Set the asset of records (columns record_id, asset_id)."""
    connection.execute(sa.text("CREATE TEMP TABLE joined (record_id uuid, asset_id uuid) ON COMMIT DROP"))
    db.copy_arrow(connection, "joined", changed)
    connection.execute(
        sa.text(
            "INSERT INTO memberships (tenant_id, record_id, engagement_id, asset_id)"
            " SELECT :tenant, record_id, :engagement, asset_id FROM joined"
            " ON CONFLICT (tenant_id, record_id) DO UPDATE SET asset_id = excluded.asset_id"
        ),
        {"tenant": scope.tenant_id, "engagement": scope.engagement_id},
    )
    connection.execute(sa.text("DROP TABLE joined"))


def carry_over(connection: sa.Connection, scope: Scope, pairs: pa.Table) -> None:
    """Give records that replace others (columns old, new) the assets of those, and their place in past merges."""
    connection.execute(sa.text("CREATE TEMP TABLE replaced (old uuid, new uuid) ON COMMIT DROP"))
    db.copy_arrow(connection, "replaced", pairs)
    connection.execute(
        sa.text(
            "INSERT INTO memberships (tenant_id, record_id, engagement_id, asset_id)"
            " SELECT DISTINCT ON (new) :tenant, new, :engagement, m.asset_id FROM replaced"
            " JOIN memberships m ON m.record_id = old ORDER BY new, m.asset_id"
            " ON CONFLICT DO NOTHING"
        ),
        {"tenant": scope.tenant_id, "engagement": scope.engagement_id},
    )
    connection.execute(  # else no id that was given up could come back after a re-key
        sa.text(
            "UPDATE identity_moves m SET records = (SELECT jsonb_agg(coalesce(p.new::text, r.id))"
            "  FROM jsonb_array_elements_text(m.records) r(id) LEFT JOIN replaced p ON p.old::text = r.id)"
            " WHERE m.engagement_id = :engagement AND EXISTS"
            " (SELECT 1 FROM replaced p WHERE m.records ? p.old::text)"
        ),
        {"engagement": scope.engagement_id},
    )
    connection.execute(sa.text("DROP TABLE replaced"))


def members(connection: sa.Connection, asset_id: UUID) -> list[UUID]:
    """The records of an asset."""
    query = sa.select(memberships.c.record_id).where(memberships.c.asset_id == asset_id)
    return list(connection.scalars(query.order_by(memberships.c.record_id)))


def member_references(connection: sa.Connection, asset_id: UUID) -> list[tuple[UUID, Reference]]:
    """The records of an asset with their references, in the order of source and key."""
    rows = connection.execute(
        sa.text(
            "SELECT r.id, r.source_id, r.source_key FROM memberships m JOIN records r ON r.id = m.record_id"
            " JOIN sources s ON s.id = r.source_id WHERE m.asset_id = :asset"
            ' ORDER BY s.name COLLATE "C", r.source_key COLLATE "C"'
        ),
        {"asset": asset_id},
    )
    return [(row[0], Reference(row[1], row[2])) for row in rows]


def assets_of_records(connection: sa.Connection, record_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The assets that records belong to; those that belong to none are left out."""
    query = sa.select(memberships.c.record_id, memberships.c.asset_id).where(memberships.c.record_id.in_(record_ids))
    return {row[0]: row[1] for row in connection.execute(query)}


def records_of(connection: sa.Connection, scope: Scope, references: Sequence[Reference]) -> dict[Reference, str]:
    """The ids of records by their references; of those that are there."""
    rows = connection.execute(
        sa.text(
            "SELECT r.source_id, r.source_key, r.id FROM records r JOIN unnest(cast(:sources AS uuid[]),"
            " cast(:keys AS text[])) AS asked(source_id, key) ON r.source_id = asked.source_id"
            " AND r.source_key = asked.key WHERE r.engagement_id = :engagement"
        ),
        {
            "sources": [str(one.source_id) for one in references],
            "keys": [one.key for one in references],
            "engagement": scope.engagement_id,
        },
    )
    return {Reference(row[0], row[1]): str(row[2]) for row in rows}


def references(connection: sa.Connection, scope: Scope, record_ids: Sequence[UUID]) -> dict[UUID, Reference]:
    """The references of records of the engagement; those it has not are left out."""
    query = sa.text(
        "SELECT id, source_id, source_key FROM records WHERE engagement_id = :engagement"
        " AND id = ANY(cast(:ids AS uuid[]))"
    )
    given = {"engagement": scope.engagement_id, "ids": [str(one) for one in record_ids]}
    return {row[0]: Reference(row[1], row[2]) for row in connection.execute(query, given)}


def records_ending(connection: sa.Connection, scope: Scope, end: str) -> list[UUID]:
    """The records of the engagement whose ids end with a text; at most two."""
    query = sa.text(
        "SELECT id FROM records WHERE engagement_id = :engagement AND right(id::text, :length) = :end LIMIT 2"
    )
    return list(connection.scalars(query, {"engagement": scope.engagement_id, "end": end, "length": len(end)}))


def asset_of_record(connection: sa.Connection, record_id: UUID) -> UUID | None:
    """The asset a record belongs to."""
    return connection.scalar(sa.select(memberships.c.asset_id).where(memberships.c.record_id == record_id))


# Records that are away


def park(connection: sa.Connection, scope: Scope, record_ids: Sequence[str]) -> None:
    """Remember records that are about to be removed, and their assets, so that they come back as they were."""
    connection.execute(
        sa.text(
            "INSERT INTO parked_records (tenant_id, record_id, engagement_id, source_id, source_key, asset_id)"
            " SELECT r.tenant_id, r.id, r.engagement_id, r.source_id, r.source_key, m.asset_id FROM records r"
            " LEFT JOIN memberships m ON m.record_id = r.id WHERE r.id = ANY(cast(:ids AS uuid[]))"
            " AND r.engagement_id = :engagement"
        ),
        {"ids": list(record_ids), "engagement": scope.engagement_id},
    )


def parked_ids(connection: sa.Connection, scope: Scope, source_id: UUID) -> dict[str, str]:
    """The ids of a source's parked records by their keys."""
    query = sa.select(parked.c.source_key, parked.c.record_id).where(
        parked.c.engagement_id == scope.engagement_id, parked.c.source_id == source_id
    )
    return {row[0]: str(row[1]) for row in connection.execute(query)}


def unpark(connection: sa.Connection, scope: Scope, record_ids: Sequence[str]) -> None:
    """Give records that are back the assets they had."""
    parameters = {"ids": list(record_ids), "engagement": scope.engagement_id}
    which = " WHERE engagement_id = :engagement AND record_id = ANY(cast(:ids AS uuid[]))"
    connection.execute(
        sa.text(
            "INSERT INTO memberships (tenant_id, record_id, engagement_id, asset_id)"
            f" SELECT tenant_id, record_id, engagement_id, asset_id FROM parked_records{which}"
            " AND asset_id IS NOT NULL ON CONFLICT DO NOTHING"
        ),
        parameters,
    )
    connection.execute(sa.text(f"DELETE FROM parked_records{which}"), parameters)


# Judgements


def add_judgements(
    connection: sa.Connection,
    scope: Scope,
    act_id: UUID,
    kind: str,
    pairs: Iterable[tuple[Reference, Reference, bool]],
    reason: str,
) -> None:
    """Append the judgements (left, right, same) of one act."""
    connection.execute(
        sa.insert(judgements),
        [
            {
                "tenant_id": scope.tenant_id,
                "id": ids.new(),
                "engagement_id": scope.engagement_id,
                "act_id": act_id,
                "kind": kind,
                "verdict": "same" if same else "different",
                "left_source": left.source_id,
                "left_key": left.key,
                "right_source": right.source_id,
                "right_key": right.key,
                "reason": reason,
                "actor": scope.actor,
                "at": clock.now(),
            }
            for left, right, same in pairs
        ],
    )


def judgement_acts(connection: sa.Connection, scope: Scope) -> list[Act]:
    """Every merge and split by a person, oldest first, with whether it was undone."""
    taken_back = memory.undone(connection, scope)
    query = (
        sa.select(judgements)
        .where(judgements.c.engagement_id == scope.engagement_id)
        .order_by(judgements.c.at, judgements.c.act_id, judgements.c.id)
    )
    acts: dict[UUID, Act] = {}
    for row in connection.execute(query):
        left, right = Reference(row.left_source, row.left_key), Reference(row.right_source, row.right_key)
        known = acts.get(row.act_id)
        pair = (left, right, row.verdict == "same")
        pairs = (*known.pairs, pair) if known else (pair,)
        acts[row.act_id] = Act(row.act_id, row.kind, pairs, row.reason, row.actor, row.at, row.act_id in taken_back)
    return list(acts.values())


def follow_keys(connection: sa.Connection, scope: Scope, source_id: UUID, pairs: pa.Table) -> None:
    """Let judgements name records by their new keys (columns old_key, new_key), after a source was re-keyed."""
    connection.execute(sa.text("CREATE TEMP TABLE renamed (old_key text, new_key text) ON COMMIT DROP"))
    db.copy_arrow(connection, "renamed", pairs)
    for side in ("left", "right"):
        connection.execute(
            sa.text(
                f"UPDATE judgements SET {side}_key = renamed.new_key FROM renamed"
                f" WHERE judgements.{side}_source = :source AND judgements.{side}_key = renamed.old_key"
                " AND judgements.engagement_id = :engagement"
            ),
            {"source": source_id, "engagement": scope.engagement_id},
        )
    connection.execute(sa.text("DROP TABLE renamed"))


# Moved ids


def add_moves(connection: sa.Connection, scope: Scope, rows: Sequence[dict[str, Any]]) -> None:
    """Append moves: dicts with kind, from_asset, to_asset, records, cause."""
    if rows:
        connection.execute(
            sa.insert(moves),
            [
                {
                    "tenant_id": scope.tenant_id,
                    "engagement_id": scope.engagement_id,
                    "actor": scope.actor,
                    "at": clock.now(),
                    **row,
                }
                for row in rows
            ],
        )


def given_up(connection: sa.Connection, scope: Scope) -> list[tuple[UUID, list[str], datetime]]:
    """Ids that were given up and may come back, oldest first: id, the records it had, when."""
    used = sa.select(memberships.c.asset_id).where(memberships.c.engagement_id == scope.engagement_id)
    query = (
        sa.select(moves.c.from_asset, moves.c.records, moves.c.at)
        .where(
            moves.c.engagement_id == scope.engagement_id,
            moves.c.kind == "merge",
            moves.c.from_asset.not_in(used),
        )
        .ext(distinct_on(moves.c.from_asset))
        .order_by(moves.c.from_asset, moves.c.id.desc())
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def moves_of(connection: sa.Connection, scope: Scope, asset_id: UUID) -> list[Move]:
    """The merges and splits an asset took part in, oldest first."""
    query = (
        sa.select(*(moves.c[name] for name in Move.__dataclass_fields__))
        .where(
            moves.c.engagement_id == scope.engagement_id,
            sa.or_(moves.c.from_asset == asset_id, moves.c.to_asset == asset_id),
        )
        .order_by(moves.c.id)
    )
    return [Move(*row) for row in connection.execute(query)]


def founders(connection: sa.Connection, scope: Scope, asset_id: UUID) -> list[tuple[UUID, Reference]]:
    """The records of an asset that did not come to it by a merge; all of them where none is left."""
    found = member_references(connection, asset_id)
    joined = set(
        connection.scalars(
            sa.text(
                "SELECT DISTINCT r FROM identity_moves m CROSS JOIN LATERAL jsonb_array_elements_text(m.records) r"
                " WHERE m.engagement_id = :engagement AND m.kind = 'merge' AND m.to_asset = :asset"
            ),
            {"engagement": scope.engagement_id, "asset": asset_id},
        )
    )
    return [item for item in found if str(item[0]) not in joined] or found


def current_asset(connection: sa.Connection, scope: Scope, asset_id: UUID) -> UUID:
    """Follow redirects from an id that was given up to the one that stands for it now.

    Raises:
        NotFound: the id was never an asset of this engagement.
    """
    seen: set[UUID] = set()
    while asset_id not in seen:
        seen.add(asset_id)
        if members(connection, asset_id):
            return asset_id
        target = connection.scalar(
            sa.select(moves.c.to_asset)
            .where(moves.c.engagement_id == scope.engagement_id, moves.c.from_asset == asset_id)
            .order_by(moves.c.id.desc())
            .limit(1)
        )
        if target is None:
            break
        asset_id = target
    raise NotFound(f"{asset_id} is not an asset of this engagement: `muniment assets` lists them")


# Cases of IT


def write_cases(connection: sa.Connection, scope: Scope, found: pa.Table, covered: pa.Table | None = None) -> None:
    """Store which pairs of records are a case.

    Args:
        connection: of a tenant's transaction.
        scope: whose records.
        found: columns left_record, right_record, case_key, place, told (JSON).
        covered: column record_id: those that were looked at, whose earlier cases are replaced; None for all.
    """
    given = {"tenant": scope.tenant_id, "engagement": scope.engagement_id}
    connection.execute(
        sa.text(
            "CREATE TEMP TABLE named (left_record uuid, right_record uuid, case_key text, place int, told jsonb)"
            " ON COMMIT DROP"
        )
    )
    db.copy_arrow(connection, "named", found)
    which = ""
    if covered is not None:
        connection.execute(sa.text("CREATE TEMP TABLE looked_at (record_id uuid) ON COMMIT DROP"))
        db.copy_arrow(connection, "looked_at", covered)
        which = (
            " AND (c.left_record IN (SELECT record_id FROM looked_at)"
            " OR c.right_record IN (SELECT record_id FROM looked_at))"
        )
    connection.execute(
        sa.text(
            f"DELETE FROM identity_cases c WHERE engagement_id = :engagement{which} AND NOT EXISTS"
            " (SELECT 1 FROM named n WHERE (n.left_record, n.right_record, n.case_key, n.place, n.told)"
            "  = (c.left_record, c.right_record, c.case_key, c.place, c.told))"
        ),
        given,
    )
    connection.execute(
        sa.text(
            "INSERT INTO identity_cases (tenant_id, left_record, right_record, engagement_id, case_key, place, told)"
            " SELECT :tenant, left_record, right_record, :engagement, case_key, place, told FROM named"
            " ON CONFLICT DO NOTHING"
        ),
        given,
    )
    connection.execute(sa.text("DROP TABLE named"))
    if covered is not None:
        connection.execute(sa.text("DROP TABLE looked_at"))


def list_cases(
    connection: sa.Connection,
    scope: Scope,
    *,
    asset: UUID | None = None,
    key: str | None = None,
    limit: int | None = None,
) -> list[Found]:
    """The pairs that are a case, in the order of case and records; of one asset, of one case, or all."""
    query = sa.text(
        "SELECT c.case_key, c.place, c.told, c.left_record, c.right_record, l.asset_id, r.asset_id"
        " FROM identity_cases c JOIN memberships l ON l.record_id = c.left_record"
        " JOIN memberships r ON r.record_id = c.right_record WHERE c.engagement_id = :engagement"
        " AND (cast(:key AS text) IS NULL OR c.case_key = :key)"
        " AND (cast(:asset AS uuid) IS NULL OR c.left_record = ANY(:members) OR c.right_record = ANY(:members))"
        " ORDER BY c.case_key, c.left_record, c.right_record LIMIT :limit"
    )
    inside = members(connection, asset) if asset is not None else []
    given = {"engagement": scope.engagement_id, "key": key, "asset": asset, "members": inside, "limit": limit}
    return [
        Found(key, place, told, (left, right), (of_left, of_right))
        for key, place, told, left, right, of_left, of_right in connection.execute(query, given)
    ]
