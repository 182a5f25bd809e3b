"""Reading the register: search, names, history, conflicts, on two small files in a home."""

from datetime import timedelta

import pytest
from tests.conftest import DAY_ONE, Delivery, assets, deliver, write_csv

from muniment import flows, register
from muniment.base import ids
from muniment.base.errors import NotFound, Rejected
from muniment.register import Query

CMDB = [
    {"CI": "CI001", "Name": "app01", "Serial": "CZC00001X", "Address": "10.1.0.1", "OS": "RHEL 8",
     "RAM MB": "16384", "Environment": "Production", "Owner": "Ann Bell"},
    {"CI": "CI002", "Name": "app02", "Serial": "CZC00002X", "Address": "10.1.0.2", "OS": "RHEL 8",
     "RAM MB": "32768", "Environment": "Test", "Owner": "Bob Carr"},
    {"CI": "CI003", "Name": "web01", "Serial": "CZC00003X", "Address": "10.1.0.3", "OS": "Ubuntu 22.04",
     "RAM MB": "65536", "Environment": "Production", "Owner": "Ann Bell"},
]  # fmt: skip
SHEET = [{"Machine": "app01", "Serial": "CZC00001X", "Memory MB": "8192", "Owner": "Di Eck", "Tags": "blue"}]


@pytest.fixture(scope="module")
def home(taught, another, tmp_path_factory):
    """Three machines, one of them in two sources that disagree on memory and owner."""
    fresh = another(taught, "register store")
    day_one = [Delivery("cmdb", 1, tuple(CMDB)), Delivery("sheet", 2, tuple(SHEET))]
    deliver(fresh, tmp_path_factory.mktemp("store"), day_one)
    return fresh


def names(home, **query) -> list[str]:
    with home.scope.transaction() as connection:
        return [asset.name for asset in register.find(connection, home.scope, Query(**query))]


def named(home, text: str) -> list[str]:
    with home.scope.transaction() as connection:
        found = register.find_by_name(connection, home.scope, text)
        return [register.get(connection, home.scope, asset).name for asset in found]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["app01", "app02", "web01"]),
        ({"words": "app"}, ["app01", "app02"]),
        ({"words": "ANN"}, ["web01"]),  # app01's owner is disputed, and the later sheet wins
        ({"words": "czc00003"}, ["web01"]),
        ({"words": "app 10.1.0.2"}, ["app02"]),
        ({"words": "pp01"}, []),
        ({"type": "server"}, ["app01", "app02", "web01"]),
        ({"type": "database"}, []),
        ({"source": "sheet"}, ["app01"]),
        ({"source": "nobody"}, []),
        ({"where": (("environment", "Production"),)}, ["app01", "web01"]),
        ({"where": (("environment", "production"), ("hostname", "web01"))}, ["web01"]),
        ({"where": (("environment", "prod"),)}, []),
        ({"where": (("name", "app02"),)}, ["app02"]),
        ({"sort": "name", "descending": True}, ["web01", "app02", "app01"]),
        ({"sort": "record_count", "descending": True, "limit": 1}, ["app01"]),
        ({"limit": 2}, ["app01", "app02"]),
    ],
    ids=str,
)
def test_a_query_finds_what_it_asks_for_in_its_order(home, query, found):
    assert names(home, **query) == found


def test_assets_are_found_by_the_subtype_that_their_type_tells(taught, another, tmp_path):
    home = another(taught, "register subtypes")
    rows = [{"Hostname": f"{kind}{n}", "Asset type": kind} for kind in ("Switch", "Laptop") for n in (1, 2)]
    write_csv(tmp_path / "kinds.csv", rows, DAY_ONE)
    flows.import_files(home, flows.Request((tmp_path / "kinds.csv",), source="kinds"))
    assert names(home, where=(("subtype", "switch"), ("type", "network_device"))) == ["switch1", "switch2"]


def test_nothing_is_sorted_by_what_is_no_column(home):
    with pytest.raises(Rejected, match="use one of name, type"):
        names(home, sort="values")


