"""The only queries on decisions and feedback. Both are appended to and never updated.

Each takes a connection of a tenant's transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, ids
from muniment.base.tenancy import Scope
from muniment.memory.tables import decisions, feedback


@dataclass(frozen=True, slots=True)
class Lesson:
    """How often a choice for a subject was accepted and rejected by people."""

    subject: str
    choice: str
    accepted: int
    rejected: int


def decide(connection: sa.Connection, scope: Scope, kind: str, choices: Iterable[Mapping[str, Any]]) -> list[UUID]:
    """Record decisions of one kind.

    Args:
        connection: of the transaction that acts on them.
        scope: whose decisions.
        kind: such as `mapping`.
        choices: mappings with subject, choice, confidence and evidence (JSON).

    Returns:
        The ids, in the order of `choices`.
    """
    rows = [
        {
            "tenant_id": scope.tenant_id,
            "id": ids.new(),
            "engagement_id": scope.engagement_id,
            "kind": kind,
            "actor": scope.actor,
            "at": clock.now(),
            **choice,
        }
        for choice in choices
    ]
    if rows:
        connection.execute(sa.insert(decisions), rows)
    return [row["id"] for row in rows]


def give_feedback(
    connection: sa.Connection,
    scope: Scope,
    decision_id: UUID,
    verdict: str,
    choice: str,
    reason: str = "",
) -> None:
    """Record a verdict (`accepted`, `rejected`, `withdrawn`) on a choice that a decision offered."""
    connection.execute(
        sa.insert(feedback).values(
            tenant_id=scope.tenant_id,
            id=ids.new(),
            decision_id=decision_id,
            verdict=verdict,
            choice=choice,
            reason=reason,
            actor=scope.actor,
            at=clock.now(),
        )
    )


def lessons(connection: sa.Connection, kind: str) -> list[Lesson]:
    """What people's verdicts taught about decisions of a kind; a withdrawn verdict no longer counts."""
    last = (
        sa.select(
            decisions.c.subject,
            feedback.c.choice,
            feedback.c.verdict,
            sa.func.row_number()
            .over(
                partition_by=[feedback.c.decision_id, feedback.c.choice],
                order_by=[feedback.c.at.desc(), feedback.c.id.desc()],
            )
            .label("place"),
        )
        .join(decisions, decisions.c.id == feedback.c.decision_id)
        .where(decisions.c.kind == kind)
        .subquery()
    )
    verdict = last.c.verdict
    query = (
        sa.select(
            last.c.subject,
            last.c.choice,
            sa.func.count().filter(verdict == "accepted"),
            sa.func.count().filter(verdict == "rejected"),
        )
        .where(last.c.place == 1, verdict != "withdrawn")
        .group_by(last.c.subject, last.c.choice)
        .order_by(last.c.subject, last.c.choice)
    )
    return [Lesson(*row) for row in connection.execute(query)]
