"""Reading any file: told by its content, and never a crash."""

import gzip
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from muniment import evidence
from muniment.base.errors import Rejected

DATA = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[3] / "shared" / "data"))
INVENTORIES = DATA / "inventories"
real_files = pytest.mark.skipif(
    not INVENTORIES.is_dir(), reason="no real exports here: set MUNIMENT_DATA to their folder"
)


@pytest.fixture
def read(tmp_path):
    def read_bytes(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return list(evidence.read(path))

    return read_bytes


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("export.txt", b"name,ip\na,b\n", "csv"),
        ("export", b"name\tip\na\tb\n", "tsv"),
        ("export.csv", b'[{"name": "a", "ip": "b"}]', "json"),
        ("export.txt", b'{"name": "a", "ip": "b"}\n{"name": "c", "ip": "d"}\n', "jsonl"),
        ("export.csv.gz", gzip.compress(b'{"name": "a", "ip": "b"}', mtime=0), "json"),
        ("export.csv", b"[name],[ip]\na,b\n", "csv"),
        ("export.csv", b"{name},{ip}\na,b\n", "csv"),
    ],
)
def test_the_content_tells_the_form_not_the_name(read, name, data, form):
    (table,) = read(name, data)
    assert table.format == form
    assert len(table.columns) == 2


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    ],
)
def test_a_form_that_is_not_read_yet_says_what_it_is_and_what_to_do(read, start, what):
    with pytest.raises(Rejected, match=rf"^export.csv is {what}.*: export it as one of the forms"):
        read("export.csv", start)


def test_an_office_document_that_is_no_workbook_is_named(tmp_path):
    path = tmp_path / "plan.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(Rejected, match=r"plan.docx is a Word document"):
        list(evidence.read(path))


def test_one_unreadable_member_of_a_zip_does_not_stop_the_others(tmp_path):
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.pdf", "%PDF-1.7")
        archive.writestr("a.csv", "name,ip\na,b\n")
        archive.writestr("empty.csv", "")
    read, pdf, empty = sorted(evidence.read(path), key=lambda table: table.format != "csv")
    assert read.file == "delivery.zip!a.csv"
    assert {table.format for table in (pdf, empty)} == {"unread"}
    reasons = [reject.reason for table in (pdf, empty) for reject in table.rejects]
    assert any("a PDF document" in reason for reason in reasons)
    assert any("is empty" in reason for reason in reasons)


def test_a_zip_in_which_nothing_can_be_read_is_rejected(tmp_path):
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.pdf", "%PDF-1.7")
    with pytest.raises(Rejected, match=r"^delivery.zip!readme.pdf is a PDF document"):
        list(evidence.read(path))


@given(
    name=st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.xlsx", "a.zip", "a.gz", "a"]),
    data=st.one_of(
        st.binary(max_size=400),
        st.text(alphabet="ab,;\t|\"'\\\n\r\0 {}[]:1é\ud800", max_size=200).map(
            lambda text: text.encode("utf-8", "surrogatepass")
        ),
        st.tuples(
            st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"\xff\xfe", b"\xef\xbb\xbf", b"[{"]),
            st.binary(max_size=200),
        ).map(b"".join),
    ),
)
@example(name="a.json", data=b"[" * 100_000)
@example(name="a.jsonl", data=b'{"a":' * 100_000 + b"\n{}")
@example(name="a.csv", data=b'"' * 1001)
@example(name="a.csv", data=b"a,b\n" + b'"x,\n' * 500)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
def test_any_bytes_are_read_or_rejected_with_a_reason(read, name, data):
    try:
        tables = read(name, data)
    except Rejected as error:
        assert str(error).startswith(name)  # noqa: PT017 either outcome is fine, a crash is not
        return
    assert tables
    for table in tables:
        assert table.rows.column_names == ["_line", "_payload", *table.columns]
        table.rows.validate(full=True)
        for reject in table.rejects:
            assert reject.reason
            assert reject.excerpt.isprintable()
            assert len(reject.excerpt) <= 200


@real_files
def test_every_real_inventory_is_read_or_rejected_with_a_reason():
    outcome = {}
    for path in sorted(INVENTORIES.rglob("*")):
        if path.is_file() and path.name != "SOURCE.txt":
            try:
                tables = list(evidence.read(path))
            except Rejected as error:
                assert str(error).startswith(path.name)  # noqa: PT017
                outcome[path.name] = None
            else:
                assert not any(table.rejects for table in tables)
                outcome[path.name] = {table.tab: table.rows.num_rows for table in tables}
    refused = {name for name, rows in outcome.items() if rows is None}
    assert refused == {".invalid_file.json", "rvtools-tabs.md"}
    assert (outcome["random-1.xml"], outcome["random-2.xml"]) == ({None: 55}, {None: 61})
    assert outcome["assets-sample.csv"] == {None: 22}
    assert outcome["assets-sample-BAD.csv"] == {None: 200}
    assert outcome["netbox-demo-v3.6.json.gz"] == {
        "dcim.rack": 42,
        "dcim.device": 72,
        "virtualization.cluster": 32,
        "virtualization.virtualmachine": 180,
    }
    assert outcome["server-list.csv"] == {None: 8}
    assert outcome["kubev2v_example1.xlsx"]["vInfo"] == 9
    assert outcome["ibm_SizingWorkshop-RVTools.xlsx"] == {
        "vInfo": 805,
        "vNetwork": 805,
        "vPartition": 1618,
        "vHost": 34,
    }


@real_files
def test_facts_of_one_machine_are_one_record():
    (table,) = evidence.read(INVENTORIES / "ansible_facts" / "db01.prod.local.json")
    assert table.rows.num_rows == 1
    assert "ansible_facts.ansible_hostname" in table.columns


@real_files
def test_a_real_export_gives_the_same_rows_packed_and_plain(tmp_path):
    plain = INVENTORIES / "snipeit" / "assets-sample.csv"
    packed = tmp_path / "assets.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    archive = tmp_path / "assets.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.write(plain, "assets.csv")
    copy = shutil.copy(plain, tmp_path / "assets.txt")
    tables = [next(iter(evidence.read(Path(path)))) for path in (plain, packed, archive, copy)]
    assert all(table.rows.equals(tables[0].rows) for table in tables)
    assert len({evidence.layout_of(table) for table in tables}) == 1
