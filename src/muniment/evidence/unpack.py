"""Unpacks compressed data and archives in memory: gzip, bzip2, xz, Zstandard, zip and tar.

Called by `containers`, which bounds what they cost. A path in an archive is only a name here, and a
link or device in it is reported, never followed.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from muniment.base.errors import Rejected
from muniment.evidence.delivery import Reject, excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MIB: Final = 1024 * 1024
_CHUNK: Final = 4 * _MIB
_ENCRYPTED_FLAG: Final = 0x1
_XZ_MEMORY: Final = 256 * _MIB
"""What an xz dictionary may take; `xz -9` needs 65 MiB, a header can ask for 4 GiB."""
_HEADER_LIMIT: Final = 64 * 1024
DAMAGED: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    zlib.error,
    lzma.LZMAError,
)
"""What the libraries raise for data that is not what it says it is."""


_BOMB: Final = (
    "{} looks like a zip bomb: it unpacks to far more than it holds; "
    "unpack it yourself and import the files if you trust them"
)

Unpacked = tuple[str, bytes, datetime | None]
"""Display name, content, and the date in the archive, taken as UTC."""


@dataclass(slots=True)
class Budget:
    """What one delivery has unpacked so far, over all layers, and what it still may."""

    file: str
    packed: int
    allows: Callable[[int, int], bool]
    members: int
    spent: int = 0
    count: int = 0
    exceeded: bool = False

    def spend(self, size: int) -> None:
        """Count `size` more bytes.

        Raises:
            Rejected: They are too many.
        """
        self.spent += size
        self.check(0)

    def check(self, size: int) -> None:
        """Ask whether `size` more bytes would do, without counting them.

        Raises:
            Rejected: They are too many.
        """
        if not self.allows(self.spent + size, self.packed):
            self.exceeded = True
            raise Rejected(_BOMB.format(self.file))

    def enter(self) -> None:
        """Count one more file.

        Raises:
            Rejected: There are too many.
        """
        self.count += 1
        if self.count > self.members:
            self.exceeded = True
            raise Rejected(f"{self.file} holds more than {self.members:,} files: import it in parts")


def damaged(file: str, error: Exception) -> str:
    """The sentence for it."""
    return f"{file} is damaged or cut off ({excerpt(str(error))}): export or send it again"


def decompress(file: str, kind: str, data: bytes, budget: Budget) -> bytes:
    """Unpack one compressed file.

    Args:
        file: Display name.
        kind: gzip, bzip2, xz or zstd.
        data: The packed bytes.
        budget: What it may cost.

    Raises:
        Rejected: It expands too far or is damaged.
    """
    unpacked = bytearray()
    try:
        for piece in STREAMS[kind](data):
            budget.spend(len(piece))
            unpacked += piece
    except DAMAGED as error:
        raise Rejected(damaged(file, error)) from error
    return bytes(unpacked)


def _gzip(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        while piece := stream.read(_CHUNK):
            yield piece


def _bzip2(data: bytes) -> Iterator[bytes]:
    with bz2.BZ2File(io.BytesIO(data)) as stream:
        while piece := stream.read(_CHUNK):
            yield piece


def _xz(data: bytes) -> Iterator[bytes]:
    while data:
        stream = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        piece = stream.decompress(data, _CHUNK)
        while not stream.eof:
            if stream.needs_input and not piece:
                raise EOFError("it ends in the middle")
            yield piece
            piece = stream.decompress(b"", _CHUNK)
        yield piece
        data = stream.unused_data.lstrip(b"\0")


def _zstd(data: bytes) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        while piece := stream.read(_CHUNK):
            yield piece


STREAMS: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
}
"""The kinds that hold one file."""


def _unzip(file: str, data: bytes, budget: Budget) -> Iterator[Unpacked | Reject]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wanted = [info for info in archive.infolist() if not (info.is_dir() or _is_skipped(info.filename))]
            budget.check(sum(info.file_size for info in wanted))
            for info in wanted:
                budget.enter()
                yield _zipped(file, archive, info, budget)
    except DAMAGED as error:
        raise Rejected(damaged(file, error)) from error


def _zipped(file: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> Unpacked | Reject:
    name = f"{file}!{excerpt(info.filename)}"
    if info.flag_bits & _ENCRYPTED_FLAG:
        return _refused(name, "is encrypted: unpack it with its password and import the files")
    budget.spend(info.file_size)
    try:
        data = archive.read(info)  # bounded by the declared size, which was checked
    except DAMAGED as error:
        return Reject(name, None, None, None, damaged(name, error), "")
    if not data:
        return _refused(name, "is empty: export it again")
    try:
        date = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return name, data, None
    first = datetime(1980, 1, 1, tzinfo=UTC)  # the format's zero: no date was written
    return name, data, date if date > first else None


class _TarInfo(tarfile.TarInfo):
    """A header that cannot send its reader in circles.

    Sizes below zero moved the reader backwards for ever (CVE-2025-8194), long extended headers took
    quadratic time (CVE-2024-6232) in Pythons that are still in use.
    """

    def _block(self, count: int) -> int:
        if count < 0:
            raise tarfile.HeaderError("a size is negative")
        return super()._block(count)  # type: ignore[misc, no-any-return]

    def _proc_pax(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size > _HEADER_LIMIT:
            raise tarfile.HeaderError("a header is too long")
        return super()._proc_pax(archive)  # type: ignore[misc, no-any-return]


def _untar(file: str, data: bytes, budget: Budget) -> Iterator[Unpacked | Reject]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", tarinfo=_TarInfo) as archive:
            for info in archive:
                if info.isdir() or _is_skipped(info.name):
                    continue
                budget.enter()
                yield _tarred(file, archive, info, budget)
    except DAMAGED as error:
        raise Rejected(damaged(file, error)) from error


def _tarred(file: str, archive: tarfile.TarFile, info: tarfile.TarInfo, budget: Budget) -> Unpacked | Reject:
    name = f"{file}!{excerpt(info.name)}"
    if not info.isreg():
        what = "a link" if info.issym() or info.islnk() else "a device or pipe"
        return _refused(name, f"is {what}, which is never followed: pack the file itself")
    budget.spend(info.size)
    stream = archive.extractfile(info)
    data = stream.read() if stream else b""
    if not data:
        return _refused(name, "is empty: export it again")
    try:
        date = datetime.fromtimestamp(info.mtime, UTC) if info.mtime > 0 else None
    except (OverflowError, OSError, ValueError):
        date = None
    return name, data, date


def _refused(name: str, reason: str) -> Reject:
    return Reject(name, None, None, None, f"{name} {reason}", "")


def _is_skipped(name: str) -> bool:
    """Tell what packers leave behind, and hidden files."""
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    hidden = any(part.startswith(".") and part.strip(".") for part in parts)
    return not parts or "__MACOSX" in parts or hidden


ARCHIVES: Final[Mapping[str, Callable[[str, bytes, Budget], Iterator[Unpacked | Reject]]]] = {
    "zip": _unzip,
    "tar": _untar,
}
"""The kinds that hold several files."""
