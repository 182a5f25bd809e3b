"""`muniment identity`: what became of ids, what stands for one, verdicts; as tables and as JSON."""

import json

import pytest


def test_the_history_of_ids_is_a_table_and_lines_for_programs(change):
    change("merge", "app01", "app02", "--reason", "one blade")
    shown = change("identity", "history").out
    assert "became part of app01" in shown
    assert "muniment identity history --since" in shown
    lines = [json.loads(line) for line in change("identity", "history", "--jsonl").out.splitlines()]
    assert [one["kind"] for one in lines] == ["created"] * 4 + ["merged"]
    after = change("identity", "history", "--since", lines[3]["cursor"], "--json").json
    assert [one["kind"] for one in after["entries"]] == ["merged"]
    assert change("identity", "history", "--since", after["cursor"], "--jsonl").out == ""


def test_an_old_id_is_resolved_to_what_stands_for_it(change):
    change("merge", "app01", "app02")
    (old,) = [one for one in change("identity", "history", "--json").json["entries"] if one["kind"] == "merged"]
    said = change("identity", "resolve", old["asset"]).out
    assert f"is now {old['other']} app01" in said
    (told,) = change("identity", "resolve", old["asset"][-8:], "--json").json
    assert (told["state"], told["asset"]) == ("redirected", old["other"])
    assert change("identity", "resolve", "ffffffffffff").code == 3


def test_a_verdict_is_one_of_three(change):
    assert change("identity", "judge", "app01", "app02").code == 2
    assert change("identity", "judge", "app01", "app02", "--same", "--different").code == 2
    said = change("identity", "judge", "app01", "app02", "--same", "--reason", "one blade")
    assert "are the same thing (act " in said.out
    assert "1 merged" in said.out
    assert change("undo").code == 0


@pytest.mark.parametrize("verdict", ["--same", "--different"])
def test_a_verdict_can_be_simulated(change, verdict):
    said = change("identity", "judge", "app01", "app02", verdict, "--dry-run").out
    assert "nothing was changed" in said
