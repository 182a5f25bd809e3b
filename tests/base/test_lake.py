import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from muniment.base.errors import Permanent
from muniment.base.lake import Lake

ROWS = pa.table({"name": ["a", None, ""], "_line": [2, 3, 4]})


@pytest.fixture
def lake(tmp_path):
    made = Lake(str(tmp_path / "lake"))
    made.write("2026/one.parquet", ROWS, {"file": "blåbær.csv"})
    return made


def test_what_was_written_is_read_back_with_nulls_apart_from_empty_text(lake):
    assert lake.read("2026/one.parquet").to_pydict() == ROWS.to_pydict()
    assert lake.read("2026/one.parquet", ["_line"]).column_names == ["_line"]


@pytest.mark.usefixtures("lake")
def test_a_file_carries_where_it_came_from_and_leaves_no_part_behind(tmp_path):
    (only,) = (tmp_path / "lake" / "2026").iterdir()
    assert only.name == "one.parquet"
    assert pq.read_schema(only).metadata[b"file"].decode() == "blåbær.csv"


def test_a_row_is_found_by_its_number_in_any_row_group(lake, tmp_path):
    assert [lake.row("2026/one.parquet", number)["name"] for number in (1, 2, 3)] == ["a", None, ""]
    many = pa.table({"n": list(range(1, 11))})
    pq.write_table(many, tmp_path / "lake" / "many.parquet", row_group_size=3)
    assert [lake.row("many.parquet", number)["n"] for number in range(1, 11)] == list(range(1, 11))


def test_a_row_that_is_not_there_is_an_error_with_a_cure(lake):
    with pytest.raises(Permanent, match=r"has no row 4: restore the lake"):
        lake.row("2026/one.parquet", 4)


@pytest.mark.parametrize("ask", [lambda lake: lake.read("gone.parquet"), lambda lake: lake.row("gone.parquet", 1)])
def test_a_file_that_is_gone_is_an_error_with_a_cure(lake, ask):
    with pytest.raises(Permanent, match=r"gone.parquet is missing in the lake .*: restore it from a backup"):
        ask(lake)


@pytest.mark.parametrize("path", ["../secret.parquet", "a/../../secret.parquet", "/etc/passwd"])
def test_no_path_leads_out_of_the_lake(lake, tmp_path, path):
    pq.write_table(ROWS, tmp_path / "secret.parquet")
    for ask in (lambda: lake.read(path), lambda: lake.row(path, 1), lambda: lake.write(path, ROWS, {})):
        with pytest.raises(Permanent, match="points outside the lake"):
            ask()


def test_a_lake_of_an_unknown_kind_is_refused():
    with pytest.raises(Permanent, match="cannot be opened"):
        Lake("carrier-pigeon://loft")


def test_a_lake_may_be_any_file_system_of_fsspec():
    lake = Lake("memory://lake-test")
    lake.write("one.parquet", ROWS, {})
    assert lake.row("one.parquet", 1)["name"] == "a"
