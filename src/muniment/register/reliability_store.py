"""The only queries on the reliability table: its versions, and the claims it is learned from.

Each takes a connection of a tenant's transaction; called by `learn` and by those who show weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from muniment.base import clock, db
from muniment.base.tenancy import Scope
from muniment.register.policy import Learned
from muniment.register.tables import reliability

if TYPE_CHECKING:
    import pyarrow as pa

USUAL = 0.8
"""A source usually gives an attribute when this share of its records of a type does."""

FEWEST_RECORDS = 20
"""From so many records on it can be said what a source usually gives."""

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
    return replace(learned, version=version)


def usual(connection: sa.Connection, scope: Scope) -> dict[tuple[str, str], tuple[str, ...]]:
    """What most records of a source and asset type give, where there are enough of them."""
    rows = connection.execute(
        sa.text(
            "WITH spoken AS (SELECT s.name AS source, r.asset_type, r.claims FROM records r JOIN sources s"
            "  ON s.id = r.source_id WHERE r.engagement_id = :engagement AND s.active AND NOT r.gone"
            "  AND r.asset_type IS NOT NULL),"
            " totals AS (SELECT source, asset_type, count(*) AS total FROM spoken GROUP BY 1, 2"
            "  HAVING count(*) >= :fewest)"
            ' SELECT source, asset_type, array_agg(key ORDER BY key COLLATE "C") FROM ('
            " SELECT source, asset_type, k.key,"
            "  count(*) AS given FROM spoken CROSS JOIN LATERAL jsonb_object_keys(claims) k(key) GROUP BY 1, 2, 3) g"
            " JOIN totals t USING (source, asset_type) WHERE given >= :share * total GROUP BY 1, 2"
        ),
        {"engagement": scope.engagement_id, "fewest": FEWEST_RECORDS, "share": USUAL},
    )
    return {(row[0], row[1]): tuple(row[2]) for row in rows}


def overlapping_claims(connection: sa.Connection, scope: Scope, attributes: Sequence[str]) -> pa.Table:
    """What several active sources state of these attributes about the same assets, named by what is in them.

    One pass over the records with windows: the tables may have been filled in this very transaction, and without
    statistics a join of an asset's records with themselves is quadratic.
    """
    return db.read_arrow(
        connection,
        "WITH speaking AS (SELECT s.name AS source, r.observed_at, r.claims,"
        "  md5(min(r.row_hash || r.source_key || s.name) OVER asset) AS asset,"
        "  min(s.name) OVER asset AS one, max(s.name) OVER asset AS other"
        "  FROM memberships m JOIN records r ON r.id = m.record_id JOIN sources s ON s.id = r.source_id"
        "  WHERE m.engagement_id = %s AND s.active AND NOT r.gone WINDOW asset AS (PARTITION BY m.asset_id)),"
        " shared AS (SELECT * FROM speaking WHERE one <> other),"
        " drawn AS (SELECT * FROM shared WHERE (SELECT count(*) FROM shared) <= %s"
        "  OR ('x' || left(asset, 7))::bit(28)::int <"
        "  268435456 * 2 ^ floor(log(2, %s / (SELECT greatest(count(*), 1) FROM shared))))"
        " SELECT d.asset, d.source, c.key AS attribute, v.value::text AS value,"
        " (extract(epoch FROM d.observed_at) * 1000000)::bigint AS observed FROM drawn d"
        " CROSS JOIN LATERAL jsonb_each(d.claims) c CROSS JOIN LATERAL jsonb_array_elements(c.value) v(value)"
        " WHERE c.key = ANY(%s)",
        (scope.engagement_id, MOST_RECORDS, float(MOST_RECORDS), list(attributes)),
    )