@pytest.mark.parametrize("text", ["web01", " web01 ", "CZC00003X", "czc00003x", "10.1.0.3"])
def test_a_person_may_name_an_asset_by_its_name_serial_or_address(home, text):
    assert named(home, text) == ["web01"]


def test_a_person_may_name_an_asset_by_its_id_or_the_end_of_it(home):
    asset = next(asset for asset in assets(home) if asset.name == "app02")
    assert named(home, str(asset.id)) == named(home, str(asset.id)[-8:].upper()) == ["app02"]


@pytest.mark.parametrize("text", ["nobody", "app", "%", ""])
def test_what_names_nothing_finds_nothing(home, text):
    assert named(home, text) == []


def test_an_asset_that_is_not_there_is_not_found(home):
    with home.scope.transaction() as connection, pytest.raises(NotFound, match="not an asset"):
        register.get(connection, home.scope, ids.new())


def test_counts_tell_assets_by_type_and_conflicts_by_severity(home):
    with home.scope.transaction() as connection:
        assert register.count_assets(connection, home.scope) == {"server": 3}
        listed = register.list_conflicts(connection, home.scope)
        counted = register.count_conflicts(connection, home.scope)
    assert sum(counted.values()) == len(listed)
    assert list(counted) == [one for one in register.SEVERITIES if one in {c.severity for c in listed}]


def test_conflicts_come_the_most_severe_first_and_can_be_narrowed(home):
    with home.scope.transaction() as connection:

        def conflicts(**narrowed):
            return register.list_conflicts(connection, home.scope, **narrowed)

        everything = conflicts()
        assert {(one.asset, one.attribute) for one in everything} == {("app01", "memory_mib"), ("app01", "owner")}
        ranks = [register.SEVERITIES.index(one.severity) for one in everything]
        assert ranks == sorted(ranks)
        for severity in register.SEVERITIES:
            assert conflicts(severity=severity) == [one for one in everything if one.severity == severity]
        assert [one.attribute for one in conflicts(attribute="owner")] == ["owner"]
        assert conflicts(asset_id=ids.new()) == []
        assert conflicts(asset_id=everything[0].asset_id) == everything
        assert conflicts(limit=1) == everything[:1]
        with pytest.raises(Rejected, match="'awful' is not a severity: use one of critical, high, medium, low"):
            conflicts(severity="awful")


def test_filled_counts_the_assets_with_a_value_per_type_and_attribute(home):
    with home.scope.transaction() as connection:
        counts = register.filled(connection, home.scope)
        found = list(register.all_assets(connection, home.scope))
        one = register.filled(connection, home.scope, register.Query(where=(("name", "app01"),)))
    assert set(counts) == {asset.type for asset in found}
    for kind, filled in counts.items():
        assert filled["hostname"] == sum(asset.type == kind and "hostname" in asset.values for asset in found)
        assert "mac_address" not in filled
    assert [set(filled.values()) for filled in one.values()] == [{1}]


def test_history_and_as_of_tell_an_asset_before_and_after_a_change(taught, another, tmp_path):
    home = another(taught, "register history")
    deliver(home, tmp_path / "first", [Delivery("cmdb", 1, tuple(CMDB))])
    (before,) = [asset for asset in assets(home) if asset.name == "app02"]
    deliver(home, tmp_path / "later", [Delivery("cmdb", 3, ({**CMDB[1], "Owner": "Di Eck"},), full=False)])
    with home.scope.transaction() as connection:
        first, second = register.history(connection, home.scope, before.id)
        assert [first.version, second.version] == [1, 2]
        assert [first.values["owner"], second.values["owner"]] == ["Bob Carr", "Di Eck"]
        assert (first.valid_from, first.valid_to, second.valid_to) == (before.updated_at, second.valid_from, None)

        def at(moment):
            return register.as_of(connection, home.scope, before.id, moment)

        assert at(first.valid_from) == first
        assert at(second.valid_from - timedelta(microseconds=1)) == first
        assert at(second.valid_from) == second
        assert at(DAY_ONE) is None
        untouched = next(asset for asset in assets(home) if asset.name == "app01")
        assert [one.version for one in register.history(connection, home.scope, untouched.id)] == [1]
        assert register.history(connection, home.scope, ids.new()) == []
