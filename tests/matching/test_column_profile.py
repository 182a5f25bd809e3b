"""What a column looks like: counts, kinds, samples, lists, and independence of the row order."""

import datetime as dt
import random

import pyarrow as pa
import pytest

from muniment import matching


def profile(values: object) -> matching.Profile:
    return matching.profile(pa.table({"c": values}), ["c"])[0].profile


def test_blank_cells_and_placeholders_are_not_filled():
    found = profile(["a", "", None, "  ", "N/A", "-", "Unknown", "a ", "b"])
    assert (found.rows, found.filled, found.distinct) == (9, 3, 2)
    assert found.lengths == (1, 1.0, 1)


def test_an_empty_column_says_nothing():
    found = profile(pa.array(["", None], pa.string()))
    assert (found.rows, found.filled, found.kinds, found.samples) == (2, 0, {}, ())
    assert profile(pa.array([], pa.string())).rows == 0
    assert profile(pa.nulls(3)).filled == 0


def test_kinds_are_weighted_by_how_often_a_value_occurs():
    assert profile(["10.0.0.1"] * 3 + ["hello"]).kinds["ip"] == pytest.approx(0.75)


def test_samples_are_the_most_frequent_values():
    found = profile(["c", "b", "b", "A", "A", "A", "d", "e", "f"])
    assert found.samples[:2] == ("A", "b")
    assert len(found.samples) == 5
    assert found.common[0] == ("a", pytest.approx(1 / 3))


def test_lists_are_looked_into():
    found = profile(["10.0.0.1, 10.0.0.2", "[10.0.0.3,10.0.0.4];", "10.0.0.5"])
    assert found.value_list
    assert found.kinds["ip"] == pytest.approx(1.0)


@pytest.mark.parametrize("value", ["16,384", "1,5", "CostCenter=123;BU=IT", "Kovacek and Sons, Inc"])
def test_commas_do_not_make_a_list(value: str):
    assert not profile([value] * 3).value_list


def test_typed_columns_are_read_as_text():
    assert profile([1, 2, 3]).kinds["integer"] == pytest.approx(1.0)
    assert profile([True, False]).kinds["boolean"] == pytest.approx(1.0)
    assert profile([dt.date(2024, 1, 2)]).kinds["date"] == pytest.approx(1.0)
    assert profile([["10.0.0.1", "10.0.0.2"], None]).kinds["ip"] == pytest.approx(1.0)
    assert profile([{"a": 1}]).filled == 0
    assert profile(pa.array(["x", "x"]).dictionary_encode()).distinct == 1
    assert profile([b"\xff\xfe"]).filled == 0


def test_the_order_of_rows_changes_nothing_even_where_values_are_sampled():
    values = [f"host-{number}" for number in range(3000)] + [f"10.0.0.{n % 200}" for n in range(900)]
    before = profile(values)
    random.Random(1).shuffle(values)  # noqa: S311
    assert profile(values) == before
    assert before.distinct == 3200


def test_the_sample_estimates_the_whole_column():
    values = [f"host-{number}" for number in range(9000)] + [f"10.{n // 250}.{n % 250}.1" for n in range(3000)]
    assert profile(values).kinds["ip"] == pytest.approx(0.25, abs=0.08)


def test_a_huge_cell_is_cut():
    found = profile(["x" * 1_000_000, "10.0.0.1"])
    assert found.lengths[2] == 256
    assert all(len(sample) <= 256 for sample in found.samples)


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        matching.profile(pa.table({"a": ["x"]}), ["b"])


def test_the_table_is_kept_as_context():
    found = matching.profile(pa.table({"a": ["x"]}), ["a"], table="vInfo")
    assert [(column.name, column.table) for column in found] == [("a", "vInfo")]
