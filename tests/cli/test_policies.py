"""Policies from the command line: set, show, simulate, apply, history, export, import, undo."""

import json

import pytest


def test_a_rule_is_drafted_simulated_applied_proved_and_undone(change):
    before = change("fingerprint", "--ids").out
    drafted = change("policy", "set", "owner", "authoritative", "--sources", "sheet, cmdb", "--stale-after", "90")
    assert drafted.code == 0, drafted.err
    assert "owner: now authoritative: sheet, then cmdb; stale after 90 days" in drafted.out
    assert "Draft: version 1" in change("policy").out
    assert "Simulated, nothing kept" in change("policy", "simulate").out
    assert change("fingerprint", "--ids").out == before
    assert "applied (act " in change("policy", "apply", "--reason", "kept by hand").out
    shown = change("policy", "show").out
    assert "the engagement's version 1" in shown
    assert "Draft" not in shown
    why = change("why", "app01", "owner").out
    assert "policy authoritative: sheet, then cmdb; stale after 90 days (the engagement's policy, version 1)" in why
    assert "sheet (1) decides" in why
    assert "place 1 of the policy" in why
    assert "applied version 1 of policy" in change("undo", "--list").out
    assert change("undo").code == 0
    assert change("fingerprint", "--ids").out == before
    assert "draft" in change("policy", "history").out


def test_the_settings_of_sources_are_part_of_the_same_story(change):
    change("sources", "set", "sheet", "--authoritative", "owner")
    assert "the settings of sources" in change("policy").out
    assert "settings of sources" in change("policy", "show", "owner").out
    assert "sheet decides" in change("why", "app01", "owner").out
    done = change("policy", "set", "owner", "newest", "--apply", "--json").json
    assert done["act"]
    assert change("policy", "show", "owner", "--json").json["origin"] == "engagement"


def test_a_policy_goes_out_and_comes_back_as_json(change, tmp_path):
    change(
        "policy", "set", "--group", "placement", "newest", "--from", "2030-01-01", "--type", "server", "--for-tenant"
    )
    document = change("policy", "export", "--for-tenant").json
    assert document == {
        "rules": [{"policy": "newest", "group": "placement", "type": "server", "effective_from": "2030-01-01"}]
    }
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(document))
    assert "all of placement of server from 2030-01-01: now newest" in change("policy", "import", file).out
    assert change("policy", "export").json == document
    assert "nothing waits" in change("policy", "unset", "--group", "placement", "--type", "server").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["owner", "union"], "so union cannot keep several: use confidence"),
        (["owner", "authoritative", "--sources", "hr"], "no source is called 'hr'; there is cmdb, scan, sheet"),
        (["owner"], "give an attribute and a policy"),
        (["owner", "newest", "--from", "soon"], "'soon' is no day"),
    ],
)
def test_what_is_not_possible_is_refused_with_the_cure(look, words, says):
    wrong = look("policy", "set", *words)
    assert wrong.code == 2
    assert says in wrong.err


def test_a_file_that_is_no_policy_is_refused(look, tmp_path):
    file = tmp_path / "policy.json"
    file.write_text("{")
    assert "is no policy" in look("policy", "import", file).err
    assert look("policy", "apply").code == 2
