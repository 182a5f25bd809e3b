"""Bringing files in: import, imports, rejects, problems."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest
from tests.conftest import Delivery, machine

from muniment import flows
from muniment.base import ids, jobs


def write(folder, source="cmdb", day=1, numbers=(1, 2)):
    return Delivery(source, day, tuple(machine(number)[source] for number in numbers)).write(folder)


def test_an_import_says_what_it_read_what_came_of_it_and_what_to_do_next(fresh, tmp_path):
    done = fresh("import", write(tmp_path))
    assert done.code == 0
    assert "cmdb-1.csv" in done.out
    assert "2 rows became 2 assets" in done.out
    assert "Next:" in done.out
    assert "`muniment assets` lists the register" in done.out
    assert "... reading" in done.err


def test_its_json_is_one_object_with_every_count(fresh, tmp_path):
    done = fresh("import", write(tmp_path), "--source", "CMDB", "--full", "--observed", "2026-03-05", "--json")
    assert done.err == ""
    assert set(done.json) == set(flows.Summary().to_json())
    assert (done.json["rows_read"], done.json["records_new"], done.json["mode"]) == (2, 2, "initial")
    (entry,) = done.json["files"]
    assert (entry["file"], entry["source"], entry["rows"], entry["status"]) == ("cmdb-1.csv", "CMDB", 2, "read")
    (listed,) = fresh("imports", "--json").json
    assert listed["full"] is True
    assert listed["observed_at"].startswith("2026-03-05T00:00:00")


def test_the_same_file_again_changes_nothing(fresh, tmp_path):
    path = write(tmp_path)
    fresh("import", path)
    before = fresh("fingerprint", "--ids").out
    again = fresh("import", path, "--json").json
    assert (again["records_new"], again["records_changed"], again["mode"]) == (0, 0, "refinement")
    assert fresh("fingerprint", "--ids").out == before


def test_a_dry_run_tells_everything_and_keeps_nothing(fresh, tmp_path):
    done = fresh("import", write(tmp_path), "--dry-run")
    assert done.code == 0
    assert "What would change" in done.out
    assert "2 rows became 2 assets" in done.out
    assert fresh("assets", "--json").json == []
    assert fresh("imports", "--json").json == []
    assert fresh("sources", "--json").json == []


def test_a_folder_gives_all_its_files(fresh, tmp_path):
    write(tmp_path / "in")
    write(tmp_path / "in", "scan")
    done = fresh("import", tmp_path / "in", "--json")
    assert [entry["file"] for entry in done.json["files"]] == ["cmdb-1.csv", "scan-1.csv"]
    assert sum(done.json["assets"].values()) == 2


def test_an_engagement_has_a_register_of_its_own(fresh, tmp_path):
    fresh("import", write(tmp_path), "--engagement", "move")
    assert fresh("assets", "--json").json == []
    assert len(fresh("--engagement", "move", "assets", "--json").json) == 2


def test_a_path_that_does_not_exist_is_a_wrong_request(fresh, tmp_path):
    done = fresh("import", tmp_path / "gone.csv")
    assert done.code == 2
    assert f"error: {tmp_path / 'gone.csv'} does not exist: check the spelling" in done.err
    assert done.out == ""


def test_a_file_that_is_no_table_does_not_stop_the_others(fresh, tmp_path):
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    done = fresh("import", picture, write(tmp_path))
    assert done.code == 0
    assert "became 2 assets" in done.out
    assert "`muniment rejects` shows the 1 rows or files" in done.out
    (reject,) = fresh("rejects", "--json").json
    assert reject["file"] == "logo.png"
    assert reject["reason"]
    listed = fresh("rejects")
    assert "logo.png" in listed.out
    assert "\0" not in listed.out


def test_a_file_that_is_no_table_alone_is_a_wrong_request(fresh, tmp_path):
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    done = fresh("import", picture)
    assert done.code == 2
    assert "nothing could be read: logo.png" in done.err


def test_a_row_that_cannot_be_read_is_listed_with_its_line(fresh, tmp_path):
    path = write(tmp_path)
    with path.open("a", encoding="utf-8") as handle:
        handle.write("a,b,c,d,e,f,g,h,i,j\n")
    fresh("import", path)
    (reject,) = fresh("rejects", "--json").json
    assert (reject["file"], reject["line"]) == ("cmdb-1.csv", 4)


def test_without_rejects_and_problems_it_says_so(look):
    assert "Every row could be read." in look("rejects").out
    assert "Every mapped cell was understood." in look("problems").out


def test_a_cell_that_cannot_be_understood_is_listed_as_it_was_written(change, tmp_path):
    row = {**machine(1)["cmdb"], "RAM MB": "plenty"}
    change("import", Delivery("cmdb", 5, (row,)).write(tmp_path), "--source", "cmdb")
    (problem,) = change("problems", "--json").json
    assert (problem["column"], problem["raw"], problem["attribute"]) == ("RAM MB", "plenty", "memory_mib")
    assert "plenty" in change("problems").out


def test_past_imports_are_listed_newest_first(change, tmp_path):
    change("import", write(tmp_path, day=5), "--source", "cmdb")
    listed = change("imports", "--json").json
    assert listed[0]["file"] == "cmdb-5.csv"
    assert len(listed) == 4
    assert len(change("imports", "--limit", "1", "--json").json) == 1
    assert "cmdb-5.csv" in change("imports").out


def test_without_imports_it_says_how_to_make_one(fresh):
    assert "`muniment import FILE...` makes the first." in fresh("imports").out


@pytest.mark.parametrize("json_", [[], ["--json"]])
def test_an_interrupted_import_is_announced_and_carried_on(fresh, home, tmp_path, json_):
    path = write(tmp_path)
    with home.scope.transaction() as connection:
        flow = jobs.begin(connection, home.scope, "import", flows.Request((path,)).to_json())
    assert f"`muniment imports resume {flow}` carries it on" in fresh("imports").out
    done = fresh("imports", "resume", flow, *json_)
    assert done.code == 0
    if json_:
        assert json.loads(done.out)["rows_read"] == 2
    else:
        assert "2 rows became 2 assets" in done.out
    again = fresh("imports", "resume", flow)
    assert again.code == 2
    assert "is done: there is nothing to carry on" in again.err


def test_what_is_no_interrupted_import_cannot_be_carried_on(fresh):
    wrong = fresh("imports", "resume", ids.new())
    assert wrong.code == 3
    assert "is no import of this engagement: `muniment imports` shows what is open" in wrong.err
    assert fresh("imports", "resume", "seven").code == 3


def test_a_naive_date_of_observation_is_utc(fresh, tmp_path):
    fresh("import", write(tmp_path), "--observed", "2026-03-05T10:00:00")
    (listed,) = fresh("imports", "--json").json
    assert datetime.fromisoformat(listed["observed_at"]) == datetime(2026, 3, 5, 10, tzinfo=UTC)


class Piped:
    """Standard input with something in it."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)

    def isatty(self):
        return False


def test_standard_input_is_imported_by_the_name_it_is_given(fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Piped(write(tmp_path).read_bytes()))
    done = fresh("import", "-", "--name", "scan", "--format", "csv", "--json")
    assert [(entry["file"], entry["rows"]) for entry in done.json["files"]] == [("scan.csv", 2)]


def test_a_stream_and_a_database_are_imported_on_their_own(fresh, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Piped(b"a,b\n"))
    for arguments in (["-", "a.csv"], ["postgresql://u@127.0.0.1:9/x", "a.csv"]):
        refused = fresh("import", *arguments)
        assert refused.code == 2
        assert "on its own" in refused.err


def test_a_database_that_does_not_answer_is_a_wrong_request_and_shows_no_password(fresh):
    refused = fresh("import", "postgresql://u:s3cret-pa55@127.0.0.1:9/x", "--table", "t")
    assert (refused.code, refused.out) == (2, "")
    assert "postgresql://127.0.0.1/x cannot be read" in refused.err
    assert "s3cret" not in refused.err
