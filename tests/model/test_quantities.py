"""Units in headers."""

import pytest

from muniment import model


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("Memory (GB)", "GB"),
        ("Memory [MB]", "MB"),
        ("RAM (Go)", "Go"),
        ("Provisioned MiB", "MiB"),
        ("Total disk capacity MiB", "MiB"),
        ("Size MiB (total)", "MiB"),
        ("SizeInMiB", "MiB"),
        ("MemoryMB", "MB"),
        ("disk_mb", "mb"),
        ("ansible_memtotal_mb", "mb"),
        ("Disk 1 size (In GB)", "GB"),
        ("Disk 1 read throughput (MB per second)", "MB/s"),
        ("Disk read bytes/sec", "B/s"),
        ("Bits/s", "bit/s"),
        ("CPU MHz", "MHz"),
        ("Uptime (days)", "days"),
        ("rto hours", "hours"),
        ("CPU usage %", "%"),
        ("Power (W)", "W"),
        ("disk_read_mbps", None),
        ("Name", None),
        ("VolumeSize", None),
        ("Time to repair", None),
        ("gbic", None),
        ("", None),
        ("GB" * 5000, None),
    ],
)
def test_a_header_shows_its_unit(header, unit):
    assert model.unit_in_header(header) == unit


def test_the_unit_of_a_header_is_one_a_context_takes():
    for header, expected in (("RAM (Go)", 2048), ("ansible_memtotal_mb", 2), ("mem_kb", 0.002)):
        context = model.Context(unit=model.unit_in_header(header))
        assert model.normalise(model.attribute("memory_mib"), "2", context).values == (expected,)
