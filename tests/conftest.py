"""Fixtures for every test: one embedded server per worker."""

import shutil
from collections.abc import Iterator

import psycopg
import pytest

from muniment.base import embedded


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Address]:
    """The address of an embedded server of this worker's own, empty at first."""
    home = tmp_path_factory.mktemp("server") / "home"
    address = embedded.ensure(home, idle_seconds=600)
    with psycopg.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        dbname=address.database,
        autocommit=True,
    ) as connection:  # nothing here outlives a power cut
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    embedded.stop(home)
    shutil.rmtree(home)
