"""The Python API on a real register: what it returns, what it refuses, what it undoes."""

import pytest
from tests.conftest import Delivery, machine

import muniment
from muniment.base.errors import NotFound, Rejected
from muniment.estate import Estate


@pytest.fixture
def register(estate):
    with Estate(estate) as opened:
        yield opened


def test_assets_are_a_sequence_that_narrows_and_sorts(register):
    assert [asset.name for asset in register.assets(sort="-name")] == ["app04", "app03", "app02", "app01"]
    assert [asset.name for asset in register.assets("app02")] == ["app02"]
    assert [asset.name for asset in register.assets(where={"serial": "CZC00003X"})] == ["app03"]
    assert len(register.assets(source="scan", limit=3)) == 3
    assert [asset.name for asset in register.assets()[1:3]] == ["app02", "app03"]
    assert list(register.assets(type="database")) == []


def test_a_search_for_what_cannot_be_is_refused(register):
    with pytest.raises(Rejected, match="memry_mib: no such attribute; close: 'memory_mib'"):
        register.assets(where={"memry_mib": "1"})
    with pytest.raises(Rejected, match="type spaceship: there is none"):
        register.assets(type="spaceship")
    with pytest.raises(Rejected, match="cannot sort by 'colour'"):
        len(register.assets(sort="colour"))
    with pytest.raises(NotFound, match="no asset is called 'nobody'"):
        register.asset("nobody")


def test_an_arrow_table_has_a_typed_column_per_attribute(register):
    found = register.assets()
    table = found.to_arrow(["memory_mib", "serial"])
    assert table.schema.names[-2:] == ["value.memory_mib", "value.serial"]
    assert table["value.memory_mib"].to_pylist() == [16384.0] * 4
    assert table["value.serial"].to_pylist()[0] == ["CZC00001X"]
    assert table["name"].to_pylist() == ["app01", "app02", "app03", "app04"]
    used = set().union(*(asset.values for asset in found))
    assert set(found.to_arrow().schema.names[9:]) == {f"value.{name}" for name in used}
    assert register.assets(type="database").to_arrow().num_rows == 0


def test_a_data_frame_is_the_same_table(register):
    pytest.importorskip("pandas", reason="pandas is optional")
    frame = register.assets().to_pandas(["memory_mib"])
    assert list(frame["value.memory_mib"]) == [16384.0] * 4


def test_a_value_is_proved_by_name_id_or_asset(register):
    asset = register.asset("app01")
    for name in ("APP01", str(asset.id), str(asset.id)[-8:], "CZC00001X", asset, asset.id):
        proof = register.why(name, "owner")
        assert (proof.asset, proof.value) == (asset.id, "Ann Bell")
    assert {claim.source for claim in proof.claims} == {"cmdb", "sheet"}
    assert {cell.raw for claim in proof.claims for cell in claim.cells} == {"Ann Bell"}


def test_records_are_called_as_their_source_calls_them(register):
    labels = {one.source: one.record.known_as for one in register.records("app01")}
    assert labels["cmdb"] == "app01 (ci00001)"
    assert (labels["scan"], labels["sheet"]) == ("app01 (czc00001x, app01)", "app01 (czc00001x, app01)")


def test_an_import_returns_what_it_did_and_a_rehearsal_keeps_nothing(register, tmp_path):
    path = Delivery("cmdb", 2, (machine(9)["cmdb"],)).write(tmp_path)
    phases = []
    told = lambda phase, _done, _total, _what="": phases.append(phase)  # noqa: E731
    before = register.fingerprint()
    assert register.import_files(path, source="cmdb", dry_run=True, progress=told).assets_created == 1
    assert register.fingerprint() == before
    assert register.import_files(str(path), source="cmdb").assets_created == 1
    assert {"map", "derive", "identify"} <= set(phases)
    assert (register.imports(1)[0].source, register.imports(1)[0].details.file) == ("cmdb", path.name)
    assert register.asset("app09").sources == ("cmdb",)
    with pytest.raises(Rejected, match="at least one file"):
        register.import_files()
    with pytest.raises(NotFound, match="no import is interrupted"):
        register.resume()


