"""What rests on a source, a column or a row, and what would change without it: read, and really tried."""

import pytest
from tests.conftest import Delivery, assets, deliver, fingerprint, machine

from muniment import evidence, flows
from muniment.base.errors import NotFound, Rejected
from muniment.estate import Estate


def rests(found):
    return {one.attribute: (one.alone, one.shared) for one in found.now.by_attribute}


def test_a_source_carries_what_it_alone_knows_and_what_others_confirm(estate):
    before = fingerprint(estate, with_ids=True)
    found = Estate(estate).impact(source="scan")
    assert rests(found)["mac_address"] == (4, 0)
    assert rests(found)["serial"] == (0, 4)
    assert found.now.assets == 4
    assert found.then.values["mac_address"] == 4
    assert "serial" not in found.then.values
    assert {one.asset for one in found.now.sample if one.attribute == "mac_address"} <= {
        f"app0{n}" for n in range(1, 5)
    }
    assert fingerprint(estate, with_ids=True) == before


def test_what_would_change_is_what_changes_when_the_source_is_withdrawn(estate):
    told = Estate(estate).impact(source="cmdb").then
    with estate.scope.transaction() as connection:
        mine = [one for one in evidence.list_imports(connection, estate.scope) if one.file.startswith("cmdb")]
    assert flows.withdraw(estate, mine, "cmdb", dry_run=True).difference == told


def test_a_column_carries_the_attribute_it_gives(estate):
    found = Estate(estate).impact(column="sheet:Tags")
    assert rests(found) == {"tags": (4, 0)}
    assert found.then.values == {"tags": 4}
    shared = Estate(estate).impact(column="cmdb:Serial")
    assert rests(shared) == {"serial": (0, 4)}
    assert "serial" not in shared.then.values


def test_a_row_carries_the_values_of_one_asset(estate):
    found = Estate(estate).impact(row="scan-1.csv:2")
    assert {one.asset for one in found.now.sample} == {"app02"}
    assert rests(found)["mac_address"] == (1, 0)
    assert (found.then.updated, found.then.values["mac_address"]) == (1, 1)


def test_without_a_newer_row_the_older_one_speaks_again(engagement, tmp_path):
    home = engagement()
    later = {**machine(1)["cmdb"], "Owner": "Cy Dow"}
    deliver(home, tmp_path, [Delivery("cmdb", 1, (machine(1)["cmdb"],)), Delivery("cmdb", 2, (later,))])
    found = Estate(home).impact(row="cmdb-2.csv:1")
    (owner,) = [one for one in found.then.sample if one.attribute == "owner"]
    assert (owner.before, owner.after) == ("Cy Dow", "Ann Bell")
    replaced = Estate(home).impact(row="cmdb-1.csv:1")
    assert (replaced.now.assets, replaced.then) == (0, None)


def test_a_value_that_a_person_settled_rests_on_no_source(estate):
    Estate(estate).resolve("app01", "tags", "red")
    assert rests(Estate(estate).impact(source="sheet", simulate=False))["tags"] == (3, 0)


def test_reading_only_changes_and_simulates_nothing(estate):
    found = Estate(estate).impact(source="scan", simulate=False)
    assert found.then is None
    assert rests(found)["mac_address"] == (4, 0)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({}, Rejected, "name one of"),
        ({"source": "scan", "row": "a.csv:1"}, Rejected, "name one of"),
        ({"source": "nobody"}, NotFound, "no source is called"),
        ({"column": "cmdb"}, Rejected, "SOURCE:COLUMN"),
        ({"column": "cmdb:Colour"}, NotFound, "Colour"),
        ({"row": "scan-1.csv"}, Rejected, "FILE:ROW"),
        ({"row": "scan-1.csv:99"}, NotFound, "rows 1 to 4"),
        ({"row": "else.csv:1"}, NotFound, "no import"),
    ],
)
def test_what_is_not_there_is_said(estate, asked, error, message):
    with pytest.raises(error, match=message):
        Estate(estate).impact(**asked)


def test_an_asset_that_stays_is_not_told_as_removed(estate):
    found = Estate(estate).impact(source="sheet")
    assert (found.then.removed, found.then.created) == (0, 0)
    assert len(assets(estate)) == 4
