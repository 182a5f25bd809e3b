"""Workbooks: every visible tab, cells as the text they stand for, no way to exhaust memory."""

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter

from muniment.base.errors import Rejected
from muniment.evidence.containers import Bound, Member
from muniment.evidence.read_workbook import read_workbook


def workbook(fill):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": dt.datetime(2024, 5, 6, 7, 8, 9)})  # noqa: DTZ001 it wants no zone
        fill(book)
    return buffer.getvalue()


def sheet(*rows, at=(0, 0)):
    def fill(book):
        tab = book.add_worksheet("Tab")
        for number, row in enumerate(rows):
            tab.write_row(at[0] + number, at[1], row)

    return workbook(fill)


def replaced(data, part, old, new):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            assert name != part or old in text
            target.writestr(name, text.replace(old, new) if name == part else text)
    return buffer.getvalue()


def with_cell(cell):
    part = "xl/worksheets/sheet1.xml"
    return replaced(sheet(["a", "b"], [1, 2]), part, b"</sheetData>", cell + b"</sheetData>")


def read(data, **options):
    return list(read_workbook(Member("a.xlsx", data, None, archived=False), **options))


def rows(table):
    return [tuple(row.values()) for row in table.rows.drop("_payload").to_pylist()]


def test_cells_are_the_text_they_stand_for():
    day = dt.datetime(2024, 1, 2)  # noqa: DTZ001 a workbook knows no zone
    values = ["text", 5, 1.5, 0.1, 12345678901, True, day, day.replace(hour=3, minute=4), "", "007"]
    (table,) = read(sheet([f"c{n}" for n in range(10)], values))
    assert rows(table) == [
        (
            2,
            "text",
            "5",
            "1.5",
            "0.1",
            "12345678901",
            "true",
            "2024-01-02",
            "2024-01-02T03:04:00",
            None,
            "007",
        )
    ]
    assert (table.file, table.tab, table.format, table.rejects) == ("a.xlsx", "Tab", "xlsx", ())
    assert table.rows.schema.field("c1").type == "string"


def test_times_durations_and_errors():
    def fill(book):
        tab = book.add_worksheet()
        tab.write_row(0, 0, ["time", "duration", "error", "text"])
        tab.write_datetime(1, 0, dt.time(3, 4), book.add_format({"num_format": "hh:mm"}))
        tab.write_number(1, 1, 1.5, book.add_format({"num_format": "[h]:mm"}))
        tab.write_formula(1, 2, "=NA()", None, "#N/A")
        tab.write_string(1, 3, "#N/A")

    (table,) = read(workbook(fill))
    assert rows(table) == [(2, "03:04:00", "36:00:00", "#N/A", "#N/A")]


def test_each_visible_tab_with_a_header_is_a_table():
    def fill(book):
        book.add_worksheet("vInfo").write_row(0, 0, ["VM", "CPUs"])
        book.add_worksheet("empty")
        hidden = book.add_worksheet("hidden")
        hidden.write_row(0, 0, ["a"])
        hidden.hide()
        book.add_chartsheet("chart")
        book.add_worksheet("vHost").write_row(0, 0, ["Host"])

    tables = read(workbook(fill))
    assert [(table.tab, table.columns, table.rows.num_rows) for table in tables] == [
        ("vInfo", ("VM", "CPUs"), 0),
        ("vHost", ("Host",), 0),
    ]


def test_empty_rows_and_columns_around_and_between_are_skipped_lines_are_kept():
    (table,) = read(sheet(["a", "", "c", ""], ["", "", "", ""], ["1", "", "3", " "], ["x"], at=(3, 2)))
    assert table.columns == ("a", "column 2", "c", "column 4")
    assert rows(table) == [(6, "1", None, "3", " "), (7, "x", None, None, None)]
    (table,) = read(sheet(["a", "", ""], ["1", "", ""], at=(3, 2)))
    assert table.columns == ("a",)
    assert table.details == {"header": "row 4"}


