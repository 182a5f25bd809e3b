"""Hostile files, each read in a process of its own whose memory is limited and measured."""

import bz2
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

MIB = 1024 * 1024
READER = """
import json, resource, sys
from pathlib import Path
from muniment import evidence
from muniment.base.errors import Rejected
import pyarrow.csv, pyarrow.parquet, python_calamine, numpy
from muniment.evidence import read_arrow, read_html, read_json, read_sqlite, read_text, read_workbook, read_xml
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, resource.RLIM_INFINITY))
told = []
try:
    for table in evidence.read(Path(sys.argv[1])):
        told += [reject.reason for reject in table.rejects]
        told.append(f"{table.rows.num_rows} rows")
except Rejected as error:
    told.append(str(error))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"told": told, "mib": (peak - before) // 1024}))
"""


@pytest.fixture
def read(tmp_path):
    def read_apart(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        done = subprocess.run(
            [sys.executable, "-c", READER, path], env=environment, capture_output=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        found = json.loads(done.stdout)
        return " ".join(found["told"]), found["mib"]

    return read_apart


def zipped(files, *, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression, compresslevel=9) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def overlapping(count):
    """Give a zip in which many names stand for the same packed bytes (Fifield 2019)."""
    data = bytearray(zipped({"0": b"\0" * (4 * MIB)}))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, tail = bytes(data[start:end]), bytearray(data[end:])
    tail[8:12] = count.to_bytes(2, "little") * 2
    tail[12:16] = (len(entry) * count).to_bytes(4, "little")
    return bytes(data[:start]) + entry * count + bytes(tail)


def sparse():
    """Give a tar whose one file says it is a terabyte of holes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.csv")
        info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.size": str(2**40), "GNU.sparse.map": "0,0"}
        archive.addfile(info)
    return buffer.getvalue()


def letters(number):
    """Give the name of a column, from 0."""
    return (letters(number // 26 - 1) if number >= 26 else "") + chr(65 + number % 26)


def sheet_of(cells):
    """Give a workbook whose one tab has these rows (XML)."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("Tab").write(0, 0, "Name")
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    tab = "xl/worksheets/sheet1.xml"
    before, _, rest = parts[tab].partition(b"<sheetData>")
    parts[tab] = before + b"<sheetData>" + cells + b"</sheetData>" + rest.partition(b"</sheetData>")[2]
    return zipped(parts)


def wide_sheet(count):
    rows = [
        "".join(f'<c r="{letters(n)}{row}" t="inlineStr"><is><t>c{n}</t></is></c>' for n in range(count))
        for row in (1, 2)
    ]
    return sheet_of("".join(f'<row r="{n}">{cells}</row>' for n, cells in enumerate(rows, 1)).encode())


def long_cell(size):
    head = (
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>'
    )
    return sheet_of(head + os.urandom(MIB).hex().encode() * (size // 2 // MIB) + b"</t></is></c></row>")


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "make", "reason", "mib"),
    [
        ("a.gz", lambda: gzip.compress(b"\0" * (300 * MIB), 1), "looks like a zip bomb", 700),
        ("a.bz2", lambda: bz2.compress(b"0" * (300 * MIB)), "looks like a zip bomb", 700),
        ("a.zip", lambda: zipped({"a.csv": b"0" * (300 * MIB)}), "looks like a zip bomb", 100),
        ("nested.zip", lambda: zipped({"b.zip": zipped({"a.csv": b"0" * (300 * MIB)})}), "looks like a zip bomb", 100),
        ("overlap.zip", lambda: overlapping(5_000), "looks like a zip bomb", 100),
        ("sparse.tar", sparse, "looks like a zip bomb", 100),
        ("cell.csv", lambda: b"name,note\na," + b"x" * (100 * MIB) + b"\nb,c\n", "1 rows", 1500),
        ("cell.json", lambda: b'[{"name": "' + b"x" * (100 * MIB) + b'"}, {"name": "b"}]', "16 MiB", 1500),
        ("cell.xml", lambda: b"<l><r>" + b"x" * (100 * MIB) + b"</r><r>b</r></l>", "16 MiB of text", 400),
        ("wide.csv", lambda: b",".join(b"c%d" % n for n in range(50_000)) + b"\n1,2\n", "50,000 columns", 300),
        ("wide.xlsx", lambda: wide_sheet(50_000), "50,000 columns", 500),
        ("cell.xlsx", lambda: long_cell(100 * MIB), "16 MiB", 1500),
        ("wide.json", lambda: json.dumps([{f"c{n}": n for n in range(50_000)}]).encode(), "more than 5,000", 300),
        ("wide.html", lambda: b"<html><table><tr>" + b"<td>x" * 50_000 + b"<tr><td>1</table>", "without a table", 300),
        ("deep.json", lambda: b'[{"a":' * 200_000, "deep", 300),
        ("deep.xml", lambda: b"<a>" * 200_000, "nested deeper than 200", 300),
        ("record.xml", lambda: b"<l><r>" + b"<a/>" * 250_000 + b"</r><r><n>b</n></r></l>", "200,000 elements", 300),
        ("nul.csv", lambda: b"a,b\n" + b"\0" * (20 * MIB), "nul.csv", 700),
        (
            "laughs.xml",
            lambda: b'<!DOCTYPE l [<!ENTITY a "ha">' + b'<!ENTITY b "&a;&a;">' * 9 + b"]><l>&b;</l>",
            "declares",
            50,
        ),
    ],
)
def test_a_hostile_file_costs_a_sentence_and_bounded_memory(read, name, make, reason, mib):
    told, used = read(name, make())
    assert reason in told
    assert used < mib
