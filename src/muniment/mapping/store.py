"""The only queries on mappings and on attributes that people added. Mappings are appended.

Each takes a connection of a tenant's transaction; what is in force is the last row appended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from muniment import model
from muniment.base import clock
from muniment.base.errors import Rejected
from muniment.base.tenancy import Scope
from muniment.mapping.tables import mappings, own_attributes
from muniment.mapping.types import ColumnMapping


def add(connection: sa.Connection, scope: Scope, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append mappings: dicts with layout_id, column, attribute, transform, state, probability,
    reasons, runner_up, samples, decision_id."""  # noqa: D205, D209 - one sentence
    if rows:
        connection.execute(
            sa.insert(mappings),
            [{"tenant_id": scope.tenant_id, "actor": scope.actor, "at": clock.now(), **row} for row in rows],
        )


def current(connection: sa.Connection, layout_id: UUID | None = None) -> list[ColumnMapping]:
    """The mappings in force: the last appended per layout and column."""
    query = (
        sa.select(*(mappings.c[name] for name in ColumnMapping.__dataclass_fields__))
        .ext(distinct_on(mappings.c.layout_id, mappings.c.column))
        .order_by(mappings.c.layout_id, mappings.c.column, mappings.c.id.desc())
    )
    if layout_id is not None:
        query = query.where(mappings.c.layout_id == layout_id)
    return [_typed(row) for row in connection.execute(query)]


def past(connection: sa.Connection, layout_id: UUID, column: str) -> list[ColumnMapping]:
    """Every mapping a column ever had, oldest first."""
    query = (
        sa.select(*(mappings.c[name] for name in ColumnMapping.__dataclass_fields__))
        .where(mappings.c.layout_id == layout_id, mappings.c.column == column)
        .order_by(mappings.c.id)
    )
    return [_typed(row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Act:
    """What a person said at once about columns, as (layout, column)."""

    id: UUID
    actor: str
    at: datetime
    columns: tuple[tuple[UUID, str], ...]
    what: str
    undone: bool


def acts(connection: sa.Connection) -> list[Act]:
    """What people said about columns, the latest first."""
    undone = sa.select(mappings.c.undoes).where(mappings.c.undoes.is_not(None))
    query = (
        sa.select(
            mappings.c.act_id,
            sa.func.max(mappings.c.actor),
            sa.func.max(mappings.c.at),
            sa.func.array_agg(sa.func.distinct(sa.func.concat(mappings.c.layout_id, ":", mappings.c.column))),
            sa.func.max(mappings.c.reasons[0].astext),
            mappings.c.act_id.in_(undone),
        )
        .where(mappings.c.act_id.is_not(None))
        .group_by(mappings.c.act_id)
        .order_by(sa.func.max(mappings.c.id).desc())
    )
    return [
        Act(act, actor, at, tuple((UUID(place[:36]), place[37:]) for place in sorted(places)), what, undone)
        for act, actor, at, places, what, undone in connection.execute(query)
    ]


def _typed(row: Any) -> ColumnMapping:
    values = dict(row._mapping)  # noqa: SLF001
    values["reasons"] = tuple(values["reasons"])
    values["samples"] = tuple(values["samples"])
    return ColumnMapping(**values)


def attributes(connection: sa.Connection) -> dict[str, model.Attribute]:
    """Every attribute the tenant can map to: the model's and its own."""
    found = dict(model.attributes())
    for row in connection.execute(
        sa.select(own_attributes.c.name, own_attributes.c.definition).order_by(own_attributes.c.name)
    ):
        found[row.name] = model.own_attribute(row.name, **row.definition)
    return found


def add_attribute(connection: sa.Connection, scope: Scope, name: str, definition: Mapping[str, Any]) -> None:
    """Add an attribute of the tenant's own.

    Raises:
        Rejected: the name is taken or not a name.
    """
    if name in attributes(connection):
        raise Rejected(f"{name!r} is an attribute already: map the column to it without --new")
    model.own_attribute(name, **definition)
    connection.execute(
        sa.insert(own_attributes).values(
            tenant_id=scope.tenant_id,
            name=name,
            definition=dict(definition),
            actor=scope.actor,
            at=clock.now(),
        )
    )
