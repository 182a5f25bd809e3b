"""The register written out: every format opens, keeps its types, and cannot be run."""

import csv
import io
import json
from datetime import UTC, datetime

import openpyxl
import pyarrow.parquet as pq
import pytest
from tests.conftest import write_csv

from muniment import evidence, flows, mapping, register

HOSTILE = ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\rx", "<script>", "plain"]
HEADERS = {
    "Serial Number": "serial", "Hostname": "hostname", "Notes": "notes", "vCPUs": "cpu_count", "RAM MB": "memory_mib",
    "OS": "os", "IP Address": "ip_address", "Warranty": "warranty_until", "Monitored": "monitored",
    "CPU %": "cpu_usage_percent", "FQDN": "fqdn",
}  # fmt: skip


@pytest.fixture(scope="module")
def full(make_home, tmp_path_factory):
    """Eight virtual machines with values of every kind, one of which lacks its processors."""
    folder = tmp_path_factory.mktemp("export")
    rows = [
        {
            "Serial Number": f"CZC1000{place}X", "Hostname": f"host{place}", "Notes": text,
            "vCPUs": "4" if place else "", "RAM MB": "16384", "OS": "Red Hat Enterprise Linux 9",
            "IP Address": f"10.0.0.{place + 1}", "Warranty": "2027-05-31", "Monitored": "yes", "CPU %": "12.5",
            "FQDN": f"host{place}.corp.example",
        }
        for place, text in enumerate(HOSTILE)
    ]  # fmt: skip
    write_csv(folder / "list.csv", rows, datetime(2026, 3, 1, tzinfo=UTC))
    with make_home(folder / "home") as home:
        flows.import_files(home, flows.Request((folder / "list.csv",), source="list"))
        with home.scope.transaction() as connection:
            (layout,) = evidence.list_layouts(connection)
            known = {one.column: one for one in mapping.current(connection, layout.id)}
        for column, attribute in HEADERS.items():
            if (known[column].attribute, known[column].applied) != (attribute, True):
                flows.set_mapping(home, [known[column]], mapping.Meaning(attribute))
        yield home


def written(home, form, **query):
    out = io.BytesIO()
    with home.scope.transaction() as connection:
        done = flows.export(connection, home, out, flows.Wanted(form, register.Query(**query)))
    return done, out.getvalue()


def assets_of(home):
    with home.scope.transaction() as connection:
        return {str(asset.id): asset for asset in register.all_assets(connection, home.scope)}


