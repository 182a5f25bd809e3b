"""What waits for a person's word: suggested columns and open conflicts, the most important first.

Called by the doors. Importance is the severity of the attribute times what depends on it: the rows of a column,
the assets that name the one in conflict. Reads only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import sqlalchemy as sa

from muniment import evidence, mapping, register
from muniment.base.tenancy import Scope

_WEIGHTS = {"critical": 8.0, "high": 4.0, "medium": 2.0, "low": 1.0}
_MOST = 1_000
"""How many conflicts are taken at once, the most severe; the others follow when these are settled."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits.

    `subject` is a column with a suggested meaning or an open conflict; `where` names its source and tab, or the
    asset; `depends` counts the rows of the column, or the assets that name the asset; `severity` is the attribute's.
    """

    subject: mapping.ColumnMapping | register.Conflict
    where: str
    severity: str
    depends: int

    @property
    def importance(self) -> float:
        """Severity times what depends on it, which counts by its logarithm."""
        return _WEIGHTS[self.severity] * (1 + math.log2(1 + self.depends))


def waiting(connection: sa.Connection, scope: Scope, *, mappings: bool = True, conflicts: bool = True) -> list[Waiting]:
    """What waits for a person's word, the most important first; at most 1,000 conflicts."""
    found = _columns(connection, scope) if mappings else []
    found += _conflicts(connection, scope) if conflicts else []
    return sorted(found, key=lambda one: (-one.importance, one.where, _name(one)))


def still_waits(connection: sa.Connection, scope: Scope, one: Waiting) -> Waiting | None:
    """The same thing as it is now; None where it waits no longer."""
    if isinstance(one.subject, mapping.ColumnMapping):
        subject = one.subject
        now = [item for item in mapping.current(connection, subject.layout_id) if item.column == subject.column]
        return Waiting(now[0], one.where, one.severity, one.depends) if now and now[0].state == "suggested" else None
    conflict = one.subject
    open_now = register.list_conflicts(
        connection, scope, asset_id=conflict.asset_id, attribute=conflict.attribute, limit=1
    )
    return Waiting(open_now[0], one.where, open_now[0].severity, one.depends) if open_now else None


def _name(one: Waiting) -> str:
    return one.subject.column if isinstance(one.subject, mapping.ColumnMapping) else one.subject.attribute


def _columns(connection: sa.Connection, scope: Scope) -> list[Waiting]:
    names = {source.id: source.name for source in evidence.list_sources(connection)}
    families = {layout.family_id: layout for layout in evidence.list_layouts(connection)}
    newest = {layout.id: layout for layout in families.values()}
    rows = {one.layout_id: one.counts.get("rows", 0) for one in evidence.list_imports(connection, scope, counting=True)}
    known = mapping.attributes(connection)
    found = []
    for column in mapping.current(connection):
        if column.state == "suggested" and column.attribute in known and column.layout_id in newest:
            layout = newest[column.layout_id]
            where = f"{names[layout.source_id]}{f' [{layout.tab}]' if layout.tab else ''}"
            found.append(Waiting(column, where, known[column.attribute].severity, rows.get(layout.id, 0)))
    return found


def _conflicts(connection: sa.Connection, scope: Scope) -> list[Waiting]:
    found = register.list_conflicts(connection, scope, limit=_MOST)
    return [Waiting(one, one.asset, one.severity, one.dependents) for one in found]
