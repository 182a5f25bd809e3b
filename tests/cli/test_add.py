"""Adding an asset from the command line."""


def test_an_asset_is_added_listed_and_undone(change):
    before = change("fingerprint", "--ids").out
    done = change(
        "add", "--type", "server", "--set", "hostname=web09", "--set", "serial=CZ1234567", "--reason", "rack 7"
    )
    assert done.code == 0
    assert done.out.startswith("added web09 ")
    assert "tester" in change("show", "web09").out
    assert "added web09 (server)" in change("undo", "--list").out
    assert change("undo").code == 0
    assert change("fingerprint", "--ids").out == before


def test_an_entry_that_belongs_to_a_known_asset_warns(change):
    tried = change("add", "--type", "server", "--set", "serial=CZC00001X", "--dry-run")
    assert "it would become part of an asset that is known: app01 (server)" in tried.out
    done = change("add", "--type", "server", "--set", "serial=CZC00001X")
    assert "this is a known asset: app01" in done.out
    assert "`muniment split`" in done.out


def test_an_entry_without_a_name_is_refused(look):
    nameless = look("add", "--type", "server")
    assert (nameless.code, "--set hostname=web09" in nameless.err) == (2, True)
    wrong = look("add", "--type", "server", "--set", "owner=Ann")
    assert (wrong.code, "nothing names the thing" in wrong.err) == (2, True)
