"""The normalisers against case files, against any text, and against real exports."""

import json
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from muniment import model

CASES = Path(__file__).parent / "cases"


def _file(name):
    return tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))


FILES = {name: _file(name) for name in ("network", "identifiers", "quantities", "dates", "words")}
OPERATING_SYSTEMS = _file("operating_systems")


def _rows(kind):
    return [
        (attribute, row)
        for content in FILES.values()
        for attribute, entry in content.items()
        if isinstance(entry, dict)
        for row in entry.get(kind, ())
    ]


def _tables(kind):
    return [case for content in FILES.values() for case in content.get(kind, ())]


def _shown(value):
    return repr(value)[:60]


@pytest.mark.parametrize(("attribute", "row"), _rows("reads"), ids=_shown)
def test_a_cell_gives_its_canonical_values(attribute, row):
    raw, *values = row
    read = model.normalise(model.attribute(attribute), raw)
    assert list(read.values) == values
    assert [type(value) for value in read.values] == [type(value) for value in values]


@pytest.mark.parametrize(("attribute", "raw"), _rows("placeholders"), ids=_shown)
def test_a_placeholder_gives_nothing_but_a_note(attribute, raw):
    read = model.normalise(model.attribute(attribute), raw)
    assert read.values == ()
    assert read.note
    assert read.problem is None


@pytest.mark.parametrize(("attribute", "raw"), _rows("problems"), ids=_shown)
def test_an_unreadable_cell_gives_a_problem_that_names_it(attribute, raw):
    read = model.normalise(model.attribute(attribute), raw)
    assert read.values == ()
    assert repr(raw)[1:9].rstrip("'") in read.problem


@pytest.mark.parametrize("case", _tables("derived"), ids=_shown)
def test_a_cell_gives_other_attributes_too(case):
    read = model.normalise(model.attribute(case["attribute"]), case["raw"])
    assert {name: list(values) for name, values in read.derived.items()} == case["gives"]


@pytest.mark.parametrize("case", _tables("context"), ids=_shown)
def test_the_context_of_a_column_decides(case):
    context = model.Context(**case["context"])
    read = model.normalise(model.attribute(case["attribute"]), case["raw"], context)
    assert read.values == (case["value"],)
    assert read.note is None


@pytest.mark.parametrize(("raw", "expected"), OPERATING_SYSTEMS.items(), ids=_shown)
def test_an_operating_system_is_taken_apart(raw, expected):
    read = model.normalise(model.attribute("os"), raw)
    names = ("os_family", "os_version", "os_edition", "os_build")
    said = [read.values[0], *(read.derived.get(name, ("",))[0] for name in names)]
    assert said == expected


def test_a_whole_operating_system_in_the_version_column_gives_os_too():
    read = model.normalise(model.attribute("os_version"), "windows server 2012 R2")
    assert read.values == ("2012 R2",)
    assert read.derived["os"] == ("Microsoft Windows Server 2012 R2",)
    assert model.normalise(model.attribute("os_version"), "10.0.17763").values == ("10.0.17763",)


def test_an_ambiguous_day_carries_a_note():
    read = model.normalise(model.attribute("purchased_on"), "01/02/2024")
    assert read.values == ("2024-01-02",)
    assert "ambiguous" in read.note
    assert model.normalise(model.attribute("purchased_on"), "23/02/2024").note is None


def test_the_unreadable_part_of_a_list_does_not_take_the_rest_with_it():
    read = model.normalise(model.attribute("ip_address"), "10.0.0.1, nonsense, 127.0.0.1")
    assert read.values == ("10.0.0.1",)
    assert "nonsense" in read.problem
    assert "127.0.0.1" in read.note


def test_an_empty_cell_says_nothing_at_all():
    for name in ("description", "ip_address", "memory_mib"):
        assert model.normalise(model.attribute(name), "  \t\n ") == model.Normalised()


