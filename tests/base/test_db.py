import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from muniment.base import db

CELLS = [
    None, "", " ", "NULL", "null", "\\N", "\\.", '""', '"', "'", "a,b", "a;b", "line\nline", "line\r\nline", "tab\t",
    "naïve", "日本語", "👩‍💻", "=1+1", "\\", "{}", "0001", "\u2028",
]  # fmt: skip


@pytest.fixture
def connection(home):
    with home.scope.transaction() as opened:
        yield opened


def there_and_back(connection, cells):
    connection.execute(sa.text("CREATE TEMP TABLE box (place int, cell text) ON COMMIT DROP"))
    data = pa.table({"place": pa.array(range(len(cells)), pa.int32()), "cell": pa.array(cells, pa.string())})
    assert db.copy_arrow(connection, "box", data) == len(cells)
    found = db.read_arrow(connection, "SELECT cell, place FROM box ORDER BY place")
    connection.execute(sa.text("DROP TABLE box"))
    return found["cell"].to_pylist()


def test_any_text_travels_to_the_database_and_back_and_null_is_not_the_empty_string(connection):
    assert there_and_back(connection, CELLS) == CELLS


def test_the_database_itself_sees_null_and_the_empty_string_apart(connection):
    connection.execute(sa.text("CREATE TEMP TABLE box (cell text) ON COMMIT DROP"))
    db.copy_arrow(connection, "box", pa.table({"cell": pa.array([None, "", "\n"], pa.string())}))
    counts = "SELECT count(*) FILTER (WHERE cell IS NULL), count(*) FILTER (WHERE cell = '') FROM box"
    assert tuple(connection.execute(sa.text(counts)).one()) == (1, 1)


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(cells=st.lists(st.none() | text, min_size=1, max_size=20))
def test_whatever_text_there_is_it_comes_back_the_same(estate_home, cells):
    with estate_home.scope.transaction() as connection:
        assert there_and_back(connection, cells) == cells
    estate_home.scope.engine.dispose()


def test_an_empty_result_keeps_its_columns(connection):
    found = db.read_arrow(connection, 'SELECT 1 AS "a,b", \'x\' AS "c\nd" WHERE false')
    assert found.num_rows == 0
    assert found.column_names[0] == "a,b"


def test_parameters_are_bound_and_never_read_as_sql(connection):
    hostile = "'; DROP TABLE assets; --"
    assert db.read_arrow(connection, "SELECT %s::text AS x", (hostile,))["x"].to_pylist() == [hostile]


def test_rows_are_copied_with_objects_as_json(connection):
    connection.execute(sa.text("CREATE TEMP TABLE box (a int, b jsonb, c text) ON COMMIT DROP"))
    assert db.copy_rows(connection, "box", ["a", "b", "c"], [(1, {"ü": [1]}, None), (2, {}, "x\ty\\")]) == 2
    found = connection.execute(sa.text("SELECT a, b, c FROM box ORDER BY a")).all()
    assert [tuple(row) for row in found] == [(1, {"ü": [1]}, None), (2, {}, "x\ty\\")]


def test_a_large_result_is_streamed_whole_and_in_order(connection):
    statement = sa.text("SELECT n FROM generate_series(1, 1234) n ORDER BY n")
    assert [row.n for row in db.stream(connection, statement, 100)] == list(range(1, 1235))


def test_connections_act_in_the_role_without_special_rights(connection):
    assert connection.scalar(sa.text("SELECT current_user")) == db.APPLICATION_ROLE
    rights = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert connection.scalar(sa.text(rights)) is False
    assert connection.scalar(sa.text("SHOW timezone")) == "UTC"


def test_json_has_one_form():
    assert db.dumps({"b": 1, "a": ["ü", None]}) == '{"a":["ü",null],"b":1}'
