"""Turns the bytes of a text file into UTF-8, whatever encoding they came in.

Called by the readers of text and JSON. A cascade, because each step can be proved or refuted:
byte order mark, UTF-16 by its zero bytes, strict UTF-8, then the Macintosh or
Windows code page.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

_SAMPLE: Final = 64 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# C0 controls that text does not contain; tab, line ends, form feed, NUL, DOS end, escape do occur
_CONTROLS: Final = np.isin(np.arange(256), [*range(1, 9), 11, *range(14, 26), *range(28, 32), 127])
_CONTROLS_ALLOWED: Final = 0.05
_ZEROS_ALLOWED: Final = 0.3
_SIGN_IN_WORD: Final = re.compile(r"[A-Za-z][^\w\s\x00-\x7f][a-z]")  # the wrong code page: "M\xb8ller"


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text as UTF-8 without a byte order mark, and the encoding it was found in."""

    utf8: bytes
    encoding: str


def decode(data: bytes) -> Decoded | None:
    """Decode a text file; None if it is not text.

    Bytes that break an otherwise valid encoding are kept: a few stray Windows bytes in UTF-8
    are read as cp1252, broken UTF-16 pairs become U+FFFD; `encoding` then says so.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _checked(_wide_or_utf8(data[len(mark) :], encoding))
    guess = _utf16_without_mark(data)
    return _checked(_wide_or_utf8(data, guess or "utf-8"))


def _wide_or_utf8(data: bytes, encoding: str) -> Decoded:
    if encoding == "utf-8":
        return _utf8_or_windows(data)
    try:
        return Decoded(data.decode(encoding).encode("utf-8"), encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        note = f"{encoding}, damaged characters replaced"
        return Decoded(text.encode("utf-8"), note)


def _utf8_or_windows(data: bytes) -> Decoded:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return Decoded(data, "utf-8")
    lenient = data.decode("utf-8", "surrogateescape")
    stray = len(lenient) - len(lenient.encode("utf-8", "ignore").decode("utf-8"))
    beyond_ascii = len(lenient) - len(lenient.encode("ascii", "ignore"))
    if beyond_ascii - stray > stray:
        text = "".join(_windows_sign(sign) for sign in lenient)
        return Decoded(text.encode("utf-8"), f"utf-8, {stray} bytes read as cp1252")
    if b"\n" not in data and b"\r" in data:  # line ends of the old Macintosh, still Excel's choice
        mac, windows = data.decode("mac-roman"), data.decode("cp1252", "replace")
        if len(_SIGN_IN_WORD.findall(mac)) <= len(_SIGN_IN_WORD.findall(windows)):
            return Decoded(mac.encode("utf-8"), "mac-roman")
    try:
        return Decoded(data.decode("cp1252").encode("utf-8"), "cp1252")
    except UnicodeDecodeError:
        return Decoded(data.decode("latin-1").encode("utf-8"), "latin-1")


def _windows_sign(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":
        byte = bytes([ord(sign) - 0xDC00])
        return byte.decode("cp1252", "ignore") or byte.decode("latin-1")
    return sign


def _utf16_without_mark(data: bytes) -> str | None:
    """Latin text in UTF-16 has a zero in nearly every second byte, and in no other."""
    sample = np.frombuffer(data[:_SAMPLE], dtype=np.uint8)
    pairs = sample[: len(sample) // 2 * 2].reshape(-1, 2) == 0
    if not len(pairs):
        return None
    first, second = pairs.mean(axis=0)
    if second > 10 * first and second > _ZEROS_ALLOWED:
        return "utf-16-le"
    if first > 10 * second and first > _ZEROS_ALLOWED:
        return "utf-16-be"
    return None


def _checked(decoded: Decoded) -> Decoded | None:
    sample = np.frombuffer(decoded.utf8[:_SAMPLE], dtype=np.uint8)
    if len(sample) and (_CONTROLS[sample].mean() > _CONTROLS_ALLOWED or (sample == 0).mean() > _ZEROS_ALLOWED):
        return None
    return decoded
