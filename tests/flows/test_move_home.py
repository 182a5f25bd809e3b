"""A home moves into another PostgreSQL: everything, verified, or nothing."""

import contextlib

import pytest
import sqlalchemy as sa
from tests.conftest import Delivery, deliver, fingerprint, machine

from muniment import flows
from muniment.base import embedded, jobs, settings, transfer
from muniment.base.errors import Permanent, Rejected, Retryable
from muniment.base.home import admin_engine, open_home


@pytest.fixture(scope="module")
def second_server(tmp_path_factory):
    """A real server of its own, in another folder."""
    home = tmp_path_factory.mktemp("second") / "home"
    yield embedded.ensure(home, idle_seconds=600)
    embedded.stop(home)


@pytest.fixture
def target(second_server, request):
    """The URL of an empty database on it."""
    name = f"move_{abs(hash(request.node.name))}"
    owner = admin_engine(second_server.url())
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    return (
        sa.make_url(second_server.url(database=name)).set(drivername="postgresql").render_as_string(hide_password=False)
    )


@pytest.fixture
def old(estate, server):
    """The settings of a home with four machines, named in its file, as its owner."""
    url = sa.make_url(estate.settings["database_url"]).set(username=server.user).render_as_string(hide_password=False)
    lake = estate.settings.lake_url
    settings.store(estate.settings.home, {"database_url": url, "lake_url": lake, "engagement": "estate"})
    return lambda: settings.load({"home": estate.settings.home, "actor": "tester"})


@contextlib.contextmanager
def opened(configuration):
    home = open_home(configuration, create=False)
    try:
        yield home
    finally:
        home.scope.engine.dispose()


def test_every_tenant_goes_over_and_the_home_points_to_the_copy(old, target, estate, another, tmp_path):
    other = another(estate, "move", tenant="other")
    deliver(other, tmp_path / "other", [Delivery("cmdb", 3, (machine(7)["cmdb"],))])
    before = fingerprint(estate, with_ids=True)
    lake = tmp_path / "new lake"
    told = []
    done = flows.move(old(), target, str(lake), lambda phase, _done, _total, what="": told.append((phase, what)))
    assert set(done.fingerprints) >= {"default/estate", "other/move", "default/lessons"}
    assert done.fingerprints["default/estate"] == before
    assert (done.copied, done.rows["assets"] > 4, done.files > 3) == (True, True, True)
    assert ("copy", "assets") in told
    with opened(old()) as home:
        assert sa.make_url(home.settings["database_url"]).database == sa.make_url(target).database
        assert home.settings.lake_url == str(lake)
        assert fingerprint(home, with_ids=True) == before
        with home.scope.transaction() as connection:
            assert connection.scalar(sa.text("SELECT current_user")) == "muniment_app"
        deliver(home, tmp_path / "later", [Delivery("cmdb", 5, (machine(8)["cmdb"],))])
        assert fingerprint(home) != before
    assert fingerprint(estate, with_ids=True) == before  # the old database was only read


def test_numbers_go_on_where_they_were(old, target):
    configuration = old()
    flows.move(configuration, target)
    with opened(old()) as home, home.scope.transaction() as connection:
        top = connection.scalar(sa.text("SELECT max(id) FROM mappings"))
        row = connection.execute(
            sa.text(
                "INSERT INTO events (tenant_id, at, topic, actor, payload) VALUES"
                " (:tenant, now(), 'a.b', 'x', '{}') RETURNING id, (SELECT max(id) FROM events) AS top"
            ),
            {"tenant": home.scope.tenant_id},
        ).one()
    assert top
    assert row.id > row.top


def test_a_database_that_holds_other_data_is_refused_and_an_equal_copy_taken(old, target, estate):
    configuration = old()
    assert flows.move(configuration, target).copied
    assert not flows.move(configuration, target).copied  # as after a kill before the home pointed to it
    deliver(estate, estate.settings.home / "more", [Delivery("cmdb", 4, (machine(9)["cmdb"],))])
    with pytest.raises(Rejected, match="holds other data: name an empty database") as caught:
        flows.move(configuration, target)
    assert sa.make_url(target).password not in str(caught.value)


def test_what_did_not_arrive_as_it_was_is_not_kept(old, target, monkeypatch):
    copied = transfer.copy

    def with_a_slip(source, there, wanted, tell):
        copied(source, there, wanted, tell)
        there.execute(sa.text("UPDATE muniment.assets SET name = name || '!'"))

    monkeypatch.setattr(transfer, "copy", with_a_slip)
    configuration = old()
    file = configuration.home / "muniment.toml"
    before = file.read_text(encoding="utf-8")
    with pytest.raises(Permanent, match="did not arrive as it was"):
        flows.move(configuration, target)
    assert file.read_text(encoding="utf-8") == before
    with admin_engine(target.replace("postgresql:", "postgresql+psycopg:")).connect() as connection:
        assert not any(transfer.count(connection, transfer.tables(connection)).values())
    monkeypatch.undo()
    assert flows.move(configuration, target).copied


def test_a_home_at_work_is_not_moved(old, target, estate):
    with jobs.writer(estate.scope, "import"), pytest.raises(Retryable, match="a command is writing to default/estate"):
        flows.move(old(), target)


def test_a_variable_that_has_the_last_word_is_left_to_the_person(old, target, monkeypatch):
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", old()["database_url"])
    assert flows.move(old(), target).file is None


def test_tables_come_after_those_they_refer_to(estate):
    with estate.scope.transaction() as connection:
        names = [table.name for table in transfer.tables(connection)]
    assert names.index("tenants") < names.index("engagements") < names.index("imports") < names.index("records")
    assert set(names) >= {"assets", "conflicts", "events", "memberships"}
    assert "alembic_version" not in names
