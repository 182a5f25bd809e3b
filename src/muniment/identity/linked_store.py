"""What records were linked by, so that the next linking looks only where something changed: the only queries on it.

`relink` calls these, in the transaction of `recompute`; the temporary tables live as long as that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from muniment.base import db
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    import pyarrow as pa

_NOW = "md5(concat_ws('|', r.claims_hash, r.asset_type, r.layout_id, r.source_id, s.name, r.gone, cast(:how AS text)))"
"""What a record is as far as linking goes, and how linking was done."""


def note_changes(connection: sa.Connection, scope: Scope, naming: Sequence[str], how: str) -> tuple[int, int]:
    """Make the table `changed_records`: new, changed and gone since they were linked; returns their number and all.

    Args:
        connection: of a tenant's transaction.
        scope: whose records.
        naming: a record that claims none of these attributes is not linked.
        how: digest of what else decides, as the match model.
    """
    given = {"engagement": scope.engagement_id, "how": how, "naming": list(naming)}
    connection.execute(sa.text("DROP TABLE IF EXISTS changed_records, to_link"))
    connection.execute(
        sa.text("CREATE TEMP TABLE changed_records (record_id uuid PRIMARY KEY, digest text) ON COMMIT DROP")
    )
    with db.linear_joins(connection):
        connection.execute(
            sa.text(
                "INSERT INTO changed_records SELECT r.id, CASE WHEN jsonb_exists_any(r.claims, cast(:naming AS text[]))"
                f" THEN {_NOW} END FROM records r JOIN sources s ON s.id = r.source_id"
                " LEFT JOIN linked_records k ON k.record_id = r.id"
                f" WHERE r.engagement_id = :engagement AND k.digest IS DISTINCT FROM {_NOW}"
            ),
            given,
        )
        connection.execute(
            sa.text(
                "INSERT INTO changed_records SELECT k.record_id, NULL FROM linked_records k"
                " WHERE k.engagement_id = :engagement"
                " AND NOT EXISTS (SELECT 1 FROM records r WHERE r.id = k.record_id)"
            ),
            given,
        )
        connection.execute(  # what never named anything is as it was
            sa.text(
                "DELETE FROM changed_records c WHERE digest IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM linked_records k WHERE k.record_id = c.record_id)"
            )
        )
    changed = connection.scalar(sa.text("SELECT count(*) FROM changed_records"))
    known = connection.scalar(sa.text("SELECT count(*) FROM linked_records WHERE engagement_id = :engagement"), given)
    return int(changed or 0), int(known or 0)


def note_judged(connection: sa.Connection, scope: Scope, judged: Mapping[str, str]) -> None:
    """Add to `changed_records` those of which people say something else now (record id -> digest of what they say)."""
    rows = connection.execute(
        sa.text("SELECT record_id, judged FROM linked_records WHERE engagement_id = :engagement AND judged <> ''"),
        {"engagement": scope.engagement_id},
    )
    before = {str(row[0]): row[1] for row in rows}
    differing = [one for one in sorted({*before, *judged}) if before.get(one, "") != judged.get(one, "")]
    if differing:
        connection.execute(
            sa.text(
                "INSERT INTO changed_records SELECT k.record_id, k.digest FROM linked_records k"
                " WHERE k.record_id = ANY(cast(:records AS uuid[])) ON CONFLICT DO NOTHING"
            ),
            {"records": differing},
        )


def changed(connection: sa.Connection) -> list[str]:
    """The changed records that are there and name something."""
    query = sa.text("SELECT record_id FROM changed_records WHERE digest IS NOT NULL ORDER BY record_id")
    return [str(one) for one in connection.scalars(query)]


def spread(connection: sa.Connection, scope: Scope, values: pa.Table, limit: int) -> None:
    """Replace the values of the changed records, and make `to_link`: these, and who shares or shared a value with them.

    Args:
        connection: of the transaction.
        scope: whose.
        values: columns record_id, digest of the changed records.
        limit: a value that more records carry links nobody.
    """
    given = {"tenant": scope.tenant_id, "engagement": scope.engagement_id, "limit": limit}
    connection.execute(sa.text("CREATE TEMP TABLE given_values (record_id uuid, digest uuid) ON COMMIT DROP"))
    db.copy_arrow(connection, "given_values", values)
    with db.by_index(connection):
        for statement in _SPREAD:
            said = {name: one for name, one in given.items() if f":{name}" in statement}
            connection.execute(sa.text(statement), said)


_CARRIERS = "(SELECT count(*) FROM linked_values v WHERE v.engagement_id = :engagement AND v.digest = t.digest)"
_SPREAD = (
    (
        "CREATE TEMP TABLE touched ON COMMIT DROP AS SELECT t.digest, 0::bigint AS carriers FROM"
        " (SELECT v.digest FROM linked_values v JOIN changed_records USING (record_id)"
        "  UNION SELECT digest FROM given_values) t"
    ),
    f"UPDATE touched t SET carriers = {_CARRIERS}",
    "DELETE FROM linked_values v USING changed_records c WHERE c.record_id = v.record_id",
    (
        "INSERT INTO linked_values (tenant_id, record_id, digest, engagement_id)"
        " SELECT DISTINCT cast(:tenant AS uuid), record_id, digest, cast(:engagement AS uuid) FROM given_values"
    ),
    f"DELETE FROM touched t WHERE least(t.carriers, {_CARRIERS}) > :limit",
    "CREATE TEMP TABLE to_link (record_id uuid PRIMARY KEY, step int) ON COMMIT DROP",
    (
        "INSERT INTO to_link SELECT record_id, 0 FROM changed_records WHERE digest IS NOT NULL"
        " UNION SELECT v.record_id, 0 FROM linked_values v JOIN touched t USING (digest)"
        "  WHERE v.engagement_id = :engagement"
        " UNION SELECT m.record_id, 0 FROM memberships m JOIN memberships c USING (asset_id)"
        "  JOIN changed_records g ON g.record_id = c.record_id"
    ),
    "DROP TABLE given_values",
    "DROP TABLE touched",
)
"""In this order; a value counts by how many carried it before and carry it now, whichever is less."""


def spread_further(connection: sa.Connection, scope: Scope, step: int, limit: int) -> int:
    """Add to `to_link` whom the records of the step before share a value or an asset with; returns how many came."""
    given = {"step": step, "limit": limit, "engagement": scope.engagement_id}
    came = 0
    with db.by_index(connection):
        for statement in _FURTHER:
            said = {name: one for name, one in given.items() if f":{name}" in statement}
            came = connection.execute(sa.text(statement), said).rowcount
        connection.execute(sa.text("DROP TABLE reached_values"))
    return came


_FURTHER = (  # a statement each, so that carriers are counted of few values, whatever the planner knows
    (
        "CREATE TEMP TABLE reached_values ON COMMIT DROP AS SELECT DISTINCT v.digest"
        " FROM to_link t JOIN linked_values v USING (record_id) WHERE t.step = :step - 1"
    ),
    (
        "DELETE FROM reached_values r WHERE :limit < (SELECT count(*) FROM (SELECT 1 FROM linked_values v"
        " WHERE v.engagement_id = :engagement AND v.digest = r.digest LIMIT :limit + 1) few)"
    ),
    (
        "INSERT INTO to_link SELECT DISTINCT f.record_id, cast(:step AS int) FROM ("
        " SELECT v.record_id FROM reached_values r JOIN linked_values v"
        "  ON v.digest = r.digest AND v.engagement_id = :engagement"
        " UNION SELECT other.record_id FROM to_link t JOIN memberships m ON m.record_id = t.record_id"
        "  JOIN memberships other ON other.asset_id = m.asset_id WHERE t.step = :step - 1"
        ") f JOIN linked_records k USING (record_id) ON CONFLICT DO NOTHING"
    ),
)


def add(connection: sa.Connection, records: Sequence[str], step: int) -> int:
    """Add records to `to_link` where they are linked ones; returns how many were not there yet."""
    found = connection.execute(
        sa.text(
            "INSERT INTO to_link SELECT k.record_id, :step FROM linked_records k"
            " WHERE k.record_id = ANY(cast(:records AS uuid[])) ON CONFLICT DO NOTHING"
        ),
        {"step": step, "records": list(records)},
    )
    return int(found.rowcount)


def to_link(connection: sa.Connection) -> set[str]:
    """The records to link again."""
    return {str(one) for one in connection.scalars(sa.text("SELECT record_id FROM to_link"))}


def keep_changed(connection: sa.Connection, scope: Scope, judged: Mapping[str, str]) -> None:
    """Remember what the changed records are now."""
    _forget(connection, "EXISTS (SELECT 1 FROM changed_records c WHERE c.record_id = k.record_id)", scope)
    _remember(connection, scope, "SELECT record_id, digest FROM changed_records WHERE digest IS NOT NULL", judged)


def keep_all(connection: sa.Connection, scope: Scope, values: pa.Table, how: str, judged: Mapping[str, str]) -> None:
    """Remember what all records are that carry a value or belong to an asset (columns record_id, digest of values)."""
    given = {"tenant": scope.tenant_id, "engagement": scope.engagement_id}
    _forget(connection, "true", scope)
    connection.execute(
        sa.text("DELETE FROM linked_values WHERE engagement_id = :engagement"), {"engagement": scope.engagement_id}
    )
    connection.execute(sa.text("CREATE TEMP TABLE given_values (record_id uuid, digest uuid) ON COMMIT DROP"))
    db.copy_arrow(connection, "given_values", values)
    connection.execute(
        sa.text(
            "INSERT INTO linked_values (tenant_id, record_id, digest, engagement_id)"
            " SELECT DISTINCT cast(:tenant AS uuid), record_id, digest, cast(:engagement AS uuid) FROM given_values"
        ),
        given,
    )
    connection.execute(sa.text("DROP TABLE given_values"))
    with db.linear_joins(connection):
        _remember(
            connection,
            scope,
            f"SELECT r.id, {_NOW} FROM memberships m JOIN records r ON r.id = m.record_id"
            " JOIN sources s ON s.id = r.source_id WHERE m.engagement_id = :engagement",
            judged,
            how=how,
        )


def _forget(connection: sa.Connection, which: str, scope: Scope) -> None:
    connection.execute(
        sa.text(f"DELETE FROM linked_records k WHERE k.engagement_id = :engagement AND {which}"),
        {"engagement": scope.engagement_id},
    )


def _remember(connection: sa.Connection, scope: Scope, found: str, judged: Mapping[str, str], **more: str) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO linked_records (tenant_id, engagement_id, record_id, digest, judged)"
            f" SELECT cast(:tenant AS uuid), cast(:engagement AS uuid), f.*, '' FROM ({found}) f"
        ),
        {"tenant": scope.tenant_id, "engagement": scope.engagement_id, **more},
    )
    if judged:
        connection.execute(
            sa.text(
                "UPDATE linked_records k SET judged = j.judged FROM unnest(cast(:records AS uuid[]),"
                " cast(:said AS text[])) AS j(record_id, judged) WHERE k.record_id = j.record_id"
            ),
            {"records": list(judged), "said": list(judged.values())},
        )
