import subprocess
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from muniment import evidence, identity, mapping, memory, register
from muniment.base import clock, db, events, home, jobs, schema, server_cluster, settings
from muniment.base.errors import Permanent

assert all((events, evidence, identity, jobs, mapping, memory, register))  # each declares its tables


@pytest.fixture
def scratch(server, new_database):
    """An empty database: an engine of its owner, and the URL."""
    with new_database() as name:
        url = server.url(database=name)
        yield sa.create_engine(url, poolclass=sa.NullPool), url


def at_revision(owner, revision):
    with owner.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA muniment"))
        connection.execute(sa.text("CREATE TABLE muniment.alembic_version (version_num text)"))
        connection.execute(sa.text("INSERT INTO muniment.alembic_version VALUES (:r)"), {"r": revision})


def tables(owner):
    return set(sa.inspect(owner).get_table_names(schema=db.SCHEMA))


def test_the_migrations_make_exactly_the_tables_that_are_declared(server, prepared):
    url = server.url(database=prepared)
    path = {"options": f"-c search_path={db.SCHEMA},public"}
    owner = sa.create_engine(url, poolclass=sa.NullPool, connect_args=path)
    with owner.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, db.metadata) == []
        assert len(db.metadata.tables) > 15


def test_every_tenant_table_is_under_the_policy_and_no_other_table_is_readable_without(server, prepared):
    owner = sa.create_engine(server.url(database=prepared), poolclass=sa.NullPool)
    with owner.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT tablename, qual, with_check FROM pg_policies WHERE schemaname = 'muniment'")
        ).all()
        secured = set(
            connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity"))
        )
    declared = {table.name for table in db.metadata.tables.values() if table.info.get("tenant")}
    assert {row.tablename for row in rows} == secured == declared | {"tenants"}
    for row in rows:
        if row.tablename in declared:
            assert "current_setting('muniment.tenant'" in row.qual
            assert row.with_check == row.qual
    assert set(db.metadata.tables) == secured


def test_preparing_a_database_twice_changes_nothing_and_needs_no_backup(scratch):
    owner, _ = scratch
    schema.prepare(owner, pytest.fail)
    before = tables(owner)
    schema.prepare(owner, pytest.fail)
    assert tables(owner) == before
    with owner.connect() as connection:
        assert schema.revision(connection) == schema.head()


def test_an_older_database_is_backed_up_before_anything_in_it_changes(scratch):
    owner, _ = scratch
    at_revision(owner, "0000")
    seen = []

    def backup(old):
        seen.append((old, tables(owner)))
        raise Permanent("no room for the backup")

    with pytest.raises(Permanent, match="no room"):
        schema.prepare(owner, backup)
    assert seen == [("0000", {"alembic_version"})]
    assert tables(owner) == {"alembic_version"}
    with owner.connect() as connection:
        assert schema.revision(connection) == "0000"


def test_a_newer_database_is_refused_with_the_cure(scratch):
    owner, _ = scratch
    at_revision(owner, "9999")
    with pytest.raises(Permanent, match=r"at revision 9999, .* knows \d+: .*pip install --upgrade muniment"):
        schema.prepare(owner, pytest.fail)
    assert tables(owner) == {"alembic_version"}


def test_a_role_that_may_not_make_things_is_told_what_it_needs(scratch):
    owner, url = scratch
    with owner.begin() as connection:
        connection.execute(sa.text("CREATE ROLE visitor LOGIN PASSWORD 'geheim'"))
    guest = sa.make_url(url).set(username="visitor", password="geheim")
    try:
        with pytest.raises(Permanent, match="must own the database and be allowed to create roles") as caught:
            schema.prepare(sa.create_engine(guest, poolclass=sa.NullPool), pytest.fail)
        assert "geheim" not in str(caught.value)
    finally:
        with owner.begin() as connection:
            connection.execute(sa.text("DROP ROLE visitor"))


def test_the_backup_is_a_dump_that_can_be_restored_and_only_its_owner_can_read(scratch, tmp_path):
    owner, url = scratch
    schema.prepare(owner, pytest.fail)
    clock.set_source(lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    try:
        home._backup(settings.load({"home": tmp_path}), url, "0000")  # noqa: SLF001
    finally:
        clock.set_source(None)
    target = tmp_path / "backups" / "20260301T120000Z-revision-0000.dump"
    assert target.stat().st_mode & 0o777 == 0o600
    program = server_cluster.binaries() / "pg_restore"
    listed = subprocess.run([program, "--list", target], capture_output=True, text=True, check=True).stdout
    assert "TABLE DATA muniment assets" in listed
    assert "POLICY muniment records tenant" in listed


def test_a_backup_that_fails_leaves_no_half_file_and_shows_no_password(server, tmp_path):
    url = server.url(database="not_there")
    with pytest.raises(Permanent, match="no backup before the upgrade, so nothing was changed") as caught:
        home._backup(settings.load({"home": tmp_path}), url, "0000")  # noqa: SLF001
    assert server.password not in str(caught.value)
    assert list((tmp_path / "backups").iterdir()) == []
