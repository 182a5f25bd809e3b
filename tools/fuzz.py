"""Throws hostile files at every reader: whole ones damaged, bare bytes, structures made up.

`python tools/fuzz.py --seconds 10 --out result.json`; run by a test for some seconds and by `make soak`
for an hour. The only allowed outcomes are tables and `Rejected`, within bounded memory and time; the
process holds itself to the memory, so that it must not be run inside another.
"""

import argparse
import bz2
import gzip
import io
import json
import lzma
import resource
import sqlite3
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pyarrow import feather

from muniment import evidence
from muniment.base.errors import Rejected

MIB = 1024 * 1024
ROWS: list[dict[str, Any]] = [
    {"name": "app01", "ip": "10.0.0.1", "ram": 16, "os": {"name": "RHEL", "tags": [{"key": "env", "value": "prod"}]}},
    {"name": "Zürich", "ip": None, "ram": 64, "os": {"name": "Windows", "tags": []}},
]
FLAT = [{key: value for key, value in row.items() if key != "os"} for row in ROWS]
BATCH = 250
SLOW_SECONDS = 30.0
CRASHES_KEPT = 20
INTERESTING = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b'"',
    b"<",
    b"{",
    b"[",
    b"&",
    b"PK\x03\x04",
    b"\r",
    b"\n",
)


@dataclass
class Result:
    """What came of it."""

    seconds: float = 0
    cases: int = 0
    read: int = 0
    rejected: int = 0
    peak_mib: int = 0
    base_mib: int = 0
    slowest: float = 0
    forms: dict[str, int] = field(default_factory=dict)
    crashes: list[dict[str, str]] = field(default_factory=list)


def _csv() -> bytes:
    return b'name;ip;ram\r\n"app01";10.0.0.1;16\r\n"a ""b""\r\nc";;4,5\r\n'


def _xlsx() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for tab in ("vInfo", "vHost"):
        sheet = book.add_worksheet(tab)
        for number, row in enumerate([list(FLAT[0]), *(list(row.values()) for row in FLAT)]):
            sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), buffer)
    return buffer.getvalue()


def _feather() -> bytes:
    buffer = io.BytesIO()
    feather.write_feather(pa.Table.from_pylist(ROWS), buffer)
    return buffer.getvalue()


def _stream() -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pylist(ROWS)
    with pa.ipc.new_stream(buffer, table.schema) as out:
        out.write_table(table)
    return buffer.getvalue()


def _sqlite() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE s (name TEXT, ram INT, blob BLOB); INSERT INTO s VALUES ('a', 1, x'00ff'), ('b', 2.5, NULL);"
        "CREATE INDEX i ON s (name); CREATE VIEW v AS SELECT upper(name) AS n, count(*) AS c FROM s GROUP BY 1;"
    )
    return bytes(connection.serialize())


def _xml() -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE l><l at="2026"><r id="1"><n>Zürich &amp; b</n><t k="a">1</t>'
        '<t k="b"><![CDATA[<x>]]></t></r><r id="2"><n/></r></l>'
    ).encode()


def _nmap() -> bytes:
    return (
        b'<nmaprun scanner="nmap"><host endtime="1247268185"><status state="up"/><address addr="10.0.0.2" '
        b'addrtype="ipv4"/><hostnames><hostname name="a"/></hostnames><ports><port protocol="tcp" portid="22"><state '
        b'state="open"/><service name="ssh"/></port></ports><os><osmatch name="Linux" accuracy="90"/></os>'
        b'<uptime seconds="60"/></host></nmaprun>'
    )