def test_a_merge_a_split_and_their_undo(register):
    before = register.fingerprint(with_ids=True)
    register.merge("app01", "app02", "one box")
    assert len(register.assets()) == 3
    assert register.acts()[0].reason == "one box"
    assert [move.kind for move in register.history("app01").moves] == ["merge"]
    register.undo(register.acts()[0].id)
    assert register.fingerprint(with_ids=True) == before
    register.split("app03", ["CI00003"])
    assert len(register.assets("app03")) == 2
    register.undo()
    assert register.fingerprint(with_ids=True) == before
    with pytest.raises(NotFound, match="no record of app03"):
        register.split("app03", ["CI00001"])


def test_columns_are_listed_and_decided(register):
    (column,) = register.mappings.find("Owner", source="cmdb")
    assert (column.mapping.attribute, column.layout.tab) == ("owner", "")
    register.mappings.reject("owner", "it is the technician", source="cmdb")
    assert {claim.source for claim in register.why("app01", "owner").claims} == {"sheet"}
    register.mappings.set("Owner", "owner", source="cmdb")
    assert {claim.source for claim in register.why("app01", "owner").claims} == {"cmdb", "sheet"}
    with pytest.raises(NotFound, match="no column is called 'Colour'"):
        register.mappings.accept("Colour")
    with pytest.raises(NotFound, match="no suggestion"):
        register.mappings.accept_above(1.1)


def test_a_source_is_added_changed_and_silenced(register):
    assert register.add_source("billing", "spreadsheet", reliability=0.7).name == "billing"
    before = register.fingerprint()
    register.change_source("scan", active=False)
    assert register.fingerprint() != before
    by_name = {one.source.name: one for one in register.sources()}
    assert (by_name["cmdb"].records, by_name["billing"].imports, by_name["scan"].source.active) == (4, 0, False)
    with pytest.raises(Rejected, match="a share from"):
        register.change_source("cmdb", reliability=2)
    with pytest.raises(Rejected, match="nothing to change"):
        register.change_source("cmdb")


def test_conflicts_are_counted_as_they_are_listed(register, tmp_path):
    rows = tuple({**machine(number)["sheet"], "Owner": "Bob Ash"} for number in (1, 2))
    register.import_files(Delivery("sheet", 9, rows).write(tmp_path), source="sheet")
    found = register.conflicts(attribute="owner")
    assert {conflict.asset for conflict in found} == {"app01", "app02"}
    assert sum(register.count_conflicts(attribute="owner").values()) == 2
    assert sum(register.count_conflicts(asset="app01").values()) == len(register.conflicts(asset="app01"))
    with pytest.raises(Rejected, match="no such attribute"):
        register.conflicts(attribute="colour")


def test_the_register_is_written_by_the_ending_of_the_file(register, tmp_path):
    assert register.export(tmp_path / "all.csv").count == 4
    assert (tmp_path / "all.csv").read_text(encoding="utf-8").count("\n") == 5
    with pytest.raises(Rejected, match="not a format"):
        register.export(tmp_path / "all.doc")
    assert [path.name for path in tmp_path.glob("all*")] == ["all.csv"]


def test_the_front_door_opens_a_home_and_makes_or_refuses_a_name(home, monkeypatch):
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", home.settings["database_url"])
    folder = str(home.settings.home)
    with pytest.raises(NotFound, match="no engagement 'move'"):
        muniment.open(folder, engagement="move", create=False)
    with muniment.open(folder, engagement="move", actor="ann") as opened:
        assert (opened.tenant, opened.engagement, opened.home.scope.actor) == ("default", "move", "ann")
        assert "default/move" in repr(opened)
        assert len(opened.assets()) == 0
    with muniment.open(home.settings["database_url"], engagement="move", create=False) as again:
        assert again.engagement == "move"
