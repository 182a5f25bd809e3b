import pyarrow as pa
import pytest

from muniment import model
from muniment.mapping.thousands import doubt
from muniment.mapping.transform import infer


def reading(attribute: str, column: str, cells: list[str | None], **defaults) -> dict:
    table = pa.table({column: pa.array(cells, pa.string())})
    return infer(model.attribute(attribute), column, table, defaults)


@pytest.mark.parametrize(
    ("cells", "comma"),
    [
        (["1,5", "2,25"], True),
        (["1.234,5"], True),
        (["1.5", "2.25"], False),
        (["1,234.5"], False),
        (["1,5", "2.5"], False),
        (["16", None], False),
        ([], False),
        (["1,5 GB", "3 GB"], True),
    ],
)
def test_a_decimal_comma_is_seen_in_the_cells(cells, comma):
    assert reading("cpu_usage_percent", "CPU", cells).get("decimal_comma", False) == comma


def test_a_source_that_writes_commas_is_believed():
    assert reading("cpu_usage_percent", "CPU", ["16"], decimal_comma=True) == {"decimal_comma": True}


MEGABYTES = ["8.192", "16.384", "32.768", "65.536"]


@pytest.mark.parametrize(
    ("attribute", "column", "cells", "beside", "read"),
    [
        ("memory_mib", "ram", MEGABYTES, [], {"decimal_comma": True}),
        ("memory_mib", "ram", MEGABYTES, ["1200,50", "99,90"], {"decimal_comma": True}),
        ("memory_mib", "ram", ["7.900", "15.625"], ["1200,50", "100,5 GB"], {"decimal_comma": True}),
        ("memory_mib", "RAM (GB)", ["7.812", "15.625"], [], {"unit": "GB"}),
        ("memory_mib", "RAM MB", ["7.900", "15.625"], [], {"unit": "MB", "decimal_comma": True}),
        ("memory_mib", "ram", ["7.812", "15.625"], [], {"unit": "GiB"}),
        ("memory_mib", "ram", ["8.5", "16.384"], [], {"unit": "GiB"}),
        ("memory_mib", "ram", ["0.512", "16.384"], [], {"unit": "GiB"}),
        ("memory_mib", "ram", ["1.048.576", "16.384"], [], {"decimal_comma": True}),
        ("cpu_count", "cores", ["1.024"], [], {"decimal_comma": True}),
    ],
)
def test_points_before_three_digits_group_thousands_where_decimals_make_no_sense(
    attribute, column, cells, beside, read
):
    table = pa.table({column: cells, "cost": [*beside, *[None] * (len(cells) - len(beside))]})
    found = infer(model.attribute(attribute), column, table, {})
    assert {key: found[key] for key in ("unit", "decimal_comma") if key in found} == read


@pytest.mark.parametrize(
    ("attribute", "column", "cells", "beside", "uncertain"),
    [
        ("memory_mib", "ram", MEGABYTES, [], False),
        ("memory_mib", "ram", ["7.812", "15.625"], [], True),
        ("memory_mib", "ram", ["7.812", "15.6"], [], False),
        ("memory_mib", "ram", ["7.812", "15.625"], ["1,5", "2"], False),
        ("storage_gib", "disk", ["1.024", "2.048"], [], True),
        ("cpu_usage_percent", "cpu", ["12.345"], [], False),
    ],
)
def test_a_column_whose_points_may_be_either_is_not_sure(attribute, column, cells, beside, uncertain):
    table = pa.table({column: cells, "cost": pa.array([*beside, *[None] * (len(cells) - len(beside))], pa.string())})
    assert bool(doubt(model.attribute(attribute), column, table, {})) == uncertain
    assert doubt(model.attribute(attribute), column, table, {"decimal_comma": True}) is None


@pytest.mark.parametrize(
    ("column", "cells", "unit"),
    [
        ("Memory (GB)", ["16"], "GB"),
        ("RAM", ["16", "32", "64"], "GiB"),
        ("RAM", ["16384", "32768", "8"], None),
        ("RAM", ["16 GB", "32 GB"], None),
        ("RAM", [], None),
    ],
)
def test_a_unit_comes_from_the_header_else_from_the_size_of_the_numbers(column, cells, unit):
    assert reading("memory_mib", column, cells).get("unit") == unit


def test_only_memory_is_judged_by_the_size_of_its_numbers():
    assert reading("storage_gib", "Disk", ["16"]) == {}


@pytest.mark.parametrize(
    ("cells", "day_first"),
    [
        (["31/01/2026", "01/02/2026"], True),
        (["01/31/2026", "02/01/2026"], False),
        (["01/02/2026", "03/04/2026"], None),
        (["01.02.2026", "03.04.2026"], True),
        (["31/01/2026", "01/31/2026"], None),
        (["2026-01-31"], None),
        ([], None),
    ],
)
def test_the_order_of_day_and_month_is_read_off_dates_that_can_be_only_one(cells, day_first):
    assert reading("warranty_until", "Warranty", cells).get("day_first") == day_first


@pytest.mark.parametrize("told", [True, False])
def test_a_source_that_tells_its_order_is_believed(told):
    assert reading("warranty_until", "Warranty", ["31.01.2026"], day_first=told) == {"day_first": told}


def test_a_time_zone_is_kept_unless_it_is_utc():
    assert reading("last_seen", "Seen", [], timezone="Europe/Berlin") == {"timezone": "Europe/Berlin"}
    assert reading("last_seen", "Seen", [], timezone="UTC") == {}


def test_words_need_no_reading():
    assert reading("owner", "Owner (GB)", ["1,5", "31.01.2026"], decimal_comma=True, day_first=True) == {}
