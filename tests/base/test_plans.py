"""The main reads of a large estate go through indexes: counted by PostgreSQL itself, in the very transaction."""

import pytest
import sqlalchemy as sa

from muniment import evidence, register

MINE = 5_000  # rows of this engagement in each table
OTHERS = 40_000  # rows of other engagements
TABLES = ("assets", "asset_terms", "records", "conflicts", "asset_versions", "memberships")

# Foreign keys are not looked at here: what is filled is about plans, not about meaning.
FILL = """
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, gen_random_uuid() AS id,
  CASE WHEN n <= {mine} THEN '{tenant}'::uuid ELSE md5(mod(n, 9)::text)::uuid END AS tenant,
  CASE WHEN n <= {mine} THEN '{engagement}'::uuid ELSE md5('e' || mod(n, 9))::uuid END AS engagement
  FROM generate_series(1, {all}) n;
INSERT INTO assets (tenant_id, id, engagement_id, type, state, name, confidence, sources, record_count, values,
  provenance, values_hash, content_hash, version, cause, created_at, created_by, updated_at, updated_by)
  SELECT tenant, id, engagement, CASE mod(n, 5) WHEN 0 THEN 'server' ELSE 'virtual_machine' END, 'reconciled',
  'host' || n, 0.9, ARRAY['cmdb'], 1, jsonb_build_object('hostname', jsonb_build_array('host' || n)), '{{}}',
  md5(n::text), md5(n::text), 1, '{{}}', now(), 'x', now(), 'x' FROM made;
INSERT INTO asset_terms (tenant_id, engagement_id, attribute, term, asset_id)
  SELECT tenant, engagement, attribute, term || n, id FROM made,
  (VALUES ('hostname', 'host'), ('serial', 'czc'), ('owner', 'person')) v (attribute, term);
INSERT INTO conflicts
  (tenant_id, engagement_id, asset_id, attribute, kind, severity, rank, own_rank, claims, hint,
    opened_at)
  SELECT tenant, engagement, id, 'os', 'value_mismatch', 'high', mod(n, 400), 0, '[]', '', now() FROM made;
INSERT INTO records (tenant_id, id, engagement_id, source_id, layout_id, source_key, import_id, row_number,
  row_hash, claims_hash, filled, delivered_at, observed_at, type_stated, claims, derived, notes, gone, updated_at)
  SELECT tenant, id, engagement, md5('s' || mod(n, 10))::uuid, md5('l')::uuid, 'k' || n, md5('i')::uuid, n,
  md5(n::text), md5(n::text), 3, now(), now(), false, '{{}}', '{{}}', '{{}}', false, now() FROM made;
INSERT INTO memberships (tenant_id, record_id, engagement_id, asset_id)
  SELECT tenant, id, engagement, id FROM made;
INSERT INTO asset_versions (tenant_id, asset_id, version, engagement_id, valid_from, valid_to, type, state, name,
  confidence, sources, record_count, values, provenance, cause, created_at, created_by, actor)
  SELECT tenant, id, 1, engagement, now(), now(), 'server', 'reconciled', 'host' || n,
  1, '{{}}', 1, '{{}}', '{{}}', '{{}}', now(), 'x', 'x' FROM made
"""


@pytest.fixture(scope="module")
def large(make_home, server, tmp_path_factory):
    """A home with thousands of assets among tens of thousands of other engagements'; the optimiser knows."""
    with make_home(tmp_path_factory.mktemp("large") / "home") as home:
        name = sa.make_url(home.settings["database_url"]).database
        path = {"options": "-c search_path=muniment,public"}
        owner = sa.create_engine(server.url(database=name), poolclass=sa.NullPool, connect_args=path)
        ids = {"tenant": home.scope.tenant_id, "engagement": home.scope.engagement_id}
        with owner.begin() as connection:
            for statement in FILL.split(";\n"):
                connection.exec_driver_sql(statement.format(mine=MINE, all=MINE + OTHERS, **ids))
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        yield home


def scans(connection):
    """How often each table was scanned from end to end in this transaction, and how often by an index."""
    rows = connection.execute(
        sa.text("SELECT relname, seq_scan, coalesce(idx_scan, 0) AS idx FROM pg_stat_xact_user_tables")
    )
    return {row.relname: (row.seq_scan, row.idx) for row in rows if row.relname in TABLES}


def asset(connection, home):
    return register.find(connection, home.scope, register.Query("host77", limit=1))[0].id


READS = {
    "a page of all": lambda c, h: register.find(c, h.scope, register.Query(limit=50)),
    "a page of a type": lambda c, h: register.find(c, h.scope, register.Query(type="server", limit=50)),
    "the beginning of a word": lambda c, h: register.find(c, h.scope, register.Query("host123", limit=50)),
    "two words": lambda c, h: register.find(c, h.scope, register.Query("czc1234 host12", limit=50)),
    "an exact value": lambda c, h: register.find(c, h.scope, register.Query(where=(("serial", "czc1234"),), limit=50)),
    "one by its id": lambda c, h: register.get(c, h.scope, asset(c, h)),
    "a name": lambda c, h: register.find_by_name(c, h.scope, "host1234"),
    "any exact value": lambda c, h: register.find_by_name(c, h.scope, "person1234"),
    "the history of one": lambda c, h: [register.history(c, h.scope, asset(c, h))],
    "the worst conflicts": lambda c, h: register.list_conflicts(c, h.scope, limit=20),
    "the conflicts of one": lambda c, h: register.list_conflicts(c, h.scope, asset_id=asset(c, h)),
    "a known source's records": lambda c, h: [
        evidence.known_records(c, h.scope, c.scalar(sa.text("SELECT md5('s3')::uuid"))).num_rows
    ],
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_no_read_of_a_person_goes_through_a_large_table_from_end_to_end(large, read):
    with large.scope.transaction() as connection:
        connection.execute(sa.text("SET LOCAL max_parallel_workers_per_gather = 0"))
        before = scans(connection)
        assert read(connection, large)
        after = scans(connection)
    counted = {name: tuple(a - b for a, b in zip(after[name], before.get(name, (0, 0)), strict=True)) for name in after}
    assert {name for name, (whole, _) in counted.items() if whole} == set()
    assert sum(by_index for _, by_index in counted.values()) > 0


def test_a_scan_from_end_to_end_would_be_noticed(large):
    with large.scope.transaction() as connection:
        for kind in ("indexscan", "indexonlyscan", "bitmapscan"):
            connection.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
        register.find(connection, large.scope, register.Query(limit=1))
        assert scans(connection)["assets"][0] == 1
