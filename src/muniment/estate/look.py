"""What an estate can be asked: attributes, assets, proofs, history, conflicts.

Part of `Estate`; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, graph, identity, mapping, model, register
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.estate import find
from muniment.estate.assets import Assets
from muniment.estate.types import Claimed, History


class Looks:
    """Reads of the register and of the evidence behind it."""

    home: Home

    def attributes(self) -> dict[str, model.Attribute]:
        """Every attribute by name, the model's and your own: type, unit, severity, meaning."""
        with self.home.scope.transaction() as connection:
            return mapping.attributes(connection)

    def assets(
        self,
        words: str = "",
        *,
        type: str | None = None,  # noqa: A002 - the word of the model
        source: str | None = None,
        where: Mapping[str, str] | None = None,
        sort: str = "name",
        limit: int | None = None,
        as_of: datetime | None = None,
    ) -> Assets:
        """The assets that match: a sequence with `to_arrow()` and `to_pandas()`.

        Args:
            words: each must begin a value: a name, an address, a serial, an owner.
            type: only of this type, such as "virtual_machine".
            source: only what this source knows.
            where: attribute (or "state", "tag") and the exact value it must have.
            sort: name, type, state, confidence, updated_at, version; "-name" turns it round.
            limit: at most so many; None for all.
            as_of: as they were at that moment (with a time zone); None for the present.

        Raises:
            Rejected: there is no such attribute or type, or nothing can be sorted by that.
        """
        find.asset_type(type)
        if limit is not None and limit < 1:
            raise Rejected(f"limit={limit}: give 1 or more, or None for all")
        with self.home.scope.transaction() as connection:
            pairs = find.conditions(mapping.attributes(connection), where) if where else ()
        order, descending = sort.removeprefix("-"), sort.startswith("-")
        return Assets(self.home, register.Query(words, type, source, tuple(pairs), order, descending, limit, as_of))

    def asset(self, name: str | UUID | register.Asset, *, as_of: datetime | None = None) -> register.Asset:
        """One asset, as it is or as it was at a moment.

        Raises:
            NotFound: nothing is called so, or it was not there then.
            Rejected: several are; the message lists them with their ids.
        """
        with self.home.scope.transaction() as connection:
            wanted = name.id if isinstance(name, register.Asset) else name
            return find.asset(connection, self.home.scope, str(wanted), as_of)

    def diff(
        self,
        start: datetime,
        end: datetime | None = None,
        asset: str | UUID | register.Asset | None = None,
    ) -> register.Difference:
        """What differs between two moments (with time zones; `end` None: now), of one asset or of the register.

        Raises:
            NotFound: there is no such asset.
            Rejected: the end is before the start.
        """
        if end is not None and end < start:
            raise Rejected(f"{end:%Y-%m-%d %H:%M} is before {start:%Y-%m-%d %H:%M}: give the earlier moment first")
        chosen = self.asset(asset).id if asset is not None else None
        with self.home.scope.transaction() as connection:
            return register.between(connection, self.home.scope, start, end, chosen)

    def records(self, name: str | UUID | register.Asset) -> list[Claimed]:
        """What each source claims of an asset: its records with the names of their sources.

        Raises:
            NotFound: nothing is called so.
        """
        asset = self.asset(name)
        with self.home.scope.transaction() as connection:
            names = {source.id: source.name for source in evidence.list_sources(connection)}
            records = evidence.get_records(connection, identity.members(connection, asset.id))
        return [Claimed(names[record.source_id], record) for record in records]

    def related(self, name: str | UUID | register.Asset) -> list[graph.Related]:
        """What an asset runs on, stands in or belongs to, and what does so with it: by the names in its values.

        Raises:
            NotFound: nothing is called so.
        """
        asset = self.asset(name)
        with self.home.scope.transaction() as connection:
            return graph.related(connection, self.home.scope, asset)

    def annotations(self, name: str | UUID | register.Asset) -> list[register.Annotation]:
        """The tags that an asset bears and the notes on it, with author and time.

        Raises:
            NotFound: nothing is called so.
        """
        asset = self.asset(name)
        with self.home.scope.transaction() as connection:
            return register.list_annotations(connection, self.home.scope, asset.id)

    def why(self, name: str | UUID | register.Asset, attribute: str) -> graph.Why:
        """Prove a value: winner, rivals, rule, and the raw cell of every claim.

        Raises:
            NotFound: nothing is called so, or it has no value for the attribute.
        """
        asset = self.asset(name)
        with self.home.scope.transaction() as connection:
            return graph.why(connection, self.home, asset, attribute)

    def history(self, name: str | UUID | register.Asset) -> History:
        """What changed in an asset, when, through what, by whom and why; of one that left the register too.

        Raises:
            NotFound: nothing is or was called so.
            Rejected: several are; the message lists them with their ids.
        """
        with self.home.scope.transaction() as connection:
            asset = self._ever(connection, str(name.id if isinstance(name, register.Asset) else name))
            versions = register.history(connection, self.home.scope, asset.id)
            moves = identity.moves_of(connection, self.home.scope, asset.id)
            others = {
                one: past[-1].name
                for one in {move.from_asset for move in moves} | {move.to_asset for move in moves}
                if (past := register.history(connection, self.home.scope, one))
            }
            told = graph.account(connection, self.home.scope, asset, moves, others)
        names = {str(one): called for one, called in others.items()}
        return History(asset, tuple(versions), tuple(moves), names, tuple(told))

    def _ever(self, connection: sa.Connection, text: str) -> register.Asset:
        """The asset that is called so, or the last one that was."""
        try:
            return find.asset(connection, self.home.scope, text)
        except NotFound:
            gone = register.last_seen(connection, self.home.scope, text)
            if not gone:
                raise
            asset_id, moment = gone[0]
            return register.get(connection, self.home.scope, asset_id, moment)

    def contributions(self, asset: str | UUID | register.Asset | None = None) -> list[graph.Contribution]:
        """What each source gives, per attribute, counted in assets: won, known to it alone, agreed, contradicted.

        Args:
            asset: only of this asset; else of all that are in use.

        Raises:
            NotFound: there is no such asset.
        """
        chosen = self.asset(asset).id if asset is not None else None
        with self.home.scope.transaction() as connection:
            return graph.contributions(connection, self.home.scope, chosen)

    def conflicts(
        self,
        *,
        severity: str | None = None,
        kind: str | None = None,
        attribute: str | None = None,
        asset: str | UUID | register.Asset | None = None,
        state: str | None = "open",
        limit: int | None = None,
        as_of: datetime | None = None,
    ) -> list[register.Conflict]:
        """Where sources disagree, the most severe first, each with a hint how to settle it.

        Args:
            severity: critical, high, medium or low.
            kind: value_mismatch, type_mismatch, missing_in_new, missing_in_existing, suspicious_change or contradicted.
            attribute: only of this attribute.
            asset: only of this asset.
            state: open, resolved or accepted; None for all.
            limit: at most so many; None for all.
            as_of: as they were at that moment (with a time zone); None for the present.

        Raises:
            NotFound: there is no such asset.
            Rejected: there is no such severity, kind, attribute or state.
        """
        chosen = self.asset(asset, as_of=as_of).id if asset is not None else None
        with self.home.scope.transaction() as connection:
            if attribute is not None:
                find.attribute(mapping.attributes(connection), attribute)
            return register.list_conflicts(
                connection, self.home.scope, severity=severity, kind=kind, attribute=attribute, asset_id=chosen,
                state=state, limit=limit, as_of=as_of,
            )  # fmt: skip

    def count_conflicts(
        self,
        *,
        kind: str | None = None,
        attribute: str | None = None,
        asset: str | UUID | register.Asset | None = None,
        as_of: datetime | None = None,
    ) -> dict[str, int]:
        """How many conflicts are open, by severity; in the whole register, of a kind, of an attribute, or of an asset.

        With `as_of`, how many were at that moment (with a time zone).

        Raises:
            NotFound: there is no such asset.
        """
        chosen = self.asset(asset, as_of=as_of).id if asset is not None else None
        with self.home.scope.transaction() as connection:
            return register.count_conflicts(
                connection, self.home.scope, kind=kind, attribute=attribute, asset_id=chosen, as_of=as_of
            )

    def waiting(self, *, mappings: bool = True, conflicts: bool = True) -> list[graph.Waiting]:
        """What waits for your word, the most important first: suggested columns, and open conflicts (at most 1,000)."""
        with self.home.scope.transaction() as connection:
            return graph.waiting(connection, self.home.scope, mappings=mappings, conflicts=conflicts)

    def still_waits(self, one: graph.Waiting) -> graph.Waiting | None:
        """The same thing as it is now; None where it waits no longer."""
        with self.home.scope.transaction() as connection:
            return graph.still_waits(connection, self.home.scope, one)
