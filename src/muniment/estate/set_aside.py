"""What an estate can say of imports: what waits, approve, reject, withdraw, restore.

Part of `Estate`; each is one transaction with all that follows from it, and can be tried first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from muniment import evidence, flows
from muniment.base.errors import NotFound
from muniment.base.home import Home
from muniment.estate.types import ActOptions, PastImport

_Verb = Callable[..., "flows.Changed"]


class SetsAside:
    """Words on imports. `which` is an import's id, the end of it, or the name of a file."""

    home: Home

    def held(self) -> list[PastImport]:
        """Imports that wait for a word, oldest first: `details.waiting` for what, `details.full_reason` why."""
        with self.home.scope.transaction() as connection:
            names = {source.id: source.name for source in evidence.list_sources(connection)}
            found = evidence.list_imports(connection, self.home.scope)
        return [PastImport(names[item.source_id], item) for item in found if item.waiting]

    def approve_import(self, which: str, **options: Unpack[ActOptions]) -> flows.Changed:
        """Let an import do what it was held for: let its rows count, or retire what it lacks.

        Raises:
            NotFound: there is no such import.
            Rejected: it does not wait for a word.
        """
        return flows.approve_imports(self.home, self._imports(which), **options)

    def reject_import(self, which: str, reason: str = "", progress: flows.Progress = flows.quiet) -> flows.Changed:
        """Say no: the rows of a held import never count, or what it lacks is not gone.

        Raises:
            NotFound: there is no such import.
            Rejected: it does not wait for a word.
        """
        return flows.reject_imports(self.home, self._imports(which), reason, progress)

    def withdraw_import(self, which: str, **options: Unpack[ActOptions]) -> flows.Changed:
        """Make the register what it would be had an import never been read; its raw rows stay.

        Raises:
            NotFound: there is no such import.
            Rejected: it does not count now.
        """
        return flows.withdraw(self.home, self._imports(which), which, **options)

    def restore_import(self, which: str, **options: Unpack[ActOptions]) -> flows.Changed:
        """Let a withdrawn or rejected import count again; assets come back under their ids.

        Raises:
            NotFound: there is no such import.
            Rejected: it is neither withdrawn nor rejected.
        """
        return flows.restore(self.home, self._imports(which), which, **options)

    def withdraw_source(self, name: str, **options: Unpack[ActOptions]) -> flows.Changed:
        """Make the register what it would be had a source never been read.

        Raises:
            NotFound: there is no such source.
            Rejected: nothing of it counts.
        """
        return flows.withdraw(self.home, self._of_source(name), name, **options)

    def restore_source(self, name: str, **options: Unpack[ActOptions]) -> flows.Changed:
        """Let all withdrawn imports of a source count again.

        Raises:
            NotFound: there is no such source.
            Rejected: nothing of it is withdrawn.
        """
        return flows.restore(self.home, self._of_source(name), name, **options)

    def _of_source(self, name: str) -> list[evidence.Import]:
        with self.home.scope.transaction() as connection:
            source = evidence.get_source(connection, name)
            return evidence.list_imports(connection, self.home.scope, source_id=source.id)

    def _imports(self, text: str) -> list[evidence.Import]:
        """The import of that id, or all tabs of the newest delivery of a file of that name."""
        with self.home.scope.transaction() as connection:
            every = evidence.list_imports(connection, self.home.scope)
        lowered = text.strip().lower()
        by_id = [one for one in every if lowered and str(one.id).endswith(lowered)]
        if len(by_id) == 1:
            return by_id
        named = [one for one in every if one.file == text]
        if by_id or not named:
            what = "more than one import" if by_id else "no import of this engagement"
            raise NotFound(f"{text!r} is {what}: `muniment imports` lists them with their ids")
        return [one for one in named if one.flow_id == named[-1].flow_id]
