"""Who acts for which client account: the one place that sets the tenant of a transaction.

Every read and write of tenant data happens inside `Scope.transaction`. Policies compare with the
setting made here, so code that forgets the tenant sees nothing at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, ids
from muniment.base.db import metadata, moment, tenant_table, text, uid
from muniment.base.errors import Rejected

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    moment("created_at"),
)
engagements = tenant_table(
    "engagements",
    uid("id"),
    text("name"),
    moment("created_at"),
    sa.UniqueConstraint("tenant_id", "name"),
    root=True,
)

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """One tenant and engagement, the person acting, and the database to act on."""

    engine: sa.Engine
    tenant_id: UUID
    engagement_id: UUID
    tenant: str
    engagement: str
    actor: str

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction that sees this tenant only; commits at the end, rolls back on error."""
        with self.engine.begin() as connection:
            set_tenant(connection, self.tenant_id)
            yield connection


def set_tenant(connection: sa.Connection, tenant_id: UUID) -> None:
    """Name the tenant of the current transaction (not of the session)."""
    connection.execute(
        sa.select(sa.func.set_config("muniment.tenant", str(tenant_id), True))  # noqa: FBT003
    )


def open_scope(engine: sa.Engine, tenant: str, engagement: str, actor: str) -> Scope:
    """Find the tenant and the engagement by name; either is made when it does not exist.

    Raises:
        Rejected: a name is empty or longer than 100 characters.
    """
    for name in (tenant, engagement):
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise Rejected(f"{name!r}: a tenant or engagement name has 1 to {_LONGEST_NAME} characters")
    with engine.begin() as connection:
        tenant_id = connection.execute(sa.select(sa.func.tenant_named(tenant))).scalar_one()
        if tenant_id is None:
            tenant_id = connection.execute(
                sa.select(sa.func.create_tenant(ids.new(), tenant, clock.now()))
            ).scalar_one()
        set_tenant(connection, tenant_id)
        found = sa.select(engagements.c.id).where(engagements.c.name == engagement)
        engagement_id = connection.execute(found).scalar()
        if engagement_id is None:
            from sqlalchemy.dialects.postgresql import insert

            connection.execute(
                insert(engagements)
                .values(tenant_id=tenant_id, id=ids.new(), name=engagement, created_at=clock.now())
                .on_conflict_do_nothing()
            )
            engagement_id = connection.execute(found).scalar_one()
    return Scope(engine, tenant_id, engagement_id, tenant, engagement, actor)
