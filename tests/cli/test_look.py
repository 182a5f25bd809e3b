"""Reading the register: assets, show, why, history, conflicts."""

import pytest
from tests.conftest import Delivery, machine

from muniment.base import ids


def names(answer):
    return [asset["name"] for asset in answer.json]


def test_assets_are_listed_with_what_matters(look):
    out = look("assets").out
    assert all(f"app0{number}" in out for number in range(1, 5))
    assert "10.1.0.1" in out
    assert "cmdb, scan, sheet" in out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ["app01", "app02", "app03", "app04"]),
        (["app02"], ["app02"]),
        (["ann app03"], ["app03"]),
        (["czc00004"], ["app04"]),
        (["nothing-like-it"], []),
        (["--type", "server"], ["app01", "app02", "app03", "app04"]),
        (["--type", "database"], []),
        (["--source", "scan", "--limit", "2"], ["app01", "app02"]),
        (["--source", "unknown"], []),
        (["--where", "environment=production", "--where", "ip_address=10.1.0.2"], ["app02"]),
        (["--where", "environment=test"], []),
        (["--sort", "-name"], ["app04", "app03", "app02", "app01"]),
    ],
)
def test_assets_are_found_by_words_type_source_and_values(look, arguments, found):
    assert names(look("assets", *arguments, "--json")) == found


def test_what_is_left_out_of_the_list_is_said(look):
    assert "More match: raise --limit" in look("assets", "--limit", "3").out
    assert "More match" not in look("assets", "--limit", "4").out
    assert "Nothing matches" in look("assets", "nothing-like-it").out


def test_a_wrong_condition_or_order_is_refused_with_how_to_write_it(look):
    wrong = look("assets", "--where", "environment")
    assert wrong.code == 2
    assert "write ATTRIBUTE=VALUE" in wrong.err
    wrong = look("assets", "--sort", "colour")
    assert wrong.code == 2
    assert "cannot sort by 'colour': use one of name, type" in wrong.err


@pytest.mark.parametrize("name", ["app01", "CZC00001X", "10.1.0.1"])
def test_an_asset_is_shown_by_name_or_any_exact_value(look, name):
    shown = look("show", name)
    assert shown.code == 0
    assert shown.out.startswith("app01  (")
    for text in ("CZC00001X", "16384", "cmdb, scan", "Records", "muniment why ASSET ATTRIBUTE"):
        assert text in shown.out


def test_an_asset_is_shown_by_its_id_and_by_the_end_of_it(look):
    body = look("show", "app01", "--json").json
    assert {"values", "provenance", "records", "conflicts", "version"} <= set(body)
    assert sorted(record["source"] for record in body["records"]) == ["cmdb", "scan", "sheet"]
    for name in (body["id"], body["id"][-8:]):
        assert look("show", name, "--json").json == body


def test_an_asset_that_is_not_there_is_not_found(look):
    for name in ("nobody", ids.new()):
        missing = look("show", name)
        assert missing.code == 3
        assert "`muniment assets" in missing.err


def test_a_name_that_several_have_is_refused_with_their_ids(look):
    several = look("show", "Ann Bell")
    assert several.code == 2
    assert "may be any of 4" in several.err
    assert "Give the id" in several.err


def test_why_leads_from_the_value_to_the_raw_cell(look):
    proof = look("why", "app01", "memory_mib")
    assert proof.code == 0
    for text in ("memory_mib = 16384", "rule ", "cmdb-1.csv row 1", "column 'RAM MB': '16384'", "gave 16384", "valid"):
        assert text in proof.out
    body = look("why", "app01", "memory_mib", "--json").json
    cells = {(c["source"], cell["column"], cell["raw"]) for c in body["claims"] for cell in c["cells"]}
    assert cells == {("cmdb", "RAM MB", "16384"), ("sheet", "Memory MB", "16384")}


def test_why_of_nothing_says_what_there_is(look):
    missing = look("why", "app01", "gateway")
    assert missing.code == 3
    assert "app01 has no value for gateway; it has" in missing.err
    assert "has no attribute called colour" in look("why", "app01", "colour").err


def test_history_tells_what_changed_through_what_and_by_whom(change, tmp_path):
    row = {**machine(1)["cmdb"], "Environment": "Test"}
    change("import", Delivery("cmdb", 9, (row,)).write(tmp_path), "--source", "cmdb")
    told = change("history", "app01")
    assert "import of cmdb-9.csv from cmdb" in told.out
    assert "created with" in told.out
    assert "environment: production → test" in told.out
    assert "tester" in told.out
    body = change("history", "app01", "--json").json
    assert [version["version"] for version in body["versions"]] == [1, 2, 3, 4][: len(body["versions"])]
    assert body["moves"] == [] or {"kind", "at"} <= set(body["moves"][0])


def test_conflicts_are_listed_with_claims_and_a_hint(change, tmp_path):
    row = {**machine(2)["sheet"], "Memory MB": "32768", "Owner": "Bob Ray"}
    change("import", Delivery("sheet", 9, (row,)).write(tmp_path), "--source", "sheet")
    body = change("conflicts", "--json").json
    assert {(c["asset"], c["attribute"]) for c in body["conflicts"]} >= {("app02", "memory_mib"), ("app02", "owner")}
    assert sum(body["open"].values()) == len(body["conflicts"])
    (only,) = change("conflicts", "--asset", "app02", "--attribute", "memory_mib", "--json").json["conflicts"]
    assert {claim["value"] for claim in only["claims"]} == {16384, 32768}
    assert only["hint"]
    listed = change("conflicts", "--severity", only["severity"]).out
    assert "32768 (sheet)" in listed
    assert "in conflict" in change("show", "app02").out
    assert "in conflict: " in change("why", "app02", "memory_mib").out


def test_without_conflicts_it_says_so_and_a_wrong_severity_is_refused(look):
    assert "The sources agree." in look("conflicts", "--attribute", "rack").out
    wrong = look("conflicts", "--severity", "terrible")
    assert wrong.code == 2
    assert "'terrible' is not a severity: use one of" in wrong.err


def test_an_asset_that_was_not_known_yet_is_named_by_what_was_asked_for(look):
    name = look("assets", "--json", "--limit", "1").json[0]["name"]
    refused = look("show", name, "--as-of", "2001-01-01")
    assert refused.code == 3
    assert f"'{name}' was not in the register at 2001-01-02 00:00" in refused.err
