"""Correcting who is who: merge, split, undo."""


def ids_of(run, name):
    body = run("show", name, "--json").json
    return body["id"], [record["id"] for record in body["records"]]


def test_merging_and_undoing_leaves_no_trace_in_the_register(change):
    before = change("fingerprint", "--ids").out
    merged = change("merge", "app01", "app02", "--reason", "one chassis")
    assert merged.code == 0
    assert "merged app01 and app02 (act " in merged.out
    assert len(change("assets", "--json").json) == 3
    (act,) = change("undo", "--list", "--json").json
    assert (act["reason"], act["actor"], act["undone_at"]) == ("one chassis", "tester", None)
    undone = change("undo", act["id"][-8:], "--reason", "wrong")
    assert undone.code == 0
    assert "undone: merged app01 and app02" in undone.out
    assert change("fingerprint", "--ids").out == before
    listed = change("undo", "--list")
    assert "one chassis" in listed.out
    assert "by tester" in listed.out
    assert "merge" in change("history", "app01").out


def test_a_merged_asset_is_found_under_both_ids(change):
    first, _ = ids_of(change, "app01")
    second, _ = ids_of(change, "app02")
    assert change("merge", first, second, "--json").json["merged"] == 1
    assert change("show", first, "--json").json["id"] == change("show", second, "--json").json["id"]


def test_splitting_takes_the_named_records_out_and_undo_brings_them_back(change):
    before = change("fingerprint").out
    _, records = ids_of(change, "app03")
    done = change("split", "app03", records[0][-8:], "--json")
    assert done.code == 0
    assert done.json["split"] + done.json["created"] >= 1
    assert len(change("assets", "--json").json) == 5
    assert change("undo").code == 0
    assert change("fingerprint").out == before


def test_a_record_that_is_not_the_assets_cannot_be_split_off(look):
    _, others = ids_of(look, "app01")
    for text in (others[0], "", "zzz"):
        wrong = look("split", "app03", text)
        assert wrong.code == 2
        assert "no record of the asset: `muniment show` lists them" in wrong.err


def test_what_is_not_there_cannot_be_merged_or_undone(look):
    assert look("merge", "app01", "nobody").code == 3
    missing = look("undo", "ffffffff")
    assert missing.code == 3
    assert "`muniment undo --list` shows them" in missing.err
    nothing = look("undo")
    assert nothing.code in {2, 3}
    assert nothing.err.startswith("error: ")


def test_an_asset_cannot_be_merged_with_itself(look):
    wrong = look("merge", "app01", "CZC00001X")
    assert wrong.code == 2
    assert wrong.err.startswith("error: ")


def test_without_acts_it_says_so(look):
    assert "What people did: none." in look("undo", "--list").out


def test_a_merge_or_split_is_simulated_first(change):
    before = change("fingerprint", "--ids").out
    merged = change("merge", "app01", "app02", "--dry-run")
    assert "merging app01 and app02 would create 0 assets" in merged.out
    assert "nothing was changed" in merged.out
    _, records = ids_of(change, "app03")
    split = change("split", "app03", records[0][-8:], "--dry-run", "--json").json
    assert split["difference"]["created"] == 1
    assert change("fingerprint", "--ids").out == before
    assert change("undo", "--list", "--json").json == []
