"""Steps and checks that cells suggest by themselves; careful, and never taking a value away."""

import pytest

from muniment import model
from muniment.mapping.infer_steps import infer_checks, infer_steps

PEOPLE = ["Ann Bell", "Bo Chan", "Cy Diaz", "Di Egan", "Ed Foy", "Flo Gil"]


def steps(attribute, cells):
    return infer_steps(model.attribute(attribute), cells)


def checks(attribute, counts, **document):
    return infer_checks(model.attribute(attribute), counts, document)


def test_a_list_with_an_unusual_separator_is_split():
    cells = ["blue / green", "red / blue", "red / green", "blue"]
    assert steps("tags", cells) == [{"do": "split", "on": " / "}]
    assert steps("tags", ["blue / green", *PEOPLE]) == []
    assert steps("tags", ["blue / green, red", "a / b", "c / d"]) == []


def test_the_name_is_the_part_before_an_id_in_brackets():
    cells = [f"{name} (x{number}7)" for number, name in enumerate(PEOPLE)]
    (step,) = steps("owner", cells)
    assert step["do"] == "part"
    read = model.reader(model.attribute("owner"), {"steps": [step]})
    assert [read(cell).values for cell in cells] == [(name,) for name in PEOPLE]


@pytest.mark.parametrize(
    "cells",
    [
        [f"Site (x{number})" for number in range(8)],  # the names alone would be one
        [f"{name} (external)" for name in PEOPLE[:5]] + ["Flo Gil (x1)"],
        [f"{name} (x{number})" for number, name in enumerate(PEOPLE[:3])],
        PEOPLE,
    ],
)
def test_brackets_that_tell_things_apart_or_are_no_ids_stay(cells):
    assert not any(step["do"] == "part" for step in steps("site", cells))


def test_a_prefix_or_suffix_that_all_have_is_taken_off():
    assert steps("department", [f"Dept:{name}" for name in PEOPLE]) == [{"do": "strip", "prefix": "Dept:"}]
    assert steps("owner", [f"CORP\\{name}" for name in PEOPLE]) == [{"do": "strip", "prefix": "CORP\\"}]
    assert steps("owner", [f"{name} (external)" for name in PEOPLE]) == [{"do": "strip", "suffix": "(external)"}]


def test_names_that_only_begin_alike_stay_whole():
    assert steps("name", [f"srv-app{number}" for number in range(9)]) == []
    assert steps("hostname", [f"CORP\\app{number}" for number in range(9)]) == []
    assert steps("url", [f"https://{name}" for name in PEOPLE]) == []


def test_codes_of_an_enumeration_are_looked_up_where_each_can_mean_one_value():
    assert steps("status", ["R", "A", "act"]) == [
        {"do": "lookup", "table": {"R": "retired", "A": "active", "act": "active"}}
    ]
    assert steps("migration_strategy", ["REH", "REP"]) == []  # REP may be two
    assert steps("status", ["A", "zebra"]) == []
    assert steps("environment", ["production", "test"]) == []


def test_a_number_before_the_label_of_an_enumeration_is_left_off():
    (step,) = steps("environment", ["07 Test", "04 Production"])
    read = model.reader(model.attribute("environment"), {"steps": [step]})
    assert [read(cell).values for cell in ("07 Test", "04 Production")] == [("test",), ("production",)]


def test_a_range_holds_ten_times_what_was_seen_and_only_reports():
    counts = {str(number): 1 for number in range(1, 33)}
    assert checks("cpu_count", counts) == [{"check": "range", "min": 0, "max": 320, "keep": True}]
    assert checks("cpu_count", {"4": 100, "8": 100}) == []


def test_tags_of_one_shape_are_a_pattern():
    counts = {f"AB-{number:05d}": 1 for number in range(60)}
    assert checks("asset_tag", counts) == [{"check": "pattern", "pattern": r"[A-Z]{2}\-[0-9]{5}", "keep": True}]
    assert checks("asset_tag", {**counts, "x": 1}) == []


def test_a_few_values_of_many_rows_are_an_enumeration():
    assert checks("site", {"Berlin": 150, "Leeds": 60}) == [
        {"check": "one_of", "values": ["Berlin", "Leeds"], "keep": True}
    ]
    assert checks("site", {"Berlin": 150, "Leeds": 60, "Oslo": 1}) == []
    assert checks("site", {"Berlin": 15, "Leeds": 6}) == []


def test_what_is_inferred_is_a_valid_transform():
    for attribute in model.attributes().values():
        cells = [f"Dept:{name} (x{number}7)" for number, name in enumerate(PEOPLE)]
        document = {"steps": infer_steps(attribute, cells), "checks": checks(attribute.name, dict.fromkeys(cells, 99))}
        assert model.validated(document) == document
