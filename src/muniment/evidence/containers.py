"""Opens what a delivery came in: a plain file, a .gz, or a .zip with several files.

Called by `read` only. Nothing is ever written to disk, so a member's path is only a name;
what an archive may expand to is bounded before and while it is unpacked.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from muniment.base.errors import Rejected
from muniment.evidence.delivery import Reject, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MIB: Final = 1024 * 1024
_CHUNK: Final = 4 * _MIB
_ENCRYPTED_FLAG: Final = 0x1
_DAMAGED: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
)
# a workbook or document is a zip too: told by the members it must have
_OFFICE_MEMBERS: Final = frozenset({"[Content_Types].xml", "mimetype"})


@dataclass(frozen=True, slots=True)
class Bound:
    """What unpacking may cost.

    A file beyond `total` bytes, or beyond `ratio` times its packed size once it is larger
    than `ratio_from` bytes, is refused. Text rarely packs better than 50 to 1; the bombs in
    circulation reach 1,000 to 1 per layer.
    """

    ratio: int = 200
    ratio_from: int = 256 * _MIB
    total: int = 4 * 1024 * _MIB

    def allows(self, size: int, packed: int) -> bool:
        """Tell whether `packed` bytes may become `size` bytes."""
        return size <= self.total and (size <= self.ratio_from or size <= packed * self.ratio)


DEFAULT_BOUND: Final = Bound()


@dataclass(frozen=True, slots=True)
class Member:
    """One file's content with the name it is shown by.

    Attributes:
        file: Display name, "delivery.zip!inner.csv" inside an archive.
        data: The bytes, unpacked.
        observed: The archive's date of this member, taken as UTC (a zip knows no zone).
        archived: Whether it came out of a zip, so that other members may still be read.
    """

    file: str
    data: bytes
    observed: datetime | None
    archived: bool


def members(path: Path, bound: Bound = DEFAULT_BOUND) -> Iterator[Member | Reject]:
    """Give every file in `path`; a member of a zip that cannot be unpacked is a `Reject`.

    Raises:
        Rejected: The file is missing, unreadable, empty, damaged or expands beyond `bound`.
    """
    file = excerpt(path.name)
    data = _load(path, file, bound)
    kind = archive_kind(data)
    if kind == "zip":
        yield from _unzip(file, data, bound)
        return
    if kind == "gzip":
        data = _gunzip(file, data, bound)
        if archive_kind(data) is not None:
            raise Rejected(f"{file} holds another archive: unpack the inner one and import its files")
    if not data:
        raise Rejected(f"{file} is empty: nothing was exported, export it again")
    yield Member(file, data, None, archived=False)


def archive_kind(data: bytes) -> str | None:
    """Tell "gzip" and "zip" by content; an office document is no archive here."""
    if data.startswith(b"\x1f\x8b"):
        return "gzip"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not _is_office(data):
        return "zip"
    return None


def unpacked(file: str, data: bytes, bound: Bound = DEFAULT_BOUND) -> Iterator[tuple[str, bytes]]:
    """Give the parts of a zip-based document as (name, piece of at most 4 MiB).

    Reading it to the end proves that it is whole and expands no further than `bound`, which
    the sizes it declares do not.

    Raises:
        Rejected: It expands too far or is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_declared(file, len(data), archive.infolist(), bound)
            for info in archive.infolist():
                with archive.open(info) as part:
                    while piece := part.read(_CHUNK):
                        yield info.filename, piece
    except _DAMAGED as error:
        raise Rejected(_damaged(file, error)) from error


def _load(path: Path, file: str, bound: Bound) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise Rejected(f"{file} is a folder: name the files in it")
        if size > bound.total:
            limit = bound.total // (1024 * _MIB)
            raise Rejected(f"{file} is larger than {limit} GiB: split it and import the parts")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise Rejected(f"{file} does not exist: check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Rejected(f"{file} cannot be opened ({reason}): check its permissions") from error
    if not data:
        raise Rejected(f"{file} is empty: nothing was exported, export it again")
    return data


def _gunzip(file: str, data: bytes, bound: Bound) -> bytes:
    unpacked = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += chunk
                if not bound.allows(len(unpacked), len(data)):
                    raise Rejected(_bomb(file))
    except _DAMAGED as error:
        raise Rejected(_damaged(file, error)) from error
    return bytes(unpacked)


def _unzip(file: str, data: bytes, bound: Bound) -> Iterator[Member | Reject]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wanted = [info for info in archive.infolist() if not _is_skipped(info)]
            _check_declared(file, len(data), wanted, bound)
            if not wanted:
                raise Rejected(f"{file} holds no file to read: pack the export itself")
            for info in wanted:
                yield _member(file, archive, info)
    except _DAMAGED as error:
        raise Rejected(_damaged(file, error)) from error


def _member(file: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member | Reject:
    name = f"{file}!{excerpt(info.filename)}"
    if info.flag_bits & _ENCRYPTED_FLAG:
        reason = f"{name} is encrypted: unpack it with its password and import the files"
        return Reject(name, None, None, None, reason, "")
    try:
        data = archive.read(info)  # bounded by the declared size, which was checked
    except _DAMAGED as error:
        return Reject(name, None, None, None, _damaged(name, error), "")
    if not data:
        return Reject(name, None, None, None, f"{name} is empty: export it again", "")
    if archive_kind(data) is not None:
        reason = f"{name} is an archive inside an archive: unpack it and import its files"
        return Reject(name, None, None, None, reason, "")
    return Member(name, data, _date_of(info), archived=True)


def _is_skipped(info: zipfile.ZipInfo) -> bool:
    parts = [part for part in info.filename.replace("\\", "/").split("/") if part]
    hidden = any(part.startswith(".") and part.strip(".") for part in parts)
    return info.is_dir() or not parts or "__MACOSX" in parts or hidden


def _is_office(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not _OFFICE_MEMBERS.isdisjoint(archive.namelist())
    except _DAMAGED:
        return False


def _check_declared(file: str, packed: int, infos: list[zipfile.ZipInfo], bound: Bound) -> None:
    if not bound.allows(sum(info.file_size for info in infos), packed):
        raise Rejected(_bomb(file))


def _date_of(info: zipfile.ZipInfo) -> datetime | None:
    try:
        date = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None
    first = datetime(1980, 1, 1, tzinfo=UTC)  # the format's zero: no date was written
    return date if date > first else None


def _bomb(file: str) -> str:
    return (
        f"{file} looks like a zip bomb: it unpacks to far more than it holds; "
        "unpack it yourself and import the files if you trust them"
    )


def _damaged(file: str, error: Exception) -> str:
    return f"{file} is damaged or cut off ({excerpt(str(error))}): export or send it again"
