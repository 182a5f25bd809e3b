import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import SOAK, Delivery, counts, fingerprint, machine
from tests.flows.conftest import Start

from muniment import evidence, flows
from muniment.base import jobs
from muniment.base.errors import Rejected
from muniment.base.home import Home


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Two deliveries of one source, one with a row that cannot be read, and a file that cannot."""
    folder = tmp_path_factory.mktemp("deliveries")
    first = Delivery("cmdb", 1, tuple(machine(number)["cmdb"] for number in range(1, 6)))
    changed = Delivery("cmdb", 3, tuple({**machine(n)["cmdb"], "Owner": "Cy Dow"} for n in (2, 7)))
    found = (first.write(folder), changed.write(folder), folder / "broken.xlsx")
    found[2].write_bytes(b"PK\x03\x04 no workbook at all")
    with found[0].open("a") as handle:
        handle.write("a,b,c,d,e,f,g,h,i,j\n")
    os.utime(found[0], (1_772_000_000, 1_772_000_000))
    return found


@pytest.fixture(scope="module")
def whole(engagement, start: Start, paths: tuple[Path, ...]) -> tuple[Home, list[str]]:
    """An engagement where nothing was interrupted, and what its import did, step by step."""
    home = engagement()
    return home, start(home, paths, -1)


def raw_rows(home: Home) -> list[tuple[str, int]]:
    """File and number of rows of every import, read back from the lake."""
    with home.scope.transaction() as connection:
        delivered = evidence.list_imports(connection, home.scope)
    return sorted((one.file, home.lake.read(one.lake_path).num_rows) for one in delivered)


def check_after_kill(start: Start, home: Home, paths: tuple[Path, ...], whole: Home, kill: int) -> None:
    start(home, paths, kill)
    with home.scope.transaction() as connection:
        begun = jobs.find(connection, home.scope)
    flows.import_files(home, flows.Request(paths[:2] if begun else paths, source="cmdb"))
    assert fingerprint(home) == fingerprint(whole)
    assert raw_rows(home) == raw_rows(whole)
    with home.scope.transaction() as connection:
        assert jobs.find(connection, home.scope, status="running") == []
    left_out = ("flows", "events", "writers")
    mine, theirs = counts(home, without=left_out), counts(whole, without=left_out)
    assert mine == theirs


PHASES = ("read", "map", "derive", "identify", "reconcile", "publish")


@pytest.mark.parametrize("moment", range(-len(PHASES), 0))
def test_a_kill_before_a_phase_commits_costs_nothing(engagement, start, paths, whole, moment):
    home, trace = whole
    commits = [number for number, kind in enumerate(trace) if kind == "commit"]
    check_after_kill(start, engagement(), paths, home, commits[moment])


@settings(
    max_examples=100 if SOAK else 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_kill_at_any_moment_costs_nothing(share, engagement, start, paths, whole):
    home, trace = whole
    check_after_kill(start, engagement(), paths, home, int(share * len(trace)))


def test_a_killed_import_can_be_resumed_by_its_id_once(engagement, start, paths, whole):
    home, (_, trace) = engagement(), whole
    commits = [number for number, kind in enumerate(trace) if kind == "commit"]
    start(home, paths, commits[-3])
    with home.scope.transaction() as connection:
        (flow,) = jobs.find(connection, home.scope, status="running")
    assert flow.phase == "derive"
    done = flows.resume(home, flow.id)
    assert fingerprint(home) == fingerprint(whole[0])
    assert (done.rows_read, done.rows_rejected, done.records_new) == (7, 2, 6)
    with pytest.raises(Rejected, match="is done"):
        flows.resume(home, flow.id)


def test_a_summary_of_a_resumed_import_counts_what_was_read_before_the_kill(engagement, start, paths, whole):
    home, (_, trace) = engagement(), whole
    commits = [number for number, kind in enumerate(trace) if kind == "commit"]
    start(home, paths, commits[-6])
    with home.scope.transaction() as connection:
        (flow,) = jobs.find(connection, home.scope, status="running")
    assert flow.phase == ""
    done = flows.resume(home, flow.id)
    assert (done.rows_read, done.rows_rejected, len(done.files)) == (7, 2, 3)
