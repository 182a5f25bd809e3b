"""Property 7: what a column means can change later, and all is as if it had always been so."""

from datetime import timedelta

import pytest
from tests.conftest import (
    DAY_ONE,
    Delivery,
    assets,
    current_mapping,
    deliver,
    fingerprint,
    machine,
    write_csv,
)

from muniment import evidence, flows, identity, mapping
from muniment.base.errors import Rejected

ROWS = tuple(
    {"CI": f"CI{n:03d}", "Hostname": f"app{n:02d}", "Serial": f"CZC{n:05d}X", "Owner": f"Ann Bell {n}", "Zug": f"R{n}"}
    for n in range(1, 7)
)
OTHER = tuple(  # no column of the same name: what is learned of one source's columns is known of the other's
    {"FQDN": f"app{n:02d}.example.com", "Serial number": f"CZC{n:05d}X", "Responsible": f"Bo Chan {n}"}
    for n in range(1, 4)
)


def bring(home, folder, rows=ROWS, *, source="cmdb", day=1):
    path = folder / f"{source}-{day}.csv"
    write_csv(path, rows, DAY_ONE + timedelta(days=day))
    return flows.import_files(home, flows.Request((path,), source=source))


def values(home, attribute) -> dict[str, object]:
    return {asset.name: asset.values[attribute] for asset in assets(home) if attribute in asset.values}


def accept(home):
    flows.accept_mapping(home, [current_mapping(home, "cmdb", "Owner")])


def reject(home):
    flows.reject_mapping(home, [current_mapping(home, "cmdb", "Owner")], "the person at the desk")


def choose(home):
    flows.set_mapping(home, [current_mapping(home, "cmdb", "Zug")], mapping.Meaning("rack"))


def choose_otherwise(home):
    flows.set_mapping(home, [current_mapping(home, "cmdb", "Owner")], mapping.Meaning("technical_owner"))


def choose_anew(home):
    flows.set_mapping(home, [current_mapping(home, "cmdb", "Zug")], mapping.Meaning("train"), new={"label": "Train"})


