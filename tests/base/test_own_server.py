"""Any PostgreSQL >= 15 with pgvector will do: tried on the system's own and on an older one."""

import pytest
import sqlalchemy as sa

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
