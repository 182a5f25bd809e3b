"""XML by its repeated element: shapes, columns, scans, and what attackers send."""

import os
from pathlib import Path

import pytest

from muniment import evidence
from muniment.base.errors import Rejected

DATA = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[3] / "shared" / "data"))
real_files = pytest.mark.skipif(not DATA.is_dir(), reason="no real exports here: set MUNIMENT_DATA to their folder")


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="a.xml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(evidence.read(path))

    return read_text


def cells(table):
    return [{k: v for k, v in row.items() if v is not None and not k.startswith("_")} for row in table.rows.to_pylist()]


def test_attributes_and_children_become_columns_without_name_spaces(read):
    (table,) = read(
        """<?xml version="1.0"?>
        <s:servers xmlns:s="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
          <s:server id="7"><s:name> db01 </s:name><os family="linux">RHEL 8</os><x xsi:nil="true"/></s:server>
          <s:server id="8"><s:name>db02</s:name><os family="linux"/></s:server>
        </s:servers>"""
    )
    assert cells(table) == [
        {"id": "7", "name": "db01", "os.family": "linux", "os.value": "RHEL 8"},
        {"id": "8", "name": "db02", "os.family": "linux"},
    ]
    assert table.rows["_line"].to_pylist() == [3, 4]
    assert (table.format, table.tab) == ("xml", None)


def test_what_repeats_in_one_record_is_a_list_in_all_and_named_values_become_columns(read):
    (table,) = read(
        "<hosts><host><name>a</name><nic><ip>1.1.1.1</ip></nic><nic><ip>1.1.1.2</ip></nic>"
        '<property name="env">prod</property></host>'
        '<host><name>b</name><nic><ip>1.1.1.3</ip></nic><property name="env">test</property>'
        '<property name="tier">1</property></host></hosts>'
    )
    assert cells(table) == [
        {"name": "a", "nic[].ip": '["1.1.1.1", "1.1.1.2"]', "property.env": "prod"},
        {"name": "b", "nic[].ip": '["1.1.1.3"]', "property.env": "test", "property.tier": "1"},
    ]


def test_several_lists_are_several_tables_and_a_list_of_one_is_a_list(read):
    servers, switches = read(
        '<inventory date="2026"><servers><server><name>a</name></server><server><name>b</name></server></servers>'
        "<switches><switch><name>s</name></switch></switches></inventory>"
    )
    assert (servers.tab, servers.rows.num_rows) == ("servers.server", 2)
    assert (switches.tab, switches.rows.num_rows) == ("switches.switch", 1)
    assert "2026" in servers.details["outside the records"]


def test_one_machine_with_many_disks_is_one_record(read):
    (table,) = read(
        "<report><computer><name>a</name><disk><gb>1</gb></disk><disk><gb>2</gb></disk></computer></report>"
    )
    assert cells(table) == [{"name": "a", "disk[].gb": '["1", "2"]'}]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "cp1252"])
