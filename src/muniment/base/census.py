"""What a home holds: bytes by part, versions, tenants and engagements with their counts.

Asked by whoever looks after the home, as the database's owner, whom no policy holds back. Writes nothing.
"""

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import sqlalchemy as sa

from muniment.base import db, schema
from muniment.base import home as homes
from muniment.base.errors import Permanent
from muniment.base.lake import Lake
from muniment.base.settings import Settings

COUNTED = ("imports", "records", "assets", "conflicts")


@dataclass(frozen=True, slots=True)
class Held:
    """One engagement of a tenant, and how many rows it has in the tables that people know."""

    tenant: str
    engagement: str
    imports: int
    records: int
    assets: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Census:
    """A home at a glance.

    `parts` is in bytes: database, lake, backups, exports, spill. `database` is its address without
    the password, or `embedded`.
    """

    home: Path
    database: str
    lake: str
    parts: dict[str, int]
    program: str
    schema: str
    server: str
    engagements: tuple[Held, ...]


def census(configuration: Settings) -> Census:
    """Look through a home.

    Raises:
        Permanent: the role in the URL does not own the database.
        Retryable: the database does not answer.
    """
    homes.application_engine(configuration).dispose()
    owner = homes.owner_engine(configuration)
    with owner.connect() as connection:
        check_owner(connection)
        size = int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)
        version = str(connection.scalar(sa.text("SHOW server_version")))
        revision = schema.revision(connection) or ""
        held = tuple(Held(**row) for row in connection.execute(sa.text(_HELD)).mappings())
    url = configuration["database_url"]
    folders = {name: folder_bytes(configuration.home / name) for name in ("backups", "exports", "spill")}
    return Census(
        configuration.home,
        homes.shown(url) if url else "embedded",
        configuration.lake_url,
        {"database": size, "lake": lake_bytes(Lake(configuration.lake_url)), **folders},
        metadata.version("muniment"),
        revision,
        version,
        held,
    )


_HELD = (
    "SELECT t.name AS tenant, e.name AS engagement, "
    + ", ".join(
        f"(SELECT count(*) FROM {db.SCHEMA}.{table} x WHERE x.tenant_id = e.tenant_id AND x.engagement_id = e.id)"
        f" AS {table}"
        for table in COUNTED
    )
    + f" FROM {db.SCHEMA}.engagements e JOIN {db.SCHEMA}.tenants t ON t.id = e.tenant_id ORDER BY 1, 2"
)


def check_owner(connection: sa.Connection) -> None:
    """Make sure that no policy hides rows from this connection.

    Raises:
        Permanent: it is not the owner of the tables.
    """
    owns = sa.text(
        "SELECT bool_and(pg_has_role(current_user, relowner, 'USAGE')) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = to_regnamespace(:schema)"
    )
    if connection.scalar(owns, {"schema": db.SCHEMA}) is False:
        raise Permanent(
            "the role in MUNIMENT_DATABASE_URL does not own the tables, so it cannot look after them: "
            "use the role that made them"
        )


def lake_bytes(lake: Lake) -> int:
    """What the files of a lake take."""
    if not lake.files.exists(lake.root):
        return 0
    return sum(int(entry["size"]) for entry in lake.files.find(lake.root, detail=True).values())


def folder_bytes(folder: Path) -> int:
    """What the files of a folder take; 0 where there is none."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
