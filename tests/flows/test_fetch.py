"""Streams and tables of other databases: imported like files, bounded, and no password anywhere."""

import io
import itertools

import pytest
import sqlalchemy as sa
from tests.conftest import assets

from muniment import flows
from muniment.base import db
from muniment.base.errors import NotFound, Permanent, Rejected

REQUEST = flows.Request(())
CSV = b"Hostname,Serial\napp01,CZC00001X\napp02,CZC00002X\n"
SECRET = "s3cret-pa55"


class Endless(io.RawIOBase):
    """Gives the same row for ever."""

    def read(self, size=-1):
        return b"app01,CZC00001X\n" * (size // 16)


@pytest.fixture
def other(server, new_database):
    """A database of someone else's with an earlier asset table, and the engine to change it."""
    with new_database() as name:
        url = sa.make_url(server.url(database=name))
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE TABLE cmdb_ci_server (sys_id uuid, name text, serial_number text, ram numeric, up boolean,"
                    " ip inet, seen timestamptz, facts jsonb, tags text[], photo bytea)"
                )
            )
            connection.execute(
                sa.text(
                    "INSERT INTO cmdb_ci_server SELECT gen_random_uuid(), 'app' || n, 'CZC0000' || n || 'X', 16.50,"
                    " true,"
                    " ('10.1.0.' || n)::inet, '2026-01-02 03:04:05Z',"
                    ' \'{"os": {"name": "RHEL 8"}}\', \'{blue,old}\','
                    " '\\x0aff' FROM generate_series(1, 3) AS n"
                )
            )
            connection.execute(sa.text("CREATE VIEW live AS SELECT name FROM cmdb_ci_server"))
            connection.execute(sa.text('CREATE SCHEMA old; CREATE TABLE old."A; b" (x int)'))
        yield url.set(drivername="postgresql").render_as_string(hide_password=False), engine


def left_behind(home):
    place = home.settings.home / "incoming"
    return list(place.rglob("*")) if place.exists() else []


def everything_stored(home):
    """Every row of every table, as text."""
    with home.scope.transaction() as connection:
        for table in db.metadata.sorted_tables:
            yield from (str(tuple(row)) for row in connection.execute(sa.select(table)))


def test_a_stream_is_imported_like_a_file_of_its_name(home):
    done = flows.import_stream(home, io.BytesIO(CSV), REQUEST, "scan.csv")
    assert [(entry["file"], entry["rows"]) for entry in done.files] == [("scan.csv", 2)]
    assert {asset.name for asset in assets(home)} == {"app01", "app02"}
    assert left_behind(home) == []


def test_the_name_of_a_stream_is_only_a_name(home, tmp_path):
    flows.import_stream(home, io.BytesIO(CSV), REQUEST, "../../../evil.csv")
    assert not list(tmp_path.rglob("evil*"))


def test_an_endless_stream_ends_at_the_limit(make_home, tmp_path):
    with make_home(tmp_path / "home", stream_mib=2) as home:
        with pytest.raises(Rejected, match=r"more than 2 MiB: is it endless\?.*stream_mib"):
            flows.import_stream(home, Endless(), REQUEST)
        with pytest.raises(Rejected, match="the stream is empty"):
            flows.import_stream(home, io.BytesIO(), REQUEST)
        assert left_behind(home) == []


def test_tables_of_another_database_are_imported_with_every_type(home, other):
    done = flows.import_tables(home, other[0], ["cmdb_ci_server", "live"], REQUEST)
    assert [(entry["rows"], entry["status"]) for entry in done.files] == [(3, "read"), (3, "read")]
    assert done.files[0]["file"].endswith(".cmdb_ci_server.parquet")
    found = {value: asset.values for asset in assets(home) for value in asset.values.get("serial", ())}
    assert found["CZC00001X"]["ip_address"] == ["10.1.0.1"]
    assert found["CZC00001X"]["tags"] == ["blue", "old"]
    with home.scope.transaction() as connection:
        columns = connection.execute(
            sa.select(db.metadata.tables["layouts"].c.columns).order_by(db.metadata.tables["layouts"].c.created_at)
        ).scalars()
        assert {"facts.os.name", "tags", "ram", "photo"} <= set(itertools.chain(*columns))
    again = flows.import_tables(home, other[0], ["cmdb_ci_server", "live"], REQUEST)
    assert (again.records_new, again.records_changed, left_behind(home)) == (0, 0, [])


def test_without_a_table_it_lists_what_there_is_and_a_wrong_one_is_not_found(home, other):
    with pytest.raises(Rejected, match=r"name what to import with --table: .* holds cmdb_ci_server, live, old.A; b$"):
        flows.import_tables(home, other[0], [], REQUEST)
    with pytest.raises(NotFound, match=r"has no table cmdb'; DROP TABLE live; --: it holds cmdb_ci_server"):
        flows.import_tables(home, other[0], ["cmdb'; DROP TABLE live; --"], REQUEST)


def test_a_database_is_only_ever_read(home, other):
    url, engine = other
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE log (x int)"))
        connection.execute(
            sa.text(
                "CREATE FUNCTION spy() RETURNS int LANGUAGE plpgsql AS "
                "$$ BEGIN INSERT INTO log VALUES (1); RETURN 1; END $$"
            )
        )
        connection.execute(sa.text("CREATE VIEW trap AS SELECT spy() AS x"))
    with pytest.raises(Rejected, match="read-only transaction"):
        flows.import_tables(home, url, ["trap"], REQUEST)
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM log")).scalar_one() == 0


def test_a_password_is_shown_and_stored_nowhere(home, other, administer):
    url, engine = other
    administer(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("GRANT SELECT ON cmdb_ci_server TO reader"))
        given = sa.make_url(url).set(username="reader", password=SECRET).render_as_string(hide_password=False)
        done = flows.import_tables(home, given, ["cmdb_ci_server"], REQUEST)
        assert done.rows_read == 3
        assert SECRET not in str(done.to_json())
        assert not [row for row in everything_stored(home) if SECRET in row]
        with pytest.raises(Rejected) as refused:
            flows.import_tables(home, given.replace(SECRET, f"{SECRET}-wrong"), ["cmdb_ci_server"], REQUEST)
        assert SECRET not in str(refused.value)
        assert refused.value.__cause__ is None
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP OWNED BY reader"))
        administer("DROP ROLE reader")


@pytest.mark.parametrize(
    ("url", "kind", "reason"),
    [
        (f"postgresql://u:{SECRET}@127.0.0.1:9/x", Rejected, "postgresql://127.0.0.1/x cannot be read"),
        (f"postgresql://u@127.0.0.1:9/x?password={SECRET}", Rejected, "postgresql://127.0.0.1/x cannot be read"),
        (f"nonsense://u:{SECRET}@h/x", Permanent, "nonsense needs a driver"),
        (f"oracle://u:{SECRET}@h/x", Permanent, r"pip install 'muniment\[oracle\]'"),
        ("sqlite:///x.db", Rejected, "give the file itself"),
        (f"://{SECRET}", Rejected, "the URL cannot be understood"),
    ],
)
def test_a_database_that_cannot_be_reached_says_why_without_its_password(home, url, kind, reason):
    with pytest.raises(kind, match=reason) as refused:
        flows.import_tables(home, url, ["x"], REQUEST)
    assert SECRET not in str(refused.value)
    assert left_behind(home) == [] or kind is Permanent
