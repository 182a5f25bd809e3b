"""What a change did, or would do, to the register: counts by attribute, a sample, conflicts.

`remember` before and `difference` after, in one transaction; flows use it to simulate a change. Both
work set-based in the database and keep nothing.
"""

from typing import Any

import sqlalchemy as sa

from muniment.base.tenancy import Scope
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


def difference(connection: sa.Connection, scope: Scope) -> Difference:
    """What has changed since `remember` was called in this transaction."""
    _copy(connection, scope, "after")
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


def _copy(connection: sa.Connection, scope: Scope, when: str) -> None:
    parameters = {"engagement": scope.engagement_id}
    connection.execute(
        sa.text(
            f"CREATE TEMP TABLE assets_{when} ON COMMIT DROP AS SELECT id, name, type, state, values"
            " FROM assets WHERE engagement_id = :engagement"
        ),
        parameters,
    )
    connection.execute(
        sa.text(
            f"CREATE TEMP TABLE conflicts_{when} ON COMMIT DROP AS SELECT asset_id, attribute, kind"
            " FROM conflicts WHERE engagement_id = :engagement"
        ),
        parameters,
    )


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
