import pytest
import sqlalchemy as sa

from muniment.base import settings
from muniment.base.errors import NotFound, Permanent, Rejected, Retryable
from muniment.base.home import open_home


def opened(folder, url):
    return open_home(settings.load({"home": folder, "database_url": url}))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("geheim", "is not a URL: postgresql://user:password@host:5432/database"),
        ("postgresql://clerk:5432:geheim", "is not a URL"),
        ("mysql://clerk:geheim@host/base", "must begin with postgresql://, not mysql://"),
        ("sqlite:///geheim.db", "must begin with postgresql://, not sqlite://"),
    ],
)
def test_a_database_that_is_no_postgresql_url_is_refused_without_repeating_it(tmp_path, url, says):
    with pytest.raises(Rejected) as caught:
        opened(tmp_path, url)
    assert says in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clerk:geheim@127.0.0.1:1/base",
        "postgresql+psycopg://clerk:geheim@127.0.0.1:1/base",
        "postgresql://clerk@127.0.0.1:1/base?password=geheim",
    ],
)
def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path, url):
    with pytest.raises(Retryable) as caught:
        opened(tmp_path, url)
    assert "does not answer" in str(caught.value)
    assert "127.0.0.1:1/base" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_wrong_password_is_not_shown_either(server, tmp_path):
    with pytest.raises(Permanent, match="refuses us") as caught:
        opened(tmp_path, server.url(password="geheim"))
    assert "geheim" not in str(caught.value)
    assert server.password not in str(caught.value)


def test_a_home_where_no_folder_can_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Rejected, match="set MUNIMENT_HOME"):
        open_home(settings.load({"home": tmp_path / "file"}))


def test_a_home_shows_no_password(home, server):
    shown = repr(home)
    assert server.password not in shown
    assert home.settings["database_url"] not in shown


def test_a_home_keeps_its_lake_and_its_spill_to_itself(home):
    assert home.lake.root == str(home.settings.home / "lake")
    assert home.spill.stat().st_mode & 0o777 == 0o700
    assert home.spill.parent == home.settings.home


def test_opening_a_home_makes_folder_tenant_and_engagement_and_names_the_actor(
    server, prepared, new_database, tmp_path
):
    with new_database(prepared) as name:
        asked = {"home": tmp_path / "a" / "b", "database_url": server.url(database=name), "actor": "ann"}
        first = open_home(settings.load({**asked, "tenant": "Client", "engagement": "Move"}))
        again = open_home(settings.load({**asked, "tenant": "Client", "engagement": "Move"}))
        assert (tmp_path / "a" / "b").is_dir()
        assert (first.scope.tenant, first.scope.engagement, first.scope.actor) == ("Client", "Move", "ann")
        assert (first.scope.tenant_id, first.scope.engagement_id) == (again.scope.tenant_id, again.scope.engagement_id)
        for one in (first, again):
            one.scope.engine.dispose()


def test_a_name_that_does_not_exist_is_not_made_unasked_and_the_close_ones_are_named(home, server):
    owner = sa.make_url(home.settings["database_url"]).set(username=server.user)
    url = owner.render_as_string(hide_password=False)

    def look(*, create=False, **asked):
        values = {**home.settings.values, "database_url": url, **asked}
        return open_home(settings.Settings(values, {}), create=create)

    look(create=True, tenant="client", engagement="cloud move").scope.engine.dispose()
    with pytest.raises(NotFound, match="no engagement 'cloud mvoe'; close: 'cloud move'"):
        look(tenant="client", engagement="cloud mvoe")
    with pytest.raises(NotFound, match=r"tenant 'client' has no engagement 'default'; there is 'cloud move'"):
        look(tenant="client")
    with pytest.raises(NotFound, match=r"no tenant 'clint'; close: 'client'\. An import into it makes it"):
        look(tenant="clint", engagement="cloud move")
    found = look(tenant="client", engagement="cloud move")
    assert found.scope.engagement == "cloud move"
    found.scope.engine.dispose()


def test_a_connection_that_is_lost_can_be_tried_again(home):
    with pytest.raises(Retryable, match="connection to the database was lost"), home.scope.transaction() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with home.scope.transaction() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
