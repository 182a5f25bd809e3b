"""Tables of HTML pages, and workbooks that are HTML by another name."""

import pytest

from muniment import evidence
from muniment.base.errors import Rejected


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="a.xls"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return list(evidence.read(path))

    return read_text


def cells(table):
    return [tuple(row.values())[2:] for row in table.rows.to_pylist()]


def test_a_workbook_that_is_html_is_read_with_spans_entities_and_open_tags(read):
    (table,) = read(
        "<html xmlns:o='urn:x'><style>td {}</style><body><table>\n<tr><td colspan=3>Servers of 2026</td></tr>\n"
        "<tr><th>Name<th>Site<th>IP\n<tr><td>a&amp;b<td rowspan='2'>Z&uuml;rich<td>10.0.0.1<!-- <td>x -->\n"
        "<tr><td>c<br>d<td>10.0.0.2\n<tr><td>e</table>"
    )
    assert table.columns == ("Name", "Site", "IP")
    assert cells(table) == [("a&b", "Zürich", "10.0.0.1"), ("c d", "Zürich", "10.0.0.2"), ("e", None, None)]
    assert table.rows["_line"].to_pylist() == [4, 5, 6]


def test_each_table_of_a_page_is_a_tab_and_layout_without_rows_is_none(read):
    one, two = read(
        "<!doctype html><table><tr><td>menu</td></tr></table><table><tr><td>a<td>b<tr><td>1<td>2</table>"
        "<table><tr><td>c<td>d<tr><td>3<td>4</table><script>if (a<table) {}</script>",
        "a.html",
    )
    assert (one.tab, cells(one), two.tab, cells(two)) == ("table 1", [("1", "2")], "table 2", [("3", "4")])


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><p>Not found</p></body></html>",
        "<html>" + "<table>" * 5_000,
        "<html><table><tr>" + "<td colspan=99999 rowspan=99999>x" * 9,
        "<html>" + "<!" * 500_000,
        "<html>" + "<!--" * 500_000,
        "<html>" + "<a " * 500_000,
        "<html>" + "&#" * 500_000,
    ],
)
def test_a_page_without_a_table_of_rows_is_refused_and_quickly(read, text):
    with pytest.raises(Rejected, match=r"^a\.xls"):
        read(text)
