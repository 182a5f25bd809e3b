"""Verdicts on pairs of records: they decide, they are undone, and some only say that nobody can tell."""

import pytest
from tests.conftest import assets, fingerprint

from muniment import flows, identity, memory
from muniment.base.errors import Rejected
from muniment.estate import Estate


def named(home, name):
    return next(asset for asset in assets(home) if asset.name == name)


def records_of(home, name):
    with home.scope.transaction() as connection:
        return identity.members(connection, named(home, name).id)


def test_two_records_judged_different_part_and_undo_brings_them_back(estate):
    before = fingerprint(estate, with_ids=True)
    one, other, _ = records_of(estate, "app01")
    changed = Estate(estate).judge(str(one), str(other), "different", reason="two boxes")
    with estate.scope.transaction() as connection:
        assert identity.asset_of_record(connection, one) != identity.asset_of_record(connection, other)
    assert sorted(asset.record_count for asset in assets(estate)) == [1, 1, 1, 3, 3, 3]  # the third fits both
    assert Estate(estate).acts()[0].what.startswith("judged ")
    Estate(estate).undo(changed.act)
    assert fingerprint(estate, with_ids=True) == before


def test_assets_judged_the_same_are_one_and_judged_different_again_are_two(estate):
    changed = Estate(estate).judge("app01", "app02", "same")
    assert changed.merged == 1
    Estate(estate).undo()
    Estate(estate).judge("app01", "app02", "different", reason="seen both")
    assert len(assets(estate)) == 4
    with pytest.raises(Rejected, match="both sides"):
        Estate(estate).judge("app01", "app01", "different")


def test_a_verdict_can_be_tried_without_giving_it(estate):
    before = fingerprint(estate, with_ids=True)
    changed = Estate(estate).judge("app01", "app02", "same", dry_run=True)
    assert changed.difference is not None
    assert changed.difference.updated == 1
    assert fingerprint(estate, with_ids=True) == before
    assert Estate(estate).acts() == []


def test_verdicts_noted_in_a_sitting_count_when_it_ends(estate):
    one, other = records_of(estate, "app01")[0], records_of(estate, "app02")[0]
    act = flows.note_verdict(estate, one, other, "same", "one rack")
    taken = flows.note_verdict(estate, one, records_of(estate, "app03")[0], "same")
    flows.take_back_verdict(estate, taken)
    assert len(assets(estate)) == 4
    assert flows.apply_verdicts(estate, [act]).merged == 1
    assert len(assets(estate)) == 3


def test_unsure_is_remembered_and_changes_nothing(estate):
    before = fingerprint(estate, with_ids=True)
    one, other = records_of(estate, "app01")[0], records_of(estate, "app02")[0]
    flows.note_verdict(estate, one, other, "unsure")
    with estate.scope.transaction() as connection:
        (act,) = memory.list_acts(connection, estate.scope)
    assert (act.kind, len(act.details["pair"])) == ("unsure", 2)
    assert fingerprint(estate, with_ids=True) == before
    with pytest.raises(Rejected, match="two records"):
        Estate(estate).judge("app01", "app02", "unsure")
