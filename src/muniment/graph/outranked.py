"""Whom a policy put behind whom, for one value: ranks, silence, staleness, the smallest and the largest. Pure.

Called by `why`; says what the fold did, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from muniment import register

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a source says of one attribute of one asset."""

    source: str
    observed_at: datetime
    values: tuple[Any, ...]
    gone: bool = False
    wins: bool = False

    @property
    def day(self) -> date:
        """When it was seen, in UTC."""
        return self.observed_at.astimezone(UTC).date()


def too_old(ruling: register.Ruling, spoken: Sequence[Spoken]) -> list[bool]:
    """Of each claim, whether the policy takes it as stale."""
    limit = ruling.rule.stale_after_days
    newest = max((one.day for one in _speaking(spoken)), default=None)
    return [limit is not None and newest is not None and (newest - one.day).days > limit for one in spoken]


def _speaking(spoken: Sequence[Spoken]) -> list[Spoken]:
    """Those that are not gone, or all where all are."""
    return [one for one in spoken if not one.gone] or list(spoken)


def outranked(ruling: register.Ruling, spoken: Sequence[Spoken]) -> str:
    """Who outranked whom, as a sentence; nothing where no policy puts anybody behind."""
    claims = _speaking(spoken)
    policy = ruling.rule.policy
    if policy in ("minimum", "maximum"):
        winning = sorted({one.source for one in claims if one.wins})
        others = [f"{_text(one.values)} of {one.source}" for one in claims if not one.wins]
        word = "smallest" if policy == "minimum" else "largest"
        return f"{', '.join(winning)}: the {word}, before {', '.join(others)}" if others else ""
    if policy != "authoritative":
        return ""
    old = dict(zip(((one.source, one.day) for one in claims), too_old(ruling, claims), strict=True))
    fresh = {one.source for one in claims if not old[one.source, one.day]}
    stale = {one.source: one.day for one in sorted(claims, key=lambda one: one.day)}
    told = []
    for source in sorted(ruling.ranks, key=lambda name: (ruling.ranks[name], name)):
        place = _place(ruling, source)
        if source not in stale:
            told.append(f"{place} is silent")
        elif source not in fresh and fresh:
            told.append(f"{place} is stale (seen {stale[source]})")
        else:
            behind = sorted(
                {one.source for one in claims if _order(ruling, one.source, fresh) > _order(ruling, source, fresh)},
                key=lambda name: (_order(ruling, name, fresh), name),
            )
            before = f", before {', '.join(_place(ruling, one) for one in behind)}" if behind else ""
            return "; ".join([*told, f"{place} decides{before}"])
    return "; ".join([*told, "the most believable of the others wins"])


def _order(ruling: register.Ruling, source: str, fresh: set[str]) -> tuple[bool, int]:
    return (source not in fresh, ruling.ranks.get(source, len(ruling.ranks)))


def _place(ruling: register.Ruling, source: str) -> str:
    if source not in ruling.ranks:
        return f"{source} (not ranked)"
    return f"{source} ({ruling.ranks[source] + 1})" if len(set(ruling.ranks.values())) > 1 else source


def _text(values: tuple[Any, ...]) -> str:
    return ", ".join(str(value) for value in values)[:_SHOWN]
