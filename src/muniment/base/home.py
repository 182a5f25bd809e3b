"""A home: its settings, its database (embedded or by URL), its lake, and who acts in it.

Every door opens one with `open_home` and gets a `Home` to hand to flows and reads.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from muniment.base import clock, db, jobs, schema, settings, tenancy
from muniment.base.errors import NotFound, Permanent, Rejected, Retryable
from muniment.base.lake import Lake
from muniment.base.tenancy import Scope

_DATABASE = "muniment"
_REFUSALS = ("authentication failed", "does not exist", "pg_hba.conf", "no password supplied", "not permitted")


@dataclass(frozen=True, slots=True)
class Home:
    """Everything a command needs: settings, the scope it acts in, the lake."""

    settings: settings.Settings
    scope: Scope

    @property
    def lake(self) -> Lake:
        """The lake of this home."""
        return Lake(self.settings.lake_url)

    @property
    def spill(self) -> Path:
        """A folder for what the bulk engine spills."""
        folder: Path = self.settings.home / "spill"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def open_home(configuration: settings.Settings, *, create: bool = True) -> Home:
    """Open a home, making its folder and database where they do not exist.

    Args:
        configuration: the settings in force.
        create: make the tenant and the engagement as well; without it only those called `default`.

    Raises:
        Rejected: the home is not a folder that can be made.
        NotFound: there is no such tenant or engagement, and it is not to be made.
        Permanent: the database cannot be started or brought to this version.
        Retryable: the database does not answer.
    """
    engine = application_engine(configuration)
    actor = configuration["actor"] or jobs.system_user()
    tenant, engagement = configuration["tenant"], configuration["engagement"]
    try:
        scope = tenancy.open_scope(engine, tenant, engagement, actor, create=create)
    except NotFound as error:
        engine.dispose()
        tenants = _tenants(configuration)
        hint = "" if not tenants or tenant in tenants else f"; {tenancy.closest(tenant, tenants)}"
        raise NotFound(f"{error}{hint}. An import into it makes it") from None
    return Home(configuration, scope)


def application_engine(configuration: settings.Settings) -> sa.Engine:
    """Connections in the application role, to a database that is there and up to date.

    Raises:
        Rejected: the home is not a folder that can be made.
        Permanent: the database cannot be started or brought to this version.
        Retryable: the database does not answer.
    """
    home = configuration.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Rejected(f"the home {home} cannot be made ({error.strerror}): set MUNIMENT_HOME") from error
    return _foreign(configuration) if configuration["database_url"] else _embedded(configuration)


def owner_engine(configuration: settings.Settings) -> sa.Engine:
    """Connections of the database's owner, whom no policy holds back; for looking after the home only."""
    if configuration["database_url"]:
        return admin_engine(address_of(configuration["database_url"]))
    from muniment.base import embedded

    address = embedded.ensure(configuration.home, idle_seconds=configuration["idle_seconds"])
    return admin_engine(address.url(database=_DATABASE))


def _tenants(configuration: settings.Settings) -> list[str]:
    owner = owner_engine(configuration)
    with owner.connect() as connection:
        return list(connection.scalars(sa.text(f"SELECT name FROM {db.SCHEMA}.tenants")))


def _embedded(configuration: settings.Settings) -> sa.Engine:
    from muniment.base import embedded

    address = embedded.ensure(configuration.home, idle_seconds=configuration["idle_seconds"])
    application = db.engine(address.url(database=_DATABASE, user=db.APPLICATION_ROLE))
    if _is_current(application):
        return application
    owner = admin_engine(address.url(database="postgres"))
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        known = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
        if not connection.scalar(known, {"name": _DATABASE}):
            try:
                connection.execute(sa.text(f"CREATE DATABASE {_DATABASE}"))
            except sa.exc.DBAPIError:
                if not connection.scalar(known, {"name": _DATABASE}):
                    raise
    owner.dispose()
    url = address.url(database=_DATABASE)
    admin = admin_engine(url)
    try:
        schema.prepare(admin, lambda old: _backup(configuration, url, old), address.password)
    finally:
        admin.dispose()
    return application


def _is_current(engine: sa.Engine) -> bool:
    try:
        with engine.connect() as connection:
            return schema.revision(connection) == schema.head()
    except sa.exc.DBAPIError:
        return False


def _foreign(configuration: settings.Settings) -> sa.Engine:
    text = address_of(configuration["database_url"])
    application = db.engine(text)
    if _is_current(application):
        return application
    prepare(configuration, text)
    return application


def address_of(given: str) -> str:
    """A database's URL as SQLAlchemy takes it, with the password in it: never print it.

    Raises:
        Rejected: it is not the URL of a PostgreSQL.
    """
    try:
        url = sa.make_url(given)
    except (sa.exc.ArgumentError, ValueError):  # whose own words may hold the password
        raise Rejected("database_url is not a URL: postgresql://user:password@host:5432/database") from None
    if url.get_backend_name() != "postgresql":
        raise Rejected(f"database_url must begin with postgresql://, not {url.drivername}://")
    if "@" in (url.host or ""):
        raise Rejected("database_url: its host holds an @: write @ in a password as %40")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def shown(url: str) -> str:
    """A database's URL without its password."""
    parsed = sa.make_url(url).set(drivername="postgresql").difference_update_query(["password"])
    return parsed.render_as_string(hide_password=True)


def prepare(configuration: settings.Settings, url: str) -> None:
    """Bring the database of a URL to this program's schema, with a backup in the home before a change.

    Raises:
        Permanent: it refuses us, or cannot be brought to this version.
        Retryable: it does not answer.
    """
    admin = admin_engine(url)
    try:
        schema.prepare(admin, lambda old: _backup(configuration, url, old))
    except sa.exc.OperationalError as error:
        said = " ".join(str(error.orig).split())
        if any(word in said for word in _REFUSALS):
            raise Permanent(f"{shown(url)} refuses us: {said}. Mend MUNIMENT_DATABASE_URL") from error
        raise Retryable(
            f"{shown(url)} does not answer: {said}. Start that PostgreSQL or mend MUNIMENT_DATABASE_URL, "
            "then try again",
            10,
        ) from error
    finally:
        admin.dispose()


def admin_engine(url: str) -> sa.Engine:
    """Connections in the role that a URL names, none of them kept."""
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"application_name": "muniment"})


def _backup(configuration: settings.Settings, url: str, old: str) -> None:
    from muniment.base import server_cluster

    folder = configuration.home / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{clock.now():%Y%m%dT%H%M%SZ}-revision-{old}.dump"
    parsed = sa.make_url(url)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
        "PGPASSWORD": str(parsed.password or parsed.query.get("password", "")),
    }
    public = parsed.difference_update_query(["password"])._replace(drivername="postgresql", password=None)
    command = [
        str(server_cluster.binaries() / "pg_dump"),
        "--format=custom",
        f"--schema={db.SCHEMA}",
        f"--file={target}",
        f"--dbname={public.render_as_string()}",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        target.unlink(missing_ok=True)
        raise Permanent(f"no backup before the upgrade, so nothing was changed: {done.stderr.strip()}")
    target.chmod(0o600)
