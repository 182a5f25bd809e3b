"""`muniment identity why` and `cases` over small real files: every case of IT is imported, linked right and named."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from muniment import flows
from muniment.base.home import Home

CMDB = """\
CI,Hostname,Serial Number,BIOS UUID,MAC Address,IP Address,Status
CI01,app01,CZC1000001,4c4c4544-0001-4a10-8001-b1c04f000001,3c:4a:92:00:00:01,10.0.1.1,active
CI02,app02,CZC1000002,4c4c4544-0002-4a10-8002-b1c04f000002,3c:4a:92:00:00:02,10.0.1.2,retired
CI05,app05,CZC1000005,4c4c4544-0005-4a10-8005-b1c04f000005,3c:4a:92:00:00:05,10.0.1.5,active
CI06,app06,CZC1000006,4c4c4544-0006-4a10-8006-b1c04f000006,3c:4a:92:00:00:06,10.0.1.6,active
CI08,app08,CZC1000008,4c4c4544-0008-4a10-8008-b1c04f000008,3c:4a:92:00:00:08,10.0.1.8,active
CI09,app09,CZC1000009,4c4c4544-0009-4a10-8009-b1c04f000009,3c:4a:92:00:00:09,10.0.1.9,active
"""
SCAN = """\
Hostname,Serial Number,BIOS UUID,MAC Address,IP Address
web07,CZC1000001,4c4c4544-0001-4a10-8001-b1c04f000001,3c:4a:92:00:00:01,10.0.2.1
app02,CZC2000002,4c4c4544-0022-4a10-8022-b1c04f000022,3c:4a:92:00:00:22,10.0.2.2
db55,CZC2000055,4c4c4544-0055-4a10-8055-b1c04f000055,3c:4a:92:00:00:05,10.0.2.5
app06,CZC1000006,4c4c4544-0066-4a10-8066-b1c04f000066,3c:4a:92:00:00:66,10.0.1.6
web99,CZC2000099,4c4c4544-0099-4a10-8099-b1c04f000099,3c:4a:92:00:00:99,10.0.1.9
sw01,FOC1111X01,,,
sw01,FOC2222X02,,,
sw01,FOC3333X03,,,
"""
VCENTER = """\
Hostname,VM ID,SMBIOS UUID,MAC Address
app03,vm-31,42061111-0003-4a10-8003-aa0000000003,00:50:56:80:00:31
app03-copy,vm-32,42061111-0003-4a10-8003-aa0000000003,00:50:56:80:00:32
app08,vm-38,42061111-0008-4a10-8008-aa0000000008,00:50:56:80:00:38
"""
CLOUD = """\
Hostname,Cloud Instance ID,IP Address,Region
shop,i-0aaaaaaaaaaaaaaa1,172.31.0.1,eu-central-1
"""
AGENTS = """\
Hostname,Cloud Instance ID,IP Address
shop,i-0bbbbbbbbbbbbbbb2,172.31.0.2
"""
EXPECTED = {
    "reimaged": [{"app01", "web07"}],
    "reused_name": [{"app02"}],
    "vm_clone": [{"app03", "app03-copy"}],
    "cluster_or_stack": [{"sw01"}] * 3,
    "nic_move": [{"app05", "db55"}],
    "replaced_motherboard": [{"app06"}],
    "cloud_recreation": [{"shop"}],
    "physical_to_virtual": [{"app08"}],
    "dhcp_reuse": [{"app09", "web99"}],
}


@pytest.fixture(scope="module")
def things(make_home, tmp_path_factory):
    """A home into which the five files were imported."""
    folder = tmp_path_factory.mktemp("cases")
    with make_home(folder / "home") as home:
        for name, text in (("cmdb", CMDB), ("scan", SCAN), ("vcenter", VCENTER), ("aws", CLOUD), ("agents", AGENTS)):
            path = folder / f"{name}.csv"
            path.write_text(text)
            flows.import_files(home, flows.Request((path,), source=name))
        yield home


@pytest.fixture(scope="module")
def ask(door, things: Home):
    return door(things)


def hosts(case: dict) -> set[str]:
    return {case[side]["known_as"].partition(" ")[0] for side in ("left", "right")}


@pytest.mark.parametrize("key", EXPECTED)
def test_every_case_is_named_where_it_is_and_nowhere_else(ask, key):
    found = ask("identity", "cases", "--case", key, "--json").json
    assert sorted(map(sorted, map(hosts, found))) == sorted(map(sorted, EXPECTED[key]))


def test_what_is_one_thing_is_one_asset_and_what_is_not_is_not(ask):
    for case in ask("identity", "cases", "--json").json:
        assert (case["left"]["asset"] == case["right"]["asset"]) == (case["means"] == "same"), case["says"]


def test_how_an_asset_was_linked_is_told_with_its_case(ask):
    said = ask("identity", "why", "web07").out
    assert "linked by +UUID +MAC_ADDRESS +SERIAL -HOSTNAME -IP_ADDRESS" in said
    assert "both say czc1000001" in said
    assert "re-imaged or renamed host" in said
    told = ask("identity", "why", "web07", "--json").json
    (link,) = told["links"]
    waterfall = link["waterfall"]
    assert waterfall["prior"] + sum(step["bits"] for step in waterfall["steps"]) == pytest.approx(waterfall["total"])
    assert link["case"]["key"] == "reimaged"


def test_why_two_assets_are_not_one_is_told_with_its_case(ask):
    said = ask("identity", "why", "app05", "db55").out
    assert "different things: " in said
    assert "+MAC_ADDRESS" in said
    assert "moved network card" in said
    told = ask("identity", "why", "app05", "db55", "--json").json
    assert told["together"] is False
    assert told["case"]["key"] == "nic_move"
    assert told["waterfall"]["accepted"] is False


def test_show_names_the_key_and_the_case(ask):
    said = ask("show", "app06").out
    assert "linked by +SERIAL +HOSTNAME +IP_ADDRESS -UUID -MAC_ADDRESS" in said
    assert "replaced motherboard: " in said
    told = ask("show", "app06", "--json").json
    assert told["linked_by"].startswith("+SERIAL")
    assert [case["key"] for case in told["cases"]] == ["replaced_motherboard"]


def test_the_evidence_is_drawn(ask, tmp_path: Path):
    picture = tmp_path / "why.svg"
    assert ask("identity", "why", "web07", "--svg", picture).code == 0
    assert ET.fromstring(picture.read_text()).tag.endswith("svg")  # noqa: S314 - our own picture
    alone = ask("identity", "why", "app02", "web07", "--svg", tmp_path / "nowhere" / "why.svg")
    assert alone.code == 2


def test_a_case_that_is_none_is_refused(ask):
    refused = ask("identity", "cases", "--case", "haunted")
    assert refused.code == 2
    assert "vm_clone" in refused.err


def test_a_word_of_a_person_is_the_reason(change):
    change("identity", "judge", "app01", "app02", "--same", "--reason", "one blade")
    said = change("identity", "why", "app01").out
    assert "tester called them one thing on " in said
    assert "one blade" in said
    change("undo")
    records = change("show", "app03", "--json").json["records"]
    change("identity", "judge", records[0]["id"], records[1]["id"], "--different", "--reason", "two racks")
    told = change("identity", "why", records[0]["id"], records[1]["id"]).out
    assert "different things: tester called them different things on " in told
    assert "two racks" in told


def test_what_does_not_exist_is_not_found(ask):
    assert ask("identity", "why", "nothing-like-this").code == 3
