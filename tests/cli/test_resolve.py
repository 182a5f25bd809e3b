"""Settling values from the command line: resolve, accept, edit, and what the readers say of it."""

import pytest
from tests.conftest import Delivery, machine


def test_a_value_is_resolved_proved_and_undone(change):
    before = change("fingerprint", "--ids").out
    done = change("resolve", "app01", "owner", "Di Eck", "--reason", "asked her")
    assert done.code == 0
    assert "resolved owner of app01 (act " in done.out
    why = change("why", "app01", "owner").out
    assert "owner = Di Eck" in why
    assert "resolved by tester on " in why
    assert "asked her" in why
    assert "Ann Bell" in why
    assert "resolved" in change("show", "app01").out
    assert "resolved owner of app01 to Di Eck" in change("undo", "--list").out
    assert change("undo").code == 0
    assert change("fingerprint", "--ids").out == before


def test_what_a_source_says_can_be_taken(change):
    done = change("resolve", "app01", "os", "--from", "scan", "--json")
    assert done.code == 0
    proof = change("why", "app01", "os", "--json").json
    assert (proof["rule"], proof["resolution"]["chosen_source"]) == ("resolved", "scan")
    nobody = change("resolve", "app01", "owner", "--from", "scan")
    assert nobody.code == 3
    assert "scan says nothing about owner of app01; cmdb, sheet" in nobody.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("memory_mib", "much"), "memory_mib=much: "),
        (("colour", "red"), "'colour' is not an attribute"),
        (("owner", "n/a"), "`--unset owner`"),
        (("owner",), "--from SOURCE"),
        (("owner", "Di", "--until", "soon"), "write a date"),
        (("owner", "Di", "--until", "2001-01-01"), "is over"),
    ],
)
def test_a_word_that_cannot_be_taken_is_refused_with_the_cure(look, arguments, says):
    wrong = look("resolve", "app01", *arguments)
    assert wrong.code == 2
    assert says in wrong.err


def test_several_values_are_edited_in_one_act(change):
    before = change("fingerprint", "--ids").out
    done = change("edit", "app02", "--set", "owner=Di Eck", "--set", "memory_mib=32 GB", "--unset", "environment")
    assert "edited app02 (act " in done.out
    values = change("show", "app02", "--json").json["values"]
    assert (values["owner"], values["memory_mib"], "environment" in values) == ("Di Eck", 32768, False)
    assert "resolved by tester" in change("why", "app02", "environment").out
    assert change("undo").code == 0
    assert change("fingerprint", "--ids").out == before


def test_an_edit_is_simulated_first(change):
    shown = change("edit", "app02", "--set", "owner=Di Eck", "--dry-run")
    assert "would create 0 assets, update 1" in shown.out
    assert "Ann Bell" in shown.out
    assert change("show", "app02", "--json").json["values"]["owner"] == "Ann Bell"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "nothing to change"),
        (("--set", "owner"), "write ATTRIBUTE=VALUE"),
        (("--set", "a=1", "--set", "a=2"), "twice"),
    ],
)
def test_an_edit_that_says_nothing_clear_is_refused(look, options, says):
    wrong = look("edit", "app02", *options)
    assert wrong.code == 2
    assert says in wrong.err


def test_conflicts_show_who_settled_them(change, tmp_path):
    said = Delivery("cmdb", 5, ({**machine(1)["cmdb"], "Owner": "Cy Dow"},)).write(tmp_path)
    assert change("import", said, "--source", "cmdb").code == 0
    opened = change("conflicts", "--json").json
    (first, *_) = opened["conflicts"]
    accepted = change("accept", first["asset"], first["attribute"], "--reason", "leave it")
    assert "accepted the conflict about" in accepted.out
    assert len(change("conflicts", "--json").json["conflicts"]) == len(opened["conflicts"]) - 1
    assert "accepted by tester" in change("conflicts", "--state", "accepted").out
    again = change("accept", first["asset"], first["attribute"])
    assert again.code == 3
    assert "no open conflict" in again.err
    assert change("conflicts", "--state", "gone").code == 2
    assert len(change("conflicts", "--state", "all", "--json").json["conflicts"]) == len(opened["conflicts"])


def test_tags_and_notes_are_found_shown_and_undone(change):
    before = change("fingerprint", "--ids").out
    assert "tagged app01 +pci +pilot (act " in change("tag", "app01", "+pci", "+pilot").out
    assert change("tag", "app02", "+PCI").code == 0
    assert change("tag", "app01", "-pilot").code == 0
    assert change("note", "app01", "ask Ann first").code == 0
    shown = change("show", "app01").out
    assert "tagged pci\n" in shown
    assert "tester: ask Ann first" in shown
    names = [asset["name"] for asset in change("assets", "--where", "tag=pci", "--json").json]
    assert names == ["app01", "app02"]
    assert change("assets", "--where", "tag=pilot", "--json").json == []
    assert change("undo").code == 0
    assert change("undo").code == 0
    assert [one["name"] for one in change("assets", "--where", "tag=pilot", "--json").json] == ["app01"]
    assert change("show", "app01", "--json").json["annotations"][0]["actor"] == "tester"
    assert change("fingerprint", "--ids").out == before


def test_a_tag_follows_its_asset_into_a_merge(change):
    change("tag", "app02", "+pci")
    change("merge", "app01", "app02")
    assert len(change("assets", "--where", "tag=pci", "--json").json) == 1


def test_what_is_no_tag_or_note_is_refused(look):
    assert "cannot be a tag" in look("tag", "app01", "+two words").err
    assert "nothing to write" in look("note", "app01", " ").err


def test_a_resolution_can_be_tried_first(change):
    before = change("fingerprint", "--ids").out
    tried = change("resolve", "app01", "owner", "Di Eck", "--dry-run")
    assert "resolved owner of app01 would create 0 assets, update 1" in tried.out
    assert change("fingerprint", "--ids").out == before


def test_assets_are_found_by_their_tag(change):
    assert change("tag", "app01", "+Pci").code == 0
    assert [one["name"] for one in change("assets", "--tag", "PCI", "--json").json] == ["app01"]
