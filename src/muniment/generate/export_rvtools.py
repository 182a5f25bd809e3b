"""The virtual platform: a workbook as RVTools 4 writes it, with the tabs that matter here.

Read by `write.py`. Headers are RVTools' own; the custom attributes (Owner, Environment, Cost Center,
Criticality, Department, Support Group) stand where it puts them, after Annotation.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from muniment.generate import cells
from muniment.generate.observe import Observer, Record
from muniment.generate.tables import Column, Export, Table, at, first, own, write_workbook
from muniment.generate.types import Cell, Value

_BUILDS = {
    "VMware ESXi 8.0": "VMware ESXi 8.0.2 build-22380479",
    "VMware ESXi 7.0": "VMware ESXi 7.0.3 build-21930508",
    "VMware ESXi 6.7": "VMware ESXi 6.7.0 build-17700523",
}
_RESERVED_MIB = 35


def _always(cell: Cell) -> Callable[[Record], Cell]:
    """The same cell in every row."""

    def fill(record: Record) -> Cell:
        _ = record
        return cell

    return fill


def _running(on: Cell, off: Cell) -> Callable[[Record], Cell]:
    """One cell for a machine that runs, another for one that does not."""

    def fill(record: Record) -> Cell:
        return on if record.thing.text("power_state") == "on" else off

    return fill


def _capital(value: Value, record: Record) -> Cell:
    """A cluster's name as it was given."""
    _ = record
    return str(value).upper()


def _installed(value: Value, record: Record) -> Cell:
    """A host's memory in MiB, less what its firmware keeps for itself."""
    size = cells.plain_number(value)
    return size - _RESERVED_MIB if record.thing.kind == "hypervisor" else size


def _release(value: Value, record: Record) -> Cell:
    """The hypervisor's version and build."""
    _ = record
    return _BUILDS[str(value)]


def _created(record: Record) -> Cell:
    """When the machine was made."""
    return f"{record.thing.text('installed_on')} 00:00:00"


def _booted(record: Record) -> Cell:
    """When the machine was started, empty for one that is off."""
    days = int(record.thing.number("uptime_days"))
    started = record.as_of - timedelta(days=days)
    return cells.moment(replace(record, as_of=started), "%Y-%m-%d @") if days else ""


def _purpose(record: Record) -> Cell:
    """A note as administrators leave them."""
    used = record.thing.texts("application")
    return f"{used[0]} {record.thing.keep['role']} server" if used else ""


def _count(key: str) -> Callable[[Record], Cell]:
    """A count kept with the thing."""

    def fill(record: Record) -> Cell:
        return int(record.thing.keep.get(key, "0"))

    return fill


