"""What happened, written in the transaction that made it happen.

Flows append here; `history` and later the live updates read. Never sends anything itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from muniment.base import clock
from muniment.base.db import jsonb, moment, tenant_table, text, uid
from muniment.base.tenancy import Scope

events = tenant_table(
    "events",
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    uid("engagement_id", nullable=True),
    moment("at"),
    text("topic"),
    text("actor"),
    jsonb("payload"),
    root=True,
)


def append(
    connection: sa.Connection, scope: Scope, topic: str, payload: dict[str, Any], *, of_tenant: bool = False
) -> None:
    """Add one event to the log of the engagement, or of the tenant; `topic` is `noun.verb` in the past tense."""
    connection.execute(
        sa.insert(events).values(
            tenant_id=scope.tenant_id,
            engagement_id=None if of_tenant else scope.engagement_id,
            at=clock.now(),
            topic=topic,
            actor=scope.actor,
            payload=payload,
        )
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was appended."""

    at: datetime
    topic: str
    actor: str
    payload: Mapping[str, Any]


_FIELDS = (events.c.at, events.c.topic, events.c.actor, events.c.payload)


def first_since(connection: sa.Connection, scope: Scope, moment: datetime) -> Event | None:
    """The first event of the engagement at or after a moment: what the transaction of that moment told of itself."""
    query = sa.select(*_FIELDS).where(events.c.engagement_id == scope.engagement_id, events.c.at >= moment)
    row = connection.execute(query.order_by(events.c.id).limit(1)).one_or_none()
    return Event(*row) if row else None


def newest(connection: sa.Connection, scope: Scope, topic: str, limit: int | None = None) -> list[Event]:
    """The events of a topic in the engagement, the newest first."""
    query = sa.select(*_FIELDS).where(events.c.engagement_id == scope.engagement_id, events.c.topic == topic)
    return [Event(*row) for row in connection.execute(query.order_by(events.c.id.desc()).limit(limit))]
