import pytest
import sqlalchemy as sa
from tests.conftest import Delivery, assets, machine

import muniment.evidence.tables
import muniment.identity.tables
import muniment.mapping.tables
import muniment.memory.tables
import muniment.register.tables  # noqa: F401 - all tables must be declared
from muniment import evidence, flows, mapping
from muniment.base import db, events, jobs, schema, tenancy  # noqa: F401 - the same
from muniment.base.errors import Rejected
from muniment.estate import Estate

TENANT_TABLES = [table for table in db.metadata.sorted_tables if table.info.get("tenant")]


@pytest.fixture(scope="module")
def lived_in(make_home, another, tmp_path_factory):
    """A home whose default tenant has rows in every table, and a scope of another tenant."""
    folder = tmp_path_factory.mktemp("lived-in")
    with make_home(folder / "home") as home:
        fill(home, folder)
        yield home, another(home, "default", tenant="stranger")


def fill(home, folder):
    one = Delivery("cmdb", 1, tuple(machine(number)["cmdb"] for number in (1, 2))).write(folder)
    with one.open("a") as handle:
        handle.write("a,b,c,d,e,f,g,h,i,j\n")
    other = {**machine(1)["scan"], "OS": "Windows Server 2019", "Weight": "3 kg"}
    scan = folder / "scan.csv"
    scan.write_text(",".join(other) + "\n" + ",".join(other.values()) + "\n")
    late = Delivery("cmdb", 2, (machine(7)["cmdb"],)).write(folder)
    flows.import_files(home, flows.Request((one, scan, late)))
    # what it said before, suspiciously; and another serial under the same name
    changed = {**machine(2)["cmdb"], "OS": "Windows Server 2019", "RAM MB": "16384000"}
    replaced = {**machine(2)["cmdb"], "Serial": "CZC77777X"}
    later = [Delivery("cmdb", 3, (changed,)).write(folder), Delivery("cmdb", 4, (replaced,)).write(folder)]
    flows.import_files(home, flows.Request(tuple(later)))
    Estate(home).like("linux")
    with home.scope.transaction() as connection:
        column = next(one for one in mapping.current(connection) if one.column == "Weight")
    flows.set_mapping(home, [column], mapping.Meaning("weight"), new={"label": "Weight"})
    left, right, *_ = assets(home)
    flows.merge_assets(home, left.id, right.id)
    flows.undo(home)
    flows.reject_mapping(home, [column])
    flows.annotate(home, left.id, tags=["core"])
    flows.edit(home, left.id, {"owner": "Ann Bell"})
    with home.scope.transaction() as connection:
        withdrawn = [one for one in evidence.list_imports(connection, home.scope) if one.file == late.name]
    flows.withdraw(home, withdrawn, late.name)
    Estate(home).set_policy("owner", "newest")
    Estate(home).apply_policy()
    with home.scope.transaction() as connection:
        made = mapping.template({"name": "own", "columns": {"weight": {"attribute": "weight"}}})
        mapping.add_template(connection, home.scope, made)
        connection.execute(
            sa.text(
                "INSERT INTO embedding_cache (tenant_id, engagement_id, model, digest, vector, made_at)"
                " SELECT tenant_id, id, 'endpoint', '', '', now() FROM engagements LIMIT 1"
            )
        )
        connection.execute(sa.text("INSERT INTO stale_assets SELECT tenant_id, engagement_id, id FROM assets LIMIT 1"))


def count(scope, table):
    with scope.transaction() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


@pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)
def test_another_tenant_neither_sees_nor_touches_a_row(lived_in, table):
    home, stranger = lived_in
    there = count(home.scope, table)
    assert there > 0
    with home.scope.transaction() as connection:
        row = connection.execute(sa.select(table).limit(1)).mappings().one()
    values = {name: value for name, value in row.items() if table.c[name].identity is None}
    mine = table.c.tenant_id == home.scope.tenant_id
    with stranger.scope.transaction() as connection:
        assert connection.execute(sa.select(table).where(mine)).all() == []
        changed = sa.update(table).where(mine).values(tenant_id=stranger.scope.tenant_id)
        assert connection.execute(changed).rowcount == 0
        assert connection.execute(sa.delete(table).where(mine)).rowcount == 0
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):  # noqa: SIM117
        with stranger.scope.transaction() as connection:
            connection.execute(sa.insert(table).values(**values))
    assert count(home.scope, table) == there


@pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)
def test_code_that_names_no_tenant_sees_nothing(lived_in, table):
    home, _ = lived_in
    with home.scope.engine.begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


def test_a_row_cannot_be_given_away_to_another_tenant(lived_in):
    home, stranger = lived_in
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):  # noqa: SIM117
        with home.scope.transaction() as connection:
            connection.execute(sa.text("UPDATE sources SET tenant_id = :t"), {"t": stranger.scope.tenant_id})


def test_the_names_of_other_tenants_cannot_be_listed(lived_in):
    _, stranger = lived_in
    with stranger.scope.transaction() as connection:
        names = connection.scalars(sa.select(tenancy.tenants.c.name)).all()
    assert set(names) <= {"stranger"}


def test_every_tenant_table_has_its_policy_and_no_other(home):
    with home.scope.transaction() as connection:
        policies = {
            row.tablename: (row.qual, row.with_check, row.cmd, row.permissive)
            for row in connection.execute(sa.text("SELECT * FROM pg_policies WHERE schemaname = :s"), {"s": db.SCHEMA})
        }
        shown = connection.scalar(
            sa.text("SELECT qual FROM pg_policies WHERE tablename = 'assets' AND schemaname = :s"),
            {"s": db.SCHEMA},
        )
        enabled = set(
            connection.scalars(
                sa.text(
                    "SELECT relname FROM pg_class WHERE relnamespace = cast(:s AS regnamespace)"
                    " AND relkind = 'r' AND relrowsecurity"
                ),
                {"s": db.SCHEMA},
            )
        )
    declared = {table.name for table in TENANT_TABLES}
    assert declared <= enabled
    assert "muniment.tenant" in shown
    assert {name: policies.get(name) for name in declared} == dict.fromkeys(
        declared, (shown, shown, "ALL", "PERMISSIVE")
    )


def test_every_declared_table_carries_a_tenant_but_the_list_of_tenants():
    assert {table.name for table in db.metadata.sorted_tables} - {table.name for table in TENANT_TABLES} == {"tenants"}


def test_the_application_role_owns_nothing_and_is_bound_by_policies(home):
    with home.scope.transaction() as connection:
        role = connection.execute(sa.text("SELECT * FROM pg_roles WHERE rolname = current_user")).mappings().one()
        owned = connection.scalar(
            sa.text(
                "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user AND relpersistence <> 't'"
            )
        )
        memberships = connection.scalar(
            sa.text("SELECT count(*) FROM pg_auth_members WHERE member = cast(:r AS regrole)"),
            {"r": db.APPLICATION_ROLE},
        )
    assert role["rolname"] == db.APPLICATION_ROLE
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    assert [role[power] for power in powers] == [False] * len(powers)
    assert (owned, memberships) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE pg_read_all_data",
        "CREATE TABLE muniment.mine (n int)",
        "ALTER TABLE muniment.assets DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON muniment.assets",
        "INSERT INTO muniment.tenants (id, name, created_at) SELECT uuidv7(), 'x', now()",
        "TRUNCATE muniment.assets CASCADE",
        "UPDATE muniment.alembic_version SET version_num = '0000'",
    ],
)
def test_the_application_role_cannot_get_out(home, statement):
    with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"):  # noqa: SIM117
        with home.scope.transaction() as connection:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_tenant_needs_a_name(home, name):
    with pytest.raises(Rejected, match="1 to 100 characters"):
        tenancy.open_scope(home.scope.engine, name, "default", "tester")


def test_a_scope_is_found_again_by_its_names(home):
    again = tenancy.open_scope(home.scope.engine, "default", "default", "tester")
    assert again == home.scope


def test_one_engagement_shows_no_asset_of_another(lived_in, another):
    home, _ = lived_in
    assert assets(another(home, "elsewhere")) == []
    with another(home, "elsewhere").scope.transaction() as connection:
        assert evidence.list_imports(connection, another(home, "elsewhere").scope) == []


def test_the_policy_is_the_one_the_schema_declares():
    assert schema.secure("things")[1].count(schema.POLICY) == 2
