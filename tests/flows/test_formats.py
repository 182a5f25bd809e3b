"""Every form that is read, from a file of it to the assets: the same machines whatever they came in."""

import gzip
import io
import json
import sqlite3
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather
from tests.conftest import assets

from muniment import flows

MACHINES = [{"Hostname": f"app{n:02}", "Serial": f"CZC{n:05}X", "IP Address": f"10.1.0.{n}"} for n in range(1, 5)]


def csv(path):
    path.write_text("\n".join([",".join(MACHINES[0]), *(",".join(one.values()) for one in MACHINES)]))


def xml(path):
    rows = "".join(
        f"<Server><Hostname>{m['Hostname']}</Hostname><Serial>{m['Serial']}</Serial>"
        f"<IP_Address>{m['IP Address']}</IP_Address></Server>"
        for m in MACHINES
    )
    path.write_text(f"<Servers>{rows}</Servers>")


def html(path):
    rows = [list(MACHINES[0]), *(list(one.values()) for one in MACHINES)]
    path.write_text(f"<html><table>{''.join('<tr><td>' + '<td>'.join(row) for row in rows)}</table>")


def parquet(path):
    pq.write_table(pa.Table.from_pylist(MACHINES), path)


def arrow(path):
    feather.write_feather(pa.Table.from_pylist(MACHINES), str(path))


def sqlite(path):
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE server (Hostname, Serial, "IP Address")')
    connection.executemany("INSERT INTO server VALUES (?, ?, ?)", [tuple(one.values()) for one in MACHINES])
    connection.commit()
    connection.close()


def packed(path):
    inner = io.BytesIO()
    data = gzip.compress(json.dumps(MACHINES).encode())
    with tarfile.open(fileobj=inner, mode="w:xz") as archive:
        info = tarfile.TarInfo("site/a.json.gz")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("d.tar.xz", inner.getvalue())


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.xml", xml),
        ("a.html", html),
        ("a.parquet", parquet),
        ("a.feather", arrow),
        ("a.db", sqlite),
        ("a.zip", packed),
    ],
)
def test_machines_become_assets_whatever_they_came_in(home, tmp_path, name, write):
    folder = tmp_path / "delivery" / "deep"
    folder.mkdir(parents=True)
    write(folder / name)
    done = flows.import_files(home, flows.Request((folder.parent,)))
    assert (done.rows_read, done.rows_rejected) == (4, 0)
    assert {(a.name, *a.values["serial"], *a.values["ip_address"]) for a in assets(home)} == {
        tuple(machine.values()) for machine in MACHINES
    }
    csv(tmp_path / "a.csv")  # and they are known again
    assert sum(flows.import_files(home, flows.Request((tmp_path / "a.csv",))).assets.values()) == 4
