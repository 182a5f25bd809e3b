"""The CMDB: three tables of ServiceNow as CSV, hardware, applications and database instances.

Read by `write.py`. Display values as an administrator exports them; UTF-8, every field quoted.
"""

import hashlib
from functools import partial

from muniment.generate import cells
from muniment.generate.observe import Observer, Record
from muniment.generate.tables import Column, Export, Table, first, write_csv
from muniment.generate.types import Cell

_CLASSES = {
    "hypervisor": "cmdb_ci_esx_server",
    "cluster": "cmdb_ci_vcenter_cluster",
    "network": "cmdb_ci_ip_switch",
    "storage": "cmdb_ci_storage_server",
    "device": "cmdb_ci_computer",
    "application": "cmdb_ci_appl",
}
_HARDWARE = ("physical", "hypervisor", "vm", "instance", "cluster", "network", "storage", "device")


def sys_id(record: Record) -> Cell:
    """The record's key: 32 hexadecimal digits, another one for a duplicate."""
    key = f"servicenow:{record.thing.id}:{record.copy}".encode()
    return hashlib.blake2b(key, digest_size=16).hexdigest()


def ci_class(record: Record) -> Cell:
    """The class of the item; a virtual machine is a server of its system there."""
    thing = record.thing
    if thing.kind == "database":
        return f"cmdb_ci_db_{thing.keep['engine']}_instance"
    if thing.kind in {"physical", "vm", "instance"}:
        return f"cmdb_ci_{'win' if thing.text('os_family') == 'windows' else 'linux'}_server"
    return _CLASSES[thing.kind]


def operation(record: Record) -> Cell:
    """Operational status, which goes with the installation status."""
    status = record.seen.get("status")
    return {"maintenance": "Repair in Progress", "in_stock": "Non-Operational", "retired": "Retired"}.get(
        str(status.value) if status else "", "Operational"
    )


def virtual(record: Record) -> Cell:
    """Whether the item is virtual."""
    return "true" if record.thing.kind in {"vm", "instance"} else "false"


def updated(record: Record) -> Cell:
    """When somebody or something last touched the record."""
    return cells.moment(record, "%Y-%m-%d @")


def discovered(record: Record) -> Cell:
    """Which tool made the record."""
    by = ("ServiceNow", "Manual Entry", "Import Set")
    return by[int(record.thing.id[1:]) % len(by)]


_KEY = Column("sys_id", "source_id", fill=sys_id)
_CLASS = Column("sys_class_name", "asset_type", also="subtype", fill=ci_class)
_ORGANISATION = (
    Column("used_for", "environment", cells.words(cells.ENVIRONMENTS)),
    Column("install_status", "status", cells.words(cells.STATUSES)),
    Column("operational_status", "", also="status|power_state", fill=operation),
)
_PEOPLE = (
    Column("department", "department", cells.text),
    Column("assigned_to", "owner", cells.exact),
    Column("managed_by", "technical_owner", cells.exact),
    Column("support_group", "support_group", cells.text),
    Column("cost_center", "cost_centre", cells.text),
    Column("business_criticality", "criticality", cells.words(cells.CRITICALITIES)),
)
_UPDATED = (
    Column("discovery_source", fill=discovered),
    Column("sys_updated_on", "changed_on", also="last_seen", fill=updated),
)
HARDWARE = (
    _KEY,
    Column("name", "name", cells.host, also="hostname"),
    _CLASS,
    Column("asset_tag", "asset_tag", cells.text),
    Column("serial_number", "serial", cells.serial),
    Column("ip_address", "ip_address", part=first),
    Column("mac_address", "mac_address", cells.mac, part=first),
    Column("fqdn", "fqdn"),
    Column("virtual", fill=virtual),
    Column("os", "os", cells.system),
    Column("os_version", "os_version"),
    Column("cpu_count", "cpu_count", cells.number),
    Column("ram", "memory_mib", cells.number),
    Column("disk_space", "storage_gib", cells.number),
    *_ORGANISATION,
    Column("location", "site", cells.text),
    *_PEOPLE,
    Column("manufacturer", "manufacturer", cells.text),
    Column("model_id", "model", cells.text, also="model_number"),
    Column("purchase_date", "purchased_on"),
    Column("warranty_expiration", "warranty_until"),
    Column("u_application", "application", cells.joined(", "), also="business_service"),
    *_UPDATED,
)
APPLICATIONS = (
    _KEY,
    Column("name", "name", cells.text, also="application"),
    _CLASS,
    Column("u_application_id", "application_id"),
    *_ORGANISATION,
    *_PEOPLE,
    Column("url", "url"),
    Column("u_depends_on", "depends_on", cells.joined(", ")),
    *_UPDATED,
)
DATABASES = (
    _KEY,
    Column("name", "name", cells.text, also="database_name"),
    _CLASS,
    Column("u_database_name", "database_name", also="name"),
    Column("instance_name", "instance_name"),
    Column("type", "database_engine", also="software_product"),
    Column("version", "database_version", also="software_version"),
    Column("u_host", "host", also="hostname"),
    *_ORGANISATION,
    *_PEOPLE,
    Column("u_size_gb", "storage_gib", cells.number, also="storage_used_gib"),
    Column("u_application", "application", cells.joined(", "), also="business_service"),
    *_UPDATED,
)


def export(observer: Observer) -> tuple[Export, ...]:
    """The files of the CMDB."""
    write = partial(write_csv, line_end="\r\n", quote_all=True)

    def one(name: str, columns: tuple[Column, ...], *kinds: str) -> Export:
        table = Table("", columns, observer.records("servicenow", *kinds))
        return Export("servicenow", f"servicenow_{name}.csv", (table,), write)

    return (
        one("cmdb_ci_hardware", HARDWARE, *_HARDWARE),
        one("cmdb_ci_appl", APPLICATIONS, "application"),
        one("cmdb_ci_db_instance", DATABASES, "database"),
    )
