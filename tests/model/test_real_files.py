"""The normalisers on the real exports in MUNIMENT_DATA: every cell of a known column is understood."""

import csv
import gzip
import json
import os
import re
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from muniment import model

DATA = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[3] / "shared" / "data"))
INVENTORIES = DATA / "inventories"

pytestmark = pytest.mark.skipif(
    not INVENTORIES.is_dir(), reason="no real exports here: set MUNIMENT_DATA to their folder"
)

RVTOOLS = {
    "Powerstate": "power_state",
    "CPUs": "cpu_count",
    "Memory": "memory_mib",
    "NICs": "nic_count",
    "Disks": "disk_count",
    "Provisioned MiB": "storage_gib",
    "Provisioned MB": "storage_gib",
    "In Use MiB": "storage_used_gib",
    "Primary IP Address": "ip_address",
    "IPv4 Address": "ip_address",
    "Mac Address": "mac_address",
    "VM UUID": "uuid",
    "Creation date": "created_on",
    "PowerOn": "last_boot",
    "Boot time": "last_boot",
    "OS according to the configuration file": "os",
    "OS according to the VMware Tools": "os",
    "ESX Version": "os",
    "# CPU": "cpu_sockets",
    "# Cores": "cpu_cores",
    "# Memory": "memory_mib",
    "Speed": "cpu_speed_mhz",
    "CPU usage %": "cpu_usage_percent",
    "Memory usage %": "memory_usage_percent",
    "Tools": "vm_tools_status",
}
AWS_INTAKE = {
    "server_name": "hostname",
    "server_fqdn": "fqdn",
    "server_os_family": "os_family",
    "server_os_version": "os",
    "server_environment": "environment",
    "r_type": "migration_strategy",
    "tags": "tags",
}
SNIPE_IT = {
    "Purchase Date": "purchased_on",
    "Purchase Cost": "purchase_cost",
    "Asset EOL Date": "end_of_life_on",
    "Checked Out To: Email": "user_email",
    "Asset Tag": "asset_tag",
    "purchase date": "purchased_on",
    "purchase cost": "purchase_cost",
    "expiration date": "support_until",
    "Licensed to Email": "user_email",
    "seats": "licence_count",
}
RALPH = {
    "management_ip": "management_ip",
    "created": "created_on",
    "modified": "changed_on",
    "sn": "serial",
    "hostname": "hostname",
    "price": "purchase_cost",
    "depreciation_end_date": "end_of_life_on",
    "price_currency": "currency",
    "model_str": "asset_type",
}
ANSIBLE = {
    "ansible_hostname": "hostname",
    "ansible_fqdn": "fqdn",
    "ansible_all_ipv4_addresses": "ip_address",
    "ansible_all_ipv6_addresses": "ip_address",
    "ansible_distribution": "os",
    "ansible_os_family": "os_family",
    "ansible_product_serial": "serial",
    "ansible_product_uuid": "uuid",
    "ansible_memtotal_mb": "memory_mib",
    "ansible_processor_vcpus": "cpu_count",
    "ansible_architecture": "architecture",
    "ansible_bios_date": "bios_date",
}


def _sheets(path):
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        if name in {"vInfo", "vHost", "vNetwork", "vTools"}:
            head, *rows = book.get_sheet_by_name(name).to_python() or [[]]
            yield from (dict(zip(head, row, strict=False)) for row in rows)


def _rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _facts(path):
    if path.name.startswith("."):
        return
    yield json.loads(path.read_text(encoding="utf-8")).get("ansible_facts", {})


def _cells(pattern, read, columns):
    """Give (attribute, header, raw) of every filled cell of the known columns."""
    for path in sorted(INVENTORIES.glob(pattern)):
        for row in read(path):
            for header, name in columns.items():
                value = row.get(header)
                if value is not None and value != "":
                    raw = value if isinstance(value, str) else json.dumps(value, default=str)
                    yield model.attribute(name), header, raw.strip('"')


@pytest.mark.parametrize(
    ("pattern", "read", "columns", "least"),
    [
        ("rvtools/*.xlsx", _sheets, RVTOOLS, 8000),
        ("aws_cmf/*.csv", _rows, AWS_INTAKE, 60),
        ("snipeit/assets-sample.csv", _rows, SNIPE_IT, 60),
        ("snipeit/licenses-sample.csv", _rows, SNIPE_IT, 240),
        ("ralph/management*.csv", _rows, RALPH, 14),
        ("ansible_facts/*.json", _facts, ANSIBLE, 130),
    ],
    ids=["rvtools", "aws_cmf", "snipeit assets", "snipeit licences", "ralph", "ansible"],
)
def test_every_cell_of_a_known_column_is_a_value_or_a_placeholder(pattern, read, columns, least):
    read_cells, problems, values = 0, {}, 0
    for attribute, header, raw in _cells(pattern, read, columns):
        context = model.Context(unit=model.unit_in_header(header))
        read_cells += 1
        said = model.normalise(attribute, raw, context)
        values += bool(said.values)
        if said.problem:
            problems[header, raw] = said.problem
    assert problems == {}
    assert read_cells >= least
    assert values > read_cells / 2


def test_the_seven_ansible_hosts_give_neither_full_name_nor_serial():
    twins = [
        facts
        for path in sorted((INVENTORIES / "ansible_facts").glob("*.json"))
        for facts in _facts(path)
        if facts.get("ansible_hostname") == "dev"
    ]
    assert len(twins) == 7
    for facts in twins:
        for header in ("ansible_fqdn", "ansible_product_serial", "ansible_product_uuid"):
            said = model.normalise(model.attribute(ANSIBLE[header]), facts[header])
            assert said.values == (), header
            assert said.derived == {}, header


def test_every_address_and_hardware_address_of_the_scans_normalises():
    pattern = re.compile(r'<address addr="([^"]+)" addrtype="(ipv4|ipv6|mac)"')
    kinds = {"ipv4": "ip_address", "ipv6": "ip_address", "mac": "mac_address"}
    found = 0
    for path in sorted((INVENTORIES / "nmap").glob("*.xml")):
        for raw, kind in pattern.findall(path.read_text(encoding="utf-8", errors="replace")):
            said = model.normalise(model.attribute(kinds[kind]), raw)
            assert said.problem is None, raw
            found += bool(said.values)
    assert found > 100


def test_the_devices_of_netbox_have_readable_serials_and_addresses():
    dump = INVENTORIES / "netbox" / "netbox-demo-v3.6.json.gz"
    things = json.loads(gzip.decompress(dump.read_bytes()))
    addresses = [thing["fields"]["address"] for thing in things if thing["model"] == "ipam.ipaddress"]
    assert len(addresses) > 50
    for raw in addresses:
        said = model.normalise(model.attribute("ip_address"), raw)
        assert said.values, raw
        assert said.problem is None


def test_the_operating_systems_of_rvtools_are_all_in_the_table():
    said = {
        raw: model.normalise(attribute, raw)
        for attribute, _, raw in _cells("rvtools/*.xlsx", _sheets, RVTOOLS)
        if attribute.name == "os"
    }
    assert len(said) > 25
    for raw, reading in said.items():
        assert reading.derived.get("os_family"), raw
        assert "not in the table" not in (reading.note or ""), raw
