"""A moment as people write it on the command line: a day, a time, or so long ago. All are UTC.

Used by every command that takes a past moment; reads no clock but the program's.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, NoReturn, overload

import typer

from muniment.base import clock
from muniment.base.errors import Rejected

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="As it was then: 2026-03-01 (its end), 2026-03-01T12:30 (UTC), or '7 days ago'."),
]


@overload
def read(text: str) -> datetime: ...


@overload
def read(text: str | None) -> datetime | None: ...


def read(text: str | None) -> datetime | None:
    """A moment as people write it: a day (its end), a time in UTC, or so long ago.

    Raises:
        Rejected: it is none of these, or lies in the future.
    """
    if text is None:
        return None
    now = clock.now()
    text = "1 day ago" if text.strip().lower() == "yesterday" else text
    ago = re.fullmatch(r"(\d{1,5})\s*(minute|hour|day|week)s?(\s+ago)?", text.strip().lower())
    if ago:
        return now - timedelta(**{f"{ago[2]}s": int(ago[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Rejected(f"{text!r} is no moment: write 2026-03-01, 2026-03-01T12:30, or '7 days ago'") from error
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    if len(text.strip()) == len("2026-03-01"):
        return min(found + timedelta(days=1), now) if found <= now else _future(text)
    return found if found <= now else _future(text)


def _future(text: str) -> NoReturn:
    raise Rejected(f"{text!r} lies in the future: give a moment that has been")
