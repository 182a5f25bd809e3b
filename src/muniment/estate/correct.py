"""How people correct an estate: merge, split, resolve, edit, undo.

Part of `Estate`; each act is appended, and can be taken back exactly.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Unpack
from uuid import UUID

from muniment import evidence, flows, memory, register
from muniment.estate import find
from muniment.estate.look import Looks
from muniment.estate.types import ActOptions


class Corrects(Looks):
    """Acts of people."""

    def merge(
        self,
        left: str | UUID | register.Asset,
        right: str | UUID | register.Asset,
        reason: str = "",
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Say that two assets are one. The older id stays, the other leads to it; `undo` takes it back.

        Raises:
            NotFound: one of them does not exist.
            Rejected: they are the same.
        """
        return flows.merge_assets(self.home, self.asset(left).id, self.asset(right).id, reason, progress)

    def split(
        self,
        name: str | UUID | register.Asset,
        records: Sequence[str | UUID],
        reason: str = "",
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Say that some records of an asset are another thing; `undo` takes it back.

        Args:
            name: the asset.
            records: ids of records, or ends of ids, or what their sources call them.
            reason: why, for whoever reads it later.
            progress: called while the register is folded.

        Raises:
            NotFound: the asset or a record of it does not exist.
            Rejected: nothing would stay.
        """
        asset = self.asset(name)
        members = {claimed.record.id: claimed.record for claimed in self.records(asset)}
        chosen = []
        for text in map(str, records):
            keyed = [
                one.id
                for one in members.values()
                if text.lower() in {evidence.key_words(one.source_key), one.known_as.lower()}
            ]
            what = f"record of {asset.name}: `muniment show` lists them"
            chosen.append(keyed[0] if len(keyed) == 1 else find.by_end(members, text, what))
        return flows.split_asset(self.home, asset.id, chosen, reason, progress)

    def resolve(
        self,
        name: str | UUID | register.Asset,
        attribute: str,
        value: str | None = None,
        *,
        source: str | None = None,
        until: datetime | Literal["agreed"] | None = None,
        **options: Unpack[ActOptions],
    ) -> flows.Changed:
        """Settle a value by your word, which outranks every source and outlives every import.

        Args:
            name: the asset.
            attribute: whose value it is.
            value: as a cell would say it ("64 GB"); or
            source: take what this source says.
            until: when your word ends; "agreed": when all sources say the same.
            options: reason, dry_run, progress: see `ActOptions`.

        Raises:
            NotFound: the asset does not exist, or the source says nothing.
            Rejected: the value is none of the attribute's.
        """
        terms = register.Terms(options.get("reason", ""), None if until == "agreed" else until, until == "agreed")
        return flows.resolve(
            self.home, self.asset(name).id, attribute, value, source=source, terms=terms,
            progress=options.get("progress", flows.quiet), dry_run=options.get("dry_run", False),
        )  # fmt: skip

    def accept(
        self,
        name: str | UUID | register.Asset,
        attribute: str,
        reason: str = "",
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Leave a conflict as it is, until a source says something new.

        Raises:
            NotFound: the asset does not exist, or has no such conflict.
        """
        return flows.accept(self.home, self.asset(name).id, attribute, reason, progress)

    def edit(
        self,
        name: str | UUID | register.Asset,
        values: Mapping[str, str],
        unset: Sequence[str] = (),
        *,
        reason: str = "",
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Correct several values of an asset by your word, as one act; `unset` ones have no value.

        Raises:
            NotFound: the asset does not exist.
            Rejected: a value is none of its attribute's.
        """
        return flows.edit(self.home, self.asset(name).id, values, unset, reason=reason, progress=progress)

    def add(self, asset_type: str, values: Mapping[str, str], **options: Unpack[ActOptions]) -> flows.Added:
        """Add an asset by hand; you are its source, and identity says whether it is a new one.

        Args:
            asset_type: what it is, such as "server".
            values: attribute -> what a cell would say ("64 GB"); one must name the thing.
            options: reason, dry_run, progress: see `ActOptions`.

        Raises:
            Rejected: nothing names the thing, a value is none of its attribute's, or you added it before.
        """
        return flows.add_asset(self.home, asset_type, values, **options)

    def apply_corrections(
        self,
        path: str | os.PathLike[str],
        *,
        allow_clear: bool = False,
        **options: Unpack[ActOptions],
    ) -> flows.Corrections:
        """Make the changed cells of an edited export your word, as one act; `changed.act` undoes it.

        Args:
            path: an export of this register (XLSX, CSV, JSON, JSON lines) that someone edited.
            allow_clear: let emptied cells say that there is no value; else they are only reported.
            options: reason, dry_run, progress: see `ActOptions`.

        Raises:
            Rejected: the file is no export, or one of another register.
        """
        return flows.apply_corrections(self.home, Path(path), allow_clear=allow_clear, **options)

    def resolutions(self) -> list[register.Resolution]:
        """What people said of values, the newest first, with what became of it."""
        with self.home.scope.transaction() as connection:
            return register.list_resolutions(connection, self.home.scope)

    def acts(self) -> list[memory.Act]:
        """What people did, the newest first, with what was undone."""
        with self.home.scope.transaction() as connection:
            return memory.list_acts(connection, self.home.scope)

    def undo(
        self, act: str | UUID | None = None, reason: str = "", progress: flows.Progress = flows.quiet
    ) -> flows.Changed:
        """Take back what a person did, exactly: the act of that id (or its end), or the latest.

        Raises:
            NotFound: there is none.
        """
        what = "act: `muniment undo --list` shows them"
        chosen = find.by_end([one.id for one in self.acts()], str(act), what) if act is not None else None
        changed, _ = flows.undo(self.home, chosen, reason, progress)
        return changed
