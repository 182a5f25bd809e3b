"""Serial numbers, asset tags and UUIDs.

Called by `normalise.py` with one cleaned item at a time. Must never repair an identifier by
guessing: what a spreadsheet has rounded is a problem.
"""

import re
import unicodedata

from muniment.model import placeholders
from muniment.model.types import Attribute, Context, Normalised

_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?e\+\d{1,3}", re.IGNORECASE)
_FLOAT = re.compile(r"[0-9]+\.0")
_VMWARE = re.compile(r"VMWARE-?([0-9A-F]{16})-?([0-9A-F]{16})")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_HEX32 = re.compile(r"[0-9a-f]{32}")
_LONGEST = 100


def dashed(digits: str) -> str:
    """Write 32 hexadecimal digits as a UUID."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def serial(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a serial number or tag: capitals, no inner spaces; VMware's gives `uuid` too."""
    if len(text) > _LONGEST:
        return Normalised(problem=f"{text[:40]!r}... is too long for a serial number: map it again")
    value = "".join(text.strip("\"'` ").split()).upper()
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if _SCIENTIFIC.fullmatch(value):
        return Normalised(
            problem=f"{text!r} was rounded by a spreadsheet: format the column as text there and export again"
        )
    if _FLOAT.fullmatch(value):
        value = value[:-2]
        if not value.strip("0"):
            return Normalised(note=f"placeholder {text!r} says nothing")
    if value.startswith("VMWARE"):
        found = _VMWARE.fullmatch(value)
        if found:
            return _vmware_serial(found[1] + found[2])
    return Normalised((value,)) if value else Normalised(note="nothing but quotes")


def _vmware_serial(digits: str) -> Normalised:
    value, found = f"VMWARE-{digits[:16]}-{digits[16:]}", dashed(digits.lower())
    if _says_nothing(found):
        return Normalised(note=f"placeholder {value!r} says nothing")
    return Normalised((value,), {"uuid": (found,)}, "a VMware serial number: the UUID is in it")


def _says_nothing(value: str) -> bool:
    return value in placeholders.UUIDS or len(set(value)) == 2  # noqa: PLR2004 (one digit and "-")


def uuid(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Read a UUID in any notation; the byte order is kept as written."""
    value = text.lower()
    if not _UUID.fullmatch(value):
        if len(value) > _LONGEST:
            return Normalised(problem=f"{text[:40]!r}... is no UUID: map the column again")
        digits = value.removeprefix("urn:uuid:").removeprefix("vmware-")
        for sign in "{}()-: ":
            digits = digits.replace(sign, "")
        if not _HEX32.fullmatch(digits):
            return Normalised(problem=f"{text!r} is no UUID: it has to be 32 hexadecimal digits")
        value = dashed(digits)
    if _says_nothing(value):
        return Normalised(note=f"placeholder {text!r} says nothing")
    return Normalised((value,))


def uuid_byte_orders(value: str) -> tuple[str, str]:
    """Give both spellings of a machine's UUID.

    SMBIOS stores the first three fields little-endian (DMTF DSP0134, 7.2.1); tools that print the
    bytes as they come show them swapped, so that one machine has two UUIDs.

    Args:
        value: a canonical UUID, lower-case and dashed.

    Returns:
        (as written, with the bytes of the first three fields reversed).
    """
    a, b, c, rest = value[:8], value[9:13], value[14:18], value[18:]
    swapped = "-".join("".join(part[at : at + 2] for at in range(len(part) - 2, -1, -2)) for part in (a, b, c))
    return value, swapped + rest
