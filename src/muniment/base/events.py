"""What happened, written in the transaction that made it happen.

Flows append here; progress readers and later the live updates read. Never sends anything itself.
"""

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
