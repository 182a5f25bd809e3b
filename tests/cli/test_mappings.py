"""What the columns mean: list, accept, reject, set."""

import pytest
from tests.conftest import Delivery, machine


def state(run, column, source="cmdb"):
    listed = run("mappings", "--source", source, "--json").json
    (found,) = [one for one in listed if one["column"] == column]
    return found["attribute"], found["state"]


def values(run, attribute):
    return [asset["values"].get(attribute) for asset in run("assets", "--json").json]


def test_columns_are_listed_with_samples_meaning_and_reason(look):
    out = look("mappings", "--source", "cmdb").out
    assert "RAM MB" in out
    assert "memory_mib" in out
    assert "16384" in out
    listed = look("mappings", "--json").json
    assert {one["source"] for one in listed} == {"cmdb", "scan", "sheet"}
    assert {"tab", "column", "attribute", "probability", "state", "reasons", "runner_up"} <= set(listed[0])


def test_what_waits_is_told_apart_from_what_is_decided(look):
    waiting = look("mappings", "--waiting", "--json").json
    assert {one["state"] for one in waiting} <= {"suggested"}
    assert len(waiting) < len(look("mappings", "--json").json)


def test_a_rejected_column_no_longer_speaks_and_a_set_one_does(change):
    done = change("mappings", "reject", "Environment", "--reason", "outdated")
    assert done.code == 0
    assert "rejected Environment: 4 assets updated\n" in done.out
    assert state(change, "Environment")[1] == "rejected"
    assert values(change, "environment") == [None] * 4
    done = change("mappings", "set", "Environment", "environment", "--json")
    assert done.json["updated"] == 4
    assert values(change, "environment") == ["production"] * 4


def test_a_suggestion_is_accepted_by_name(change):
    change("mappings", "reject", "Environment")
    change("mappings", "set", "environment", "environment")
    done = change("mappings", "accept", "Environment")
    assert done.code == 0
    assert "accepted 1 column(s)" in done.out
    assert state(change, "Environment") == ("environment", "accepted")


def test_suggestions_are_accepted_above_a_probability(fresh, tmp_path):
    rows = tuple({**machine(number)["cmdb"], "Resp. grp": f"Team {number % 2}"} for number in range(1, 9))
    path = tmp_path / "list.csv"
    columns = list(rows[0])
    lines = [",".join(columns), *(",".join(row[name] for name in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh("import", path)
    waiting = fresh("mappings", "--waiting", "--json").json
    done = fresh("mappings", "accept", "--above", "0.0")
    if waiting:
        assert f"accepted {len(waiting)} column(s)" in done.out
    else:
        assert done.code == 3
    assert fresh("mappings", "--waiting", "--json").json == []
    none = fresh("mappings", "accept", "--above", "0.0")
    assert none.code == 3
    assert "no suggestion is that probable" in none.err
    assert "Nothing waits." in fresh("mappings", "--waiting").out


def test_a_column_may_mean_an_attribute_of_ones_own(change, tmp_path):
    row = {**machine(1)["sheet"], "Lift": "42 kg"}
    path = tmp_path / "lift.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    change("import", path, "--source", "sheet")
    unknown = change("mappings", "set", "Lift", "lift_class")
    assert unknown.code in {2, 3}
    assert "lift_class" in unknown.err
    done = change("mappings", "set", "Lift", "lift_class", "--new", "text")
    assert done.code == 0
    assert change("show", "app01", "--json").json["values"]["lift_class"] == "42 kg"
    assert "lift_class" in change("model", "lift").out


@pytest.mark.parametrize("command", [["accept"], ["reject"], ["set"]])
def test_a_column_that_nobody_has_is_not_found(look, command):
    extra = ["owner"] if command == ["set"] else []
    missing = look("mappings", *command, "Colour", *extra)
    assert missing.code == 3
    assert "no column is called 'Colour': `muniment mappings` lists them" in missing.err


def test_a_column_that_means_different_things_in_two_sources_needs_the_source(change):
    change("mappings", "set", "Address", "management_ip", "--source", "scan")
    wrong = change("mappings", "reject", "Address")
    assert wrong.code == 2
    assert "'Address' means different things in 2 places" in wrong.err
    assert "add --source or --tab" in wrong.err
    assert change("mappings", "reject", "Address", "--source", "cmdb").code == 0
    assert state(change, "Address", "scan")[0] == "management_ip"


def test_accept_needs_to_be_told_what(look):
    wrong = look("mappings", "accept")
    assert wrong.code == 2
    assert "name a column, or give --above" in wrong.err


def test_a_delivery_of_the_same_columns_keeps_what_was_decided(change, tmp_path):
    change("mappings", "reject", "Environment")
    change("import", Delivery("cmdb", 7, (machine(5)["cmdb"],)).write(tmp_path), "--source", "cmdb")
    assert values(change, "environment") == [None] * 5


def test_a_transform_is_tried_out_set_shown_and_taken_back(change):
    tried = change("mappings", "test", "RAM MB", "memory_mib", "--transform", "unit GiB", "--source", "cmdb")
    assert tried.code == 0
    assert "16777216" in tried.out
    assert "Nothing is stored" in tried.out
    assert values(change, "memory_mib") == [16384] * 4
    done = change("mappings", "set", "Tags", "tags", "--transform", "case upper | check one_of BLUE")
    assert done.code == 0
    assert values(change, "tags") == [["BLUE"]] * 4
    shown = change("mappings", "show", "Tags")
    assert "case upper" in shown.out
    assert "4 rows: 4 give a value" in shown.out
    assert "case upper → BLUE" in change("why", "app01", "tags").out
    assert "set by tester" in change("mappings", "undo", "--list").out
    assert change("mappings", "undo").code == 0
    assert values(change, "tags") == [["blue"]] * 4


def test_the_list_of_columns_can_be_cut(look):
    cut = look("mappings", "--limit", "2")
    assert "2 of " in cut.out
    assert len(look("mappings", "--limit", "2", "--json").json) == 2


def test_the_closed_list_of_transforms_can_be_read_by_people_and_machines(look):
    assert "lookup P=production" in look("mappings", "transforms").out
    assert look("mappings", "transforms", "--json").json["title"] == "How the cells of a column are read"


def test_what_is_no_transform_is_refused_with_an_example(look):
    wrong = look("mappings", "set", "Tags", "tags", "--transform", "split")
    assert wrong.code == 2
    assert "an example: split / take 2" in wrong.err
