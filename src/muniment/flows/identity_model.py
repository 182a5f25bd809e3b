"""The match model as people change it: estimate one from the estate, see what it would do, apply it, take it back.

Called by the doors. `apply_model` is one act that links the whole engagement again; `undo` takes it back exactly.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import identity, matching, memory
from muniment.base import engine
from muniment.base.engine import Engine
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet


def estimate_model(home: Home) -> matching.MatchModel:
    """A match model estimated from the records and verdicts of the engagement; the same evidence gives the same."""
    with (
        home.scope.transaction() as connection,
        engine.bulk(memory_limit=home.settings["memory_limit"], spill=home.spill) as bulk,
    ):
        given = identity.inputs_of(connection, home.scope, bulk)
        return matching.estimate(bulk, given.records, given.identifiers, given.judgements)


def apply_model(
    home: Home,
    model: Mapping[str, Any] | int | None = None,
    reason: str = "",
    *,
    progress: Progress = quiet,
    dry_run: bool = False,
) -> Changed:
    """Put a match model in force and link all records by it, as one act.

    Args:
        home: whose.
        model: a document, an earlier version (0: the shipped one), or None for one estimated now.
        reason: why.
        progress: is told for whom the command waits.
        dry_run: only say what would merge and split.

    Raises:
        NotFound: there is no such version.
        Rejected: it is no model, or it is in force already.
    """
    with home.scope.transaction() as connection:
        versions = identity.model_versions(connection, home.scope)
    if model is None:
        chosen = estimate_model(home)
    elif isinstance(model, int):
        known = next((one for one in versions if one.version == model), None)
        if known is None:
            raise NotFound(f"the match model has no version {model}: `muniment identity model history` lists them")
        chosen = known.model
    else:
        chosen = matching.from_document(model)
    current = next(one for one in versions if one.state == "in force")
    if chosen.digest == current.model.digest:
        raise Rejected(f"version {current.version} of the match model, which is in force, says so already")

    def act(connection: sa.Connection, _: Engine) -> UUID:
        what = f"applied version {len(versions)} of the match model"
        details = {"model": chosen.document()}
        return memory.add_act(connection, home.scope, identity.MODEL_ACT, what, reason, details=details)

    payload = {"version": len(versions), "reason": reason}
    return carry_out(home, "identity.model_applied", act, payload, progress, dry_run=dry_run)
