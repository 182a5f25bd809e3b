"""Tabs of one delivery: rows of parts become lists in the rows they belong to, and none is guessed at or lost."""

import json

import pyarrow as pa
import pytest

from muniment import evidence
from muniment.base import engine as engines
from muniment.evidence.rows import table_of

KEYS = (("id",), ("vm",))


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def tab(name, rows, rejects=()):
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns}
    given = table_of(pa.array(range(2, len(rows) + 2), pa.int64()), None, cells)
    return evidence.Table("book.xlsx", name, "xlsx", {}, tuple(columns), given, tuple(rejects), None)


def joined(engine, main, *parts):
    whole, left = evidence.join_parts(engine, main, [evidence.Part(part, KEYS) for part in parts])
    return whole.rows.to_pylist(), [rest.rows.to_pylist() for rest in left]


def test_several_rows_become_a_list_in_their_order_and_one_row_its_cell(engine):
    main = tab("vInfo", [{"VM": "a", "OS": "x"}, {"VM": "b", "OS": "y"}, {"VM": "c", "OS": "z"}])
    cards = tab("vNetwork", [{"VM": "b", "Mac": "2"}, {"VM": "A ", "Mac": "1"}, {"VM": "b", "Mac": None}])
    rows, left = joined(engine, main, cards)
    assert [row["vNetwork[].Mac"] for row in rows] == ["1", '["2",null]', None]
    assert [row["OS"] for row in rows] == ["x", "y", "z"]
    assert left == [[]]
    assert json.loads(rows[1]["_payload"]) == {
        "vNetwork": [{"line": 2, "cells": {"VM": "b", "Mac": "2"}}, {"line": 4, "cells": {"VM": "b", "Mac": None}}]
    }
    assert rows[2]["_payload"] is None


def test_a_column_that_both_have_is_kept_in_the_payload_only(engine):
    rows, _ = joined(
        engine,
        tab("vInfo", [{"VM": "a", "Host": "h1"}]),
        tab("vDisk", [{"VM": "a", "host": "h2", "Size": "7"}]),
        tab("vPartition", [{"VM": "a", "Size": "5"}]),
    )
    assert {name for name in rows[0] if "[]" in name} == {"vDisk[].Size", "vPartition[].Size"}
    assert rows[0]["Host"] == "h1"
    payload = json.loads(rows[0]["_payload"])
    assert payload["vDisk"][0]["cells"] == {"VM": "a", "host": "h2", "Size": "7"}
    assert payload["vPartition"][0]["cells"] == {"VM": "a", "Size": "5"}


def test_a_row_that_fits_nothing_or_two_things_is_left(engine):
    main = tab("vInfo", [{"VM": "a"}, {"VM": "b"}, {"VM": "b"}])
    rows, (left,) = joined(engine, main, tab("vDisk", [{"VM": name, "Size": "1"} for name in ("a", "b", "c", None)]))
    assert [row["vDisk[].Size"] for row in rows] == ["1", None, None]
    assert [row["VM"] for row in left] == ["b", "c", None]
    assert [row["_line"] for row in left] == [3, 4, 5]


def test_the_key_that_places_most_rows_joins(engine):
    main = tab("vInfo", [{"Id": "1", "VM": "a"}, {"Id": "2", "VM": "a"}])
    both = tab("vDisk", [{"Id": "2", "VM": "a", "Size": "7"}])
    assert [row["vDisk[].Size"] for row in joined(engine, main, both)[0]] == [None, "7"]
    named = tab("vInfo", [{"Id": None, "VM": "a"}, {"Id": "2", "VM": "b"}])
    assert [row["vDisk[].Size"] for row in joined(engine, named, tab("vDisk", [
        {"Id": "9", "VM": "a", "Size": "7"}, {"Id": "2", "VM": "b", "Size": "8"}]))[0]] == ["7", "8"]  # fmt: skip


def test_headers_that_look_like_code_are_text(engine):
    odd = "x', c0); DROP TABLE part_rows; --"
    rows, _ = joined(engine, tab("vInfo", [{"VM": "a"}]), tab("v'Disk", [{"VM": "a", odd: "7"}]))
    assert rows[0][f"v'Disk[].{odd}"] == "7"


def test_rejects_of_a_part_are_rejects_of_the_whole(engine):
    bad = evidence.Reject("book.xlsx", "vDisk", 9, None, "broken", "")
    part = evidence.Part(tab("vDisk", [{"VM": "a", "Size": "1"}], [bad]), KEYS)
    assert evidence.join_parts(engine, tab("vInfo", [{"VM": "a"}]), [part])[0].rejects == (bad,)


@pytest.mark.parametrize(
    ("name", "names", "found"),
    [
        ("Disks", ["a", "a", "b"], {1: (0, ("server",))}),
        ("Server NICs", ["A", "b"], {1: (0, ("server",))}),
        ("Applications", ["a", "b"], {}),  # things of their own that name a server
        ("Disks", ["x", "y", "a"], {}),
    ],
)
def test_parts_are_told_by_the_name_of_the_tab_and_what_its_first_column_names(name, names, found):
    servers = tab("Servers", [{"Server": "a", "OS": "x"}, {"Server": "b", "OS": "x"}])
    others = tab(name, [{"Server": one, "Size": "1"} for one in names])
    assert evidence.parts_by_name([servers, others]) == found
