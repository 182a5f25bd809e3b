"""What each source gives, counted from the provenance of the values."""

from tests.conftest import Delivery, assets, deliver, machine

from muniment import graph
from muniment.estate import Estate


def given(home, asset=None):
    return {(one.source, one.attribute): one for one in Estate(home).contributions(asset)}


def test_every_value_of_the_register_is_won_by_those_who_say_it(estate):
    found = given(estate)
    for asset in assets(estate):
        mine = given(estate, asset)
        assert {attribute for _, attribute in mine} == set(asset.provenance) - {"asset_type"}
    assert found["cmdb", "serial"] == graph.Contribution("cmdb", "serial", 4, 0, 4, 0, 0)
    assert found["scan", "mac_address"] == graph.Contribution("scan", "mac_address", 4, 4, 0, 0, 0)
    assert all(one.filled == one.unique + one.agreed + one.contradicted for one in found.values())


def test_who_says_the_same_less_precisely_agrees_and_is_not_left_out(estate):
    found = given(estate)
    assert (found["cmdb", "os"].agreed, found["scan", "os"].agreed) == (4, 4)
    assert found["cmdb", "os"].unique == found["scan", "os"].unique == 0


def test_a_value_that_loses_is_contradicted_and_not_won(estate, tmp_path):
    deliver(estate, tmp_path, [Delivery("sheet", 2, ({**machine(1)["sheet"], "Memory MB": "8192"},))])
    found = given(estate, "app01")
    assert sorted((one.won, one.contradicted) for one in (found["cmdb", "memory_mib"], found["sheet", "memory_mib"])) \
        == [(0, 1), (1, 1)]  # fmt: skip


def test_a_person_who_decides_is_no_source(estate):
    Estate(estate).resolve("app01", "owner", "Cy Dow")
    assert {source for source, _ in given(estate)} == {"cmdb", "scan", "sheet"}
    assert given(estate, "app01")["cmdb", "owner"].won == 0
