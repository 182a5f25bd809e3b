"""The only queries on the reliability table: its versions, and the claims it is learned from.

Each takes a connection of a tenant's transaction; called by `learn` and by those who show weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from muniment.base import clock, db
from muniment.base.tenancy import Scope
from muniment.register.policy import Learned
from muniment.register.tables import reliability

if TYPE_CHECKING:
    import pyarrow as pa

MOST_RECORDS = 120_000
"""Records that are learned from; of more, assets are drawn by their content."""


def current(connection: sa.Connection, scope: Scope) -> Learned:
    """The version in force; one that knows nothing where nothing has been learned."""
    row = connection.execute(
        sa.select(reliability.c.document, reliability.c.version)
        .where(reliability.c.engagement_id == scope.engagement_id)
        .order_by(reliability.c.version.desc())
        .limit(1)
    ).one_or_none()
    return Learned.read(row.document, row.version) if row else Learned()


def keep(connection: sa.Connection, scope: Scope, learned: Learned) -> Learned:
    """Store as the next version; returns it with its number."""
    version = current(connection, scope).version + 1
    connection.execute(
        sa.insert(reliability).values(
            tenant_id=scope.tenant_id,
            engagement_id=scope.engagement_id,
            version=version,
            document=learned.document(),
            made_at=clock.now(),
        )
    )
    return Learned(learned.shares, learned.half_life, learned.collision, learned.copying, version)


def overlapping_claims(connection: sa.Connection, scope: Scope) -> pa.Table:
    """What several active sources state about the same assets; assets are named by what is in them."""
    return db.read_arrow(
        connection,
        "WITH speaking AS (SELECT m.asset_id, r.id, s.name AS source, r.row_hash || r.source_key || s.name AS ref,"
        "  r.observed_at, r.claims FROM memberships m JOIN records r ON r.id = m.record_id"
        "  JOIN sources s ON s.id = r.source_id WHERE m.engagement_id = %s AND s.active AND NOT r.gone),"
        " shared AS (SELECT asset_id, min(ref) AS asset, count(*) AS records FROM speaking GROUP BY asset_id"
        "  HAVING count(DISTINCT source) > 1),"
        " drawn AS (SELECT asset_id, asset FROM shared WHERE (SELECT sum(records) FROM shared) <= %s"
        "  OR ('x' || left(md5(asset), 7))::bit(28)::int <"
        "  268435456 * 2 ^ floor(log(2, %s / (SELECT sum(records) FROM shared))))"
        " SELECT d.asset, p.source, c.key AS attribute, v.value::text AS value,"
        " (extract(epoch FROM p.observed_at) * 1000000)::bigint AS observed FROM drawn d"
        " JOIN speaking p USING (asset_id) CROSS JOIN LATERAL jsonb_each(p.claims) c"
        " CROSS JOIN LATERAL jsonb_array_elements(c.value) v(value)",
        (scope.engagement_id, MOST_RECORDS, float(MOST_RECORDS)),
    )
