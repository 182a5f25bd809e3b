"""Counts across domains for reports: coverage, what each source contributes, disputes, changes.

Set-based and read-only; called by `flows`. Each takes a connection of a tenant's transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from muniment.base.tenancy import Scope
from muniment.graph.types import Contribution, Dispute, Moved, Opponents, Resting, RestingValue, Rests, Since


def states(connection: sa.Connection, scope: Scope) -> list[tuple[str, str, int]]:
    """How many assets there are of each type and state."""
    query = (
        "SELECT type, state, count(*) FROM assets WHERE engagement_id = :engagement GROUP BY type, state"
        " ORDER BY count(*) DESC, type, state"
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(sa.text(query), _of(scope))]


def confidences(connection: sa.Connection, scope: Scope) -> list[int]:
    """How many assets in use have a confidence below .5, .7, .85, .95, and above."""
    query = (
        "SELECT width_bucket(confidence, ARRAY[0.5, 0.7, 0.85, 0.95]::double precision[]), count(*) FROM assets"
        " WHERE engagement_id = :engagement AND state <> 'retired' GROUP BY 1"
    )
    found: dict[int, int] = {row[0]: row[1] for row in connection.execute(sa.text(query), _of(scope))}
    return [found.get(band, 0) for band in range(5)]


def filled(connection: sa.Connection, scope: Scope) -> dict[tuple[str, str], int]:
    """How many assets in use of a type have a value for an attribute."""
    query = (
        "SELECT a.type, k, count(*) FROM assets a CROSS JOIN LATERAL jsonb_object_keys(a.values) k"
        " WHERE a.engagement_id = :engagement AND a.state <> 'retired' GROUP BY a.type, k"
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(sa.text(query), _of(scope))}


def contributions(connection: sa.Connection, scope: Scope, asset_id: UUID | None = None) -> list[Contribution]:
    """What each source says of each attribute of assets in use (or of one), from the provenance of their values.

    Where a person decided, the sources that the word does not agree with have lost; those it agrees with are not
    counted.
    """
    chosen = "a.state <> 'retired'" if asset_id is None else "a.id = :asset"
    parameters = {**_of(scope), **({} if asset_id is None else {"asset": asset_id})}
    return [Contribution(*row) for row in connection.execute(sa.text(_CONTRIBUTIONS.format(chosen)), parameters)]


_CONTRIBUTIONS = """
WITH spoken AS (
  SELECT a.id, p.key AS attribute, s.source, v.chosen, jsonb_array_length(v.sources) + v.agreeing AS shared
  FROM assets a CROSS JOIN LATERAL jsonb_each(a.provenance) p CROSS JOIN LATERAL (
    SELECT coalesce(sum(jsonb_array_length(g -> 'sources')), 0)::int AS agreeing
    FROM jsonb_array_elements(p.value -> 'agreeing') g
  ) g CROSS JOIN LATERAL (
    SELECT p.value -> 'sources' AS sources, true AS chosen, g.agreeing
    WHERE NOT jsonb_exists(p.value, 'each') AND NOT jsonb_exists(p.value, 'resolution')
    UNION ALL SELECT x -> 'sources', true, 1 FROM jsonb_array_elements(p.value -> 'agreeing') x
    WHERE NOT jsonb_exists(p.value, 'each')
    UNION ALL SELECT r -> 'sources', false, 0 FROM jsonb_array_elements(p.value -> 'rivals') r
    UNION ALL SELECT e -> 'sources', true, 0 FROM jsonb_array_elements(p.value -> 'each') e
    WHERE NOT jsonb_exists(p.value, 'resolution')
  ) v CROSS JOIN LATERAL jsonb_array_elements_text(v.sources) s(source)
  WHERE a.engagement_id = :engagement AND {} AND p.key <> 'asset_type'
), said AS (
  SELECT id, attribute, source, bool_or(chosen) AS chosen, max(shared) AS shared,
    count(*) OVER (PARTITION BY id, attribute) AS speakers
  FROM spoken GROUP BY id, attribute, source
)
SELECT source, attribute, count(*), count(*) FILTER (WHERE speakers = 1), count(*) FILTER (WHERE shared > 1),
  count(*) FILTER (WHERE speakers > 1 AND shared = 1), count(*) FILTER (WHERE NOT chosen)
