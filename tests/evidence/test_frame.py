"""Where a table begins and ends: banners above it, the header again, totals and notes below."""

import io

import pytest
import xlsxwriter

from muniment.evidence.containers import Member
from muniment.evidence.read_text import read_text
from muniment.evidence.read_workbook import read_workbook

HEADER = ["Host", "IP", "OS", "RAM", "Owner"]
BODY = [[f"srv{n}", f"10.0.0.{n}", "Linux", str(4 * n), "ann"] for n in range(1, 13)]
FRAMES = [
    ([["Acme server report"], ["Exported on 2024-01-02"], []], [], 3),
    ([["Acme, Inc. servers"]], [], 1),
    ([["Report of", "2024-01-02"], []], [["Total", "", "", "312", ""]], 2),
    ([["# made by a tool 1.2"], ["# on 2024-01-02"]], [], 2),
    ([], [["Total"], [], ["Source: the asset database"]], 0),
    ([], [["Grand total:", "", "", "312", ""], ["* RAM in GB"]], 0),
    ([], [["(12 rows)"]], 0),
    ([], [["Summe", "", "", "=SUM(D2:D13)", ""], ["12 Server gesamt"]], 0),
    ([], [["Total: 12 servers"]], 0),
    ([], [["Gesamtsumme", "", "", "312 GB", ""], ["Anzahl Server: 12"]], 0),
    ([], [["Celkem", "", "", "312", ""], ["Razem"], ["Totaal"], ["Somma"], ["in total", "", "", "1"]], 0),
]


def csv_of(rows, delimiter):
    return "".join(delimiter.join(row) + "\r\n" for row in rows)


def of_text(text):
    data = text.encode() if isinstance(text, str) else text
    return read_text(Member("a.csv", data, None, archived=False))


def of_sheet(rows, merges=()):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        tab = book.add_worksheet("Tab")
        for number, row in enumerate(rows):
            tab.write_row(number, 0, row)
        for merge in merges:
            tab.merge_range(*merge)
    (table,) = read_workbook(Member("a.xlsx", buffer.getvalue(), None, archived=False))
    return table


def cells(table):
    return [["" if cell is None else cell for cell in row.values()][2:] for row in table.rows.to_pylist()]


@pytest.mark.parametrize(("above", "below", "skipped"), FRAMES)
@pytest.mark.parametrize("form", [",", ";", "\t", "sheet"])
def test_what_is_around_a_table_is_told_from_it(above, below, skipped, form):
    rows = [*above, HEADER, *BODY, *below]
    table = of_sheet(rows) if form == "sheet" else of_text(csv_of(rows, form))
    assert table.columns == tuple(HEADER)
    assert cells(table) == BODY
    assert table.rejects == ()
    assert table.details["header"].split()[1] == str(skipped + 1)
    around = [line for line, row in enumerate(rows, 1) if row and row is not HEADER and row not in BODY]
    assert [f"line {line}: " in table.details["left out"] for line in around] == [True] * len(around)
    assert table.details["left out"].count("line ") == len(around)


@pytest.mark.parametrize("form", [",", "sheet"])
def test_a_header_said_again_is_no_row(form):
    rows = [HEADER, *BODY[:6], HEADER, *BODY[6:]]
    table = of_sheet(rows) if form == "sheet" else of_text(csv_of(rows, form))
    assert cells(table) == BODY
    assert table.details["left out"] == 'line 8: the header again ("Host | IP | OS | RAM | Owner")'


@pytest.mark.parametrize(
    "rows",
    [
        [["Host", "IP", "Note"], ["total", "10.0.0.1", "x"], ["sum01", "10.0.0.2", ""], ["total-db", "", ""]],
        [["Name"], ["Total"], ["Notes"]],
        [["Host", "IP", "RAM"], ["web", "10.0.0.2", "4"], ["total", "10.0.0.1", "16"]],
        [["Host", "Serial", "RAM"], ["web", "123", "4"], ["total", "124", "16"]],
        [["Host", "IP", "RAM"], ["web", "10.0.0.2", "4"], ["gesamt-db", "", "16"]],
        [["Host", "", ""], ["a", "1", "2"], ["b", "3", "4"]],
        [["Host", "IP"], ["Source", "10.0.0.1"], ["lonely", ""]],
        [["Group", "Members"], ["everyone", "9"], ["count-01", "12"]],
    ],
)
def test_what_may_be_data_stays_data(rows):
    assert cells(of_sheet(rows)) == rows[1:]


def test_a_table_without_a_header_gets_numbered_columns_and_says_so():
    for table in (of_text(csv_of(BODY, ",")), of_sheet(BODY)):
        assert table.columns == tuple(f"column {n}" for n in range(1, 6))
        assert table.details["header"] == "none"
        assert cells(table) == BODY


def test_a_list_of_names_with_commas_stays_one_column():
    table = of_text("Name\nSmith, John\nDoe, Jane\nBlack, Jack\n")
    assert (table.columns, len(cells(table))) == (("Name",), 3)


def test_a_title_merged_over_the_table_is_no_header():
    table = of_sheet([[], HEADER, *BODY], [(0, 0, 0, 4, "Servers of Acme")])
    assert table.columns == tuple(HEADER)
    assert table.details["left out"] == 'line 1: above the header ("Servers of Acme")'


def test_groups_merged_over_two_header_rows_become_part_of_the_names():
    rows = [["Host"], ["", "Size", "Kind", "Size", "Kind"], ["a", 1, "x", 2, "y"], ["b", 3, "x", 4, "y"]]
    table = of_sheet(rows, [(0, 0, 1, 0, "Host"), (0, 1, 0, 2, "Disk 1"), (0, 3, 0, 4, "Disk 2")])
    assert table.columns == ("Host", "Disk 1 Size", "Disk 1 Kind", "Disk 2 Size", "Disk 2 Kind")
    assert table.details["header"] == "rows 1 and 2"
    assert cells(table) == [["a", "1", "x", "2", "y"], ["b", "3", "x", "4", "y"]]


def test_a_value_merged_over_rows_holds_for_each():
    rows = [["Site", "Host"], ["", "a"], ["", "b"], ["Rome", "c"]]
    table = of_sheet(rows, [(1, 0, 2, 0, "Oslo")])
    assert cells(table) == [["Oslo", "a"], ["Oslo", "b"], ["Rome", "c"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_line_end_and_delimiter_together(encoding, end, delimiter):
    rows = [["Host", "Eigentümer", "Ort"], ["a", "Müller", "Köln"], ["b", "Jörg", "Zürich"]]
    text = end.join(delimiter.join(row) for row in rows) + end
    table = of_text(text.encode(encoding))
    assert table.columns == tuple(rows[0])
    assert cells(table) == rows[1:]


def test_a_line_that_names_the_delimiter_is_believed():
    table = of_text("sep=;\r\nHost;Note\r\na;1,5\r\nb;2,5\r\n")
    assert (table.columns, cells(table)) == (("Host", "Note"), [["a", "1,5"], ["b", "2,5"]])
