from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import Delivery, assets, deliver, machine

from muniment import flows, register
from muniment.base import clock
from muniment.base.errors import MunimentError


def listed(home, query):
    with home.scope.transaction() as connection:
        return register.find(connection, home.scope, query)


def state(found):
    return sorted((one.id, one.type, one.subtype, one.state, one.name, one.version, str(one.values)) for one in found)


def disputes(home, at=None):
    """All that is said of every conflict, in any state."""
    with home.scope.transaction() as connection:
        found = register.list_conflicts(connection, home.scope, state=None, limit=None, as_of=at)
        counts = register.count_conflicts(connection, home.scope, as_of=at)
    return counts, sorted(found, key=lambda one: (one.asset_id, one.attribute, one.kind))


def then(home, at, **more):
    return listed(home, register.Query(as_of=at, limit=None, **more))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["cmdb", "scan", "sheet", "merge", "accept", "undo"]), st.integers(1, 4), st.integers(1, 4)
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=6)
@given(ACTS)
def test_as_of_any_past_moment_is_the_register_of_that_moment(engagement, tmp_path_factory, acts):
    piece, folder = engagement(), tmp_path_factory.mktemp("acts")
    moments = [(clock.now(), state(assets(piece)), disputes(piece))]
    for day, (what, first, second) in enumerate(acts):
        found = [one for one in assets(piece) if one.state != "retired"]
        if what in {"merge", "accept", "undo"}:
            try:
                disputed = disputes(piece)[1]
                if what == "accept" and disputed:
                    chosen = disputed[first % len(disputed)]
                    flows.accept(piece, chosen.asset_id, chosen.attribute)
                if what == "merge" and len(found) > 1:
                    flows.merge_assets(piece, found[0].id, found[first % (len(found) - 1) + 1].id)
                elif what == "undo":
                    flows.undo(piece)
            except MunimentError:
                continue
        else:
            rows = tuple(
                {**machine(number)[what], **({"Owner": f"P{day}"} if what != "scan" else {})}
                for number in range(min(first, second), max(first, second) + 1)
            )
            deliver(piece, folder / str(day), [Delivery(what, day + 1, rows, full=day % 2 == 0)])
        moments.append((clock.now(), state(assets(piece)), disputes(piece)))
    for at, known, disputed in moments:
        assert state(then(piece, at)) == known
        assert disputes(piece, at) == disputed


@pytest.fixture
def changed(estate, tmp_path):
    before = clock.now()
    deliver(
        estate, tmp_path, [Delivery("cmdb", 9, ({**machine(1)["cmdb"], "Owner": "Cy Dow", "Environment": "Test"},))]
    )
    return estate, before


def test_searches_of_the_past_find_what_was_so_then(changed):
    estate, before = changed
    assert "app01" in [one.name for one in then(estate, before, where=(("environment", "production"),))]
    assert "app01" not in [one.name for one in listed(estate, register.Query(where=(("environment", "production"),)))]
    assert [one.name for one in then(estate, before, words="czc00001")] == ["app01"]
    assert then(estate, before, words="nothing%") == []
    assert len(then(estate, before, type="server", source="cmdb")) == 4
    assert then(estate, datetime(2020, 1, 1, tzinfo=UTC)) == []


def test_two_moments_differ_by_what_was_done_between_them(changed):
    estate, before = changed
    first = next(one for one in assets(estate) if one.name == "app01")
    other = next(one for one in assets(estate) if one.name == "app02")
    with estate.scope.transaction() as connection:
        found = register.between(connection, estate.scope, before)
        assert (found.updated, found.created) == (1, 0)
        assert set(found.values) >= {"environment"}
        assert {one.asset for one in found.sample} == {"app01"}
        assert register.between(connection, estate.scope, before, asset=first.id).updated == 1
        assert register.between(connection, estate.scope, before, asset=other.id).empty
        assert register.between(connection, estate.scope, before - timedelta(days=1), before).created == 4


def test_conflicts_of_the_past_are_those_of_then_and_counted_in_what_differs(changed, tmp_path):
    estate, before = changed
    there = disputes(estate, before)
    deliver(estate, tmp_path / "later", [Delivery("scan", 10, ({**machine(2)["scan"], "OS": "AIX 7.2"},))])
    assert disputes(estate, before) == there
    now, known = (
        {(one.asset, one.attribute, one.kind) for one in said if one.state == "open"}
        for said in (disputes(estate)[1], there[1])
    )
    assert ("app02", "os", "value_mismatch") in now - known
    assert disputes(estate, datetime(2020, 1, 1, tzinfo=UTC)) == ({}, [])
    with estate.scope.transaction() as connection:
        found = register.between(connection, estate.scope, before)
    assert found.conflicts_opened == len(now - known) > 0
