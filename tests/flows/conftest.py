"""A small estate by hand, and homes that already know what its columns mean.

Sources and mappings are the tenant's, registers the engagement's: so an engagement of a taught home
starts empty with the mapping set fixed, which is what the properties ask for.
"""

import csv
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment import evidence, flows, mapping, register
from muniment.base import db
from muniment.base.home import Home

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
