"""Delimited text: any dialect and encoding, right line numbers, a reject for each bad row."""

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from muniment.base.errors import Rejected
from muniment.evidence.containers import Member
from muniment.evidence.delivery import CELL_LIMIT
from muniment.evidence.read_text import plan, read_at_once, read_by_record, read_text


def read(data, encoding="utf-8"):
    data = data.encode(encoding) if isinstance(data, str) else data
    return read_text(Member("a.csv", data, None, archived=False))


def rows(table):
    return [tuple(row.values()) for row in table.rows.drop(["_line", "_payload"]).to_pylist()]


def lines(table):
    return table.rows.column("_line").to_pylist()


def rejects(table):
    return [(reject.line, reject.reason, reject.excerpt) for reject in table.rejects]


def test_cells_stay_as_written_and_empty_ones_are_null():
    table = read('Name, IP ,Date,N\nsrv1, 10.0.0.1,01/02/03,007\n"",,N/A," "\n')
    assert table.columns == ("Name", "IP", "Date", "N")
    assert rows(table) == [("srv1", " 10.0.0.1", "01/02/03", "007"), (None, None, "N/A", " ")]
    assert table.rows.schema.field("_line").type == "int64"
    assert table.rows.column("_payload").null_count == 2


@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\0\0", "utf-32-le"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_every_usual_encoding_is_told(encoding, mark, found):
    table = read(mark + "name,Größe\nsrv1,“5 €”\n".encode(encoding))
    assert table.columns == ("name", "Größe")
    assert rows(table) == [("srv1", "“5 €”")]
    assert table.details["encoding"] == found


def test_old_macintosh_line_ends_mean_the_macintosh_encoding():
    table = read("name,Größe\rsrv1,ö\r", "mac-roman")
    assert (table.columns, rows(table)) == (("name", "Größe"), [("srv1", "ö")])


def test_bytes_windows_does_not_know_are_kept_as_latin_1():
    table = read(b"name,note\nsrv1,\x81\n")
    assert (rows(table), table.details["encoding"]) == ([("srv1", "\x81")], "latin-1")


def test_a_few_windows_bytes_in_utf_8_are_kept_and_told():
    table = read("name,note\nsrv1,größer\n".encode() + b"srv2,\x80 5\n" + "srv3,Straße\n".encode())
    assert rows(table) == [("srv1", "größer"), ("srv2", "€ 5"), ("srv3", "Straße")]
    assert table.details["encoding"] == "utf-8, 1 bytes read as cp1252"


