"""Drift between two deliveries of one table: what really changed is found, chance is not."""

import numpy as np
import pyarrow as pa
import pytest

from muniment import matching

RANDOM = np.random.default_rng(7)


def table(**columns):
    return pa.table({name: pa.array([None if v is None else str(v) for v in cells]) for name, cells in columns.items()})


def findings(before, after):
    return {one.column: one.findings for one in matching.drift(before, after) if one.findings}


def test_the_same_table_in_another_order_has_not_drifted():
    cells = {"id": range(300), "os": ["RHEL", "Windows", "AIX"] * 100, "ram": RANDOM.integers(1, 64, 300)}
    before = table(**cells)
    assert findings(before, before.take(pa.array(RANDOM.permutation(300)))) == {}


def test_columns_that_come_and_go_are_named():
    found = findings(table(Name=["a", "b"], Old=["1", "2"]), table(Name=["a", "b"], Fresh=["x@y.de", "z@y.de"]))
    assert found == {"Fresh": ("new: e-mail addresses",), "Old": ("gone",)}


def test_a_column_that_changes_in_kind_is_named():
    before = table(A=[f"10.0.0.{n}" for n in range(40)])
    after = table(A=[f"server room {n}" for n in range(40)])
    assert findings(before, after)["A"] == ("was IP addresses, is text",)


def test_a_column_that_runs_empty_is_named():
    before, after = table(A=[f"n{n}x" for n in range(60)]), table(A=[f"n{n}x" for n in range(20)] + [None] * 40)
    assert findings(before, after)["A"] == ("empty in 67%, before in 0%",)


def test_numbers_in_another_unit_are_found_and_named_by_their_middle():
    gib = RANDOM.choice([4, 8, 16, 32, 64], 200)
    (one,) = matching.drift(table(RAM=gib), table(RAM=gib * 1024))
    assert one.index > one.limit
    assert one.quantiles[1][2] == 1024 * one.quantiles[0][2]
    assert "other values than before" in one.findings[0]


def test_words_that_shift_are_found():
    before = table(Env=["prod"] * 80 + ["test"] * 20)
    assert "stability index" in findings(before, table(Env=["prod"] * 30 + ["test"] * 70))["Env"][0]
    assert "says the same" not in str(findings(before, table(Env=["prod"] * 78 + ["test"] * 22)))


def test_a_column_that_says_one_thing_everywhere_is_found():
    before, after = table(Host=[f"host{n}" for n in range(30)]), table(Host=["localhost1"] * 30)
    assert "says the same in every row" in findings(before, after)["Host"][0]


@pytest.mark.parametrize("rows", [12, 40, 400])
def test_chance_alone_raises_an_alarm_less_than_once_in_a_hundred_times(rows):
    alarms = 0
    for _ in range(200):
        bins = np.full(8, 1 / 8)
        index, chance = matching.stability_index(RANDOM.multinomial(rows, bins), RANDOM.multinomial(rows, bins))
        alarms += index > chance
    assert alarms <= 2


def test_names_and_serials_that_are_all_different_are_not_compared_by_value():
    before, after = table(Name=[f"a{n}" for n in range(50)]), table(Name=[f"b{n}" for n in range(50)])
    (one,) = matching.drift(before, after)
    assert (one.index, one.findings) == (None, ())


def test_tables_without_rows_or_values_are_no_trouble():
    assert findings(table(A=[]), table(A=[])) == {}
    assert findings(table(A=[None, None]), table(A=["1", "2"])) == {}
    assert [one.state for one in matching.drift(table(A=["1"]), table(B=[None]))] == ["new", "gone"]
