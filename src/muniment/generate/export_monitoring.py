"""The monitoring tool: hosts as CSV with what its agents measure, service checks as JSON lines.

Read by `write.py`. Fresh and right about what runs; whoever is gone or was never added is missing.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from muniment.generate import cells
from muniment.generate.observe import Observer, Record
from muniment.generate.tables import Column, Export, Filled, Table, first, write_csv
from muniment.generate.types import Cell


def _checked(record: Record) -> Cell:
    """When the last check ran."""
    return cells.moment(record, "%Y-%m-%dT@Z")


def _state(record: Record) -> Cell:
    """What the last check said."""
    return record.rng.choices(("UP", "DOWN", "UNREACHABLE"), (0.96, 0.03, 0.01))[0]


def _health(record: Record) -> Cell:
    """What the last check of a service said."""
    return record.rng.choices(("OK", "WARNING", "CRITICAL"), (0.9, 0.07, 0.03))[0]


def _check(record: Record) -> Cell:
    """What kind of check it is."""
    return "database" if record.thing.kind == "database" else "http"


_CONTACTS = (
    Column("environment", "environment", cells.words(cells.ENVIRONMENTS)),
    Column("criticality", "criticality", cells.words(cells.CRITICALITIES)),
    Column("team", "support_group"),
    Column("contact_email", "owner_email"),
)
_CHECKED = Column("last_check", "last_seen", fill=_checked)
HOSTS = (
    Column("host", "hostname", cells.monitored_host, also="name|fqdn"),
    Column("address", "ip_address", part=first),
    Column("os", "os", cells.system),
    Column("os_version", "os_version"),
    Column("cpus", "cpu_count", cells.number),
    Column("mem_total_mb", "memory_mib", cells.number),
    Column("disk_total_gb", "storage_gib", cells.number),
    Column("cpu_avg_pct", "cpu_usage_percent", cells.number),
    Column("mem_avg_pct", "memory_usage_percent", cells.number),
    Column("uptime_days", "uptime_days", cells.number),
    Column("site", "site"),
    *_CONTACTS,
    Column("contact", "owner", also="technical_owner"),
    Column("cost_center", "cost_centre"),
    Column("state", also="status|power_state", fill=_state),
    _CHECKED,
)
SERVICES = (
    Column("service", "name", also="database_name|application"),
    Column("check", also="asset_type|subtype", fill=_check),
    Column("url", "url"),
    Column("engine", "database_engine", also="software_product"),
    Column("version", "database_version", also="software_version"),
    Column("host", "host", also="hostname"),
    *_CONTACTS,
    Column("state", also="status|power_state", fill=_health),
    _CHECKED,
)


def write_lines(path: Path, filled: Sequence[Filled]) -> None:
    """Write one table as JSON, one object a line; empty cells are left out."""
    (table,) = filled
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in table.rows:
            known = zip(table.headers, row, strict=True)
            entry = {header: cell for header, cell in known if cell is not None}
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")


def export(observer: Observer) -> tuple[Export, ...]:
    """The two files."""
    hosts = observer.records("monitoring", "physical", "hypervisor", "vm", "instance", "network", "storage")
    services = observer.records("monitoring", "application", "database")
    return (
        Export("monitoring", "monitoring_hosts.csv", (Table("", HOSTS, hosts),), write_csv),
        Export("monitoring", "monitoring_services.jsonl", (Table("", SERVICES, services),), write_lines),
    )
