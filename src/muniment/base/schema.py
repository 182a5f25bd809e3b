"""The schema's upkeep: roles, policies, migrations with a backup before each.

`home.open` calls `prepare` once per command; migrations call `secure`. Runs as the database's
owner and never touches a tenant's rows.
"""

from collections.abc import Callable
from importlib import resources
from typing import Any

import sqlalchemy as sa

from muniment.base.db import APPLICATION_ROLE, SCHEMA
from muniment.base.errors import Permanent

_UPGRADE_LOCK = 0x6D756E696D656E74
POLICY = "tenant_id = nullif(current_setting('muniment.tenant', true), '')::uuid"


def head() -> str:
    """The revision that this program's code expects."""
    files = resources.files("muniment").joinpath("migrations", "versions").iterdir()
    return max(file.name.split("_")[0] for file in files if file.name.endswith(".py"))


def revision(connection: sa.Connection) -> str | None:
    """The revision a database is at; None where there is no schema of ours yet."""
    if connection.scalar(sa.select(sa.func.to_regclass(f"{SCHEMA}.alembic_version"))) is None:
        return None
    found = connection.scalar(sa.text(f"SELECT version_num FROM {SCHEMA}.alembic_version"))
    return str(found) if found else None


def secure(table: str) -> tuple[str, ...]:
    """The statements that put a tenant table under its policy, for use in a migration."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} USING ({POLICY}) WITH CHECK ({POLICY})",
    )


def prepare(admin: sa.Engine, backup: Callable[[str], None], password: str | None = None) -> None:
    """Bring a database to `head`, from nothing or from an older revision.

    Args:
        admin: an engine of the database's owner.
        backup: called with the old revision before an existing schema is changed.
        password: where given, the application role may sign in with it.

    Raises:
        Permanent: the database belongs to a newer program, or lacks pgvector, or the role in the
            URL may not create what is needed.
    """
    with admin.connect() as connection:
        found = revision(connection)
    if found == head():
        return
    if found is not None and found > head():
        raise Permanent(
            f"the database is at revision {found}, this program knows {head()}: "
            "install the newer Muniment again (`pip install --upgrade muniment`)"
        )
    try:
        with admin.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(_UPGRADE_LOCK)))
            connection.commit()
            found = revision(connection)
            if found == head():
                return
            if found is not None:
                backup(found)
            connection.commit()
            _create_roles(connection, password)
            _migrate(connection)
            _grant(connection)
            connection.commit()
    except sa.exc.DBAPIError as error:
        raise Permanent(
            f"the database could not be prepared: {str(error.orig).strip()}. It must be "
            "PostgreSQL >= 15 with pgvector, and the role in the URL must own the database and "
            "be allowed to create roles"
        ) from error


def _create_roles(connection: sa.Connection, password: str | None) -> None:
    if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APPLICATION_ROLE}):
        connection.execute(sa.text(f"CREATE ROLE {APPLICATION_ROLE} NOLOGIN NOBYPASSRLS"))
    raw: Any = connection.connection.driver_connection
    if password is not None:
        from psycopg import sql

        verifier = raw.pgconn.encrypt_password(password.encode(), APPLICATION_ROLE.encode(), b"scram-sha-256")
        with raw.cursor() as cursor:
            cursor.execute(
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(APPLICATION_ROLE), sql.Literal(verifier.decode())
                )
            )
    connection.execute(sa.text(f"GRANT {APPLICATION_ROLE} TO CURRENT_USER"))
    connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public"))
    connection.execute(sa.text(f"SET search_path = {SCHEMA}, public"))


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "muniment:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _grant(connection: sa.Connection) -> None:
    for statement in (
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {APPLICATION_ROLE}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {APPLICATION_ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {APPLICATION_ROLE}",
        f"REVOKE ALL ON FUNCTION {SCHEMA}.tenant_named, {SCHEMA}.create_tenant FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {SCHEMA}.tenant_named, {SCHEMA}.create_tenant TO {APPLICATION_ROLE}",
    ):
        connection.execute(sa.text(statement))
    tables = connection.scalars(
        sa.text(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE nspname = :schema AND relkind = 'r' AND relrowsecurity AND relname <> 'tenants'"
        ),
        {"schema": SCHEMA},
    )
    for table in tables.all():
        connection.execute(sa.text(f"GRANT INSERT, UPDATE, DELETE ON {SCHEMA}.{table} TO {APPLICATION_ROLE}"))
