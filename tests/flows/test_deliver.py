import gzip
import os
import shutil
from datetime import timedelta
from importlib import import_module

import pyarrow as pa
import pytest
from tests.conftest import (
    DAY_ONE,
    Delivery,
    assets,
    counts,
    deliver,
    fingerprint,
    machine,
    write_csv,
)

from muniment import evidence, flows, register
from muniment.base.errors import Rejected

NOTED = ("writers", "events", "flows")  # that a command ran is written down; what it found is not


def versions(home):
    with home.scope.transaction() as connection:
        return {asset.id: len(register.history(connection, home.scope, asset.id)) for asset in assets(home)}


def rows(source, *numbers, **changed):
    return tuple({**machine(number)[source], **changed} for number in numbers)


def state_of(home, name):
    return next(asset.state for asset in assets(home) if asset.name == name)


def test_the_same_file_twice_changes_nothing(estate, tmp_path):
    path = Delivery("cmdb", 1, rows("cmdb", 1, 2, 3, 4)).write(tmp_path)
    before = fingerprint(estate, with_ids=True), counts(estate, without=NOTED), versions(estate)
    done = flows.import_files(estate, flows.Request((path,), source="cmdb"))
    assert [entry["status"] for entry in done.files] == ["known"]
    assert (fingerprint(estate, with_ids=True), counts(estate, without=NOTED), versions(estate)) == before


def test_a_copy_of_a_file_under_another_name_changes_nothing(estate, tmp_path):
    path = Delivery("cmdb", 1, rows("cmdb", 1, 2, 3, 4)).write(tmp_path)
    copy = shutil.copy2(path, tmp_path / "again.csv")
    before = fingerprint(estate, with_ids=True), counts(estate, without=NOTED), versions(estate)
    flows.import_files(estate, flows.Request((copy,), source="cmdb"))
    assert (fingerprint(estate, with_ids=True), counts(estate, without=NOTED), versions(estate)) == before


@pytest.mark.parametrize("packed", [False, True])
def test_the_same_rows_in_other_bytes_make_no_version_and_no_record(estate, tmp_path, packed):
    given = Delivery("cmdb", 1, rows("cmdb", 4, 3, 2, 1))
    path = given.write(tmp_path)
    if packed:
        stamp = path.stat().st_mtime
        path = tmp_path / "packed.csv.gz"
        path.write_bytes(gzip.compress((tmp_path / "cmdb-1.csv").read_bytes(), mtime=0))
        os.utime(path, (stamp, stamp))
    before, versioned = fingerprint(estate, with_ids=True), versions(estate)
    done = flows.import_files(estate, flows.Request((path,), source="cmdb"))
    assert (done.records_unchanged, done.records_new, done.records_changed) == (4, 0, 0)
    assert (fingerprint(estate, with_ids=True), versions(estate)) == (before, versioned)


def test_what_a_source_takes_back_is_taken_back_though_the_file_was_seen_before(estate, tmp_path):
    first = rows("cmdb", 1, 2, 3, 4)
    second = rows("cmdb", 1, 2, 3, 4, Environment="Test")
    deliver(estate, tmp_path, [Delivery("cmdb", 5, second), Delivery("cmdb", 9, first)])
    assert {asset.values["environment"] for asset in assets(estate)} == {"production"}


def test_a_partial_import_retires_nothing(estate, tmp_path):
    deliver(estate, tmp_path, [Delivery(source, 9, rows(source, 1)) for source in ("cmdb", "scan", "sheet")])
    assert {asset.state for asset in assets(estate)} == {"reconciled"}


def test_a_complete_import_retires_what_it_lacks_once_no_other_source_has_it(estate, tmp_path):
    deliver(estate, tmp_path / "1", [Delivery("cmdb", 5, rows("cmdb", 1, 2, 3), full=True)])
    assert state_of(estate, "app04") == "reconciled"
    others = [Delivery(source, 5, rows(source, 1, 2, 3), full=True) for source in ("scan", "sheet")]
    deliver(estate, tmp_path / "2", others)
    assert (state_of(estate, "app04"), state_of(estate, "app03")) == ("retired", "reconciled")


def test_a_retired_asset_keeps_its_values_and_comes_back_under_its_id(estate, tmp_path):
    known = {asset.name: (asset.id, asset.values) for asset in assets(estate)}
    gone = [Delivery(source, 5, rows(source, 1, 2, 3), full=True) for source in ("cmdb", "scan", "sheet")]
    deliver(estate, tmp_path / "1", gone)
    retired = next(asset for asset in assets(estate) if asset.state == "retired")
    assert (retired.id, retired.values) == known["app04"]
    deliver(estate, tmp_path / "2", [Delivery("scan", 7, rows("scan", 1, 2, 3, 4), full=True)])
    back = next(asset for asset in assets(estate) if asset.name == "app04")
    assert (back.id, back.state, back.record_count) == (known["app04"][0], "reconciled", 3)


