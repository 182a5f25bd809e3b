"""Relations are read off names when asked for: both ways, near things first, and never guessed."""

import json

import pytest
from tests.conftest import DAY_ONE, assets, write_csv

from muniment import flows, graph

VMS = [
    {"VM": "app01", "Powerstate": "poweredOn", "CPUs": "2", "Host": "esx1.corp.example", "Cluster": "prod"},
    {"VM": "app02", "Powerstate": "poweredOn", "CPUs": "2", "Host": "ESX2", "Cluster": "prod"},
    {"VM": "app03", "Powerstate": "poweredOn", "CPUs": "2", "Host": "esx9", "Cluster": "test"},
]
HOSTS = [
    {"Host": "esx1.corp.example", "CPU Model": "Xeon", "# Cores": "16", "Cluster": "prod"},
    {"Host": "esx2.corp.example", "CPU Model": "Xeon", "# Cores": "16", "Cluster": "prod"},
]
RACKS = [
    {"model": "dcim.site", "pk": 1, "fields": {"name": "Oslo"}},
    {"model": "dcim.site", "pk": 2, "fields": {"name": "Lyon"}},
    *(
        {"model": "dcim.rack", "pk": number, "fields": {
            "name": name, "site": site, "u_height": 42, "desc_units": False}}
        for number, (name, site) in enumerate([("R1", 1), ("R2", 1), ("R1", 2), ("R2", 2)], start=1)
    ),
    *(
        {"model": "dcim.device", "pk": number, "fields": {
            "name": f"box{number}", "serial": f"SN0000{number}", "rack": rack, "site": site, "role": "Server",
            "device_type": "R740"}}
        for number, (rack, site) in enumerate([(1, 1), (3, 2), (2, None)], start=1)
    ),
]  # fmt: skip


@pytest.fixture
def platform(home, tmp_path):
    for tab, rows in (("vInfo", VMS), ("vHost", HOSTS), ("vCluster", [{"Name": "prod", "VI SDK Server": "vc1"}])):
        write_csv(tmp_path / f"RVTools_tab{tab}.csv", rows, DAY_ONE)
    flows.import_files(home, flows.Request((tmp_path,)))
    return home


def relations(home, name):
    (asset,) = [one for one in assets(home) if one.name == name]
    with home.scope.transaction() as connection:
        found = graph.related(connection, home.scope, asset)
    return [(one.relation, one.name, one.type, one.note) for one in found]


def test_a_machine_names_its_host_with_or_without_domain_and_its_cluster(platform):
    assert relations(platform, "app01") == [
        ("runs on", "esx1", "server", ""),
        ("is in cluster", "prod", "cluster", ""),
    ]
    assert relations(platform, "app02")[0] == ("runs on", "esx2", "server", "")


def test_what_runs_on_a_host_and_what_a_cluster_has(platform):
    assert relations(platform, "esx1") == [
        ("is in cluster", "prod", "cluster", ""),
        ("runs", "app01", "virtual_machine", ""),
    ]
    assert relations(platform, "prod") == [
        ("has member", name, kind, "")
        for name, kind in [
            ("app01", "virtual_machine"), ("app02", "virtual_machine"), ("esx1", "server"), ("esx2", "server"),
        ]
    ]  # fmt: skip


def test_a_host_that_no_source_lists_is_named_and_not_made_up(platform):
    assert relations(platform, "app03")[0] == ("runs on", "esx9", None, "no asset is called so")


def test_of_things_of_one_name_the_near_one_is_meant(home, tmp_path):
    path = tmp_path / "netbox.json"
    path.write_text(json.dumps(RACKS))
    flows.import_files(home, flows.Request((path,)))
    site = {one.id: one.values.get("site") for one in assets(home)}
    for box, expected in (("box1", ["Oslo"]), ("box2", ["Lyon"])):
        (asset,) = [one for one in assets(home) if one.name == box]
        with home.scope.transaction() as connection:
            assert [site[one.asset] for one in graph.related(connection, home.scope, asset)] == expected
    assert relations(home, "box3") == [("stands in rack", "R2", None, "2 assets are called so")]
    with home.scope.transaction() as connection:
        held = {
            (asset.name, site[asset.id]): [one.name for one in graph.related(connection, home.scope, asset)]
            for asset in assets(home)
            if asset.type == "other"
        }
    assert held == {("R1", "Oslo"): ["box1"], ("R1", "Lyon"): ["box2"], ("R2", "Oslo"): [], ("R2", "Lyon"): []}