def _per_socket(record: Record) -> Cell:
    """Cores of one processor."""
    return int(record.thing.number("cpu_cores") // max(1, record.thing.number("cpu_sockets")))


def _label(record: Record) -> Cell:
    """The name of the interface."""
    return f"Network adapter {record.index + 1}"


_VM = (
    Column("VM", "name", cells.host, also="hostname"),
    Column("Powerstate", "power_state", cells.words(cells.POWER)),
    Column("Template", fill=_always("False")),
    Column("SRM Placeholder", fill=_always("False")),
)
_PLACE = (
    Column("Datacenter", "data_center", also="site"),
    Column("Cluster", "cluster", _capital),
    Column("Host", "host"),
)
_SYSTEM = (
    Column("OS according to the configuration file", "os", cells.system, facet="os@configured"),
    Column("OS according to the VMware Tools", "os", cells.system),
)
_SERVER = Column("VI SDK Server", "virtual_center")
_INSTANCE = Column("VM UUID", "uuid", part=at(1))
_KEY = Column("VM ID", "vm_id", also="source_id|cloud_id")

INFO = (
    *_VM,
    Column("Config status", fill=_always("green")),
    Column("DNS Name", "fqdn", also="hostname"),
    Column("Connection state", fill=_always("connected")),
    Column("Guest state", fill=_running("running", "notRunning")),
    Column("Heartbeat", fill=_running("green", "gray")),
    Column("PowerOn", "last_boot", fill=_booted),
    Column("Creation date", "created_on", also="installed_on", fill=_created),
    Column("CPUs", "cpu_count", cells.number),
    Column("Memory", "memory_mib", cells.number),
    Column("NICs", "nic_count", cells.number),
    Column("Disks", "disk_count", cells.number),
    Column("Primary IP Address", "ip_address", part=first),
    Column("Network #1", "network", part=at(0)),
    Column("Network #2", "network", part=at(1)),
    Column("Resource pool", "resource_pool"),
    Column("Folder", "folder"),
    Column("Provisioned MiB", "storage_gib", cells.thousandfold),
    Column("In Use MiB", "storage_used_gib", cells.thousandfold, also="storage_gib"),
    Column("Firmware", fill=_always("bios")),
    Column("HW version", "hardware_version"),
    Column("Annotation", "notes", also="description", fill=_purpose),
    Column("Owner", "owner", cells.person, also="technical_owner"),
    Column("Environment", "environment", cells.words(cells.ENVIRONMENTS)),
    Column("Cost Center", "cost_centre", cells.text),
    Column("Criticality", "criticality", cells.words(cells.CRITICALITIES)),
    Column("Department", "department", cells.text),
    Column("Support Group", "support_group", cells.text),
    *_PLACE,
    *_SYSTEM,
    _KEY,
    Column("SMBIOS UUID", "uuid", part=at(0)),
    _INSTANCE,
    Column("VI SDK Server type", fill=_always("VMware vCenter Server 8.0.2 build-22617221")),
    Column("VI SDK API Version", fill=_always("8.0.2.0")),
    _SERVER,
)
NETWORK = (
    *_VM,
    Column("NIC label", fill=_label),
    Column("Adapter", fill=_always("Vmxnet3")),
    Column("Network", "network", part=own, also="subnet"),
    Column("Connected", fill=_running("True", "False")),
    Column("Starts Connected", fill=_always("True")),
    Column("Mac Address", "mac_address", part=own),
    Column("Type", fill=_always("assigned")),
    Column("IPv4 Address", "ip_address", part=own),
    *_PLACE,
    Column("Folder", "folder"),
    *_SYSTEM,
    _KEY,
    _INSTANCE,
    _SERVER,
)
HOST = (
    Column("Host", "fqdn", also="hostname|name|host"),
    Column("Datacenter", "data_center", also="site"),
    Column("Cluster", "cluster", _capital),
    Column("Config status", fill=_always("green")),
    Column("in Maintenance Mode", fill=_always("False")),
    Column("CPU Model", "cpu_model"),
    Column("Speed", "cpu_speed_mhz", cells.number),
    Column("HT Available", fill=_always("True")),
    Column("HT Active", fill=_always("True")),
    Column("# CPU", "cpu_sockets", cells.number, also="cpu_count"),
    Column("Cores per CPU", fill=_per_socket),
    Column("# Cores", "cpu_cores", cells.number),
    Column("# Memory", "memory_mib", _installed),
    Column("# NICs", "nic_count", cells.number),
    Column("ESX Version", "os", _release, also="hypervisor|os_version"),
    Column("Vendor", "manufacturer"),
    Column("Model", "model"),
    Column("Serial number", "serial", cells.serial),
    Column("Service tag", "serial", cells.serial, also="asset_tag"),
    Column("UUID", "uuid", part=at(0)),
    _SERVER,
)
CLUSTER = (
    Column("Name", "name", _capital, also="cluster"),
    Column("Config status", fill=_always("green")),
    Column("OverallStatus", fill=_always("green")),
    Column("NumHosts", fill=_count("hosts")),
    Column("numEffectiveHosts", fill=_count("hosts")),
    Column("NumCpuCores", "cpu_cores", cells.number),
    Column("TotalMemory", "memory_mib", cells.number),
    Column("HA enabled", fill=_always("True")),
    Column("DRS enabled", fill=_always("True")),
    _SERVER,
)


def export(observer: Observer) -> tuple[Export, ...]:
    """The workbook."""
    machines = sorted(observer.records("rvtools", "vm"), key=lambda one: (one.thing.keep["written"], one.copy))
    interfaces = [replace(one, index=place) for one in machines for place in range(len(one.thing.texts("mac_address")))]
    hosts = observer.records("rvtools", "hypervisor")
    hosts.sort(key=lambda one: one.thing.text("fqdn"))
    tables = (
        Table("vInfo", INFO, machines),
        Table("vNetwork", NETWORK, interfaces),
        Table("vHost", HOST, hosts),
        Table("vCluster", CLUSTER, observer.records("rvtools", "cluster")),
    )
    write = partial(write_workbook, today=observer.estate.spec.today)
    return (Export("rvtools", "rvtools_export.xlsx", tables, write),)
