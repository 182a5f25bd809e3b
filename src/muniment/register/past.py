"""The register as it was: assets and conflicts of a past moment, as tables that queries read in place of the present.

Used by `store` and `difference`. An asset's version is stored when it ends, so a moment's assets are the present
ones that were so already, and the closed versions that held then. A conflict's versions are all stored, the present
one too: whoever changes conflicts, `keep_conflicts` finds what differs.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from muniment.base import db
from muniment.base.tenancy import Scope
from muniment.register.tables import assets, conflict_versions, conflicts, versions
from muniment.register.types import Asset

_ENDED = {"id": versions.c.asset_id, "updated_at": versions.c.valid_from, "updated_by": versions.c.actor}


def assets_at(moment: datetime) -> sa.Subquery:
    """The assets of the tenant as they were at a moment, with the columns of `assets` that make an `Asset`.

    What an asset claimed to be is exact; sources, confidence and provenance are those of the version's last day.
    """
    names = ("engagement_id", *Asset.__dataclass_fields__)
    still = sa.select(*(assets.c[name] for name in names)).where(assets.c.updated_at <= moment)
    ended = sa.select(
        *(
            sa.null().label(name)
            if name == "readiness"
            else (_ENDED[name] if name in _ENDED else versions.c[name]).label(name)
            for name in names
        )
    ).where(versions.c.valid_from <= moment, versions.c.valid_to > moment)
    return sa.union_all(still, ended).subquery("then")


def conflicts_at(moment: datetime) -> sa.Subquery:
    """The conflicts of the tenant as they were at a moment, with the columns of `conflicts`."""
    table = conflict_versions
    held = sa.or_(table.c.valid_to.is_(None), table.c.valid_to > moment)
    names = [table.c[column.name] for column in conflicts.c]
    return sa.select(*names).where(table.c.valid_from <= moment, held).subquery("disputed")


_KEY = ("engagement_id", "asset_id", "attribute", "kind")
_SAME = " AND ".join(f"c.{name} = v.{name}" for name in _KEY)


def keep_conflicts(connection: sa.Connection, scope: Scope, now: datetime, *, folded: bool) -> None:
    """Store what has become of conflicts since they were last kept, as holding from `now`.

    Args:
        connection: of the transaction that changed them.
        scope: whose.
        now: the moment from which the present ones hold.
        folded: look at all that is said of the stale assets; else at all assets, but not at what was claimed.
    """
    names = [column.name for column in conflicts.c if column.name not in {"tenant_id", *_KEY}]
    told = [name for name in names if folded or not isinstance(conflicts.c[name].type, JSONB)]
    there, then = (", ".join(f"{table}.{name}" for name in told) for table in ("c", "v"))
    stale = " AND {}.asset_id IN (SELECT asset_id FROM stale_assets)" if folded else ""
    copied = ", ".join(("tenant_id", *_KEY, *names))
    given = {"engagement": scope.engagement_id, "now": now}
    ended = (
        "UPDATE conflict_versions v SET valid_to = :now WHERE v.engagement_id = :engagement AND v.valid_to IS NULL"
        f"{stale.format('v')} AND NOT EXISTS (SELECT 1 FROM conflicts c WHERE {_SAME}"
        f" AND ({there}) IS NOT DISTINCT FROM ({then}))"
    )
    never_held = (
        "DELETE FROM conflict_versions WHERE engagement_id = :engagement AND valid_from = :now AND valid_to = :now"
    )
    begun = (
        f"INSERT INTO conflict_versions ({copied}, valid_from) SELECT {copied}, :now FROM conflicts c"
        f" WHERE c.engagement_id = :engagement{stale.format('c')} AND NOT EXISTS"
        f" (SELECT 1 FROM conflict_versions v WHERE {_SAME} AND v.valid_to IS NULL)"
    )
    with db.linear_joins(connection):
        for statement in (ended, never_held, begun):
            connection.execute(sa.text(statement), given)


def has_value(values: sa.ColumnElement[Any], attribute: str | None, text: str, *, prefix: bool) -> Any:
    """Whether any value (of an attribute, else of all) equals a text or begins with it; read from the values
    themselves, since search terms are kept of the present only."""  # noqa: D205, D209 - one sentence
    path = f'$."{attribute}"[*]' if attribute else "$.*[*]"
    item = sa.func.jsonb_path_query(values, sa.cast(path, sa.dialects.postgresql.JSONPATH)).column_valued("item")
    found = sa.func.lower(sa.cast(item.op("#>>")(sa.literal_column("'{}'")), sa.Text))
    wanted = found.startswith(text, autoescape=True) if prefix else found == text
    return sa.select(item).where(wanted).exists()


def last_seen(connection: sa.Connection, scope: Scope, text: str) -> list[tuple[UUID, datetime]]:
    """Assets that left the register and were called so, or have an id that ends so: id and the last moment of each."""
    table, wanted = versions, text.strip()
    called = [table.c.name == wanted]
    if wanted.replace("-", "").isalnum():
        called.append(sa.cast(table.c.asset_id, sa.Text).like("%" + wanted.lower()))
    query = (
        sa.select(table.c.asset_id, sa.func.max(table.c.valid_to))
        .where(table.c.engagement_id == scope.engagement_id, sa.or_(*called))
        .where(table.c.asset_id.not_in(sa.select(assets.c.id).where(assets.c.engagement_id == scope.engagement_id)))
        .group_by(table.c.asset_id)
        .order_by(sa.func.max(table.c.valid_to).desc())
    )
    return [(row[0], row[1] - timedelta(microseconds=1)) for row in connection.execute(query)]