def test_a_single_valued_attribute_never_gives_two_values():
    for attribute in model.attributes().values():
        if not attribute.multi:
            read = model.normalise(attribute, "10.0.0.1, 10.0.0.2; 3")
            assert len(read.values) <= 1, attribute.name


def test_what_cannot_be_stored_is_cleaned_away():
    read = model.normalise(model.attribute("description"), "a\x00b\ud800c\u200bd\u00a0e")
    assert read.values == ("abcd e",)


ATTRIBUTES = sorted(model.attributes())
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=" 0123456789.,-/:eE+%'\u00b2\u0664\uff11", max_size=30),
    st.text(alphabet="abcdefABCDEF0123456789:-.{}[]()<>@;|\\\"'", max_size=60),
    st.sampled_from([row[1][0] for row in _rows("reads")] + list(OPERATING_SYSTEMS)),
    st.builds(str.__add__, st.sampled_from([row[1][0] for row in _rows("reads")]), st.text(max_size=6)),
    st.datetimes().map(str),
    st.floats().map(str),
    st.integers().map(str),
    st.ip_addresses().map(str),
    st.lists(st.text(max_size=8), max_size=4).map(json.dumps),
)
CONTEXTS = st.builds(
    model.Context,
    decimal_comma=st.booleans(),
    day_first=st.sampled_from([None, True, False]),
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    unit=st.sampled_from([None, "GB", "mb", "%", "days", "MB/s", "nonsense"]),
)


def _as_cell(attribute, value):
    return json.dumps([value]) if attribute.multi else str(value)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(ATTRIBUTES), HOSTILE, CONTEXTS)
@example("cpu_count", "²", model.Context())
@example("last_seen", "9999-12-31T23:59:59-14:00", model.Context())
@example("last_seen", "0001-01-01", model.Context(timezone="Europe/Berlin"))
@example("hostname", "İSTANBUL", model.Context())
@example("storage_gib", "99999999999999999999 PB", model.Context())
def test_no_text_breaks_a_normaliser_and_its_values_are_plain(name, raw, context):
    attribute = model.attribute(name)
    read = model.normalise(attribute, raw, context)
    assert json.loads(json.dumps(read.values, allow_nan=False)) == list(read.values)
    for other, values in read.derived.items():
        assert other in model.attributes()
        assert all(isinstance(value, str) and value for value in values)
    for value in read.values:
        assert isinstance(value, (str, int, float, bool))
        assert value != ""
        if isinstance(value, str):
            value.encode()
            assert "\x00" not in value


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(ATTRIBUTES), HOSTILE, CONTEXTS)
def test_normalising_a_canonical_value_changes_nothing(name, raw, context):
    attribute = model.attribute(name)
    for value in model.normalise(attribute, raw, context).values:
        again = model.normalise(attribute, _as_cell(attribute, value))
        assert again.values == (value,)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ATTRIBUTES), HOSTILE, CONTEXTS)
def test_derived_values_are_canonical_too(name, raw, context):
    read = model.normalise(model.attribute(name), raw, context)
    for other, values in read.derived.items():
        for value in values:
            again = model.normalise(model.attribute(other), _as_cell(model.attribute(other), value))
            assert again.values == (value,), (other, value)


@pytest.mark.parametrize("text", ["a" * 1_000_000, "1," * 500_000, "(" * 1_000_000, "1 " * 500_000, "[" * 1_000_000])
def test_a_record_of_a_megabyte_takes_no_time(text):
    tried = {attribute.type + str(attribute.multi): attribute for attribute in model.attributes().values()}
    for attribute in tried.values():
        start = time.perf_counter()
        model.normalise(attribute, text)
        assert time.perf_counter() - start < 10, attribute.name


def test_a_time_zone_that_does_not_exist_is_refused():
    with pytest.raises(Exception, match="Mars/Olympus"):
        model.Context(timezone="Mars/Olympus")
