"""The estate itself: as many things as asked for, unique where things are unique, trapped where planned."""

from collections import Counter

import pytest

from muniment import generate
from muniment.base.errors import Rejected
from muniment.generate.estate import build


@pytest.fixture(scope="module")
def estate():
    return build(generate.EstateSpec(assets=400, seed=5, dirt="high"))


def with_mark(estate, mark):
    return [thing for thing in estate.things if mark in thing.marks]


def test_there_are_as_many_things_as_asked_for_with_ids_in_order(estate):
    assert [thing.id for thing in estate.things] == [f"T{number:06d}" for number in range(1, 401)]


def test_every_kind_of_thing_is_there(estate):
    assert {thing.text("asset_type") for thing in estate.things} == {
        "server", "virtual_machine", "cluster", "database", "application", "network_device", "storage",
        "end_user_device",
    }  # fmt: skip


def test_a_mac_address_belongs_to_one_machine(estate):
    given = Counter(mac for thing in estate.things for mac in thing.texts("mac_address") if mac)
    assert given
    assert set(given.values()) == {1}


def test_a_name_belongs_to_one_host_unless_it_was_used_again(estate):
    names = Counter(thing.text("name") for thing in estate.things if "hostname" in thing.values)
    again = Counter(thing.text("name") for thing in with_mark(estate, "reused_name"))
    assert {name for name, count in names.items() if count > 1} == set(again)
    assert set(again.values()) == {2}


def test_a_reused_name_is_of_a_retired_machine_and_a_living_one(estate):
    pairs = {}
    for thing in with_mark(estate, "reused_name"):
        pairs.setdefault(thing.text("name"), []).append(thing.text("status"))
    assert pairs
    assert all(sorted(pair)[1] == "retired" and "retired" not in sorted(pair)[:1] for pair in pairs.values())


def test_clones_share_their_bios_uuid_and_nothing_else_does(estate):
    shared = Counter(thing.text("uuid") for thing in estate.things if thing.text("uuid"))
    clones = {thing.text("uuid") for thing in with_mark(estate, "cloned_uuid")}
    assert clones
    assert {uuid for uuid, count in shared.items() if count > 1} == clones


def test_several_servers_are_reported_with_one_enclosure_serial(estate):
    serials = Counter(thing.keep["enclosure_serial"] for thing in with_mark(estate, "shared_serial"))
    assert serials
    assert min(serials.values()) > 1


def test_a_change_never_repeats_the_present_value_and_is_in_the_past(estate):
    changes = [(thing, change) for thing in estate.things for change in thing.changes]
    assert len(changes) > 100
    for thing, change in changes:
        assert change.on < estate.spec.today
        assert all(thing.values[attribute] != value for attribute, value in change.old.items())


def test_an_old_address_may_be_another_hosts_present_one(estate):
    present = {address for thing in estate.things for address in thing.texts("ip_address")}
    old = [
        change.old["ip_address"][0]
        for thing in estate.things
        for change in thing.changes
        if change.kind == "reassigned_address"
    ]
    assert old
    assert set(old) <= present


def test_virtual_machines_are_where_their_host_is(estate):
    hosts = {thing.text("fqdn"): thing for thing in estate.things if thing.kind == "hypervisor"}
    for thing in estate.things:
        if thing.kind == "vm":
            host = hosts[thing.text("host")]
            assert (host.text("site"), host.text("cluster")) == (thing.text("site"), thing.text("cluster"))


def test_dependencies_join_things_that_exist(estate):
    known = {thing.id for thing in estate.things}
    relations = Counter(link.relation for link in estate.dependencies)
    assert set(relations) == {"runs_on", "uses", "calls"}
    assert all({link.source, link.target} <= known for link in estate.dependencies)


def test_the_sources_play_no_part_in_the_estate():
    one = build(generate.EstateSpec(assets=60, seed=2, sources=("rvtools",)))
    other = build(generate.EstateSpec(assets=60, seed=2, sources=generate.SOURCES))
    assert (one.things, one.dependencies) == (other.things, other.dependencies)


@pytest.mark.parametrize(
    "wrong",
    [{"assets": 3}, {"assets": 10**7}, {"sources": ("excel",)}, {"sources": ()}, {"dirt": "filthy"},
     {"sources": ("cloud", "cloud")}],
)  # fmt: skip
def test_what_cannot_be_made_is_rejected(wrong):
    with pytest.raises(Rejected):
        generate.EstateSpec(**wrong)
