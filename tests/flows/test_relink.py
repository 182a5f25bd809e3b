"""Linking only what changed: the same things as from scratch, whatever changes, at a cost that follows the change."""

import random

import pytest
import sqlalchemy as sa
from tests.conftest import Delivery, assets, deliver, machine

from muniment import flows, identity
from muniment.base import engine as engines


def linked_again(home, *, whole: bool) -> identity.Change:
    """What a recompute would do now, taken back; of everything where `whole`."""
    with home.scope.transaction() as connection, engines.bulk() as bulk:
        if whole:
            connection.execute(sa.text("DELETE FROM linked_records"))
        change = identity.recompute(connection, home.scope, bulk, "test")
        connection.rollback()
    return change


def assert_as_from_scratch(home):
    change = linked_again(home, whole=True)
    assert (change.touched, change.created, change.merged, change.split) == (frozenset(), 0, 0, 0)
    assert linked_again(home, whole=False).relinked == 0


def shuffled(rng, source, numbers):
    """Rows of a source in which some machines took over identifiers of others, lost them or share them."""
    rows = [dict(machine(number)[source]) for number in numbers]
    for row in rng.sample(rows, 3):
        for column in rng.sample(sorted(set(row)), 2):
            row[column] = rng.choice([rng.choice(rows)[column], ""])
    return tuple(rows)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_changes_the_clusters_are_those_of_linking_everything(engagement, tmp_path, seed):
    home, rng = engagement(), random.Random(seed)  # noqa: S311
    deliver(home, tmp_path / "first", [Delivery(one, 1, shuffled(rng, one, range(1, 40))) for one in ("cmdb", "scan")])
    assert_as_from_scratch(home)
    for day in range(2, 6):
        source = rng.choice(["cmdb", "scan", "sheet"])
        numbers = sorted(rng.sample(range(1, 45), 6))
        deliver(home, tmp_path / f"day-{day}", [Delivery(source, day, shuffled(rng, source, numbers))])
        assert_as_from_scratch(home)
        if day % 2:
            left, right = rng.sample(list(assets(home)), 2)
            flows.merge_assets(home, left.id, right.id, "the same box")
            assert_as_from_scratch(home)
    flows.undo(home)
    assert_as_from_scratch(home)


def test_a_small_change_links_few_records_again(engagement, tmp_path):
    home = engagement()
    some = [Delivery(one, 1, tuple(machine(number)[one] for number in range(1, 61))) for one in ("cmdb", "scan")]
    deliver(home, tmp_path / "first", some)
    with home.scope.transaction() as connection, engines.bulk() as bulk:
        connection.execute(
            sa.text(
                "UPDATE linked_records SET digest = '' WHERE record_id ="
                " (SELECT min(record_id::text)::uuid FROM linked_records WHERE engagement_id = :engagement)"
            ),
            {"engagement": home.scope.engagement_id},
        )
        change = identity.recompute(connection, home.scope, bulk, "test")
    assert 0 < change.relinked < 20
    assert_as_from_scratch(home)
