"""Who acts for which client account: the one place that sets the tenant of a transaction.

Every read and write of tenant data happens inside `Scope.transaction`. Policies compare with the
setting made here, so code that forgets the tenant sees nothing at all.
"""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from muniment.base import clock, ids
from muniment.base.db import metadata, moment, tenant_table, text, uid
from muniment.base.errors import NotFound, Rejected, Retryable

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

DEFAULT = "default"
"""The name of the tenant and the engagement that are there until someone says otherwise."""

_LONGEST_NAME = 100
_LISTED = 10


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
        """A transaction that sees this tenant only; commits at the end, rolls back on error.

        Raises:
            Retryable: the connection to the database was lost; nothing of the transaction stays.
        """
        try:
            with self.engine.begin() as connection:
                set_tenant(connection, self.tenant_id)
                yield connection
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise Retryable(f"the connection to the database was lost ({_said(error)}): try again") from error


def _said(error: sa.exc.DBAPIError) -> str:
    return " ".join(str(error.orig).split())


def set_tenant(connection: sa.Connection, tenant_id: UUID) -> None:
    """Name the tenant of the current transaction (not of the session)."""
    connection.execute(
        sa.select(sa.func.set_config("muniment.tenant", str(tenant_id), True))  # noqa: FBT003
    )


def open_scope(engine: sa.Engine, tenant: str, engagement: str, actor: str, *, create: bool = True) -> Scope:
    """Find the tenant and the engagement by name.

    Args:
        engine: of the application role.
        tenant: the tenant's name.
        engagement: the engagement's name in that tenant.
        actor: who is named as the author of changes.
        create: make what does not exist; without it only `default` is made.

    Raises:
        Rejected: a name is empty or longer than 100 characters.
        NotFound: it does not exist and is not to be made.
    """
    for name in (tenant, engagement):
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise Rejected(f"{name!r}: a tenant or engagement name has 1 to {_LONGEST_NAME} characters")
    with engine.begin() as connection:
        tenant_id = connection.execute(sa.select(sa.func.tenant_named(tenant))).scalar_one()
        if tenant_id is None:
            if not create and tenant != DEFAULT:
                raise NotFound(f"there is no tenant {tenant!r}")
            tenant_id = connection.execute(
                sa.select(sa.func.create_tenant(ids.new(), tenant, clock.now()))
            ).scalar_one()
        set_tenant(connection, tenant_id)
        known = {row.name: row.id for row in connection.execute(sa.select(engagements.c.name, engagements.c.id))}
        if engagement not in known:
            if not create and not (engagement == DEFAULT and not known):
                raise NotFound(f"tenant {tenant!r} has no engagement {engagement!r}; {closest(engagement, known)}")
            known[engagement] = _add_engagement(connection, tenant_id, engagement)
    return Scope(engine, tenant_id, known[engagement], tenant, engagement, actor)


def closest(wanted: str, known: Iterable[str]) -> str:
    """What there is instead of a name that is not: the close ones, else all."""
    names = sorted(known)
    close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    if close:
        return f"close: {', '.join(repr(name) for name in close)}"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"there is {', '.join(repr(name) for name in names[:_LISTED])}{more}" if names else "there is none yet"


def _add_engagement(connection: sa.Connection, tenant_id: UUID, name: str) -> UUID:
    from sqlalchemy.dialects.postgresql import insert

    connection.execute(
        insert(engagements)
        .values(tenant_id=tenant_id, id=ids.new(), name=name, created_at=clock.now())
        .on_conflict_do_nothing()
    )
    found: UUID = connection.execute(sa.select(engagements.c.id).where(engagements.c.name == name)).scalar_one()
    return found
