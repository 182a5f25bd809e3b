"""A person's word in the register: it outranks, outlives, expires, is contradicted, and is undone exactly."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.conftest import DAY_ONE, Delivery, assets, deliver, fingerprint, machine

from muniment import evidence, flows, identity, register
from muniment.base import clock
from muniment.base.home import Home

TODAY = DAY_ONE + timedelta(days=3)


@pytest.fixture(autouse=True)
def today():
    """The third day after the first deliveries; words given later are newer."""
    now = [TODAY]

    def tick() -> datetime:
        now[0] += timedelta(milliseconds=1)
        return now[0]

    clock.set_source(tick)
    yield now
    clock.set_source(None)


def named(home: Home, name: str) -> register.Asset:
    return next(asset for asset in assets(home) if asset.name == name)


def rows(source: str, **changed: str) -> tuple[dict[str, str], ...]:
    """The four machines, the first of them changed."""
    return tuple({**machine(n)[source], **(changed if n == 1 else {})} for n in range(1, 5))


def conflicts(home: Home, state: str | None = "open") -> list[register.Conflict]:
    """Conflicts about owners; versions of operating systems differ from the start."""
    with home.scope.transaction() as connection:
        return register.list_conflicts(connection, home.scope, attribute="owner", state=state)


def redeliver(home: Home, folder, day: int, **owners: str) -> None:
    deliver(home, folder / f"{day}", [Delivery(source, day, rows(source, Owner=who)) for source, who in owners.items()])


def test_a_resolved_value_outranks_all_sources_and_keeps_their_claims_as_rivals(estate):
    flows.resolve(estate, named(estate, "app01").id, "owner", "Di Eck", terms=register.Terms("asked her"))
    asset = named(estate, "app01")
    proof = asset.provenance["owner"]
    assert (asset.values["owner"], proof["rule"], proof["by"], proof["reason"]) == (
        "Di Eck", "resolved", "tester", "asked her",
    )  # fmt: skip
    assert [(rival["value"], rival["sources"]) for rival in proof["rivals"]] == [("Ann Bell", ["cmdb", "sheet"])]
    with estate.scope.transaction() as connection:
        found = register.find(connection, estate.scope, register.Query(where=(("owner", "di eck"),)))
        lost = register.find(connection, estate.scope, register.Query(where=(("owner", "ann bell"),)))
    assert [one.name for one in found] == ["app01"]
    assert "app01" not in [one.name for one in lost]


def test_a_resolution_outlives_the_import_of_everything(estate, tmp_path):
    flows.resolve(estate, named(estate, "app01").id, "memory_mib", "32 GB")
    flows.edit(estate, named(estate, "app02").id, {"tags": "red, green"}, ["owner"])
    for day in (5, 6):
        everything = [Delivery(source, day, rows(source), full=True) for source in ("cmdb", "scan", "sheet")]
        deliver(estate, tmp_path / str(day), everything)
        assert named(estate, "app01").values["memory_mib"] == 32768
        assert named(estate, "app02").values["tags"] == ["red", "green"]
        assert "owner" not in named(estate, "app02").values


@pytest.mark.parametrize("name", ["app01", "app02"])
def test_resolve_then_undo_is_the_state_before_ids_too(estate, name):
    before = fingerprint(estate, with_ids=True)
    flows.resolve(estate, named(estate, name).id, "hostname", "renamed", terms=register.Terms("label on the box"))
    assert named(estate, "renamed").values["hostname"] == ["renamed"]
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_the_newest_word_counts_and_its_undo_brings_the_older_back(estate):
    first = named(estate, "app01").id
    flows.resolve(estate, first, "owner", "Di Eck")
    between = fingerprint(estate, with_ids=True)
    flows.resolve(estate, first, "owner", "Ed Fox")
    assert named(estate, "app01").values["owner"] == "Ed Fox"
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == between


def test_a_word_follows_its_asset_through_merge_and_undo(estate):
    left, right = named(estate, "app01").id, named(estate, "app02").id
    flows.resolve(estate, right, "owner", "Di Eck")
    before = fingerprint(estate, with_ids=True)
    flows.merge_assets(estate, left, right)
    together = next(asset for asset in assets(estate) if asset.record_count == 6)
    assert together.values["owner"] == "Di Eck"
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_a_word_stays_with_the_larger_part_of_a_split(estate):
    asset = named(estate, "app01")
    flows.resolve(estate, asset.id, "owner", "Di Eck")
    with estate.scope.transaction() as connection:
        leaving = identity.members(connection, asset.id)[0]
    flows.split_asset(estate, asset.id, [leaving])
    assert {one.record_count for one in assets(estate) if one.values.get("owner") == "Di Eck"} == {2}


def test_a_word_survives_a_new_key_of_its_source(estate):
    flows.resolve(estate, named(estate, "app01").id, "owner", "Di Eck")
    before = named(estate, "app01").values
    with estate.scope.transaction() as connection:
        layouts = [evidence.list_layouts(connection, source.id)[0] for source in evidence.list_sources(connection)]
    for layout in layouts:
        flows.rekey(estate, layout.id, ["Serial"])
    assert named(estate, "app01").values == before


def test_a_conflict_that_is_resolved_is_not_raised_again_for_the_same_evidence(estate, tmp_path):
    redeliver(estate, tmp_path, 1, sheet="Bob Day")
    (conflict,) = conflicts(estate)
    flows.resolve(estate, conflict.asset_id, conflict.attribute, "Bob Day", terms=register.Terms("he said so"))
    assert conflicts(estate) == []
    (settled,) = conflicts(estate, "resolved")
    assert settled.decision["by"] == "tester"
    assert (settled.decision["how"], settled.decision["reason"]) == ("resolved", "he said so")
    redeliver(estate, tmp_path, 5, sheet="Bob Day", cmdb="Ann Bell")
    assert conflicts(estate) == []
    flows.undo(estate)
    assert len(conflicts(estate)) == 1


def test_an_accepted_conflict_is_raised_again_when_a_source_says_something_new(estate, tmp_path):
    redeliver(estate, tmp_path, 1, sheet="Bob Day")
    (conflict,) = conflicts(estate)
    before = fingerprint(estate, with_ids=True)
    flows.accept(estate, conflict.asset_id, "owner", "both are asked")
    assert conflicts(estate) == []
    assert [one.decision["how"] for one in conflicts(estate, "accepted")] == ["accepted"]
    redeliver(estate, tmp_path, 5, sheet="Bob Day")
    assert conflicts(estate) == []
    redeliver(estate, tmp_path, 6, sheet="Cy Low")
    (reopened,) = conflicts(estate)
    assert "the evidence has changed since" in reopened.hint
    redeliver(estate, tmp_path, 7, sheet="Bob Day")
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) != before  # the sheet was seen later
    assert len(conflicts(estate)) == 1


def test_accept_then_undo_is_the_state_before_ids_too(estate, tmp_path):
    redeliver(estate, tmp_path, 1, sheet="Bob Day")
    before = fingerprint(estate, with_ids=True)
    flows.accept(estate, conflicts(estate)[0].asset_id, "owner")
    assert fingerprint(estate, with_ids=True) != before
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_several_sources_that_newly_agree_contradict_a_word_which_stands(estate, tmp_path, today):
    flows.resolve(estate, named(estate, "app01").id, "owner", "Di Eck")
    today[0] = DAY_ONE + timedelta(days=100)
    redeliver(estate, tmp_path, 90, sheet="Cy Low")
    assert conflicts(estate) == []
    redeliver(estate, tmp_path, 91, cmdb="Cy Low")
    (conflict,) = conflicts(estate)
    assert (conflict.kind, conflict.state) == ("contradicted", "open")
    assert "cmdb, sheet" in conflict.hint
    assert named(estate, "app01").values["owner"] == "Di Eck"
    flows.resolve(estate, conflict.asset_id, "owner", "Di Eck", terms=register.Terms("I asked again"))
    assert conflicts(estate) == []


def test_a_word_until_the_sources_agree_ends_when_they_do(estate, tmp_path):
    first = named(estate, "app01").id
    flows.resolve(estate, first, "owner", "Di Eck", terms=register.Terms(until_agreed=True))
    redeliver(estate, tmp_path, 5, cmdb="Di Eck")
    assert named(estate, "app01").provenance["owner"]["rule"] == "resolved"
    redeliver(estate, tmp_path, 6, sheet="Di Eck")
    asset = named(estate, "app01")
    assert (asset.values["owner"], asset.provenance["owner"]["rule"]) == ("Di Eck", "confidence")


def test_a_word_that_has_expired_gives_way_at_the_next_change(estate, today):
    first = named(estate, "app01").id
    flows.resolve(estate, first, "owner", "Di Eck", terms=register.Terms(until=datetime(2026, 3, 9, tzinfo=UTC)))
    today[0] = datetime(2026, 3, 10, tzinfo=UTC)
    flows.resolve(estate, named(estate, "app02").id, "owner", "Ed Fox")
    assert named(estate, "app01").values["owner"] == "Ann Bell"
    with estate.scope.transaction() as connection:
        states = {one.asset: one.state for one in register.list_resolutions(connection, estate.scope)}
    assert states == {"app01": "expired", "app02": "standing"}


def test_any_order_of_imports_gives_the_same_register_under_a_word(estate, tmp_path, make_home, estate_home):
    flows.resolve(estate, named(estate, "app01").id, "owner", "Di Eck")
    later = [Delivery("cmdb", 5, rows("cmdb", Owner="Cy Low")), Delivery("sheet", 6, rows("sheet", Owner="Cy Low"))]
    import sqlalchemy as sa

    copies = []
    for number, order in enumerate((later, later[::-1])):
        url = sa.make_url(estate.settings["database_url"]).database
        estate.scope.engine.dispose()
        settings = {"lake_url": estate_home.settings.lake_url, "engagement": "estate"}
        with make_home(tmp_path / f"copy {number}", template=url, **settings) as copy:
            deliver(copy, tmp_path / f"order {number}", order)
            copies.append(fingerprint(copy))
    assert copies[0] == copies[1]


def test_resolutions_count_for_and_against_the_sources(estate, tmp_path):
    redeliver(estate, tmp_path, 1, sheet="Bob Day")
    flows.resolve(estate, named(estate, "app01").id, "owner", "Bob Day")

    def counted() -> list[register.Verdicts]:
        with estate.scope.transaction() as connection:
            return register.verdict_counts(connection, estate.scope)

    assert counted() == [
        register.Verdicts("cmdb", "owner", 0, 1),
        register.Verdicts("sheet", "owner", 1, 0),
    ]
    flows.undo(estate)
    assert counted() == []
