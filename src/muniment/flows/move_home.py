"""A home's data moved into another PostgreSQL: copied from one snapshot, verified, then pointed to.

Called by whoever looks after the home. The new database takes everything in one transaction or nothing;
the old one is only read, and stays until it is told to go.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from muniment import register
from muniment.base import db, jobs, settings, tenancy, transfer
from muniment.base import home as homes
from muniment.base.census import check_owner
from muniment.base.errors import Permanent, Rejected, Retryable
from muniment.base.lake import Lake
from muniment.base.settings import Settings
from muniment.flows.progress import Progress, quiet


@dataclass(frozen=True, slots=True)
class Moved:
    """What is now in the new database, and how it was made sure.

    `fingerprints` has one per `tenant/engagement`, equal in both databases. `file` is the settings file
    that names the new database; None where an environment variable does, which must be changed by hand.
    """

    database: str
    lake: str
    rows: dict[str, int]
    files: int
    fingerprints: dict[str, str]
    file: str | None
    copied: bool


def move(configuration: Settings, url: str, lake: str | None = None, progress: Progress = quiet) -> Moved:
    """Copy every tenant into an empty PostgreSQL 15 or newer with pgvector, and point the home to it.

    A database that already holds an equal copy (an earlier call was interrupted after it) is taken as it is.

    Args:
        configuration: of the home to move.
        url: `postgresql://user:password@host/database` of the role that will own the tables.
        lake: a folder or URL to move the raw files to as well; None leaves them where they are.
        progress: called as tables and files go over.

    Raises:
        Rejected: the URL is none, or the database holds other data.
        Permanent: it cannot be prepared, or a fingerprint differs; nothing of it was kept.
        Retryable: a command is at work in the home, or the database does not answer.
    """
    target_url = homes.address_of(url)
    homes.application_engine(configuration).dispose()
    owner, target = homes.owner_engine(configuration), homes.admin_engine(target_url)
    homes.prepare(configuration, target_url)
    with owner.connect() as keeper, owner.connect() as source, target.connect() as there:
        check_owner(keeper)
        held = _engagements(keeper)
        wanted = transfer.tables(keeper)
        keeper.commit()
        with _only_writer(keeper, held):
            _freeze(source, wanted)
            rows, already = transfer.count(source, wanted), transfer.count(there, wanted)
            if any(already.values()) and already != rows:
                raise Rejected(f"{homes.shown(target_url)} holds other data: name an empty database")
            if not any(already.values()):
                transfer.copy(source, there, wanted, lambda name, size: progress("copy", size, None, name))
            fingerprints = _verified(source, there, held)
            files = _move_lake(configuration, lake, progress)
            there.commit()
            file = _point(configuration, url, lake)
    return Moved(
        homes.shown(target_url),
        lake or configuration.lake_url,
        rows,
        files,
        fingerprints,
        file,
        copied=not any(already.values()),
    )


def _engagements(connection: sa.Connection) -> list[tenancy.Scope]:
    query = sa.text(
        "SELECT t.id AS tenant_id, e.id AS engagement_id, t.name AS tenant, e.name AS engagement"
        f" FROM {db.SCHEMA}.engagements e JOIN {db.SCHEMA}.tenants t ON t.id = e.tenant_id ORDER BY 3, 4"
    )
    rows = connection.execute(query).mappings()
    return [tenancy.Scope(engine=connection.engine, actor="", **row) for row in rows]


@contextlib.contextmanager
def _only_writer(connection: sa.Connection, held: Sequence[tenancy.Scope]) -> Iterator[None]:
    """Be the writer of every engagement, or of none; the locks end with the connection."""
    for scope in held:
        key = jobs.writer_key(scope)
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))
            raise Retryable(f"a command is writing to {scope.tenant}/{scope.engagement}: move when it is done", 30)
    connection.commit()
    try:
        yield
    finally:
        connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))
        connection.commit()


def _freeze(connection: sa.Connection, wanted: Sequence[transfer.Copied]) -> None:
    """One snapshot of everything, and nobody writes meanwhile."""
    connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    names = ", ".join(f'{db.SCHEMA}."{table.name}"' for table in wanted)
    connection.execute(sa.text(f"LOCK TABLE {names} IN SHARE MODE"))


def _verified(source: sa.Connection, target: sa.Connection, held: Sequence[tenancy.Scope]) -> dict[str, str]:
    """The fingerprint of every engagement, asked of both databases in the application role."""
    found = {}
    for scope in held:
        name = f"{scope.tenant}/{scope.engagement}"
        here, there = (_fingerprint(one, scope) for one in (source, target))
        if here != there:
            raise Permanent(f"{name} did not arrive as it was: nothing was kept in the new database, nothing changed")
        found[name] = here
    return found


def _fingerprint(connection: sa.Connection, scope: tenancy.Scope) -> str:
    with connection.begin_nested():
        connection.execute(sa.text(f"SET LOCAL search_path = {db.SCHEMA}, public"))
        connection.execute(sa.text(f"SET LOCAL ROLE {db.APPLICATION_ROLE}"))
        tenancy.set_tenant(connection, scope.tenant_id)
        value = register.fingerprint(connection, scope, with_ids=True)
        connection.execute(sa.text("RESET ROLE"))
    return value


def _move_lake(configuration: Settings, lake: str | None, progress: Progress) -> int:
    if lake is None:
        return 0
    files = 0
    for files, size in enumerate(Lake(configuration.lake_url).copy_to(Lake(lake)), start=1):
        progress("copy", files, None, f"raw files, {size:,} bytes")
    return files


def _point(configuration: Settings, url: str, lake: str | None) -> str | None:
    """Let the home's file of settings name the new places, unless a variable has the last word."""
    if any(configuration.origins[name].startswith("MUNIMENT_") for name in ("database_url", "lake_url")):
        return None
    changes = {"database_url": url, **({"lake_url": lake} if lake else {})}
    return str(settings.store(configuration.home, changes))
