"""The systems that assert facts: list, add, set, disable, key."""

import pytest


def source(run, name):
    (found,) = [one for one in run("sources", "--json").json if one["name"] == name]
    return found


def test_sources_are_listed_with_counts_and_what_identifies_a_row(look):
    out = look("sources").out
    assert "cmdb" in out
    assert "What identifies a row" in out
    cmdb = source(look, "cmdb")
    assert (cmdb["records"], cmdb["active"]) == (4, True)
    assert cmdb["layouts"][0]["key_columns"] == ["CI"]


def test_without_sources_it_says_how_to_get_one(fresh):
    assert "An import makes them; `muniment sources add NAME`" in fresh("sources").out


def test_a_source_is_added_with_its_settings(fresh):
    done = fresh(
        "sources", "add", "Plan", "--kind", "spreadsheet", "--reliability", "0.9",
        "--authoritative", "owner, cost_centre", "--interval", "30", "--full", "--decimal-comma",
    )  # fmt: skip
    assert done.code == 0
    assert "import into it with --source 'Plan'" in done.out
    plan = source(fresh, "Plan")
    assert (plan["kind"], plan["reliability"], plan["authoritative"]) == ("spreadsheet", 0.9, ["owner", "cost_centre"])
    assert (plan["interval_days"], plan["full"], plan["decimal_comma"]) == (30, True, True)
    twice = fresh("sources", "add", "Plan", "--json")
    assert twice.code == 2
    assert "Plan" in twice.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--reliability", "0.2"], "reliability 0.2: give a share from 0.5 to 0.99"),
        (["--reliability", "1"], "give a share from 0.5 to 0.99"),
        (["--authoritative", "owner,colour"], "colour: no such attribute"),
        (["--kind", "crystal ball"], "crystal ball"),
        (["--timezone", "Mars/Olympus"], "Mars/Olympus"),
        ([], "nothing to change: `muniment sources set --help`"),
    ],
)
def test_a_wrong_setting_of_a_source_is_refused(look, arguments, says):
    wrong = look("sources", "set", "cmdb", *arguments)
    assert wrong.code == 2
    assert says in wrong.err


def test_a_source_that_is_made_authoritative_decides_at_once(change):
    done = change("sources", "set", "sheet", "--authoritative", "owner", "--rename", "plan", "--json")
    assert done.code == 0
    assert source(change, "plan")["authoritative"] == ["owner"]
    assert change("why", "app01", "owner", "--json").json["rule"] == "authoritative"


def test_a_disabled_source_does_not_speak_until_it_is_enabled(change):
    before = change("fingerprint", "--ids").out
    done = change("sources", "disable", "cmdb")
    assert done.code == 0
    assert "disabled cmdb: 4 assets updated" in done.out
    assert "environment" not in change("show", "app01", "--json").json["values"]
    assert source(change, "cmdb")["active"] is False
    assert change("sources", "set", "cmdb", "--enable").code == 0
    assert change("fingerprint", "--ids").out == before


def test_another_key_gives_records_other_keys_and_leaves_the_assets_their_ids(change):
    before = {asset["id"] for asset in change("assets", "--json").json}
    done = change("sources", "key", "cmdb", "Serial")
    assert done.code == 0
    assert "rows of cmdb are identified by Serial" in done.out
    assert source(change, "cmdb")["layouts"][-1]["key_columns"] == ["Serial"]
    assert {asset["id"] for asset in change("assets", "--json").json} == before


def test_a_key_of_columns_that_are_not_there_is_refused_with_those_that_are(look):
    wrong = look("sources", "key", "cmdb", "Colour")
    assert wrong.code == 2
    assert "0 layouts of cmdb have these columns" in wrong.err
    assert "CI, Name, Serial" in wrong.err


@pytest.mark.parametrize("command", [["set", "nobody", "--full"], ["disable", "nobody"], ["key", "nobody", "Serial"]])
def test_a_source_that_is_not_there_is_not_found(look, command):
    missing = look("sources", *command)
    assert missing.code == 3
    assert "nobody" in missing.err


def test_reliability_is_shown_with_its_interval_and_what_it_was_learned_from(look):
    found = look("sources", "reliability", "cmdb", "--json").json
    assert found
    assert all(one["source"] == "cmdb" and one["interval"][0] < one["interval"][1] for one in found)
    assert "n = 4)" in look("sources", "reliability").out
    assert look("sources", "reliability", "nobody").code == 3


def test_contribution_shows_what_a_source_won_and_knows_alone(look):
    out = look("sources", "contribution").out
    assert "it alone knows" in out
    mine = look("sources", "contribution", "scan", "--json").json
    assert {one["source"] for one in mine} == {"scan"}
    (mac,) = [one for one in mine if one["attribute"] == "mac_address"]
    assert (mac["filled"], mac["won"], mac["unique"]) == (4, 4, 4)
    of_one = look("sources", "contribution", "scan", "--asset", "app01", "--json").json
    assert {one["filled"] for one in of_one} == {1}
    assert look("sources", "contribution", "nobody").code == 3


def test_health_shows_a_score_with_its_parts_and_where_they_come_from(look):
    out = look("sources", "health").out
    assert all(word in out for word in ("cmdb", "scan", "sheet", "agreement", "steadiness", "not known"))
    told = look("sources", "health", "cmdb").out
    assert "another source says the same in" in told
    assert "Completeness" in told
    (body,) = look("sources", "health", "cmdb", "--json").json
    assert {"score", "parts", "completeness", "drift", "alerts"} <= set(body)
