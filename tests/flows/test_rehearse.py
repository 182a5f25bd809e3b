import pytest
from tests.conftest import Delivery, counts, fingerprint, machine

from muniment import flows


def written(home):
    lake = home.settings.home / "lake"
    files = sorted(path.relative_to(lake) for path in lake.rglob("*") if path.is_file())
    return counts(home, without=("writers",)), files, fingerprint(home, with_ids=True)


def deliveries(folder):
    clean = Delivery("cmdb", 1, tuple(machine(number)["cmdb"] for number in range(1, 5)))
    later = Delivery("cmdb", 3, tuple({**machine(n)["cmdb"], "Owner": "Cy Dow"} for n in range(2, 6)))
    return clean.write(folder), later.write(folder)


def told(summary):
    found = summary.to_json()
    for name in ("flow", "dry_run", "seconds", "next_steps"):
        del found[name]
    for entry in [*found["files"], *found["held"]]:
        entry.pop("import", None)
    return found


@pytest.mark.parametrize("before", [0, 1])
def test_a_dry_run_writes_nothing_and_says_what_the_real_one_says(home, tmp_path, before):
    paths = deliveries(tmp_path)
    for path in paths[:before]:
        flows.import_files(home, flows.Request((path,), source="cmdb"))
    state = written(home)
    rehearsed = flows.import_files(home, flows.Request(paths[before:], source="cmdb", dry_run=True))
    assert rehearsed.dry_run
    assert written(home) == state
    real = flows.import_files(home, flows.Request(paths[before:], source="cmdb"))
    assert told(rehearsed) == told(real)
    assert real.records_new + real.records_changed > 0
