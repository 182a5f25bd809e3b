"""What a source no longer gives, and what it says suddenly otherwise, through imports of real files."""

import dataclasses
from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import SOAK, Delivery, assets, counts, deliver, fingerprint, machine

from muniment import evidence, flows, register
from muniment.base.home import Home

SIX = range(1, 7)
KINDS = {"missing_in_new", "suspicious_change"}


def week(day: int, changed: Mapping[int, Mapping[str, str]] | None = None, source: str = "cmdb") -> Delivery:
    """Six machines as a source sees them on a day, some of them otherwise."""
    rows = [{**machine(number)[source], **(changed or {}).get(number, {})} for number in SIX]
    return Delivery(source, day, tuple(rows))


def conflicts(home: Home, state: str | None = "open") -> list[register.Conflict]:
    with home.scope.transaction() as connection:
        found = register.list_conflicts(connection, home.scope, state=state, limit=None)
    return [one for one in found if one.kind in KINDS]


def named(home: Home, name: str) -> register.Asset:
    return next(asset for asset in assets(home) if asset.name == name)


def test_what_a_source_no_longer_gives_is_missing_and_what_it_was_is_told(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [week(1), week(8), week(15, {2: {"Environment": ""}})])
    (one,) = conflicts(home)
    assert (one.asset, one.attribute, one.kind, one.state) == ("app02", "environment", "missing_in_new", "open")
    assert one.hint == (
        "cmdb no longer says it since 2026-03-16; it said production until 2026-03-09: nobody gives it any more;"
        " was it cleared, or left out by mistake?"
    )
    (was,) = one.claims
    assert (was["value"], was["until"], was["sources"], was["file"]) == (
        "production", "2026-03-09", ["cmdb"], "cmdb-8.csv",
    )  # fmt: skip
    deliver(home, tmp_path / "again", [week(22)])
    assert conflicts(home) == []


def test_what_another_source_still_gives_matters_little(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [week(1, source="sheet"), week(1), week(8, {2: {"Owner": ""}})])
    (one,) = conflicts(home)
    assert (one.kind, one.severity) == ("missing_in_new", "low")
    assert "sheet still give(s) it" in one.hint


def test_a_thousandfold_value_is_suspicious_until_the_source_takes_it_back(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [week(1), week(8, {3: {"RAM MB": "16777216"}})])
    (one,) = conflicts(home)
    assert (one.asset, one.attribute, one.kind, one.severity) == (
        "app03", "memory_mib", "suspicious_change", "high",
    )  # fmt: skip
    assert one.hint == (
        "cmdb said 16384 until 2026-03-02 and says 16777216 since 2026-03-09 (times 1024):"
        " look whether its unit has changed"
    )
    assert [(claim["value"], claim.get("until")) for claim in one.claims] == [
        (16777216, None),
        (16384, "2026-03-02"),
    ]
    deliver(home, tmp_path / "back", [week(15)])
    assert conflicts(home) == []


def test_a_change_that_another_source_confirms_is_none(engagement, tmp_path):
    home = engagement()
    moved = {3: {"Address": "10.77.0.3"}}
    deliver(home, tmp_path, [week(1), week(1, source="scan"), week(8, moved)])
    assert [one.attribute for one in conflicts(home)] == ["ip_address"]
    deliver(home, tmp_path / "confirmed", [week(9, moved, "scan")])
    assert conflicts(home) == []


def test_another_serial_under_the_same_name_and_another_system_are_suspicious(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [week(1), week(8, {1: {"Serial": "CZC77777X"}, 2: {"OS": "Windows Server 2022"}})])
    found = {(one.asset, one.attribute): one for one in conflicts(home)}
    assert set(found) == {("app01", "serial"), ("app02", "os_family")}
    assert "re-imaged or replaced under its old name" in found["app01", "serial"].hint
    assert "said linux until" in found["app02", "os_family"].hint


def test_a_name_that_passes_to_another_serial_is_suspicious_where_the_serial_is_the_key(engagement, tmp_path):
    home = engagement()

    def scan(day: int, serial: str, *more: str) -> Delivery:
        rows = [machine(number)["scan"] for number in SIX if number != 5]
        return Delivery("scan", day, (*rows, *({**machine(5)["scan"], "Serial": one} for one in (serial, *more))))

    deliver(home, tmp_path, [scan(1, "CZC00005X"), scan(8, "CZC77777X")])
    (one,) = conflicts(home)
    assert (one.asset, one.attribute, one.kind) == ("app05", "serial", "suspicious_change")
    assert one.hint.startswith("scan said CZC00005X until 2026-03-02 and says CZC77777X since 2026-03-09: was it")
    deliver(home, tmp_path / "both", [scan(15, "CZC77777X", "CZC00005X")])
    assert conflicts(home) == []


def test_many_changes_at_once_are_one_conflict(engagement, tmp_path):
    home = engagement()

    def estate(day: int, owner: str) -> Delivery:
        rows = [{**machine(number)["cmdb"], "Owner": owner if number <= 12 else "Cy Dow"} for number in range(1, 31)]
        return Delivery("cmdb", day, tuple(rows))

    deliver(home, tmp_path, [estate(1, "Ann Bell"), estate(8, "Bo Chan")])
    (one,) = conflicts(home)
    assert (one.asset, one.attribute, one.severity) == ("app01", "owner", "high")
    assert one.hint.startswith(
        "cmdb changed it for 12 of 30 assets at once on 2026-03-09, here from Ann Bell to Bo Chan"
    )


