"""The feed of ids: everything that moves an id is told once, in an order that a cursor can go on in."""

from datetime import UTC, datetime

import pytest
from tests.conftest import Delivery, assets, deliver, machine

from muniment import flows, graph, identity
from muniment.base.errors import NotFound, Rejected
from muniment.estate import Estate


def feed(home, **narrow) -> list[graph.Entry]:
    return list(Estate(home).identity_history(**narrow).entries)


def kinds(home, **narrow) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in feed(home, **narrow)]


def ids(home):
    return {asset.name: asset.id for asset in assets(home)}


def leaving(home, name):
    with home.scope.transaction() as connection:
        return identity.members(connection, ids(home)[name])[:1]


def test_every_asset_was_created_once(estate):
    assert sorted(kinds(estate)) == [("created", f"app0{number}") for number in range(1, 5)]


def test_a_merge_is_told_as_a_redirect_and_its_undo_as_a_return(estate):
    known = ids(estate)
    before = Estate(estate).identity_history().cursor
    flows.merge_assets(estate, known["app01"], known["app02"])
    (merged,) = feed(estate, since=before)
    assert (merged.kind, merged.name, merged.other_name) == ("merged", "app02", "app01")
    assert (merged.asset, merged.other) == (known["app02"], known["app01"])
    flows.undo(estate)
    (back,) = feed(estate, since=merged.cursor)
    assert (back.kind, back.asset) == ("restored", known["app02"])
    assert back.through == "undone: merged app01 and app02"


def test_a_split_names_the_id_made_and_the_id_it_was_part_of(estate):
    known = ids(estate)
    before = Estate(estate).identity_history().cursor
    flows.split_asset(estate, known["app01"], leaving(estate, "app01"))
    (split,) = feed(estate, since=before)
    assert (split.kind, split.other) == ("split", known["app01"])
    assert split.asset not in known.values()
    flows.undo(estate)
    assert [(one.kind, one.asset, one.other) for one in feed(estate, since=split.cursor)] == [
        ("merged", split.asset, known["app01"])
    ]


def test_what_no_source_lists_any_more_is_retired(estate, tmp_path):
    before = Estate(estate).identity_history().cursor
    for source in ("cmdb", "scan", "sheet"):
        rows = tuple(machine(number)[source] for number in range(1, 4))
        deliver(estate, tmp_path / source, [Delivery(source, 9, rows, full=True)])
    assert kinds(estate, since=before) == [("retired", "app04")]


def test_reading_in_small_steps_gives_what_one_reading_gives(estate):
    known = ids(estate)
    flows.merge_assets(estate, known["app01"], known["app02"])
    flows.undo(estate)
    flows.split_asset(estate, known["app03"], leaving(estate, "app03"))
    whole = feed(estate)
    stepped: list[graph.Entry] = []
    cursor = None
    while True:
        part = Estate(estate).identity_history(since=cursor, limit=1)
        stepped += part.entries
        cursor = part.cursor
        if not part.more:
            break
    assert stepped == whole
    assert Estate(estate).identity_history(since=cursor).entries == ()
    assert Estate(estate).identity_history(since=cursor).cursor == cursor


def test_the_feed_of_one_asset_is_what_it_took_part_in(estate):
    known = ids(estate)
    flows.merge_assets(estate, known["app01"], known["app02"])
    assert kinds(estate, asset="app01") == [("created", "app01"), ("merged", "app02")]
    assert kinds(estate, asset=known["app02"]) == [("created", "app02"), ("merged", "app02")]
    assert kinds(estate, asset="app03") == [("created", "app03")]


def test_a_moment_is_as_good_as_a_cursor(estate):
    assert len(feed(estate, since=datetime(2020, 1, 1, tzinfo=UTC))) == 4
    assert feed(estate, since=datetime.now(UTC)) == []


def test_what_is_no_cursor_is_refused(estate):
    for text in ("yesterdayish", "20260101T000000.000000Z~x~1"):
        with pytest.raises(Rejected, match="no cursor"):
            Estate(estate).identity_history(since=text)


def test_an_id_leads_to_what_stands_for_it_through_every_redirect(estate):
    oldest, middle, youngest, _ = sorted(ids(estate).values())  # the older id stays
    flows.merge_assets(estate, middle, youngest)
    flows.merge_assets(estate, oldest, middle)
    found = Estate(estate).resolve_id(youngest)
    assert (found.state, found.asset) == ("redirected", oldest)
    assert [(hop.given_up, hop.stands) for hop in found.path] == [(youngest, middle), (middle, oldest)]
    flows.undo(estate)
    flows.undo(estate)
    assert Estate(estate).resolve_id(youngest).state == "stands"


def test_the_end_of_an_id_is_enough_and_a_stranger_is_told(estate):
    known = ids(estate)
    assert Estate(estate).resolve_id(str(known["app01"])[-8:]).asset == known["app01"]
    with pytest.raises(NotFound, match="identity history"):
        Estate(estate).resolve_id("ffffffffffff")


def test_an_id_whose_parts_left_names_them(estate):
    known = ids(estate)
    flows.split_asset(estate, known["app01"], leaving(estate, "app01"))
    found = Estate(estate).resolve_id(known["app01"])
    assert found.state == "stands"
    assert [one for one, _ in found.split_off] == [one.asset for one in feed(estate) if one.kind == "split"]
