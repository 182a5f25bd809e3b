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


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_export_gives_what_is_listed(home, name):
    done = flows.import_files(home, flows.Request((DATA / name,)))
    with home.scope.transaction() as connection:
        found = {
            "kinds": sorted({entry["kind"] for entry in done.files if entry["status"] == "read"}),
            "rows": done.rows_read,
            "rejects": done.rows_rejected,
            "records": evidence.count_records(connection, home.scope),
            "assets": done.assets,
            "mapped": sum(column.applied for column in mapping.current(connection)),
        }
    assert found == EXPECTED[name]


def test_the_seven_hosts_that_share_name_domain_and_serial_stay_seven(home):
    flows.import_files(home, flows.Request((DATA / "ansible_facts",)))
    shared = [asset for asset in assets(home) if "dev" in asset.values.get("hostname", ())]
    assert len(shared) == 7
    assert {asset.record_count for asset in shared} == {1}
