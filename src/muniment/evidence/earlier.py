"""What records said before: the claims that ended, when, and by which delivery. The only queries on them.

Called by `flows` when a delivery was derived, and whenever a family of layouts is derived anew. A pure function of
what was delivered in the order of the deliveries' own moments, whenever each was imported. Never judges a change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from muniment.base import db
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 5
"""So many changes are remembered of each attribute of a record, the latest."""

_COLUMNS = ("source_key", "attribute", "values", "until", "until_import", "changed_at", "changed_import")
_MOMENT = "'epoch'::timestamptz + {} * interval '1 microsecond'"


def find_ended(engine: Engine, stated: Collection[str], read_off: Collection[str]) -> pa.Table:
    """The claims that ended, from the table `told`: source_key, delivered, import_id, claims, derived, claims_hash.

    Args:
        engine: where the table is, one row per key and moment of delivery.
        stated: attributes whose claims are compared; lists in any order are the same.
        read_off: those of which also what is read off other cells is compared.

    Returns:
        source_key, attribute, values (JSON text; `[]` where nothing was said between two claims), until, changed_at
        (microseconds), and the imports that said it last and first otherwise.
    """
    engine.derive(
        "moving",
        "SELECT * FROM told SEMI JOIN (SELECT source_key FROM told GROUP BY source_key"
        " HAVING count(DISTINCT claims_hash) > 1) USING (source_key)",
    )
    parts = [_exploded("claims", stated)]
    if read_off:
        parts.append(
            f"SELECT * FROM ({_exploded('derived', read_off)}) d ANTI JOIN ({_exploded('claims', read_off)}) c"
            " USING (source_key, delivered, attribute)"
        )
    engine.derive("told_values", " UNION ALL ".join(parts))
    return engine.rows(
        'SELECT source_key, attribute, before AS "values", until, until_import, delivered AS changed_at,'
        " import_id AS changed_import FROM (SELECT *, row_number() OVER (PARTITION BY source_key, attribute"
        "  ORDER BY delivered) AS number FROM (SELECT *, lag(said) OVER w AS before, lag(delivered) OVER w AS until,"
        "   lag(import_id) OVER w AS until_import FROM (SELECT m.source_key, m.delivered, m.import_id, a.attribute,"
        "    coalesce(v.said, '[]') AS said FROM moving m JOIN (SELECT DISTINCT source_key, attribute FROM told_values)"
        "    a USING (source_key) LEFT JOIN told_values v USING (source_key, delivered, attribute))"
        "   WINDOW w AS (PARTITION BY source_key, attribute ORDER BY delivered) QUALIFY before <> said))"
        " QUALIFY row_number() OVER (PARTITION BY source_key, attribute ORDER BY delivered DESC)"
        f" <= {MOST} ORDER BY source_key, attribute, changed_at"
    )


def _exploded(column: str, names: Collection[str]) -> str:
    """SQL of the values of some attributes, each list in one order and one spelling."""
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(names)) or "''"
    return (
        "SELECT source_key, delivered, entry.key AS attribute,"
        " '[' || array_to_string(list_sort(list_distinct(entry.value::JSON::JSON[]::VARCHAR[])), ',') || ']' AS said"
        f" FROM (SELECT source_key, delivered, unnest(map_entries({column}::JSON::MAP(VARCHAR, JSON))) AS entry"
        f"  FROM moving) WHERE entry.key IN ({listed})"
    )


def write_ended(
    connection: sa.Connection, scope: Scope, family: tuple[UUID, UUID], ended: pa.Table, *, whole: bool = False
) -> None:
    """Keep claims that ended; with `whole` they take the place of all that is known of the family.

    Args:
        connection: of the transaction that also writes the records.
        scope: whose records.
        family: the source, and the family of its layouts.
        ended: as `find_ended` gives it.
        whole: whether it was found from all deliveries, not from the newest two.
    """
    given = {
        "tenant": scope.tenant_id,
        "engagement": scope.engagement_id,
        "source": family[0],
        "family": family[1],
        "most": MOST,
    }
    mine = "e.engagement_id = :engagement AND e.source_id = :source"
    if whole:
        connection.execute(sa.text(f"DELETE FROM earlier_claims e WHERE {mine} AND e.family_id = :family"), given)
    if not ended.num_rows:
        return
    connection.execute(
        sa.text(
            "CREATE TEMP TABLE ended (source_key text, attribute text, values jsonb, until bigint, until_import uuid,"
            " changed_at bigint, changed_import uuid) ON COMMIT DROP"
        )
    )
    db.copy_arrow(connection, "ended", ended.select(list(_COLUMNS)))
    connection.execute(  # nothing said before the first claim is no change
        sa.text(
            "INSERT INTO earlier_claims (tenant_id, engagement_id, source_id, family_id, source_key, attribute, values,"
            " until, until_import, changed_at, changed_import) SELECT :tenant, :engagement, :source, :family,"
            f" n.source_key, n.attribute, n.values, {_MOMENT.format('n.until')}, n.until_import,"
            f" {_MOMENT.format('n.changed_at')}, n.changed_import FROM ended n WHERE n.values <> '[]' OR EXISTS (SELECT"
            f" 1 FROM earlier_claims e WHERE {mine} AND (e.source_key, e.attribute) = (n.source_key, n.attribute))"
            " OR EXISTS (SELECT 1 FROM ended b WHERE (b.source_key, b.attribute) = (n.source_key, n.attribute)"
            "  AND b.changed_at < n.changed_at)"
        ),
        given,
    )
    if not whole:
        connection.execute(
            sa.text(
                "DELETE FROM earlier_claims e USING (SELECT e.source_key, e.attribute, e.changed_at, row_number() OVER"
                " (PARTITION BY e.source_key, e.attribute ORDER BY e.changed_at DESC) AS place FROM earlier_claims e"
                f" JOIN (SELECT DISTINCT source_key FROM ended) n USING (source_key) WHERE {mine}) o WHERE {mine}"
                " AND o.place > :most AND (e.source_key, e.attribute, e.changed_at)"
                " = (o.source_key, o.attribute, o.changed_at)"
            ),
            given,
        )
    connection.execute(sa.text("DROP TABLE ended"))


def claims_of(connection: sa.Connection, record_ids: Sequence[str]) -> pa.Table:
    """What records say now, for comparison with what they are about to say: id, claims, derived, claims_hash."""
    return db.read_arrow(
        connection,
        "SELECT id, source_key, import_id, claims, derived, claims_hash, (extract(epoch FROM delivered_at) * 1000000)"
        "::bigint AS delivered FROM records WHERE id = ANY(%s::uuid[])",
        (list(record_ids),),
    )


def forget_first(connection: sa.Connection, record_ids: Sequence[str]) -> None:
    """Note that what records said before must be found anew: a delivery came that is older than what is known."""
    connection.execute(
        sa.text("UPDATE records SET first_delivered_at = NULL WHERE id = ANY(cast(:ids AS uuid[]))"),
        {"ids": list(record_ids)},
    )


def families_to_recall(connection: sa.Connection, scope: Scope, source_ids: Sequence[UUID]) -> list[UUID]:
    """A layout of each family of these sources of whose records it is not known what they said before."""
    rows = connection.scalars(
        sa.text(
            "SELECT DISTINCT ON (l.source_id, l.family_id) l.id FROM records r JOIN layouts l ON l.id = r.layout_id"
            " WHERE r.engagement_id = :engagement AND r.source_id = ANY(:sources) AND r.first_delivered_at IS NULL"
            " ORDER BY l.source_id, l.family_id, l.id"
        ),
        {"engagement": scope.engagement_id, "sources": list(source_ids)},
    )
    return list(rows)


def write_first(connection: sa.Connection, scope: Scope, source_id: UUID, firsts: pa.Table) -> None:
    """Set when records were delivered for the first time: columns source_key, first_delivered (microseconds)."""
    connection.execute(sa.text("CREATE TEMP TABLE firsts (source_key text, first_delivered bigint) ON COMMIT DROP"))
    db.copy_arrow(connection, "firsts", firsts)
    connection.execute(
        sa.text(
            f"UPDATE records r SET first_delivered_at = {_MOMENT.format('f.first_delivered')} FROM firsts f"
            " WHERE r.engagement_id = :engagement AND r.source_id = :source AND r.source_key = f.source_key"
            f" AND r.first_delivered_at IS DISTINCT FROM {_MOMENT.format('f.first_delivered')}"
        ),
        {"engagement": scope.engagement_id, "source": source_id},
    )
    connection.execute(sa.text("DROP TABLE firsts"))
