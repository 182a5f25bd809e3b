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


def test_a_switched_off_template_leaves_its_columns_to_what_is_learned(home, tmp_path):
    write_csv(tmp_path / "RVTools_tabvInfo.csv", [{"VM": "app01", "Powerstate": "poweredOn", "VM UUID": "9"}], DAY_ONE)
    with home.scope.transaction() as connection:
        mapping.switch_template(connection, home.scope, mapping.shipped_templates()["rvtools-vinfo"], enabled=False)
    entry, found = bring(home, tmp_path / "RVTools_tabvInfo.csv")
    assert entry["template"] == "rvtools-parts version 1"
    assert found["vm uuid"].reasons == ("template rvtools-parts version 1",)


@pytest.mark.parametrize(
    ("owned_by", "owner", "user"), [({}, "Ann Bell", None), ({"owned_by": "Cem Dogan"}, "Cem Dogan", "Ann Bell")]
)
def test_who_a_ci_is_assigned_to_is_its_owner_unless_it_says_who_owns_it(home, tmp_path, owned_by, owner, user):
    row = {"sys_id": "a1", "name": "app01", "sys_class_name": "cmdb_ci_server", "assigned_to": "Ann Bell", **owned_by}
    write_csv(tmp_path / "list.csv", [row], DAY_ONE)
    bring(home, tmp_path / "list.csv")
    (asset,) = assets(home)
    assert (asset.values["owner"], asset.values.get("user")) == (owner, user)


def test_the_system_of_a_machine_without_tools_is_that_of_its_configuration(home, tmp_path):
    said = {"OS according to the configuration file": "Debian GNU/Linux 11 (64-bit)",
            "OS according to the VMware Tools": "Ubuntu Linux 22.04 LTS"}  # fmt: skip
    rows = [
        {"VM": "app01", "Powerstate": "poweredOn", "VM UUID": "1", **said},
        {"VM": "app02", "Powerstate": "poweredOff", "VM UUID": "2", **said, "OS according to the VMware Tools": ""},
    ]
    write_csv(tmp_path / "RVTools_tabvInfo.csv", rows, DAY_ONE)
    _, found = bring(home, tmp_path / "RVTools_tabvInfo.csv")
    assert {name.lower(): found[name.lower()].attribute for name in said} == {name.lower(): "os" for name in said}
    systems = {asset.name: asset.values["os"] for asset in assets(home)}
    assert "Ubuntu" in systems["app01"]
    assert "Debian" in systems["app02"]


def test_generated_rvtools_tabs_are_read_by_the_templates_of_their_tabs(home, tmp_path):
    generate.write_estate(generate.EstateSpec(assets=40, seed=4, sources=("rvtools",)), tmp_path)
    done = flows.import_files(home, flows.Request((tmp_path / "rvtools_export.xlsx",)))
    used = {entry["tab"]: entry["template"] for entry in done.files if entry["status"] == "read"}
    assert used == {tab: f"rvtools-{tab.lower()} version 1" for tab in used}
    assert {"vInfo", "vHost"} <= used.keys()
    with home.scope.transaction() as connection:
        (card,) = [one for one in mapping.current(connection) if one.column == "vNetwork[].Mac Address"]
    assert (card.attribute, card.reasons) == ("mac_address", ("template rvtools-vinfo version 1",))


def test_a_netbox_export_as_csv_is_read_by_its_template(home, tmp_path):
    row = {
        "Name": "app01", "Status": "Active", "Tenant": "Retail", "Site": "Berlin 1", "Location": "Room 2",
        "Rack": "R7", "Role": "Server", "Manufacturer": "Dell", "Type": "PowerEdge R740", "IP Address": "10.0.0.1/24",
        "Position": "12", "Serial number": "CZC12345X", "Platform": "Ubuntu 22.04", "ID": "17",
    }  # fmt: skip
    write_csv(tmp_path / "netbox_devices.csv", [row], DAY_ONE)
    entry, found = bring(home, tmp_path / "netbox_devices.csv")
    assert entry["template"] == "netbox-csv version 1"
    applied_as_told(found, "netbox-csv")
    (asset,) = assets(home)
    values = [asset.values[name] for name in ("model", "site", "ip_address", "serial")]
    assert (asset.type, values) == ("server", ["PowerEdge R740", "Berlin 1", ["10.0.0.1"], ["CZC12345X"]])


def by_name(home, *types):
    """The values of the machines whose name no other has."""
    machines = [asset.values for asset in assets(home) if asset.type in types]
    named = [values["hostname"][0] for values in machines if values.get("hostname")]
    return {values["hostname"][0]: values for values in machines if named.count(values.get("hostname", [""])[0]) == 1}


def test_our_list_for_azure_migrate_comes_back_as_it_was(home, another, tmp_path):
    generate.write_estate(generate.EstateSpec(assets=60, seed=4, sources=("servicenow", "rvtools")), tmp_path / "in")
    flows.import_files(home, flows.Request((tmp_path / "in",)))
    with home.scope.transaction() as connection, (tmp_path / "azure.csv").open("wb") as out:
        flows.export(connection, home, out, flows.Wanted("azure-migrate"))
    back = another(home, "back", tenant="back")
    entry, found = bring(back, tmp_path / "azure.csv")
    assert entry["template"] == "azure-migrate-import version 1"
    applied_as_told(found, "azure-migrate-import")
    was, now = by_name(home, "virtual_machine"), by_name(back, "server", "virtual_machine")
    both = was.keys() & now.keys()
    assert len(both) > 10
    for attribute in ("cpu_count", "memory_mib"):
        assert {name: now[name].get(attribute) for name in both} == {name: was[name].get(attribute) for name in both}
    assert all(set(now[name].get("ip_address", ())) == set(was[name].get("ip_address", ())) for name in both)


@pytest.mark.parametrize(
    ("file", "name"), [("nmap/random-1.xml", "nmap-scan"), ("ansible_facts/db01.prod.local.json", "ansible-facts")]
)
def test_a_template_of_documents_is_applied_to_a_real_one(home, file, name):
    if not (DATA / file).exists():
        pytest.skip(f"{DATA / file} is not here")
    entry, found = bring(home, DATA / file)
    assert entry["template"] == f"{name} version 1"
    applied_as_told(found, name)