def identify_by_serial_no_more(home):
    flows.reject_mapping(home, [current_mapping(home, "cmdb", "Serial")])


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        (reject, {}),
        (choose, {}),
        (choose_otherwise, {}),
        (choose_anew, {}),
        (identify_by_serial_no_more, {}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_changed_mapping_gives_what_it_would_have_given_from_the_start(
    make_home, another, tmp_path, change, settings
):
    with make_home(tmp_path / "later", **settings) as later, make_home(tmp_path / "first", **settings) as first:
        bring(later, tmp_path / "files")
        bring(later, tmp_path / "files", OTHER, source="sheet")
        before = fingerprint(later)
        change(later)
        lessons = another(first, "lessons")
        bring(lessons, tmp_path / "lessons", ROWS[:4])
        change(lessons)
        bring(first, tmp_path / "files")
        bring(first, tmp_path / "files", OTHER, source="sheet")
        assert fingerprint(later) == fingerprint(first) != before


def test_a_rejected_column_that_is_accepted_after_all_gives_the_state_before(home, tmp_path):
    bring(home, tmp_path)
    before = fingerprint(home, with_ids=True)
    reject(home)
    assert values(home, "owner") == {}
    accept(home)
    assert fingerprint(home, with_ids=True) == before


def test_an_attribute_of_ones_own_gets_the_cells_of_every_delivery(home, tmp_path):
    bring(home, tmp_path)
    bring(home, tmp_path, [{**ROWS[0], "CI": "CI100", "Hostname": "web01", "Serial": "CZC99999X"}], day=2)
    choose_anew(home)
    assert values(home, "train") == {"web01": "R1", **{f"app{n:02d}": f"R{n}" for n in range(1, 7)}}
    with pytest.raises(Rejected, match="an attribute already"):
        choose_anew(home)


def test_the_next_file_with_the_layout_needs_no_click_after_a_rejection(home, tmp_path):
    bring(home, tmp_path)
    reject(home)
    bring(home, tmp_path, [{**row, "Owner": "Cy Dow"} for row in ROWS], day=2)
    assert current_mapping(home, "cmdb", "Owner").state == "rejected"
    assert values(home, "owner") == {}


def test_the_next_layout_of_the_family_keeps_what_people_said(home, tmp_path):
    bring(home, tmp_path)
    reject(home)
    choose(home)
    bring(home, tmp_path, [{**row, "Tower": "north"} for row in ROWS], day=2)
    with home.scope.transaction() as connection:
        layouts = evidence.list_layouts(connection, evidence.get_source(connection, "cmdb").id)
        newest = next(layout for layout in layouts if "Tower" in layout.columns)
        found = {one.column: (one.attribute, one.state) for one in mapping.current(connection, newest.id)}
    assert len({layout.family_id for layout in layouts}) == 1
    assert (found["Owner"][1], found["Zug"]) == ("rejected", ("rack", "accepted"))
    assert values(home, "owner") == {}


def test_a_column_name_learned_from_one_source_is_known_in_the_next(home, tmp_path):
    bring(home, tmp_path)
    assert not current_mapping(home, "cmdb", "Zug").applied
    choose(home)
    rows = [{"Machine": f"web{n:02d}", "Zug": f"R{n}"} for n in range(1, 5)]
    bring(home, tmp_path, rows, source="sheet")
    learned = current_mapping(home, "sheet", "Zug")
    assert (learned.attribute, learned.state) == ("rack", "auto")
    assert values(home, "rack")["web01"] == "R1"


def test_an_unknown_attribute_is_refused_with_those_that_are_close(home, tmp_path):
    bring(home, tmp_path)
    before = fingerprint(home, with_ids=True)
    column = current_mapping(home, "cmdb", "Zug")
    with pytest.raises(Rejected, match=r"'memory_mb' is not an attribute; close: .*memory_mib"):
        flows.set_mapping(home, [column], mapping.Meaning("memory_mb"))
    assert current_mapping(home, "cmdb", "Zug") == column
    assert fingerprint(home, with_ids=True) == before


def test_a_new_attribute_is_not_kept_where_the_change_fails(home, tmp_path):
    bring(home, tmp_path)
    with pytest.raises(Rejected):
        flows.set_mapping(
            home, [current_mapping(home, "cmdb", "Zug")], mapping.Meaning("Not A Name"), new={"label": "X"}
        )
    with home.scope.transaction() as connection:
        assert "Not A Name" not in mapping.attributes(connection)


def test_every_meaning_a_column_had_is_kept_with_who_gave_it(home, tmp_path):
    bring(home, tmp_path)
    reject(home)
    choose_otherwise(home)
    column = current_mapping(home, "cmdb", "Owner")
    with home.scope.transaction() as connection:
        past = mapping.past(connection, column.layout_id, "Owner")
    assert [(one.attribute, one.state) for one in past] == [
        ("owner", "auto"),
        ("owner", "rejected"),
        ("technical_owner", "accepted"),
    ]
    assert past[1].reasons == ("rejected by tester: the person at the desk",)
    assert past[2].reasons == ("set by tester",)


def test_another_key_and_back_is_the_state_before_ids_too(estate):
    layout = current_mapping(estate, "cmdb", "CI").layout_id
    before = fingerprint(estate, with_ids=True)
    flows.rekey(estate, layout, ["Serial"])
    assert fingerprint(estate, with_ids=True) == before
    flows.rekey(estate, layout, ["CI"])
    assert fingerprint(estate, with_ids=True) == before


def test_a_merge_survives_another_key_and_can_still_be_undone(estate, tmp_path):
    before = fingerprint(estate, with_ids=True)
    left, right = (asset.id for asset in assets(estate)[:2])
    flows.merge_assets(estate, left, right)
    merged = fingerprint(estate, with_ids=True)
    for source, column, key in (
        ("cmdb", "CI", ["Serial"]),
        ("scan", "Host", ["Serial"]),
        ("sheet", "Tags", ["Machine"]),
    ):
        flows.rekey(estate, current_mapping(estate, source, column).layout_id, key)
        assert fingerprint(estate, with_ids=True) == merged
    deliver(estate, tmp_path, [Delivery("cmdb", 5, (machine(1)["cmdb"],))])
    assert len(assets(estate)) == 3
    with estate.scope.transaction() as connection:
        assert identity.current_asset(connection, estate.scope, max(left, right)) == min(left, right)
    flows.undo(estate)
    assert {left, right} <= {asset.id for asset in assets(estate)}
    assert before != merged


def test_a_key_of_columns_that_are_not_there_is_refused(estate):
    layout = current_mapping(estate, "cmdb", "CI").layout_id
    with pytest.raises(Rejected, match="Nummer: no such column; there are"):
        flows.rekey(estate, layout, ["CI", "Nummer"])


def test_nothing_can_be_accepted_where_nothing_is_proposed(home, tmp_path):
    bring(home, tmp_path)
    column = current_mapping(home, "cmdb", "Zug")
    assert column.attribute is None
    with pytest.raises(Rejected, match="nothing is proposed for 'Zug'"):
        flows.accept_mapping(home, [column])
