"""Opens what a delivery came in: a plain file, a compressed one, or an archive with several files.

Called by `read` only. Nothing is ever written to disk, so a member's path is only a name;
what an archive may expand to is bounded over all its layers, before and while it is unpacked.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from muniment.base.errors import Rejected
from muniment.evidence import unpack
from muniment.evidence.delivery import Reject, excerpt
from muniment.evidence.unpack import Budget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_MIB: Final = 1024 * 1024
_CHUNK: Final = 4 * _MIB
# a workbook or document is a zip too: told by the members it must have
_OFFICE_MEMBERS: Final = frozenset({"[Content_Types].xml", "mimetype"})
_TAR_MAGIC: Final = slice(257, 262)
_COMPRESSED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_BZIP2: Final = (b"BZh", b"1AY&SY", b"\x17rE8P\x90")  # its magic alone could begin a line of text
_PACKED_ENDINGS: Final = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Bound:
    """What unpacking may cost.

    A file beyond `total` bytes, or beyond `ratio` times its packed size once it is larger
    than `ratio_from` bytes, is refused. Text rarely packs better than 50 to 1; the bombs in
    circulation reach 1,000 to 1 per layer. All layers of an archive count together, against
    the size of the outermost; `depth` is how many archives may lie in each other, `members` how many
    files one delivery may hold.
    """

    ratio: int = 200
    ratio_from: int = 256 * _MIB
    total: int = 4 * 1024 * _MIB
    depth: int = 3
    members: int = 10_000

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
        archived: Whether it came out of an archive, so that other members may still be read.
    """

    file: str
    data: bytes
    observed: datetime | None
    archived: bool


def members(path: Path, bound: Bound = DEFAULT_BOUND) -> Iterator[Member | Reject]:
    """Give every file in `path`; a member of an archive that cannot be unpacked is a `Reject`.

    Raises:
        Rejected: The file is missing, unreadable, empty, damaged or expands beyond `bound`.
    """
    file = excerpt(path.name)
    data = _load(path, file, bound)
    yield from _opened(
        Member(file, data, None, archived=False), Budget(file, len(data), bound.allows, bound.members), bound.depth
    )


def _opened(member: Member, budget: Budget, levels: int) -> Iterator[Member | Reject]:
    kind = archive_kind(member.data, member.file)
    if kind is None:
        if not member.data:
            raise Rejected(f"{member.file} is empty: nothing was exported, export it again")
        yield member
        return
    if kind not in unpack.ARCHIVES:
        data = unpack.decompress(member.file, kind, member.data, budget)
        if archive_kind(data) in unpack.STREAMS:
            raise Rejected(f"{member.file} is compressed twice: unpack it and import what is in it")
        yield from _opened(replace(member, data=data), budget, levels)
        return
    if not levels:
        raise Rejected(f"{member.file} is an archive too deep in others: unpack it and import its files")
    empty = True
    for inner in unpack.ARCHIVES[kind](member.file, member.data, budget):
        empty = False
        if isinstance(inner, Reject):
            yield inner
            continue
        try:
            yield from _opened(Member(*inner, archived=True), budget, levels - 1)
        except Rejected as error:
            if budget.exceeded:
                raise
            yield Reject(inner[0], None, None, None, str(error), "")
    if empty:
        raise Rejected(f"{member.file} holds no file to read: pack the export itself")


def archive_kind(data: bytes, file: str = "") -> str | None:
    """Tell how a file is packed, by content; an office document is no archive here."""
    for magic, kind in _COMPRESSED:
        if data.startswith(magic):
            return kind
    if data.startswith(_BZIP2[0]) and data.startswith(_BZIP2[1:], 4):
        return "bzip2"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not _is_office(data):
        return "zip"
    return "tar" if data[_TAR_MAGIC] == b"ustar" or (data and file.lower().endswith(".tar")) else None


def plain_name(file: str) -> str:
    """The name without the path, the archive and the ending of what it is compressed with, in small letters."""
    name = file.lower().rpartition("!")[2]
    for ending in _PACKED_ENDINGS:
        name = name.removesuffix(ending)
    return name


def unpacked(file: str, data: bytes, bound: Bound = DEFAULT_BOUND) -> Iterator[tuple[str, bytes]]:
    """Give the parts of a zip-based document as (name, piece of at most 4 MiB).

    Reading it to the end proves that it is whole and expands no further than `bound`, which
    the sizes it declares do not.

    Raises:
        Rejected: It expands too far or is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            Budget(file, len(data), bound.allows, bound.members).check(
                sum(info.file_size for info in archive.infolist())
            )
            for info in archive.infolist():
                with archive.open(info) as part:
                    while piece := part.read(_CHUNK):
                        yield info.filename, piece
    except unpack.DAMAGED as error:
        raise Rejected(unpack.damaged(file, error)) from error


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


def _is_office(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not _OFFICE_MEMBERS.isdisjoint(archive.namelist())
    except unpack.DAMAGED:
        return False
