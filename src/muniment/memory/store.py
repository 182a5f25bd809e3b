"""The only queries on decisions, feedback and acts. All are appended to and never updated.

Each takes a connection of a tenant's transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, ids
from muniment.base.errors import NotFound, Rejected
from muniment.base.tenancy import Scope
from muniment.memory.tables import acts, decisions, feedback, undone_acts


@dataclass(frozen=True, slots=True)
class Lesson:
    """How often a choice for a subject was accepted and rejected by people."""

    subject: str
    choice: str
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a person did that can be taken back: `what` says it in words, `details` what undoing needs."""

    id: UUID
    kind: str
    what: str
    details: Mapping[str, Any]
    reason: str
    actor: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None


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


# Acts


def add_act(
    connection: sa.Connection,
    scope: Scope,
    kind: str,
    what: str,
    reason: str = "",
    *,
    act_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> UUID:
    """Append an act to the log, in the transaction that carries it out; returns its id.

    Args:
        connection: of that transaction.
        scope: who acts, and where.
        kind: what it is, such as `merge`; tells how it is undone.
        what: the same in words, with the names of the moment.
        reason: the person's own words.
        act_id: where the act has an id already.
        details: what undoing needs besides the id.
    """
    act_id = act_id or ids.new()
    connection.execute(
        sa.insert(acts).values(
            tenant_id=scope.tenant_id,
            id=act_id,
            engagement_id=scope.engagement_id,
            kind=kind,
            what=what,
            details=dict(details or {}),
            reason=reason,
            actor=scope.actor,
            at=clock.now(),
        )
    )
    return act_id


def list_acts(connection: sa.Connection, scope: Scope) -> list[Act]:
    """Every act of the engagement, the newest first, those taken back too."""
    query = (
        sa.select(
            *(acts.c[name] for name in ("id", "kind", "what", "details", "reason", "actor", "at")),
            undone_acts.c.actor.label("undone_by"),
            undone_acts.c.at.label("undone_at"),
        )
        .outerjoin(
            undone_acts,
            (undone_acts.c.tenant_id == acts.c.tenant_id) & (undone_acts.c.act_id == acts.c.id),
        )
        .where(acts.c.engagement_id == scope.engagement_id)
        .order_by(acts.c.at.desc(), acts.c.id.desc())
    )
    return [Act(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - the documented way to a dict


def undone(connection: sa.Connection, scope: Scope) -> set[UUID]:
    """The ids of the acts that were taken back."""
    query = sa.select(undone_acts.c.act_id).where(undone_acts.c.engagement_id == scope.engagement_id)
    return set(connection.scalars(query))


def take_back(connection: sa.Connection, scope: Scope, act_id: UUID | None, reason: str = "") -> Act:
    """Append that an act no longer counts: the one named, or the latest that still does.

    Raises:
        NotFound: there is no such act, or none left to undo.
        Rejected: it was undone before.
    """
    known = list_acts(connection, scope)
    if act_id is None:
        act = next((one for one in known if one.undone_at is None), None)
        if act is None:
            raise NotFound("there is nothing to undo: no merge, split, resolution or edit stands")
    else:
        act = next((one for one in known if one.id == act_id), None)
        if act is None:
            raise NotFound(f"{act_id} is no act of this engagement: `muniment undo --list` shows them")
    if act.undone_at is not None:
        raise Rejected(f"{ids.short(act.id)} ({act.what}) was undone before")
    connection.execute(
        sa.insert(undone_acts).values(
            tenant_id=scope.tenant_id,
            act_id=act.id,
            engagement_id=scope.engagement_id,
            reason=reason,
            actor=scope.actor,
            at=clock.now(),
        )
    )
    return act
