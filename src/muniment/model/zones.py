"""Time zones by IANA name, each looked up once.

Called by `types.Context` and `dates.py`. Must never read a zone per cell.
"""

from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> tzinfo | None:
    """Give the time zone of an IANA name, None when there is none."""
    if name.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def exists(name: str) -> bool:
    """Tell whether there is such a time zone."""
    return zone(name) is not None
