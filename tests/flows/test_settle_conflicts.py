"""Groups of conflicts with one cause: found, corrected by one decision, simulated first, taken back exactly."""

from datetime import timedelta

import pytest
from tests.conftest import DAY_ONE, current_mapping, fingerprint, write_csv

from muniment import flows, register
from muniment.base.errors import NotFound

SITES = ("Rome", "Oslo", "Lima")
CODES = {"Rome": "R1", "Oslo": "O7", "Lima": "L3"}
PLANTED = 24


def _truth(number):
    return {
        "Hostname": f"srv{number:03d}",
        "Serial": f"CZC{number:05d}X",
        "Memory MB": str((number % 6 + 1) * 8192),
        "Site": SITES[number % 3],
        "Purchase date": f"2023-{number % 9 + 1:02d}-{number % 3 + 10:02d}",
        "Department": f"Department of Logistics and Trade {number % 4}",
    }


def _import(home, folder, name, rows, day):
    path = folder / f"{name}.csv"
    write_csv(path, rows, DAY_ONE + timedelta(days=day))
    flows.import_files(home, flows.Request((path,), source=name))


@pytest.fixture
def planted(home, tmp_path):
    """Two sources that agree, and a third with a wrong unit, codes, swapped dates and cut texts."""
    numbers = range(1, PLANTED + 1)
    for day, name in enumerate(("cmdb", "books"), start=1):
        _import(home, tmp_path, name, [_truth(number) for number in numbers], day)
    wrong = []
    for number in numbers:
        row = _truth(number)
        year, month, day = row["Purchase date"].split("-")
        row["Memory MB"] = str(int(row["Memory MB"]) // 1024)
        row["Site"] = CODES[row["Site"]]
        row["Purchase date"] = f"{year}-{day}-{month}"
        row["Department"] = row["Department"][:20]
        wrong.append(row)
    _import(home, tmp_path, "legacy", wrong, 3)
    return home


def _open(home, attribute=None):
    with home.scope.transaction() as connection:
        return sum(register.count_conflicts(connection, home.scope, attribute=attribute).values())


def _group(home, beginning):
    return next(one for one in flows.conflict_groups(home) if one.group.name.startswith(beginning))


def test_each_planted_fault_is_one_group_of_the_faulty_source(planted):
    found = {one.group.name: one.group.conflicts for one in flows.conflict_groups(planted)}
    assert found["legacy/memory_mib/x1024"] == PLANTED
    assert found["legacy/site/code"] == PLANTED
    assert found["legacy/purchased_on/day-month"] == PLANTED
    assert all(name.startswith("legacy/") for name in found)


def test_a_wrong_unit_is_corrected_in_the_mapping_and_undone_exactly(planted):
    before = fingerprint(planted, with_ids=True)
    assert _open(planted, "memory_mib") == PLANTED
    tried, proposal = flows.settle_group(planted, "legacy/memory_mib/x1024", dry_run=True)
    assert tried.difference.conflicts_closed >= PLANTED
    assert fingerprint(planted, with_ids=True) == before
    assert proposal.rereads[0].transform["unit"] == "GiB"
    flows.settle_group(planted, "legacy/memory_mib/x1024")
    assert _open(planted, "memory_mib") == 0
    assert current_mapping(planted, "legacy", "Memory MB").transform["unit"] == "GiB"
    flows.undo(planted)
    assert fingerprint(planted, with_ids=True) == before


def test_codes_of_one_source_are_looked_up(planted):
    proposal = _group(planted, "legacy/site")
    (reread,) = proposal.rereads
    assert reread.transform["steps"][-1]["table"] == {code: site for site, code in CODES.items()}
    flows.settle_group(planted, "legacy/site/code")
    assert _open(planted, "site") == 0


def test_a_few_wrong_cells_are_resolved_as_the_others_say(home, tmp_path):
    numbers = range(1, PLANTED + 1)
    for day, name in enumerate(("cmdb", "books"), start=1):
        _import(home, tmp_path, name, [_truth(number) for number in numbers], day)
    rows = [_truth(number) for number in numbers]
    for row in rows[:4]:
        row["Memory MB"] = str(int(row["Memory MB"]) * 1024)
    _import(home, tmp_path, "legacy", rows, 3)
    before = fingerprint(home, with_ids=True)
    proposal = _group(home, "legacy/memory_mib")
    assert (proposal.group.conflicts, proposal.rereads) == (4, ())
    flows.settle_group(home, "legacy/memory_mib/x1/1024")
    assert _open(home, "memory_mib") == 0
    flows.undo(home)
    assert fingerprint(home, with_ids=True) == before


def test_a_group_that_is_not_there_is_refused(home):
    with pytest.raises(NotFound, match="conflicts groups"):
        flows.settle_group(home, "scan/memory_mib/x1024")
