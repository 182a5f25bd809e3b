"""Durable work: the row of a flow, and the one writer that an engagement has at a time.

`flows/` runs its phases on these: a phase commits its result together with the mark that it is
done, so a killed process leaves a row that the next writing command can carry on from.
"""

import getpass
import os
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from muniment.base import clock, ids
from muniment.base.db import jsonb, moment, refers, tenant_table, text, uid
from muniment.base.errors import Rejected
from muniment.base.tenancy import Scope, set_tenant

flows = tenant_table(
    "flows",
    uid("id"),
    uid("engagement_id"),
    text("kind"),
    text("status"),
    text("phase"),
    jsonb("options"),
    jsonb("result", nullable=True),
    text("actor"),
    moment("started_at"),
    moment("updated_at"),
    moment("finished_at", nullable=True),
    text("error", nullable=True),
    refers(["engagement_id"], "engagements"),
    sa.Index("ix_flows_open", "tenant_id", "engagement_id", "status"),
)
writers = tenant_table(
    "writers",
    uid("engagement_id"),
    text("command"),
    text("actor"),
    text("host"),
    sa.Column("pid", sa.Integer, nullable=False),
    moment("since"),
    key=("engagement_id",),
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One piece of durable work: what it is, how far it got, what it was asked to do."""

    id: UUID
    kind: str
    status: str
    phase: str
    options: dict[str, Any]
    result: dict[str, Any] | None
    actor: str
    started_at: datetime
    finished_at: datetime | None
    error: str | None


def begin(connection: sa.Connection, scope: Scope, kind: str, options: dict[str, Any]) -> UUID:
    """Record a new flow that is about to run; returns its id."""
    flow_id = ids.new()
    connection.execute(
        sa.insert(flows).values(
            tenant_id=scope.tenant_id,
            id=flow_id,
            engagement_id=scope.engagement_id,
            kind=kind,
            status="running",
            phase="",
            options=options,
            actor=scope.actor,
            started_at=clock.now(),
            updated_at=clock.now(),
        )
    )
    return flow_id


def mark(connection: sa.Connection, flow_id: UUID, phase: str, result: dict[str, Any] | None = None) -> None:
    """Say that a phase is done, in the transaction that stores its result."""
    connection.execute(
        sa.update(flows)
        .where(flows.c.id == flow_id)
        .values(phase=phase, updated_at=clock.now(), **({} if result is None else {"result": result}))
    )


def finish(
    connection: sa.Connection,
    flow_id: UUID,
    status: str,
    result: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """Close a flow as `done` or `failed`."""
    connection.execute(
        sa.update(flows)
        .where(flows.c.id == flow_id)
        .values(
            status=status,
            result=result,
            error=error,
            updated_at=clock.now(),
            finished_at=clock.now(),
        )
    )


def find(connection: sa.Connection, scope: Scope, *, status: str | None = None) -> list[Flow]:
    """The engagement's flows, oldest first."""
    query = sa.select(*(flows.c[name] for name in Flow.__dataclass_fields__)).where(
        flows.c.engagement_id == scope.engagement_id
    )
    if status is not None:
        query = query.where(flows.c.status == status)
    return [Flow(*row) for row in connection.execute(query.order_by(flows.c.started_at, flows.c.id))]


def get(connection: sa.Connection, scope: Scope, flow_id: UUID) -> Flow:
    """One flow by its id.

    Raises:
        Rejected: there is none of that id in this engagement.
    """
    for flow in find(connection, scope):
        if flow.id == flow_id:
            return flow
    raise Rejected(f"{flow_id} is not a flow of this engagement: `muniment imports` lists them")


@contextmanager
def writer(scope: Scope, command: str, waiting: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Be the engagement's only writer; a second one waits, and `waiting` is told for whom.

    The lock is a session lock of PostgreSQL, so it ends with the process, however that ends.
    """
    with _locked(scope, writer_key(scope), lambda: waiting(_holder(scope))):
        _announce(scope, command)
        yield


@contextmanager
def alone(scope: Scope, work: str, waiting: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Be the only one at a kind of work in the engagement, beside its writer; ends with the process as well."""
    key = writer_key(scope) ^ zlib.crc32(work.encode())
    with _locked(scope, key, lambda: waiting(f"another command at work on {work}")):
        yield


@contextmanager
def _locked(scope: Scope, key: int, waiting: Callable[[], None]) -> Iterator[None]:
    with scope.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            waiting()
            while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
                time.sleep(0.1)
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))


def writer_key(scope: Scope) -> int:
    """The number of the lock that an engagement's writer holds."""
    return scope.engagement_id.int & ((1 << 63) - 1)


def _announce(scope: Scope, command: str) -> None:
    row = {
        "command": command,
        "actor": scope.actor,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": clock.now(),
    }
    with scope.engine.begin() as connection:
        set_tenant(connection, scope.tenant_id)
        connection.execute(
            insert(writers)
            .values(tenant_id=scope.tenant_id, engagement_id=scope.engagement_id, **row)
            .on_conflict_do_update(index_elements=["tenant_id", "engagement_id"], set_=row)
        )


def _holder(scope: Scope) -> str:
    with scope.transaction() as connection:
        row = connection.execute(sa.select(writers).where(writers.c.engagement_id == scope.engagement_id)).one_or_none()
    if row is None:
        return "another command"
    return f"`{row.command}` of {row.actor} (process {row.pid} on {row.host}, since {row.since:%H:%M:%S} UTC)"


def system_user() -> str:
    """The operating system's name of the person at the keyboard."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
