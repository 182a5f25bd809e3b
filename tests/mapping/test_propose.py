"""What is proposed for the columns of a layout, as an import stores it."""

import dataclasses
from datetime import timedelta

from tests.conftest import DAY_ONE, current_mapping, write_csv

from muniment import evidence, flows, mapping, memory
from muniment.mapping.types import DECISION

ROWS = [
    {"Hostname": f"app{n:02d}", "Serial number": f"CZC{n:05d}X", "IP Address": f"10.1.0.{n}", "Zug": f"R{n}",
     "RAM": "16"} for n in range(1, 7)
]  # fmt: skip

LIKE = "like this one"


def bring(home, folder, rows, day=1, source="cmdb"):
    path = folder / f"{source}-{day}.csv"
    write_csv(path, rows, DAY_ONE + timedelta(days=day))
    flows.import_files(home, flows.Request((path,), source=source))


def in_force(home, source="cmdb") -> dict[str, mapping.ColumnMapping]:
    with home.scope.transaction() as connection:
        layout = evidence.list_layouts(connection, evidence.get_source(connection, source).id)[-1]
        return {one.column: one for one in mapping.current(connection, layout.id)}


def test_what_is_sure_is_applied_and_what_fits_nothing_is_not(home, tmp_path):
    bring(home, tmp_path, ROWS)
    found = in_force(home)
    assert {one.column: one.attribute for one in found.values() if one.applied} == {
        "Hostname": "hostname",
        "Serial number": "serial",
        "IP Address": "ip_address",
        "RAM": "memory_mib",
    }
    assert found["RAM"].transform == {"unit": "GiB"}
    assert (found["Zug"].attribute, found["Zug"].state) == (None, "unmapped")
    assert found["Zug"].samples[0].startswith("R")
    assert all(one.reasons for one in found.values())


def test_no_attribute_of_one_value_is_applied_twice(home, tmp_path):
    bring(home, tmp_path, [{**row, "Memory": "32"} for row in ROWS])
    applied = [one.column for one in in_force(home).values() if one.applied and one.attribute == "memory_mib"]
    assert len(applied) == 1


def test_an_attribute_that_an_earlier_layout_gives_to_a_column_is_only_suggested_for_a_new_one(home, tmp_path):
    bring(home, tmp_path, ROWS)
    bring(home, tmp_path, [{**row, "Memory": "32"} for row in ROWS], day=2)
    with home.scope.transaction() as connection:
        layouts = evidence.list_layouts(connection, evidence.get_source(connection, "cmdb").id)
        newest = next(one for one in layouts if "Memory" in one.columns)
        found = {one.column: one for one in mapping.current(connection, newest.id)}
    assert (found["RAM"].applied, found["Memory"].applied) == (True, False)
    assert found["RAM"].reasons[-1] == "as in the earlier layout of this source"
    assert found["RAM"].reasons.count("as in the earlier layout of this source") == 1


def test_what_a_kind_knows_of_a_column_is_applied_whatever_its_name_says(home, tmp_path):
    bring(home, tmp_path, [{"sys_id": f"id{n}", "name": f"app{n:02d}", "managed_by": f"Ann {n}"} for n in range(4)])
    found = in_force(home)["managed_by"]
    assert (found.attribute, found.state, found.reasons) == (
        "technical_owner",
        "auto",
        ("template servicenow-cmdb version 1",),
    )


def test_thresholds_decide_what_is_applied(make_home, tmp_path):
    with make_home(tmp_path / "home", auto_threshold=1.0) as home:
        bring(home, tmp_path, ROWS)
        found = in_force(home)
    assert (found["Hostname"].attribute, found["Hostname"].state) == ("hostname", "suggested")


def test_every_proposal_is_a_decision_that_a_verdict_can_be_given_on(home, tmp_path):
    bring(home, tmp_path, ROWS)
    column = current_mapping(home, "cmdb", "Serial number")
    with home.scope.transaction() as connection:
        mapping.accept(connection, home.scope, column)
        assert [(one.choice, one.accepted, one.rejected) for one in memory.lessons(connection, DECISION)] == [
            ("serial", 1, 0)
        ]


def test_nothing_of_a_column_of_secrets_is_shown_or_proposed(home, tmp_path):
    bring(home, tmp_path, [{**row, "Admin password": "Hunter2", "URL": "https://root:Hunter2@h/X"} for row in ROWS])
    found = in_force(home)
    assert (found["Admin password"].state, set(found["Admin password"].samples)) == ("unmapped", {"(hidden)"})
    assert found["URL"].samples == ("https://***@h/X",)
    assert "Hunter2" not in repr(found)
    with home.scope.transaction() as connection:
        kept = [sample for (sample,) in connection.exec_driver_sql("SELECT samples::text FROM mappings")]
    assert "Hunter2" not in repr(kept)


def test_a_column_whose_points_may_be_either_waits_and_says_why(home, tmp_path):
    rams = ("7.812", "15.625", "31.25 ", "31.251", "15.625", "7.812")
    sure = [{**row, "RAM": ram} for row, ram in zip(ROWS, rams, strict=True)]
    bring(home, tmp_path, sure, source="sure")
    assert in_force(home, "sure")["RAM"].state == "auto"
    bring(home, tmp_path, [{**row, "RAM": row["RAM"].replace("31.25 ", "31.255")} for row in sure], source="unsure")
    waits = in_force(home, "unsure")["RAM"]
    assert (waits.attribute, waits.state) == ("memory_mib", "suggested")
    assert "7.812 is 7812, or 7,812 with a decimal mark" in waits.reasons[0]


def test_thousands_are_known_by_the_decimal_commas_beside_them(home, tmp_path):
    rams = ("8.192", "16.384", "32.768", "65.536", "8.192", "16.384")
    bring(home, tmp_path, [{**row, "RAM": ram, "Cost": "1200,50"} for row, ram in zip(ROWS, rams, strict=True)])
    found = in_force(home)["RAM"]
    assert (found.state, found.transform) == ("auto", {"decimal_comma": True})


def test_what_people_said_of_a_header_like_a_new_one_is_told_as_evidence(home, another, tmp_path):
    taught = [{**row, "Zugehörige Einheit": "R1"} for row in ROWS]
    bring(home, tmp_path, taught)
    column = current_mapping(home, "cmdb", "Zugehörige Einheit")
    with home.scope.transaction() as connection:
        mapping.accept(connection, home.scope, dataclasses.replace(column, attribute="business_unit"))
    unlike = [{**row, "Zugehoerige Einheiten": "R1", "Colour": "red"} for row in ROWS]
    bring(home, tmp_path / "new", unlike, source="another")
    found = in_force(home, "another")
    told = [reason for reason in found["Zugehoerige Einheiten"].reasons if LIKE in reason]
    assert told == ["people took 'zugehorige einheit', a header 62% like this one, for Business unit"]
    assert not [reason for name in ("Colour", "RAM") for reason in found[name].reasons if LIKE in reason]
    twin = another(home, "default", "another tenant")
    bring(twin, tmp_path / "twin", unlike, source="another")
    assert not [reason for one in in_force(twin, "another").values() for reason in one.reasons if LIKE in reason]
