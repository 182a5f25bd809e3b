"""How dirty the exports are: one table of rates per level, frozen before anything was tuned on it.

Read by the builders (what happens to things) and the observer (what sources get wrong), rendered into
`docs/estate.md`. A rate changes only with a new version of the benchmark, never to suit a result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import NamedTuple

from muniment.generate.types import Level


class Rates(NamedTuple):
    """What goes wrong with one group of attributes in one source, as shares of its cells.

    Attributes:
        missing: the cell is empty.
        wrong: the cell is wrong for no reason of history (typo, unit, slip, misread).
        neglected: the group was not brought up to date when the thing changed.
    """

    missing: float
    wrong: float
    neglected: float


@dataclass(frozen=True, slots=True)
class Dirt:
    """The rates of one level.

    Shares of things (`renamed` to `single_source`), of rows (`lagging`, `duplicate_rows`, `copied_rows`)
    or of cells; `missing`, `wrong` and `neglected` multiply the rates of the sources.
    """

    renamed: float
    reimaged: float
    reused_names: float
    readdressed: float
    reassigned_addresses: float
    resized: float
    os_upgraded: float
    owner_left: float
    reorganised: float
    moved: float
    promoted: float
    reassessed: float
    multi_homed: float
    cloned_uuids: float
    shared_serials: float
    placeholder_serials: float
    swapped_uuids: float
    single_source: float
    lagging: float
    duplicate_rows: float
    copied_rows: float
    messy_cells: float
    missing: float
    wrong: float
    neglected: float


LOW = Dirt(
    renamed=0.02, reimaged=0.01, reused_names=0.004, readdressed=0.05, reassigned_addresses=0.2,
    resized=0.10, os_upgraded=0.06, owner_left=0.10, reorganised=0.05, moved=0.02, promoted=0.02,
    reassessed=0.04, multi_homed=0.08, cloned_uuids=0.005, shared_serials=0.02,
    placeholder_serials=0.02, swapped_uuids=0.10, single_source=0.01, lagging=0.3,
    duplicate_rows=0.005, copied_rows=0.2, messy_cells=0.02, missing=0.4, wrong=0.3, neglected=0.4,
)  # fmt: skip
MEDIUM = Dirt(
    renamed=0.05, reimaged=0.02, reused_names=0.010, readdressed=0.12, reassigned_addresses=0.4,
    resized=0.22, os_upgraded=0.12, owner_left=0.22, reorganised=0.12, moved=0.05, promoted=0.05,
    reassessed=0.10, multi_homed=0.15, cloned_uuids=0.015, shared_serials=0.06,
    placeholder_serials=0.06, swapped_uuids=0.25, single_source=0.03, lagging=0.7,
    duplicate_rows=0.015, copied_rows=0.4, messy_cells=0.06, missing=0.8, wrong=0.7, neglected=0.8,
)  # fmt: skip
HIGH = Dirt(
    renamed=0.08, reimaged=0.04, reused_names=0.020, readdressed=0.20, reassigned_addresses=0.5,
    resized=0.35, os_upgraded=0.18, owner_left=0.35, reorganised=0.20, moved=0.06, promoted=0.08,
    reassessed=0.12, multi_homed=0.25, cloned_uuids=0.030, shared_serials=0.12,
    placeholder_serials=0.12, swapped_uuids=0.40, single_source=0.05, lagging=1.0,
    duplicate_rows=0.030, copied_rows=0.5, messy_cells=0.12, missing=1.0, wrong=1.0, neglected=1.0,
)  # fmt: skip
DIRT: Mapping[Level, Dirt] = MappingProxyType({"low": LOW, "medium": MEDIUM, "high": HIGH})

MEANINGS: Mapping[str, str] = MappingProxyType({
    "renamed": "hosts that got another name",
    "reimaged": "machines given another name, operating system and purpose, same serial number",
    "reused_names": "machines that bear the name of a retired one",
    "readdressed": "hosts that got another address",
    "reassigned_addresses": "of these, old addresses that another host has now",
    "resized": "machines with memory, CPUs or disks added",
    "os_upgraded": "machines upgraded in place",
    "owner_left": "things whose owner changed",
    "reorganised": "things whose department, cost centre and support group changed",
    "moved": "machines moved to another site",
    "promoted": "things whose environment changed",
    "reassessed": "things whose criticality changed",
    "multi_homed": "machines with more than one interface and address",
    "cloned_uuids": "virtual machines with the BIOS UUID of another one",
    "shared_serials": "blades whose enclosure's serial number is reported for them",
    "placeholder_serials": "serial numbers in a source that are a placeholder",
    "swapped_uuids": "BIOS UUIDs in the discovery scan with swapped byte order",
    "single_source": "machines that only one source knows",
    "lagging": "multiplies the share of a source's records that are long out of date",
    "duplicate_rows": "rows that appear twice, once older",
    "copied_rows": "rows of the hand-kept sheet that were copied from the CMDB, errors too",
    "messy_cells": "cells with odd case, spaces, domain suffix or name order; the value is unharmed",
    "missing": "multiplies the sources' rates of empty cells",
    "wrong": "multiplies the sources' rates of wrong cells",
    "neglected": "multiplies the sources' rates of neglected changes",
})  # fmt: skip

_SERVICENOW = {
    "naming": Rates(0, 0.010, 0.20), "address": Rates(0.10, 0.03, 0.30),
    "identifier": Rates(0.12, 0.02, 0), "system": Rates(0.04, 0.05, 0.20),
    "capacity": Rates(0.05, 0.06, 0.25), "hardware": Rates(0.04, 0.02, 0),
    "placement": Rates(0.03, 0.04, 0.15), "people": Rates(0.03, 0.06, 0.16),
    "finance": Rates(0.05, 0.05, 0.10), "governance": Rates(0.03, 0.05, 0.12),
    "state": Rates(0.02, 0.01, 0.40), "service": Rates(0.03, 0.03, 0.15),
}  # fmt: skip
_RVTOOLS = {
    "naming": Rates(0, 0, 0.10), "address": Rates(0.05, 0, 0), "identifier": Rates(0, 0, 0),
    "system": Rates(0.06, 0.01, 0), "configured": Rates(0, 0.03, 0.80), "capacity": Rates(0, 0, 0),
    "hardware": Rates(0, 0, 0), "placement": Rates(0, 0, 0), "people": Rates(0.05, 0.08, 0.12),
    "finance": Rates(0.06, 0.08, 0.12), "governance": Rates(0.05, 0.06, 0.08),
    "state": Rates(0, 0, 0), "service": Rates(0, 0, 0),
}  # fmt: skip
_DISCOVERY = {
    "naming": Rates(0, 0.002, 0.02), "address": Rates(0.02, 0.005, 0.02),
    "identifier": Rates(0.10, 0.005, 0), "system": Rates(0.04, 0.09, 0.02),
    "capacity": Rates(0.04, 0.03, 0.02), "hardware": Rates(0.05, 0.02, 0),
    "placement": Rates(0.03, 0.05, 0.05), "people": Rates(0.08, 0.10, 0.08),
    "finance": Rates(0.12, 0.06, 0.08), "governance": Rates(0.10, 0.09, 0.10),
    "state": Rates(0.05, 0.02, 0.05), "service": Rates(0.03, 0.04, 0.02),
}  # fmt: skip
_LIFECYCLE = {
    "naming": Rates(0, 0.03, 0.40), "address": Rates(0.15, 0.06, 0.50),
    "identifier": Rates(0.06, 0.05, 0), "system": Rates(0.10, 0.08, 0.40),
    "capacity": Rates(0.10, 0.12, 0.45), "hardware": Rates(0.02, 0.06, 0),
    "placement": Rates(0.03, 0.05, 0.20), "people": Rates(0.03, 0.04, 0.08),
    "finance": Rates(0.03, 0.03, 0.05), "governance": Rates(0.06, 0.08, 0.14),
    "state": Rates(0.03, 0.02, 0.40), "service": Rates(0.10, 0.05, 0.30),
}  # fmt: skip
_MONITORING = {
    "naming": Rates(0, 0.002, 0.08), "address": Rates(0.02, 0.01, 0.06),
    "identifier": Rates(0.10, 0.01, 0), "system": Rates(0.04, 0.03, 0.06),
    "capacity": Rates(0.02, 0.02, 0.02), "hardware": Rates(0.10, 0.01, 0),
    "placement": Rates(0.03, 0.05, 0.05), "people": Rates(0.04, 0.06, 0.08),
    "finance": Rates(0.06, 0.06, 0.08), "governance": Rates(0.02, 0.05, 0.05),
    "state": Rates(0, 0, 0.10), "service": Rates(0.03, 0.03, 0.03),
}  # fmt: skip
_CLOUD = {
    "naming": Rates(0.02, 0.01, 0.10), "address": Rates(0, 0, 0), "identifier": Rates(0, 0, 0),
    "system": Rates(0, 0, 0), "capacity": Rates(0, 0, 0), "hardware": Rates(0, 0, 0),
    "placement": Rates(0, 0, 0), "people": Rates(0.15, 0.05, 0.25),
    "finance": Rates(0.15, 0.05, 0.20), "governance": Rates(0.10, 0.05, 0.15),
    "state": Rates(0, 0, 0), "service": Rates(0, 0, 0),
}  # fmt: skip
SOURCE_RATES: Mapping[str, Mapping[str, Rates]] = MappingProxyType({
    "servicenow": _SERVICENOW, "rvtools": _RVTOOLS, "discovery": _DISCOVERY,
    "lifecycle": _LIFECYCLE, "monitoring": _MONITORING, "cloud": _CLOUD,
})  # fmt: skip


class Freshness(NamedTuple):
    """How old a source's records are: days of an ordinary one, share and days of a lagging one."""

    ordinary: tuple[int, int]
    lagging: float
    old: tuple[int, int]