def test_a_value_that_flips_names_the_source_that_says_the_other(engagement, tmp_path):
    home = engagement()
    ann, bo = ({4: {"Owner": who}} for who in ("Ann Bell", "Bo Chan"))
    sheet = week(1, bo, "sheet")
    deliver(home, tmp_path, [sheet, week(1, ann), week(8, bo), week(15, ann), week(22, bo), week(29, ann)])
    (one,) = conflicts(home)
    assert (one.asset, one.attribute, one.kind) == ("app04", "owner", "suspicious_change")
    assert "cmdb goes between Bo Chan and Ann Bell from delivery to delivery" in one.hint
    assert "sheet say(s) Bo Chan" in one.hint


def test_an_accepted_change_stays_quiet_until_the_next_one(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [week(1), week(8, {3: {"RAM MB": "16777216"}})])
    asset = named(home, "app03")
    flows.accept(home, asset.id, "memory_mib", "it was rebuilt")
    assert conflicts(home) == []
    deliver(home, tmp_path / "same", [week(15, {3: {"RAM MB": "16777216"}})])
    assert [one.state for one in conflicts(home, None)] == ["accepted"]
    deliver(home, tmp_path / "gone", [week(22, {3: {"RAM MB": ""}})])
    (one,) = conflicts(home)
    assert (one.kind, one.state) == ("missing_in_new", "open")
    assert "the evidence has changed since" in one.hint
    flows.undo(home)
    assert [one.state for one in conflicts(home)] == ["open"]


def test_a_resolved_value_settles_its_change(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [week(1), week(8, {3: {"RAM MB": "16777216"}})])
    flows.resolve(home, named(home, "app03").id, "memory_mib", "16384 MiB")
    assert conflicts(home) == []
    assert [one.state for one in conflicts(home, None)] == ["resolved"]
    before = fingerprint(home, with_ids=True)
    flows.undo(home)
    assert [one.state for one in conflicts(home)] == ["open"]
    assert fingerprint(home, with_ids=True) != before


CHANGES = [
    week(1),
    week(8, {1: {"RAM MB": "16777216"}, 2: {"Owner": ""}}),
    week(15, {1: {"RAM MB": "16384"}, 2: {"Owner": ""}, 3: {"Serial": "CZC77777X"}}),
    week(22, {1: {"RAM MB": "16777216"}, 4: {"Address": "10.9.0.1"}}),
]


def test_withdrawing_an_import_forgets_its_changes_and_restoring_brings_them_back(engagement, tmp_path):
    home, never = engagement(), engagement()
    deliver(home, tmp_path / "all", CHANGES)
    deliver(never, tmp_path / "without", [one for one in CHANGES if one.day != 22])
    before = fingerprint(home, with_ids=True)
    with home.scope.transaction() as connection:
        (last,) = [one for one in evidence.list_imports(connection, home.scope) if one.file == "cmdb-22.csv"]
    flows.withdraw(home, [last], "the last delivery")
    assert fingerprint(home) == fingerprint(never)
    assert {one.attribute for one in conflicts(home)} >= {"serial"}
    with home.scope.transaction() as connection:
        away = [one for one in evidence.list_imports(connection, home.scope) if one.id == last.id]
    flows.restore(home, away, "the last delivery")
    assert fingerprint(home, with_ids=True) == before


def test_a_mapping_that_is_undone_leaves_what_was_said_before_as_it_was(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, CHANGES)
    before, rows = fingerprint(home, with_ids=True), counts(home)["earlier_claims"]
    assert rows
    with home.scope.transaction() as connection:
        (layout, *_) = evidence.list_layouts(connection, evidence.get_source(connection, "cmdb").id)
    flows.rekey(home, layout.id, ["Name"])
    flows.rekey(home, layout.id, ["CI"])
    assert counts(home)["earlier_claims"] == rows
    assert fingerprint(home, with_ids=True) == before


OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "RAM MB": st.sampled_from(("16777216", "32768", "")),
        "Serial": st.sampled_from(("CZC77777X", "CZC88888X")),
        "Address": st.sampled_from(("10.9.0.1", "")),
        "Owner": st.sampled_from(("Bo Chan", "")),
        "OS": st.sampled_from(("Windows Server 2019", "")),
    },
)


@settings(
    max_examples=60 if SOAK else 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_order_of_imports_never_shows_in_what_changed(data: st.DataObject, engagement, tmp_path_factory):
    weeks = [
        week(day, data.draw(st.dictionaries(st.sampled_from(SIX), OTHERS, max_size=4)))
        for day in range(1, 2 + data.draw(st.integers(1, 4)))
    ]
    shuffled = data.draw(st.permutations(weeks))
    folder = tmp_path_factory.mktemp("changes")
    straight, other = engagement(), engagement()
    deliver(straight, folder / "straight", weeks)
    for number, batch in enumerate(_batches(shuffled, data)):
        paths = tuple(one.write(folder / f"{number}", f"{one.source}-{one.day}.csv") for one in batch)
        flows.import_files(other, flows.Request(paths, source="cmdb"))
    assert fingerprint(other) == fingerprint(straight)
    assert [dataclasses.astuple(one)[1:7] for one in conflicts(other)] == [
        dataclasses.astuple(one)[1:7] for one in conflicts(straight)
    ]


def _batches(deliveries: Sequence[Delivery], data: st.DataObject) -> list[list[Delivery]]:
    """The deliveries in one or two commands."""
    cut = data.draw(st.integers(0, len(deliveries)))
    return [part for part in (list(deliveries[:cut]), list(deliveries[cut:])) if part]
