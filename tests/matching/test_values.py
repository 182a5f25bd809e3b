"""When values say the same thing, and which says more: the cases are data."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.matching import values, values_kinds

CASES = tomllib.loads((Path(__file__).parent / "cases" / "values.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['one']} / {case['other']}")
def test_values_agree_or_not_and_one_says_more(case):
    kind, one, other = case["kind"], case["one"], case["other"]
    assert values.same(kind, one, other) is case["same"]
    assert values.same(kind, other, one) is case["same"]
    more = "one" if values.says_more(kind, one, other) else "other" if values.says_more(kind, other, one) else "neither"
    assert more == case["more"]


@given(st.sampled_from(values.KINDS), st.text(max_size=70), st.text(max_size=70))
def test_any_text_can_be_compared_and_order_does_not_matter(kind, one, other):
    first, second = values.form(kind, one), values.form(kind, other)
    assert values.agreement(kind, first, first) == 1.0
    assert values.agreement(kind, first, second) == pytest.approx(values.agreement(kind, second, first))
    assert 0 <= values.agreement(kind, first, second) <= 1


def test_a_slip_of_the_finger_speaks_for_the_right_spelling_and_another_number_does_not():
    def support(kind, one, other):
        return values.agreement(kind, values.form(kind, one), values.form(kind, other))

    assert 0 < support("text", "Production database", "Prodction database") < 1
    assert support("text", "server 0012", "server 0013") == 0
    assert 0 < support("number", "101.5", "101.4") < 1
    assert 0 < support("moment", "6:15 pm", "18:17") < 1


@pytest.mark.parametrize(
    ("one", "other", "is_slip"),
    [
        ("Carla Dietrich", "arla Dietrich", True),
        ("Carla Dietrich", "Carla Dietrihc", True),
        ("Walter Lorenz", "Walter oLrenz", True),
        ("Carla Dietrich", "Bob Dietrich", False),
        ("Jan Li", "Jon Li", False),
    ],
)
def test_a_slip_of_the_finger_is_one_letter_in_one_word(one, other, is_slip):
    assert values.slip("person", *(values.form("person", text) for text in (one, other))) is is_slip
    assert not values.slip("text", *(values.form("text", text) for text in ("rack 1a", "rack 2a")))


@pytest.mark.parametrize(
    ("header", "texts", "kind"),
    [
        ("dept", ["6:15p", "7:30aDec 8", "12/8/2011 6:15 PM"], "moment"),
        ("bought", ["1999-01-01", "2 Feb 2001"], "moment"),
        ("opened", ["1950-03-02", "1951", "1952-07", "1953"], "moment"),
        ("price", ["$1.2", "3.4", "1,200.5"], "number"),
        ("volume", ["1.2M", "300K"], "number"),
        ("year", ["1999", "2001"], "number"),
        ("director", ["Milos Forman", "Steven Spielberg"], "person"),
        ("authors", ["Doe, John; Roe, Jane", "A B and C D", "John Smith"], "people"),
        ("title", ["Star Wars", "The Godfather"], "text"),
        ("isbn", ["0123456789", "9781234567890"], "text"),
        ("version", ["1.2.3", "1.3"], "version"),
        ("host", ["web01", "db-2.example.com"], "host"),
        ("gate", ["A12", "B3"], "text"),
        ("address", ["10.0.0.1", "10.0.0.2, fe80::1"], "addresses"),
        ("system", ["Windows Server 2019", "Ubuntu 22.04"], "os"),
        ("vendor", ["Dell Inc.", "HP"], "company"),
    ],
)
def test_the_kind_of_a_column_is_told_from_its_values(header, texts, kind):
    assert values_kinds.kind_of(header, texts) == kind
