"""The Arrow table of what a file holds."""

import pyarrow as pa

from muniment.evidence.rows import table_of, without_blank


def test_rows_without_any_value_are_dropped_with_their_numbers():
    cells = {"a": pa.array(["x", None, None]), "b": pa.array([None, None, "y"])}
    rows = without_blank(table_of(pa.array([2, 3, 4]), None, cells))
    assert rows.column("_line").to_pylist() == [2, 4]
