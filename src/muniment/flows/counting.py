"""Which imports count: the step that withdrawing, restoring, adding by hand and their undo share.

Called within the transaction of a change; folds nothing itself.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, register
from muniment.base.engine import Engine
from muniment.base.home import Home
from muniment.flows import derive


def set_status(
    connection: sa.Connection, home: Home, bulk: Engine, deliveries: Sequence[evidence.Import], status: str
) -> None:
    """Let imports count (done) or not (withdrawn, rejected, held), and derive what their sources say then."""
    for delivery in deliveries:
        evidence.decide_full(connection, delivery.id, status=status)
    families = {}
    for layout_id in {delivery.layout_id for delivery in deliveries}:
        layout = evidence.get_layout(connection, layout_id)
        families[layout.source_id, layout.family_id] = layout_id
    for _, layout_id in sorted(families.items()):
        derive.derive_again(connection, home, bulk, layout_id, park=True)
    for source_id in sorted({delivery.source_id for delivery in deliveries}):
        mark_gone(connection, home, source_id)


def mark_gone(connection: sa.Connection, home: Home, source_id: UUID) -> None:
    """Note the records of a source that its complete imports lack, and what must be folded for that."""
    gone = evidence.mark_gone(connection, home.scope, source_id)
    register.mark_stale_by_records(connection, home.scope, [str(record) for record in gone])