FROM said GROUP BY source, attribute ORDER BY source, attribute
"""


def completeness(connection: sa.Connection, scope: Scope) -> dict[str, dict[str, float]]:
    """Per source and attribute: the share of its records that have a value, of the tables that ever give one."""
    found: dict[str, dict[str, float]] = {}
    for source, attribute, share in connection.execute(sa.text(_COMPLETENESS), _of(scope)):
        found.setdefault(source, {})[attribute] = round(float(share), 4)
    return found


_COMPLETENESS = """
WITH there AS (
  SELECT r.source_id, l.family_id, r.claims FROM records r JOIN layouts l ON l.id = r.layout_id
  WHERE r.engagement_id = :engagement AND NOT r.gone
), totals AS (SELECT source_id, family_id, count(*) AS rows FROM there GROUP BY 1, 2),
said AS (
  SELECT source_id, family_id, k AS attribute, count(*) AS filled
  FROM there CROSS JOIN LATERAL jsonb_object_keys(claims) k GROUP BY 1, 2, 3
)
SELECT s.name, attribute, sum(filled)::double precision / sum(rows) FROM said
JOIN totals USING (source_id, family_id) JOIN sources s ON s.id = source_id GROUP BY 1, 2 ORDER BY 1, 2
"""


def resting(
    connection: sa.Connection,
    scope: Scope,
    source: str,
    attributes: Sequence[str] | None = None,
    records: Sequence[UUID] | None = None,
    *,
    sample: int = 20,
) -> Resting:
    """The values of the register that are what a source says; of an attribute's list, any member.

    Args:
        connection: of a tenant's transaction.
        scope: whose register.
        source: its name.
        attributes: only these; None for all.
        records: only assets that one of these records belongs to; None for all.
        sample: how many values to show, those that rest on it alone first.
    """
    parameters = {
        **_of(scope), "source": source, "sample": sample, "attributes": attributes and list(attributes),
        "records": None if records is None else list(records),
    }  # fmt: skip
    counts = connection.execute(sa.text(_RESTING + _RESTING_COUNTS), parameters).all()
    shown = connection.execute(sa.text(_RESTING + _RESTING_SAMPLE), parameters)
    assets = connection.execute(sa.text(_RESTING + " SELECT count(DISTINCT id) FROM values_of"), parameters)
    return Resting(
        int(assets.scalar_one()),
        tuple(Rests(*row) for row in counts),
        tuple(RestingValue(row[0], row[1], row[2], tuple(row[3])) for row in shown),
    )


_RESTING = """
WITH values_of AS (
  SELECT a.id, a.name, p.key AS attribute, v.value, (v.sources || v.agreeing) - cast(:source AS text) AS others
  FROM assets a CROSS JOIN LATERAL jsonb_each(a.provenance) p CROSS JOIN LATERAL (
    SELECT a.values -> p.key AS value, p.value -> 'sources' AS sources, coalesce(
      (SELECT jsonb_agg(s.source) FROM jsonb_array_elements(p.value -> 'agreeing') g
       CROSS JOIN LATERAL jsonb_array_elements(g -> 'sources') s(source)), '[]'::jsonb) AS agreeing
    WHERE NOT jsonb_exists(p.value, 'each')
    UNION ALL SELECT e -> 'value', e -> 'sources', '[]'::jsonb FROM jsonb_array_elements(p.value -> 'each') e
  ) v
  WHERE a.engagement_id = :engagement AND a.state <> 'retired' AND a.sources @> ARRAY[cast(:source AS text)]
    AND NOT jsonb_exists(p.value, 'resolution') AND jsonb_exists(v.sources || v.agreeing, :source)
    AND p.key <> 'asset_type' AND (cast(:attributes AS text[]) IS NULL OR p.key = ANY(:attributes))
    AND (cast(:records AS uuid[]) IS NULL OR EXISTS
      (SELECT 1 FROM memberships m WHERE m.asset_id = a.id AND m.record_id = ANY(:records)))
)
"""
_RESTING_COUNTS = """
, per_asset AS (SELECT id, attribute, bool_or(others = '[]') AS alone FROM values_of GROUP BY id, attribute)
SELECT attribute, count(*) FILTER (WHERE alone), count(*) FILTER (WHERE NOT alone) FROM per_asset
GROUP BY attribute ORDER BY 2 DESC, 3 DESC, 1
"""
_RESTING_SAMPLE = """
SELECT name, attribute, value, ARRAY(SELECT DISTINCT jsonb_array_elements_text(others) ORDER BY 1) FROM
 (SELECT *, row_number() OVER (PARTITION BY attribute ORDER BY others <> '[]', name, id) AS place FROM values_of) v
