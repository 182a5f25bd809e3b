"""How people correct an estate: merge, split, undo.

Part of `Estate`; each act is appended, and can be taken back exactly.
"""

from collections.abc import Sequence
from uuid import UUID

from muniment import evidence, flows, identity, register
from muniment.estate import find
from muniment.estate.look import Looks


class Corrects(Looks):
    """Acts of people."""

    def merge(
        self,
        left: "str | UUID | register.Asset",
        right: "str | UUID | register.Asset",
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
        name: "str | UUID | register.Asset",
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

    def acts(self) -> list[identity.Act]:
        """The merges and splits that people made, with those that were undone."""
        with self.home.scope.transaction() as connection:
            return identity.judgement_acts(connection, self.home.scope)

    def undo(
        self, act: str | UUID | None = None, reason: str = "", progress: flows.Progress = flows.quiet
    ) -> flows.Changed:
        """Take back a merge or a split, exactly: the one of that id (or its end), or the latest.

        Raises:
            NotFound: there is none.
        """
        what = "merge or split: `muniment undo --list` shows them"
        chosen = find.by_end([one.id for one in self.acts()], str(act), what) if act is not None else None
        return flows.undo(self.home, chosen, reason, progress)
