"""Adding an asset by hand: the person is a source, their entry is evidence, identity decides what it is."""

import pytest
from tests.conftest import assets, fingerprint

from muniment import evidence, flows, graph, memory, register
from muniment.base.errors import Rejected

WEB = {"hostname": "web09", "serial": "CZ1234567", "memory_mib": "64 GB", "owner": "Ann Bell"}


def test_an_asset_added_by_hand_is_proved_by_the_person_and_undone_exactly(estate):
    before = fingerprint(estate, with_ids=True)
    done = flows.add_asset(estate, "server", WEB, reason="found in rack 7")
    assert (done.asset.name, done.asset.type, done.asset.sources) == ("web09", "server", ("tester",))
    assert (done.linked, done.alike, done.changed.created) == (False, (), 1)
    with estate.scope.transaction() as connection:
        (claim,) = graph.why(connection, estate, done.asset, "memory_mib").claims
        (cell,) = claim.cells
        source = evidence.get_source(connection, "tester")
        delivery = evidence.list_imports(connection, estate.scope, source_id=source.id)[0]
        (act,) = memory.list_acts(connection, estate.scope)
        assert estate.lake.row(delivery.lake_path, 1)["memory_mib"] == "64 GB"
    assert (claim.source, claim.values, cell.raw, cell.column) == ("tester", (65536,), "64 GB", "memory_mib")
    assert (source.kind, delivery.status, act.kind, act.reason) == ("person", "done", "add", "found in rack 7")
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before
    again = flows.add_asset(estate, "server", WEB)
    assert again.asset.id == done.asset.id


def test_what_identifies_a_known_asset_becomes_part_of_it_and_says_so(estate):
    known = assets(estate)[0]
    tried = flows.add_asset(estate, "server", {"serial": "CZC00001X", "site": "Rome"}, dry_run=True)
    assert (tried.linked, [one.name for one in tried.alike], tried.asset) == (True, ["app01"], None)
    done = flows.add_asset(estate, "server", {"serial": "CZC00001X", "site": "Rome"})
    assert (done.linked, done.asset.id, done.asset.values["site"]) == (True, known.id, "Rome")
    assert len(assets(estate)) == 4


def test_a_dry_run_adds_nothing(estate):
    before = fingerprint(estate, with_ids=True)
    tried = flows.add_asset(estate, "server", WEB, dry_run=True)
    assert (tried.changed.difference.created, tried.linked) == (1, False)
    assert fingerprint(estate, with_ids=True) == before


def test_what_was_added_can_be_corrected_like_anything_and_outlives_imports(estate):
    done = flows.add_asset(estate, "server", WEB)
    flows.resolve(estate, done.asset.id, "owner", "Di Eck")
    assert next(one for one in assets(estate) if one.name == "web09").values["owner"] == "Di Eck"


def test_two_entries_with_other_attributes_are_two_assets_of_one_source(estate):
    flows.add_asset(estate, "server", WEB)
    flows.add_asset(estate, "application", {"name": "payroll", "criticality": "high"})
    assert {one.name: one.type for one in assets(estate) if "tester" in one.sources} == {
        "web09": "server", "payroll": "application"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        ("server", {"owner": "Ann Bell"}, "nothing names the thing: set one of hostname"),
        ("server", {"hostname": "web09", "memory_mib": "plenty"}, "memory_mib=plenty: "),
        ("server", {"hostname": "web09", "colour": "red"}, "'colour' is not an attribute"),
        ("toaster", {"hostname": "web09"}, "asset_type=toaster: "),
    ],
)
def test_what_cannot_be_added_is_refused_and_leaves_nothing(estate, kind, values, says):
    with pytest.raises(Rejected, match=says):
        flows.add_asset(estate, kind, values)
    with estate.scope.transaction() as connection:
        assert evidence.find_source(connection, "tester") is None
        assert register.stale_count(connection, estate.scope) == 0


def test_adding_the_same_thing_twice_is_refused_with_the_cure(estate):
    flows.add_asset(estate, "server", WEB)
    with pytest.raises(Rejected, match="web09 was added by tester before: `muniment edit` changes it"):
        flows.add_asset(estate, "server", WEB)