FRESHNESS: Mapping[str, Freshness] = MappingProxyType({
    "servicenow": Freshness((1, 120), 0.12, (200, 900)),
    "rvtools": Freshness((0, 0), 0.0, (0, 0)),
    "discovery": Freshness((0, 12), 0.04, (60, 400)),
    "lifecycle": Freshness((20, 200), 0.20, (300, 1000)),
    "monitoring": Freshness((0, 1), 0.03, (60, 500)),
    "cloud": Freshness((0, 0), 0.0, (0, 0)),
})  # fmt: skip

COVERAGE: Mapping[str, Mapping[str, float]] = MappingProxyType({
    "servicenow": {
        "physical": 0.96, "hypervisor": 0.93, "vm": 0.95, "instance": 0.70, "cluster": 0.70,
        "network": 0.92, "storage": 0.92, "device": 0.80, "application": 0.97, "database": 0.92,
    },
    "rvtools": {"hypervisor": 1.0, "vm": 1.0, "cluster": 1.0},
    "discovery": {
        "physical": 0.93, "hypervisor": 0.88, "vm": 0.93, "instance": 0.60, "network": 0.88,
        "storage": 0.80, "device": 0.85, "database": 0.88,
    },
    "lifecycle": {
        "physical": 0.95, "hypervisor": 0.95, "vm": 0.30, "network": 0.92, "storage": 0.95,
        "device": 0.92,
    },
    "monitoring": {
        "physical": 0.93, "hypervisor": 0.93, "vm": 0.93, "instance": 0.88, "network": 0.93,
        "storage": 0.88, "application": 0.65, "database": 0.88,
    },
    "cloud": {"instance": 1.0},
})  # fmt: skip
"""Share of the things of a kind that a source lists; none of a kind that is absent."""

