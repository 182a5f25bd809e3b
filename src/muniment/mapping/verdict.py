"""What people say about mappings: accept, reject, set. Each appends and is feedback for memory.

The doors call these through `flows`, which reads the affected rows again afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from muniment import memory
from muniment.base.errors import Rejected
from muniment.base.tenancy import Scope
from muniment.mapping import store
from muniment.mapping.transform import infer
from muniment.mapping.types import DECISION, ColumnMapping

if TYPE_CHECKING:
    import pyarrow as pa


def accept(connection: sa.Connection, scope: Scope, mapping: ColumnMapping) -> None:
    """Apply what was proposed for a column.

    Raises:
        Rejected: nothing was proposed.
    """
    if mapping.attribute is None:
        raise Rejected(f"nothing is proposed for {mapping.column!r}: `muniment mappings set` says what it means")
    _append(connection, scope, mapping, state="accepted", reasons=[f"accepted by {scope.actor}"])
    memory.give_feedback(connection, scope, mapping.decision_id, "accepted", mapping.attribute)


def reject(connection: sa.Connection, scope: Scope, mapping: ColumnMapping, reason: str) -> None:
    """Say that a column does not mean what was proposed or applied; it stays in the raw rows."""
    _append(
        connection,
        scope,
        mapping,
        state="rejected",
        reasons=[f"rejected by {scope.actor}" + (f": {reason}" if reason else "")],
    )
    if mapping.attribute is not None:
        memory.give_feedback(connection, scope, mapping.decision_id, "rejected", mapping.attribute, reason)


def assign_column(
    connection: sa.Connection,
    scope: Scope,
    mapping: ColumnMapping,
    attribute: str,
    rows: pa.Table,
    *,
    defaults: Mapping[str, Any],
) -> None:
    """Say what a column means, whatever was proposed.

    Raises:
        Rejected: there is no such attribute.
    """
    from muniment import matching

    known = store.attributes(connection)
    if attribute not in known:
        close = ", ".join(matching.closest(attribute, list(known)))
        raise Rejected(
            f"{attribute!r} is not an attribute{f'; close: {close}' if close else ''}:"
            " `muniment model` lists them, --new adds one"
        )
    if mapping.attribute not in {None, attribute} and mapping.attribute:
        memory.give_feedback(connection, scope, mapping.decision_id, "rejected", mapping.attribute)
    (decision,) = memory.decide(
        connection,
        scope,
        DECISION,
        [
            {
                "subject": matching.name_key(mapping.column),
                "choice": attribute,
                "confidence": 1.0,
                "evidence": {"column": mapping.column, "by": scope.actor},
            }
        ],
    )
    memory.give_feedback(connection, scope, decision, "accepted", attribute)
    _append(
        connection,
        scope,
        mapping,
        state="accepted",
        reasons=[f"set by {scope.actor}"],
        attribute=attribute,
        transform=infer(known[attribute], mapping.column, rows, defaults),
        decision_id=decision,
        probability=1.0,
    )


def _append(connection: sa.Connection, scope: Scope, mapping: ColumnMapping, **changes: Any) -> None:
    row: dict[str, Any] = {
        "layout_id": mapping.layout_id,
        "column": mapping.column,
        "attribute": mapping.attribute,
        "transform": dict(mapping.transform),
        "probability": mapping.probability,
        "runner_up": mapping.runner_up,
        "samples": list(mapping.samples),
        "decision_id": mapping.decision_id,
        **changes,
    }
    store.add(connection, scope, [row])
