"""What people say of imports: approve or reject one that waits, withdraw some, restore them.

Called by the doors. Each is one transaction with all that follows from it, can be tried first, and can be
taken back; rows of imports that are set aside stay in the lake.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, mapping, memory
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows import counting, derive
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet


def approve_imports(
    home: Home,
    deliveries: Sequence[evidence.Import],
    reason: str = "",
    progress: Progress = quiet,
    *,
    dry_run: bool = False,
) -> Changed:
    """Let imports do what they were held for: change their records, or say that what they lack is gone.

    Where completeness was only inferred, the source's next imports are taken as complete too.

    Raises:
        Rejected: none of them waits for a word.
    """
    waiting = _waiting(deliveries)

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        learned: dict[str, Any] = {}
        for delivery in waiting:
            if delivery.waiting == "changes":
                evidence.decide_full(connection, delivery.id, status="done", waiting=None, full_reason="approved")
                derive.derive_import(connection, home, bulk, delivery, mapping.attributes(connection), guarded=False)
                evidence.close_import(connection, delivery.id, "done", {})
            else:
                evidence.decide_full(
                    connection, delivery.id, full=True, waiting=None, full_reason="approved as complete"
                )
                learned |= _learn(connection, delivery, full=True)
        approved = sorted({delivery.source_id for delivery in waiting})
        derive.recall(connection, home, bulk, approved)
        for source_id in approved:
            counting.mark_gone(connection, home, source_id)
        return _log(connection, home, f"approved {_named(waiting)}", waiting, reason, learned)

    return carry_out(home, "import.approved", act, _payload(waiting, reason), progress, dry_run=dry_run)


def reject_imports(
    home: Home, deliveries: Sequence[evidence.Import], reason: str = "", progress: Progress = quiet
) -> Changed:
    """Say no to what imports wait for: their rows never count, or what they lack is not gone.

    Raises:
        Rejected: none of them waits for a word.
    """
    waiting = _waiting(deliveries)

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        del bulk
        learned: dict[str, Any] = {}
        for delivery in waiting:
            if delivery.waiting == "changes":
                evidence.decide_full(connection, delivery.id, status="rejected", waiting=None, full_reason="rejected")
            else:
                evidence.decide_full(connection, delivery.id, waiting=None, full_reason="said to be partial")
                learned |= _learn(connection, delivery, full=False)
        return _log(connection, home, f"rejected {_named(waiting)}", waiting, reason, learned)

    return carry_out(home, "import.rejected", act, _payload(waiting, reason), progress)


def withdraw(
    home: Home,
    deliveries: Sequence[evidence.Import],
    what: str,
    reason: str = "",
    progress: Progress = quiet,
    *,
    dry_run: bool = False,
) -> Changed:
    """Make the register what it would be had these imports never been read.

    Args:
        home: whose register.
        deliveries: imports that count; others are left as they are.
        what: how people call them, such as a source or a file.
        reason: why.
        progress: is told for whom the command waits.
        dry_run: say what would change, keep nothing.

    Raises:
        Rejected: none of them counts.
    """
    read = [one for one in deliveries if one.status not in evidence.SET_ASIDE]
    if not read:
        raise Rejected(f"nothing of {what} counts in this engagement: `muniment imports` shows the state of each")

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        counting.set_status(connection, home, bulk, read, "withdrawn")
        return _log(connection, home, f"withdrew {what}", read, reason)

    return carry_out(home, "imports.withdrawn", act, {"what": what, "reason": reason}, progress, dry_run=dry_run)


def restore(
    home: Home,
    deliveries: Sequence[evidence.Import],
    what: str,
    reason: str = "",
    progress: Progress = quiet,
    *,
    dry_run: bool = False,
) -> Changed:
    """Let imports that were withdrawn or rejected count again; assets come back under their ids.

    Raises:
        Rejected: none of them is withdrawn or rejected.
    """
    away = [one for one in deliveries if one.status in {"withdrawn", "rejected"}]
    if not away:
        raise Rejected(f"nothing of {what} is withdrawn: `muniment imports` shows the state of each")

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        counting.set_status(connection, home, bulk, away, "done")
        return _log(connection, home, f"restored {what}", away, reason)

    return carry_out(home, "imports.restored", act, {"what": what, "reason": reason}, progress, dry_run=dry_run)


def _waiting(deliveries: Sequence[evidence.Import]) -> list[evidence.Import]:
    waiting = [one for one in deliveries if one.waiting]
    if not waiting:
        names = ", ".join(sorted({one.file for one in deliveries}))
        raise Rejected(f"{names} waits for nothing: `muniment imports held` shows what does")
    return waiting


def _payload(deliveries: Sequence[evidence.Import], reason: str) -> dict[str, Any]:
    return {"imports": [str(one.id) for one in deliveries], "files": [one.file for one in deliveries], "reason": reason}


def _named(deliveries: Sequence[evidence.Import]) -> str:
    return "; ".join(f"{one.file} {one.tab} {one.full_reason}".replace("  ", " ") for one in deliveries)


def _log(
    connection: sa.Connection,
    home: Home,
    what: str,
    deliveries: Sequence[evidence.Import],
    reason: str,
    learned: Mapping[str, Any] | None = None,
) -> UUID:
    """Append the act with what the imports and their sources were before it."""
    details = {"before": counting.standing(deliveries), "sources": dict(learned or {})}
    return memory.add_act(connection, home.scope, "imports", what, reason, details=details)


def _learn(connection: sa.Connection, delivery: evidence.Import, *, full: bool) -> dict[str, Any]:
    """An answer about completeness that nobody had given holds for the source's next imports too.

    Returns:
        The source that learned it, by name, with what was known before.
    """
    source = next(one for one in evidence.list_sources(connection) if one.id == delivery.source_id)
    if source.full is None and "looks complete" in delivery.full_reason:
        evidence.change_source(connection, source.name, full=full)
        return {source.name: source.full}
    return {}