def workbook(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def test_a_workbook_has_a_tab_per_type_with_typed_cells(full):
    done, data = written(full, "xlsx")
    book = workbook(data)
    assets = assets_of(full)
    assert done.count == len(assets) == len(HOSTILE)
    assert [sheet.title for sheet in book if sheet.sheet_state == "visible"] == ["Server"]
    sheet = book["Server"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == sheet.dimensions
    header = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        cells = dict(zip(header, row, strict=True))
        asset = assets[cells["Asset id"].value]
        assert cells["Version"].value == asset.version
        assert cells["Main memory (MiB)" if "Main memory (MiB)" in cells else "Memory (MiB)"].value == 16384
        assert cells["Warranty until"].value.date().isoformat() == asset.values["warranty_until"]
        assert cells["Monitored"].value is True
        assert cells["Confidence"].value == asset.confidence


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(full):
    _, data = written(full, "xlsx")
    for sheet in workbook(data):
        for row in sheet.iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f" or cell.hyperlink]
    said = {cell.value for row in workbook(data)["Server"].iter_rows() for cell in row}
    assert {"=1+1", "+1", "@SUM(A1)", "<script>"} <= said


@pytest.mark.parametrize("form", ["csv", "azure-migrate", "aws-migration-hub", "aws-mgn"])
def test_no_cell_of_any_csv_is_run(full, form):
    _, data = written(full, form)
    for row in csv.reader(io.StringIO(data.decode(), newline="")):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_json_lines_json_and_parquet_hold_the_same_assets(full):
    assets = assets_of(full)
    lines = [json.loads(line) for line in written(full, "jsonl")[1].splitlines()]
    body = json.loads(written(full, "json")[1])
    assert body["assets"] == lines
    assert {one["id"]: one["values"] for one in lines} == {key: dict(asset.values) for key, asset in assets.items()}
    table = pq.read_table(io.BytesIO(written(full, "parquet")[1])).to_pylist()
    for row in table:
        values = assets[row["id"]].values
        kept = {key.removeprefix("value."): value for key, value in row.items() if key.startswith("value.")}
        assert {key: value for key, value in kept.items() if value is not None} == values


@pytest.mark.parametrize("form", ["xlsx", "json", "parquet"])
def test_the_stamp_of_an_export_can_be_read_back(full, form, tmp_path):
    path = tmp_path / f"out.{form}"
    path.write_bytes(written(full, form)[1])
    stamp = flows.read_stamp(path)
    with full.scope.transaction() as connection:
        assert stamp.fingerprint == register.fingerprint(connection, full.scope)
    assert (stamp.format, stamp.tenant, stamp.engagement) == (form, full.scope.tenant, full.scope.engagement)
    if form == "xlsx":
        names = stamp.columns["Server"]
        assert {"id", "version", *HEADERS.values()} <= set(names.values())
        assert list(names) == [cell.value for cell in workbook(path.read_bytes())["Server"][1]]


def test_a_file_of_another_hand_has_no_stamp(tmp_path):
    for name, content in {"a.csv": b"id,name\n", "a.json": b'{"muniment": 3}', "a.xlsx": b"PK no workbook"}.items():
        (tmp_path / name).write_bytes(content)
        assert flows.read_stamp(tmp_path / name) is None


def test_azure_migrate_gets_servers_with_what_it_requires_and_the_rest_is_named(full):
    done, data = written(full, "azure-migrate")
    found = list(csv.DictReader(io.StringIO(data.decode())))
    assert list(found[0])[:5] == ["*Server name", "IP addresses", "*Cores", "*Memory (In MB)", "*OS name"]
    assert done.count == len(found) == len(HOSTILE) - 1
    assert done.left_out == {"without Cores": 1}
    assert [one.name for one in done.examples] == ["host0"]
    one = next(row for row in found if row["*Server name"] == "host3")
    assert (one["IP addresses"], one["*Cores"], one["*Memory (In MB)"]) == ("10.0.0.4", "4", "16384")
    assert one["CPU utilization percentage"] == "12.5"
    assert one["Disk 1 size (In GB)"] == ""


def test_migration_hub_knows_a_server_by_its_asset_id(full):
    done, data = written(full, "aws-migration-hub")
    found = {row["ExternalId"]: row for row in csv.DictReader(io.StringIO(data.decode()))}
    assert done.count == len(HOSTILE)
    assert set(found) == set(assets_of(full))
    assert {row["RAM.TotalSizeInMB"] for row in found.values()} == {"16384"}
    assert {row["CPU.UsagePct.Avg"] for row in found.values()} == {"12.5"}


def test_what_a_wave_needs_is_never_made_up(full):
    done, data = written(full, "aws-mgn")
    assert data.decode().startswith("wave_name,app_name,aws_region,aws_accountid,server_name,")
    assert done.count == 0
    ((reason, count),) = done.left_out.items()
    assert count == len(HOSTILE)
    assert "wave_name" in reason
    assert "server_fqdn" not in reason


def test_a_search_narrows_every_format(full):
    for form in ("csv", "xlsx", "json", "jsonl", "parquet", "aws-migration-hub"):
        assert written(full, form, words="host3")[0].count == 1


def test_nothing_to_write_is_still_a_whole_file(home):
    assert workbook(written(home, "xlsx")[1]).sheetnames == ["Assets", "_muniment"]
    assert json.loads(written(home, "json")[1])["assets"] == []
    assert pq.read_table(io.BytesIO(written(home, "parquet")[1])).num_rows == 0