RETIRED_COVERAGE: Mapping[str, float] = MappingProxyType({
    "servicenow": 0.85, "rvtools": 0.60, "discovery": 0.05, "lifecycle": 0.85, "monitoring": 0.05,
    "cloud": 0.50,
})  # fmt: skip
"""Multiplies the coverage of a thing that is retired."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "naming": ("name", "hostname", "fqdn"),
    "address": ("ip_address", "mac_address", "management_ip", "network", "subnet"),
    "identifier": ("serial", "uuid", "asset_tag", "vm_id", "cloud_id", "application_id"),
    "system": ("os", "os_version", "os_edition", "hypervisor"),
    "configured": ("os@configured",),
    "capacity": (
        "cpu_count", "cpu_cores", "cpu_sockets", "memory_mib", "storage_gib", "storage_used_gib",
        "disk_count", "nic_count", "cpu_usage_percent", "memory_usage_percent", "uptime_days",
        "instance_type",
    ),
    "hardware": ("manufacturer", "model", "cpu_model", "cpu_speed_mhz", "hardware_version"),
    "placement": (
        "site", "country", "data_center", "cluster", "host", "virtual_center", "folder",
        "resource_pool", "availability_zone", "cloud_account", "security_group",
    ),
    "people": ("owner", "owner_email", "technical_owner", "support_group", "department"),
    "finance": (
        "cost_centre", "purchase_cost", "purchased_on", "warranty_until", "end_of_life_on",
    ),
    "governance": ("environment", "criticality"),
    "state": ("status", "power_state"),
    "service": (
        "database_name", "database_engine", "database_version", "instance_name", "url", "depends_on",
        "application",
    ),
})  # fmt: skip
GROUP_OF: Mapping[str, str] = MappingProxyType(
    {attribute: group for group, attributes in GROUPS.items() for attribute in attributes}
)


def tables() -> str:
    """The table as Markdown: the levels, the sources' rates by group, their freshness, the groups."""
    lines = ["| rate | what | low | medium | high |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.name}` | {MEANINGS[one.name]} | "
        + " | ".join(f"{getattr(level, one.name):g}" for level in (LOW, MEDIUM, HIGH))
        + " |"
        for one in fields(Dirt)
    ]
    lines += [
        "",
        "Each source's cells, at multiplier 1, as missing / wrong / neglected:",
        "",
        "| group | " + " | ".join(SOURCE_RATES) + " |",
        "|---|" + "---|" * len(SOURCE_RATES),
    ]
    for group in GROUPS:
        cells = [
            " / ".join(f"{rate:g}" for rate in rates[group]) if group in rates else ""
            for rates in SOURCE_RATES.values()
        ]
        lines.append(f"| {group} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| source | age of a record, days | lagging, at multiplier 1 | their age, days |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {source} | {one.ordinary[0]} to {one.ordinary[1]} | {one.lagging:g} | {one.old[0]} to {one.old[1]} |"
        for source, one in FRESHNESS.items()
    ]
    lines += [
        "",
        "| kind of thing | " + " | ".join(COVERAGE) + " |",
        "|---|" + "---|" * len(COVERAGE),
    ]
    lines += [
        f"| {kind} | " + " | ".join(f"{one.get(kind, 0):g}" for one in COVERAGE.values()) + " |"
        for kind in COVERAGE["servicenow"]
    ]
    retired = " | ".join(f"x {RETIRED_COVERAGE[source]:g}" for source in COVERAGE)
    lines += [f"| any, once retired | {retired} |"]
    lines += ["", "| group | attributes |", "|---|---|"]
    lines += [
        f"| {group} | " + ", ".join(f"`{attribute}`" for attribute in attributes) + " |"
        for group, attributes in GROUPS.items()
    ]
    return "\n".join(lines) + "\n"
