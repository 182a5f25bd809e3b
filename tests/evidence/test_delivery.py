"""What a read file is made of: names, excerpts, layouts."""

import pytest

from muniment import evidence
from muniment.evidence.delivery import excerpt, name_columns
from muniment.evidence.rows import no_rows


def table(columns, tab=None):
    return evidence.Table("a.csv", tab, "csv", {}, tuple(columns), no_rows(tuple(columns)), (), None)


def test_headers_are_trimmed_filled_and_made_unique():
    header = [" Name ", "", "Name", "name", "Name", "\ufeffIP\n", "column 2"]
    assert name_columns(header) == ("Name", "column 2", "Name (2)", "name", "Name (3)", "IP", "column 2 (2)")


def test_a_source_cannot_take_the_reserved_names():
    assert name_columns(["_line", "_payload"]) == ("_line (2)", "_payload (2)")


def test_an_excerpt_is_one_line_of_at_most_200_characters():
    assert excerpt("a\tb\r\n\0é\u202e\ud800") == "a\\tb\\r\\n\\x00é\\u202e\\ud800"
    assert len(excerpt("x" * 200)) == 200
    assert excerpt("x" * 201) == "x" * 199 + "…"
    assert len(excerpt("\0" * 100)) == 200


def test_a_layout_is_known_again_whatever_the_order_and_case():
    layout = evidence.layout_of(table(["Name", "IP"]))
    assert layout == evidence.layout_of(table(["ip", "NAME"]))
    assert len(layout) == 16
    assert int(layout, 16) >= 0


@pytest.mark.parametrize("other", [table(["Name"]), table(["Name", "IP", "OS"]), table(["Name", "IP"], tab="vInfo")])
def test_other_columns_or_another_tab_are_another_layout(other):
    assert evidence.layout_of(other) != evidence.layout_of(table(["Name", "IP"]))
