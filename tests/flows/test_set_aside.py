import dataclasses

import pytest
from tests.conftest import Delivery, assets, deliver, fingerprint, machine

from muniment import evidence, flows, memory
from muniment.base.errors import Rejected


def rows(numbers, source="cmdb", **changed):
    return tuple({**machine(number)[source], **changed} for number in numbers)


def imports(home):
    with home.scope.transaction() as connection:
        return evidence.list_imports(connection, home.scope)


def states(home):
    return {asset.name: asset.state for asset in assets(home)}


@pytest.mark.parametrize("source", ["cmdb", "scan", "sheet"])
def test_withdrawing_a_source_is_as_if_it_had_never_been_read_and_restoring_brings_all_back(estate, source):
    before = fingerprint(estate, with_ids=True)
    mine = [one for one in imports(estate) if one.file.startswith(source)]
    tried = flows.withdraw(estate, mine, source, dry_run=True)
    assert fingerprint(estate, with_ids=True) == before
    flows.withdraw(estate, mine, source, "wrong system")
    others = [name for name in ("cmdb", "scan", "sheet") if name != source]
    assert {name for asset in assets(estate) for name in asset.sources} == set(others)
    assert tried.difference.updated == 4
    with pytest.raises(Rejected, match="nothing of"):
        flows.withdraw(estate, imports(estate)[:0], source)
    away = [one for one in imports(estate) if one.status == "withdrawn"]
    flows.restore(estate, away, source)
    assert fingerprint(estate, with_ids=True) == before


def test_the_withdrawn_register_equals_one_that_never_read_it(engagement, tmp_path):
    first, second = engagement(), engagement()
    some = [Delivery("cmdb", 1, rows((1, 2, 3))), Delivery("scan", 1, rows((2, 3, 4), "scan"))]
    later = Delivery("cmdb", 2, rows((2, 3), Owner="Cy Dow"))
    deliver(first, tmp_path / "first", [*some, later])
    deliver(second, tmp_path / "second", some)
    assert fingerprint(first) != fingerprint(second)
    flows.withdraw(first, [one for one in imports(first) if one.file == "cmdb-2.csv"], "cmdb-2.csv")
    assert fingerprint(first) == fingerprint(second)


@pytest.mark.parametrize("verb", [flows.approve_imports, flows.reject_imports])
def test_an_answer_to_an_import_that_waits_is_undone_exactly(engagement, tmp_path, verb):
    piece = engagement()
    deliver_full(piece, tmp_path, 1, range(1, 31), full=None)
    deliver_full(piece, tmp_path, 2, range(1, 29), full=None)
    before, waiting = fingerprint(piece, with_ids=True), imports(piece)[-1]
    verb(piece, [waiting], "asked them")
    _, act = flows.undo(piece)
    assert (act.kind, act.reason) == ("imports", "asked them")
    assert fingerprint(piece, with_ids=True) == before
    assert imports(piece)[-1] == waiting
    with piece.scope.transaction() as connection:
        assert evidence.get_source(connection, "cmdb").full is None


def test_withdrawing_and_restoring_are_undone_by_the_one_undo(estate):
    before = fingerprint(estate, with_ids=True)
    mine = [one for one in imports(estate) if one.file.startswith("scan")]
    flows.withdraw(estate, mine, "scan")
    without = fingerprint(estate, with_ids=True)
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before
    flows.withdraw(estate, mine, "scan")
    flows.restore(estate, imports(estate), "scan")
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == without
    with estate.scope.transaction() as connection:
        told = [(act.what, act.undone_at is not None) for act in memory.list_acts(connection, estate.scope)]
    assert told == [("restored scan", True), ("withdrew scan", False), ("withdrew scan", True)]


def test_a_setting_of_a_source_is_undone_by_the_one_undo(estate):
    before = fingerprint(estate, with_ids=True)
    flows.change_source(estate, "sheet", {"active": False, "authoritative": ["owner"]})
    assert fingerprint(estate, with_ids=True) != before
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_withdrawing_everything_empties_the_register_and_restoring_keeps_ids_and_history(estate):
    before, versions = fingerprint(estate, with_ids=True), {asset.id: asset.version for asset in assets(estate)}
    flows.withdraw(estate, imports(estate), "all")
    assert assets(estate) == []
    flows.restore(estate, imports(estate), "all")
    assert fingerprint(estate, with_ids=True) == before
    assert all(asset.version > versions[asset.id] for asset in assets(estate))


def test_a_withdrawn_file_is_not_read_again_by_mistake(engagement, tmp_path):
    piece = engagement()
    path = Delivery("cmdb", 1, rows((1, 2))).write(tmp_path)
    flows.import_files(piece, flows.Request((path,), source="cmdb"))
    flows.withdraw(piece, imports(piece), "cmdb-1.csv")
    again = flows.import_files(piece, flows.Request((path,), source="cmdb"))
    assert "is withdrawn" in again.files[0]["reason"]
    assert assets(piece) == []


def deliver_full(home, tmp_path, day, numbers, *, full=True, **changed):
    path = Delivery("cmdb", day, rows(numbers, **changed)).write(tmp_path)
    return flows.import_files(home, flows.Request((path,), source="cmdb", full=full))


def test_a_full_import_that_lacks_too_much_waits_and_an_approval_lets_it_retire(engagement, tmp_path):
    piece = engagement()
    deliver_full(piece, tmp_path, 1, range(1, 31))
    done = deliver_full(piece, tmp_path, 2, range(1, 11))
    assert done.assets_retired == 0
    (held,) = done.held
    assert held["waiting"] == "retirement"
    assert "20 of 30" in held["reason"]
    waiting = imports(piece)[-1]
    tried = flows.approve_imports(piece, [waiting], dry_run=True)
    assert tried.difference.retired == 20
    assert len(tried.difference.retiring) == 20
    assert "retired" not in states(piece).values()
    assert flows.approve_imports(piece, [waiting], "they moved").retired == 20
    with pytest.raises(Rejected, match="waits for nothing"):
        flows.approve_imports(piece, imports(piece)[-1:])


