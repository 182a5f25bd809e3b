"""The only queries behind the groups of conflicts: open claims, values that sources agree on, winners beside them.

Called by `groups`. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from muniment.base import db
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    import pyarrow as pa

_DISPUTED = (
    "WITH disputed AS (SELECT c.asset_id, c.attribute, c.claims FROM conflicts c WHERE c.engagement_id = %s"
    " AND c.state = 'open' AND c.kind = 'value_mismatch' AND c.attribute = ANY(%s)) "
)


def open_claims(connection: sa.Connection, scope: Scope, attributes: Sequence[str]) -> pa.Table:
    """What each source says in the open conflicts of these attributes."""
    return db.read_arrow(
        connection,
        _DISPUTED + "SELECT d.asset_id, a.name AS asset, d.attribute, x.place, (x.claim -> 'value')::text AS value,"
        " s.source FROM disputed d JOIN assets a ON a.id = d.asset_id"
        " CROSS JOIN LATERAL jsonb_array_elements(d.claims) WITH ORDINALITY x(claim, place)"
        " CROSS JOIN LATERAL jsonb_array_elements_text(x.claim -> 'sources') s(source)",
        (scope.engagement_id, list(attributes)),
    )


def agreed_values(connection: sa.Connection, scope: Scope, attributes: Sequence[str]) -> pa.Table:
    """Of attributes in conflict: how many assets a source says a value of that another source says too."""
    return db.read_arrow(
        connection,
        _DISPUTED + "SELECT s.source, p.key AS attribute, (a.values -> p.key)::text AS value, count(*) AS assets"
        " FROM assets a CROSS JOIN LATERAL jsonb_each(a.provenance) p"
        " CROSS JOIN LATERAL jsonb_array_elements_text(p.value -> 'sources') s(source)"
        " WHERE a.engagement_id = %s AND p.key IN (SELECT DISTINCT attribute FROM disputed)"
        " AND jsonb_array_length(p.value -> 'sources') > 1 GROUP BY 1, 2, 3",
        (scope.engagement_id, list(attributes), scope.engagement_id),
    )


def other_values(connection: sa.Connection, scope: Scope, attributes: Sequence[str]) -> pa.Table:
    """The register's single values of the assets in conflict."""
    return db.read_arrow(
        connection,
        _DISPUTED + "SELECT a.id AS asset_id, v.key AS attribute, v.value::text AS value,"
        " coalesce(a.provenance -> v.key -> 'sources', '[]')::text AS sources FROM assets a"
        " CROSS JOIN LATERAL jsonb_each(a.values) v WHERE a.id IN (SELECT asset_id FROM disputed)"
        " AND v.key = ANY(%s)",
        (scope.engagement_id, list(attributes), list(attributes)),
    )
