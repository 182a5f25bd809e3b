"""Dumps of databases: references become names, parts lists, and what belongs to nothing is not kept."""

import json

import pytest

from muniment.base.errors import Rejected
from muniment.evidence.containers import Member
from muniment.evidence.read_json import read_json


def of(model, pk, /, **fields):
    return {"model": model, "pk": pk, "fields": fields}


DUMP = [
    of("auth.user", 1, username="root", password="pbkdf2$secret"),
    of("dcim.region", 1, name="Ohio", parent=None),
    of("dcim.site", 2, name="Akron", region=1),
    of("dcim.manufacturer", 7, name="Juniper"),
    of("dcim.devicetype", 6, model="MX480", manufacturer=7),
    of("dcim.devicerole", 3, name="Router"),
    of("ipam.role", 3, name="Access"),
    of("dcim.rack", 4, name="R1", site=2),
    of(
        "dcim.device", 1, name="rtr01", device_type=6, role=3, site=2, rack=4, primary_ip4=9, serial="", _name="rtr0001"
    ),
    of("dcim.interface", 1, device=1, name="ge-0", mac_address="00:11:22:33:44:55", created="2021", untagged_vlan=5),
    of("dcim.interface", 2, device=1, name="ge-1", mac_address=None, created="2021", tagged_vlans=[5]),
    of("ipam.vlan", 5, name="users", vid=100),
    of("ipam.ipaddress", 9, address="10.0.0.1/24", assigned_object_type=["dcim", "interface"], assigned_object_id=1),
    of("ipam.ipaddress", 10, address="10.0.9.9/24", assigned_object_type=None, assigned_object_id=None),
    of("virtualization.clustertype", 1, name="VMware"),
    of("virtualization.cluster", 1, name="c1", type=1),
    of("virtualization.virtualmachine", 1, name="vm1", cluster=1, role=3, device=1, memory=None),
    of("extras.tag", 5, name="blue"),
    of("extras.taggeditem", 1, content_type=["virtualization", "virtualmachine"], object_id=1, tag=5),
]


def read(value):
    return list(read_json(Member("dump.json", json.dumps(value).encode(), None, archived=False)))


def rows(tab):
    (table,) = [table for table in read(DUMP) if table.tab == tab]
    cells = table.rows.drop(["_line", "_payload"]).to_pylist()
    return [{name: cell for name, cell in row.items() if cell is not None} for row in cells]


def test_each_kind_of_thing_is_a_table():
    assert [(table.tab, table.rows.num_rows) for table in read(DUMP)] == [
        ("dcim.rack", 1), ("dcim.device", 1), ("virtualization.cluster", 1), ("virtualization.virtualmachine", 1),
    ]  # fmt: skip


def test_references_become_the_names_of_what_they_point_to():
    (device,) = rows("dcim.device")
    expected = {
        "pk": "1", "name": "rtr01", "device_type": "MX480", "device_type.manufacturer": "Juniper", "role": "Router",
        "site": "Akron", "site.region": "Ohio", "rack": "R1", "rack.site": "Akron", "primary_ip4": "10.0.0.1/24",
    }  # fmt: skip
    assert {name: device.get(name) for name in expected} == expected
    (machine,) = rows("virtualization.virtualmachine")
    assert (machine["cluster"], machine["cluster.type"], machine["device"]) == ("c1", "VMware", "rtr01")
    assert machine["role"] == "Router"  # of devices, not of addresses: as the table of references says
    assert rows("virtualization.cluster") == [{"pk": "1", "name": "c1", "type": "VMware"}]


def test_parts_become_lists_and_so_do_their_parts():
    (device,) = rows("dcim.device")
    assert json.loads(device["interfaces[].name"]) == ["ge-0", "ge-1"]
    assert json.loads(device["interfaces[].mac_address"]) == ["00:11:22:33:44:55", None]
    assert json.loads(device["interfaces[].ip_addresses[].address"]) == ["10.0.0.1/24"]
    assert json.loads(device["interfaces[].untagged_vlan"]) == ["users", None]
    assert not [name for name in device if name.endswith(("created", "].device")) or name.startswith("_")]
    assert json.loads(rows("virtualization.virtualmachine")[0]["tags"]) == ["blue"]


def test_what_belongs_to_no_thing_is_counted_and_not_kept():
    tables = read(DUMP)
    assert tables[0].details["left out"] == "1 auth.user, 1 ipam.role"
    assert all("pbkdf2" not in str(table.rows.to_pylist()) for table in tables)


def test_a_dump_without_things_is_refused_with_what_to_do():
    with pytest.raises(Rejected, match="dump without machines"):
        read([of("auth.user", 1, username="root")])


def test_a_list_whose_records_have_a_model_is_no_dump():
    (table,) = read([{"model": "R740", "pk": 1, "fields": "x"}, {"model": "R640", "pk": 2, "fields": "y"}])
    assert table.columns == ("model", "pk", "fields")
