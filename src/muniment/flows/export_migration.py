"""Server lists in the formats that migration tools take: Azure Migrate, AWS Migration Hub, AWS Cloud Migration Factory.

Called by `export`. The columns are those of each tool's template. Only what the register knows is
written: a server that lacks a required field is left out with the reason, never given one.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from muniment import register
from muniment.flows.export_columns import harmless

_EXAMPLES = 3
_REASONS = 100
Cell = Callable[[register.Asset], Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A server that a format could not take, and why."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A tool's template: column -> cell of a server, and what it cannot be without."""

    columns: Mapping[str, Cell]
    required: tuple[tuple[str, ...], ...]
    """Groups of columns; of each at least one must be filled."""


def write_layout(
    servers: Iterator[register.Asset], out: BinaryIO, layout: Layout
) -> tuple[int, dict[str, int], tuple[LeftOut, ...]]:
    """Write the servers that have what is required; returns how many, and the others by reason with examples."""
    wrapped = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(wrapped)
    writer.writerow(layout.columns)
    reasons: Counter[str] = Counter()
    examples: list[LeftOut] = []
    count = 0
    for server in servers:
        cells = {name: cell(server) for name, cell in layout.columns.items()}
        missing = [group for group in layout.required if all(cells[name] in (None, "") for name in group)]
        if missing:
            reason = "without " + ", ".join(" or ".join(name.lstrip("*") for name in group) for group in missing)
            reasons[reason] += 1
            if reasons[reason] <= _EXAMPLES and len(reasons) <= _REASONS:
                examples.append(LeftOut(str(server.id), server.name, reason))
            continue
        writer.writerow([harmless(cell) for cell in cells.values()])
        count += 1
    wrapped.detach()
    return count, dict(reasons.most_common()), tuple(examples)


