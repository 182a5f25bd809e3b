"""Sources of unknown layouts: called by what they are, found again, never mixed up."""

import pytest
from tests.conftest import DAY_ONE, write_csv

from muniment import evidence, flows
from muniment.flows import naming

ONE = [{"Gadget": "app01", "Serial": "CZC1", "Shelf": "4"}]
OTHER = [{"Gadget": "app02", "Owner": "Ann Bell", "Colour": "red"}]


def sources(home):
    with home.scope.transaction() as connection:
        return {source.name for source in evidence.list_sources(connection)}


def bring(home, path, rows):
    write_csv(path, rows, DAY_ONE)
    return flows.import_files(home, flows.Request((path,))).files[0]["source"]


@pytest.mark.parametrize(
    ("file", "tab", "name"),
    [
        ("hosts_2026-06.csv", "", "hosts-cb3c"),
        ("Copy of Hosts 20260601T1200Z (2).xlsx", "Sheet1", "hosts-cb3c"),
        ("delivery.zip!berlin/hosts.csv.gz", "", "hosts-cb3c"),
        ("Export.xlsx", "Rack list", "rack-cb3c"),
        ("export.csv", "", "table-cb3c"),
        ("2026.csv", "", "table-cb3c"),
        ("Gerätebestand_München.csv", "", "gerätebestand-münchen-cb3c"),
        ("x" * 90 + ".csv", "", "x" * 40 + "-cb3c"),
    ],
)
def test_a_source_is_called_by_what_its_file_or_tab_is_called(file, tab, name):
    assert naming.source_name(file, tab, "table", "cb3c568a11223344", ()) == name


def test_a_name_that_is_taken_gets_more_of_the_layout():
    assert naming.source_name("hosts.csv", "", "table", "cb3c568a11223344", {"hosts-cb3c"}) == "hosts-cb3c5"


def test_a_layout_finds_its_source_under_any_file_name(home, tmp_path):
    first = bring(home, tmp_path / "hosts_january.csv", ONE)
    assert first.startswith("hosts-january-")
    assert bring(home, tmp_path / "february.csv", [{**ONE[0], "Shelf": "5"}]) == first
    assert sources(home) == {first}


def test_two_layouts_never_share_a_source_whatever_their_files_are_called(home, another, tmp_path):
    one, other = tmp_path / "1" / "hosts.csv", tmp_path / "2" / "hosts.csv"
    names = {bring(home, one, ONE), bring(home, other, OTHER)}
    assert len(names) == 2
    assert all(name.startswith("hosts-") for name in names)
    backwards = another(home, "backwards", tenant="backwards")
    assert {bring(backwards, other, OTHER), bring(backwards, one, ONE)} == names


def test_a_source_that_a_person_named_is_not_taken_for_the_layouts(home, tmp_path):
    path = tmp_path / "hosts.csv"
    write_csv(path, ONE, DAY_ONE)
    flows.import_files(home, flows.Request((path,), source="berlin"))
    assert bring(home, tmp_path / "more.csv", ONE) != "berlin"
