"""What an estate says of who is who: why, what became of ids, verdicts on pairs of records.

Part of `Estate`; every verdict is appended, and `undo` takes it back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack
from uuid import UUID

import sqlalchemy as sa

from muniment import flows, graph, identity, register
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.estate import find
from muniment.estate.types import ActOptions


class Identifies:
    """Identity: its history, its reasons, and people's verdicts on it."""

    home: Home

    def identity_history(
        self, asset: str | UUID | register.Asset | None = None, *, since: str | datetime | None = None,
        limit: int = 1_000,
    ) -> graph.Feed:  # fmt: skip
        """What happened to ids, oldest first: created, merged, split, restored, retired, removed.

        Args:
            asset: only of this one, by name or by an id past or present; None for all.
            since: the `cursor` of an earlier answer, or a moment with a time zone; None for the beginning.
            limit: at most so many; `cursor` of the answer goes on from there.

        Raises:
            NotFound: nothing is or was called so.
            Rejected: `since` is no cursor.
        """
        with self.home.scope.transaction() as connection:
            chosen = None if asset is None else self._id_ever(connection, asset)
            return graph.feed(connection, self.home.scope, asset=chosen, since=since, limit=limit)

    def resolve_id(self, asset_id: str | UUID) -> graph.Standing:
        """What stands for an id, past or present (or for its end).

        Raises:
            NotFound: no asset of this engagement has or had it.
            Rejected: several end so.
        """
        with self.home.scope.transaction() as connection:
            return graph.resolve(connection, self.home.scope, str(asset_id))

    def judge(
        self, left: str | UUID | register.Asset, right: str | UUID | register.Asset, verdict: flows.Verdict,
        **options: Unpack[ActOptions],
    ) -> flows.Changed:  # fmt: skip
        """Say that two assets or records are the same thing, are different things, or cannot be told.

        Args:
            left: an asset, or a record by its id or the end of its id.
            right: the other.
            verdict: "same", "different", or "unsure" (of two records: review asks no more about them).
            options: reason, dry_run, progress: see `ActOptions`.

        Raises:
            NotFound: one of them does not exist.
            Rejected: both are one asset: name its records.
        """
        with self.home.scope.transaction() as connection:
            sides = [self._side(connection, name, verdict) for name in (left, right)]
        return flows.judge_pair(
            self.home, sides[0], sides[1], verdict, options.get("reason", ""), options.get("progress", flows.quiet),
            dry_run=options.get("dry_run", False),
        )  # fmt: skip

    def how_linked(self, asset: str | UUID | register.Asset) -> flows.HowLinked:
        """How an asset came to be: its links in order, the strongest first, with the evidence of each.

        Raises:
            NotFound: nothing is called so.
        """
        with self.home.scope.transaction() as connection:
            found = find.asset(connection, self.home.scope, _text(asset))
        return flows.how_linked(self.home, found.id)

    def why_linked(self, left: str | UUID | register.Asset, right: str | UUID | register.Asset) -> flows.WhyLinked:
        """Why two assets or records are one thing, or are not: the evidence on their closest records.

        Raises:
            NotFound: one of them does not exist, or has no record that names anything.
            Rejected: both are one record.
        """
        with self.home.scope.transaction() as connection:
            sides = [self._side(connection, name, "different") for name in (left, right)]
        return flows.why_linked(self.home, sides[0], sides[1])

    def identity_cases(
        self, asset: str | UUID | register.Asset | None = None, *, case: str | None = None, limit: int | None = None
    ) -> list[flows.CaseTold]:
        """Pairs of records that are a case of IT, such as a re-imaged host or a VM clone, each in words.

        Args:
            asset: only those this one takes part in; None for all.
            case: only of this one, by its key, such as "vm_clone".
            limit: at most so many; None for all.

        Raises:
            NotFound: nothing is called so.
            Rejected: there is no such case.
        """
        from muniment import matching

        known = sorted({one.key for one in matching.case_list()})
        if case is not None and case not in known:
            raise Rejected(f"{case}: there is no such case; there are {', '.join(known)}")
        with self.home.scope.transaction() as connection:
            chosen = None if asset is None else find.asset(connection, self.home.scope, _text(asset)).id
            return flows.cases_of(connection, self.home, asset=chosen, key=case, limit=limit)

    def identity_questions(self, limit: int = 20) -> list[flows.Question]:
        """Pairs of records whose verdict teaches most, with both sides and the evidence; answer them by `judge`."""
        return flows.questions(self.home, limit)

    def _id_ever(self, connection: sa.Connection, name: str | UUID | register.Asset) -> UUID:
        text = _text(name)
        try:
            return graph.resolve(connection, self.home.scope, text).asked
        except NotFound:
            return find.asset(connection, self.home.scope, text).id

    def _side(
        self, connection: sa.Connection, name: str | UUID | register.Asset, verdict: flows.Verdict
    ) -> Sequence[UUID]:
        """The records that a name means: of an asset all (for "same" those it is made of), else the one."""
        text = _text(name)
        ending = identity.records_ending(connection, self.home.scope, text.strip().lower()) if text.strip() else []
        if len(ending) == 1:
            return ending
        asset = find.asset(connection, self.home.scope, text)
        records = identity.founders(connection, self.home.scope, asset.id)
        members = identity.members(connection, asset.id)
        chosen = [record for record, _ in records] if verdict == "same" else members
        if not chosen:
            raise Rejected(f"{asset.name} has no records")
        return chosen


def _text(name: str | UUID | register.Asset) -> str:
    return str(name.id if isinstance(name, register.Asset) else name)
