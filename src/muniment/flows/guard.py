"""What an import may do by itself: whether it is complete, and whether it does more than its source usually does.

Called by the read and derive phases. What exceeds the guard waits for a person (`muniment imports held`) and
stops nothing else; the limits are learned from the source's earlier imports, with floors.
"""

from collections.abc import Mapping
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence
from muniment.base import events
from muniment.base.tenancy import Scope

CHANGED_FLOOR, CHANGED_SHARE = 20, 0.5
"""Changes that are never held: so many records, and this share of those known; of a source with a history."""

GONE_FLOOR, GONE_SHARE = 5, 0.1
"""Records that may go at once without a word: so many, and this share of those known."""

_TIMES = 3
_HISTORY = 3
_COVERS = 0.5


def declared_full(source: evidence.Source, rows: int, rejected: int, *, asked: bool | None) -> tuple[bool, str]:
    """Whether an import is complete by what is said of it, and why; damaged or cut ones never are.

    Args:
        source: whose setting applies where nobody says anything.
        rows: how many rows were read.
        rejected: how many could not be.
        asked: what the person who imports says.
    """
    if asked is False:
        return False, "said to be partial"
    if asked is None and source.full is not True:
        return False, "the source is set to partial" if source.full is False else ""
    if rejected:
        return False, f"partial: {rejected} rows could not be read"
    if rows in evidence.CAPS and not asked:
        return False, f"partial: exactly {rows:,} rows, a number at which exports are cut"
    return True, "said to be full" if asked else "the source is set to full"


def too_many_changes(
    connection: sa.Connection,
    scope: Scope,
    delivery: evidence.Import,
    layout: evidence.Layout,
    counts: Mapping[str, int],
) -> str | None:
    """Why an import is held for what it changes; None where it changes no more than usual."""
    earlier = evidence.earlier_counts(connection, scope, delivery.source_id, layout.family_id)
    shares = [past["claims_changed"] / past["matched"] for past in earlier if past.get("matched")]
    if len(shares) < _HISTORY:
        return None
    limit = max(CHANGED_FLOOR, max(CHANGED_SHARE, _TIMES * median(shares)) * counts["matched"])
    if counts["claims_changed"] <= limit:
        return None
    return (
        f"changes {counts['claims_changed']:,} of {counts['matched']:,} records;"
        f" usual is {median(shares):.0%}, more than {limit:,.0f} wait for a word"
    )


def settle(connection: sa.Connection, scope: Scope, flow_id: UUID, *, asked: bool | None) -> list[dict[str, Any]]:
    """Decide which imports of a flow are complete, by what they lack.

    A declared one that lacks more than its guard allows waits; of an undeclared one that covers most of what
    is known, completeness is proposed.

    Returns:
        Those that wait for a word: import, file, tab, waiting, reason.
    """
    delivered = evidence.list_imports(connection, scope, flow_id=flow_id)
    sources = {source.id: source for source in evidence.list_sources(connection)}
    for source_id in sorted({delivery.source_id for delivery in delivered}):
        source = sources[source_id]
        mine = [one for one in delivered if one.source_id == source_id and one.status not in evidence.SET_ASIDE]
        if asked is False or (asked is None and source.full is False):
            continue
        layouts = {one.id: evidence.get_layout(connection, one.layout_id) for one in mine}
        candidates = [one for one in mine if one.full or _may_be_full(one)]
        missing = evidence.missing_from(connection, scope, source_id, [one.id for one in candidates])
        for delivery in candidates:
            lost = missing.get(layouts[delivery.id].family_id)
            if lost is not None:
                evidence.forget_waiting(connection, scope, delivery, layouts[delivery.id].family_id)
                _settle(connection, scope, delivery, layouts[delivery.id], lost, said=bool(asked))
    found = [
        {
            "import": str(one.id),
            "file": one.file,
            "tab": one.tab,
            "source": sources[one.source_id].name,
            "waiting": one.waiting,
            "reason": one.full_reason,
        }
        for one in evidence.list_imports(connection, scope, flow_id=flow_id)
        if one.waiting
    ]
    for entry in found:
        events.append(connection, scope, "import.held", entry)
    return found


def _may_be_full(delivery: evidence.Import) -> bool:
    return not (delivery.full_reason or delivery.counts.get("rejected") or delivery.counts["rows"] in evidence.CAPS)


def _settle(
    connection: sa.Connection,
    scope: Scope,
    delivery: evidence.Import,
    layout: evidence.Layout,
    lost: evidence.Missing,
    *,
    said: bool,
) -> None:
    counts = {"gone": lost.going, "known": lost.known}
    if delivery.full:
        earlier = evidence.earlier_counts(connection, scope, delivery.source_id, layout.family_id)
        shares = [past["gone"] / past["known"] for past in earlier if past.get("known")]
        limit = max(GONE_FLOOR, max(GONE_SHARE, _TIMES * (median(shares) if shares else 0)) * lost.known)
        cut = not said and lost.first_row is not None and lost.first_row > delivery.counts["rows"]
        if lost.going <= limit and not cut:
            evidence.decide_full(connection, delivery.id, counts=counts)
            return
        reason = (
            f"lacks the last {lost.going:,} of {lost.known:,} records and no other: was the file cut off?"
            if cut
            else f"lacks {lost.going:,} of {lost.known:,} records; more than {limit:,.0f} wait for a word"
        )
    elif lost.going and lost.known - lost.going >= _COVERS * lost.known:
        reason = f"looks complete but lacks {lost.going:,} of {lost.known:,} records: are they gone?"
    else:
        return
    evidence.decide_full(connection, delivery.id, full=False, waiting="retirement", full_reason=reason)
