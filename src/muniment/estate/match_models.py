"""What an estate says of its match model: the one in force, its versions, a new estimate, and applying one.

Part of `Estate`; `undo` takes an application back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from muniment import flows, identity
from muniment.base.home import Home

if TYPE_CHECKING:
    from muniment import matching


class Weighs:
    """The match model: what agreement and disagreement of identifiers weigh."""

    home: Home

    def match_model(self) -> identity.ModelVersion:
        """The match model in force; version 0 is the shipped one."""
        with self.home.scope.transaction() as connection:
            return identity.model_in_force(connection, self.home.scope)

    def match_model_history(self) -> list[identity.ModelVersion]:
        """Every version, the newest first."""
        with self.home.scope.transaction() as connection:
            return identity.model_versions(connection, self.home.scope)

    def estimate_match_model(self) -> matching.MatchModel:
        """A model estimated from this estate's records and verdicts; it decides nothing until it is applied."""
        return flows.estimate_model(self.home)

    def apply_match_model(
        self,
        model: Mapping[str, Any] | int | None = None,
        reason: str = "",
        *,
        dry_run: bool = False,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Link all records by a model; `undo` takes it back.

        Args:
            model: a document, an earlier version (0: the shipped one), or None for one estimated now.
            reason: why.
            dry_run: only say what would merge and split.
            progress: called while the register is folded.

        Raises:
            NotFound: there is no such version.
            Rejected: it is no model, or it is in force already.
        """
        return flows.apply_model(self.home, model, reason, progress=progress, dry_run=dry_run)