def test_broken_utf_16_is_read_and_told():
    table = read(b"\xff\xfe" + "name,note\nsrv1,x".encode("utf-16-le") + b"\x00\xd8")
    assert rows(table) == [("srv1", "x\ufffd")]
    assert "replaced" in table.details["encoding"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_delimiter_and_line_end_is_told(delimiter, end):
    text = end.join(["name,note,ip", "srv1,1.5,a", '"srv,2","x ""y""",b', ""]).replace(",", delimiter)
    table = read(text)
    assert rows(table) == [("srv1", "1.5", "a"), (f"srv{delimiter}2", 'x "y"', "b")]
    assert lines(table) == [2, 3]
    assert table.details["delimiter"] == {"\t": "tab"}.get(delimiter, delimiter)
    assert table.format == ("tsv" if delimiter == "\t" else "csv")


def test_decimal_commas_do_not_make_a_comma_file():
    table = read("host;load;price\na;0,5;1,25\nb;1,5;2,25\n")
    assert rows(table) == [("a", "0,5", "1,25"), ("b", "1,5", "2,25")]


def test_the_separator_line_of_excel_counts_as_a_line():
    table = read("sep=|\nname|a;b\nx|y;z\n")
    assert (table.columns, rows(table), lines(table)) == (("name", "a;b"), [("x", "y;z")], [3])


def test_single_quotes_quote_where_they_hold_the_row_together():
    table = read("name,note\nsrv1,'a, b'\nsrv2,it's\n")
    assert rows(table) == [("srv1", "a, b"), ("srv2", "it's")]
    assert rows(read("name,note\nsrv1,'tbd'\n")) == [("srv1", "'tbd'")]
    assert rows(read("'name','note'\n'srv1','tbd'\n")) == [("srv1", "tbd")]


def test_a_backslash_escapes_where_the_rows_say_so_and_is_a_path_elsewhere():
    escaped = read('name,note\nsrv1,"say \\"hi\\", then go"\nsrv2,"x"\n')
    assert rows(escaped) == [("srv1", 'say "hi", then go'), ("srv2", "x")]
    assert escaped.details["escape"] == "\\"
    assert rows(read('name,path\nsrv1,"C:\\temp\\"\nsrv2,\\\\nas\\x\n')) == [
        ("srv1", "C:\\temp\\"),
        ("srv2", "\\\\nas\\x"),
    ]


def test_a_space_before_a_quote_is_no_part_of_the_cell():
    table = read('name, note\nsrv1, "a, b"\nsrv2, "c"\n')
    assert rows(table) == [("srv1", "a, b"), ("srv2", "c")]


def test_lines_are_counted_through_quoted_line_ends_and_blank_lines():
    table = read('name,note\r\na,"1\r\n2\r\n3"\r\n\r\nb,x\r\n,\r\n"c\nd",y\r\ne,z\r\n\r\n')
    assert rows(table) == [("a", "1\r\n2\r\n3"), ("b", "x"), ("c\nd", "y"), ("e", "z")]
    assert lines(table) == [2, 6, 8, 10]
    assert rejects(table) == []


def test_a_row_with_too_many_fields_is_a_reject_and_the_rest_is_read():
    table = read("name,a,b\nsrv1,1,2\nsrv2,1,2,3\nsrv3,1,2,,\nsrv4,1,2\n")
    assert rows(table) == [("srv1", "1", "2"), ("srv3", "1", "2"), ("srv4", "1", "2")]
    assert lines(table) == [2, 4, 5]
    assert rejects(table) == [(3, "line 3 has 4 fields, the header 3: an unquoted delimiter?", "srv2,1,2,3")]


def test_a_few_short_rows_are_rejects_many_are_a_habit():
    good = "x,1,2\n" * 8
    table = read(f"name,a,b\n{good}y,1\n")
    assert (len(rows(table)), [reject.line for reject in table.rejects]) == (8, [10])
    table = read(f"name,a,b\n{good}y,1\nz\n" + "y,1\n" * 2)
    assert rows(table)[8:] == [("y", "1", None), ("z", None, None), ("y", "1", None), ("y", "1", None)]
    assert rejects(table) == []


def test_a_header_too_short_for_all_rows_gets_numbered_columns():
    table = read("name,a\nx,1,2\ny,1,2\n")
    assert table.columns == ("name", "a", "column 3")
    assert rows(table) == [("x", "1", "2"), ("y", "1", "2")]


def test_a_quote_left_open_costs_one_row():
    table = read('name,note\na,"open\nb,2\nc,"x, y"\nd,4\n')
    assert rows(table) == [("b", "2"), ("c", "x, y"), ("d", "4")]
    assert lines(table) == [3, 4, 5]
    assert rejects(table) == [(2, 'the quote (") opened in line 2 is not closed before the end of its cell', 'a,"open')]


def test_a_quote_open_to_the_end_names_the_line_it_opened_in():
    table = read('name,note\na,1\nb,"two\nlines"\nc,"open\nd,4\ne,5')
    assert rows(table) == [("a", "1"), ("b", "two\nlines"), ("d", "4"), ("e", "5")]
    assert rejects(table) == [(5, 'the quote (") opened in line 5 is not closed', 'c,"open')]


def test_a_quote_closed_by_chance_far_below_does_not_swallow_the_rows_between():
    table = read('name,a,b\na,1,"open\nb,1,2\nc,1,""\nd,1,2\n')
    assert [row[0] for row in rows(table)] == ["b", "c", "d"]
    assert [reject.line for reject in table.rejects] == [2]
    table = read('name,a,b\na,1,"open\nb,1,2\nc,1,",2\nd,1,2\n')
    assert [row[0] for row in rows(table)] == ["b", "d"]
    assert [reject.line for reject in table.rejects] == [2, 4]


def test_nul_bytes_cost_their_row():
    table = read("name,a\nx,1\ny,\0\nz,3\n")
    assert rows(table) == [("x", "1"), ("z", "3")]
    assert rejects(table) == [(3, "line 3 holds a NUL byte: damaged on the way?", "y,\\x00")]


def test_a_cell_of_one_megabyte_is_fine_and_one_beyond_the_limit_is_a_reject():
    big = "x" * 2**20
    assert rows(read(f'name,a\nx,{big}\ny,"{big}\n"\n')) == [("x", big), ("y", big + "\n")]
    table = read(f"name,a\nx,{'x' * (CELL_LIMIT + 1)}\ny,2\n")
    assert rows(table) == [("y", "2")]
    assert "longer than 16 MB" in table.rejects[0].reason


def test_more_than_ten_thousand_columns_are_refused():
    assert len(read(",".join(f"c{n}" for n in range(10_000))).columns) == 10_000
    with pytest.raises(Rejected, match="has 10,001 columns, at most 10,000 are read"):
        read(",".join(f"c{n}" for n in range(10_001)))


def test_a_first_row_that_is_clearly_data_is_no_header():
    table = read("srv1,10.0.0.1,2024-01-02,4\nsrv2,10.0.0.2,2024-01-03,8\n")
    assert table.columns == ("column 1", "column 2", "column 3", "column 4")
    assert (lines(table), table.details["header"]) == ([1, 2], "none")


@pytest.mark.parametrize("header", ["Server,2021,2022", "a,b,c", "10.0.0.1 address,x,y", "1,2,3"])
def test_a_first_row_that_could_be_a_header_is_one(header):
    table = read(f"{header}\nx,y,z\n")
    assert table.columns == tuple(header.split(","))
    assert table.details["header"] == "line 1"


def test_a_list_of_names_is_one_column():
    table = read("hostname\nsrv1\nsrv2\n\nsrv3\n")
    assert (rows(table), lines(table)) == ([("srv1",), ("srv2",), ("srv3",)], [2, 3, 5])
    assert table.details["delimiter"] == "none"


def test_a_header_alone_is_a_table_without_rows():
    table = read("name,ip\n")
    assert (table.columns, table.rows.num_rows, table.rejects) == (("name", "ip"), 0, ())


@pytest.mark.parametrize("data", [b"\n\r\n \n", b"\xef\xbb\xbf", b"sep=;\n", b"sep=;\n\n"])
def test_a_file_of_blank_lines_is_empty(data):
    with pytest.raises(Rejected, match=r"a.csv is empty"):
        read(data)


def test_what_is_no_text_is_refused():
    with pytest.raises(Rejected, match=r"a.csv is not text"):
        read(bytes(range(256)) * 4)


def test_many_bad_rows_in_a_long_file_are_all_told():
    text = "name,a,b\n" + "x,1,2\n" * 40_000 + "y,1,2,3\n" * 1_500
    table = read(text)
    assert table.rows.num_rows == 40_000
    assert [reject.line for reject in table.rejects] == list(range(40_002, 41_502))


CELLS = st.text(alphabet="ab1é€,;|\t \"'\n\\.", max_size=6)


@st.composite
def tables(draw):
    width = draw(st.integers(2, 5))
    row = st.lists(CELLS, min_size=width, max_size=width).filter(any)
    return draw(st.lists(row, min_size=1, max_size=8))


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
)
@settings(max_examples=300, deadline=None)
def test_what_a_csv_writer_writes_is_read_back_equal(table, delimiter, end, quoting, encoding):
    if end == "\r":  # the writer of Python 3.11 leaves a line feed bare beside this line end
        table = [[cell.replace("\n", " ") or "x" for cell in row] for row in table]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    header = [f"name {number}" for number in range(len(table[0]))]
    writer.writerows([header, *table])
    if encoding == "cp1252" and end == "\r":
        encoding = "mac-roman"
    found = read(buffer.getvalue().encode(encoding))
    assert list(found.columns) == header
    assert rows(found) == [tuple(cell or None for cell in row) for row in table]
    assert found.rejects == ()
    places = [0]
    for row in [header, *table]:
        places.append(places[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert lines(found) == [place + 1 for place in places[1:-1]]


PIECES = st.sampled_from(
    [
        *("a,b,c", "a,b", "a", "", " ", ",,", "a,b,", "a,b,c,d", "a,b,c,,", "'a',b,c"),
        *('"a","b",c', '"a\nb",c,d', '"a,b",c,d', '"x""y",b,c'),
        *('"', 'a"b,c,d', '"a"b,c,d', "a,\0,c"),
    ]
)


@given(
    pieces=st.lists(PIECES, max_size=30),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    bulk=st.integers(0, 20),
    last=st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_the_fast_way_and_the_exact_way_give_the_same(pieces, end, bulk, last):
    text = end.join(["h,i,j", *["a,b,c"] * bulk, *pieces]) + end * last
    utf8 = text.encode()
    split = plan("a.csv", utf8)
    fast = read_at_once("a.csv", utf8, split)
    assume(fast is not None)
    exact = read_by_record("a.csv", utf8, split)
    assert fast[0].to_pylist() == exact[0].to_pylist()
    assert fast[1] == exact[1]


def test_a_clean_file_and_one_with_a_few_bad_rows_go_the_fast_way():
    for text in ["a,b\n1,2\n", 'a,b\n"1\n2",3\n', "a,b\n" + "1,2\n" * 10 + "1,2,3\n1,2\n"]:
        assert read_at_once("a.csv", text.encode(), plan("a.csv", text.encode())) is not None


@pytest.mark.parametrize("sign", "%#^~")
def test_a_rare_delimiter_is_believed_where_no_other_splits_the_text(sign):
    table = read(sign.join("abc") + "\n" + (sign.join(["1", "x, y", "z"]) + "\n") * 3)
    assert table.columns == ("a", "b", "c")
    assert rows(table)[0] == ("1", "x, y", "z")


def test_percent_signs_in_a_single_column_are_no_delimiter():
    assert read("cpu%\n5%\n6%\n7%\n").columns == ("cpu%",)
