"""Corrections from an edited export: what counts as a change, what a spreadsheet does by itself, and the one act."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest
from tests.conftest import assets, fingerprint

from muniment import flows, memory, model, register
from muniment.base.errors import Rejected
from muniment.flows import edited_cells

Edit = Callable[[list[dict[str, str]]], object]


def exported(home, path: Path, kind: str = "csv") -> Path:
    with home.scope.transaction() as connection, path.open("wb") as out:
        flows.export(connection, home, out, flows.Wanted(kind))
    return path


def edited(home, path: Path, edit: Edit, *, columns: Mapping[str, str] | None = None) -> Path:
    """A CSV export with its rows changed; `columns` renames or (with "") leaves out."""
    exported(home, path)
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    edit(rows)
    names = {name: (columns or {}).get(name, name) for name in rows[0]}
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([new for new in names.values() if new])
        writer.writerows([[row[name] for name, new in names.items() if new] for row in rows])
    return path


def value(home, name: str, attribute: str) -> object:
    return next(one for one in assets(home) if one.name == name).values.get(attribute)


def outcomes(found: flows.Corrections) -> list[tuple[str, str, str]]:
    return [(cell.name, cell.attribute, cell.outcome) for cell in found.cells]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "jsonl"])
def test_an_export_that_nobody_edited_says_nothing(estate, tmp_path, kind):
    found = flows.apply_corrections(estate, exported(estate, tmp_path / f"register.{kind}", kind))
    assert (found.rows, found.cells, found.rows_left, found.unknown_columns) == (4, (), (), ())
    assert found.changed is None


def test_only_changed_cells_become_a_word_and_one_undo_takes_all_back(estate, tmp_path):
    before = fingerprint(estate, with_ids=True)

    def edit(rows):
        rows[0]["owner"] = "Di Eck"
        rows[1]["memory_mib"] = "32 GB"
        rows[2]["tags"] = "blue, green"

    found = flows.apply_corrections(estate, edited(estate, tmp_path / "back.csv", edit), reason="their list")
    assert outcomes(found) == [
        ("app01", "owner", "changed"), ("app02", "memory_mib", "changed"), ("app03", "tags", "changed")
    ]  # fmt: skip
    assert value(estate, "app01", "owner") == "Di Eck"
    assert value(estate, "app02", "memory_mib") == 32768
    assert sorted(value(estate, "app03", "tags")) == ["blue", "green"]
    with estate.scope.transaction() as connection:
        (act,) = memory.list_acts(connection, estate.scope)
        words = register.list_resolutions(connection, estate.scope)
    assert (act.kind, act.reason, len(words)) == ("corrections", "their list", 3)
    flows.undo(estate)
    assert fingerprint(estate, with_ids=True) == before


def test_a_dry_run_keeps_nothing(estate, tmp_path):
    before = fingerprint(estate, with_ids=True)
    path = edited(estate, tmp_path / "back.csv", lambda rows: rows[0].update(owner="Di Eck"))
    found = flows.apply_corrections(estate, path, dry_run=True)
    assert found.applied == 1
    assert found.changed.difference.updated == 1
    assert fingerprint(estate, with_ids=True) == before


def test_an_emptied_cell_is_reported_and_applied_only_where_that_is_allowed(estate, tmp_path):
    path = edited(estate, tmp_path / "back.csv", lambda rows: rows[0].update(owner=""))
    found = flows.apply_corrections(estate, path)
    assert (outcomes(found), found.changed) == ([("app01", "owner", "cleared")], None)
    assert value(estate, "app01", "owner") == "Ann Bell"
    flows.apply_corrections(estate, path, allow_clear=True)
    assert value(estate, "app01", "owner") is None


def test_what_the_register_changed_meanwhile_is_a_clash_and_left_alone(estate, tmp_path):
    path = edited(
        estate, tmp_path / "back.csv", lambda rows: [row.update(owner="Di Eck") for row in rows[:2]]
    )  # fmt: skip
    first, second = assets(estate)[:2]
    flows.resolve(estate, first.id, "owner", "Someone Else")
    flows.resolve(estate, second.id, "owner", "Di Eck")
    found = flows.apply_corrections(estate, path)
    assert outcomes(found) == [("app01", "owner", "clash"), ("app02", "owner", "already")]
    assert found.cells[0].reason == "the register says Someone Else meanwhile"
    assert value(estate, "app01", "owner") == "Someone Else"


def test_a_change_of_another_cell_meanwhile_is_no_clash(estate, tmp_path):
    path = edited(estate, tmp_path / "back.csv", lambda rows: rows[0].update(owner="Di Eck"))
    flows.resolve(estate, assets(estate)[0].id, "environment", "test")
    assert outcomes(flows.apply_corrections(estate, path)) == [("app01", "owner", "changed")]
    assert value(estate, "app01", "environment") == "test"


def test_a_value_that_is_none_is_refused_for_its_cell_and_the_rest_goes_on(estate, tmp_path):
    def edit(rows):
        rows[0] |= {"memory_mib": "plenty", "owner": "Di Eck"}

    found = flows.apply_corrections(estate, edited(estate, tmp_path / "back.csv", edit))
    owner, memory_mib = sorted(found.cells, key=lambda cell: cell.attribute, reverse=True)
    assert (owner.outcome, memory_mib.outcome) == ("changed", "refused")
    assert (memory_mib.row, memory_mib.column, memory_mib.after) == (2, "memory_mib", ("plenty",))
    assert memory_mib.reason


def test_columns_that_no_export_has_are_named_and_what_is_worked_out_cannot_be_written(estate, tmp_path):
    path = edited(
        estate, tmp_path / "back.csv", lambda rows: rows[0].update(name="other"), columns={"updated_at": "Remarks"}
    )  # fmt: skip
    found = flows.apply_corrections(estate, path)
    assert found.unknown_columns == ("Remarks",)
    assert outcomes(found) == [("app01", "name", "refused")]


def test_the_type_of_an_asset_can_be_corrected(estate, tmp_path):
    path = edited(estate, tmp_path / "back.csv", lambda rows: rows[0].update(type="virtual machine"))
    flows.apply_corrections(estate, path)
    assert {one.name: one.type for one in assets(estate)}["app01"] == "virtual_machine"


def test_rows_without_an_id_are_found_by_what_identifies_them(estate, tmp_path):
    def edit(rows):
        rows[0]["owner"] = "Di Eck"
        rows[1] |= {"serial": "", "name": "", "hostname": "", "mac_address": "", "owner": "Di Eck"}
        rows[2] |= {"serial": "NOBODY1", "hostname": "nobody", "name": "nobody", "source_id": "", "mac_address": ""}

    path = edited(estate, tmp_path / "back.csv", edit, columns={"id": ""})
    found = flows.apply_corrections(estate, path)
    assert ("app01", "owner", "changed") in outcomes(found)
    assert [left.row for left in found.rows_left if "no asset answers to serial NOBODY1" in left.reason] == [4]
    assert value(estate, "app01", "owner") == "Di Eck"


def test_a_row_that_answers_to_several_assets_is_left_out(estate, tmp_path):
    for one in assets(estate)[:2]:
        flows.resolve(estate, one.id, "serial", "TWIN0001")

    def edit(rows):
        rows[:] = [{**rows[0], "name": "", "hostname": "", "source_id": "", "mac_address": "", "owner": "Di Eck"}]

    found = flows.apply_corrections(estate, edited(estate, tmp_path / "back.csv", edit, columns={"id": ""}))
    assert found.applied == 0
    assert "2 assets answer to serial TWIN0001" in found.rows_left[0].reason


def test_two_rows_of_one_asset_that_differ_do_not_both_count(estate, tmp_path):
    def edit(rows):
        rows[0]["owner"] = "Di Eck"
        rows.append({**rows[0], "owner": "Jo Fin"})

    found = flows.apply_corrections(estate, edited(estate, tmp_path / "back.csv", edit))
    assert value(estate, "app01", "owner") == "Di Eck"
    assert "owner of app01 says something else in row 2" in found.rows_left[0].reason


def test_an_asset_that_was_merged_since_is_found_by_its_old_id(estate, tmp_path):
    path = edited(
        estate, tmp_path / "back.csv", lambda rows: rows[1].update(environment="test")
    )  # fmt: skip
    first, second = assets(estate)[:2]
    flows.merge_assets(estate, first.id, second.id)
    assert not flows.apply_corrections(estate, path).rows_left
    assert next(one for one in assets(estate) if one.id == first.id).values["environment"] == "test"


def test_a_workbook_is_compared_with_the_moment_it_was_exported_even_without_versions(estate, tmp_path):
    path = exported(estate, tmp_path / "register.xlsx", "xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    headers = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, headers["Owner"]).value = "Di Eck"
    sheet.delete_cols(headers["Version"])
    book.save(path)
    flows.resolve(estate, assets(estate)[1].id, "owner", "Someone Else")
    assert outcomes(flows.apply_corrections(estate, path)) == [("app01", "owner", "changed")]


def test_json_keeps_lists_and_a_key_that_is_gone_is_no_change(estate, tmp_path):
    path = exported(estate, tmp_path / "register.json", "json")
    body = json.loads(path.read_text(encoding="utf-8"))
    first, second = body["assets"][:2]
    del first["values"]["owner"]
    first["values"]["tags"] = ["green", "blue"]
    second["values"]["owner"] = None
    path.write_text('{"muniment": ' + json.dumps(body["muniment"]) + ', "assets": ' + json.dumps(body["assets"]) + "}")
    assert outcomes(flows.apply_corrections(estate, path)) == [
        ("app01", "tags", "changed"), ("app02", "owner", "cleared")
    ]  # fmt: skip


def test_an_export_of_another_register_and_a_file_that_is_no_export_are_refused(estate, another, tmp_path):
    path = exported(estate, tmp_path / "register.xlsx", "xlsx")
    with pytest.raises(Rejected, match="is an export of default/estate, not default/other"):
        flows.apply_corrections(another(estate, "other"), path)
    (tmp_path / "menu.csv").write_text("dish,price\nsoup,4\n", encoding="utf-8")
    with pytest.raises(Rejected, match="has no column of an export"):
        flows.apply_corrections(estate, tmp_path / "menu.csv")


@pytest.mark.parametrize(
    ("attribute", "before", "cell"),
    [
        ("memory_mib", 16384, "16,384"),
        ("memory_mib", 16384, "16384.0"),
        ("storage_gib", 15.625, "15.63"),
        ("storage_gib", 1234.5, "1.234,5"),
        ("purchased_on", "2024-02-01", "01/02/2024"),
        ("purchased_on", "2024-02-01", "1.2.2024"),
        ("purchased_on", "2024-02-01", "2024-02-01 00:00:00"),
        ("serial", ["00123456"], "123456"),
        ("serial", ["00123456"], "123456.0"),
        ("serial", ["123456789012345"], "1.23457E+14"),
        ("hostname", "mar1", "01-Mar"),
        ("hostname", "mar1", "2026-03-01 00:00:00"),
        ("hostname", "app01", " app01 "),
        ("tags", ["blue", "green"], "green;blue"),
        ("ip_address", ["10.1.0.1", "10.1.0.2"], "10.1.0.1, 10.1.0.2"),
        ("internet_facing", True, "TRUE"),
        ("internet_facing", True, "WAHR"),
        ("description", "=1+1", "'=1+1"),
    ],
)
def test_what_a_spreadsheet_does_by_itself_is_no_change(attribute, before, cell):
    definition, old = model.attribute(attribute), edited_cells.as_tuple(before)
    text = edited_cells.unquoted(cell)
    way = edited_cells.likely_context(definition, [(old, text)])
    assert (
        edited_cells.is_as_written(old, text)
        or edited_cells.is_habit(definition, old, text)
        or edited_cells.says_the_same(definition, old, edited_cells.read(definition, text, way))
    )


@pytest.mark.parametrize(
    ("attribute", "before", "cell"),
    [
        ("memory_mib", 16384, "16,385"),
        ("storage_gib", 15.625, "15.6"),
        ("storage_gib", 15.625, "16"),
        ("purchased_on", "2024-02-01", "03/02/2024"),
        ("serial", ["00123456"], "123457"),
        ("serial", ["123456789012345"], "1.33457E+14"),
        ("hostname", "app01", "01-Mar"),
        ("hostname", "mar1", "mar2"),
        ("tags", ["blue", "green"], "green"),
        ("internet_facing", True, "FALSCH"),
    ],
)
def test_what_a_person_changed_is_told_from_that(attribute, before, cell):
    definition, old = model.attribute(attribute), edited_cells.as_tuple(before)
    way = edited_cells.likely_context(definition, [(old, cell)])
    assert not edited_cells.is_as_written(old, cell)
    assert not edited_cells.is_habit(definition, old, cell)
    assert not edited_cells.says_the_same(definition, old, edited_cells.read(definition, cell, way))


def test_how_a_column_is_written_is_told_by_the_cells_that_did_not_change():
    bought = model.attribute("purchased_on")
    pairs = [(("2024-02-01",), "01/02/2024"), (("2024-04-03",), "03/04/2024"), (("2024-05-06",), "07/08/2024")]
    way = edited_cells.likely_context(bought, pairs)
    assert edited_cells.read(bought, "07/08/2024", way).values == ("2024-08-07",)


def test_digits_that_a_spreadsheet_shortened_are_never_taken_for_a_serial():
    assert "format the column as text" in edited_cells.spoilt(model.attribute("serial"), "1.33457E+14")
    assert edited_cells.spoilt(model.attribute("serial"), "1E5") is None


def test_a_formula_that_nobody_has_calculated_is_no_emptied_cell(estate, tmp_path):
    path = exported(estate, tmp_path / "register.xlsx", "xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.cell(2, {cell.value: cell.column for cell in sheet[1]}["Owner"]).value = "=A1"
    book.save(path)
    with pytest.raises(Rejected, match=r"1 formula.*without a stored result"):
        flows.apply_corrections(estate, path, allow_clear=True)
