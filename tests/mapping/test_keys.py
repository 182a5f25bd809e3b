import pyarrow as pa
import pytest

from muniment import mapping
from muniment.mapping import FILE_COLUMN, Tab


def rows(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def key(table: pa.Table, meanings=(), tab: Tab | None = None) -> tuple[str, ...]:
    return mapping.choose_key(table, meanings, tab or Tab())[0]


def test_a_native_id_goes_before_a_serial_before_a_name(meaning):
    table = rows(Name=["a", "b"], Serial=["S1", "S2"], Id=["1", "2"])
    meanings = [meaning("Name", "hostname"), meaning("Serial", "serial"), meaning("Id", "source_id")]
    assert [key(table, meanings[:count]) for count in (1, 2, 3)] == [("Name",), ("Serial",), ("Id",)]
    assert mapping.choose_key(table, meanings, Tab())[1].endswith("is unique and never empty")


@pytest.mark.parametrize("cells", [["a", "A "], ["a", None], []], ids=["twice", "empty", "no rows"])
def test_a_column_that_repeats_or_is_empty_identifies_nothing(meaning, cells):
    found, reason = mapping.choose_key(rows(Serial=cells), [meaning("Serial", "serial")], Tab())
    assert (found, reason) == ((), "no column is unique: what identifies each row, else its content")


def test_a_native_id_may_repeat_on_a_row_that_was_written_twice(meaning):
    cells = [str(number) for number in range(39)]
    table = rows(Id=[*cells, "0"])
    assert key(table, [meaning("Id", "source_id")]) == ("Id",)
    assert key(table, [meaning("Id", "serial")]) == ()


def test_a_column_that_is_only_suggested_identifies_nothing(meaning):
    assert key(rows(Id=["1", "2"]), [meaning("Id", "source_id", "suggested")]) == ()


def test_what_the_kind_knows_goes_first_where_its_columns_are_filled(meaning):
    tab = Tab(keys=(("vm id", "vi sdk server"), ("vm",)))
    table = rows(**{"VM ID": ["1", "2"], "VI SDK Server": ["x", "x"], "VM": ["a", "b"]})
    meanings = [meaning("VM", "source_id")]
    assert mapping.choose_key(table, meanings, tab) == (("VM ID", "VI SDK Server"), "known for this kind of source")
    assert key(table.drop_columns(["VI SDK Server"]), meanings, tab) == ("VM",)
    blank = rows(**{"VM ID": [None, None], "VI SDK Server": ["x", "x"], "VM": ["a", "b"]})
    assert key(blank, meanings, tab) == ("VM",)


def test_a_file_that_names_its_host_is_identified_by_its_name():
    assert key(rows(**{FILE_COLUMN: ["app01"], "fact": ["x"]})) == (FILE_COLUMN,)


@pytest.mark.parametrize(
    ("name", "attributes", "found"),
    [
        ("Databases", (), "database"),
        ("export_servers_2026", (), "server"),
        ("whatever", ("database_name", "owner"), "database"),
        ("whatever", ("database_name", "memory_mib", "hostname"), "server"),
        ("whatever", ("licence_count",), "licence"),
        ("whatever", ("ip_address", "os"), "server"),
        ("whatever", ("ip_address",), None),
        ("whatever", (), None),
    ],
)
def test_a_type_is_guessed_from_the_name_else_from_the_columns(meaning, name, attributes, found):
    meanings = [meaning(attribute, attribute) for attribute in attributes]
    assert mapping.infer_type(name, Tab(), meanings) == (found, False)


def test_a_type_that_the_kind_knows_is_stated():
    assert mapping.infer_type("Databases", Tab("cluster"), []) == ("cluster", True)
