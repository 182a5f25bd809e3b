"""Fixtures for every test: one embedded server per worker, fresh homes on it, a small estate by hand.

Sources and mappings are the tenant's, registers the engagement's: so an engagement of a taught home
starts empty with the mapping set fixed, which is what the properties ask for.
"""

import contextlib
import csv
import dataclasses
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from tests.speaker import Speaker, speaking

from muniment import evidence, flows, mapping, register
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


NewDatabase = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="session")
def new_database(administer: Callable[[str], None]) -> NewDatabase:
    """Make a database, empty or a copy of another, and drop it afterwards; gives its name."""
    numbers = itertools.count(1)

    @contextlib.contextmanager
    def make(template: str = "template1") -> Iterator[str]:
        name = f"muniment_test_{next(numbers)}"
        administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            administer(f"DROP DATABASE {name} WITH (FORCE)")

    return make


@pytest.fixture(scope="session")
def prepared(server: embedded.Address, new_database: NewDatabase) -> Iterator[str]:
    """A database with the schema and no data, to copy."""
    with new_database() as name:
        owner = sa.create_engine(server.url(database=name), poolclass=sa.NullPool)
        schema.prepare(owner, pytest.fail, server.password)
        yield name


@pytest.fixture(scope="session")
def make_home(server: embedded.Address, new_database: NewDatabase, prepared: str) -> MakeHome:
    """Make a home in a folder on a database of its own; `values` are settings."""

    @contextlib.contextmanager
    def make(folder: Path, *, template: str = prepared, **values: object) -> Iterator[Home]:
        folder.mkdir(parents=True, exist_ok=True)
        with new_database(template) as name:
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


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    """An endpoint for vectors on the loopback."""
    with speaking() as server:
        yield server


@pytest.fixture(scope="session")
def another() -> Callable[..., Home]:
    """The same home for another engagement (or tenant)."""

    def make(home: Home, engagement: str, tenant: str | None = None) -> Home:
        old = home.scope
        scope = tenancy.open_scope(old.engine, tenant or old.tenant, engagement, old.actor)
        return dataclasses.replace(home, scope=scope)

    return make


COLUMNS: Mapping[str, Mapping[str, str]] = {
    "cmdb": {
        "CI": "source_id", "Name": "hostname", "Serial": "serial", "Address": "ip_address",
        "OS": "os", "RAM MB": "memory_mib", "Environment": "environment", "Owner": "owner",
    },
    "scan": {
        "Host": "hostname", "MAC": "mac_address", "Address": "ip_address", "OS": "os",
        "Serial": "serial", "Last seen": "last_seen",
    },
    "sheet": {
        "Machine": "hostname", "Serial": "serial", "Memory MB": "memory_mib", "Owner": "owner",
        "Tags": "tags",
    },
}  # fmt: skip
KEYS = {"cmdb": ("CI",), "scan": (), "sheet": ()}
DAY_ONE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """What one source delivers on one day."""

    source: str
    day: int
    rows: tuple[Mapping[str, str], ...]
    full: bool | None = None

    def write(self, folder: Path, name: str = "") -> Path:
        path = folder / (name or f"{self.source}-{self.day}.csv")
        write_csv(path, self.rows, DAY_ONE + timedelta(days=self.day), COLUMNS[self.source])
        return path


