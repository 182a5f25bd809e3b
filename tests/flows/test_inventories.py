"""What each real export gives, end to end: the numbers are in inventories.toml beside this file."""

import csv
import io
import os
import tomllib
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from tests.conftest import assets

from muniment import evidence, flows, mapping
from muniment.base.errors import Rejected

DATA = Path(os.environ.get("MUNIMENT_DATA", "../shared/data")) / "inventories"
EXPECTED = tomllib.loads(Path(__file__).with_name("inventories.toml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real exports in {DATA}: set MUNIMENT_DATA")

TOGETHER = "ansible_facts"
SLOW = {"aws_ec2/ec2_examples-1.json", TOGETHER, "netbox/netbox-demo-v3.6.json.gz"}
SAME_NAME = ("app.uat.local", "db01.prod.local", "db02.prod.local", "db03.prod.local", "debian.dev.local",
             "host5.example.com", "no_fqdn.err")  # fmt: skip
KNOWN = ("rvtools/kubev2v_example1.xlsx", "aws_cmf/server-list.csv", "snipeit/assets-sample.csv",
         "konveyor/sample-applications.csv", "device42/file_name.csv", "ralph/management_ip_existing.csv",
         "netbox/netbox-demo-v3.6.json.gz", "nmap/nmap_example.xml", "aws_cmf/servers.json")  # fmt: skip


def files(name):
    path = DATA / name
    return tuple(sorted(path.glob("[!.]*.json"))) if path.is_dir() else (path,)


def found_in(home, name):
    try:
        done = flows.import_files(home, flows.Request(files(name)))
    except Rejected as error:
        return {"refused": str(error)}
    with home.scope.transaction() as connection:
        return {
            "kinds": sorted({entry["kind"] for entry in done.files if entry["status"] == "read"}),
            "rows": done.rows_read,
            "rejects": done.rows_rejected,
            "records": evidence.count_records(connection, home.scope),
            "assets": done.assets,
            "mapped": sum(column.applied for column in mapping.current(connection)),
        }


def long(name):
    return pytest.param(name, marks=[pytest.mark.long] if name in SLOW else [])


@pytest.mark.parametrize("name", [long(name) for name in EXPECTED])
def test_a_real_export_gives_what_is_listed(home, name):
    assert found_in(home, name) == EXPECTED[name]


def test_every_file_is_listed():
    inside = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file() and path.name != "SOURCE.txt"}
    together = {str(path.relative_to(DATA)) for path in files(TOGETHER)}
    assert inside - together == EXPECTED.keys() - {TOGETHER}


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith((".csv", ".xlsx"))])
def test_the_rows_listed_are_those_in_the_file(name):
    """Counted by other readers than ours: rows of tabs that describe no assets are not read."""
    path = DATA / name
    if path.suffix == ".csv":
        text = path.read_bytes().decode("utf-8-sig", "replace")
        rows = list(csv.reader(io.StringIO(text, newline=None), skipinitialspace=True))
        counted = sum(any(cell.strip() for cell in row) for row in rows[1:])
    else:
        book = CalamineWorkbook.from_path(str(path))
        skipped = {"vHealth", "vSwitch", "dvSwitch", "vPort", "dvPort"}
        counted = sum(len(book.get_sheet_by_name(tab).to_python()) - 1 for tab in set(book.sheet_names) - skipped)
    assert EXPECTED[name]["rows"] == (0 if not EXPECTED[name]["kinds"] else counted)


@pytest.mark.parametrize("name", [long(name) for name in KNOWN])
def test_a_known_layout_is_imported_again_without_a_click(home, another, name):
    flows.import_files(home, flows.Request(files(name)))
    with home.scope.transaction() as connection:
        before = [(one.layout_id, one.column, one.state) for one in mapping.current(connection)]
    again = another(home, "next month")  # mappings are the tenant's
    done = flows.import_files(again, flows.Request(files(name)))
    with again.scope.transaction() as connection:
        after = [(one.layout_id, one.column, one.state) for one in mapping.current(connection)]
    assert after == before
    assert done.assets == EXPECTED[name]["assets"]


def test_the_seven_hosts_that_share_name_domain_and_serial_stay_seven(home):
    paths = tuple(DATA / "ansible_facts" / f"{name}.json" for name in SAME_NAME)
    assert paths[0].read_bytes() == paths[-1].read_bytes()  # two even share every byte
    flows.import_files(home, flows.Request(paths))
    found = assets(home)
    assert all("dev" in asset.values["hostname"] for asset in found)
    assert {asset.record_count for asset in found} == {1}
    assert [asset.name for asset in found] == [name.partition(".")[0] for name in SAME_NAME]


def test_two_scans_of_one_net_join_by_address_and_merge_nothing_else(home):
    paths = tuple(DATA / "nmap" / f"random-{number}.xml" for number in (1, 2))
    flows.import_files(home, flows.Request(paths))
    found = assets(home)
    assert max(asset.record_count for asset in found) <= len(paths)
    assert len(found) >= EXPECTED["nmap/random-2.xml"]["rows"]
