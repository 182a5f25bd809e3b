"""What complete imports say by what they lack: which records are gone from their source, and how many would be.

Called by `flows` at the end of the derive phase and when a person approves. A record goes only when a
complete import of its scope, later than its own delivery, lacks it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.evidence.tables import imports, layouts
from muniment.evidence.types import SET_ASIDE, Import

SCOPES = ("cloud_account", "virtual_center")
"""Attributes whose values an import speaks for where its source does not say otherwise: an export of one
account or of one management server says nothing about the others."""

CAPS = frozenset({1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 65_535, 65_536, 1_048_575, 1_048_576})
"""Row counts at which exports are cut: pages of APIs, limits of list exports, sheets of XLS and XLSX."""

_IN_SCOPE_SHARE = 0.95
_MOST_SCOPES = 200
_GONE = """
WITH marks AS (
 SELECT l.family_id, i.scope ->> 'attribute' AS attribute, v.value, min(i.observed_at) AS at
 FROM imports i JOIN layouts l ON l.id = i.layout_id
 LEFT JOIN LATERAL jsonb_array_elements_text(i.scope -> 'values') v(value) ON true
 WHERE i.engagement_id = :engagement AND i.source_id = :source AND (i.full OR i.id = ANY(:candidates))
  AND i.status <> ALL(:aside)
 GROUP BY l.family_id, i.flow_id, 2, 3),
latest AS (SELECT family_id, attribute, value, max(at) AS at FROM marks GROUP BY 1, 2, 3),
state AS (
 SELECT r.id, l.family_id, bool_or(latest.at IS NOT NULL AND latest.at > r.delivered_at) AS gone
 FROM records r JOIN layouts l ON l.id = r.layout_id
 LEFT JOIN latest ON latest.family_id = l.family_id
  AND (latest.attribute IS NULL OR lower(r.claims -> latest.attribute ->> 0) = latest.value)
 WHERE r.engagement_id = :engagement AND r.source_id = :source GROUP BY r.id, l.family_id)
"""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a family's records would lose: how many go, of how many that are there.

    `first_row`: where the first of those that go stood in the delivery that had it, from 1.
    """

    going: int
    known: int
    first_row: int | None


def mark_gone(connection: sa.Connection, scope: Scope, source_id: UUID) -> list[UUID]:
    """Set which of a source's records are gone: a complete import of their scope after them lacks them.

    Returns:
        The records whose state changed.
    """
    return list(
        connection.scalars(
            sa.text(
                _GONE + "UPDATE records SET gone = state.gone FROM state"
                " WHERE records.id = state.id AND records.gone <> state.gone RETURNING records.id"
            ),
            _parameters(scope, source_id, ()),
        )
    )


def missing_from(
    connection: sa.Connection, scope: Scope, source_id: UUID, candidates: Collection[UUID]
) -> dict[UUID, Missing]:
    """What would go, per family of layouts, if these imports of the source were complete."""
    rows = connection.execute(
        sa.text(
            _GONE + "SELECT s.family_id, count(*) FILTER (WHERE s.gone AND NOT r.gone),"
            " count(*) FILTER (WHERE NOT r.gone),"
            " min(r.row_number) FILTER (WHERE s.gone AND NOT r.gone)"
            " FROM state s JOIN records r ON r.id = s.id GROUP BY s.family_id"
        ),
        _parameters(scope, source_id, candidates),
    )
    return {row[0]: Missing(row[1], row[2], row[3]) for row in rows}


def _parameters(scope: Scope, source_id: UUID, candidates: Collection[UUID]) -> dict[str, Any]:
    return {
        "engagement": scope.engagement_id,
        "source": source_id,
        "candidates": list(candidates),
        "aside": list(SET_ASIDE),
    }


def scope_of(engine: Engine, attributes: Sequence[str]) -> dict[str, Any]:
    """What the table `derived` in the engine speaks for: the first attribute that nearly all its records have.

    Returns:
        `attribute` and `values` (lower case); empty where it speaks for the whole source.
    """
    total = engine.count("derived")
    for attribute in attributes:
        name = attribute.replace("'", "''")
        found = engine.rows(
            "SELECT lower(scope) AS scope, count(*) AS n FROM (SELECT json_extract_string(claims,"
            f" '$.\"{name}\"[0]') AS scope FROM derived) WHERE scope IS NOT NULL GROUP BY ALL ORDER BY 1"
        ).to_pylist()
        if found and len(found) <= _MOST_SCOPES and sum(row["n"] for row in found) >= _IN_SCOPE_SHARE * total:
            return {"attribute": attribute, "values": [row["scope"] for row in found]}
    return {}


def decide_full(connection: sa.Connection, import_id: UUID, **values: Any) -> None:
    """Set what is known of an import's completeness: full, full_reason, scope, waiting, status, counts to add."""
    counts = values.pop("counts", None)
    if counts:
        values["counts"] = imports.c.counts.op("||")(sa.cast(dict(counts), imports.c.counts.type))
    connection.execute(sa.update(imports).where(imports.c.id == import_id).values(**values))


def earlier_counts(
    connection: sa.Connection, scope: Scope, source_id: UUID, family_id: UUID
) -> list[Mapping[str, int]]:
    """What earlier imports of a family counted, those left out that are set aside or wait."""
    query = (
        sa.select(imports.c.counts)
        .join(layouts, (layouts.c.tenant_id == imports.c.tenant_id) & (layouts.c.id == imports.c.layout_id))
        .where(
            imports.c.engagement_id == scope.engagement_id,
            imports.c.source_id == source_id,
            layouts.c.family_id == family_id,
            imports.c.status.not_in(SET_ASIDE),
            imports.c.waiting.is_(None),
        )
    )
    return list(connection.scalars(query))


def forget_waiting(connection: sa.Connection, scope: Scope, later: Import, family_id: UUID) -> None:
    """Let earlier imports of a family wait no longer for a word on what they lack: a later one tells more."""
    family = sa.select(layouts.c.id).where(layouts.c.family_id == family_id)
    connection.execute(
        sa.update(imports)
        .where(
            imports.c.engagement_id == scope.engagement_id,
            imports.c.source_id == later.source_id,
            imports.c.layout_id.in_(family),
            imports.c.waiting == "retirement",
            imports.c.flow_id != later.flow_id,
            imports.c.observed_at <= later.observed_at,
        )
        .values(waiting=None, full_reason=imports.c.full_reason + " (a later import tells more)")
    )
