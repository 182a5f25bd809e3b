"""What people say about mappings: accept, reject, set. Each appends and is feedback for memory.

The doors call these through `flows`, which reads the affected rows again afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment import memory, model
from muniment.base.errors import Rejected
from muniment.base.tenancy import Scope
from muniment.mapping import store
from muniment.mapping.transform import infer
from muniment.mapping.types import DECISION, ColumnMapping

if TYPE_CHECKING:
    import pyarrow as pa


def accept(connection: sa.Connection, scope: Scope, mapping: ColumnMapping, act_id: UUID | None = None) -> None:
    """Apply what was proposed for a column.

    Raises:
        Rejected: nothing was proposed.
    """
    if mapping.attribute is None:
        raise Rejected(f"nothing is proposed for {mapping.column!r}: `muniment mappings set` says what it means")
    _append(connection, scope, mapping, state="accepted", reasons=[f"accepted by {scope.actor}"], act_id=act_id)
    memory.give_feedback(connection, scope, mapping.decision_id, "accepted", mapping.attribute)


def reject(
    connection: sa.Connection, scope: Scope, mapping: ColumnMapping, reason: str, act_id: UUID | None = None
) -> None:
    """Say that a column does not mean what was proposed or applied; it stays in the raw rows."""
    _append(
        connection,
        scope,
        mapping,
        state="rejected",
        reasons=[f"rejected by {scope.actor}" + (f": {reason}" if reason else "")],
        act_id=act_id,
    )
    if mapping.attribute is not None:
        memory.give_feedback(connection, scope, mapping.decision_id, "rejected", mapping.attribute, reason)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a person says a column means.

    `transform` is what they say of the reading, None to leave it to the data; `also` adds the attribute to
    those that the column gives already.
    """

    attribute: str
    transform: Mapping[str, Any] | None = None
    also: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    act_id: UUID | None = None


def assign_column(
    connection: sa.Connection, scope: Scope, mapping: ColumnMapping, meaning: Meaning, rows: pa.Table
) -> None:
    """Say what a column means, whatever was proposed.

    Raises:
        Rejected: there is no such attribute, or the transform does not fit the columns.
    """
    from muniment import matching

    attribute = meaning.attribute
    transform = reading_of(connection, mapping, meaning, rows)
    reasons = [f"set by {scope.actor}"]
    if meaning.also and mapping.applied and mapping.attribute:
        entries = [entry for entry in mapping.transform.get("also", ()) if entry["attribute"] != attribute]
        document = {**mapping.transform, "also": [*entries, {"attribute": attribute, **transform}]}
        transform = model.validated(document)
        _append(
            connection, scope, mapping, state="accepted", reasons=reasons, transform=transform, act_id=meaning.act_id
        )
        return
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
        reasons=reasons,
        attribute=attribute,
        transform=transform,
        decision_id=decision,
        probability=1.0,
        act_id=meaning.act_id,
    )


def reading_of(connection: sa.Connection, mapping: ColumnMapping, meaning: Meaning, rows: pa.Table) -> dict[str, Any]:
    """How a column would be read for an attribute: as said, and what is not said as the data suggest.

    Raises:
        Rejected: there is no such attribute or column.
    """
    from muniment import matching

    known = store.attributes(connection)
    said = meaning.transform
    for name in (meaning.attribute, *(entry["attribute"] for entry in (said or {}).get("also", ()))):
        if name not in known:
            close = ", ".join(matching.closest(name, list(known)))
            raise Rejected(
                f"{name!r} is not an attribute{f'; close: {close}' if close else ''}:"
                " `muniment model` lists them, --new TYPE adds one"
            )
    inferred = infer(known[meaning.attribute], mapping.column, rows, meaning.defaults)
    if said is None:
        return inferred
    by_columns = {*model.joined_columns(said)[0], *model.referred_columns(said)}
    missing = sorted(by_columns - set(rows.column_names))
    if missing:
        raise Rejected(f"there is no column {', '.join(map(repr, missing))} beside {mapping.column!r}")
    return {**{key: value for key, value in inferred.items() if key not in {"steps", "checks"}}, **said}


def declare(connection: sa.Connection, scope: Scope, layout_id: UUID, entered: Mapping[str, str]) -> None:
    """Say that the columns of what a person entered are the attributes they are called by.

    Args:
        connection: of the transaction that stores the entry.
        scope: who entered it.
        layout_id: the layout of the entry.
        entered: attribute -> what was entered first.
    """
    choices = [
        {"subject": name, "choice": name, "confidence": 1.0, "evidence": {"column": name, "by": scope.actor}}
        for name in entered
    ]
    decisions = memory.decide(connection, scope, DECISION, choices)
    rows: list[dict[str, Any]] = [
        {
            "layout_id": layout_id,
            "column": name,
            "attribute": name,
            "transform": {},
            "state": "accepted",
            "probability": 1.0,
            "reasons": [f"entered by {scope.actor}"],
            "runner_up": None,
            "samples": [text],
            "decision_id": decision,
        }
        for (name, text), decision in zip(entered.items(), decisions, strict=True)
    ]
    store.add(connection, scope, rows)


def undo(connection: sa.Connection, scope: Scope, act_id: UUID | None) -> tuple[ColumnMapping, ...]:
    """Take back what a person said at once about columns: the act named, or the latest. Appends the state before.

    Returns:
        The mappings that are in force again.

    Raises:
        Rejected: there is nothing to take back, or something was said of a column since.
    """
    standing = [act for act in store.acts(connection) if not act.undone]
    chosen = next((act for act in standing if act_id in {None, act.id}), None)
    if chosen is None:
        raise Rejected("there is no such change to take back: `muniment mappings undo --list` shows them")
    again = []
    for layout_id, column in chosen.columns:
        log = store.past(connection, layout_id, column)
        places = [place for place, entry in enumerate(log) if entry.act_id == chosen.id]
        later = {entry.act_id for entry in log[places[-1] + 1 :]}
        if later & {act.id for act in standing}:
            raise Rejected(f"{column!r} was changed again since: take the later change back first")
        before = log[places[0] - 1]
        for place in places:
            _withdraw(connection, scope, log[place], before)
        _append(connection, scope, before, state=before.state, reasons=list(before.reasons), undoes=chosen.id)
        again.append(before)
    return tuple(again)


def _withdraw(connection: sa.Connection, scope: Scope, entry: ColumnMapping, before: ColumnMapping) -> None:
    """Unlearn what an entry taught."""
    if entry.attribute is not None:
        memory.give_feedback(connection, scope, entry.decision_id, "withdrawn", entry.attribute, "taken back")
    if before.attribute not in {None, entry.attribute} and before.attribute:
        memory.give_feedback(connection, scope, before.decision_id, "withdrawn", before.attribute, "taken back")


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
