"""What sources believe: old values for a reason, coherent names, errors of their own kind."""

import pytest

from muniment import generate
from muniment.generate.estate import build
from muniment.generate.observe import Observer

KINDS = ("physical", "vm", "hypervisor", "network", "storage", "device")


@pytest.fixture(scope="module")
def observer():
    return Observer(build(generate.EstateSpec(assets=1500, seed=6, dirt="high")))


def test_a_claim_is_old_only_if_the_thing_changed(observer):
    for record in observer.records("discovery", *KINDS):
        past = {change.kind for change in record.thing.changes}
        kinds = {seen.kind for seen in record.seen.values()}
        assert kinds & {"renamed", "resized", "upgraded", "owner_left", "moved"} <= past


def test_a_live_source_has_what_it_measures_right(observer):
    measured = ("cpu_count", "memory_mib", "storage_gib", "host", "cluster", "power_state")
    for record in observer.records("rvtools", "vm"):
        if record.copy == 0:
            assert all(record.seen[name].value == record.thing.values[name] for name in measured if name in record.seen)


def test_a_record_older_than_a_change_has_the_value_before(observer):
    checked = 0
    for record in observer.records("servicenow", *KINDS):
        for change in record.thing.changes:
            if change.kind == "owner_left" and change.on > record.as_of and "owner" in record.seen:
                checked += record.seen["owner"].kind == "owner_left"
                assert record.seen["owner"].kind in {"owner_left", "typo", "other"}
    assert checked > 20


def test_the_names_of_a_record_agree(observer):
    for source in ("servicenow", "lifecycle", "monitoring"):
        for record in observer.records(source, *KINDS):
            name = record.seen["name"].value
            assert record.seen["hostname"].value == (name,)
            assert record.seen["fqdn"].value[0].split(".")[0] == name


def test_the_sheet_repeats_errors_of_the_cmdb_more_often_than_chance(observer):
    cmdb = {one.thing.id: one for one in observer.records("servicenow", *KINDS) if one.copy == 0}
    repeated = alone = 0
    for record in observer.records("lifecycle", *KINDS):
        original = cmdb.get(record.thing.id)
        if original is None or "model" not in record.seen or "model" not in original.seen:
            continue
        if original.seen["model"].kind in {"typo", "other"}:
            same = record.seen["model"].value == original.seen["model"].value
            repeated, alone = repeated + same, alone + (not same)
    assert repeated > 0
    assert repeated / (repeated + alone) > 0.2


def test_a_thing_only_one_source_knows_is_listed_by_that_one(observer):
    hidden = [thing for thing in observer.estate.things if "single_source" in thing.marks]
    assert hidden
    for thing in hidden:
        assert [source for source in generate.SOURCES if observer.lists(source, thing)] == [thing.keep["only"]]
