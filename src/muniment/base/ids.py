"""Identifiers: time-ordered UUIDs (RFC 9562, version 7) and short forms for people.

Used wherever a row gets an id; never derived from data, so ids say nothing about content.
"""

import os
import time
from uuid import UUID

_SHORT = 8


def new() -> UUID:
    """A UUID of version 7: 48 bits of Unix milliseconds, the rest random."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return UUID(int=value)


def short(identifier: UUID) -> str:
    """The last eight hex digits, for display; the random end, so they differ within one moment."""
    return identifier.hex[-_SHORT:]
