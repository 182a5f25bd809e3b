"""Workbooks of every form: binary, old, open and protected ones, each made here by the byte."""

import io
import struct
import subprocess
import sys
import zipfile

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from muniment import evidence
from muniment.base.errors import Rejected

ROWS = [["name", "cores", "note"], ["web01", 4, "x"], ["db01", 8.5, "y"]]
EXPECTED = [("web01", "4", "x"), ("db01", "8.5", "y")]


def xlsx(table=ROWS):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        tab = book.add_worksheet("Servers")
        for number, row in enumerate(table):
            tab.write_row(number, 0, row)
    return buffer.getvalue()


def packed(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def ods(body):
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content{spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="Servers">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return packed(
        **{
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": "<manifest/>",
        }
    )


def ods_cell(value, times=1):
    repeat = f' table:number-columns-repeated="{times}"' if times > 1 else ""
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"{repeat}><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"{repeat}/>'


def ods_rows(table=ROWS):
    return "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in table)


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def brt(kind, content=b""):
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(content) & 0x7F | 0x80, len(content) >> 7]) + content


def xlsb(table=ROWS, far=None):
    cells = []
    for number, row in enumerate(table):
        cells.append(brt(0, struct.pack("<I", number) + bytes(21)))
        for column, value in enumerate(row):
            start = struct.pack("<II", column, 0)
            cells.append(
                brt(6, start + wide(value)) if isinstance(value, str) else brt(5, start + struct.pack("<d", value))
            )
    if far:
        cells.append(brt(0, struct.pack("<I", far[0]) + bytes(21)))
        cells.append(brt(5, struct.pack("<IId", far[1], 0, 1.0)))
    sheet = brt(0x81) + brt(0x94, struct.pack("<4I", 0, 9, 0, 9)) + brt(0x91) + b"".join(cells) + brt(0x92)
    book = brt(0x83) + brt(0x8F) + brt(0x9C, struct.pack("<II", 0, 1) + wide("rId1") + wide("Servers"))
    relation = '<Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.bin"/>'
    return packed(
        **{
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.bin": book + brt(0x90) + brt(0x9D) + brt(0x84),
            "xl/_rels/workbook.bin.rels": f"<Relationships>{relation}</Relationships>",
            "xl/worksheets/sheet1.bin": sheet + brt(0x82),
        }
    )


def biff(kind, content=b""):
    return struct.pack("<HH", kind, len(content)) + content


def xls(table=ROWS, far=None, lock=b""):
    sheet = biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    cells = [(row, column, value) for row, line in enumerate(table) for column, value in enumerate(line)]
    for row, column, value in [*cells, *([(*far, 1)] if far else [])]:
        start = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            sheet += biff(0x204, start + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
        else:
            sheet += biff(0x203, start + struct.pack("<d", value))
    sheet += biff(0x0A)
    head = biff(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0)) + lock + biff(0x42, struct.pack("<H", 1200))
    name = b"Servers"
    place = len(head) + 4 + 8 + len(name) + 4
    head += biff(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name) + biff(0x0A)
    return compound(Workbook=head + sheet)


def compound(**streams):
    """Make a compound file ([MS-CFB]) of one stream: a sector of allocations, one of names, the content."""
    ((name, content),) = streams.items()
    content = content.ljust(4096, b"\0")
    count = -(-len(content) // 512)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    fat = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))

    def entry(title, kind, child, start, size):
        text = (title + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)

    names = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(name, 2, 0xFFFFFFFF, 2, len(content)) + bytes(256)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack("<9I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return header + fat + names + content.ljust(count * 512, b"\0")


def protect(data, password):
    buffer = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, buffer)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path):
    def read_bytes(data, **options):
        path = tmp_path / "delivery.dat"
        path.write_bytes(data)
        return list(evidence.read(path, **options))

    return read_bytes


def cells(table):
    return [tuple(row.values())[2:] for row in table.rows.to_pylist()]


