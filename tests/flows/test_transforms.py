"""Transforms through the whole house: split, joined, checked; proved by `why`, taken back, any order alike."""

import itertools
from datetime import timedelta

import pytest
from tests.conftest import DAY_ONE, assets, current_mapping, fingerprint, write_csv

from muniment import evidence, flows, graph, mapping, model
from muniment.base import ids
from muniment.base.errors import Rejected

ROWS = tuple(
    {"Hostname": f"app{n:02d}", "Serial": f"CZC{n:05d}X", "CPU/RAM": f"{n}/{n * 4}", "First": "Ann", "Last": f"Bell{n}"}
    for n in range(1, 7)
)


def bring(home, folder, rows=ROWS, *, day=1):
    path = folder / f"list-{day}.csv"
    write_csv(path, rows, DAY_ONE + timedelta(days=day), list(ROWS[0]))
    return flows.import_files(home, flows.Request((path,), source="list"))


def say(home, column, attribute, transform, *, also=False):
    meaning = mapping.Meaning(attribute, model.parse(transform), also)
    return flows.set_mapping(home, [current_mapping(home, "list", column)], meaning)


def values(home, attribute):
    return {asset.name: asset.values.get(attribute) for asset in assets(home)}


def proof(home, name, attribute):
    with home.scope.transaction() as connection:
        asset = next(one for one in assets(home) if one.name == name)
        return graph.why(connection, home, asset, attribute)


def teach(home):
    say(home, "CPU/RAM", "cpu_count", "split / take 1")
    say(home, "CPU/RAM", "memory_mib", "split / take 2 | unit GiB", also=True)
    say(home, "First", "owner", "join Last")


def test_one_column_gives_two_attributes_and_two_columns_one(home, tmp_path):
    bring(home, tmp_path)
    teach(home)
    assert values(home, "cpu_count") == {f"app{n:02d}": n for n in range(1, 7)}
    assert values(home, "memory_mib") == {f"app{n:02d}": n * 4096 for n in range(1, 7)}
    assert values(home, "owner") == {f"app{n:02d}": f"Ann Bell{n}" for n in range(1, 7)}


def test_why_shows_every_step_from_the_cell_to_the_value(home, tmp_path):
    bring(home, tmp_path)
    teach(home)
    (claim,) = proof(home, "app02", "memory_mib").claims
    (cell,) = claim.cells
    assert (cell.raw, cell.mapped_to, cell.gave) == ("2/8", "memory_mib", (8192,))
    assert cell.steps == (graph.Step("split / take 2", ("8",)),)
    (claim,) = proof(home, "app02", "owner").claims
    assert (claim.cells[0].column, claim.cells[0].raw) == ("First + Last", "Ann Bell2")


def test_a_value_that_fails_a_check_is_a_problem_with_its_row_and_stays_raw(home, tmp_path):
    bring(home, tmp_path)
    say(home, "CPU/RAM", "cpu_count", "split / take 1 | check range max 5")
    assert values(home, "cpu_count")["app06"] is None
    with home.scope.transaction() as connection:
        (problem,) = evidence.problems(connection, home.scope)
    assert (problem["row"], problem["raw"], problem["problem"]) == (6, "6/24", "6 is more than 5")


def test_any_order_of_deliveries_gives_the_same_register(home, another, tmp_path):
    bring(home, tmp_path)
    teach(home)
    say(home, "Last", "department", "default unknown | check pattern [A-Z].* keep")
    parts = [ROWS[:3], ROWS[2:], ({**ROWS[0], "CPU/RAM": "9/64"},)]
    found = set()
    for number, order in enumerate(itertools.permutations(range(3))):
        piece = another(home, f"piece {number}")
        for place in order:
            (folder := tmp_path / str(number) / str(place)).mkdir(parents=True)
            bring(piece, folder, parts[place], day=place + 2)
        found.add(fingerprint(piece))
    assert len(found) == 1


def test_what_was_said_of_columns_is_taken_back_one_by_one(home, tmp_path):
    bring(home, tmp_path)
    before = fingerprint(home, with_ids=True)
    state = current_mapping(home, "list", "CPU/RAM")
    say(home, "CPU/RAM", "cpu_count", "split / take 1")
    between = fingerprint(home, with_ids=True)
    say(home, "CPU/RAM", "memory_mib", "split / take 2 | unit GiB", also=True)
    assert len({before, between, fingerprint(home, with_ids=True)}) == 3
    flows.undo_mapping(home)
    assert fingerprint(home, with_ids=True) == between
    flows.undo_mapping(home)
    assert fingerprint(home, with_ids=True) == before
    again = current_mapping(home, "list", "CPU/RAM")
    assert (again.attribute, again.state, again.transform) == (state.attribute, state.state, state.transform)
    with pytest.raises(Rejected, match="no such change to take back"):
        flows.undo_mapping(home)


def test_an_earlier_change_cannot_be_taken_back_from_under_a_later_one(home, tmp_path):
    bring(home, tmp_path)
    first = say(home, "CPU/RAM", "cpu_count", "split / take 1")
    say(home, "CPU/RAM", "cpu_count", "split / take 2")
    with pytest.raises(Rejected, match="'CPU/RAM' was changed again since"):
        flows.undo_mapping(home, first.act)
    with pytest.raises(Rejected, match="no such change"):
        flows.undo_mapping(home, ids.new())


def test_a_verdict_taken_back_is_no_lesson(home, tmp_path):
    bring(home, tmp_path)
    with home.scope.transaction() as connection:
        from muniment import memory

        before = memory.lessons(connection, "mapping")
    flows.reject_mapping(home, [current_mapping(home, "list", "Serial")])
    flows.undo_mapping(home)
    with home.scope.transaction() as connection:
        assert memory.lessons(connection, "mapping") == before


def test_a_join_with_a_column_that_is_not_there_is_refused(home, tmp_path):
    bring(home, tmp_path)
    with pytest.raises(Rejected, match="no column 'Middle' beside 'First'"):
        say(home, "First", "owner", "join Middle")


def test_a_preview_says_what_would_come_out_and_stores_nothing(home, tmp_path):
    bring(home, tmp_path)
    before = fingerprint(home)
    column = current_mapping(home, "list", "CPU/RAM")
    with home.scope.transaction() as connection:
        rows, _ = flows.newest_rows(connection, home, column)
        rule = evidence.Rule("CPU/RAM", "cpu_count", model.parse("split / take 1 | check range max 5"))
        found = graph.preview(rows, rule, mapping.attributes(connection), 2)
    assert (found.rows, found.read, found.problems, found.empty) == (6, 5, 1, 0)
    assert [sample.raw for sample in found.samples] == ["6/24", "1/4"]
    assert found.samples[1].stages == (("1",),)
    assert fingerprint(home) == before
