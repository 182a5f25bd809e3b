"""A person's word on who is who: merge, split, and a verdict on two records. Each appends; none changes a row.

The doors call these through `flows`, which recomputes identity and register afterwards.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from muniment.base import ids
from muniment.base.errors import NotFound, Rejected
from muniment.base.tenancy import Scope
from muniment.identity import store


def merge(connection: sa.Connection, scope: Scope, left: UUID, right: UUID, reason: str) -> UUID:
    """Say that two assets are one; returns the id of the act, for `undo`.

    Raises:
        NotFound: one of them was never an asset.
        Rejected: both are the same asset already.
    """
    left, right = (store.current_asset(connection, scope, asset) for asset in (left, right))
    if left == right:
        raise Rejected("both names lead to the same asset: there is nothing to merge")
    sides = [store.founders(connection, scope, asset) for asset in (left, right)]
    act = ids.new()
    pair = (sides[0][0][1], sides[1][0][1], True)
    store.add_judgements(connection, scope, act, "merge", [pair], reason)
    return act


def split(connection: sa.Connection, scope: Scope, asset: UUID, records: Sequence[UUID], reason: str) -> UUID:
    """Say that some records of an asset are another thing, one thing; returns the id of the act.

    Raises:
        NotFound: it was never an asset.
        Rejected: a record is not of that asset, or none would stay behind.
    """
    asset = store.current_asset(connection, scope, asset)
    found = store.member_references(connection, asset)
    known = {record for record, _ in found}
    for record in records:
        if record not in known:
            raise Rejected(f"record {ids.short(record)} is not one of the asset: `muniment show` lists its records")
    leaving = [reference for record, reference in found if record in records]
    staying = [reference for record, reference in found if record not in records]
    if not leaving or not staying:
        raise Rejected("a split needs at least one record on each side")
    act = ids.new()
    pairs = [(left, right, False) for left in staying for right in leaving]
    pairs += [(side[0], other, True) for side in (staying, leaving) for other in side[1:]]
    store.add_judgements(connection, scope, act, "split", pairs, reason)
    return act


def judge(
    connection: sa.Connection, scope: Scope, left: Sequence[UUID], right: Sequence[UUID], reason: str, *, same: bool
) -> UUID:
    """Say that the records on two sides are one thing, or two; returns the id of the act.

    Each record of one side is judged different from each of the other; for "same" one pair says it.

    Raises:
        NotFound: a record is none of this engagement.
        Rejected: a record is on both sides.
    """
    known = store.references(connection, scope, [*left, *right])
    missing = [one for one in (*left, *right) if one not in known]
    if missing:
        raise NotFound(f"record {ids.short(missing[0])} is none of this engagement: `muniment show` lists records")
    if set(left) & set(right):
        raise Rejected("one record is on both sides: name two different ones")
    act = ids.new()
    pairs = [(known[one], known[other], same) for one in left for other in right]
    store.add_judgements(connection, scope, act, "judgement", pairs[:1] if same else pairs, reason)
    return act