@pytest.mark.parametrize(
    ("data", "form"), [(xlsx(), "xlsx"), (xlsb(), "xlsb"), (xls(), "xls"), (ods(ods_rows()), "ods")]
)
def test_every_form_of_workbook_is_read_alike(read, data, form):
    (table,) = read(data)
    assert (table.format, table.tab, table.columns) == (form, "Servers", ("name", "cores", "note"))
    assert cells(table) == EXPECTED


@pytest.mark.parametrize(
    "data",
    [
        xlsb(far=(1_048_575, 16_383)),
        xls(far=(65_535, 65_535)),
        ods(
            f'{ods_rows()}<table:table-row table:number-rows-repeated="1048576">{ods_cell(1, 16_384)}</table:table-row>'
        ),
        ods(
            '<table:table-row table:number-rows-repeated="9999999"/>'
            f"<table:table-row>{ods_cell(1, 999)}</table:table-row>"
        ),
    ],
)
def test_a_stray_cell_far_away_is_refused_in_every_form(read, data):
    with pytest.raises(Rejected, match=r"delete the stray ones far below or right of the data"):
        read(data)


def test_empty_rows_repeated_to_the_end_of_an_ods_do_no_harm(read):
    (table,) = read(ods(f'{ods_rows()}<table:table-row table:number-rows-repeated="1048573"><table:table-cell '
                        'table:number-columns-repeated="16384"/></table:table-row>'))  # fmt: skip
    assert cells(table) == EXPECTED


def test_a_protected_workbook_opens_with_its_password_and_says_so_without(read):
    data = protect(xlsx(), "open sesame")
    (table,) = read(data, passwords=("wrong", "open sesame"))
    assert cells(table) == EXPECTED
    with pytest.raises(Rejected, match=r"it is protected with a password: give its password with --password-file"):
        read(data)
    with pytest.raises(Rejected, match="none of the passwords given opens it") as caught:
        read(data, passwords=("secret-wrong",))
    assert "secret-wrong" not in str(caught.value)


def test_a_workbook_that_is_only_read_only_needs_no_password(read):
    assert cells(read(protect(xlsx(), "VelvetSweatshop"))[0]) == EXPECTED


def test_a_password_that_asks_for_endless_work_is_refused(read):
    data = protect(xlsx(), "x")
    honest = b'  <p:encryptedKey spinCount="100000"'
    assert honest in data
    with pytest.raises(Rejected, match="endless work"):
        read(data.replace(honest, b'<p:encryptedKey spinCount="99999999"'))


def test_a_protected_old_workbook_and_other_old_office_files_are_named(read):
    lock = biff(0x2F, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    with pytest.raises(Rejected, match="it is protected with a password"):
        read(xls(lock=lock))
    with pytest.raises(Rejected, match="is an old Word document"):
        read(compound(WordDocument=b"x"))
    with pytest.raises(Rejected, match="is damaged"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def test_a_protected_workbook_is_told_before_it_is_read(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(protect(xlsx(), "x"))
    assert evidence.is_protected(path)
    path.write_bytes(xlsx())
    assert not evidence.is_protected(path)
    assert not evidence.is_protected(tmp_path / "none.xlsx")


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/workbook.xml", "w") as part:  # in pieces: a child's peak begins with its parent's
            for _ in range(300):
                part.write(bytes(2**20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "make",
    [lambda: xlsb(far=(1_048_575, 16_383)), lambda: xls(far=(65_535, 65_535)), bomb],
    ids=["xlsb", "xls", "bomb"],
)
def test_a_hostile_workbook_is_refused_within_bounded_memory(tmp_path, make):
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(make())
    code = (
        "import resource, sys, pathlib\n"
        "from muniment import evidence\nfrom muniment.base.errors import Rejected\n"
        "try:\n    list(evidence.read(pathlib.Path(sys.argv[1])))\nexcept Rejected:\n"
        "    status = pathlib.Path('/proc/self/status')\n"
        "    own = [line.split()[1] for line in status.read_text().splitlines() if line.startswith('VmHWM')]"
        " if status.exists() else []\n"
        "    print(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"  # not what a parent had
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 500_000 * (1024 if sys.platform == "darwin" else 1)
