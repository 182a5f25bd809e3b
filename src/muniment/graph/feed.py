"""What became of ids: merges, splits, creations and retirements in one order that others can follow.

Called by the doors for `identity history` and `identity resolve`. Reads moves and versions; it writes nothing.
A cursor names a place in the order, which never changes behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base import ids
from muniment.base.errors import NotFound, Rejected
from muniment.base.tenancy import Scope
from muniment.graph import feed_store
from muniment.graph.account import causes

_MOMENT = "%Y%m%dT%H%M%S.%fZ"
_CURSOR_PARTS = 3
_SHORTEST_END = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to an id.

    Attributes:
        cursor: its place in the feed; ask for what comes after it.
        at: when.
        kind: created, merged, split, restored, retired, in use again, removed.
        asset, name: the id it happened to: of a merge the one given up, of a split the one made.
        other, other_name: of a merge the id that stands for it, of a split the one it was part of; else None.
        actor: who, where known.
        through: what made it, in words.
    """

    cursor: str
    at: datetime
    kind: str
    asset: UUID
    name: str
    other: UUID | None
    other_name: str | None
    actor: str
    through: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Entries, oldest first, and the cursor to go on from; `more` says that the limit cut it."""

    entries: tuple[Entry, ...]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect: the id that was given up, the one that took its place, when and through what."""

    at: datetime
    given_up: UUID
    stands: UUID
    through: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for an id.

    Attributes:
        asked: the id.
        state: `stands` (itself), `redirected` (another stands for it), `removed` (nothing does).
        asset, name: what stands for it now; None where nothing does.
        path: the redirects from one to the other.
        split_off: ids that were made out of it and stand: (id, name).
    """

    asked: UUID
    state: str
    asset: UUID | None
    name: str | None
    path: tuple[Hop, ...]
    split_off: tuple[tuple[UUID, str], ...]


def feed(
    connection: sa.Connection,
    scope: Scope,
    *,
    asset: UUID | None = None,
    since: str | datetime | None = None,
    limit: int = 1_000,
) -> Feed:
    """What happened to ids, oldest first.

    Args:
        connection: of a tenant's transaction.
        scope: whose register.
        asset: only what this id took part in; None for all.
        since: a cursor (what comes after it) or a moment (what came after it); None for the beginning.
        limit: at most so many.

    Raises:
        Rejected: `since` is a text that is no cursor.
    """
    place = _place(since)
    rows = feed_store.entries(connection, scope, asset, place, limit + 1)
    shown = rows[:limit]
    named = feed_store.names(connection, scope, [one for row in shown for one in (row.asset, row.other) if one])
    told = causes(connection, scope)
    entries = tuple(
        Entry(
            cursor_of(row.at, row.rank, row.key), row.at, row.kind, row.asset, row.name or named.get(row.asset, ""),
            row.other, named.get(row.other, "") if row.other else None, row.actor, told(row.cause),
        )
        for row in shown
    )  # fmt: skip
    last = entries[-1].cursor if entries else since if isinstance(since, str) else _begin(place)
    return Feed(entries, last, len(rows) > limit)


def cursor_of(at: datetime, rank: int, key: str) -> str:
    """A place in the feed as text without spaces."""
    return f"{at.astimezone(UTC):{_MOMENT}}~{rank}~{key}"


def is_cursor(text: str) -> bool:
    """Whether a text has the form of a cursor."""
    return text.count("~") == _CURSOR_PARTS - 1


def _begin(place: tuple[datetime, int, str] | None) -> str:
    return cursor_of(*place) if place else cursor_of(datetime(1970, 1, 1, tzinfo=UTC), 0, "")


def _place(since: str | datetime | None) -> tuple[datetime, int, str] | None:
    if since is None:
        return None
    if isinstance(since, datetime):
        return since, 9, ""
    moment, _, rest = since.strip().partition("~")
    rank, sign, key = rest.partition("~")
    try:
        at = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
        return at, int(rank if sign else "none"), key
    except ValueError as error:
        raise Rejected(f"{since!r} is no cursor: take the `cursor` of the last answer, or a moment") from error


def resolve(connection: sa.Connection, scope: Scope, text: str) -> Standing:
    """What stands for an id, past or present.

    Args:
        connection: of a tenant's transaction.
        scope: whose register.
        text: the id, or its end of six signs or more.

    Raises:
        NotFound: no id of this engagement is or was so.
        Rejected: several end so.
    """
    asked = _asked(connection, scope, text)
    told = causes(connection, scope)
    at, path, made = asked, list[Hop](), dict[UUID, str]()
    seen = {asked}
    while True:
        moves = feed_store.moves(connection, scope, at)
        made.update({one.to_asset: "" for one in moves if one.kind == "split"})
        if feed_store.standing(connection, at):
            state = "redirected" if path else "stands"
            break
        last = next((one for one in reversed(moves) if one.kind == "merge"), None)
        if last is None or last.to_asset in seen:
            state = "removed"
            break
        path.append(Hop(last.at, at, last.to_asset, told(_cause(last.cause))))
        at = last.to_asset
        seen.add(at)
    named = feed_store.names(connection, scope, [asked, at, *made])
    split_off = tuple((one, named.get(one, "")) for one in made if one != at and feed_store.standing(connection, one))
    gone = state == "removed"
    return Standing(asked, state, None if gone else at, named.get(at), tuple(path), split_off)


def _cause(text: str) -> dict[str, Any]:
    kind, _, flow = text.partition(" ")
    return {"kind": kind, "flow": flow}


def _asked(connection: sa.Connection, scope: Scope, text: str) -> UUID:
    end = text.strip().lower()
    found: Sequence[UUID] = feed_store.ever(connection, scope, end) if len(end) >= _SHORTEST_END else ()
    if not found:
        raise NotFound(
            f"{text!r} is not and was not the id of an asset of this engagement: give the id, or its last"
            f" {_SHORTEST_END} signs or more; `muniment identity history` lists ids"
        )
    if len(found) > 1:
        raise Rejected(f"{text!r} may be any of {', '.join(ids.short(one) for one in found)}: give the whole id")
    return found[0]