def test_the_date_of_the_workbook_is_when_it_was_saved():
    (table,) = read(sheet(["a"]))
    assert table.observed == dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)


def test_a_workbook_without_any_header_is_empty():
    with pytest.raises(Rejected, match=r"a.xlsx is empty: no visible tab has a header row"):
        read(sheet())


@pytest.mark.parametrize(
    "cell",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="5"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row r='1048576'><c\nr = 'XFD1048576'><v>1</v></c></row>",
        b'<row r="1048576"><c r="XFD3"/><c><v>1</v></c></row>',
        b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>',
        b'<row r="99999999999"><c r="ZZZZZ99999999999"><v>1</v></c></row>',
    ],
)
def test_a_stray_cell_far_away_is_refused_before_it_takes_all_memory(cell):
    with pytest.raises(Rejected, match=r"delete the stray ones far below or right of the data"):
        read(with_cell(cell))


@pytest.mark.parametrize(
    "cell",
    [
        b'<row r="1048575" ht="12.75"></row><row r="1048576"><c r="XFD1048576" s="1"></c></row>',
        b'<row r="1048576"><c r="XFD1048576" s="1"/></row>',
    ],
)
def test_formats_reaching_to_the_end_of_the_sheet_do_no_harm(cell):
    (table,) = read(with_cell(cell))
    assert rows(table) == [(2, "1", "2")]


def test_a_nul_costs_its_row():
    data = replaced(sheet(["a", "b"], ["xNULx", "1"], ["y", "2"]), "xl/sharedStrings.xml", b"NUL", b"_x0000_")
    (table,) = read(data)
    assert rows(table) == [(3, "y", "2")]
    (reject,) = table.rejects
    assert (reject.line, reject.tab, reject.excerpt) == (2, "Tab", "x\\x00x | 1")


def test_a_broken_tab_is_a_reject_and_the_others_are_read():
    def fill(book):
        for name in ("bad", "good"):
            book.add_worksheet(name).write_row(0, 0, ["a"])

    bad, good = read(replaced(workbook(fill), "xl/worksheets/sheet1.xml", b"</sheetData>", b""))
    assert (bad.tab, bad.columns, bad.rows.num_rows) == ("bad", (), 0)
    assert bad.rejects[0].reason.startswith("tab bad cannot be read")
    assert good.columns == ("a",)


def test_a_damaged_or_bloated_workbook_is_rejected():
    data = sheet(["a"], ["x" * 30_000])
    with pytest.raises(Rejected, match=r"a.xlsx is damaged or cut off"):
        read(data[:-100])
    with pytest.raises(Rejected, match=r"a.xlsx cannot be read"):
        read(replaced(data, "xl/workbook.xml", b"<sheets>", b"<sh"))
    with pytest.raises(Rejected, match=r"a.xlsx looks like a zip bomb"):
        read(data, bound=Bound(ratio=2, ratio_from=1_000))


def test_a_failed_formula_is_kept_as_what_the_workbook_shows_and_on_its_own_tab():
    def fill(book):
        book.add_worksheet("Plain").write_row(0, 0, ["Name", "Owner"])
        tab = book.add_worksheet("Parts & pieces")
        tab.write_row(2, 1, ["Name", "Owner", "RAM"])
        tab.write_row(3, 1, ["app01", "Ann Bell"])
        tab.write_formula(3, 3, '=IF(1<2,VLOOKUP("x",A1:B2,2,0),"")', None, "#N/A")
        tab.write_formula(4, 1, "=A1/0", None, "#DIV/0!")
        tab.write_row(4, 2, ["#N/A", 16])

    plain, tab = list(read_workbook(Member("a.xlsx", workbook(fill), None, archived=False)))
    assert plain.rows.num_rows == 0
    assert tab.rows.select(["Name", "Owner", "RAM"]).to_pylist() == [
        {"Name": "app01", "Owner": "Ann Bell", "RAM": "#N/A"},
        {"Name": "#DIV/0!", "Owner": "#N/A", "RAM": "16"},
    ]
