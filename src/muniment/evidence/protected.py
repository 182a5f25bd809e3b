"""Old Office files and protected ones: which kind they are, and their content behind the password.

Called by `read_workbook`. A password is tried and forgotten: it is in no message, no table and no file.
"""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING, Final
from xml.parsers.expat import ExpatError

from muniment.base.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from olefile import OleFileIO

MAGIC: Final = b"\xd0\xcf\x11\xe0"
_EVERYBODYS: Final = "VelvetSweatshop"
"""The password Excel itself tries first, [MS-XLSX]: files with it are read-only, not secret."""
_SPINS: Final = re.compile(rb'spinCount="(\d{1,20})"')
_MOST_SPINS: Final = 10_000_000
"""[MS-OFFCRYPTO] 2.3.4.10 allows no more; Office writes 100,000."""
_OTHERS: Final = (
    ("WordDocument", "an old Word document"),
    ("PowerPoint Document", "an old PowerPoint document"),
    ("__properties_version1.0", "an Outlook message"),
)
_BROKEN: Final = (
    OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, MemoryError,
    struct.error, ExpatError,
)  # fmt: skip
"""What olefile and msoffcrypto raise over a damaged or hostile file."""
CURE: Final = "give its password with --password-file or MUNIMENT_WORKBOOK_PASSWORD, or save it without one"


def is_protected(path: Path) -> bool:
    """Tell whether a file is a workbook that asks for a password; False of what cannot be opened."""
    try:
        with path.open("rb") as handle:
            if not handle.read(len(MAGIC)).startswith(MAGIC):
                return False
            import olefile

            with olefile.OleFileIO(handle) as compound:
                return bool(compound.exists("EncryptedPackage")) or _is_locked(_book(compound) or b"")
    except _BROKEN:
        return False


def unlocked(file: str, data: bytes, passwords: Sequence[str]) -> tuple[bytes, bytes | None]:
    """Open a compound file.

    Returns:
        The workbook without protection, and the stream of the book if it is an XLS.

    Raises:
        Rejected: It is no workbook, is damaged, or none of the passwords opens it.
    """
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as compound:
            if compound.exists("EncryptedPackage"):
                _check_spins(file, compound)
                return _decrypted(file, data, passwords), None
            book = _book(compound)
            what = next((what for stream, what in _OTHERS if compound.exists(stream)), "an Office file")
    except _BROKEN as error:
        raise Rejected(f"{file} is damaged: export or send it again") from error
    if book is None:
        raise Rejected(f"{file} is {what} without a workbook: export it as XLSX or CSV")
    if _is_locked(book):
        data = _decrypted(file, data, passwords)
        with olefile.OleFileIO(io.BytesIO(data)) as compound:
            book = _book(compound)
    return data, book


def _book(compound: OleFileIO) -> bytes | None:
    name = next((name for name in ("Workbook", "Book") if compound.exists(name)), None)
    if name is None:
        return None
    content: bytes = compound.openstream(name).read()
    return content


def _is_locked(book: bytes) -> bool:
    """Tell whether the record FilePass follows the beginning of the book, [MS-XLS] 2.4.117."""
    at = 0
    for _ in range(8):
        kind, length = int.from_bytes(book[at : at + 2], "little"), int.from_bytes(book[at + 2 : at + 4], "little")
        if kind == 0x002F:  # noqa: PLR2004 FilePass
            return True
        at += 4 + length
    return False


def _check_spins(file: str, compound: OleFileIO) -> None:
    info = compound.openstream("EncryptionInfo").read()
    if any(int(count) > _MOST_SPINS for count in _SPINS.findall(info)):
        raise Rejected(f"{file} asks for endless work to check its password: save it again without one")


def _decrypted(file: str, data: bytes, passwords: Sequence[str]) -> bytes:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
    from msoffcrypto.format.ooxml import OOXMLFile

    broken = (*_BROKEN, FileFormatError, ParseError)
    for password in (_EVERYBODYS, *passwords):
        opened = io.BytesIO()
        try:
            office = msoffcrypto.OfficeFile(io.BytesIO(data))
            if isinstance(office, OOXMLFile):
                office.load_key(password=password, verify_password=True)
            else:  # the old forms always verify
                office.load_key(password=password)
            office.decrypt(opened)
        except InvalidKeyError:
            continue
        except DecryptionError as error:
            if "verif" in str(error).lower():
                continue
            raise Rejected(f"{file} is protected in a way that is not read: save it without a password") from None
        except broken:  # its text may show the key
            raise Rejected(f"{file} is protected and damaged: save it again without a password") from None
        return opened.getvalue()
    wrong = "none of the passwords given opens it" if passwords else "it is protected with a password"
    raise Rejected(f"{file} cannot be opened, {wrong}: {CURE}")
