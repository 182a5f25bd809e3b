"""Reads a delivered file, whatever it is: the one way into the readers of this folder.

Called by the import flow. The format is told by the content first and the name second; what
cannot be read is rejected with the sentence what to do, and never stops what can.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Final

from muniment.base.errors import Rejected
from muniment.evidence import containers
from muniment.evidence.delivery import Reject, Table, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from muniment.evidence.containers import Bound, Member

_READS: Final = (
    "CSV, TSV, XLSX, XLSB, XLS, ODS, JSON, JSON lines, XML, HTML tables, Parquet, Arrow, SQLite; "
    "each also compressed or in an archive"
)
_SIGNATURES: Final = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"Obj\x01", "an Avro file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"FEA1", "a Feather file of the first version"),
    (b"{\\rtf", "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_OFFICE_PARTS: Final = (
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint document"),
    ("mimetype", "an OpenDocument file that is no sheet"),
)
_WORKBOOK_PARTS: Final = frozenset({"xl/workbook.xml", "xl/workbook.bin"})
_SHEET: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_HTML: Final = re.compile(rb"<(!doctype\s+html|html|head|body|table|meta\s+(http-equiv|charset))[\s>=]", re.IGNORECASE)
_MARKUP: Final = re.compile(rb"<(\?xml|!--|!doctype|[a-z_][\w.:-]*[\s/>])", re.IGNORECASE)
_COLUMNAR: Final = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")
_SQLITE: Final = b"SQLite format 3\0"
_PROSE: Final = (".md", ".markdown", ".rst", ".adoc")
_JSON_START: Final = re.compile(rb"\{\s*[\"}]|\[\s*[{\[\]]")
_COMPOUND: Final = b"\xd0\xcf\x11\xe0"
_HEAD: Final = 4096


def read(path: Path, bound: Bound = containers.DEFAULT_BOUND, passwords: Sequence[str] = ()) -> Iterator[Table]:
    """Read all tables of one file.

    Of an archive, members that cannot be read come last, each as a `Table` of format "unread" with
    one reject, unless nothing in it can be read.

    Args:
        path: A file; a folder is refused.
        bound: What unpacking an archive may cost.
        passwords: Tried on workbooks that are protected.

    Raises:
        Rejected: Nothing in the file can be read; the message names file, reason and cure.
    """
    unread: list[Reject] = []
    found = False
    try:
        for member in containers.members(path, bound):
            if isinstance(member, Reject):
                unread.append(member)
                continue
            try:
                for table in _tables(member, bound, passwords):
                    found = True
                    yield table
            except Rejected as error:
                if not member.archived:
                    raise
                unread.append(Reject(member.file, None, None, None, str(error), ""))
    except Rejected as error:
        if not found:
            raise
        unread.append(Reject(excerpt(path.name), None, None, None, str(error), ""))
    if unread and not found:
        raise Rejected(unread[0].reason)
    for reject in unread:
        yield _unread(reject)


def _unread(reject: Reject) -> Table:
    from muniment.evidence.rows import no_rows

    return Table(reject.file, None, "unread", {}, (), no_rows(), (reject,), None)


def _tables(member: Member, bound: Bound, passwords: Sequence[str]) -> Iterator[Table]:
    from muniment.evidence.rows import checked

    found = False
    for table in _read(member, bound, passwords):
        found = True
        yield checked(table)
    if not found:
        raise Rejected(f"{member.file} is empty: it holds no table, export it again")


def _read(member: Member, bound: Bound, passwords: Sequence[str]) -> Iterator[Table]:
    head = member.data[:_HEAD]
    if head.startswith((b"PK\x03\x04", _COMPOUND)):
        from muniment.evidence.read_workbook import read_workbook

        if not head.startswith(_COMPOUND):
            _check_office(member)
        return read_workbook(member, bound, passwords)
    if head.startswith(_COLUMNAR):
        from muniment.evidence.read_arrow import read_arrow

        return read_arrow(member, bound)
    if head.startswith(_SQLITE):
        from muniment.evidence.read_sqlite import read_sqlite

        return read_sqlite(member)
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise Rejected(_unknown(member.file, what))
    return _read_text(member, head)


def _read_text(member: Member, head: bytes) -> Iterator[Table]:
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    name = containers.plain_name(member.file)
    if _HTML.match(start) or (start.startswith(b"<") and name.endswith((".html", ".htm"))):
        from muniment.evidence.read_html import read_html

        return read_html(member)
    if _MARKUP.match(start) or (start.startswith(b"<") and name.endswith(".xml")):
        from muniment.evidence.read_xml import read_xml

        return read_xml(member)
    lines = name.endswith((".jsonl", ".ndjson"))
    if lines or name.endswith(".json") or _JSON_START.match(start):
        from muniment.evidence.read_json import read_json

        return read_json(member, lines=lines)
    if name.endswith(_PROSE):
        raise Rejected(_unknown(member.file, "a text for people, not a table"))
    from muniment.evidence.read_text import read_text

    return iter((read_text(member),))


def _check_office(member: Member) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(member.data)) as archive:
            parts = set(archive.namelist())
            sheet = (
                "content.xml" in parts and "mimetype" in parts and archive.open("mimetype").read(99).startswith(_SHEET)
            )
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Rejected(f"{member.file} is damaged: export or send it again") from error
    if sheet or not _WORKBOOK_PARTS.isdisjoint(parts):
        return
    known = (what for part, what in _OFFICE_PARTS if part in parts)
    raise Rejected(_unknown(member.file, next(known, "an Office document without a workbook")))


def _unknown(file: str, what: str) -> str:
    return f"{file} is {what}: export it as one of the forms that are read ({_READS})"
