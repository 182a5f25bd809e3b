"""A home made empty: its database, its lake, backups and spill are gone, its settings stay.

Called by whoever looks after the home, who was asked first. Touches only what Muniment made.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from muniment.base import db, embedded
from muniment.base import home as homes
from muniment.base.census import check_owner, folder_bytes, lake_bytes
from muniment.base.lake import Lake
from muniment.base.settings import Settings

_FOLDERS = ("backups", "exports", "spill")


@dataclass(frozen=True, slots=True)
class Emptied:
    """What was taken away, and how many bytes it held."""

    removed: dict[str, int]


def reset(configuration: Settings) -> Emptied:
    """Remove every tenant, engagement, raw row and backup of a home.

    Raises:
        Permanent: the role in the URL does not own the database, or a folder is another's.
        Retryable: the database does not answer, or does not stop.
    """
    removed: dict[str, int] = {}
    if configuration["database_url"]:
        owner = homes.owner_engine(configuration)
        with owner.begin() as connection:
            check_owner(connection)
            removed["database"] = int(connection.scalar(sa.text(_BYTES), {"schema": db.SCHEMA}) or 0)
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {db.SCHEMA} CASCADE"))
    else:
        removed["database"] = drop_embedded(configuration.home)
    lake = Lake(configuration.lake_url)
    if lake.files.exists(f"{lake.root}/raw"):
        removed["lake"] = lake_bytes(lake)
        lake.files.rm(f"{lake.root}/raw", recursive=True)
    for name in _FOLDERS:
        folder = configuration.home / name
        if folder.is_dir():
            removed[name] = folder_bytes(folder)
            shutil.rmtree(folder)
    return Emptied(removed)


_BYTES = (
    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = to_regnamespace(:schema)"
)


def drop_embedded(home: Path) -> int:
    """Stop the embedded server of a home and remove its data; returns the bytes it took.

    Raises:
        Permanent: the folder is another user's.
        Retryable: the server does not stop.
    """
    size = embedded.status(home).data_bytes
    embedded.stop(home)
    shutil.rmtree(home.expanduser().resolve() / "postgres", ignore_errors=False)
    return size