def test_a_rejected_retirement_retires_nothing(engagement, tmp_path):
    piece = engagement()
    deliver_full(piece, tmp_path, 1, range(1, 31))
    deliver_full(piece, tmp_path, 2, range(1, 11))
    flows.reject_imports(piece, imports(piece)[-1:], "cut off")
    assert "retired" not in states(piece).values()
    assert imports(piece)[-1].waiting is None


def test_few_that_are_missing_retire_at_once_and_come_back_with_their_ids(engagement, tmp_path):
    piece = engagement()
    deliver_full(piece, tmp_path, 1, range(1, 31))
    known = {asset.name: asset.id for asset in assets(piece)}
    assert deliver_full(piece, tmp_path, 2, range(1, 29)).assets_retired == 2
    assert {name for name, state in states(piece).items() if state == "retired"} == {"app29", "app30"}
    deliver_full(piece, tmp_path, 3, range(1, 31))
    assert "retired" not in states(piece).values()
    assert {asset.name: asset.id for asset in assets(piece)} == known


def test_completeness_that_nobody_declared_is_only_proposed_and_the_answer_is_kept(engagement, tmp_path):
    piece = engagement()
    deliver_full(piece, tmp_path, 1, range(1, 31), full=None)
    done = deliver_full(piece, tmp_path, 2, range(1, 29), full=None)
    assert done.assets_retired == 0
    assert "looks complete" in done.held[0]["reason"]
    flows.approve_imports(piece, imports(piece)[-1:])
    assert list(states(piece).values()).count("retired") == 2
    try:
        assert deliver_full(piece, tmp_path, 3, (1, *range(3, 29)), full=None).assets_retired == 1
    finally:
        flows.change_source(piece, "cmdb", {"full": None})


def test_a_later_import_takes_the_place_of_one_that_waits(engagement, tmp_path):
    piece = engagement()
    deliver_full(piece, tmp_path, 1, range(1, 31))
    deliver_full(piece, tmp_path, 2, range(1, 11))
    deliver_full(piece, tmp_path, 3, range(1, 31))
    assert [one.waiting for one in imports(piece)] == [None, None, None]
    assert "retired" not in states(piece).values()


def test_an_import_that_changes_far_more_than_usual_is_held_whole(engagement, tmp_path):
    piece = engagement()
    for day in range(1, 6):
        deliver_full(piece, tmp_path, day, range(1, 41), full=False, Owner="Ann Bell" if day < 3 else "Cy Dow")
    usual = fingerprint(piece)
    assert all(one.waiting is None for one in imports(piece))
    shifted = [{**row, "Name": f"x{row['Owner']}", "Serial": row["CI"]} for row in rows(range(1, 41))]
    path = Delivery("cmdb", 6, tuple(shifted)).write(tmp_path)
    done = flows.import_files(piece, flows.Request((path,), source="cmdb"))
    assert done.held[0]["waiting"] == "changes"
    assert fingerprint(piece) == usual
    held = imports(piece)[-1]
    assert held.status == "held"
    assert flows.approve_imports(piece, [held], dry_run=True).difference.updated == 40
    flows.approve_imports(piece, [held])
    flows.undo(piece)
    assert (fingerprint(piece), imports(piece)[-1].waiting) == (usual, "changes")
    flows.reject_imports(piece, [held])
    assert fingerprint(piece) == usual
    flows.restore(piece, [imports(piece)[-1]], "cmdb-6.csv")
    assert fingerprint(piece) != usual


@pytest.mark.parametrize(("count", "full"), [(1_000, False), (999, True)])
def test_a_file_that_may_be_cut_at_a_round_number_is_partial(home, count, full):
    from muniment.flows import guard

    with home.scope.transaction() as connection:
        source = evidence.add_source(connection, home.scope, "api", "table", full=True)
    found, reason = guard.declared_full(dataclasses.replace(source), count, 0, asked=None)
    assert found is full
    assert ("cut" in reason) is not full


def test_an_export_of_one_account_says_nothing_about_the_others(home, tmp_path):
    def write(day, account, numbers):
        from datetime import timedelta

        from tests.conftest import DAY_ONE, write_csv

        path = tmp_path / f"{account}-{day}.csv"
        listed = [{"Cloud account": account, "Hostname": f"web{account}{n}"} for n in numbers]
        write_csv(path, listed, DAY_ONE + timedelta(days=day))
        return path

    def bring(path):
        return flows.import_files(home, flows.Request((path,), source="cloud", full=True))

    bring(write(1, "111111111111", range(1, 4)))
    bring(write(2, "222222222222", range(1, 4)))
    assert "retired" not in states(home).values()
    bring(write(3, "111111111111", range(1, 3)))
    assert [name for name, state in states(home).items() if state == "retired"] == ["web1111111111113"]
    assert imports(home)[-1].scope == {"attribute": "cloud_account", "values": ["111111111111"]}


def test_a_source_that_suddenly_lacks_just_its_last_rows_may_have_been_cut_off(engagement, tmp_path):
    piece = engagement()
    flows.change_source(piece, "cmdb", {"full": True})
    try:
        deliver_full(piece, tmp_path, 1, range(1, 31), full=None)
        assert "cut off" in deliver_full(piece, tmp_path, 2, range(1, 30), full=None).held[0]["reason"]
        assert deliver_full(piece, tmp_path, 3, range(1, 30), full=True).assets_retired == 1
    finally:
        flows.change_source(piece, "cmdb", {"full": None})
