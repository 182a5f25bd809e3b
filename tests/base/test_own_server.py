"""Any PostgreSQL >= 15 with pgvector will do: tried on the system's own and on an older one."""

import pytest
import sqlalchemy as sa
from tests.conftest import Delivery, fingerprint, machine

from muniment import flows
from muniment.base import schema, settings
from muniment.base.home import open_home

TENANT = "nullif(current_setting('muniment.tenant', true), '')::uuid"
MINE, THEIRS = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in (1, 2))


def test_a_postgresql_that_is_not_ours_has_all_that_is_needed(own_server_url: str) -> None:
    engine = sa.create_engine(own_server_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        assert connection.dialect.server_version_info >= (15,)
        connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector"))
        assert connection.scalar(sa.text("SELECT '[1,2]'::vector <-> '[1,4]'::vector")) == 2.0
        for statement in (
            "CREATE ROLE clerk NOLOGIN NOBYPASSRLS",
            "CREATE TABLE paper (tenant_id uuid NOT NULL, line text)",
            "ALTER TABLE paper ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY own ON paper USING (tenant_id = {TENANT})",
            "GRANT SELECT, INSERT ON paper TO clerk",
            f"INSERT INTO paper VALUES ('{MINE}', 'mine'), ('{THEIRS}', 'theirs')",
        ):
            connection.execute(sa.text(statement))
    lines = sa.text("SELECT array_agg(line) FROM paper")
    with engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL ROLE clerk"))
        assert connection.scalar(lines) is None
        connection.execute(sa.text(f"SET LOCAL muniment.tenant = '{MINE}'"))
        assert connection.scalar(lines) == ["mine"]
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            connection.execute(sa.text(f"INSERT INTO paper VALUES ('{THEIRS}', 'x')"))


def test_a_home_on_a_postgresql_that_is_not_ours_has_the_same_register(own_server_url, home, tmp_path):
    owner = sa.create_engine(own_server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE estate"))
    url = sa.make_url(own_server_url).set(database="estate").render_as_string(hide_password=False)
    asked = {"home": tmp_path / "other", "database_url": url, "actor": "tester"}
    other = open_home(settings.load(asked))
    paths = tuple(
        Delivery(source, 1, tuple(machine(number)[source] for number in (1, 2, 3))).write(tmp_path)
        for source in ("cmdb", "scan")
    )
    for place in (home, other):
        assert sum(flows.import_files(place, flows.Request(paths)).assets.values()) == 3
    assert fingerprint(other) == fingerprint(home)
    with other.scope.transaction() as connection:
        assert schema.revision(connection) == schema.head()
        assert connection.scalar(sa.text("SELECT current_user")) == "muniment_app"
    other.scope.engine.dispose()
    again = open_home(settings.load(asked))
    assert fingerprint(again) == fingerprint(home)
    again.scope.engine.dispose()
