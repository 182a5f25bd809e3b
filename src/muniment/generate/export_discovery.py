"""The discovery scan: what a scanner found on the wire, as a German Windows machine exports it.

Read by `write.py`. Semicolons, decimal commas, DD.MM.YYYY, code page 1252; one file of machines, one of
the database instances on them.
"""

from functools import partial

from muniment.generate import cells
from muniment.generate.observe import Observer, Record
from muniment.generate.tables import Column, Export, Table, first, write_csv
from muniment.generate.types import Cell

_LOOKED_UP = frozenset({"Dell Inc.", "HPE", "Lenovo"})


def _last_seen(record: Record) -> Cell:
    """When the scanner last reached the machine."""
    return cells.moment(record, "%d.%m.%Y @")


def _method(record: Record) -> Cell:
    """How the scanner got in."""
    families = {"windows": "WMI", "linux": "SSH", "esxi": "vSphere API"}
    return families.get(record.thing.text("os_family"), "SNMP")


_SEEN = Column("Last Seen", "last_seen", fill=_last_seen)
MACHINES = (
    Column("Hostname", "hostname", cells.short_host, also="name"),
    Column("DNS Name", "fqdn"),
    Column("IP Addresses", "ip_address", cells.joined(", ")),
    Column("MAC Addresses", "mac_address", cells.joined(", ", cells.dashed_mac)),
    Column("Operating System", "os", cells.system),
    Column("OS Version", "os_version"),
    Column("Manufacturer", "manufacturer"),
    Column("Model", "model"),
    Column("BIOS Serial", "serial", cells.serial),
    Column("BIOS UUID", "uuid", cells.upper, part=first),
    Column("CPUs", "cpu_count", cells.number),
    Column("CPU Cores", "cpu_cores", cells.number),
    Column("RAM (GB)", "memory_mib", cells.comma(cells.thousandth)),
    Column("Disk Total (GB)", "storage_gib", cells.comma(cells.number)),
    Column("Site", "site"),
    Column("Managed By", "owner", also="technical_owner"),
    Column("Department", "department"),
    Column("Support Group", "support_group"),
    Column("Cost Center", "cost_centre"),
    Column("Environment", "environment", cells.words(cells.ENVIRONMENTS)),
    Column("Criticality", "criticality", cells.words(cells.CRITICALITIES)),
    Column("Purchase Date", "purchased_on", cells.german_date),
    Column("Warranty Expires", "warranty_until", cells.german_date),
    Column("Scan Method", fill=_method),
    _SEEN,
)
DATABASES = (
    Column("Host", "host", also="hostname"),
    Column("Instance", "instance_name"),
    Column("Database", "database_name", also="name"),
    Column("Engine", "database_engine", also="software_product"),
    Column("Version", "database_version", also="software_version"),
    Column("Size (GB)", "storage_gib", cells.comma(cells.number), also="storage_used_gib"),
    _SEEN,
)


def export(observer: Observer) -> tuple[Export, ...]:
    """The two files of the scan."""
    machines = observer.records("discovery", "physical", "hypervisor", "vm", "instance", "network", "storage", "device")
    for record in machines:
        if record.thing.text("manufacturer") not in _LOOKED_UP:
            record.seen.pop("purchased_on", None)
            record.seen.pop("warranty_until", None)
    write = partial(write_csv, delimiter=";", encoding="cp1252", line_end="\r\n")
    databases = Table("", DATABASES, observer.records("discovery", "database"))
    return (
        Export("discovery", "discovery_scan.csv", (Table("", MACHINES, machines),), write),
        Export("discovery", "discovery_databases.csv", (databases,), write),
    )
