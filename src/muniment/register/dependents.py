"""What depends on the assets in conflict, and how much more their conflicts matter for it.

Called by `reconcile` when the register is up to date, within its transaction: what runs on a host is known only then.
Looks at all conflicts, so it does not matter which assets were folded. The only queries on it.
"""

from __future__ import annotations

import sqlalchemy as sa

from muniment import model
from muniment.base import db
from muniment.base.tenancy import Scope
from muniment.register.types import SEVERITIES

SOME, MANY = 3, 30
"""From so many assets that depend on one, its conflicts matter one step more, or two."""

DEPTH = 3
"""How far is looked: the machines of a host, their databases, the applications of these."""

_EDGES = """
WITH RECURSIVE pointing(attribute, types, names, up) AS (VALUES {relations}),
named AS MATERIALIZED (
 SELECT DISTINCT t.attribute, t.asset_id, v.word FROM asset_terms t
 CROSS JOIN LATERAL (VALUES (t.term), (split_part(t.term, '.', 1))) v(word)
 WHERE t.engagement_id = :engagement AND t.attribute IN (SELECT attribute FROM pointing) AND v.word ~ '[a-z]'),
words AS (SELECT DISTINCT word FROM named),
bearers AS (
 SELECT p.attribute, t.term AS word, min(a.id::text)::uuid AS asset_id FROM pointing p
 JOIN asset_terms t ON t.attribute = ANY(p.names) JOIN words w ON w.word = t.term
 JOIN assets a ON a.tenant_id = t.tenant_id AND a.id = t.asset_id AND (p.types = '{{}}' OR a.type = ANY(p.types))
 WHERE t.engagement_id = :engagement AND a.state <> 'retired'
 GROUP BY p.attribute, t.term HAVING count(DISTINCT a.id) = 1),
edges AS MATERIALIZED (
 SELECT DISTINCT CASE WHEN p.up THEN b.asset_id ELSE n.asset_id END AS base,
  CASE WHEN p.up THEN n.asset_id ELSE b.asset_id END AS dependent
 FROM named n JOIN bearers b USING (attribute, word) JOIN pointing p USING (attribute)
 JOIN assets a ON a.id = n.asset_id AND a.state <> 'retired' WHERE n.asset_id <> b.asset_id),
reached(asset_id, dependent, depth) AS (
 SELECT c.asset_id, e.dependent, 1 FROM (SELECT DISTINCT asset_id FROM conflicts WHERE engagement_id = :engagement) c
 JOIN edges e ON e.base = c.asset_id
 UNION SELECT r.asset_id, e.dependent, r.depth + 1 FROM reached r JOIN edges e ON e.base = r.dependent
 WHERE r.depth < :depth),
counted AS (SELECT asset_id, count(DISTINCT dependent)::int AS n FROM reached WHERE dependent <> asset_id GROUP BY 1),
weighed AS (
 SELECT c.asset_id, c.attribute, c.kind, coalesce(k.n, 0) AS dependents, CASE WHEN c.kind = 'missing_in_existing'
  THEN c.own_rank ELSE greatest(0, c.own_rank - CASE WHEN k.n >= :many THEN 2
   WHEN k.n >= :some THEN 1 ELSE 0 END) END AS rank
 FROM conflicts c LEFT JOIN counted k USING (asset_id) WHERE c.engagement_id = :engagement)
UPDATE conflicts c SET dependents = w.dependents, rank = w.rank, severity = (cast(:severities AS text[]))[w.rank + 1]
FROM weighed w WHERE c.engagement_id = :engagement AND c.asset_id = w.asset_id AND c.attribute = w.attribute
 AND c.kind = w.kind AND (c.dependents, c.rank) <> (w.dependents, w.rank)
"""


def weigh(connection: sa.Connection, scope: Scope) -> None:
    """Set how many assets depend on each asset in conflict, and the severity that follows from it."""
    given = {"engagement": scope.engagement_id, "depth": DEPTH, "some": SOME, "many": MANY}
    in_conflict = "SELECT EXISTS (SELECT 1 FROM conflicts WHERE engagement_id = :engagement)"
    if connection.scalar(sa.text(in_conflict), given):
        statement = _EDGES.format(relations=", ".join(_relations()))
        with db.linear_joins(connection):
            connection.execute(sa.text(statement), {**given, "severities": list(SEVERITIES)})


def _relations() -> list[str]:
    """The relations of the model as rows of SQL; our own names only."""
    return [
        f"('{one.attribute}', '{{{','.join(one.types)}}}'::text[], '{{{','.join(one.names)}}}'::text[], {one.needed})"
        for one in model.RELATIONS
    ]
