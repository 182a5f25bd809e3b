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
from muniment.evidence.delivery import Reject, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muniment.evidence.containers import Bound, Member

_READS: Final = "CSV, TSV, XLSX, JSON and JSON lines, each also as .gz or .zip"
_SIGNATURES: Final = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.xls) or one with a password"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh9", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"{\\rtf", "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_OFFICE_PARTS: Final = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint document"),
    ("mimetype", "an OpenDocument file"),
)
_WORKBOOK_PART: Final = "xl/workbook.xml"
_MARKUP: Final = (b"<?xml", b"<!doctype", b"<html")
_TAR: Final = (257, b"ustar")
_JSON_START: Final = re.compile(rb"\{\s*[\"}]|\[\s*[{\[\]]")
_HEAD: Final = 4096


def read(path: Path, bound: Bound = containers.DEFAULT_BOUND) -> Iterator[Table]:
    """Read all tables of one file.

    Of a zip, members that cannot be read come last, each as a `Table` of format "unread" with
    one reject, unless nothing in it can be read.

    Args:
        path: A file; a folder is refused.
        bound: What unpacking an archive may cost.

    Raises:
        Rejected: Nothing in the file can be read; the message names file, reason and cure.
    """
    unread: list[Reject] = []
    found = False
    for member in containers.members(path, bound):
        if isinstance(member, Reject):
            unread.append(member)
            continue
        try:
            for table in _tables(member, bound):
                found = True
                yield table
        except Rejected as error:
            if not member.archived:
                raise
            unread.append(Reject(member.file, None, None, None, str(error), ""))
    if unread and not found:
        raise Rejected(unread[0].reason)
    for reject in unread:
        yield _unread(reject)


def _unread(reject: Reject) -> Table:
    from muniment.evidence.rows import no_rows

    return Table(reject.file, None, "unread", {}, (), no_rows(), (reject,), None)


def _tables(member: Member, bound: Bound) -> Iterator[Table]:
    head = member.data[:_HEAD]
    if head.startswith(b"PK\x03\x04"):
        from muniment.evidence.read_workbook import read_workbook

        _check_office(member)
        yield from read_workbook(member, bound)
        return
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise Rejected(_unknown(member.file, what))
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    name = member.file.lower().removesuffix(".gz")
    if start[:9].lower().startswith(_MARKUP) or (start.startswith(b"<") and name.endswith((".xml", ".html", ".htm"))):
        raise Rejected(_unknown(member.file, "an XML or HTML document"))
    if head[_TAR[0] :].startswith(_TAR[1]):
        raise Rejected(_unknown(member.file, "a tar archive"))
    lines = name.endswith((".jsonl", ".ndjson"))
    if lines or name.endswith(".json") or _JSON_START.match(start):
        from muniment.evidence.read_json import read_json

        yield from read_json(member, lines=lines)
    else:
        from muniment.evidence.read_text import read_text

        yield read_text(member)


def _check_office(member: Member) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(member.data)) as archive:
            parts = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Rejected(f"{member.file} is damaged: export or send it again") from error
    if _WORKBOOK_PART in parts:
        return
    known = (what for part, what in _OFFICE_PARTS if part in parts)
    raise Rejected(_unknown(member.file, next(known, "an Office document without a workbook")))


def _unknown(file: str, what: str) -> str:
    return f"{file} is {what}: export it as one of the forms that are read ({_READS})"
