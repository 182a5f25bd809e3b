import hashlib

import pyarrow as pa
import pytest

from muniment import evidence
from muniment.base import engine as engines


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def table_of(engine, columns: dict[str, list[str | None]]) -> pa.Table:
    count = len(next(iter(columns.values()), [None]))
    cells = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    lines = {"_line": pa.array(range(2, count + 2), pa.int64()), "_payload": pa.nulls(count, pa.string())}
    return evidence.stamped(engine, pa.table({**lines, **cells}), list(columns))


def digests(engine, columns) -> list[tuple[str, str]]:
    table = table_of(engine, columns)
    return list(zip(table["_hash"].to_pylist(), table["_content"].to_pylist(), strict=True))


def test_rows_are_numbered_from_one_and_keep_their_cells(engine):
    table = table_of(engine, {"b": ["x", "y"], "a": [None, "z"]})
    assert table.column_names == ["_row", "_hash", "_content", "_line", "_payload", "b", "a"]
    assert table.select(["_row", "_line", "b", "a"]).to_pylist() == [
        {"_row": 1, "_line": 2, "b": "x", "a": None},
        {"_row": 2, "_line": 3, "b": "y", "a": "z"},
    ]


def test_the_digests_are_those_of_the_filled_cells_by_name(engine):
    text = "\x1ea\x1f1\x1eb\x1f2"
    assert digests(engine, {"b": ["2"], "a": ["1"]}) == [
        (hashlib.sha256(text.encode()).hexdigest(), hashlib.md5(text.encode()).hexdigest())  # noqa: S324
    ]


def test_the_order_of_columns_and_new_row_neighbours_change_no_digest(engine):
    alone = digests(engine, {"a": ["1"], "b": ["2"]})
    assert digests(engine, {"b": ["2"], "a": ["1"]}) == alone
    assert digests(engine, {"a": ["0", "1"], "b": ["9", "2"]})[1:] == alone


@pytest.mark.parametrize(
    "other",
    [
        {"a": ["1"], "b": ["3"]},
        {"a": ["2"], "b": ["1"]},
        {"a": ["12"], "b": [None]},
        {"a": ["1"], "c": ["2"]},
        {"a": ["1 "], "b": ["2"]},
    ],
    ids=str,
)
def test_any_other_content_has_other_digests(engine, other):
    (mine,) = digests(engine, {"a": ["1"], "b": ["2"]})
    (theirs,) = digests(engine, other)
    assert mine[0] != theirs[0]
    assert mine[1] != theirs[1]


def test_many_rows_keep_the_digest_of_their_own_cells(engine):
    cells = [str(number) for number in range(5000)]
    found = digests(engine, {"a": cells})
    assert len(set(found)) == 5000
    assert found[4321] == digests(engine, {"a": ["4321"]})[0]


def test_a_table_without_rows_or_columns_is_stamped_too(engine):
    assert table_of(engine, {"a": []}).num_rows == 0
    assert digests(engine, {})[0][0] == hashlib.sha256(b"").hexdigest()
