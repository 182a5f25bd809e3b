"""Fixtures for every test: one embedded server per worker, a fresh home on it per test."""

import contextlib
import dataclasses
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from muniment.base import db, embedded, schema, tenancy
from muniment.base.home import Home
from muniment.base.settings import load

SOAK = os.environ.get("MUNIMENT_SOAK") == "1"
TEMPLATE = "muniment_template"

settings.register_profile(
    "muniment",
    deadline=None,  # shared cores: a slow example is no wrong one
    derandomize=not SOAK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("muniment")


def pytest_configure(config: pytest.Config) -> None:
    # Ibis 12 on DuckDB 1.5: its own call, ours to pin and not to mend
    config.addinivalue_line(
        "filterwarnings", r"ignore:fetch_(arrow_table|record_batch)\(\) is deprecated:DeprecationWarning"
    )


MakeHome = Callable[..., AbstractContextManager[Home]]


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


@pytest.fixture(scope="session")
def administer(server: embedded.Address) -> Callable[[str], None]:
    """Run a statement outside any transaction, as the server's owner."""

    def run(statement: str) -> None:
        engine = sa.create_engine(server.url(), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))

    return run


@pytest.fixture(scope="session")
def new_database(
    server: embedded.Address, administer: Callable[[str], None]
) -> Callable[[bool], AbstractContextManager[str]]:
    """Make a database, prepared or (False) empty, and drop it afterwards; gives its name."""
    numbers = itertools.count(1)

    def prepare() -> None:
        administer(f"CREATE DATABASE {TEMPLATE}")
        owner = sa.create_engine(server.url(database=TEMPLATE), poolclass=sa.NullPool)
        schema.prepare(owner, pytest.fail, server.password)

    @contextlib.contextmanager
    def make(prepared: bool = True) -> Iterator[str]:  # noqa: FBT001, FBT002
        number = next(numbers)
        if number == 1:
            prepare()
        name = f"muniment_test_{number}"
        administer(f"CREATE DATABASE {name}" + (f" TEMPLATE {TEMPLATE}" if prepared else ""))
        try:
            yield name
        finally:
            administer(f"DROP DATABASE {name} WITH (FORCE)")

    return make


@pytest.fixture(scope="session")
def make_home(server: embedded.Address, new_database: Callable[..., AbstractContextManager[str]]) -> MakeHome:
    """Make a home in a folder on a database of its own; `values` are settings."""

    @contextlib.contextmanager
    def make(folder: Path, **values: object) -> Iterator[Home]:
        folder.mkdir(parents=True, exist_ok=True)
        with new_database() as name:
            url = server.url(database=name, user=db.APPLICATION_ROLE)
            configuration = load({"home": folder, "database_url": url, "actor": "tester", **values})
            engine = db.engine(url)
            try:
                scope = tenancy.open_scope(engine, configuration["tenant"], configuration["engagement"], "tester")
                yield Home(configuration, scope)
            finally:
                engine.dispose()

    return make


@pytest.fixture
def home(make_home: MakeHome, tmp_path: Path) -> Iterator[Home]:
    """An empty home of the test's own."""
    with make_home(tmp_path / "home") as fresh:
        yield fresh


@pytest.fixture(scope="session")
def another() -> Callable[..., Home]:
    """The same home for another engagement (or tenant, or actor)."""

    def make(home: Home, engagement: str, tenant: str | None = None) -> Home:
        old = home.scope
        scope = tenancy.open_scope(old.engine, tenant or old.tenant, engagement, old.actor)
        return dataclasses.replace(home, scope=scope)

    return make
