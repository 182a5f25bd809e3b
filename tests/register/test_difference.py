import sqlalchemy as sa
from tests.conftest import Delivery, assets, fingerprint, machine

from muniment import flows, register
from muniment.flows import change


def difference(home, do):
    with home.scope.transaction() as connection:
        register.remember(connection, home.scope)
        do(connection)
        return register.difference(connection, home.scope)


def test_no_change_is_an_empty_difference(estate):
    assert difference(estate, lambda _: None).empty


def test_a_simulated_merge_says_what_the_real_one_does_and_keeps_nothing(estate):
    first, second = assets(estate)[:2]
    before = fingerprint(estate, with_ids=True)

    def act(connection, _bulk):
        from muniment import identity

        return identity.merge(connection, estate.scope, first.id, second.id, "")

    found = change.carry_out(estate, "assets.merged", act, {}, lambda *_: None, dry_run=True).difference
    assert fingerprint(estate, with_ids=True) == before
    assert (found.created, found.removed, found.updated) == (0, 1, 1)
    assert found.values["ip_address"] == 1
    assert (found.conflicts_opened, found.conflicts_closed) == (0, 0)  # what is said of their systems agrees
    shown = next(one for one in found.sample if one.attribute == "serial")
    assert shown.asset in {first.name, second.name}
    assert shown.before != shown.after


def test_assets_that_come_and_go_are_counted(engagement, tmp_path):
    piece = engagement()
    path = Delivery("cmdb", 5, (machine(1)["cmdb"],)).write(tmp_path)
    with piece.scope.transaction() as connection:
        register.remember(connection, piece.scope)
        assert register.difference(connection, piece.scope).created == 0
    flows.import_files(piece, flows.Request((path,), source="cmdb"))
    (asset,) = assets(piece)
    with piece.scope.transaction() as connection:
        register.remember(connection, piece.scope)
        connection.execute(sa.text("UPDATE assets SET state = 'retired'"))
        found = register.difference(connection, piece.scope)
        assert (found.retired, found.retiring, found.updated) == (1, (asset.name,), 0)