def _html() -> bytes:
    return b"<html><table><tr><th colspan=2>Name<th>IP<tr><td rowspan=2>a<td>b<td>&lt;1<tr><td>2<td>3</table></html>"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", _csv())
        archive.writestr("b.json", _json())
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in (("a.csv", _csv()), ("long/" * 40 + "b.xml", _xml())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _json() -> bytes:
    return json.dumps({"value": ROWS}).encode()


def _lines() -> bytes:
    return "\n".join(map(json.dumps, ROWS)).encode()


SEEDS: dict[str, Callable[[], bytes]] = {
    "a.csv": _csv,
    "a.tsv": lambda: _csv().replace(b";", b"\t").decode().encode("utf-16"),
    "a.json": _json,
    "a.jsonl": _lines,
    "a.xlsx": _xlsx,
    "a.xml": _xml,
    "nmap.xml": _nmap,
    "a.html": _html,
    "a.parquet": _parquet,
    "a.feather": _feather,
    "a.arrows": _stream,
    "a.db": _sqlite,
    "a.zip": _zip,
    "a.tar": _tar,
    "a.csv.gz": lambda: gzip.compress(_csv()),
    "a.csv.bz2": lambda: bz2.compress(_csv()),
    "a.csv.xz": lambda: lzma.compress(_csv()),
    "a.csv.zst": lambda: bytes(pa.compress(_csv(), codec="zstd", asbytes=True)),
}
CORPUS = {name: make() for name, make in SEEDS.items()}


def _damage(draw: st.DrawFn, data: bytearray) -> bytes:
    """Change, cut, drop, repeat, insert some bytes, or take some from another file."""
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        size = draw(st.integers(0, 64))
        match draw(st.sampled_from(["flip", "cut", "drop", "repeat", "insert", "splice", "many"])):
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + size]
            case "repeat":
                data[at:at] = data[at : at + size] * draw(st.sampled_from([1, 2, 50, 2_000]))
            case "insert":
                data[at:at] = draw(st.sampled_from(INTERESTING)) * draw(st.sampled_from([1, 1, 8, 5_000]))
            case "splice":
                other = CORPUS[draw(st.sampled_from(sorted(CORPUS)))]
                data[at : at + size] = other[at % max(len(other), 1) :][: size * 4]
            case _:
                data[at : at + size] = draw(st.binary(max_size=64))
    return bytes(data)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A whole file with some bytes damaged."""
    name = draw(st.sampled_from(sorted(CORPUS)))
    return name, _damage(draw, bytearray(CORPUS[name]))


@st.composite
def damaged_parts(draw: st.DrawFn) -> tuple[str, bytes]:
    """A workbook or archive whose checksums are right, with damage in one of its parts."""
    name = draw(st.sampled_from(["a.xlsx", "a.xlsx", "a.zip"]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(CORPUS[name])) as whole, zipfile.ZipFile(buffer, "w") as archive:
        hit = draw(st.sampled_from(whole.namelist()))
        for part in whole.namelist():
            data = whole.read(part)
            archive.writestr(part, _damage(draw, bytearray(data)) if part == hit else data)
    return name, buffer.getvalue()


def _tree(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(["r", "host", "name", "a:b", "value", "disk", "html", "row"])
    attributes = st.sampled_from(["", ' id="1"', " name='x' k='2'", ' xmlns:a="u"', ' xsi:nil="true"'])
    return st.builds(
        lambda name, more, inner: f"<{name}{more}>{''.join(inner)}</{name}>",
        names, attributes, st.lists(children, max_size=5),
    )  # fmt: skip


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=25,
)
TEXT = st.text(alphabet="ab,;\t|\"'\\\n\r\0 {}[]<>:=1é&#-\u2028", max_size=300)
TAGS = [
    "<table>", "<tr>", "<td>", "<td colspan=3>", "<td rowspan=9>", "</tr>", "</table>", "x", "<!--", "-->", "<script>",
    "&#x;",
]  # fmt: skip
MADE_UP: st.SearchStrategy[tuple[str, bytes]] = st.one_of(
    st.tuples(st.sampled_from(sorted(CORPUS)), st.binary(max_size=600)),
    st.tuples(
        st.sampled_from(sorted(CORPUS)), st.builds(lambda name, rest: CORPUS[name][:16] + rest,
        st.sampled_from(sorted(CORPUS)), st.binary(max_size=400)),
    ),
    st.tuples(st.just("a.csv"), TEXT.map(str.encode)),
    st.tuples(st.just("a.json"), VALUES.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))),
    st.tuples(st.just("a.xml"), st.recursive(st.just("x"), _tree, max_leaves=30).map(str.encode)),
    st.tuples(
        st.just("a.html"),
        st.lists(st.sampled_from(TAGS), max_size=60).map(lambda parts: f"<html>{''.join(parts)}".encode()),
    ),
)  # fmt: skip


def packed(case: tuple[str, bytes], ways: list[str]) -> tuple[str, bytes]:
    """Put a file into archives, the last way outermost."""
    name, data = case
    for way in ways:
        if way == "gz":
            name, data = f"{name}.gz", gzip.compress(data, 1)
            continue
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, data)
        name, data = f"{name}.zip", buffer.getvalue()
    return name, data


CASES = st.one_of(
    damaged(),
    damaged(),
    damaged_parts(),
    MADE_UP,
    st.builds(packed, damaged(), st.lists(st.sampled_from(["gz", "zip"]), max_size=3)),
)


def run(until: float, start: int, folder: Path, result: Result) -> None:
    """Try cases in batches until a moment."""
    begun = time.monotonic()
    forms: Counter[str] = Counter()

    def attempt(case: tuple[str, bytes]) -> None:
        if time.monotonic() < until:
            _attempt(case, folder, result, forms)

    batch = start
    while time.monotonic() < until and len(result.crashes) < CRASHES_KEPT:
        quick = settings(
            max_examples=BATCH, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        seed(batch)(quick(given(CASES)(attempt)))()
        batch += 1
    result.seconds = round(time.monotonic() - begun, 1)
    result.forms = dict(sorted(forms.items()))
    result.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (MIB if sys.platform == "darwin" else 1024)


def _attempt(case: tuple[str, bytes], folder: Path, result: Result, forms: Counter[str]) -> None:
    name, data = case
    path = folder / name.replace("/", "_")
    path.write_bytes(data)  # what ends the process stays there
    begun = time.monotonic()
    try:
        for table in evidence.read(path):
            table.rows.validate(full=True)
            assert table.rows.column_names == ["_line", "_payload", *table.columns]  # noqa: S101
            forms[table.format] += 1
        result.read += 1
    except Rejected as error:
        result.rejected += 1
        if not str(error).startswith(path.name):
            result.crashes.append(
                {"file": name, "error": f"a reason without the file: {error}", "hex": data.hex()[:4000]}
            )
    except Exception:  # noqa: BLE001 finding them is the purpose
        result.crashes.append({"file": name, "error": traceback.format_exc()[-1500:], "hex": data.hex()[:20_000]})
    took = time.monotonic() - begun
    result.cases += 1
    result.slowest = max(result.slowest, round(took, 2))
    if took > SLOW_SECONDS:
        result.crashes.append({"file": name, "error": f"took {took:.0f} s", "hex": data.hex()[:20_000]})
    path.unlink()


def main() -> int:
    """Run, write the result as JSON; 1 if anything but tables and `Rejected` came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--memory-mib", type=int, default=4096, help="address space of this process")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="folder for the file at hand: what ended the process is left there")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (arguments.memory_mib * MIB, hard))
    result = Result()
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.keep or Path(folder)
        for name, data in CORPUS.items():  # load every reader once: what it takes is no case's fault
            _attempt((name, data), place, result, Counter())
        result.base_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        run(time.monotonic() + arguments.seconds, arguments.seed * 1_000_000, place, result)
    arguments.out.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
    return 1 if result.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
