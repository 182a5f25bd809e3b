"""Identifiers: time-ordered UUIDs (RFC 9562, version 7) and short forms for people.

Used wherever a row gets an id; never derived from data, so ids say nothing about content.
"""

import os
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_SHORT = 8
_TICKS = 4_096
_lock = threading.Lock()
_last = 0


def new() -> UUID:
    """A UUID of version 7, greater than any that this process made before.

    48 bits of Unix milliseconds, 12 bits of their fraction (RFC 9562, section 6.2, method 3), the
    rest random; where the clock stands still the fraction counts on.
    """
    global _last  # noqa: PLW0603 - the order within a process is a property of the process
    with _lock:
        _last = max(time.time_ns() * _TICKS // 1_000_000, _last + 1)
        ticks = _last
    milliseconds, fraction = divmod(ticks, _TICKS)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= fraction << 64
    value |= 0b10 << 62
    value |= int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=value)


def made_at(identifier: UUID) -> datetime:
    """When an id was made, to the millisecond, UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def short(identifier: UUID) -> str:
    """The last eight hex digits, for display; the random end, so they differ within one moment."""
    return identifier.hex[-_SHORT:]
