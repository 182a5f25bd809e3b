from uuid import UUID

import pytest
from tests.conftest import Delivery, assets, current_mapping, deliver, fingerprint, machine

from muniment import evidence, flows, identity, register
from muniment.base import ids
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home


def records_of(home: Home, asset: UUID) -> list[evidence.Record]:
    with home.scope.transaction() as connection:
        return evidence.get_records(connection, identity.members(connection, asset))


def named(home: Home, name: str) -> register.Asset:
    return next(asset for asset in assets(home) if asset.name == name)


def partition(home: Home) -> set[frozenset[str]]:
    """Which records are one asset, by source key."""
    return {frozenset(record.source_key for record in records_of(home, asset.id)) for asset in assets(home)}


def test_a_merge_makes_two_assets_one_under_the_older_id(estate):
    left, right = named(estate, "app01"), named(estate, "app02")
    done = flows.merge_assets(estate, right.id, left.id, "one machine after all")
    assert done.merged == 1
    after = {asset.id: asset.record_count for asset in assets(estate)}
    assert after[min(left.id, right.id)] == 6
    assert len(after) == 3
    with estate.scope.transaction() as connection:
        kept, gone = sorted((left.id, right.id))
        assert identity.current_asset(connection, estate.scope, gone) == kept


def test_a_split_leaves_the_rest_of_the_asset_together(estate):
    asset = named(estate, "app01")
    leaving = records_of(estate, asset.id)[0]
    done = flows.split_asset(estate, asset.id, [leaving.id], "another box")
    assert done.split == 1
    assert sorted(asset.record_count for asset in assets(estate)) == [1, 2, 3, 3, 3]
    assert len(records_of(estate, asset.id)) == 2


def test_a_split_makes_one_asset_of_the_records_that_leave(estate):
    asset = named(estate, "app01")
    leaving = [record.id for record in records_of(estate, asset.id)[:2]]
    flows.split_asset(estate, asset.id, leaving, "another box")
    assert sorted(asset.record_count for asset in assets(estate)) == [1, 2, 3, 3, 3]


@pytest.mark.parametrize("leaving", [0, 1, 2])
def test_split_then_undo_is_the_state_before_ids_too(estate, leaving):
    before = fingerprint(estate, with_ids=True)
    asset = named(estate, "app01")
    flows.split_asset(estate, asset.id, [records_of(estate, asset.id)[leaving].id])
    assert fingerprint(estate) != before
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_merge_then_undo_is_the_state_before_ids_too(estate):
    before = fingerprint(estate, with_ids=True)
    flows.merge_assets(estate, named(estate, "app01").id, named(estate, "app02").id)
    assert fingerprint(estate, with_ids=True) != before
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_two_merges_are_undone_one_by_one(estate):
    stages = [fingerprint(estate, with_ids=True)]
    first = named(estate, "app01").id
    for other in ("app02", "app03"):
        flows.merge_assets(estate, first, named(estate, other).id)
        stages.append(fingerprint(estate, with_ids=True))
    assert len(set(stages)) == 3
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == stages[1]
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == stages[0]
    with pytest.raises(NotFound, match="nothing to undo"):
        flows.undo(estate)


def test_an_act_that_is_not_the_last_can_be_undone(estate):
    first = flows.merge_assets(estate, named(estate, "app01").id, named(estate, "app02").id)
    flows.undo(estate)
    flows.merge_assets(estate, named(estate, "app03").id, named(estate, "app04").id)
    only_second = fingerprint(estate, with_ids=True)
    flows.undo(estate)
    first = flows.merge_assets(estate, named(estate, "app01").id, named(estate, "app02").id)
    flows.merge_assets(estate, named(estate, "app03").id, named(estate, "app04").id)
    flows.undo(estate, first.act)
    assert fingerprint(estate, with_ids=True) == only_second
    with pytest.raises(Rejected, match="undone before"):
        flows.undo(estate, first.act)


def test_undoing_the_first_of_two_merges_keeps_the_pair_that_the_second_named(estate):
    one, two, three = (named(estate, f"app0{number}").id for number in (1, 2, 3))
    first = flows.merge_assets(estate, two, one)
    flows.merge_assets(estate, min(one, two), three)
    flows.undo(estate, first.act)
    with estate.scope.transaction() as connection:
        together = identity.current_asset(connection, estate.scope, three)
    assert together == min(one, two)


def test_a_merge_of_assets_that_contradict_each_other_takes_all_their_records(estate):
    left, right = named(estate, "app01"), named(estate, "app04")
    keys = {record.source_key for asset in (left, right) for record in records_of(estate, asset.id)}
    flows.merge_assets(estate, left.id, right.id, "the board was changed")
    assert frozenset(keys) in partition(estate)


def test_a_merge_outlives_the_next_delivery(estate, tmp_path):
    kept = min(named(estate, "app01").id, named(estate, "app02").id)
    flows.merge_assets(estate, named(estate, "app01").id, named(estate, "app02").id)
    rows = tuple({**machine(number)["cmdb"], "Owner": "Di Eck"} for number in range(1, 5))
    deliver(estate, tmp_path / "later", [Delivery("cmdb", 5, rows)])
    found = {asset.id: asset for asset in assets(estate)}
    assert (len(found), found[kept].record_count, found[kept].values["owner"]) == (3, 6, "Di Eck")


def test_undo_after_a_delivery_gives_both_assets_their_ids_back(estate, tmp_path):
    both = {named(estate, "app01").id, named(estate, "app02").id}
    flows.merge_assets(estate, *both)
    row = {**machine(2)["cmdb"], "CI": "CI90002"}
    deliver(estate, tmp_path / "later", [Delivery("cmdb", 5, (row,))])
    flows.undo(estate)
    assert both <= {asset.id for asset in assets(estate)}
    assert len(assets(estate)) == 4


def test_what_is_not_there_cannot_be_merged_split_or_undone(estate):
    asset, stranger = named(estate, "app01"), ids.new()
    mine = [record.id for record in records_of(estate, asset.id)]
    before = fingerprint(estate, with_ids=True)
    with pytest.raises(NotFound):
        flows.undo(estate, stranger)
    with pytest.raises(NotFound):
        flows.merge_assets(estate, asset.id, stranger)
    with pytest.raises(NotFound):
        flows.split_asset(estate, stranger, mine)
    with pytest.raises(Rejected, match="nothing to merge"):
        flows.merge_assets(estate, asset.id, asset.id)
    with pytest.raises(Rejected, match="not one of the asset"):
        flows.split_asset(estate, asset.id, [stranger])
    with pytest.raises(Rejected, match="each side"):
        flows.split_asset(estate, asset.id, mine)
    with pytest.raises(Rejected, match="each side"):
        flows.split_asset(estate, asset.id, [])
    assert fingerprint(estate, with_ids=True) == before


def test_a_verdict_on_a_column_is_in_the_one_log_and_undone_from_it(estate):
    before = fingerprint(estate, with_ids=True)
    flows.reject_mapping(estate, [current_mapping(estate, "cmdb", "Owner")], "a team, no owner")
    assert fingerprint(estate, with_ids=True) != before
    _, taken = flows.undo(estate)
    assert (taken.kind, taken.what) == ("mapping", "rejected column(s) 'Owner'")
    assert fingerprint(estate, with_ids=True) == before
