"""The cloud account: JSON as `aws ec2 describe-instances` answers, tags written by people.

Read by `write.py`. A column's header is the dotted path of its value within an instance; tags, which
are Key/Value pairs in the file, are "Tags.<Key>".
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muniment.generate import cells
from muniment.generate.observe import Observer, Record
from muniment.generate.tables import Column, Export, Filled, Table, first
from muniment.generate.types import Cell, Value

_STATES = {"running": 16, "stopped": 80}
_PER_RESERVATION = 3


def _platform(record: Record) -> Cell:
    """What is billed as the platform."""
    return "Windows" if record.thing.text("os_family") == "windows" else "Linux/UNIX"


def _launched(record: Record) -> Cell:
    """When the instance was started."""
    return f"{record.thing.text('installed_on')}T06:14:08.000Z"


def _internal(value: Value, record: Record) -> Cell:
    """The name the cloud gives: made of the address."""
    _ = record
    address = str(value[0] if isinstance(value, tuple) else value).replace(".", "-")
    return f"ip-{address}.ec2.internal"


def _dns(record: Record) -> Cell:
    """The private DNS name."""
    return _internal(record.thing.values["ip_address"], record)


INSTANCES = (
    Column("InstanceId", "cloud_id", also="source_id"),
    Column("InstanceType", "instance_type"),
    Column("PrivateIpAddress", "ip_address", part=first),
    Column("PrivateDnsName", "fqdn", also="aliases", fill=_dns),
    Column("Placement.AvailabilityZone", "availability_zone"),
    Column("State.Name", "power_state", cells.words(cells.POWER), also="status"),
    Column("LaunchTime", "installed_on", also="created_on|last_boot", fill=_launched),
    Column("PlatformDetails", "os_family", also="os", fill=_platform),
    Column("SubnetId", "subnet"),
    Column("NetworkInterfaces[].MacAddress", "mac_address", part=first),
    Column("NetworkInterfaces[].PrivateIpAddress", "ip_address", part=first),
    Column("NetworkInterfaces[].OwnerId", "cloud_account"),
    Column("SecurityGroups[].GroupName", "security_group", part=first),
    Column("Tags.Name", "name", cells.host, also="hostname"),
    Column("Tags.Owner", "owner_email", also="owner"),
    Column("Tags.Environment", "environment", cells.words(cells.ENVIRONMENTS)),
    Column("Tags.CostCenter", "cost_centre", cells.text),
    Column("Tags.Application", "application", cells.joined(", "), also="business_service"),
)


def write_answer(path: Path, filled: Sequence[Filled]) -> None:
    """Write the instances in reservations, as the service nests them."""
    (table,) = filled
    instances = [_nest(dict(zip(table.headers, row, strict=True))) for row in table.rows]
    reservations = [
        {
            "ReservationId": f"r-{number:017x}",
            "Instances": instances[number : number + _PER_RESERVATION],
        }
        for number in range(0, len(instances), _PER_RESERVATION)
    ]
    text = json.dumps({"Reservations": reservations}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _nest(cells_by_path: dict[str, Cell]) -> dict[str, Any]:
    """One instance from its paths; a path without a value is left out."""
    instance: dict[str, Any] = {}
    for path, cell in cells_by_path.items():
        if cell is None:
            continue
        outer, _, inner = path.partition(".")
        if outer == "Tags":
            instance.setdefault("Tags", []).append({"Key": inner, "Value": cell})
        elif outer.endswith("[]"):
            instance.setdefault(outer[:-2], [{}])[0][inner] = cell
        elif inner:
            instance.setdefault(outer, {})[inner] = cell
        else:
            instance[path] = cell
    if "State" in instance:
        instance["State"] = {"Code": _STATES[instance["State"]["Name"]], **instance["State"]}
    return instance


def export(observer: Observer) -> tuple[Export, ...]:
    """The answer of the service."""
    table = Table("", INSTANCES, observer.records("cloud", "instance"))
    return (Export("cloud", "cloud_instances.json", (table,), write_answer),)
