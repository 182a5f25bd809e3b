"""History in words: imports, merges, splits, corrections, withdrawals, and assets that left the register."""

import pytest
from tests.conftest import Delivery, assets, deliver, fingerprint, machine

from muniment import evidence, flows, graph
from muniment.estate import Estate


def history(home, name):
    return Estate(home).history(name).account


def imports(home):
    with home.scope.transaction() as connection:
        return evidence.list_imports(connection, home.scope)


def ids(home):
    return {asset.name: asset.id for asset in assets(home)}


def test_an_import_is_told_by_its_file_and_source_with_what_it_changed(estate, tmp_path):
    deliver(estate, tmp_path, [Delivery("cmdb", 9, ({**machine(1)["cmdb"], "Environment": "Test"},))])
    first, *_, last = history(estate, "app01")
    assert first.what == "import of cmdb-1.csv from cmdb"
    assert first.notes[0].startswith("created with ")
    assert (last.what, last.actor) == ("import of cmdb-9.csv from cmdb", "tester")
    assert graph.Change("environment", "production", "test") in last.changes


def test_a_merge_and_its_undo_are_told_on_both_sides_with_who_and_why(estate):
    one, two = ids(estate)["app01"], ids(estate)["app02"]
    flows.merge_assets(estate, one, two, "same blade")
    kept = history(estate, str(one))[-1]
    assert (kept.what, kept.reason, kept.actor) == ("merged app01 and app02", "same blade", "tester")
    assert "took in app02" in kept.notes
    flows.undo(estate, reason="two blades after all")
    last = history(estate, "app01")[-1]
    assert last.what == "undone: merged app01 and app02"
    away, back = history(estate, str(two))[-2:]
    assert "became part of app01" in away.notes
    assert any(note.startswith("came back with") for note in back.notes)


def test_a_split_is_told_by_the_asset_that_was_made(estate):
    whole = next(asset for asset in assets(estate) if asset.name == "app03")
    sheet = next(claimed.record.id for claimed in Estate(estate).records(whole) if claimed.source == "sheet")
    flows.split_asset(estate, whole.id, [sheet], "two machines")
    (made,) = [asset for asset in assets(estate) if asset.name.lower() == "app03" and asset.id != whole.id]
    (first,) = history(estate, str(made.id))
    assert (first.what, first.reason) == ("split 1 record(s) off app03", "two machines")
    assert "split off app03" in first.notes


def test_an_asset_that_a_withdrawal_took_out_still_tells_why(estate):
    before = fingerprint(estate)
    flows.withdraw(estate, imports(estate), "everything", "the wrong client")
    last = history(estate, "app04")[-1]
    assert (last.what, last.reason) == ("withdrew everything", "the wrong client")
    assert last.notes == ("taken out of the register: no record of it is left",)
    flows.restore(estate, imports(estate), "everything")
    assert fingerprint(estate) == before
    assert [one.what for one in history(estate, "app04")[-2:]] == ["withdrew everything", "restored everything"]


def test_retirement_and_return_are_told(engagement, tmp_path):
    home = engagement()
    rows = [machine(number)["cmdb"] for number in range(1, 5)]
    deliver(home, tmp_path, [Delivery("cmdb", 1, tuple(rows)), Delivery("cmdb", 2, tuple(rows[:3]), full=True)])
    assert history(home, "app04")[-1].notes == ("retired: no source lists it any more",)
    deliver(home, tmp_path, [Delivery("cmdb", 3, tuple(rows), full=True)])
    assert history(home, "app04")[-1].notes == ("in use again",)


def test_settings_of_a_source_and_a_resolution_are_told_in_words(estate):
    register = Estate(estate)
    register.resolve("app02", "owner", "Cy Dow", reason="asked him")
    assert (history(estate, "app02")[-1].what, history(estate, "app02")[-1].reason) == (
        "resolved owner of app02 to Cy Dow", "asked him",
    )  # fmt: skip
    register.change_source("cmdb", active=False)
    assert history(estate, "app02")[-1].what == "changed active of the source cmdb"


@pytest.mark.parametrize("kind", ["policy.applied", "record.added_by_hand"])
def test_a_cause_that_is_not_known_yet_is_told_by_its_own_words(kind):
    from muniment.graph.account import _Names, _what

    assert _what({"kind": kind}, _Names({}, {}, {})) == kind.replace(".", " ").replace("_", " ")
