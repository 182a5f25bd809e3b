"""The tabs of one delivery become one record per thing, whatever way they came."""

import zipfile
from pathlib import Path

from tests.conftest import DAY_ONE, assets, write_csv

from muniment import evidence, flows, graph

INFO = [
    {"VM": "app01", "Powerstate": "poweredOn", "CPUs": "2", "Memory": "4096", "VM UUID": "4201-1", "Host": "esx1"},
    {"VM": "app02", "Powerstate": "poweredOn", "CPUs": "4", "Memory": "8192", "VM UUID": "4201-2", "Host": "esx1"},
]
CARDS = [
    {"VM": "app01", "Mac Address": "00:50:56:00:00:01", "IPv4 Address": "10.0.0.1", "VM UUID": "4201-1"},
    {"VM": "app01", "Mac Address": "00:50:56:00:00:02", "IPv4 Address": "10.0.1.1", "VM UUID": "4201-1"},
    {"VM": "app02", "Mac Address": "00:50:56:00:00:03", "IPv4 Address": "10.0.0.2", "VM UUID": "4201-2"},
]


def archive(folder: Path, **tabs: list[dict[str, str]]) -> Path:
    """RVTools writes one CSV per tab when it is not asked for a workbook."""
    for tab, rows in tabs.items():
        write_csv(folder / f"RVTools_tab{tab}.csv", rows, DAY_ONE)
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for tab in tabs:
            packed.write(folder / f"RVTools_tab{tab}.csv", f"RVTools_tab{tab}.csv")
    return path


def records(home):
    with home.scope.transaction() as connection:
        return evidence.count_records(connection, home.scope)


def test_tabs_in_files_of_their_own_are_joined_like_those_of_a_workbook(home, tmp_path):
    done = flows.import_files(home, flows.Request((archive(tmp_path, vInfo=INFO, vNetwork=CARDS),)))
    assert {entry["tab"]: entry["status"] for entry in done.files} == {"vInfo": "read", "vNetwork": "joined"}
    assert (records(home), done.rows_read) == (2, 5)
    first, second = assets(home)
    assert first.values["mac_address"] == ["00:50:56:00:00:01", "00:50:56:00:00:02"]
    assert sorted(second.values["ip_address"]) == ["10.0.0.2"]


def test_the_proof_names_tab_and_lines_of_a_joined_cell(home, tmp_path):
    flows.import_files(home, flows.Request((archive(tmp_path, vInfo=INFO, vNetwork=CARDS),)))
    with home.scope.transaction() as connection:
        proof = graph.why(connection, home, assets(home)[0], "mac_address")
    (claim,) = proof.claims
    assert [(cell.tab, cell.line, cell.part) for cell in claim.cells] == [("vInfo", 2, "vNetwork lines 2, 3")]


def test_rows_that_fit_no_machine_are_records_of_their_own(home, tmp_path):
    stray = {"VM": "old99", "Mac Address": "00:50:56:00:00:99", "IPv4 Address": "10.0.0.99", "VM UUID": "4201-99"}
    flows.import_files(home, flows.Request((archive(tmp_path, vInfo=INFO, vNetwork=[*CARDS, stray]),)))
    assert [asset.name for asset in assets(home)] == ["app01", "app02", "old99"]
    assert records(home) == 3


def test_a_later_delivery_replaces_the_parts_too(home, tmp_path):
    flows.import_files(home, flows.Request((archive(tmp_path / "1", vInfo=INFO, vNetwork=CARDS),)))
    later = archive(tmp_path / "2", vInfo=INFO, vNetwork=CARDS[1:])
    done = flows.import_files(home, flows.Request((later,)))
    assert (done.records_new, done.records_changed) == (0, 1)
    assert assets(home)[0].values["mac_address"] == ["00:50:56:00:00:02"]


def test_tabs_in_files_of_a_folder_are_joined_like_those_of_an_archive(home, another, tmp_path):
    tabs = {"vInfo": INFO, "vNetwork": CARDS}
    packed = archive(tmp_path, **tabs)
    for tab, rows in tabs.items():  # another export beside it is not mixed in
        write_csv(tmp_path / "folder" / f"RVTools_tab{tab}.csv", rows, DAY_ONE)
        write_csv(tmp_path / "folder" / f"site2_tab{tab}.csv", [{**row, "VM UUID": "9"} for row in rows[:1]], DAY_ONE)
    done = flows.import_files(home, flows.Request((tmp_path / "folder",)))
    assert [(entry["tab"], entry["status"]) for entry in done.files] == [("vInfo", "read"), ("vNetwork", "joined")] * 2
    assert records(home) == 3
    first = assets(home)[0]
    other = another(home, "archive")
    flows.import_files(other, flows.Request((packed,)))
    assert assets(other)[0].values == first.values
    again = flows.import_files(home, flows.Request((tmp_path / "folder",)))
    assert {entry["status"] for entry in again.files} == {"known"}


def test_a_tab_that_cannot_be_read_does_not_stop_those_beside_it(home, tmp_path):
    write_csv(tmp_path / "RVTools_tabvInfo.csv", INFO, DAY_ONE)
    (tmp_path / "RVTools_tabvNetwork.csv").write_bytes(b"%PDF-1.7")
    done = flows.import_files(home, flows.Request((tmp_path,)))
    assert sorted(entry["status"] for entry in done.files) == ["read", "refused"]
    assert records(home) == 2