def _many(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _value(attribute: str) -> Cell:
    return lambda server: server.values.get(attribute)


def _first(*attributes: str) -> Cell:
    """The first value of the first attribute that has any."""
    return lambda server: next((item for name in attributes for item in _many(server.values.get(name))), None)


def _all(attribute: str, separator: str) -> Cell:
    return lambda server: separator.join(_many(server.values.get(attribute))) or None


def _nothing(_server: register.Asset) -> None:
    return None


def _times(attribute: str, factor: float) -> Cell:
    def cell(server: register.Asset) -> float | int | None:
        value = server.values.get(attribute)
        if not isinstance(value, int | float):
            return None
        product = round(value * factor, 3)
        return int(product) if product == int(product) else product

    return cell


def _whole(attribute: str) -> Cell:
    def cell(server: register.Asset) -> int | None:
        value = server.values.get(attribute)
        return round(value) if isinstance(value, int | float) else None

    return cell


_machine_name = _first("hostname", "fqdn", "name")


def _cores(server: register.Asset) -> Any:
    """VCPUs of a virtual machine; cores of a physical one, else what it counts as processors."""
    order = ("cpu_count", "cpu_cores") if server.type == "virtual_machine" else ("cpu_cores", "cpu_count")
    return next((server.values[name] for name in order if server.values.get(name) is not None), None)


def _only_disk(attribute: str) -> Cell:
    """A number of all disks together is one disk's where there is one only."""
    return lambda server: server.values.get(attribute) if server.values.get("disk_count") == 1 else None


# Azure Migrate, template of "Import using CSV"; IP addresses are separated by ";"
# as learn.microsoft.com/azure/migrate/tutorial-discover-import says

_AZURE_BITS = {"x86_64": "x64", "x86": "x86"}
AZURE = Layout(
    {
        "*Server name": _machine_name,
        "IP addresses": _all("ip_address", ";"),
        "*Cores": _cores,
        "*Memory (In MB)": _whole("memory_mib"),
        "*OS name": _value("os"),
        "OS version": _value("os_version"),
        "OS architecture": lambda server: _AZURE_BITS.get(str(server.values.get("architecture"))),
        "Server type": lambda server: "Virtual" if server.type == "virtual_machine" else "Physical",
        "Hypervisor": _value("hypervisor"),
        "CPU utilization percentage": _value("cpu_usage_percent"),
        "Memory utilization percentage": _value("memory_usage_percent"),
        "Network adapters": _value("nic_count"),
        "Network In throughput": _times("network_in_mbps", 1 / 8),
        "Network Out throughput": _times("network_out_mbps", 1 / 8),
        "Boot type": _nothing,
        "Number of disks": _value("disk_count"),
        "Storage in use (In GB)": _value("storage_used_gib"),
        "Disk 1 size (In GB)": _only_disk("storage_gib"),
        "Disk 1 read throughput (MB per second)": _only_disk("disk_read_mbps"),
        "Disk 1 write throughput (MB per second)": _only_disk("disk_write_mbps"),
        "Disk 1 read ops (operations per second)": _only_disk("disk_read_iops"),
        "Disk 1 write ops (operations per second)": _only_disk("disk_write_iops"),
    },
    (("*Server name",), ("*Cores",), ("*Memory (In MB)",), ("*OS name",)),
)


# AWS Migration Hub import template, fields in the order of its user guide
# in docs.aws.amazon.com/application-discovery/latest/userguide/discovery-import.html


def _pairs(server: register.Asset) -> list[tuple[str, str]]:
    return [
        (key.strip(), value.strip())
        for key, sign, value in (tag.partition("=") for tag in _many(server.values.get("tags")))
        if sign and key.strip() and not re.search("[,:;]", key + value)
    ]


def _used_memory(share: str) -> Cell:
    def cell(server: register.Asset) -> int | None:
        total, percent = server.values.get("memory_mib"), server.values.get(share)
        if not isinstance(total, int | float) or not isinstance(percent, int | float):
            return None
        return round(total * percent / 100)

    return cell


AWS_HUB = Layout(
    {
        "ExternalId": lambda server: str(server.id),
        "SMBiosId": _first("uuid"),
        "IPAddress": _all("ip_address", ", "),
        "MACAddress": _all("mac_address", ", "),
        "HostName": _first("fqdn", "hostname"),
        "VMware.MoRefId": _nothing,  # useless without the VCenterId, which no inventory names
        "VMware.VCenterId": _nothing,
        "CPU.NumberOfProcessors": _value("cpu_sockets"),
        "CPU.NumberOfCores": _value("cpu_cores"),
        "CPU.NumberOfLogicalCores": _value("cpu_count"),
        "OS.Name": _value("os"),
        "OS.Version": _value("os_version"),
        "VMware.VMName": lambda server: server.values.get("name") if server.type == "virtual_machine" else None,
        "RAM.TotalSizeInMB": _whole("memory_mib"),
        "RAM.UsedSizeInMB.Avg": _used_memory("memory_usage_percent"),
        "RAM.UsedSizeInMB.Max": _used_memory("memory_peak_percent"),
        "CPU.UsagePct.Avg": _value("cpu_usage_percent"),
        "CPU.UsagePct.Max": _value("cpu_peak_percent"),
        "DiskReadsPerSecondInKB.Avg": _times("disk_read_mbps", 1000),
        "DiskWritesPerSecondInKB.Avg": _times("disk_write_mbps", 1000),
        "DiskReadsOpsPerSecond.Avg": _value("disk_read_iops"),
        "DiskWritesOpsPerSecond.Avg": _value("disk_write_iops"),
        "NetworkReadsPerSecondInKB.Avg": _times("network_in_mbps", 125),
        "NetworkWritesPerSecondInKB.Avg": _times("network_out_mbps", 125),
        "Applications": _all("application", ", "),
        "ApplicationWave": _value("wave"),
        "Tags": lambda server: ", ".join(f"{key}:{value}" for key, value in _pairs(server)) or None,
        "ServerId": _nothing,
    },
    (("HostName", "IPAddress", "MACAddress"),),
)


# AWS Cloud Migration Factory intake form for rehosting with MGN, of the repository
# aws-solutions/cloud-migration-factory-on-aws at GitHub

_STRATEGIES = {
    "rehost": "Rehost", "replatform": "Replatform", "repurchase": "Repurchase", "refactor": "Refactor",
    "relocate": "Relocate", "retain": "Retain", "retire": "Retire",
}  # fmt: skip


def _account(server: register.Asset) -> str | None:
    digits = str(server.values.get("target_account", "")).replace("-", "")
    return digits if re.fullmatch("[0-9]{12}", digits) else None


AWS_MGN = Layout(
    {
        "wave_name": _value("wave"),
        "app_name": _first("application"),
        "aws_region": _value("target_region"),
        "aws_accountid": _account,
        "server_name": _machine_name,
        "server_os_family": lambda server: (
            server.values.get("os_family") if server.values.get("os_family") in {"windows", "linux"} else None
        ),
        "server_os_version": _value("os"),
        "server_fqdn": _first("fqdn"),
        "server_tier": _nothing,
        "server_environment": _value("environment"),
        "r_type": lambda server: _STRATEGIES.get(str(server.values.get("migration_strategy"))),
        "subnet_IDs": _value("target_subnet"),
        "securitygroup_IDs": _nothing,  # those of the register are where the server is, not where it goes
        "subnet_IDs_test": _nothing,
        "securitygroup_IDs_test": _nothing,
        "instanceType": _value("target_instance_type"),
        "tenancy": _nothing,
        "tags": lambda server: ";".join(
            f"{key}={value}" for key, value in [("MunimentId", str(server.id)), *_pairs(server)]
        ),
    },
    tuple(
        (name,)
        for name in (
            "wave_name", "app_name", "aws_region", "aws_accountid", "server_name", "server_os_family",
            "server_os_version", "server_fqdn", "r_type",
        )
    ),
)  # fmt: skip

LAYOUTS = {"azure-migrate": AZURE, "aws-migration-hub": AWS_HUB, "aws-mgn": AWS_MGN}
"""The formats of migration tools by name."""
