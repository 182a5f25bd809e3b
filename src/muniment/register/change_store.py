"""The only queries behind changes that deserve a look: what was said before, by how many, and what was found.

Each takes a connection of a tenant's transaction; called by `changes` and `reconcile`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from muniment.base import db
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = (
    "source_id", "source_key", "attribute", "kind", "rule", "detail", "assets", "compared", "before", "after",
    "until", "changed_at", "until_file", "changed_file",
)  # fmt: skip
_KEY = ("source_id", "source_key", "attribute", "kind")
_ASIDE = "('held', 'rejected', 'withdrawn')"


def any_again(connection: sa.Connection, scope: Scope) -> bool:
    """Whether any family of layouts was delivered more than once, so that something can have changed."""
    return bool(
        connection.scalar(
            sa.text(
                "SELECT EXISTS (SELECT 1 FROM imports i JOIN layouts l ON l.id = i.layout_id"
                f" WHERE i.engagement_id = :engagement AND i.status NOT IN {_ASIDE}"
                " GROUP BY l.family_id HAVING count(DISTINCT i.observed_at) > 1)"
            ),
            {"engagement": scope.engagement_id},
        )
    )


def changes(connection: sa.Connection, scope: Scope, read_off: Sequence[str]) -> pa.Table:
    """Every claim that ended, with what its record says today; as `changes.find` takes it."""
    return db.read_arrow(
        connection,
        "SELECT e.source_id, e.family_id, e.source_key, e.attribute, e.values::text AS before,"
        " (CASE WHEN e.attribute = ANY(%s) THEN coalesce(r.claims -> e.attribute, r.derived -> e.attribute)"
        "  ELSE r.claims -> e.attribute END)::text AS now, r.derived ? e.attribute AS read_off,"
        " (extract(epoch FROM e.until) * 1000000)::bigint AS until,"
        " (extract(epoch FROM e.changed_at) * 1000000)::bigint AS changed_at, u.file AS until_file,"
        " c.file AS changed_file, r.gone OR NOT s.active AS gone, (r.claims -> 'subnet')::text AS subnets"
        " FROM earlier_claims e JOIN records r ON r.engagement_id = e.engagement_id AND r.source_id = e.source_id"
        " AND r.source_key = e.source_key JOIN sources s ON s.id = e.source_id"
        " JOIN imports u ON u.id = e.until_import JOIN imports c ON c.id = e.changed_import"
        " WHERE e.engagement_id = %s",
        (list(read_off), scope.engagement_id),
    )


def spoken(connection: sa.Connection, scope: Scope) -> pa.Table:
    """How many records gave an attribute that ever changed, from which delivery to which."""
    return db.read_arrow(
        connection,
        "WITH wanted AS MATERIALIZED (SELECT source_id, family_id, array_agg(DISTINCT attribute) AS attributes"
        "  FROM earlier_claims WHERE engagement_id = %s GROUP BY 1, 2),"
        " given AS (SELECT w.family_id, k.attribute, r.first_delivered_at, r.delivered_at FROM wanted w"
        "  JOIN layouts l ON l.family_id = w.family_id AND l.source_id = w.source_id"
        "  JOIN records r ON r.layout_id = l.id AND r.engagement_id = %s AND r.first_delivered_at < r.delivered_at"
        "  CROSS JOIN LATERAL unnest(w.attributes) k(attribute)"
        "  WHERE jsonb_exists(r.claims, k.attribute) OR jsonb_exists(r.derived, k.attribute)"
        "  OR EXISTS (SELECT 1 FROM earlier_claims e WHERE e.engagement_id = r.engagement_id AND"
        "   e.source_id = r.source_id AND e.source_key = r.source_key AND e.attribute = k.attribute))"
        " SELECT family_id, attribute, (extract(epoch FROM first_delivered_at) * 1000000)::bigint AS first,"
        " (extract(epoch FROM delivered_at) * 1000000)::bigint AS last, count(*) AS records FROM given"
        " GROUP BY 1, 2, first_delivered_at, delivered_at",
        (scope.engagement_id, scope.engagement_id),
    )


def deliveries(connection: sa.Connection, scope: Scope) -> pa.Table:
    """When each family of layouts was delivered, by the imports that count."""
    return db.read_arrow(
        connection,
        "SELECT DISTINCT l.family_id, (extract(epoch FROM i.observed_at) * 1000000)::bigint AS moment FROM imports i"
        f" JOIN layouts l ON l.id = i.layout_id WHERE i.engagement_id = %s AND i.status NOT IN {_ASIDE}",
        (scope.engagement_id,),
    )


def replaced(connection: sa.Connection, scope: Scope) -> pa.Table:
    """Records that took over the name of another of their family with another serial number or UUID.

    The other was last delivered before the new one came, and nothing else has borne the name since: source_id,
    The other was last delivered before the new one came, and nothing else bears the name since: source_id,
    """
    return db.read_arrow(
        connection,
        "WITH named AS MATERIALIZED (SELECT r.source_id, l.family_id, r.source_key, r.claims, r.import_id, r.gone,"
        "  r.first_delivered_at AS first, r.delivered_at AS last,"
        "  lower(coalesce(r.claims -> 'hostname' ->> 0, r.claims -> 'name' ->> 0)) AS name FROM records r"
        "  JOIN layouts l ON l.id = r.layout_id JOIN sources s ON s.id = r.source_id AND s.active"
        "  WHERE r.engagement_id = %s AND (r.claims ? 'serial' OR r.claims ? 'uuid')),"
        " came AS (SELECT n.* FROM named n JOIN (SELECT family_id, min(first) AS began FROM named GROUP BY 1) b"
        "  USING (family_id) WHERE n.first > b.began AND NOT n.gone AND n.name <> 'localhost')"
        " SELECT DISTINCT ON (n.source_id, n.source_key) n.source_id, n.family_id, n.source_key, a.attribute,"
        " (o.claims -> a.attribute)::text AS before, (n.claims -> a.attribute)::text AS after,"
        " (extract(epoch FROM o.last) * 1000000)::bigint AS until,"
        " (extract(epoch FROM n.first) * 1000000)::bigint AS changed_at, i.file AS until_file,"
        " coalesce((SELECT min(f.file) FROM imports f JOIN layouts m ON m.id = f.layout_id AND m.family_id ="
        " n.family_id"
        f"  WHERE f.engagement_id = i.engagement_id AND f.observed_at = n.first AND f.status NOT IN {_ASIDE}), '')"
        " AS changed_file FROM came n JOIN named o ON o.family_id = n.family_id AND o.source_id = n.source_id"
        " AND o.name = n.name AND o.last < n.first JOIN imports i ON i.id = o.import_id"
        " CROSS JOIN (VALUES (1, 'serial'), (2, 'uuid')) a(place, attribute)"
        " WHERE o.claims ? a.attribute AND n.claims ? a.attribute AND NOT jsonb_exists_any(o.claims -> a.attribute,"
        "  ARRAY(SELECT jsonb_array_elements_text(n.claims -> a.attribute)))"
        " AND NOT coalesce(jsonb_exists_any(o.claims -> 'serial',"
        "  ARRAY(SELECT jsonb_array_elements_text(coalesce(n.claims -> 'serial', '[]')))), false)"
        " AND NOT EXISTS (SELECT 1 FROM named p WHERE p.family_id = n.family_id AND p.source_id = n.source_id"
        "  AND p.name = n.name AND p.source_key <> n.source_key AND p.last >= n.first)"
        " ORDER BY n.source_id, n.source_key, o.last DESC, a.place, o.source_key",
        (scope.engagement_id,),
    )


def suspicions(connection: sa.Connection, scope: Scope) -> pa.Table:
    """What was found last time, as text columns."""
    return db.read_arrow(
        connection,
        f"SELECT {', '.join(COLUMNS)} FROM suspicions WHERE engagement_id = %s",
        (scope.engagement_id,),
    )


def replace(connection: sa.Connection, scope: Scope, gone: pa.Table, new: pa.Table) -> None:
    """Let suspicions go and come, and mark the assets that they are about."""
    if not gone.num_rows and not new.num_rows:
        return
    listed = ", ".join(COLUMNS)
    for name, table in (("gone", gone), ("new", new)):
        connection.execute(
            sa.text(
                f"CREATE TEMP TABLE suspicions_{name} ON COMMIT DROP AS SELECT {listed} FROM suspicions WITH NO DATA"
            )
        )
        db.copy_arrow(connection, f"suspicions_{name}", table)
    parameters = {"tenant": scope.tenant_id, "engagement": scope.engagement_id}
    same = " AND ".join(f"s.{name} = g.{name}" for name in _KEY)
    connection.execute(
        sa.text(f"DELETE FROM suspicions s USING suspicions_gone g WHERE s.engagement_id = :engagement AND {same}"),
        parameters,
    )
    connection.execute(
        sa.text(
            f"INSERT INTO suspicions (tenant_id, engagement_id, {listed}) SELECT :tenant, :engagement, {listed}"
            " FROM suspicions_new"
        ),
        parameters,
    )
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id) SELECT DISTINCT :tenant, :engagement,"
            " m.asset_id FROM (SELECT source_id, source_key FROM suspicions_gone UNION SELECT source_id, source_key"
            "  FROM suspicions_new) s JOIN records r ON r.engagement_id = :engagement AND r.source_id = s.source_id"
            " AND r.source_key = s.source_key JOIN memberships m ON m.record_id = r.id ON CONFLICT DO NOTHING"
        ),
        parameters,
    )
    for name in ("gone", "new"):
        connection.execute(sa.text(f"DROP TABLE suspicions_{name}"))


def stale_suspicions(connection: sa.Connection, scope: Scope) -> pa.Table:
    """What was found of the stale assets, for the fold; `evidence` is what a person's word on it has seen."""
    return db.read_arrow(
        connection,
        "SELECT t.asset_id, r.id AS record, o.name AS source, s.attribute, s.kind, s.rule, s.detail, s.assets,"
        f" s.compared, s.before, s.after, s.until, s.changed_at, s.until_file, s.changed_file, {EVIDENCE}::text"
        " AS evidence FROM stale_assets t JOIN memberships m ON m.asset_id = t.asset_id JOIN records r"
        " ON r.id = m.record_id JOIN suspicions s ON s.engagement_id = t.engagement_id AND s.source_id = r.source_id"
        " AND s.source_key = r.source_key JOIN sources o ON o.id = s.source_id WHERE t.engagement_id = %s",
        (scope.engagement_id,),
    )


EVIDENCE = "to_jsonb('change: ' || s.kind || ' ' || s.changed_at || ' ' || md5(s.before || s.after))"
"""SQL of what tells one suspicion `s` of an attribute from another, as people's words keep what they have seen."""
