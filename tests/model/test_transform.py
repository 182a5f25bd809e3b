"""Transforms: what each word does to a cell, what is refused, and the small syntax there and back."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment import model
from muniment.base.errors import Rejected
from muniment.model import checks, steps
from muniment.model.vocabulary import CHECKS, READINGS, STEPS

ATTRIBUTES = model.attributes()


def read(attribute, text, cell, cells=None):
    return model.reader(ATTRIBUTES[attribute], model.parse(text), cells or {})(cell)


@pytest.mark.parametrize(
    ("attribute", "transform", "cell", "values"),
    [
        ("memory_mib", "split / take 2 | unit GiB", "4/16", (16384,)),
        ("cpu_count", "split / take 1", "4/16", (4,)),
        ("cpu_count", "split / take -1", "4/16", (16,)),
        ("tags", 'split " and "', "blue and green", ("blue", "green")),
        ("owner", r'part "^(.+) \\(([^)]+)\\)$"', "Ann Bell (ab12)", ("Ann Bell",)),
        ("source_id", r'part "^(.+) \\(([^)]+)\\)$" group 2', "Ann Bell (ab12)", ("ab12",)),
        ("name", 'part "^x(.*)$"', "other", ("other",)),
        ("name", 'part "^x(.*)$" else empty', "other", ()),
        ("environment", "lookup P=production T=test", " p ", ("production",)),
        ("environment", "lookup P=production T=test", "Dev", ("development",)),
        ("installed_on", "date %Y%m%d", "20240301", ("2024-03-01",)),
        ("name", "case upper", "app", ("APP",)),
        ("name", "strip prefix CORP\\\\ suffix .old", "CORP\\app.old", ("app",)),
        ("name", "default nobody", "  ", ("nobody",)),
        ("name", "strip prefix x | default nobody", "x", ("nobody",)),
        ("environment", "constant test", "whatever", ("test",)),
        ("installed_on", "order day-first", "03/01/2024", ("2024-01-03",)),
        ("installed_on", "order month-first", "03/01/2024", ("2024-03-01",)),
        ("memory_mib", "decimal comma | unit GiB", "1,5", (1536,)),
        ("last_seen", "timezone Europe/Berlin", "2024-01-03 12:00", ("2024-01-03T11:00:00Z",)),
        ("cpu_count", "check range min 1 max 512", "64", (64,)),
        ("installed_on", "check range min 2020 max 2024-06", "2024-06-30", ("2024-06-30",)),
        ("status", "check one_of active retired", "In use", ("active",)),
        ("serial", 'check pattern "[A-Z]{3}\\\\d+"', "CZC123", ("CZC123",)),
        ("name", "check type integer", "17", ("17",)),
    ],
)
def test_a_transform_gives_values(attribute, transform, cell, values):
    given_ = read(attribute, transform, cell)
    assert (given_.values, given_.problem) == (values, None)


@pytest.mark.parametrize(
    ("attribute", "transform", "cell", "reason"),
    [
        ("name", 'part "^x(.*)$" else problem', "other", "'other' does not have the expected form"),
        ("environment", "lookup P=production else problem", "Q", "'Q' is not in the table"),
        ("installed_on", "date %Y%m%d", "1.3.2024", "'1.3.2024' is not written as %Y%m%d"),
        ("cpu_count", "check range min 1 max 512", "1024", "1024 is more than 512"),
        ("installed_on", "check range min 2020", "2019-12-31", "2019-12-31 is less than 2020"),
        ("name", "check one_of a b", "c", "'c' is none of a, b"),
        ("name", 'check pattern "[a-z]+"', "a1", "'a1' does not match [a-z]+"),
        ("name", "check type integer", "x7", "'x7' is no integer"),
        ("cpu_count", "split /", "4/16", "2 values where one fits: `take` says which"),
    ],
)
def test_a_value_that_does_not_satisfy_is_reported_and_not_given(attribute, transform, cell, reason):
    given_ = read(attribute, transform, cell)
    assert given_.values == ()
    assert reason in (given_.problem or "")


def test_a_check_that_only_reports_keeps_the_value():
    given_ = read("cpu_count", "check range max 8 keep", "16")
    assert given_.values == (16,)
    assert given_.problem == "16 is more than 8; the value is kept"


def test_a_reference_is_looked_up_in_the_column_and_passes_without_it():
    transform = "check reference Name"
    assert read("host", transform, "ESX1", {"Name": {"esx1"}}).problem is None
    assert "is not in the column 'Name'" in (read("host", transform, "esx2", {"Name": {"esx1"}}).problem or "")
    assert read("host", transform, "esx2").problem is None


@pytest.mark.parametrize(
    "words", [STEPS, READINGS, {f"check {name}": word for name, word in CHECKS.items()}], ids=["do", "read", "check"]
)
def test_every_example_is_one_and_comes_back_as_it_was(words):
    for name, word in words.items():
        document = model.parse(word.example)
        assert model.parse(model.written(document)) == document
        assert word.example.startswith(name)


def test_every_step_and_check_is_carried_out():
    carried_out = {*steps.WORK, "default", "constant"}
    assert carried_out == set(STEPS)
    attribute = ATTRIBUTES["name"]
    for word in CHECKS.values():
        (check,) = model.parse(word.example)["checks"]
        told = checks.failure(check, attribute, "#", ["#"], {"sys_id": {"1"}})
        assert isinstance(told, str)
        assert told or word.name == "range"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("shout", "'shout' is no transform: use one of join, split"),
        ("split", "split needs on; an example: split / take 2"),
        ("split / take 0", "must be a number such as 1, 2 or -1"),
        ("split / into 3", "split cannot take 'into'"),
        ("part '(a' ", "is no regular expression of RE2"),
        (r'part "(a)\\1"', "look-around and back-references do not exist there"),
        ("case lower | join Other", "join must be the first step"),
        ("lookup P", "takes pairs such as P=production"),
        ("case small", "must be one of upper, lower, title"),
        ("check", "check needs one of type, range"),
        ("check range", "says nothing"),
        ("strip", "says nothing"),
        ("timezone Mars", "there is no time zone 'Mars'"),
        ('split "x', "a quote is not closed"),
        ('{"steps": 1}', "steps must be a list"),
        ('{"steps": [{"do": "eval", "code": "1"}]}', "must say 'do' with one of join"),
        ('{"evil": 1}', "a transform has no 'evil'"),
        ('{"unit": 1}', "unit must be a text"),
        ('{"steps": [{"do": "case", "to": "lower", "x": 1}]}', "has no 'x'"),
        ('{"also": [{"steps": []}]}', "names its attribute"),
        ("{", "the transform is no JSON"),
    ],
)
def test_what_is_no_transform_is_refused_with_what_is_one(text, told):
    with pytest.raises(Rejected) as refused:
        model.parse(text)
    assert told in str(refused.value)


texts = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() != "")
documents = st.lists(
    st.one_of(
        st.builds(lambda on, take: {"do": "split", "on": on, "take": take}, texts, st.integers(1, 9)),
        st.builds(lambda names, sep: {"do": "split", "on": names[0] + sep}, st.lists(texts, min_size=1), texts),
        st.builds(lambda a, b: {"do": "strip", "prefix": a, "suffix": b}, texts, texts),
        st.builds(lambda a: {"do": "default", "value": a}, texts),
        st.builds(lambda a: {"do": "lookup", "table": {a.replace("=", "-"): "b"}, "else": "empty"}, texts),
    ),
    min_size=1,
    max_size=4,
)


@given(documents)
def test_any_transform_can_be_written_and_read_again(steps_):
    document = {"steps": steps_, "checks": [{"check": "one_of", "values": ["keep", "min", "a b"], "keep": True}]}
    assert model.parse(model.written(document)) == document


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(Rejected):
        assert isinstance(model.parse(text), dict)


def test_a_hostile_pattern_takes_linear_time():
    started = time.monotonic()
    given_ = read("name", 'part "^(a+)+$" else empty', "a" * 50_000 + "!")
    assert time.monotonic() - started < 2
    assert given_.values == ()


def test_the_schema_knows_every_word():
    properties = model.schema()["properties"]
    assert {one["properties"]["do"]["const"] for one in properties["steps"]["items"]["oneOf"]} == set(STEPS)
    assert {one["properties"]["check"]["const"] for one in properties["checks"]["items"]["oneOf"]} == set(CHECKS)


def test_the_table_in_the_documentation_is_the_closed_list():
    page = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
    rows = {line for line in page.splitlines() if line.startswith("| `")}
    words = [("", STEPS), ("", READINGS), ("check ", CHECKS)]
    assert rows == {
        f"| `{before}{word.name}` | `{word.example}` | {word.help} |"
        for before, list_ in words
        for word in list_.values()
    }
