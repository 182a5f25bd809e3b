"""The only queries on resolutions: a person's word on one attribute of one asset. Appended, never updated.

`flows` calls `resolve` and `accept` within an act, `reconcile` reads what is in force for the fold. Whether a
word counts is derived: the newest of an asset and attribute, not undone, not expired.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, db, ids
from muniment.base.tenancy import Scope
from muniment.register.anchors import HOMES, forget_words, give_words
from muniment.register.change_store import EVIDENCE
from muniment.register.settle import Settled
from muniment.register.types import Choice, Resolution, Verdicts

_SEEN = (
    "WITH speaking AS (SELECT m.asset_id, r.claims, r.derived, r.asset_type, r.type_stated, s.name AS source,"
    " r.gone OR NOT s.active AS silent, bool_and(r.gone OR NOT s.active) OVER (PARTITION BY m.asset_id) AS all_silent"
    " FROM (SELECT DISTINCT asset_id FROM words_given) a JOIN memberships m ON m.asset_id = a.asset_id"
    " JOIN records r ON r.id = m.record_id JOIN sources s ON s.id = r.source_id),"
    " said AS (SELECT w.id, p.source, v.value, c.stated, bool_or(c.stated) OVER (PARTITION BY w.id) AS any_stated"
    " FROM words_given w JOIN speaking p ON p.asset_id = w.asset_id AND (p.all_silent OR NOT p.silent)"
    " CROSS JOIN LATERAL (SELECT p.claims -> w.attribute AS list, true AS stated"
    "  UNION ALL SELECT p.derived -> w.attribute, false"
    "  UNION ALL SELECT jsonb_build_array(p.asset_type), p.type_stated"
    "  WHERE w.attribute = 'asset_type' AND p.asset_type IS NOT NULL) c"
    " CROSS JOIN LATERAL jsonb_array_elements(c.list) v(value)),"
    " pairs AS (SELECT id, jsonb_agg(DISTINCT jsonb_build_array(source, value)) AS seen FROM ("
    "  SELECT id, source, value FROM said WHERE stated OR NOT any_stated UNION ALL"
    f"  SELECT w.id, o.name, {EVIDENCE} FROM words_given w JOIN memberships m ON m.asset_id = w.asset_id"
    "  JOIN records r ON r.id = m.record_id JOIN suspicions s ON s.engagement_id = r.engagement_id"
    "  AND s.source_id = r.source_id AND s.source_key = r.source_key AND s.attribute = w.attribute"
    "  JOIN sources o ON o.id = s.source_id WHERE :verdict = 'accepted') p GROUP BY id)"
)
_INSERT = (
    " INSERT INTO resolutions (tenant_id, id, engagement_id, act_id, asset_id, attribute, verdict, values, seen,"
    " reason, actor, at, until, until_agreed, chosen_source)"
    " SELECT :tenant, w.id, :engagement, :act, w.asset_id, w.attribute, :verdict, cast(w.value AS jsonb),"
    " coalesce(p.seen, '[]'), :reason, :actor, :now, cast(:until AS timestamptz), :agreed, w.source"
    " FROM words_given w LEFT JOIN pairs p USING (id)"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """Why a resolution was made, and how long it is to hold; for ever, unless something is said."""

    reason: str = ""
    until: datetime | None = None
    until_agreed: bool = False


def resolve(
    connection: sa.Connection,
    scope: Scope,
    act_id: UUID,
    choices: Sequence[Choice],
    terms: Terms | None = None,
) -> None:
    """Append the word of a person on attributes of assets (ids as they are now), and mark these assets stale."""
    _append(connection, scope, act_id, choices, "resolved", terms or Terms())


def accept(connection: sa.Connection, scope: Scope, act_id: UUID, choices: Sequence[Choice], reason: str = "") -> None:
    """Append that conflicts are to stay as they are, until someone says something new."""
    _append(connection, scope, act_id, choices, "accepted", Terms(reason))


def _append(
    connection: sa.Connection,
    scope: Scope,
    act_id: UUID,
    choices: Sequence[Choice],
    verdict: str,
    terms: Terms,
) -> None:
    rows = [
        (ids.new(), choice.asset_id, choice.attribute, db.dumps(list(choice.values)), choice.source)
        for choice in choices
    ]
    give_words(connection, scope, ("attribute", "value", "source"), rows)
    connection.execute(
        sa.text(_SEEN + _INSERT),
        {
            "tenant": scope.tenant_id,
            "engagement": scope.engagement_id,
            "act": act_id,
            "verdict": verdict,
            "reason": terms.reason,
            "actor": scope.actor,
            "now": clock.now(),
            "until": terms.until,
            "agreed": terms.until_agreed,
        },
    )
    forget_words(connection)


_IN_FORCE = (
    "WITH homes AS (" + HOMES.format("%s") + "), in_force AS ("
    " SELECT DISTINCT ON (h.asset_id, s.attribute, s.verdict) h.asset_id, s.* FROM ("
    "  SELECT id, act_id, attribute, verdict, values, seen, reason, actor, at, until, until_agreed"
    "  FROM resolutions WHERE engagement_id = %s AND (until IS NULL OR until > %s)) s"
    " JOIN homes h ON h.word_id = s.id JOIN stale_assets t ON t.asset_id = h.asset_id"
    " WHERE NOT EXISTS (SELECT 1 FROM undone_acts u WHERE u.act_id = s.act_id)"
    " ORDER BY h.asset_id, s.attribute, s.verdict, s.at DESC, s.id DESC) "
)


def settled(connection: sa.Connection, scope: Scope) -> Settled:
    """The words in force for the stale assets, for the fold."""
    parameters = (scope.engagement_id, scope.engagement_id, clock.now())
    return Settled(
        db.read_arrow(
            connection,
            _IN_FORCE + "SELECT asset_id, attribute, verdict, id, actor, reason,"
            " (extract(epoch FROM at) * 1000000)::bigint AS at, to_char(until, 'YYYY-MM-DD') AS until,"
            " until_agreed FROM in_force",
            parameters,
        ),
        db.read_arrow(
            connection,
            _IN_FORCE + "SELECT asset_id, attribute, v.value::text AS value, v.place FROM in_force"
            " CROSS JOIN LATERAL jsonb_array_elements(values) WITH ORDINALITY v(value, place)"
            " WHERE verdict = 'resolved'",
            parameters,
        ),
        db.read_arrow(
            connection,
            _IN_FORCE + "SELECT asset_id, attribute, verdict, p.pair ->> 0 AS source, (p.pair -> 1)::text AS value"
            " FROM in_force CROSS JOIN LATERAL jsonb_array_elements(seen) p(pair)",
            parameters,
        ),
    )


def mark_lapsed(connection: sa.Connection, scope: Scope) -> None:
    """Note the assets that still show a value whose resolution has expired."""
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
            " SELECT DISTINCT a.tenant_id, a.engagement_id, a.id FROM resolutions s"
            f" JOIN ({HOMES.format(':engagement')}) h ON h.word_id = s.id JOIN assets a ON a.id = h.asset_id"
            " WHERE s.engagement_id = :engagement AND s.until <= :now"
            " AND a.provenance -> s.attribute ->> 'resolution' = s.id::text ON CONFLICT DO NOTHING"
        ),
        {"engagement": scope.engagement_id, "now": clock.now()},
    )


def mark_stale_by_act(connection: sa.Connection, scope: Scope, act_id: UUID) -> None:
    """Note the assets that the words of an act are about, because the act was undone."""
    connection.execute(
        sa.text(
            "INSERT INTO stale_assets (tenant_id, engagement_id, asset_id)"
            " SELECT DISTINCT s.tenant_id, s.engagement_id, h.asset_id FROM resolutions s"
            f" JOIN ({HOMES.format(':engagement')}) h ON h.word_id = s.id"
            " WHERE s.engagement_id = :engagement AND s.act_id = :act ON CONFLICT DO NOTHING"
        ),
        {"engagement": scope.engagement_id, "act": act_id},
    )


def list_resolutions(
    connection: sa.Connection, scope: Scope, *, asset_id: UUID | None = None, attribute: str | None = None
) -> list[Resolution]:
    """What people said, the newest first, with what became of it (`state`)."""
    rows = connection.execute(
        sa.text(
            "SELECT s.id, s.act_id, coalesce(h.asset_id, s.asset_id) AS asset_id, a.name AS asset, s.attribute,"
            " s.verdict, s.values, s.seen, s.reason, s.actor, s.at, s.until, s.until_agreed, s.chosen_source,"
            " CASE WHEN u.act_id IS NOT NULL THEN 'undone' WHEN s.until <= :now THEN 'expired'"
            " WHEN h.asset_id IS NULL THEN 'lost' ELSE 'standing' END AS state FROM resolutions s"
            f" LEFT JOIN ({HOMES.format(':engagement')}) h ON h.word_id = s.id"
            " LEFT JOIN assets a ON a.id = coalesce(h.asset_id, s.asset_id)"
            " LEFT JOIN undone_acts u ON u.act_id = s.act_id WHERE s.engagement_id = :engagement"
            " ORDER BY s.at DESC, s.id DESC"
        ),
        {"engagement": scope.engagement_id, "now": clock.now()},
    )
    found: list[Resolution] = []
    answered: set[tuple[Any, ...]] = set()
    for row in rows:
        fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to a dict
        place = (row.asset_id, row.attribute, row.verdict)
        if row.state == "standing" and place in answered:
            fields["state"] = "superseded"
        elif row.state == "standing":
            answered.add(place)
        fields["values"] = tuple(fields["values"])
        fields["seen"] = tuple((source, value) for source, value in fields["seen"])
        found.append(Resolution(**fields))
    return [
        one
        for one in found
        if (asset_id is None or one.asset_id == asset_id) and (attribute is None or one.attribute == attribute)
    ]


def verdict_counts(connection: sa.Connection, scope: Scope) -> list[Verdicts]:
    """How often people's standing resolutions found each source right and wrong, per attribute.

    A claim that was there when the word was given is right where its value is among those resolved.
    """
    right: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for one in list_resolutions(connection, scope):
        if one.verdict != "resolved" or one.state != "standing":
            continue
        chosen = {json.dumps(value) for value in one.values}
        for source, value in one.seen:
            counts = right if json.dumps(value) in chosen else wrong
            counts[source, one.attribute] += 1
    return [Verdicts(*pair, right[pair], wrong[pair]) for pair in sorted({*right, *wrong})]