def write_csv(
    path: Path, rows: Sequence[Mapping[str, str]], at: datetime, columns: Sequence[str] | None = None
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(columns or rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)
    os.utime(path, (at.timestamp(), at.timestamp()))


def machine(number: int) -> dict[str, dict[str, str]]:
    """What each source says of one machine, all in agreement."""
    serial, name = f"CZC{number:05d}X", f"app{number:02d}"
    return {
        "cmdb": {
            "CI": f"CI{number:05d}", "Name": name, "Serial": serial, "Address": f"10.1.0.{number}",
            "OS": "Red Hat Enterprise Linux 8", "RAM MB": "16384", "Environment": "Production",
            "Owner": "Ann Bell",
        },
        "scan": {
            "Host": name, "MAC": f"00:50:56:00:00:{number:02x}", "Address": f"10.1.0.{number}",
            "OS": "RHEL 8.4", "Serial": serial, "Last seen": "2026-02-27T10:00:00Z",
        },
        "sheet": {
            "Machine": name.upper(), "Serial": serial, "Memory MB": "16384", "Owner": "Ann Bell",
            "Tags": "blue",
        },
    }  # fmt: skip


def deliver(home: Home, folder: Path, deliveries: Sequence[Delivery]) -> None:
    """Import deliveries one by one, in their order."""
    for number, delivery in enumerate(deliveries):
        path = delivery.write(folder / str(number))
        flows.import_files(home, flows.Request((path,), source=delivery.source, full=delivery.full))


def current_mapping(home: Home, source: str, column: str) -> mapping.ColumnMapping:
    with home.scope.transaction() as connection:
        (layout, *_) = evidence.list_layouts(connection, evidence.get_source(connection, source).id)
        return next(one for one in mapping.current(connection, layout.id) if one.column == column)


def teach(home: Home, folder: Path) -> None:
    """Let a home know the three sources: what their columns mean and what identifies a row."""
    for source, columns in COLUMNS.items():
        rows = tuple(machine(number)[source] for number in range(1, 5))
        path = Delivery(source, 0, rows).write(folder)
        flows.import_files(home, flows.Request((path,), source=source))
        known = [current_mapping(home, source, column) for column in columns]
        with home.scope.transaction() as connection:
            for column in known:
                attribute = columns[column.column]
                if (column.attribute, column.applied) != (attribute, True):
                    chosen = dataclasses.replace(column, attribute=attribute)
                    mapping.accept(connection, home.scope, chosen)
        flows.rekey(home, known[0].layout_id, KEYS[source])


@pytest.fixture(scope="session")
def taught(make_home, another, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home that knows the three sources; import into engagements of it."""
    folder = tmp_path_factory.mktemp("taught")
    with make_home(folder / "home") as home:
        teach(another(home, "lessons"), folder)
        yield home


@pytest.fixture(scope="session")
def estate_home(make_home, another, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A taught home with four machines in engagement `estate`, each in three sources: to copy."""
    folder = tmp_path_factory.mktemp("estate")
    with make_home(folder / "home") as home:
        teach(another(home, "lessons"), folder)
        whole = another(home, "estate")
        deliver(
            whole,
            folder / "deliveries",
            [Delivery(source, 1, tuple(machine(number)[source] for number in range(1, 5))) for source in COLUMNS],
        )
        assert [asset.record_count for asset in assets(whole)] == [3, 3, 3, 3]
        whole.scope.engine.dispose()
        yield whole


@pytest.fixture
def estate(estate_home: Home, make_home: MakeHome, tmp_path: Path) -> Iterator[Home]:
    """Four machines, each in three sources, each one asset; a copy of the test's own."""
    name = sa.make_url(estate_home.settings["database_url"]).database
    shutil.copytree(estate_home.settings.home / "lake", tmp_path / "home" / "lake")
    with make_home(tmp_path / "home", template=name, engagement="estate") as copy:
        yield copy


@pytest.fixture(scope="session")
def engagement(taught: Home, another) -> Callable[[], Home]:
    """A new, empty engagement of the taught home."""
    numbers = iter(range(1_000_000))
    return lambda: another(taught, f"piece {next(numbers)}")


def fingerprint(home: Home, *, with_ids: bool = False) -> str:
    with home.scope.transaction() as connection:
        return register.fingerprint(connection, home.scope, with_ids=with_ids)


def assets(home: Home) -> list[register.Asset]:
    with home.scope.transaction() as connection:
        return list(register.all_assets(connection, home.scope))


def counts(home: Home, *, without: Sequence[str] = ()) -> dict[str, int]:
    """Rows per table of the engagement (of the tenant, where a table knows no engagement)."""
    found = {}
    with home.scope.transaction() as connection:
        for table in db.metadata.sorted_tables:
            if table.name in without:
                continue
            query = sa.select(sa.func.count()).select_from(table)
            if "engagement_id" in table.c:
                query = query.where(table.c.engagement_id == home.scope.engagement_id)
            found[table.name] = connection.execute(query).scalar_one()
    return found
