"""What each real export gives, end to end: the numbers are in inventories.toml beside this file."""

import os
import tomllib
from pathlib import Path

import pytest
from tests.conftest import assets

from muniment import evidence, flows, mapping

DATA = Path(os.environ.get("MUNIMENT_DATA", "../shared/data")) / "inventories"
EXPECTED = tomllib.loads(Path(__file__).with_name("inventories.toml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real exports in {DATA}: set MUNIMENT_DATA")


SLOW = {"aws_ec2/ec2_examples-1.json", "ansible_facts"}
SAME_NAME = ("app.uat.local", "db01.prod.local", "db02.prod.local", "db03.prod.local", "debian.dev.local",
             "host5.example.com", "no_fqdn.err")  # fmt: skip


def found_in(home, name):
    path = DATA / name
    paths = tuple(sorted(path.glob("[!.]*.json"))) if path.is_dir() else (path,)
    done = flows.import_files(home, flows.Request(paths))
    with home.scope.transaction() as connection:
        return {
            "kinds": sorted({entry["kind"] for entry in done.files if entry["status"] == "read"}),
            "rows": done.rows_read,
            "rejects": done.rows_rejected,
            "records": evidence.count_records(connection, home.scope),
            "assets": done.assets,
            "mapped": sum(column.applied for column in mapping.current(connection)),
        }


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in EXPECTED]
)
def test_a_real_export_gives_what_is_listed(home, name):
    assert found_in(home, name) == EXPECTED[name]


def test_the_seven_hosts_that_share_name_domain_and_serial_stay_seven(home):
    paths = tuple(DATA / "ansible_facts" / f"{name}.json" for name in SAME_NAME)
    assert paths[0].read_bytes() == paths[-1].read_bytes()  # two even share every byte
    flows.import_files(home, flows.Request(paths))
    found = assets(home)
    assert all("dev" in asset.values["hostname"] for asset in found)
    assert {asset.record_count for asset in found} == {1}
    assert [asset.name for asset in found] == [name.partition(".")[0] for name in SAME_NAME]
