"""SQLite files: tables and views as text, and nothing in them is trusted."""

import sqlite3

import pytest

from muniment import evidence
from muniment.base.errors import Rejected
from muniment.evidence import read_sqlite


@pytest.fixture
def read(tmp_path):
    def read_script(script, *values, end=None):
        path = tmp_path / "a.db"
        connection = sqlite3.connect(path)
        connection.executescript(script)
        for statement, value in values:
            connection.execute(statement, value)
        connection.commit()
        connection.close()
        if end:
            path.write_bytes(end(path.read_bytes()))
        return list(evidence.read(path))

    return read_script


def cells(table):
    return [tuple(row.values())[2:] for row in table.rows.to_pylist()]


def test_tables_and_views_are_tabs_with_every_value_as_text(read):
    tables = read(
        "PRAGMA journal_mode = WAL; CREATE TABLE server (name TEXT, ram, cost REAL, id BLOB);"
        "INSERT INTO server VALUES ('a', 16, 64.0, x'0aff'), ('b', NULL, 0.1, NULL), ('', 9007199254740993, 1e300, '');"
        "CREATE VIEW small AS SELECT upper(name) AS name FROM server WHERE ram < 20; CREATE TABLE bare (x);"
    )
    assert [(table.tab, table.details["is a"], table.format) for table in tables] == [
        ("server", "table", "sqlite"),
        ("small", "view", "sqlite"),
    ]
    assert cells(tables[0]) == [
        ("a", "16", "64", "0aff"),
        ("b", None, "0.1", None),
        (None, "9007199254740993", "1e+300", None),
    ]
    assert cells(tables[1]) == [("A",)]


def test_names_are_only_names(read):
    (table,) = read('CREATE TABLE "a""; DROP TABLE b; --" ("x""y"); INSERT INTO "a""; DROP TABLE b; --" VALUES (1)')
    assert (table.tab, table.columns) == ('a"; DROP TABLE b; --', ('x"y',))


def test_a_view_that_computes_for_ever_or_reaches_out_is_stopped_and_the_tables_are_read(read, monkeypatch):
    monkeypatch.setattr(read_sqlite, "_SECONDS", 0.5)
    tables = read(
        "CREATE TABLE t (x); INSERT INTO t VALUES (1);"
        "CREATE VIEW endless AS WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT max(n) FROM r;"
        "CREATE VIEW huge AS SELECT zeroblob(2000000000) AS x;"
        "CREATE VIEW loads AS SELECT load_extension('x') AS x;"
    )
    assert cells(tables[0]) == [("1",)]
    assert {table.tab: table.rejects[0].reason for table in tables[1:]} == {
        "endless": "view endless cannot be read (interrupted): export it on its own",
        "huge": "view huge cannot be read (not authorized to use function: zeroblob): export it on its own",
        "loads": "view loads cannot be read (unsafe use of load_extension()): export it on its own",
    }


def test_a_row_with_a_nul_character_is_a_reject(read):
    (table,) = read("CREATE TABLE t (x)", ("INSERT INTO t VALUES (?)", ("a\0b",)), ("INSERT INTO t VALUES (?)", ("c",)))
    assert cells(table) == [("c",)]
    assert "row 1 holds a NUL character" in table.rejects[0].reason


@pytest.mark.parametrize("end", [lambda data: data[:2_000], lambda data: data[:100] + b"\xff" * 4_000])
def test_a_damaged_database_is_refused(read, end):
    with pytest.raises(Rejected, match=r"^a.db is damaged or encrypted"):
        read("CREATE TABLE t (x); INSERT INTO t VALUES (1)", end=end)


def test_a_database_without_tables_is_refused(read):
    with pytest.raises(Rejected, match=r"a.db is empty: the database holds no table"):
        read("CREATE TABLE t (x); DROP TABLE t")
