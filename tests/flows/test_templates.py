"""The shipped templates on real exports, and on generated ones: applied whole, owners told apart."""

import os
from pathlib import Path

import pytest
from tests.conftest import DAY_ONE, assets, write_csv

from muniment import evidence, flows, generate, mapping

DATA = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")) / "inventories"


def bring(home, path):
    summary = flows.import_files(home, flows.Request((path,)))
    with home.scope.transaction() as connection:
        layouts = {one.id for one in evidence.list_layouts(connection)}
        found = {one.column.lower(): one for one in mapping.current(connection) if one.layout_id in layouts}
    return summary.files[0], found


def applied_as_told(found, name):
    template = mapping.shipped_templates()[name]
    both = template.columns.keys() & found.keys()
    assert both
    for column in both:
        wanted = template.columns[column].get("attribute")
        assert (found[column].attribute if found[column].applied else None) == wanted, column


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("aws_cmf/server-list.csv", "aws-migration-intake"),
        ("snipeit/assets-sample.csv", "snipe-it-assets"),
        ("konveyor/sample-applications.csv", "konveyor-applications"),
    ],
)
def test_a_shipped_template_is_applied_to_a_real_export(home, file, name):
    if not (DATA / file).exists():
        pytest.skip(f"{DATA / file} is not here")
    entry, found = bring(home, DATA / file)
    assert entry["template"] == f"{name} version 1"
    applied_as_told(found, name)


def test_servicenow_owners_are_told_apart(home, tmp_path):
    spec = generate.EstateSpec(assets=40, seed=4, sources=("servicenow",))
    generate.write_estate(spec, tmp_path)
    path = next(iter(sorted(tmp_path.glob("*.csv"))))
    entry, found = bring(home, path)
    assert entry["template"] == "servicenow-cmdb version 1"
    applied_as_told(found, "servicenow-cmdb")


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (
            "azure-migrate-import",
            {"*Server name": "app01", "IP addresses": "10.0.0.1", "*Cores": "4", "*Memory (In MB)": "8192",
             "*OS name": "Windows Server 2019", "Hypervisor": "VMware"},
        ),
        (
            "device42-devices",
            {"device_id": "7", "device_name": "app01", "in_service": "yes", "serial_no": "CZC12345X", "os": "RHEL",
             "osver": "8", "contact": "Ann Bell"},
        ),
    ],
)  # fmt: skip
def test_a_shipped_template_is_applied_to_columns_of_its_tool(home, tmp_path, name, row):
    write_csv(tmp_path / "list.csv", [row], DAY_ONE)
    entry, found = bring(home, tmp_path / "list.csv")
    assert entry["template"] == f"{name} version 1"
    applied_as_told(found, name)
    assert len(assets(home)) == 1