def test_any_encoding_is_read(read, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><l><r><n>Zürich</n></r><r><n>b</n></r></l>'
    (table,) = read(text.encode(encoding))
    assert cells(table)[0] == {"n": "Zürich"}


def test_an_encoding_that_the_document_does_not_keep_is_found_out(read):
    (table,) = read('<?xml version="1.0" encoding="utf-8"?><l><r><n>Zürich</n></r><r/></l>'.encode("cp1252"))
    assert cells(table)[0] == {"n": "Zürich"}


@pytest.mark.parametrize("encoding", ["f-8", "shift_jis", "utf-7", "rot13"])
def test_an_encoding_that_is_not_known_is_found_out(read, encoding):
    (table,) = read(f'<?xml version="1.0" encoding="{encoding}"?><l><r><n>Zürich</n></r><r/></l>')
    assert cells(table)[0] == {"n": "Zürich"}


def test_a_document_that_breaks_off_gives_the_records_before_and_says_so(read):
    (table,) = read("<l><r><n>a</n></r>\n<r><n>b</n></r>\n<r><n>c")
    assert [row["n"] for row in cells(table)] == ["a", "b"]
    (reject,) = table.rejects
    assert reject.reason.startswith("a.xml is not whole XML: no element found in line 3: correct or export it again;")


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
HOSTILE = {
    "billion laughs": LAUGHS,
    "file": '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l><r>&a;</r><r/></l>',
    "network": '<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd"> %a;]><l><r/><r/></l>',
    "quadratic": f'<!DOCTYPE l [<!ENTITY a "{"x" * 50_000}">]><l>{"&a;" * 1000}</l>',
    "defaults": '<!DOCTYPE l [<!ATTLIST r x CDATA "y">]><l><r/><r/></l>',
    "undeclared": '<!DOCTYPE l SYSTEM "l.dtd"><l><r>&a;</r><r/></l>',
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_entities_are_refused(read, attack):
    with pytest.raises(Rejected, match="declares entities or a document type of its own"):
        read(HOSTILE[attack])


def test_a_document_type_that_declares_nothing_is_harmless(read):
    (table,) = read('<!DOCTYPE l PUBLIC "-//x//y" "http://127.0.0.1:9/l.dtd"><l><r><n>a</n></r><r/></l>')
    assert cells(table)[0] == {"n": "a"}


def test_depth_and_variety_are_bounded(read):
    with pytest.raises(Rejected, match="nested deeper than 200 levels"):
        read("<a>" * 100_000)
    with pytest.raises(Rejected, match="more than 20,000 different elements"):
        read("<l>" + "".join(f"<n{number}/>" for number in range(20_001)) + "</l>")
    (table,) = read("<l><r><n>a</n></r><r>" + "<d>" * 100 + "x" + "</d>" * 100 + "</r></l>")
    assert (table.rows.num_rows, len(table.rejects)) == (1, 1)
    assert "nested deeper than 64 levels" in table.rejects[0].reason


@pytest.mark.parametrize("text", ["<a/>", "<l></l>", "<l>text</l>", "<", "<?xml"])
def test_a_document_without_records_is_refused(read, text):
    with pytest.raises(Rejected, match=r"^a\.xml"):
        read(text)


def test_hosts_of_a_scan_that_are_down_are_left_out_and_counted(read):
    (table,) = read(
        '<nmaprun scanner="nmap"><host><status state="down"/><address addr="10.0.0.1" addrtype="ipv4"/></host>'
        '<host endtime="1247268185"><status state="up"/><address addr="10.0.0.2" addrtype="ipv4"/>'
        '<address addr="00:50:56:00:00:01" addrtype="mac" vendor="VMware"/><uptime seconds="60"/>'
        '<os><osmatch name="Linux 5" accuracy="90"><osclass type="general purpose" osfamily="Linux" accuracy="90"/>'
        '</osmatch><osmatch name="Linux 4" accuracy="85"/></os></host></nmaprun>'
    )
    assert cells(table) == [
        {
            "ip addresses": '["10.0.0.2"]',
            "mac addresses": '["00:50:56:00:00:01"]',
            "mac vendor": "VMware",
            "scan status": "up",
            "os": "Linux 5",
            "os accuracy": "90",
            "os family": "Linux",
            "device type": "general purpose",
            "last boot": "2009-07-10T23:22:05+00:00",
            "last seen": "2009-07-10T23:23:05+00:00",
        }
    ]
    assert table.details["left out"] == "1 hosts that are down"


@real_files
def test_a_real_scan_gives_one_record_per_host_with_its_open_ports():
    (table,) = evidence.read(DATA / "inventories" / "nmap" / "complex.xml")
    (host,) = cells(table)
    assert host["os"] == "Linux 2.6.9 - 2.6.24"
    assert host["open ports"] == '["22/tcp", "53/tcp", "80/tcp", "53/udp"]'
    assert '"22/tcp ssh OpenSSH 4.3"' in host["listening"]


@real_files
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("fusion/winter_movie/input/academy_awards.xml", 4580),
        ("fusion/winter_movie/input/actors.xml", 151),
        ("fusion/winter_movie/input/golden_globes.xml", 2279),
        ("columns/it/cherwell_device42.xml", 11),
        ("columns/it/servicenow_device42.xml", 3),
        ("columns/it/samanage_device42.xml", 1),
    ],
)
def test_real_documents_give_their_repeated_element(name, rows):
    (table,) = evidence.read(DATA / name)
    assert (table.rows.num_rows, table.rejects) == (rows, ())
