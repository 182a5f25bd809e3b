"""What a change did, or would do, to the register, or what differs between two moments of it.

`remember` before and `difference` after, in one transaction: flows use it to simulate a change; `between`
compares the past. All work set-based in the database and keep nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment.base.tenancy import Scope
from muniment.register import past
from muniment.register.tables import assets, conflicts
from muniment.register.types import Difference, ValueChange

_SAMPLE = 20
_LOST = (
    " FROM {one} x WHERE NOT EXISTS (SELECT 1 FROM {other} y WHERE (y.asset_id, y.attribute, y.kind)"
    " = (x.asset_id, x.attribute, x.kind))"
)
_CHANGED = (
    "CREATE TEMP TABLE changed_values ON COMMIT DROP AS SELECT n.id, n.name, k.attribute,"
    " b.values -> k.attribute AS before, n.values -> k.attribute AS after"
    " FROM assets_after n JOIN assets_before b ON b.id = n.id AND b.values <> n.values"
    " CROSS JOIN LATERAL (SELECT jsonb_object_keys(b.values) UNION SELECT jsonb_object_keys(n.values))"
    " AS k(attribute) WHERE b.values -> k.attribute IS DISTINCT FROM n.values -> k.attribute"
)


def remember(connection: sa.Connection, scope: Scope) -> None:
    """Keep the register as it is now, until the transaction ends, to compare with."""
    _copy(connection, scope, "before")


def between(
    connection: sa.Connection, scope: Scope, start: datetime, end: datetime | None = None, asset: UUID | None = None
) -> Difference:
    """What differs between two moments of the register (`end` None: now), of one asset or of all."""
    _copy(connection, scope, "before", _Moment(start, asset))
    return _compare(connection, scope, _Moment(end, asset))


def difference(connection: sa.Connection, scope: Scope) -> Difference:
    """What has changed since `remember` was called in this transaction."""
    return _compare(connection, scope, None)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Of when a copy is made, and of which asset; None: the present, and all."""

    at: datetime | None
    asset: UUID | None


def _compare(connection: sa.Connection, scope: Scope, moment: _Moment | None) -> Difference:
    _copy(connection, scope, "after", moment)
    connection.execute(sa.text(_CHANGED))
    attributes = connection.execute(
        sa.text("SELECT attribute, count(*) FROM changed_values GROUP BY attribute ORDER BY 2 DESC, 1")
    ).all()
    sample = connection.execute(  # one of each attribute first, so that few rows show the whole width
        sa.text(
            "SELECT name, attribute, before, after FROM (SELECT *, row_number() OVER"
            " (PARTITION BY attribute ORDER BY name, id) AS place FROM changed_values) c"
            " ORDER BY place, attribute, name LIMIT :limit"
        ),
        {"limit": _SAMPLE},
    )
    before = "LEFT JOIN assets_before b ON b.id = n.id"
    found = Difference(
        created=_count(connection, f"FROM assets_after n {before} WHERE b.id IS NULL"),
        removed=_count(
            connection,
            "FROM assets_before b LEFT JOIN assets_after n ON n.id = b.id WHERE n.id IS NULL",
        ),
        retired=_count(connection, f"FROM assets_after n {before} WHERE n.state = 'retired' AND b.state <> n.state"),
        revived=_count(connection, f"FROM assets_after n {before} WHERE b.state = 'retired' AND b.state <> n.state"),
        updated=_count(connection, f"FROM assets_after n {before} WHERE b.values <> n.values OR b.type <> n.type"),
        values={row[0]: row[1] for row in attributes},
        sample=tuple(ValueChange(*row) for row in sample),
        retiring=_names(connection, f"FROM assets_after n {before} WHERE n.state = 'retired' AND b.state <> n.state"),
        conflicts_opened=_count(connection, _LOST.format(one="conflicts_after", other="conflicts_before")),
        conflicts_closed=_count(connection, _LOST.format(one="conflicts_before", other="conflicts_after")),
    )
    _forget(connection)
    return found


def _copy(connection: sa.Connection, scope: Scope, when: str, moment: _Moment | None = None) -> None:
    table = past.assets_at(moment.at) if moment and moment.at else assets
    chosen = sa.select(*(table.c[name] for name in ("id", "name", "type", "state", "values")))
    chosen = chosen.where(table.c.engagement_id == scope.engagement_id)
    if moment and moment.asset:
        chosen = chosen.where(table.c.id == moment.asset)
    disputed = past.conflicts_at(moment.at) if moment and moment.at else conflicts
    disputes = sa.select(disputed.c.asset_id, disputed.c.attribute, disputed.c.kind)
    disputes = disputes.where(disputed.c.engagement_id == scope.engagement_id, disputed.c.state == "open")
    if moment and moment.asset:
        disputes = disputes.where(disputed.c.asset_id == moment.asset)
    for name, rows in ((f"assets_{when}", chosen), (f"conflicts_{when}", disputes)):
        query = rows.compile(connection)
        connection.exec_driver_sql(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}", query.params)


def _forget(connection: sa.Connection) -> None:
    for name in ("assets_before", "assets_after", "conflicts_before", "conflicts_after", "changed_values"):
        connection.execute(sa.text(f"DROP TABLE {name}"))


def _count(connection: sa.Connection, rest: str) -> int:
    return int(connection.execute(sa.text(f"SELECT count(*) {rest}")).scalar_one())


def _names(connection: sa.Connection, rest: str) -> tuple[str, ...]:
    found: list[Any] = list(
        connection.scalars(sa.text(f"SELECT n.name {rest} ORDER BY n.name, n.id LIMIT :limit"), {"limit": _SAMPLE})
    )
    return tuple(found)