def test_an_older_complete_import_that_arrives_late_retires_nothing_newer(estate, tmp_path):
    before = fingerprint(estate, with_ids=True)
    deliver(estate, tmp_path, [Delivery("cmdb", -3, rows("cmdb", 1, 2), full=True)])
    assert fingerprint(estate, with_ids=True) == before


def test_a_complete_import_with_rejected_rows_retires_nothing(estate, tmp_path):
    path = Delivery("cmdb", 5, rows("cmdb", 1, 2, 3)).write(tmp_path)
    stamp = path.stat().st_mtime
    with path.open("a") as handle:
        handle.write("one,two,three,four,five,six,seven,eight,nine,ten\n")
    os.utime(path, (stamp, stamp))
    done = flows.import_files(estate, flows.Request((path,), source="cmdb", full=True))
    assert (done.rows_rejected, done.records_gone) == (1, 0)


def test_a_reject_keeps_the_rest_of_its_file_and_says_where_it_was(estate, tmp_path):
    path = Delivery("cmdb", 5, rows("cmdb", 5, 6)).write(tmp_path)
    with path.open("a") as handle:
        handle.write("a,b,c,d,e,f,g,h,i,j\n")
    done = flows.import_files(estate, flows.Request((path,), source="cmdb"))
    assert (done.records_new, done.rows_read, done.rows_rejected) == (2, 2, 1)
    with estate.scope.transaction() as connection:
        (reject,) = evidence.list_rejects(connection, estate.scope)
    assert (reject.file, reject.line) == ("cmdb-5.csv", 4)
    assert "a,b,c" in reject.excerpt


def test_rows_survive_when_every_digest_collides(estate, tmp_path, monkeypatch):
    honest = import_module("muniment.evidence.stamp").digest

    def collide(engine, contents):
        found = honest(engine, contents)
        return found.set_column(0, "hash", pa.array(["0" * 64] * found.num_rows, pa.string()))

    monkeypatch.setattr("muniment.evidence.stamp.digest", collide)
    path = tmp_path / "no-key.csv"
    write_csv(path, [{"Remark": f"thing {number}"} for number in range(20)], DAY_ONE)
    done = flows.import_files(estate, flows.Request((path,), source="remarks"))
    assert (done.rows_read, done.records_new, done.rows_merged) == (20, 20, 0)


def test_a_record_of_a_megabyte_is_kept_whole(estate, tmp_path):
    long = "x" * 1_000_000
    deliver(estate, tmp_path, [Delivery("cmdb", 5, rows("cmdb", 7, Owner=long))])
    with estate.scope.transaction() as connection:
        (delivery,) = [one for one in evidence.list_imports(connection, estate.scope) if one.file == "cmdb-5.csv"]
    assert estate.lake.row(delivery.lake_path, 1)["Owner"] == long
    assert next(asset for asset in assets(estate) if asset.name == "app07").record_count == 1


def test_two_layouts_of_one_source_do_not_share_their_keys(home, tmp_path):
    servers = [{"id": str(n), "hostname": f"web{n}", "cpu": "4", "memory mb": "4096"} for n in (1, 2)]
    printers = [{"id": str(n), "model": "LaserJet", "site": "Berne", "owner": "Ann"} for n in (1, 2)]
    for name, found in (("servers", servers), ("printers", printers)):
        write_csv(tmp_path / f"{name}.csv", found, DAY_ONE)
        flows.import_files(home, flows.Request((tmp_path / f"{name}.csv",), source="crm"))
    with home.scope.transaction() as connection:
        layouts = evidence.list_layouts(connection)
    for layout in layouts:
        flows.rekey(home, layout.id, ("id",))
    with home.scope.transaction() as connection:
        assert evidence.count_records(connection, home.scope) == 4


def test_a_file_that_is_not_there_is_refused_before_anything_is_written(home, tmp_path):
    with pytest.raises(Rejected, match="does not exist"):
        flows.import_files(home, flows.Request((tmp_path / "nothing.csv",)))
    assert set(counts(home, without=("tenants", "engagements")).values()) == {0}


def test_a_disabled_source_is_not_read(estate, tmp_path):
    flows.change_source(estate, "scan", {"active": False})
    before = fingerprint(estate)
    path = Delivery("scan", 5, rows("scan", 1, 9)).write(tmp_path)
    done = flows.import_files(estate, flows.Request((path,), source="scan"))
    assert done.files[0]["status"] == "skipped"
    assert fingerprint(estate) == before


def test_a_file_from_the_future_is_taken_as_of_now(estate, tmp_path):
    deliver(estate, tmp_path, [Delivery("cmdb", 40_000, rows("cmdb", 1))])
    with estate.scope.transaction() as connection:
        newest = max(one.observed_at for one in evidence.list_imports(connection, estate.scope))
    assert newest < DAY_ONE + timedelta(days=40_000)
