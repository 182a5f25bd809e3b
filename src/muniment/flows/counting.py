"""Which imports count: the step that withdrawing, restoring, adding by hand and their undo share.

Called within the transaction of a change; folds nothing itself.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, memory, register
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows import derive

_DECIDED = ("status", "full", "full_reason", "waiting")


def set_status(
    connection: sa.Connection, home: Home, bulk: Engine, deliveries: Sequence[evidence.Import], status: str
) -> None:
    """Let imports count (done) or not (withdrawn, rejected, held), and derive what their sources say then."""
    for delivery in deliveries:
        evidence.decide_full(connection, delivery.id, status=status)
    _derive_again(connection, home, bulk, deliveries)


def _derive_again(connection: sa.Connection, home: Home, bulk: Engine, deliveries: Sequence[evidence.Import]) -> None:
    families = {}
    for layout_id in {delivery.layout_id for delivery in deliveries}:
        layout = evidence.get_layout(connection, layout_id)
        families[layout.source_id, layout.family_id] = layout_id
    for _, layout_id in sorted(families.items()):
        derive.derive_again(connection, home, bulk, layout_id, park=True)
    for source_id in sorted({delivery.source_id for delivery in deliveries}):
        mark_gone(connection, home, source_id)


def standing(deliveries: Sequence[evidence.Import]) -> list[dict[str, Any]]:
    """What imports are now, for an act to remember and its undo to put back."""
    return [{"id": str(one.id), **{name: getattr(one, name) for name in _DECIDED}} for one in deliveries]


def put_back(connection: sa.Connection, home: Home, bulk: Engine, act: memory.Act) -> None:
    """Make imports, and what was learned of their sources, what they were before an act.

    Raises:
        Rejected: the act was made by a version that did not remember that.
    """
    if "before" not in act.details:
        raise Rejected(
            f"{act.what}: made by an earlier version; `muniment imports withdraw` or `restore` takes it back"
        )
    for name, full in act.details["sources"].items():
        if evidence.find_source(connection, name) is not None:
            evidence.change_source(connection, name, full=full)
    before = {one["id"]: one for one in act.details["before"]}
    read = [one for one in evidence.list_imports(connection, home.scope) if str(one.id) in before]
    for one in read:
        evidence.decide_full(connection, one.id, **{name: before[str(one.id)][name] for name in _DECIDED})
    _derive_again(connection, home, bulk, read)


def mark_gone(connection: sa.Connection, home: Home, source_id: UUID) -> None:
    """Note the records of a source that its complete imports lack, and what must be folded for that."""
    gone = evidence.mark_gone(connection, home.scope, source_id)
    register.mark_stale_by_records(connection, home.scope, [str(record) for record in gone])
