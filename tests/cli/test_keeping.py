"""Looking after a home: what it holds, deleting an engagement, emptying, moving."""

import dataclasses

import pytest
import sqlalchemy as sa
from tests.conftest import counts

from muniment.base import embedded
from muniment.base.home import admin_engine
from muniment.base.settings import Settings


@pytest.fixture
def keep(door, estate, server):
    """The command in a home of four machines, as the owner of its database."""
    url = sa.make_url(estate.settings["database_url"]).set(username=server.user).render_as_string(hide_password=False)
    values = {**estate.settings.values, "database_url": url}
    return door(dataclasses.replace(estate, settings=Settings(values, estate.settings.origins)))


def test_a_home_shows_its_parts_versions_and_engagements_and_no_password(keep, server):
    found = keep("home", "--json").json
    assert found["parts"]["database"] > 1_000_000
    assert found["parts"]["lake"] > 0
    assert {"backups", "exports", "spill"} <= set(found["parts"])
    held = {(one["tenant"], one["engagement"]): one for one in found["engagements"]}
    assert held["default", "estate"]["assets"] == 4
    shown = keep("home")
    assert "PostgreSQL 18" in shown.out
    assert "estate" in shown.out
    assert server.password not in shown.out + keep("home", "--json").out


def test_a_role_that_sees_only_a_part_is_told_so(look):
    refused = look("home")
    assert (refused.code, refused.out) == (4, "")
    assert "does not own the tables" in refused.err


def test_an_engagement_is_deleted_once_it_is_confirmed(keep, estate, another):
    refused = keep("home", "delete-engagement", "estate")
    assert refused.code == 2
    assert "4 assets" in refused.err
    assert "give --yes" in refused.err
    assert counts(estate)["assets"] == 4
    unknown = keep("home", "delete-engagement", "estaet", "--yes")
    assert unknown.code == 3
    assert "close: 'estate'" in unknown.err
    gone = keep("home", "delete-engagement", "estate", "--yes")
    assert gone.code == 0
    assert "default/estate is gone: 3 raw files" in gone.out
    assert counts(another(estate, "lessons"))["imports"] == 3
    assert counts(estate, without=("sources",))["assets"] == 0


def test_a_home_is_emptied_once_it_is_confirmed(keep, estate, tmp_path):
    assert keep("home", "reset").code == 2
    lake = tmp_path / "home" / "other-lake"
    lake.mkdir()
    (lake / "mine.txt").write_text("not Muniment's", encoding="utf-8")
    (lake / "raw").mkdir()
    (lake / "raw" / "x.parquet").write_bytes(b"1234")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(estate.settings.values, "lake_url", str(lake))
        gone = keep("home", "reset", "--yes", "--json").json["removed"]
    assert gone["database"] > 0
    assert [path.name for path in lake.iterdir()] in (["mine.txt"], ["mine.txt", "raw"], ["raw", "mine.txt"])
    assert keep("imports").code in {0, 3}


def test_moving_to_what_is_no_database_is_refused_in_a_sentence(keep):
    assert "must begin with postgresql://" in keep("move", "--to", "mysql://a/b").err
    refused = keep("move", "--to", "postgresql://clerk:geheim@127.0.0.1:1/base")
    assert refused.code == 5
    assert "does not answer" in refused.err
    assert "geheim" not in refused.err


def test_moving_says_what_it_did_and_how_it_is_known(keep, tmp_path):
    other = tmp_path / "second"
    try:
        address = embedded.ensure(other, idle_seconds=60)
        with admin_engine(address.url()).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("CREATE DATABASE moved"))
        done = keep("move", "--to", address.url(database="moved"))
        assert done.code == 0, done.err
        assert "default/estate is the same in both" in done.out
        assert "MUNIMENT_DATABASE_URL" in done.out  # this test names the database by its variable
        assert address.password not in done.out + done.err
    finally:
        embedded.stop(other)


def test_the_embedded_database_in_use_is_not_dropped(door, home):
    inside = dataclasses.replace(home, settings=Settings({**home.settings.values, "database_url": ""}, {}))
    refused = door(inside)("home", "drop-embedded", "--yes")
    assert refused.code == 2
    assert "move --to URL` first" in refused.err
