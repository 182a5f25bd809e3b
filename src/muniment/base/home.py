"""A home: its settings, its database (embedded or by URL), its lake, and who acts in it.

Every door opens one with `open_home` and gets a `Home` to hand to flows and reads.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from muniment.base import clock, db, jobs, schema, settings, tenancy
from muniment.base.errors import Permanent, Rejected
from muniment.base.lake import Lake
from muniment.base.tenancy import Scope

_DATABASE = "muniment"


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


def open_home(configuration: settings.Settings) -> Home:
    """Open a home, making it (folder, database, tenant, engagement) where it does not exist.

    Raises:
        Rejected: the home is not a folder that can be made.
        Permanent: the database cannot be started, reached or brought to this version.
    """
    home = configuration.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Rejected(f"the home {home} cannot be made ({error.strerror}): set MUNIMENT_HOME") from error
    engine = _foreign(configuration) if configuration["database_url"] else _embedded(configuration)
    actor = configuration["actor"] or jobs.system_user()
    scope = tenancy.open_scope(engine, configuration["tenant"], configuration["engagement"], actor)
    return Home(configuration, scope)


def _embedded(configuration: settings.Settings) -> sa.Engine:
    from muniment.base import embedded

    address = embedded.ensure(configuration.home, idle_seconds=configuration["idle_seconds"])
    application = db.engine(address.url(database=_DATABASE, user=db.APPLICATION_ROLE))
    if _is_current(application):
        return application
    owner = _admin(address.url(database="postgres"))
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
    admin = _admin(url)
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
    given = configuration["database_url"]
    try:
        url = sa.make_url(given)
    except (sa.exc.ArgumentError, ValueError):  # whose own words may hold the password
        raise Rejected("database_url is not a URL: postgresql://user:password@host:5432/database") from None
    if url.get_backend_name() != "postgresql":
        raise Rejected(f"database_url must begin with postgresql://, not {url.drivername}://")
    if "@" in (url.host or ""):
        raise Rejected("database_url: its host holds an @: write @ in a password as %40")
    text = url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    application = db.engine(text)
    if _is_current(application):
        return application
    admin = _admin(text)
    try:
        schema.prepare(admin, lambda old: _backup(configuration, text, old))
    except sa.exc.OperationalError as error:
        shown = url.difference_update_query(["password"]).render_as_string(hide_password=True)
        raise Permanent(f"{shown} does not answer: {' '.join(str(error.orig).split())}") from error
    finally:
        admin.dispose()
    return application


def _admin(url: str) -> sa.Engine:
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