ORDER BY others <> '[]', place, attribute, name LIMIT :sample
"""


def disputes(connection: sa.Connection, scope: Scope) -> list[Dispute]:
    """Open conflicts by attribute and severity."""
    query = (
        "SELECT attribute, severity, count(*) FROM conflicts WHERE engagement_id = :engagement"
        " GROUP BY attribute, severity ORDER BY count(*) DESC, attribute, severity"
    )
    return [Dispute(*row) for row in connection.execute(sa.text(query), _of(scope))]


def opponents(connection: sa.Connection, scope: Scope, limit: int = 12) -> list[Opponents]:
    """Pairs of sources with different values in one conflict, the most frequent first."""
    query = (
        "WITH sides AS (SELECT c.asset_id, c.attribute, c.kind, x.place, s.source FROM conflicts c"
        "  CROSS JOIN LATERAL jsonb_array_elements(c.claims) WITH ORDINALITY x(claim, place)"
        "  CROSS JOIN LATERAL jsonb_array_elements_text(x.claim -> 'sources') s(source)"
        "  WHERE c.engagement_id = :engagement)"
        " SELECT a.source, b.source, count(DISTINCT (a.asset_id, a.attribute, a.kind)) FROM sides a JOIN sides b"
        " ON b.asset_id = a.asset_id AND b.attribute = a.attribute AND b.kind = a.kind AND b.place <> a.place"
        " AND a.source < b.source GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :limit"
    )
    return [Opponents(*row) for row in connection.execute(sa.text(query), {**_of(scope), "limit": limit})]


def since(connection: sa.Connection, scope: Scope, moment: datetime, sample: int = 15) -> Since:
    """What changed between a moment and now, read off the versions."""
    parameters = {**_of(scope), "moment": moment, "sample": sample}
    counts = connection.execute(sa.text(_OLD + _COUNTS), parameters).one()
    by_attribute = {
        row[0]: (row[1], row[2], row[3]) for row in connection.execute(sa.text(_OLD + _MOVES + _TALLY), parameters)
    }
    moved = tuple(Moved(*row) for row in connection.execute(sa.text(_OLD + _MOVES + _SAMPLE), parameters))
    created, removed, retired, changed, opened = counts
    return Since(created, removed, retired, changed, opened, by_attribute, moved)


_OLD = (
    "WITH old AS (SELECT asset_id AS id, state, values FROM asset_versions"
    " WHERE engagement_id = :engagement AND valid_from <= :moment AND valid_to > :moment)"
)
_COUNTS = (
    " SELECT (SELECT count(*) FROM assets a WHERE a.engagement_id = :engagement AND a.created_at > :moment),"
    " (SELECT count(*) FROM old WHERE NOT EXISTS (SELECT 1 FROM assets a WHERE a.id = old.id)),"
    " (SELECT count(*) FROM old JOIN assets a USING (id) WHERE a.state = 'retired' AND old.state <> 'retired'),"
    " (SELECT count(*) FROM old JOIN assets a USING (id) WHERE a.values <> old.values),"
    " (SELECT count(*) FROM conflicts c WHERE c.engagement_id = :engagement AND c.opened_at > :moment)"
)
_MOVES = (
    ", moves AS (SELECT a.name, k.key AS attribute, old.values -> k.key AS before, a.values -> k.key AS after"
    " FROM old JOIN assets a USING (id) CROSS JOIN LATERAL"
    " (SELECT jsonb_object_keys(old.values || a.values) AS key) k"
    " WHERE a.values <> old.values AND (old.values -> k.key) IS DISTINCT FROM (a.values -> k.key))"
)
_TALLY = (
    " SELECT attribute, count(*) FILTER (WHERE before IS NULL),"
    " count(*) FILTER (WHERE before IS NOT NULL AND after IS NOT NULL), count(*) FILTER (WHERE after IS NULL)"
    " FROM moves GROUP BY attribute ORDER BY count(*) DESC, attribute"
)
_SAMPLE = " SELECT name, attribute, before, after FROM moves ORDER BY name, attribute LIMIT :sample"


def _of(scope: Scope) -> dict[str, object]:
    return {"engagement": scope.engagement_id}
