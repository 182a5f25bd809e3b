import contextlib

import pytest

from muniment.base import ids, jobs
from muniment.base.errors import Rejected


def begin(home, **options):
    with home.scope.transaction() as connection:
        return jobs.begin(connection, home.scope, "import", options)


def get(home, flow_id):
    with home.scope.transaction() as connection:
        return jobs.get(connection, home.scope, flow_id)


def test_a_flow_is_open_until_it_is_finished(home):
    flow_id = begin(home, paths=["a.csv"])
    flow = get(home, flow_id)
    assert (flow.status, flow.phase, flow.options, flow.result) == ("running", "", {"paths": ["a.csv"]}, None)
    with home.scope.transaction() as connection:
        jobs.mark(connection, flow_id, "read", {"rows": 2})
        jobs.mark(connection, flow_id, "map")
        assert [one.id for one in jobs.find(connection, home.scope, status="running")] == [flow_id]
    flow = get(home, flow_id)
    assert (flow.phase, flow.result, flow.finished_at) == ("map", {"rows": 2}, None)
    with home.scope.transaction() as connection:
        jobs.finish(connection, flow_id, "failed", {"rows": 2}, "nothing could be read")
        assert jobs.find(connection, home.scope, status="running") == []
    flow = get(home, flow_id)
    assert (flow.status, flow.error) == ("failed", "nothing could be read")
    assert flow.finished_at >= flow.started_at


def test_a_mark_of_a_phase_that_failed_is_not_there(home):
    flow_id = begin(home)
    with contextlib.suppress(ZeroDivisionError), home.scope.transaction() as connection:
        jobs.mark(connection, flow_id, "read")
        raise ZeroDivisionError
    assert get(home, flow_id).phase == ""


def test_flows_come_oldest_first_and_only_those_of_the_engagement(home, another):
    made = [begin(home) for _ in range(3)]
    other = another(home, "another")
    begin(other)
    with home.scope.transaction() as connection:
        assert [flow.id for flow in jobs.find(connection, home.scope)] == made
    with pytest.raises(Rejected, match="is not a flow of this engagement: `muniment imports` lists them"):
        get(other, made[0])


def test_an_unknown_flow_is_refused(home):
    with pytest.raises(Rejected, match="is not a flow"):
        get(home, ids.new())


def test_a_writer_that_fails_leaves_the_place_free(home):
    with pytest.raises(ZeroDivisionError), jobs.writer(home.scope, "first"):
        raise ZeroDivisionError
    waits = []
    with jobs.writer(home.scope, "second", waits.append):
        assert waits == []


def test_there_is_always_a_name_for_who_acts():
    assert jobs.system_user()
