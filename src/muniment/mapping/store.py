"""The only queries on mappings and on attributes that people added. Mappings are appended.

Each takes a connection of a tenant's transaction; what is in force is the last row appended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from muniment.mapping.tables import templates as template_table
from muniment.mapping.templates import Template, shipped_templates, template
from muniment.mapping.types import ColumnMapping


def add(connection: sa.Connection, scope: Scope, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append mappings: dicts with layout_id, column, attribute, transform, state, probability,
    reasons, runner_up, samples, decision_id."""  # noqa: D205, D209 - one sentence
    if rows:
        connection.execute(
            sa.insert(mappings),
            [
                {"tenant_id": scope.tenant_id, "actor": scope.actor, "at": clock.now(), **row, **_shown(row)}
                for row in rows
            ],
        )


def _shown(row: Mapping[str, Any]) -> dict[str, list[str]]:
    return {"samples": [model.masked(text, row["column"]) for text in row["samples"]]}


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
    values["samples"] = tuple(model.masked(text, values["column"]) for text in values["samples"])
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


def templates(connection: sa.Connection) -> list[Template]:
    """Every template in its newest version: the shipped ones and the tenant's own, by name."""
    found = dict(shipped_templates())
    table = template_table
    query = (
        sa.select(table.c.name, table.c.version, table.c.document, table.c.enabled)
        .ext(distinct_on(table.c.name))
        .order_by(table.c.name, table.c.id.desc())
    )
    for name, version, document, enabled in connection.execute(query):
        if document is not None:
            found[name] = template(document, version=version, enabled=enabled)
        elif name in found:
            found[name] = replace(found[name], enabled=enabled)
    return sorted(found.values(), key=lambda one: one.name)


def add_template(connection: sa.Connection, scope: Scope, given: Template) -> Template:
    """Store a template as the next version of its name; the stored one.

    Raises:
        Rejected: a shipped template has the name, or a column names no attribute.
    """
    if given.name in shipped_templates():
        raise Rejected(f"{given.name!r} is a shipped template: give yours another name")
    known = attributes(connection)
    for column, body in given.columns.items():
        named = [body.get("attribute"), *(entry["attribute"] for entry in body.get("transform", {}).get("also", ()))]
        missing = [name for name in named if name is not None and name not in known]
        if missing:
            raise Rejected(f"the template {given.name}, column {column!r}: {missing[0]!r} is no attribute")
    last = connection.execute(
        sa.select(sa.func.max(template_table.c.version)).where(template_table.c.name == given.name)
    ).scalar()
    stored = replace(given, version=(last or 0) + 1)
    _append_template(connection, scope, stored, stored.document())
    return stored


def switch_template(connection: sa.Connection, scope: Scope, given: Template, *, enabled: bool) -> None:
    """Switch a template on or off for the tenant."""
    switched = replace(given, enabled=enabled)
    _append_template(connection, scope, switched, None if given.shipped else given.document())


def _append_template(connection: sa.Connection, scope: Scope, given: Template, document: dict[str, Any] | None) -> None:
    connection.execute(
        sa.insert(template_table).values(
            tenant_id=scope.tenant_id,
            name=given.name,
            version=given.version,
            document=document,
            enabled=given.enabled,
            actor=scope.actor,
            at=clock.now(),
        )
    )
